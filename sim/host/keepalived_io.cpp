#include "sim/host/keepalived_io.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/calendar.h"
#include "sim/command/command.h"
#include "sim/keepalived/coarse_clock.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv4.h"

namespace lvslab::host {
namespace {

using keepalived::Part;

std::string_view process_name(Part part) {
  switch (part) {
    case Part::kCheckers: return "Keepalived_healthcheckers";
    case Part::kVrrp: return "Keepalived_vrrp";
    case Part::kParent:
    case Part::kLab: break;
  }
  return "Keepalived";
}

/// `pattern` with * and ? against a whole name.
bool matches_glob(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip) {
      if (matches_glob(pattern.substr(1), name.substr(skip))) return true;
    }
    return false;
  }
  if (name.empty() || (pattern.front() != '?' && pattern.front() != name.front())) return false;
  return matches_glob(pattern.substr(1), name.substr(1));
}

Scope scope_of(std::string_view name) {
  if (name == "link") return Scope::kLink;
  if (name == "host") return Scope::kHost;
  if (name == "site") return Scope::kSite;
  return Scope::kUniverse;
}

ipvs::ServiceKey key_of(const keepalived::ServiceRule& service) {
  using Protocol = keepalived::ServiceProtocol;
  constexpr std::uint8_t kTcp = 6, kUdp = 17, kSctp = 132;
  const std::uint8_t protocol = service.protocol == Protocol::kUdp    ? kUdp
                                : service.protocol == Protocol::kSctp ? kSctp
                                                                      : kTcp;
  if (service.fwmark != 0) return {.protocol = 0, .fwmark = service.fwmark};
  return {.protocol = protocol, .addr = service.addr, .port = service.port};
}

/// Nothing if the scheduler is unknown.
std::optional<ipvs::ServiceOptions> options_of(const keepalived::ServiceRule& service) {
  const auto scheduler = ipvs::scheduler_by_name(service.scheduler);
  if (!scheduler) return std::nullopt;
  ipvs::ServiceOptions options{.scheduler = *scheduler,
                               .persistent = service.persistence != 0,
                               .timeout_s = service.persistence,
                               .netmask = service.persistence_mask};
  for (const std::string& flag : service.flags) {
    if (flag == "ops") options.one_packet = true;
    if (flag == "flag-1" || flag.ends_with("-fallback")) {
      options.sched_flags |= ipvs::kSchedFallback;
    }
    if (flag == "flag-2" || flag.ends_with("-port")) options.sched_flags |= ipvs::kSchedPort;
  }
  return options;
}

ipvs::DestOptions options_of(const keepalived::ServerRule& server) {
  using Method = keepalived::ForwardMethod;
  const IpvsForward forward = server.method == Method::kDirectRoute ? IpvsForward::kRoute
                              : server.method == Method::kTunnel    ? IpvsForward::kTunnel
                                                                    : IpvsForward::kMasq;
  return {.addr = server.addr,
          .port = server.port,
          .forward = forward,
          .weight = server.weight,
          .upper = server.upper_threshold,
          .lower = server.lower_threshold};
}

}  // namespace

std::string_view keepalived_pid_file(Part part) {
  if (part == Part::kVrrp) return "/run/vrrp.pid";
  return part == Part::kCheckers ? "/run/checkers.pid" : "/run/keepalived.pid";
}

// --- files and the log ---------------------------------------------------------------------------

std::optional<std::string> KeepalivedIo::read(const std::string& path) const {
  return wiring_.read_file(path);
}

std::vector<std::string> KeepalivedIo::matches(const std::string& pattern) const {
  if (pattern.find_first_of("*?") == std::string::npos) return {pattern};
  const std::string whole = wiring_.path_of(pattern);
  const std::string folder(parent_of(whole));
  std::vector<std::string> found;
  for (const std::string& name : wiring_.user().files.list(folder)) {
    const std::string path = folder == "/" ? "/" + name : folder + "/" + name;
    if (matches_glob(whole, path)) found.push_back(path);
  }
  return found;
}

bool KeepalivedIo::has_interface(const std::string& name) const { return device(name).valid(); }

bool KeepalivedIo::has_program(const std::string& path) const {
  const auto tools = command::tool_names();
  const std::string name = path.substr(path.rfind('/') + 1);
  return std::ranges::find(tools, name) != tools.end() || read(path).has_value();
}

void KeepalivedIo::log(Step& step, Part part, std::string_view text) {
  const std::string sender =
      part == Part::kLab ? "lvslab" : fmt::format("{}[{}]", process_name(part), pid_of(part));
  wiring_.write_log(step, sender, text);
  if (process().log_console && process().job != 0) {
    const CivilTime t = civil_time(keepalived::coarse_clock(step.now()));
    wiring_.program_prints(
        step, app_, 1,
        fmt::format("{} {} {:2} {:02}:{:02}:{:02} {}: {}\n", t.weekday_name(), t.month_name(),
                    t.day, t.hour, t.minute, t.second, t.year, text));
  }
}

void KeepalivedIo::write_file(const std::string& path, const std::string& text) {
  wiring_.user().files.write(path, text, false);
}

std::uint32_t KeepalivedIo::fork(Part part) {
  const std::uint32_t pid = wiring_.user().next_pid++;
  (part == Part::kVrrp       ? process().vrrp_pid
   : part == Part::kCheckers ? process().checker_pid
                             : process().pid) = pid;
  wiring_.user().files.write(keepalived_pid_file(part), fmt::format("{}\n", pid), false);
  return pid;
}

std::uint32_t KeepalivedIo::pid_of(Part part) const {
  if (part == Part::kVrrp) return process().vrrp_pid;
  return part == Part::kCheckers ? process().checker_pid : process().pid;
}

void KeepalivedIo::child_ended(Part part, bool orderly) {
  (part == Part::kVrrp ? process().vrrp_pid : process().checker_pid) = 0;
  if (orderly) wiring_.user().files.remove(keepalived_pid_file(part), false);
}

void KeepalivedIo::set_timer(Step& step, SimTime at) {
  if (at == SimTime::never()) return process().timer.cancel();
  process().timer.set(step.timers(), at, TimerKind::kProcess, app_);
}

void KeepalivedIo::exit(Step&, int status) { wiring_.program_exits(app_, status); }

void KeepalivedIo::run_script(Step& step, const keepalived::Script& script,
                              std::string_view arguments, keepalived::ScriptTicket ticket) {
  std::string line = script.command;
  if (!arguments.empty()) line += fmt::format(" {}", arguments);
  wiring_.run_script(step, app_, line, ticket);
}

void KeepalivedIo::kill_script(Step& step, keepalived::ScriptTicket ticket) {
  wiring_.kill_script(step, app_, ticket);
}

// --- interfaces and addresses --------------------------------------------------------------------

bool KeepalivedIo::is_up(const std::string& interface) const {
  const ip::Device* found = ip::find_device(wiring_.host().ip, interface);
  return found != nullptr && found->up && found->carrier;
}

IfIndex KeepalivedIo::device(const std::string& interface) const {
  return ip::device_index(wiring_.host().ip, interface);
}

Ipv4Addr KeepalivedIo::address_of(const std::string& interface) const {
  const IfIndex dev = device(interface);
  const auto is_virtual_address = [&](Ipv4Addr addr) {
    return std::ranges::any_of(process().keepalived.get().conf().instances, [&](const auto& vrrp) {
      const auto has = [&](const auto& list) {
        return std::ranges::any_of(list, [&](const auto& vip) { return vip.address.addr == addr; });
      };
      return has(vrrp.addresses) || has(vrrp.excluded);
    });
  };
  for (const ip::InAddr& addr : wiring_.host().ip.addrs) {
    if (addr.dev == dev && !is_virtual_address(addr.local)) return addr.local;
  }
  return {};
}

// netlink_ipaddress(): a broadcast address only where one was given.
void KeepalivedIo::add_address(Step& step, const std::string& interface,
                               const keepalived::VirtualAddress& address) {
  ip::AddressRequest request{.dev = device(interface), .local = address.address};
  request.broadcast = address.broadcast.value_or(Ipv4Addr{});
  request.scope = scope_of(address.scope);
  if (!address.label.empty()) request.label = ShortName(address.label);
  if (request.dev.valid()) ip::add_address(step, wiring_.host().ip, wiring_, request);
}

void KeepalivedIo::delete_address(Step& step, const std::string& interface,
                                  const keepalived::VirtualAddress& address) {
  const IfIndex dev = device(interface);
  if (dev.valid()) ip::delete_address(step, wiring_.host().ip, wiring_, dev, address.address);
}

void KeepalivedIo::add_route(Step& step, const keepalived::VirtualRoute& route) {
  RouteRow row;
  row.table = route.table;
  row.dst = route.dst;
  row.gateway = route.via;
  row.prefsrc = route.src;
  row.scope = Scope::kNowhere;
  if (route.metric) row.metric = *route.metric;
  if (!route.dev.empty()) row.dev = device(route.dev);
  ip::add_route(step, wiring_.host().ip, ip::RouteVerb::kAdd, row);
}

void KeepalivedIo::delete_route(Step& step, const keepalived::VirtualRoute& route) {
  ip::RoutePattern pattern{.table = route.table, .dst = route.dst};
  pattern.gateway = route.via;
  if (!route.dev.empty()) pattern.dev = device(route.dev);
  ip::delete_route(step, wiring_.host().ip, pattern);
}

// --- packets -------------------------------------------------------------------------------------

// One socket for each interface and group, however many routers use it.
void KeepalivedIo::join_group(Step& step, const std::string& interface, Ipv4Addr group) {
  const IfIndex dev = device(interface);
  if (!dev.valid()) return;
  auto& joined = process().groups;
  if (std::ranges::find(joined, std::pair(dev, group)) != joined.end()) return;
  joined.emplace_back(dev, group);
  ip::join_group(step, wiring_.host().ip, dev, group);
}

void KeepalivedIo::leave_group(Step& step, const std::string& interface, Ipv4Addr group) {
  const auto membership = std::pair(device(interface), group);
  if (std::erase(process().groups, membership) == 0) return;
  ip::leave_group(step, wiring_.host().ip, membership.first, group);
}

void KeepalivedIo::send_vrrp(Step& step, const std::string& interface, Ipv4Addr src, Ipv4Addr dst,
                             Bytes message) {
  constexpr std::uint8_t kInternetworkControl = 0xc0, kTtl = 255;
  const FrameRef frame = step.frames().allocate(message.size());
  std::ranges::copy(message, step.frames().writable(frame).begin());
  IpSend how{.src = src,
             .dst = dst,
             .protocol = IpProto::kVrrp,
             .tos = kInternetworkControl,
             .ttl = kTtl,
             .dont_fragment = false,
             .oif = device(interface)};
  how.id = ++process().ip_id;
  how.id_given = true;
  wiring_.send(step, how, frame);
}

// send_arp(): asks for the address in its own name; the target MAC is broadcast as well.
void KeepalivedIo::send_gratuitous_arp(Step& step, const std::string& interface, Ipv4Addr address) {
  const ip::Device* found = ip::find_device(wiring_.host().ip, interface);
  if (found == nullptr || !found->up) return;
  const FrameRef frame = step.frames().allocate(EthernetRepr::kLength + ArpRepr::kLength);
  const MutBytes bytes = step.frames().writable(frame);
  const EthernetRepr eth{
      .dst = MacAddr::broadcast(), .src = found->mac, .ethertype = EtherType::kArp};
  eth.emit(bytes.first<EthernetRepr::kLength>());
  const ArpRepr arp{ArpOp::kRequest, found->mac, address, MacAddr::broadcast(), address};
  arp.emit(bytes.subspan<EthernetRepr::kLength, ArpRepr::kLength>());
  wiring_.transmit(step, device(interface), frame);
}

std::expected<std::uint32_t, keepalived::DialError> KeepalivedIo::udp_dial(
    Step& step, const keepalived::UdpDial& how) {
  using Call = keepalived::DialError::Call;
  ip::Stack& stack = wiring_.host().ip;
  const auto socket = ip::udp_bind(step, stack, owner(), how.from, how.dev,
                                   {process().checker_pid, process().name});
  if (!socket) return std::unexpected(keepalived::DialError{Call::kBind, socket.error()});
  if (how.all_errors) ip::udp_hear_all_errors(stack, *socket);
  const Errno error = ip::udp_connect(step, stack, *socket, how.to);
  if (error == Errno::kNone) return socket->value;
  ip::udp_close(step, stack, *socket);
  return std::unexpected(keepalived::DialError{Call::kConnect, error});
}

Errno KeepalivedIo::udp_send(Step& step, std::uint32_t socket, std::span<const std::uint8_t> data) {
  return ip::udp_send(step, wiring_.host().ip, wiring_, SocketId{socket}, {}, data);
}

void KeepalivedIo::udp_close(Step& step, std::uint32_t socket) {
  ip::udp_close(step, wiring_.host().ip, SocketId{socket});
}

// ping_get_port(): one number after the other.
std::uint16_t KeepalivedIo::ping_open() {
  std::uint16_t& last = wiring_.user().last_ping_socket;
  if (++last == 0) ++last;
  process().ping_sockets.push_back(last);
  return last;
}

void KeepalivedIo::ping_close(std::uint16_t identifier) {
  std::erase(process().ping_sockets, identifier);
}

Errno KeepalivedIo::ping_send(Step& step, std::uint16_t identifier, Ipv4Addr to,
                              std::uint16_t sequence, std::span<const std::uint8_t> data) {
  const FrameRef frame = step.frames().allocate(IcmpRepr::kLength + data.size());
  const MutBytes message = step.frames().writable(frame);
  std::ranges::copy(data, message.begin() + IcmpRepr::kLength);
  IcmpRepr::echo(IcmpType::kEchoRequest, identifier, sequence).emit(message);
  return wiring_.send(step, {.dst = to, .protocol = IpProto::kIcmp}, frame);
}

std::pair<std::uint32_t, std::uint32_t> KeepalivedIo::ping_groups() const {
  const ip::Stack& stack = wiring_.host().ip;
  return {static_cast<std::uint32_t>(ip::global(stack, ip::GlobalKey::kPingGroupLow)),
          static_cast<std::uint32_t>(ip::global(stack, ip::GlobalKey::kPingGroupHigh))};
}

void KeepalivedIo::set_ping_groups(Step& step, std::uint32_t low, std::uint32_t high) {
  ip::sysctl_set(step, wiring_.host().ip, wiring_, "net.ipv4.ping_group_range",
                 fmt::format("{}\t{}", low, high));
}

// --- IPVS ----------------------------------------------------------------------------------------

Errno KeepalivedIo::add_service(Step& step, const keepalived::ServiceRule& service) {
  const auto options = options_of(service);
  if (!options) return Errno::kNoEnt;
  return wiring_.host().ipvs.get().add_service(step, key_of(service), *options);
}

Errno KeepalivedIo::edit_service(Step& step, const keepalived::ServiceRule& service) {
  const auto options = options_of(service);
  if (!options) return Errno::kNoEnt;
  return wiring_.host().ipvs.get().edit_service(step, key_of(service), *options);
}

Errno KeepalivedIo::delete_service(Step& step, const keepalived::ServiceRule& service) {
  const Errno error = wiring_.host().ipvs.get().delete_service(step, key_of(service));
  wiring_.ipvs_changed();
  return error;
}

Errno KeepalivedIo::add_server(Step& step, const keepalived::ServiceRule& service,
                               const keepalived::ServerRule& server) {
  const Errno error = wiring_.host().ipvs.get().add_dest(step, key_of(service), options_of(server));
  wiring_.ipvs_changed();
  return error;
}

Errno KeepalivedIo::edit_server(Step& step, const keepalived::ServiceRule& service,
                                const keepalived::ServerRule& server) {
  const Errno error =
      wiring_.host().ipvs.get().edit_dest(step, key_of(service), options_of(server));
  wiring_.ipvs_changed();
  return error;
}

Errno KeepalivedIo::delete_server(Step& step, const keepalived::ServiceRule& service,
                                  const keepalived::ServerRule& server) {
  return wiring_.host().ipvs.get().delete_dest(step, key_of(service), server.addr, server.port);
}

void KeepalivedIo::flush_ipvs(Step& step) {
  wiring_.host().ipvs.get().flush(step);
  wiring_.ipvs_changed();
}

Errno KeepalivedIo::start_sync(Step& step, const keepalived::SyncDaemon& daemon, bool master) {
  return wiring_.start_sync(step, master ? ipvs::SyncRole::kMaster : ipvs::SyncRole::kBackup,
                            {.interface = ShortName(daemon.interface),
                             .sync_id = daemon.sync_id.value_or(0),
                             .ttl = daemon.ttl,
                             .max_length = daemon.max_length,
                             .port = daemon.port,
                             .group = daemon.group});
}

Errno KeepalivedIo::stop_sync(Step& step, bool master) {
  return wiring_.stop_sync(step, master ? ipvs::SyncRole::kMaster : ipvs::SyncRole::kBackup);
}

}  // namespace lvslab::host
