#include "sim/command/ipvsadm.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "sim/command/ipvsadm_names.h"
#include "sim/command/ipvsadm_options.h"
#include "sim/command/ipvsadm_usage.h"
#include "sim/command/options.h"
#include "sim/command/popt.h"

namespace lvslab::command {

namespace {

using Verb = IpvsadmCommand::Verb;
using namespace ipvsadm_options;

std::unexpected<Output> fail_with(std::string message) {
  return std::unexpected(failure(std::move(message), 2));
}
std::unexpected<Output> try_help_exit(const std::string& tool) {
  return std::unexpected(ipvsadm_try_help(tool));
}
std::unexpected<Output> refuse(int id) {
  const auto option = std::ranges::find(kOptions, id, &PoptOption::id);
  return std::unexpected(
      not_modelled("ipvsadm", fmt::format("option --{}", option->long_name), "-p"));
}

constexpr std::int64_t kMostSeconds = 31 * std::int64_t{86'400};  // MAX_TIMEOUT

std::optional<std::uint32_t> number(std::string_view text, std::int64_t low, std::int64_t high) {
  const auto value = to_int(text);
  if (!value || *value < low || *value > high) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

struct Endpoint {
  IpAddr addr;
  std::optional<std::uint16_t> port;
};
/// parse_service(): HOST[:PORT], both by number or name; [IPV6]:PORT, or an IPv6 address alone.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint8_t protocol,
                                       HostNames names) {
  std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const bool brackets = text.starts_with('[');
  if (brackets) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end + 1 == text.size() || text[end + 1] != ':') {
      return std::nullopt;
    }
    host = text.substr(1, end - 1);
    colon = end + 1;
  } else if (const auto alone = Ipv6Addr::parse(text)) {
    return Endpoint{*alone, std::nullopt};
  }
  std::optional<IpAddr> addr = brackets ? Ipv6Addr::parse(host) : std::nullopt;
  if (!addr) {
    addr = resolve_host(host, names);
    if (brackets) colon = std::string_view::npos;  // the port behind it is not looked at
  }
  if (!addr) return std::nullopt;
  if (colon == std::string_view::npos) return Endpoint{*addr, std::nullopt};
  const std::string_view port = text.substr(colon + 1);
  if (const auto value = number(port, 0, 65535)) {
    return Endpoint{*addr, static_cast<std::uint16_t>(*value)};
  }
  const auto value = service_port(port, protocol);
  if (!value) return std::nullopt;
  return Endpoint{*addr, value};
}

/// The state of parse_options() and process_options().
class Reader {
 public:
  Reader(Args args, HostNames names) : args_(args), names_(names), scanner_(args, kOptions) {}
  Parsed<IpvsadmCommand> run();

 private:
  using Step = Parsed<bool>;
  Step read_verb();
  Step read_option(const PoptStep& step);
  Step read_service(const PoptStep& step);
  Step read_version();
  Step read_netmask(const std::string& text);
  Step read_server(const PoptStep& step);
  Step check_versions();
  Step read_tunnel(const PoptStep& step);
  Step check_tunnel();
  Step read_daemon_role(const PoptStep& step);
  Step read_daemon_option(const PoptStep& step);
  Step read_list_option(int id);
  Step mark(Option option);
  Step read_operands();
  Step read_sched_flags();
  Step check_options() const;
  Step finish();

  bool given(Option option) const { return (given_ >> option & 1) != 0; }
  IpvsServer& server() {
    if (!command_.server) command_.server.emplace();
    return *command_.server;
  }

  Args args_;
  HostNames names_;
  PoptScanner scanner_;
  IpvsadmCommand command_;
  std::uint64_t given_ = 0;
  std::string sched_flags_;
};

Reader::Step Reader::mark(Option option) {
  if (given(option)) {
    return fail_with(fmt::format("multiple '{}' options specified", kOptionNames[option]));
  }
  given_ |= std::uint64_t{1} << option;
  return true;
}

Reader::Step Reader::read_verb() {
  const PoptStep step = scanner_.next();
  if (step.kind != PoptStep::Kind::kOption) return try_help_exit(args_[0]);
  switch (step.id) {
    case 'A': command_.verb = Verb::kAddService; return true;
    case 'E': command_.verb = Verb::kEditService; return true;
    case 'D': command_.verb = Verb::kDeleteService; return true;
    case 'C': command_.verb = Verb::kClear; return true;
    case 'R': command_.verb = Verb::kRestore; return true;
    case 'S': command_.verb = Verb::kSave; return true;
    case 'a': command_.verb = Verb::kAddServer; return true;
    case 'e': command_.verb = Verb::kEditServer; return true;
    case 'd': command_.verb = Verb::kDeleteServer; return true;
    case 'l':
    case 'L': command_.verb = Verb::kList; return true;
    case 'Z': command_.verb = Verb::kZero; return true;
    case kTagSet: command_.verb = Verb::kSetTimeouts; return true;
    case 'h':
      return std::unexpected(Output{.out = ipvsadm_usage(args_[0]), .err = {}, .status = 0});
    case 'v':
      return std::unexpected(Output{.out = std::string(kIpvsadmVersion), .err = {}, .status = 0});
    case kTagStartDaemon:
    case kTagStopDaemon: return read_daemon_role(step);
    default: return try_help_exit(args_[0]);
  }
}

Reader::Step Reader::read_service(const PoptStep& step) {
  if (const Step ok = mark(kService); !ok) return ok;
  IpvsServiceKey& key = command_.service.emplace();
  if (step.id == 'f') {
    const auto mark_value = number(*step.value, 1, 0xffff'ffff);
    if (!mark_value)
      return fail_with(fmt::format("invalid fwmark value `{}' specified", *step.value));
    key.protocol = 0;
    key.fwmark = *mark_value;
    return true;
  }
  constexpr std::uint8_t kTcp = 6, kUdp = 17, kSctp = 132;
  key.protocol = step.id == 't' ? kTcp : step.id == 'u' ? kUdp : kSctp;
  const auto endpoint = parse_endpoint(*step.value, key.protocol, names_);
  if (!endpoint) return fail_with("illegal virtual server address[:port] specified");
  key.addr = endpoint->addr;
  key.port = endpoint->port.value_or(0);
  if (key.addr.is_v4()) return true;
  if (key.protocol == kSctp) {
    return std::unexpected(not_modelled("ipvsadm", "SCTP over IPv6", "an IPv4 address"));
  }
  command_.netmask = {kIpvsWholeAddress6};
  return true;
}

// A mark has no address that would tell the version.
Reader::Step Reader::read_version() {
  if (!command_.service || command_.service->fwmark == 0) {
    return fail_with("-6 used before -f\n\n");
  }
  command_.service->addr = Ipv6Addr::any();
  command_.netmask = {kIpvsWholeAddress6};
  return true;
}

Reader::Step Reader::read_netmask(const std::string& text) {
  if (const Step ok = mark(kNetmask); !ok) return ok;
  if (!command_.service || command_.service->addr.is_v4()) {
    const auto mask = parse_inet_aton(text);
    if (!mask) return fail_with("illegal virtual server persistent mask specified");
    command_.netmask = *mask;
    return true;
  }
  const auto length = static_cast<std::uint32_t>(std::strtol(text.c_str(), nullptr, 10));
  if (length < 1 || length > kIpvsWholeAddress6) {
    return fail_with("illegal ipv6 netmask specified");
  }
  command_.netmask = {length};
  return true;
}

Reader::Step Reader::read_server(const PoptStep& step) {
  switch (step.id) {
    case 'r': {
      if (const Step ok = mark(kServer); !ok) return ok;
      const IpvsServiceKey key = command_.service.value_or(IpvsServiceKey{0, {}, 0, 0});
      const auto endpoint = parse_endpoint(*step.value, key.fwmark != 0 ? 6 : key.protocol, names_);
      if (!endpoint) return fail_with("illegal real server address[:port] specified");
      server().addr = endpoint->addr;
      server().port = endpoint->port.value_or(key.port);
      return true;
    }
    case 'w': {
      if (const Step ok = mark(kWeight); !ok) return ok;
      const auto weight = number(*step.value, 0, 0x7fff'ffff);
      if (!weight) return fail_with("illegal weight specified");
      server().weight = static_cast<std::int32_t>(*weight);
      return true;
    }
    case 'x':
    case 'y': {
      const bool is_upper = step.id == 'x';
      if (const Step ok = mark(is_upper ? kUpper : kLower); !ok) return ok;
      const auto value = number(*step.value, 0, 0x7fff'ffff);
      if (!value) {
        return fail_with(fmt::format("illegal {}_threshold specified", is_upper ? 'u' : 'l'));
      }
      (is_upper ? server().upper : server().lower) = *value;
      return true;
    }
    default: break;
  }
  if (const Step ok = mark(kForward); !ok) return ok;
  server().forward = step.id == 'm'   ? IpvsForward::kMasq
                     : step.id == 'i' ? IpvsForward::kTunnel
                                      : IpvsForward::kRoute;
  return true;
}

Reader::Step Reader::read_tunnel(const PoptStep& step) {
  IpvsTunnel& tunnel = server().tunnel;
  switch (step.id) {
    case kTagTunType:
      if (const Step ok = mark(kTunType); !ok) return ok;
      if (step.value == "gue") {
        tunnel.type = IpvsTunnelType::kGue;
      } else if (step.value == "gre") {
        tunnel.type = IpvsTunnelType::kGre;
      } else if (step.value != "ipip") {
        return fail_with("illegal tunnel type specified");
      }
      return true;
    case kTagTunPort: {
      if (const Step ok = mark(kTunPort); !ok) return ok;
      const auto port = number(*step.value, 1, 65535);
      if (!port) return fail_with("illegal tunnel port specified");
      tunnel.port = static_cast<std::uint16_t>(*port);
      return true;
    }
    case kTagTunNocsum: return mark(kTunNocsum);
    case kTagTunCsum: tunnel.checksum = IpvsTunnelChecksum::kFull; return mark(kTunCsum);
    default: tunnel.checksum = IpvsTunnelChecksum::kRemote; return mark(kTunRemcsum);
  }
}

/// A tunnel may carry one version in the other.
Reader::Step Reader::check_versions() {
  if (server().addr.is_v4() == command_.service->addr.is_v4()) {
    if (server().addr.is_v4() || server().tunnel.type == IpvsTunnelType::kIpip) return true;
    return std::unexpected(
        not_modelled("ipvsadm", "a GUE or GRE tunnel over IPv6", "--tun-type ipip"));
  }
  if (server().forward != IpvsForward::kTunnel) {
    return fail_with("Different address family is allowed only for tunneling servers");
  }
  return std::unexpected(
      not_modelled("ipvsadm", "a tunnel between IPv4 and IPv6", "servers of the same version"));
}

/// tunnel_opt_check(): which options go with which type.
Reader::Step Reader::check_tunnel() {
  const bool any = given(kTunType) || given(kTunPort) || given(kTunNocsum) || given(kTunCsum) ||
                   given(kTunRemcsum);
  if (!any) return true;
  if (server().forward != IpvsForward::kTunnel) {
    return fail_with("Tunnel options conflict with forward method");
  }
  struct TypeRule {
    std::string_view name, options;  ///< of port, nocsum, csum and remcsum
  };
  static constexpr std::array<TypeRule, 3> kTypes{
      {{"ipip", "xxxx"}, {"gue", "+111"}, {"gre", "x11x"}}};
  const TypeRule& type = kTypes[std::to_underlying(server().tunnel.type)];
  std::optional<std::size_t> exclusive;
  for (std::size_t i = 0; i < type.options.size(); ++i) {
    const auto option = static_cast<Option>(kTunPort + i);
    const std::string_view name = kOptionNames[option];
    if (!given(option)) {
      if (type.options[i] != '+') continue;
      return fail_with(fmt::format("You need to supply the '{}' option for the '{}' tunnel type",
                                   name, type.name));
    }
    if (type.options[i] == 'x') {
      return fail_with(
          fmt::format("Illegal '{}' option with the '{}' tunnel type", name, type.name));
    }
    if (type.options[i] != '1') continue;
    if (exclusive) {
      return fail_with(
          fmt::format("The option '{}' conflicts with the '{}' option in the '{}' tunnel type",
                      name, kOptionNames[*exclusive], type.name));
    }
    exclusive = option;
  }
  return true;
}

// Of --start-daemon and --stop-daemon. The two complain in different words.
Reader::Step Reader::read_daemon_role(const PoptStep& step) {
  const bool start = step.id == kTagStartDaemon;
  command_.verb = start ? Verb::kStartDaemon : Verb::kStopDaemon;
  IpvsSyncDaemon& daemon = command_.daemon.emplace();
  daemon.backup = step.value == "backup";
  if (daemon.backup || step.value == "master") return true;
  return fail_with(start ? "illegal start-daemon parameter specified"
                         : "illegal start_daemon specified");
}

Reader::Step Reader::read_daemon_option(const PoptStep& step) {
  IpvsSyncDaemon other;
  IpvsSyncDaemon& daemon = command_.daemon ? *command_.daemon : other;
  const auto read = [&](Option option, auto& field, std::int64_t low, std::int64_t high) -> Step {
    if (const Step ok = mark(option); !ok) return ok;
    const auto value = number(*step.value, low, high);
    if (!value) return fail_with(fmt::format("illegal {} specified", kOptionNames[option]));
    field = static_cast<std::remove_reference_t<decltype(field)>>(*value);
    return true;
  };
  switch (step.id) {
    case kTagMcastInterface: daemon.interface = ShortName(*step.value); return mark(kMcast);
    case kTagSyncid: return read(kSyncid, daemon.sync_id, 0, 255);
    case kTagSyncMaxlen: return read(kSyncMaxlen, daemon.max_length, 1, 65'507);
    case kTagMcastPort: return read(kMcastPort, daemon.port, 1, 65'535);
    case kTagMcastTtl: return read(kMcastTtl, daemon.ttl, 1, 255);
    default: break;
  }
  if (const Step ok = mark(kMcastGroup); !ok) return ok;
  if (step.value->find(':') != std::string::npos) {
    return std::unexpected(not_modelled("ipvsadm", "an IPv6 address", "IPv4"));
  }
  const auto group = Ipv4Addr::parse(*step.value);
  if (!group || !group->is_multicast()) {
    return fail_with(fmt::format("invalid IPv4 mcast-group `{}'", *step.value));
  }
  daemon.group = *group;
  return true;
}

Reader::Step Reader::read_list_option(int id) {
  IpvsListing& list = command_.list;
  const auto set = [this](Option option, bool& flag) {
    flag = true;
    return mark(option);
  };
  switch (id) {
    case 'n': return set(kNumeric, list.numeric);
    case 'c': return set(kConnection, list.connections);
    case kTagTimeout: return set(kTimeout, list.timeouts);
    case kTagDaemon: return set(kDaemon, list.daemons);
    case kTagStats: return set(kStats, list.stats);
    case kTagRate: return set(kRate, list.rate);
    case kTagThresholds: return set(kThresholds, list.thresholds);
    case kTagPersistentConn: return set(kPersistentConn, list.persistent_conn);
    case kTagNosort: return set(kNosort, list.unsorted);
    case kTagExact: return set(kExact, list.exact);
    case kTagTunInfo: return set(kTunInfo, list.tunnels);
    default: return true;  // --sort is the default
  }
}

Reader::Step Reader::read_option(const PoptStep& step) {
  switch (step.id) {
    case 't':
    case 'u':
    case kTagSctpService:
    case 'f': return read_service(step);
    case 's': command_.scheduler = step.value->substr(0, 15); return mark(kScheduler);
    case 'p': {
      if (const Step ok = mark(kPersistent); !ok) return ok;
      const auto seconds = number(step.value.value_or("360"), 1, kMostSeconds);
      if (!seconds)
        return fail_with(fmt::format("invalid timeout value `{}' specified", *step.value));
      command_.persistent = true;
      command_.timeout_s = *seconds;
      return true;
    }
    case 'M': return read_netmask(*step.value);
    case '6': return read_version();
    case 'r':
    case 'w':
    case 'x':
    case 'y':
    case 'g':
    case 'i':
    case 'm': return read_server(step);
    case 'o': command_.one_packet = true; return mark(kOps);
    case 'b': sched_flags_ = *step.value; return mark(kSchedFlags);
    case 'n':
    case 'c': return read_list_option(step.id);
    default: break;
  }
  if (step.id > kTagTunInfo && step.id < kTagStartDaemon) return read_tunnel(step);
  if (step.id > kTagDaemon && step.id < kTagUnmodelled) return read_daemon_option(step);
  if (step.id >= kTagUnmodelled) return refuse(step.id);
  if (step.id >= kTagTimeout) return read_list_option(step.id);
  return fail_with(fmt::format("invalid option `{}'", scanner_.last_word()));
}

Reader::Step Reader::read_operands() {
  std::span<const std::string> operands = scanner_.operands();
  if (command_.verb == Verb::kSetTimeouts) {
    if (operands.size() < 3) return fail_with("--set option requires 3 timeout values");
    const std::array<std::uint32_t*, 3> targets{&command_.timeouts.tcp, &command_.timeouts.tcp_fin,
                                                &command_.timeouts.udp};
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto seconds = number(operands[i], 0, kMostSeconds);
      if (!seconds) {
        return fail_with(fmt::format("invalid timeout value `{}' specified", operands[i]));
      }
      *targets[i] = *seconds;
    }
    operands = operands.subspan(3);
  }
  if (!operands.empty()) return fail_with(fmt::format("unexpected argument {}", operands[0]));
  return true;
}

Reader::Step Reader::read_sched_flags() {
  struct Flag {
    std::string_view name, scheduler;
    std::uint32_t bit;
  };
  static constexpr std::array kFlags{
      Flag{"flag-1", "", kIpvsSchedFlag1},    Flag{"flag-2", "", kIpvsSchedFlag2},
      Flag{"flag-3", "", kIpvsSchedFlag3},    Flag{"sh-fallback", "sh", kIpvsSchedFlag1},
      Flag{"sh-port", "sh", kIpvsSchedFlag2}, Flag{"mh-fallback", "mh", kIpvsSchedFlag1},
      Flag{"mh-port", "mh", kIpvsSchedFlag2},
  };
  std::string_view rest = sched_flags_;
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.empty()) continue;
    const auto flag = std::ranges::find(kFlags, name, &Flag::name);
    if (flag == kFlags.end()) return fail_with(fmt::format("invalid scheduler flag `{}'", name));
    if (!flag->scheduler.empty() && flag->scheduler != command_.scheduler) {
      return fail_with(fmt::format("incompatible scheduler flag `{}'", name));
    }
    command_.sched_flags |= flag->bit;
  }
  return true;
}

/// generic_opt_check().
Reader::Step Reader::check_options() const {
  const VerbRule& rule = kRules[std::to_underlying(command_.verb)];
  std::optional<std::size_t> exclusive;
  for (std::size_t i = 0; i < kOptionCount; ++i) {
    const char allowed = rule.options[i];
    if ((given_ >> i & 1) == 0) {
      if (allowed != '+') continue;
      return fail_with(fmt::format("You need to supply the '{}' option for the '{}' command",
                                   kOptionNames[i], rule.name));
    }
    if (allowed == 'x') {
      return fail_with(
          fmt::format("Illegal '{}' option with the '{}' command", kOptionNames[i], rule.name));
    }
    if (allowed != '1') continue;
    if (exclusive) {
      return fail_with(
          fmt::format("The option '{}' conflicts with the '{}' option in the '{}' command",
                      kOptionNames[i], kOptionNames[*exclusive], rule.name));
    }
    exclusive = i;
  }
  return true;
}

/// The checks of process_options() before it talks to the kernel.
Reader::Step Reader::finish() {
  const IpvsServiceKey key = command_.service.value_or(IpvsServiceKey{0, {}, 0, 0});
  if (command_.verb == Verb::kAddService || command_.verb == Verb::kEditService) {
    if (key.fwmark == 0 && key.port == 0 && !command_.persistent) {
      return fail_with("Zero port specified for non-persistent service");
    }
    if (command_.one_packet && key.fwmark == 0 && key.protocol != 17) {
      return fail_with("One-Packet Scheduling is only for UDP virtual services");
    }
    if (command_.scheduler.empty()) command_.scheduler = "wlc";
  }
  if (command_.verb == Verb::kAddServer || command_.verb == Verb::kEditServer) {
    if (const Step ok = check_versions(); !ok) return ok;
    if (key.fwmark == 0 && server().forward != IpvsForward::kMasq) server().port = key.port;
    if (const Step ok = check_tunnel(); !ok) return ok;
  }
  const IpvsListing& list = command_.list;
  const bool rows = list.stats || list.rate || list.thresholds;
  if (command_.verb == Verb::kList &&
      (((list.connections || list.timeouts || list.daemons) && rows) ||
       ((list.timeouts || list.daemons) && list.persistent_conn))) {
    return fail_with("options conflicts in the list command");
  }
  return true;
}

Parsed<IpvsadmCommand> Reader::run() {
  if (args_.size() == 1) return command_;
  if (const Step ok = read_verb(); !ok) return std::unexpected(ok.error());
  for (;;) {
    const PoptStep step = scanner_.next();
    if (step.kind == PoptStep::Kind::kEnd) break;
    if (step.kind != PoptStep::Kind::kOption) {
      return std::unexpected(failure(popt_message(step.kind, scanner_.last_word()), 255));
    }
    if (const Step ok = read_option(step); !ok) return std::unexpected(ok.error());
  }
  if (const Step ok = read_operands(); !ok) return std::unexpected(ok.error());
  if (const Step ok = read_sched_flags(); !ok) return std::unexpected(ok.error());
  if (const Step ok = check_options(); !ok) return std::unexpected(ok.error());
  if (const Step ok = finish(); !ok) return std::unexpected(ok.error());
  return command_;
}

}  // namespace

Output ipvsadm_try_help(std::string_view tool) {
  return failure(fmt::format("Try `{0} -h' or '{0} --help' for more information.", tool), 255);
}

Parsed<IpvsadmCommand> parse_ipvsadm(Args args, HostNames names) {
  return Reader(args, names).run();
}

}  // namespace lvslab::command
