// virtual_server, virtual_server_group and real_server. Source: check/check_parser.c and
// check/check_data.c of keepalived 2.2.7.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/keepalived/conf_checkers.h"
#include "sim/keepalived/conf_reader.h"

namespace lvslab::keepalived {
namespace {

constexpr std::uint32_t kMostWeight = 0x7fff'ffffU;  // IPVS_WEIGHT_LIMIT
VirtualServer& vs(ConfReader& r) { return r.conf().virtual_servers.back(); }
RealServer& rs(ConfReader& r) { return vs(r).real_servers.back(); }

/// The port in the word at `index`; 0 if there is none. Nothing for a word that is no port.
std::optional<std::uint16_t> port_at(ConfReader& r, const ConfLine& line, std::size_t index) {
  if (line.words.size() <= index) return std::uint16_t{0};
  const std::string& text = line.words[index];
  if (text.find_first_not_of('0') == std::string::npos) return std::uint16_t{0};
  const auto port = r.number(line, index, 1, 65535, false);
  if (!port) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

// --- virtual_server ------------------------------------------------------------------------------

// Source: read_timer(): decimals of seconds.
void timer(ConfReader& r, const ConfLine& line, std::string_view what, SimDuration min,
           std::optional<SimDuration>& to) {
  if (const auto value = r.seconds(line, 1, min, kLongestTimer)) {
    to = *value;
  } else {
    r.report(fmt::format("{} '{}' invalid - ignoring", what, last_word(line)));
  }
}

void vs_delay_loop(ConfReader& r, const ConfLine& line) {
  std::optional<SimDuration> value;
  timer(r, line, "virtual server delay loop", {1'000}, value);
  if (value) vs(r).delay_loop = *value;
}
void vs_connect_timeout(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.seconds(line, 1, {1'000}, kLongestTimer)) {
    vs(r).connect_timeout = *value;
  } else {
    r.report(fmt::format("virtual server connect_timeout {} invalid - ignoring", last_word(line)));
  }
}
void vs_delay_before_retry(ConfReader& r, const ConfLine& line) {
  timer(r, line, "virtual server delay before retry", {0}, vs(r).delay_before_retry);
}
void vs_warmup(ConfReader& r, const ConfLine& line) {
  timer(r, line, "virtual server warmup", {0}, vs(r).warmup);
}

void retry(ConfReader& r, const ConfLine& line, std::optional<std::uint32_t>& to) {
  if (const auto value = r.number(line, 1, 1, kAnyUnsigned, false)) {
    to = value;
  } else {
    r.report(fmt::format("retry value invalid - {}", last_word(line)));
  }
}
void vs_retry(ConfReader& r, const ConfLine& line) { retry(r, line, vs(r).retry); }

void scheduler(ConfReader& r, const ConfLine& line) {
  constexpr std::array<std::string_view, 14> kNames{"rr",    "wrr", "lc", "wlc", "lblc",
                                                    "sh",    "mh",  "dh", "fo",  "ovf",
                                                    "lblcr", "sed", "nq", "twos"};
  const std::string& name = r.word(line, 1);
  if (std::ranges::find(kNames, name) == kNames.end()) {
    return r.report(fmt::format("Invalid lvs_scheduler '{}' - ignoring", name));
  }
  vs(r).scheduler = name;
}

void scheduler_flag(ConfReader& r, const ConfLine& line) {
  const std::string& flag = line.words.front();
  const bool of_sh = flag.starts_with("sh-"), of_mh = flag.starts_with("mh-");
  const std::string& name = vs(r).scheduler;
  if ((of_sh || of_mh) && name != "sh" && name != "mh") {
    return r.report(fmt::format("{} only applies to sh scheduler - ignoring", flag));
  }
  if ((of_sh && name != "sh") || (of_mh && name != "mh")) return;
  vs(r).scheduler_flags.push_back(flag);
}

std::optional<ForwardMethod> forward_method(ConfReader& r, const ConfLine& line,
                                            std::string_view whose) {
  const std::string& word = r.word(line, 1);
  if (line.words.size() > 2) {
    r.advise(fmt::format("'{}' of a forwarding method is not modelled", line.words[2]),
             ConfMessage::Kind::kUnmodelled);
  }
  if (word == "NAT") return ForwardMethod::kNat;
  if (word == "DR") return ForwardMethod::kDirectRoute;
  if (word == "TUN") return ForwardMethod::kTunnel;
  r.report(fmt::format("PARSER : unknown [{}] routing method for {} server.", word, whose));
  return std::nullopt;
}

void vs_method(ConfReader& r, const ConfLine& line) {
  if (const auto method = forward_method(r, line, "virtual")) vs(r).method = method;
}

void persistence_timeout(ConfReader& r, const ConfLine& line) {
  constexpr std::uint32_t kDefault = 360, kLongest = 31U * 24 * 3600;
  if (line.words.size() < 2) {
    vs(r).persistence_timeout = kDefault;
  } else if (const auto value = r.number(line, 1, 1, kLongest, false)) {
    vs(r).persistence_timeout = value;
  } else {
    r.report("persistence_timeout invalid");
  }
}

void persistence_granularity(ConfReader& r, const ConfLine& line) {
  const auto mask = r.address(r.word(line, 1));
  if (!mask) {
    r.report(fmt::format("Invalid IPv4 persistence_granularity specified - {}", last_word(line)));
  } else if (!prefix_len_of(*mask)) {
    r.report(
        fmt::format("IPv4 persistence_granularity netmask is not solid - {}", last_word(line)));
  } else {
    vs(r).persistence_granularity = *mask;
  }
}

void protocol(ConfReader& r, const ConfLine& line) {
  std::string word = r.word(line, 1);
  for (char& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  if (word == "TCP") {
    vs(r).protocol = ServiceProtocol::kTcp;
  } else if (word == "UDP") {
    vs(r).protocol = ServiceProtocol::kUdp;
  } else if (word == "SCTP") {
    vs(r).protocol = ServiceProtocol::kSctp;
  } else {
    r.report(fmt::format("Unknown protocol {} - ignoring", last_word(line)));
  }
}

void ip_family(ConfReader& r, const ConfLine& line) {
  const std::string& word = r.word(line, 1);
  if (word == "inet6") {
    r.advise("IPv6 is not modelled", ConfMessage::Kind::kUnmodelled);
  } else if (word != "inet") {
    r.report(fmt::format("unknown address family {}", word));
  }
}

void quorum(ConfReader& r, const ConfLine& line) {
  const auto value = r.number(line, 1, 1, kAnyUnsigned);
  if (!value) {
    r.report(
        fmt::format("Quorum {} must be in [1, {}]. Setting to 1.", last_word(line), kAnyUnsigned));
  }
  vs(r).quorum = value.value_or(1);
}

void hysteresis(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 0, kAnyUnsigned)) {
    vs(r).hysteresis = *value;
  } else {
    r.report(
        fmt::format("Hysteresis {} must be in [0, {}] - ignoring", last_word(line), kAnyUnsigned));
  }
}

void vs_weight(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 1, kMostWeight)) {
    vs(r).weight = static_cast<int>(*value);
  } else {
    r.report(fmt::format("Virtual server weight {} is outside range 1-{}", last_word(line),
                         kMostWeight));
  }
}

template <bool VirtualServer::* kMember>
void set(ConfReader& r, const ConfLine&) {
  vs(r).*kMember = true;
}

void vs_alpha(ConfReader& r, const ConfLine& line) {
  if (const auto on = r.flag(line)) {
    vs(r).alpha = *on;
  } else {
    r.report(fmt::format("Invalid alpha parameter {}", last_word(line)));
  }
}

void vs_virtualhost(ConfReader& r, const ConfLine& line) {
  if (line.words.size() < 2) return r.report("virtual server virtualhost missing");
  vs(r).virtual_host = line.words[1];
}

template <Script VirtualServer::* kMember>
void quorum_script(ConfReader& r, const ConfLine& line) {
  if (!(vs(r).*kMember).empty()) {
    return r.report(fmt::format("({}) {} script already specified - ignoring {}", vs(r).group,
                                line.words.front(), last_word(line)));
  }
  vs(r).*kMember = r.script(line);
}

// --- sorry_server, real_server -------------------------------------------------------------------

void sorry_server(ConfReader& r, const ConfLine& line) {
  const auto addr = r.address(r.word(line, 1));
  const auto port = port_at(r, line, 2);
  if (!addr || !port) {
    return r.report(
        fmt::format("Invalid sorry server IP address {} - skipping", line.words.back()));
  }
  RealServer server{.addr = *addr, .port = *port, .weight = 1};
  server.method = vs(r).method;
  server.where = line.where;
  vs(r).sorry_server = std::move(server);
}

void sorry_inhibit(ConfReader& r, const ConfLine&) {
  if (!vs(r).sorry_server) {
    return r.report("Ignoring sorry_server inhibit used before or without sorry_server");
  }
  vs(r).sorry_inhibit = true;
}

void sorry_method(ConfReader& r, const ConfLine& line) {
  if (!vs(r).sorry_server) return r.report("sorry_server forwarding used without sorry_server");
  if (const auto method = forward_method(r, line, "sorry")) vs(r).sorry_server->method = method;
}

void real_server(ConfReader& r, const ConfLine& line) {
  const auto addr = r.address(r.word(line, 1));
  const auto port = port_at(r, line, 2);
  if (!addr || !port) {
    r.report(fmt::format("Invalid real server ip address/port {}/{} - skipping",
                         line.words.size() > 1 ? line.words[1] : "",
                         line.words.size() > 2 ? line.words[2] : "(null)"));
    return r.skip_this_block();
  }
  RealServer server{.addr = *addr, .port = *port};
  server.method = vs(r).method;
  server.where = line.where;
  vs(r).real_servers.push_back(std::move(server));
}

void rs_weight(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 0, kMostWeight)) {
    rs(r).weight = static_cast<int>(*value);
  } else {
    r.report(
        fmt::format("Real server weight {} is outside range 0-{}", last_word(line), kMostWeight));
  }
}

void rs_method(ConfReader& r, const ConfLine& line) {
  if (const auto method = forward_method(r, line, "real")) rs(r).method = method;
}

template <std::uint32_t RealServer::* kMember>
void threshold(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 0, kAnyUnsigned)) {
    rs(r).*kMember = *value;
  } else {
    r.report(
        fmt::format("Invalid real_server {} '{}' - ignoring", line.words.front(), last_word(line)));
  }
}

template <std::optional<bool> RealServer::* kMember>
void rs_flag(ConfReader& r, const ConfLine& line) {
  if (const auto on = r.flag(line)) {
    rs(r).*kMember = on;
  } else {
    r.report(fmt::format("Invalid {} parameter {}", line.words.front(), last_word(line)));
  }
}

void rs_connect_timeout(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.seconds(line, 1, {1'000}, kLongestTimer)) {
    rs(r).connect_timeout = value;
  } else {
    r.report(fmt::format("real server connect_timeout {} invalid - ignoring", last_word(line)));
  }
}
void rs_delay_loop(ConfReader& r, const ConfLine& line) {
  timer(r, line, "real server delay_loop", {1'000}, rs(r).delay_loop);
}
void rs_delay_before_retry(ConfReader& r, const ConfLine& line) {
  timer(r, line, "real server delay_before_retry", {0}, rs(r).delay_before_retry);
}
void rs_warmup(ConfReader& r, const ConfLine& line) {
  timer(r, line, "real server warmup", {0}, rs(r).warmup);
}
void rs_retry(ConfReader& r, const ConfLine& line) { retry(r, line, rs(r).retry); }

void rs_virtualhost(ConfReader& r, const ConfLine& line) {
  if (line.words.size() < 2) return r.report("real server virtualhost missing");
  rs(r).virtual_host = line.words[1];
}

template <Script RealServer::* kMember>
void rs_notify(ConfReader& r, const ConfLine& line) {
  static_cast<void>(r.word(line, 1));
  if (!(rs(r).*kMember).empty()) {
    return r.report(fmt::format("({}) {} script already specified - ignoring {}", vs(r).group,
                                line.words.front(), last_word(line)));
  }
  rs(r).*kMember = r.script(line);
}

constexpr std::array kRealServer{
    Keyword{"weight", rs_weight},
    Keyword{"lvs_method", rs_method},
    Keyword{"uthreshold", threshold<&RealServer::upper_threshold>},
    Keyword{"lthreshold", threshold<&RealServer::lower_threshold>},
    Keyword{"inhibit_on_failure", rs_flag<&RealServer::inhibit_on_failure>},
    Keyword{"alpha", rs_flag<&RealServer::alpha>},
    Keyword{"retry", rs_retry},
    Keyword{"delay_before_retry", rs_delay_before_retry},
    Keyword{"warmup", rs_warmup},
    Keyword{"connect_timeout", rs_connect_timeout},
    Keyword{"delay_loop", rs_delay_loop},
    Keyword{"virtualhost", rs_virtualhost},
    Keyword{"notify_up", rs_notify<&RealServer::notify_up>},
    Keyword{"notify_down", rs_notify<&RealServer::notify_down>},
    Keyword{"TCP_CHECK", begin_checker<CheckerKind::kTcp>, kTcpCheck},
    Keyword{"HTTP_GET", begin_checker<CheckerKind::kHttp>, kHttpGet, end_http_get},
    Keyword{"SSL_GET", begin_checker<CheckerKind::kSsl>, kHttpGet, end_http_get},
    Keyword{"MISC_CHECK", begin_checker<CheckerKind::kMisc>, kMiscCheck, end_misc_check},
    Keyword{"PING_CHECK", begin_checker<CheckerKind::kPing>, kTcpCheck},
    Keyword{"UDP_CHECK", begin_checker<CheckerKind::kUdp>, kUdpCheck, end_udp_check},
    Keyword{"DNS_CHECK", begin_checker<CheckerKind::kDns>, kDnsCheck},
    Keyword{"SMTP_CHECK", begin_checker<CheckerKind::kSmtp>, kSmtpCheck},
    unmodelled("smtp_alert"),
    unmodelled("snmp_name"),
    unmodelled("BFD_CHECK", true),
    unmodelled("FILE_CHECK", true)};

constexpr std::array kVirtualServer{
    Keyword{"ip_family", ip_family},
    Keyword{"retry", vs_retry},
    Keyword{"delay_before_retry", vs_delay_before_retry},
    Keyword{"warmup", vs_warmup},
    Keyword{"connect_timeout", vs_connect_timeout},
    Keyword{"delay_loop", vs_delay_loop},
    Keyword{"inhibit_on_failure", set<&VirtualServer::inhibit_on_failure>},
    Keyword{"lb_algo", scheduler},
    Keyword{"lvs_sched", scheduler},
    Keyword{"ops", scheduler_flag},
    Keyword{"sh-port", scheduler_flag},
    Keyword{"sh-fallback", scheduler_flag},
    Keyword{"mh-port", scheduler_flag},
    Keyword{"mh-fallback", scheduler_flag},
    Keyword{"flag-1", scheduler_flag},
    Keyword{"flag-2", scheduler_flag},
    Keyword{"flag-3", scheduler_flag},
    Keyword{"lb_kind", vs_method},
    Keyword{"lvs_method", vs_method},
    Keyword{"persistence_timeout", persistence_timeout},
    Keyword{"persistence_granularity", persistence_granularity},
    Keyword{"protocol", protocol},
    Keyword{"ha_suspend", set<&VirtualServer::ha_suspend>},
    Keyword{"virtualhost", vs_virtualhost},
    Keyword{"alpha", vs_alpha},
    Keyword{"omega", set<&VirtualServer::omega>},
    Keyword{"quorum_up", quorum_script<&VirtualServer::quorum_up>},
    Keyword{"quorum_down", quorum_script<&VirtualServer::quorum_down>},
    Keyword{"quorum", quorum},
    Keyword{"hysteresis", hysteresis},
    Keyword{"weight", vs_weight},
    Keyword{"sorry_server", sorry_server},
    Keyword{"sorry_server_inhibit", sorry_inhibit},
    Keyword{"sorry_server_lvs_method", sorry_method},
    Keyword{"real_server", real_server, kRealServer},
    unmodelled("hashed"),
    unmodelled("smtp_alert"),
    unmodelled("snmp_name"),
    unmodelled("persistence_engine")};

}  // namespace

// virtual_server ADDR [PORT] | fwmark N | group NAME
void begin_virtual_server(ConfReader& r, const ConfLine& line) {
  r.set_phase(ConfPhase::kChecker);
  const std::string& first = r.word(line, 1);
  VirtualServer server;
  server.where = line.where;
  if (first == "group") {
    server.group = r.word(line, 2);
  } else if (first == "fwmark") {
    const auto mark = r.number(line, 2, 0, kAnyUnsigned);
    if (!mark) {
      r.report(fmt::format("virtual server fwmark '{}' must be in [0, {}] - ignoring",
                           last_word(line), kAnyUnsigned));
      return r.skip_this_block();
    }
    server.fwmark = *mark;
  } else {
    if (first.find(':') != std::string::npos) {
      r.advise("IPv6 is not modelled", ConfMessage::Kind::kUnmodelled);
      return r.skip_this_block();
    }
    const auto addr = r.address(first);
    const auto port = port_at(r, line, 2);
    if (!addr || !port) {
      r.report(fmt::format("Invalid virtual server IP address {}{} - skipping", first,
                           line.words.size() > 2 ? "/" + line.words[2] : ""));
      return r.skip_this_block();
    }
    server.addr = *addr;
    server.port = *port;
  }
  r.conf().virtual_servers.push_back(std::move(server));
}

namespace {

/// "192.168.80.150-160", "192.168.80.150-192.168.80.160", "192.168.80.144/28" and a port.
std::optional<GroupEntry> group_entry(ConfReader& r, const ConfLine& line,
                                      const std::string& group) {
  const std::string& text = line.words.front();
  if (text == "fwmark") {
    if (const auto mark = r.number(line, 1, 0, kAnyUnsigned)) return GroupEntry{.fwmark = *mark};
    r.report(fmt::format("({}): fwmark '{}' must be in [0, {}] - ignoring", group, last_word(line),
                         kAnyUnsigned));
    return std::nullopt;
  }
  const std::size_t cut = std::min(text.find_first_of("-/"), text.size());
  const auto first = r.address(text.substr(0, cut));
  const auto port = port_at(r, line, 1);
  if (!first || !port) {
    r.report(fmt::format("Invalid virtual server group IP address {} - skipping", text));
    return std::nullopt;
  }
  GroupEntry entry{.first = *first, .last = *first, .port = *port};
  if (cut == text.size()) return entry;
  const std::string end = text.substr(cut + 1);
  if (text[cut] == '/') {
    const auto prefix = Ipv4Prefix::parse(text);
    if (!prefix || prefix->len == 0) {
      r.report(fmt::format("Invalid netmask - {} - skipping", text));
      return std::nullopt;
    }
    if (prefix->network() != *first) {
      r.report(fmt::format("Address mask bits not empty - {} - skipping", text));
      return std::nullopt;
    }
    entry.last = prefix->broadcast();
    return entry;
  }
  const std::string whole =
      end.find('.') != std::string::npos ? end : text.substr(0, text.rfind('.', cut) + 1) + end;
  const auto last_addr = Ipv4Addr::parse(whole);
  if (!last_addr) {
    r.report(fmt::format("Invalid range end {} - skipping", text));
    return std::nullopt;
  }
  if (*last_addr <= *first) {
    r.report(fmt::format(
        "Address range end is not greater than address range start - {} - skipping", text));
    return std::nullopt;
  }
  entry.last = *last_addr;
  return entry;
}

}  // namespace

void begin_server_group(ConfReader& r, const ConfLine& line) {
  r.set_phase(ConfPhase::kChecker);
  VirtualServerGroup group{.name = r.word(line, 1), .where = line.where};
  const ConfLine opening{{"virtual_server_group"}, "virtual_server_group", line.where};
  bool other_family = false;
  r.value_block(opening, [&](const ConfLine& value) {
    if (value.words.front().find(':') != std::string::npos) {
      other_family = true;
      return r.advise("IPv6 is not modelled", ConfMessage::Kind::kUnmodelled);
    }
    if (auto entry = group_entry(r, value, group.name)) group.entries.push_back(*entry);
  });
  if (group.entries.empty()) {
    if (other_family) return;
    return r.report(fmt::format("virtual server group {} has no entries - removing", group.name));
  }
  r.conf().groups.push_back(std::move(group));
}

std::span<const Keyword> virtual_server_keywords() { return kVirtualServer; }

Checker& checker(ConfReader& r) { return rs(r).checkers.back(); }
RealServer& checked_server(ConfReader& r) { return rs(r); }

}  // namespace lvslab::keepalived
