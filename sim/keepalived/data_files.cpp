#include "sim/keepalived/data_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/calendar.h"
#include "sim/keepalived/checker_context.h"
#include "sim/keepalived/vrrp_context.h"

namespace lvslab::keepalived {
namespace {

/// Lines of a file.
class DataText {
 public:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string_view true_or_false(bool on) { return on ? "true" : "false"; }
std::string_view yes_or_no(bool on) { return on ? "yes" : "no"; }
std::string_view on_or_off(bool on) { return on ? "ON" : "OFF"; }
std::string_view enabled(bool on) { return on ? "enabled" : "disabled"; }

/// format_decimal(): seconds with six decimal places.
std::string seconds(SimDuration time) {
  return fmt::format("{}.{:06}", time.us() / 1'000'000, time.us() % 1'000'000);
}

/// %g: the same without zeros at the end.
std::string short_seconds(SimDuration time) {
  std::string text = seconds(time);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

/// "1767254403.609415 (Thu Jan  1 08:00:03.609415 2026)".
std::string moment(SimTime at) {
  const CivilTime t = civil_time(at);
  const std::int64_t us = unix_ns(at) / 1'000;
  return fmt::format("{}.{:06} ({} {} {:2} {:02}:{:02}:{:02}.{:06} {})", us / 1'000'000,
                     us % 1'000'000, t.weekday_name(), t.month_name(), t.day, t.hour, t.minute,
                     t.second, us % 1'000'000, t.year);
}

std::string_view method_name(ForwardMethod method) {
  switch (method) {
    case ForwardMethod::kNat: return "NAT";
    case ForwardMethod::kDirectRoute: return "DR";
    case ForwardMethod::kTunnel: return "TUN, type = IPIP";
  }
  return "";
}

std::string endpoint(Endpoint end) {
  return fmt::format("[{}]:{}", end.addr.to_string(), end.port);
}

// What nobody can see in a lab has the value that keepalived starts with.
constexpr std::string_view kProcesses = R"( Max auto priority = 0
 Min auto priority delay = 1000000 usecs
 VRRP process priority = 0
 VRRP don't swap = false
 VRRP realtime priority = 0
 VRRP realtime limit = 10000
 Checker process priority = 0
 Checker don't swap = false
 Checker realtime priority = 0
 Checker realtime limit = 10000
 BFD process priority = 0
 BFD don't swap = false
 BFD realtime priority = 0
 BFD realtime limit = 10000
 SNMP vrrp disabled
 SNMP checker disabled
 SNMP RFCv2 disabled
 SNMP RFCv3 disabled
 SNMP traps disabled
 SNMP socket = default (unix:/var/agentx/master)
 DBus disabled
 DBus service name = )";
constexpr std::string_view kBuffers = R"( vrrp_netlink_cmd_rcv_bufs = 0
 vrrp_netlink_cmd_rcv_bufs_force = 0
 vrrp_netlink_monitor_rcv_bufs = 0
 vrrp_netlink_monitor_rcv_bufs_force = 0
 process_monitor_rcv_bufs = 0
 process_monitor_rcv_bufs_force = 0
 lvs_netlink_cmd_rcv_bufs = 0
 lvs_netlink_cmd_rcv_bufs_force = 0
 lvs_netlink_monitor_rcv_bufs = 0
 lvs_netlink_monitor_rcv_bufs_force = 0
 rs_init_notifies = 0
 no_checker_emails = 0
 rx_bufs_multiples = 3
 umask = 0177)";

}  // namespace

// dump_ssl().
std::string ssl_data(const Configuration& conf) {
  for (const VirtualServer& vs : conf.virtual_servers) {
    for (const RealServer& rs : vs.real_servers) {
      if (std::ranges::find(rs.checkers, CheckerKind::kSsl, &Checker::kind) != rs.checkers.end()) {
        return "------< SSL definitions >------\n Using autogen SSL context\n";
      }
    }
  }
  return {};
}

std::string global_data(const GlobalDefs& global, std::string_view node,
                        std::string_view interface) {
  const bool vrrp = !interface.empty();
  // Only the VRRP process fills in what follows the other delays.
  constexpr std::uint32_t kUnset = 0xffff'ffffU;
  const auto lower_delay = static_cast<std::uint32_t>(global.garp.lower_prio_delay.seconds());
  const bool given = global.garp.lower_prio_delay != GarpTimes{}.lower_prio_delay;
  DataText out;
  out.line("------< Global definitions >------");
  out.line(" Network namespace = (default)");
  out.line(" Network namespace ipvs = (main namespace)");
  out.line(" Router ID = {}", global.router_id.empty() ? node : global.router_id);
  for (const std::string_view alert : {"", "_vrrp", "_checker"}) {
    out.line(" Default smtp_alert{} = unset", alert);
  }
  out.line(" Checkers log all failures = {}", true_or_false(global.checker_log_all_failures));
  out.line(" No test config before reload");
  out.line(" Dynamic interfaces = false");
  const std::string_view own = global.default_interface;
  if (vrrp || !own.empty()) out.line(" Default interface = {}", own.empty() ? interface : own);
  out.line(" Disable local IGMP = no");
  out.line(" LVS flush = {}", true_or_false(global.lvs_flush));
  out.line(" LVS flush on stop = {}", global.lvs_flush_on_stop ? "full" : "disabled");
  out.line(" FIFO write vrrp states on reload = false");
  out.line(" VRRP notify priority changes = false");
  out.line(" VRRP IPv4 mcast group = {}", global.vrrp_mcast_group.to_string());
  out.line(" VRRP IPv6 mcast group = ff02::12");
  out.line(" Gratuitous ARP delay = {}", global.garp.delay.seconds());
  out.line(" Gratuitous ARP repeat = {}", global.garp.repeat);
  out.line(" Gratuitous ARP refresh timer = {}", global.garp.refresh.seconds());
  out.line(" Gratuitous ARP refresh repeat = {}", global.garp.refresh_repeat);
  out.line(" Gratuitous ARP lower priority delay = {}", vrrp || given ? lower_delay : kUnset);
  out.line(" Gratuitous ARP lower priority repeat = {}",
           vrrp ? global.garp.lower_prio_repeat : kUnset);
  out.line(" Num adverts before down = {}", global.down_timer_adverts);
  out.line(" Gratuitous ARP for each secondary VMAC = 0s");
  out.line(" Send advert after receive lower priority advert = {}",
           true_or_false(!global.lower_prio_no_advert));
  out.line(" Send advert after receive higher priority advert = {}",
           true_or_false(global.higher_prio_send_advert));
  out.line(" Gratuitous ARP interval = {}", seconds(global.garp_interval));
  out.line(" Gratuitous NA interval = 0.000000");
  out.line(" VRRP default protocol version = {}", global.vrrp_version);
  out.line(" nftables without counters");
  out.line(" libnftnl version 1.2.3");
  out.line(" VRRP check unicast_src = {}", true_or_false(global.check_unicast_src));
  out.line(" VRRP skip check advert addresses = {}", true_or_false(global.skip_check_adv_addr));
  out.line(" VRRP strict mode = {}", true_or_false(global.strict));
  out.line("{}", kProcesses);
  out.line(" Script security {}", enabled(global.script_security));
  out.line(" Default script uid:gid 0:0");
  out.line("{}", kBuffers);
  return out.take();
}

// --- VRRP ----------------------------------------------------------------------------------------

namespace {

void append_address(DataText& out, const VirtualAddress& vip, const VrrpInstance& conf, bool set) {
  std::string text = fmt::format("     {}", vip.address.addr.to_string());
  if (vip.address.len < 32) text += fmt::format("/{}", vip.address.len);
  if (vip.broadcast) text += fmt::format(" brd {}", vip.broadcast->to_string());
  text += fmt::format(" dev {} scope {}", vip.dev.empty() ? conf.interface : vip.dev,
                      vip.scope.empty() ? "global" : vip.scope);
  if (!vip.label.empty()) text += fmt::format(" label {}", vip.label);
  out.line("{}{}", text, set ? " set" : "");
}

void append_settings(DataText& out, const VrrpInstance& c) {
  out.line("   Gratuitous ARP delay = {}", c.garp.delay.seconds());
  out.line("   Gratuitous ARP repeat = {}", c.garp.repeat);
  out.line("   Gratuitous ARP refresh = {}", c.garp.refresh.seconds());
  out.line("   Gratuitous ARP refresh repeat = {}", c.garp.refresh_repeat);
  out.line("   Gratuitous ARP lower priority delay = {}", c.garp.lower_prio_delay.seconds());
  out.line("   Gratuitous ARP lower priority repeat = {}", c.garp.lower_prio_repeat);
  out.line("   Down timer adverts = {}", c.down_timer_adverts.value_or(3));
  out.line("   Send advert after receive lower priority advert = {}",
           true_or_false(!c.lower_prio_no_advert.value_or(false)));
  out.line("   Send advert after receive higher priority advert = {}",
           true_or_false(c.higher_prio_send_advert.value_or(false)));
  out.line("   Virtual Router ID = {}", c.vrid);
}

void append_authentication(DataText& out, const VrrpInstance& c) {
  if (c.auth_pass) {
    const std::string_view whole(c.password.data(), c.password.size());
    out.line("   Authentication type = SIMPLE_PASSWORD");
    out.line("   Password = {}", whole.substr(0, whole.find('\0')));
  } else if (c.version == 2) {
    out.line("   Authentication type = none");
  }
}

}  // namespace

// dump_vrrp().
std::string Vrrp::data(const Configuration& conf, const VrrpPort& port) const {
  DataText out;
  if (!routers_.empty()) out.line("------< VRRP Topology >------");
  for (const VrrpRouter& r : routers_) {
    const VrrpInstance& c = conf.instances[r.conf];
    const bool v3 = c.version == 3;
    out.line(" VRRP Instance = {}", c.name);
    out.line("   VRRP Version = {}", c.version);
    if (!c.sync_group.empty()) out.line("   Sync group = {}", c.sync_group);
    out.line("   State = {}", to_string(r.state));
    if (r.state == VrrpState::kBackup) {
      out.line("   Master router = {}", r.master.to_string());
      out.line("   Master priority = {}", r.master_priority);
      if (v3) {
        out.line("   Master advert int = {}.{:02} sec", r.master_advert_int.seconds(),
                 r.master_advert_int.ms() % 1000 / 10);
      }
    }
    const bool flags = c.unicast() || c.nopreempt || c.promote_secondaries ||
                       c.dont_track_primary || c.skip_check_adv_addr.value_or(false) || c.source ||
                       c.check_unicast_src;
    out.line("   Flags:{}", flags ? "" : " none");
    if (c.unicast()) out.line("     Using unicast");
    out.line("   Wantstate = {}", to_string(r.want));
    out.line("   Number of config faults = 0");
    out.line("   Number of interface and track script faults = {}", r.faults);
    out.line("   Number of track scripts init = {}", r.scripts_to_come);
    out.line("   Last transition = {}", moment(r.last_transition));
    out.line("   Read timeout = {}",
             r.deadline == SimTime::never() ? std::string("DISABLED") : moment(r.deadline));
    out.line("   Master down timer = {} usecs", r.down_timer.us());
    out.line("   Interface = {}", c.interface.empty() ? "not configured" : c.interface);
    if (c.dont_track_primary) out.line("   VRRP interface tracking disabled");
    if (c.skip_check_adv_addr.value_or(false)) out.line("   Skip checking advert IP addresses");
    if (c.strict.value_or(false)) out.line("   Enforcing strict VRRP compliance");
    out.line("   Using src_ip = {}{}", port.source_of(c).to_string(),
             c.source ? " (from configuration)" : "");
    if (!c.unicast()) out.line("   Multicast address {}", c.multicast_group->to_string());
    append_settings(out, c);
    out.line("   Priority = {}", r.base_priority);
    out.line("   Effective priority = {}", r.priority);
    out.line("   Total priority = {}", r.priority);
    out.line("   Advert interval = {} {}", v3 ? c.advert_int.ms() : c.advert_int.seconds(),
             v3 ? "milli-sec" : "sec");
    if (v3 && r.state == VrrpState::kBackup) {
      out.line("   Master advert interval = {} milli-sec", r.master_advert_int.ms());
    }
    out.line("   Accept = enabled");
    out.line("   Preempt = {}", enabled(!c.nopreempt));
    if (c.preempt_delay.ns > 0) {
      out.line("   Preempt delay = {} secs", short_seconds(c.preempt_delay));
    }
    out.line("   Promote_secondaries = {}", enabled(c.promote_secondaries));
    append_authentication(out, c);
    if (!c.addresses.empty()) out.line("   Virtual IP ({}):", c.addresses.size());
    for (const VirtualAddress& vip : c.addresses) append_address(out, vip, c, r.has_addresses);
    if (!c.excluded.empty()) out.line("   Virtual IP Excluded :");
    for (const VirtualAddress& vip : c.excluded) append_address(out, vip, c, r.has_addresses);
    out.line("   Using smtp notification = no");
    out.line("   Notify deleted = Fault");
    out.line("   Notify priority changes = false");
  }
  return out.take();
}

// --- LVS -----------------------------------------------------------------------------------------

namespace {

/// What both a virtual and a real server say if it was given.
void append_retries(DataText& out, const std::optional<std::uint32_t>& retry,
                    const std::optional<SimDuration>& delay,
                    const std::optional<SimDuration>& warmup) {
  if (retry) out.line("   Retry count = {}", *retry);
  if (delay) out.line("   Retry delay = {}", seconds(*delay));
  if (warmup) out.line("   Warmup = {}", seconds(*warmup));
}

void append_service(DataText& out, const VirtualServer& vs) {
  out.line(" ------< Virtual server >------");
  if (!vs.group.empty()) {
    out.line(" VS GROUP = {}", vs.name());
  } else if (vs.fwmark != 0) {
    out.line(" VS FWMARK = {}", vs.fwmark);
  } else {
    out.line(" VS VIP = {}, VPORT = {}", vs.addr.to_string(), vs.port);
  }
  if (!vs.virtual_host.empty()) out.line("   VirtualHost = {}", vs.virtual_host);
  out.line("   Address family = inet");
  out.line("   connection timeout = {}", seconds(vs.connect_timeout));
  out.line("   delay_loop = {}", seconds(vs.delay_loop));
  out.line("   lvs_sched = {}", vs.scheduler);
  out.line("   Hashed = disabled");
  const auto has = [&](std::string_view flag) {
    return std::ranges::find(vs.scheduler_flags, flag) != vs.scheduler_flags.end();
  };
  if (vs.scheduler == "sh" || vs.scheduler == "mh") {
    for (const std::string_view flag : {"-port", "-fallback"}) {
      const std::string name = vs.scheduler + std::string(flag);
      out.line("   {} = {}", name, enabled(has(name)));
    }
  } else {
    for (const std::string_view flag : {"flag-1", "flag-2", "flag-3"}) {
      out.line("   {} = {}", flag, enabled(has(flag)));
    }
  }
  out.line("   One packet scheduling = {}", enabled(has("ops")));
  if (vs.persistence_timeout.value_or(0) != 0) {
    out.line("   persistence timeout = {}", *vs.persistence_timeout);
  }
  if (vs.persistence_granularity.bits != 0xffff'ffffU) {
    out.line("   persistence granularity = {}", vs.persistence_granularity.to_string());
  }
  constexpr std::array<std::string_view, 4> kProtocols{"none", "TCP", "UDP", "SCTP"};
  out.line("   protocol = {}", kProtocols[static_cast<std::size_t>(vs.protocol)]);
  out.line("   alpha is {}", on_or_off(vs.alpha));
  out.line("   omega is {}", on_or_off(vs.omega));
  append_retries(out, vs.retry, vs.delay_before_retry, vs.warmup);
  out.line("   Inhibit on failure is {}", on_or_off(vs.inhibit_on_failure));
  out.line("   quorum = {}, hysteresis = {}", vs.quorum, vs.hysteresis);
  out.line("   Using smtp notification = no");
  out.line("   default forwarding method = {}",
           method_name(vs.method.value_or(ForwardMethod::kNat)));
  if (!vs.sorry_server) return;
  out.line("   sorry server = {}", server_name(vs, *vs.sorry_server));
  out.line("     forwarding method = {}",
           method_name(vs.sorry_server->method.value_or(ForwardMethod::kNat)));
  out.line("     Inhibit on failure is {}", on_or_off(vs.sorry_inhibit));
}

}  // namespace

// dump_vs(), dump_rs().
std::string Lvs::data(const Configuration& conf) const {
  DataText out;
  if (!services_.empty()) {
    out.line("------< LVS Topology >------");
    out.line(" System is compiled with LVS v1.2.1");
  }
  for (std::size_t v = 0; v < services_.size(); ++v) {
    const VirtualServer& vs = conf.virtual_servers[v];
    const Service& service = services_[v];
    append_service(out, vs);
    out.line("   alive = {:d}", service.alive);
    out.line("   quorum_state_up = {:d}", service.quorum_up);
    out.line("   reloaded = {:d}", service.reloaded);
    for (std::size_t i = 0; i < service.servers.size(); ++i) {
      const RealServer& rs = vs.real_servers[i];
      const Server& server = service.servers[i];
      out.line("   ------< Real server >------");
      out.line("   RIP = {}, RPORT = {}, WEIGHT = {} EFF WEIGHT = {}", rs.addr.to_string(), rs.port,
               std::clamp<std::int64_t>(server.weight, 0, 0x7fff'ffff), server.weight);
      out.line("   forwarding method = {}", method_name(rs.method.value_or(ForwardMethod::kNat)));
      out.line("   Alpha is {}", on_or_off(rs.alpha.value_or(false)));
      out.line("   connection timeout = {}", seconds(rs.connect_timeout.value_or(SimDuration{})));
      out.line("   connection limit range = {} -> {}", rs.lower_threshold, rs.upper_threshold);
      out.line("   Delay loop = {}", seconds(rs.delay_loop.value_or(SimDuration{})));
      append_retries(out, rs.retry, rs.delay_before_retry, rs.warmup);
      out.line("   Inhibit on failure is {}", on_or_off(rs.inhibit_on_failure.value_or(false)));
      if (!rs.virtual_host.empty()) out.line("    VirtualHost = '{}'", rs.virtual_host);
      out.line("   Using smtp notification = yes");
      out.line("   initial weight = {}", rs.weight.value_or(1));
      out.line("   effective weight = {}", server.weight);
      out.line("   previous effective_weight = {}", server.weight_was);
      out.line("   alive = {:d}", server.alive);
      out.line("   num failed checkers = {}", server.failed_checkers);
      out.line("   RS set = {:d}", server.set);
      out.line("   reloaded = {:d}", server.reloaded);
    }
  }
  return out.take();
}

// --- checkers ------------------------------------------------------------------------------------

namespace {

void append_url(DataText& out, const CheckUrl& url) {
  out.line("   Checked url = {}", url.path);
  if (!url.digest.empty()) out.line("     digest = {}", url.digest);
  out.line("     HTTP Status Code(s)");
  auto codes = url.status_codes;
  if (codes.empty()) codes.emplace_back(200, 299);
  for (const auto& [first, last] : codes) {
    out.line("       {}{}", first, first == last ? "" : fmt::format("-{}", last));
  }
  if (!url.virtual_host.empty()) out.line("     Virtual host = {}", url.virtual_host);
}

void append_udp(DataText& out, const Checker& c) {
  out.line("   Keepalive method = UDP_CHECK");
  if (c.udp_payload.empty()) {
    out.line("   Payload specified = no");
  } else {
    out.line("   Payload len = {}", c.udp_payload.size());
  }
  out.line("   Require reply = {}", yes_or_no(c.udp_require_reply));
  if (!c.udp_require_reply) return;
  out.line("     Min reply length = {}", c.udp_min_reply);
  out.line("     Max reply length = {}", c.udp_max_reply);
  out.line("     Reply data len = {}", c.udp_reply.size());
  if (c.udp_reply.empty()) return;
  const bool masked = std::ranges::any_of(c.udp_reply_mask, [](auto bits) { return bits != 0; });
  out.line("     Reply data mask = {}", yes_or_no(masked));
}

/// cmd_str(): each word by itself, the program with its path.
std::string quoted_words(std::string_view command) {
  std::string text;
  while (!command.empty()) {
    const std::size_t begin = std::min(command.find_first_not_of(" \"'"), command.size());
    command.remove_prefix(begin);
    const std::string_view word = command.substr(0, command.find_first_of(" \"'"));
    if (word.empty()) break;
    text += text.empty() ? fmt::format("'{}'", program_of(word)) : fmt::format(" '{}'", word);
    command.remove_prefix(word.size());
  }
  return text;
}

SimDuration usual_retry_delay(CheckerKind kind) {
  switch (kind) {
    case CheckerKind::kHttp:
    case CheckerKind::kSsl: return SimDuration{3'000'000'000};
    case CheckerKind::kDns: return {};
    default: return SimDuration{1'000'000'000};
  }
}

}  // namespace

// dump_checker(), dump_connection_opts().
std::string Checkers::data(const Configuration& conf) const {
  DataText out;
  if (!states_.empty()) out.line("------< Health checkers >------");
  for (const State& s : states_) {
    const VirtualServer& vs = conf.virtual_servers[s.vs];
    const RealServer& rs = vs.real_servers[s.rs];
    const Checker& c = rs.checkers[s.checker];
    out.line(" {} -> {}", vs.name(), server_name(vs, rs));
    out.line("   Enabled = yes");
    out.line("   Up = {}", yes_or_no(s.up));
    out.line("   Has run = {}", yes_or_no(s.has_run));
    out.line("   Current weight = {}", s.weight);
    out.line("   Alpha = {}", yes_or_no(c.alpha.value_or(false)));
    out.line("   Delay loop = {} us", c.delay_loop.value().us());
    out.line("   Warmup = {} us", c.warmup.value().us());
    out.line("   Retries = {}", c.retry.value());
    if (c.retry.value() > 0) {
      out.line("   Delay before retry = {} us", c.delay_before_retry.value().us());
      out.line("   Retries iterations = {}", s.tries);
    }
    out.line("   Default delay before retry = {} us", usual_retry_delay(c.kind).us());
    out.line("   Log all failures = {}", yes_or_no(c.log_all_failures));
    if (c.kind != CheckerKind::kMisc) {
      out.line("   Connection");
      out.line("     Dest = {}", endpoint(target_of(vs, rs, c)));
      if (c.bind_ip) out.line("     Bind to = {}", endpoint({*c.bind_ip, c.bind_port.value_or(0)}));
      if (!c.bind_if.empty()) out.line("     Bind i/f = {}", c.bind_if);
      out.line("     Timeout = {}", seconds(c.connect_timeout.value()));
      if (s.last_error != Errno::kNone) {
        out.line("     Last errno = {}", static_cast<int>(s.last_error));
      }
    }
    switch (c.kind) {
      case CheckerKind::kTcp: out.line("   Keepalive method = TCP_CHECK"); break;
      case CheckerKind::kPing: out.line("   Keepalive method = PING_CHECK"); break;
      case CheckerKind::kUdp: append_udp(out, c); break;
      case CheckerKind::kDns:
        out.line("   Keepalive method = DNS_CHECK");
        out.line("   Type = {}", c.dns_type);
        out.line("   Name = {}", c.dns_name);
        break;
      case CheckerKind::kMisc:
        out.line("   Keepalive method = MISC_CHECK");
        out.line("   script = {}", quoted_words(c.misc.command));
        out.line("   timeout = {}", c.misc_timeout.value_or(SimDuration{}).seconds());
        out.line("   dynamic = {}", c.misc_dynamic ? "YES" : "NO");
        out.line("   uid:gid = 0:0");
        out.line("   Last ran = {}", moment(s.began));
        out.line("   Last status = {}", s.exit_status);
        break;
      case CheckerKind::kHttp:
      case CheckerKind::kSsl: {
        const std::string_view protocol = c.http_protocol == "1.0C" || c.http_protocol == "1.1"
                                              ? std::string_view(c.http_protocol)
                                              : "1.0";
        out.line("   Keepalive method = {}_GET, http protocol {}",
                 c.kind == CheckerKind::kHttp ? "HTTP" : "SSL", protocol);
        if (!c.virtual_host.empty()) out.line("   Virtualhost = {}", c.virtual_host);
        out.line("   Enable SNI {}set", c.enable_sni ? "" : "un");
        out.line("   Fast recovery {}set", c.fast_recovery ? "" : "un");
        for (const CheckUrl& url : c.urls) append_url(out, url);
        if (s.failed_url) out.line("   Failed URL = {}", c.urls[*s.failed_url].path);
        break;
      }
      case CheckerKind::kSmtp: break;
    }
  }
  return out.take();
}

}  // namespace lvslab::keepalived
