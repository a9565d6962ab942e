// ipvsadm(8) applied to a host.
#include <fmt/format.h>

#include "sim/host/executor.h"

namespace lvslab::host {

using command::IpvsErrno;
using command::Output;
using Verb = command::IpvsadmCommand::Verb;

namespace {

Output refused(Verb verb, Errno error) {
  switch (error) {
    case Errno::kNone: return {};
    case Errno::kExist: return ipvs_failure(verb, IpvsErrno::kEexist);
    case Errno::kSrch: return ipvs_failure(verb, IpvsErrno::kEsrch);
    case Errno::kNoEnt: return ipvs_failure(verb, IpvsErrno::kEnoent);
    case Errno::kRange: return ipvs_failure(verb, IpvsErrno::kErange);
    case Errno::kNoDev: return ipvs_failure(verb, IpvsErrno::kEnodev);
    case Errno::kAddrInUse: return ipvs_failure(verb, IpvsErrno::kEaddrinuse);
    case Errno::kNetUnreach: return ipvs_failure(verb, IpvsErrno::kEnetunreach);
    default: return ipvs_failure(verb, IpvsErrno::kEinval);
  }
}

ipvs::ServiceOptions options_of(const command::IpvsadmCommand& c, ipvs::SchedulerId scheduler) {
  return {.scheduler = scheduler,
          .sched_flags = c.sched_flags,
          .persistent = c.persistent,
          .one_packet = c.one_packet,
          .timeout_s = c.timeout_s,
          .netmask = c.netmask};
}

ipvs::DestOptions options_of(const command::IpvsServer& s, Ipv4Addr addr) {
  return {.addr = addr,
          .port = s.port,
          .forward = s.forward,
          .weight = s.weight,
          .upper = s.upper,
          .lower = s.lower,
          .tunnel = s.tunnel};
}

ipvs::SyncConfig config_of(const command::IpvsSyncDaemon& d) {
  return {.interface = d.interface,
          .sync_id = d.sync_id,
          .ttl = d.ttl,
          .max_length = d.max_length,
          .port = d.port,
          .group = d.group};
}

ipvs::SyncRole role_of(const command::IpvsSyncDaemon& d) {
  return d.backup ? ipvs::SyncRole::kBackup : ipvs::SyncRole::kMaster;
}

Output no_rules(std::string_view tool) {
  return command::failure(
      fmt::format("lvslab: {} reads rules from standard input: use a pipe or <", tool), 2);
}

Output list_daemons(const ipvs::Director& director) {
  std::vector<command::IpvsSyncDaemon> daemons;
  for (const auto role : {ipvs::SyncRole::kMaster, ipvs::SyncRole::kBackup}) {
    const ipvs::SyncDaemon* runs = director.sync_daemon(role);
    if (runs == nullptr) continue;
    const ipvs::SyncConfig& c = runs->config;
    daemons.push_back({.backup = role == ipvs::SyncRole::kBackup,
                       .interface = c.interface,
                       .sync_id = c.sync_id,
                       .max_length = c.max_length,
                       .group = c.group,
                       .port = c.port,
                       .ttl = c.ttl});
  }
  return {.out = command::render_ipvs_daemons(daemons)};
}

}  // namespace

Ipv4Addr Executor::named(IpAddr addr) {
  return addr.is_v4() ? addr.v4() : step_.world().names.name_of(addr.v6());
}

ipvs::ServiceKey Executor::named(const IpvsServiceKey& key) {
  return {key.protocol, named(key.addr), key.port, key.fwmark};
}

// What __ip_vs_is_af_valid() and ip_vs_new_dest() ask of addresses: a server is another host, or
// this one.
std::optional<IpvsErrno> Executor::address_error(const command::IpvsadmCommand& c) const {
  const ip::Stack& stack = wiring_.host().ip;
  const bool six = c.service && !c.service->addr.is_v4();
  if (six && !ip::has_ipv6(stack)) return IpvsErrno::kEafnosupport;
  if (c.verb != Verb::kAddServer) return std::nullopt;
  const IpAddr addr = c.server->addr;
  bool fits = false;
  if (addr.is_v4()) {
    const ip::AddrType type = ip::addr_type(stack, addr.v4());
    fits = type == ip::AddrType::kUnicast || type == ip::AddrType::kLocal;
  } else {
    const Ipv6Addr server = addr.v6();
    const bool far = !server.is_any() && !server.is_multicast() && !server.is_link_local();
    fits = far || ip::has_address6(stack, server);
  }
  return fits ? std::nullopt : std::optional(IpvsErrno::kEinval);
}

CommandOutcome Executor::operator()(const command::IpvsadmCommand& c) {
  ipvs::Director& director = wiring_.host().ipvs.get();
  if (const auto error = address_error(c)) return ipvs_failure(c.verb, *error);
  const ipvs::ServiceKey service = named(c.service.value_or(IpvsServiceKey{}));
  const auto changed = [&](Errno error) {
    wiring_.ipvs_changed();
    return refused(c.verb, error);
  };
  switch (c.verb) {
    case Verb::kAddService:
    case Verb::kEditService: {
      const auto id = ipvs::scheduler_by_name(c.scheduler);
      if (!id) return ipvs_failure(c.verb, IpvsErrno::kEnoent);
      const ipvs::ServiceOptions options = options_of(c, *id);
      const Errno error = c.verb == Verb::kAddService
                              ? director.add_service(step_, service, options)
                              : director.edit_service(step_, service, options);
      return refused(c.verb, error);
    }
    case Verb::kDeleteService: return changed(director.delete_service(step_, service));
    case Verb::kClear: director.flush(step_); return changed(Errno::kNone);
    case Verb::kAddServer:
    case Verb::kEditServer: {
      const ipvs::DestOptions options = options_of(*c.server, named(c.server->addr));
      const Errno error = c.verb == Verb::kAddServer ? director.add_dest(step_, service, options)
                                                     : director.edit_dest(step_, service, options);
      return changed(error);
    }
    case Verb::kDeleteServer:
      return refused(c.verb,
                     director.delete_dest(step_, service, named(c.server->addr), c.server->port));
    case Verb::kZero: {
      const std::optional<ipvs::ServiceKey> one = c.service ? std::optional(service) : std::nullopt;
      return refused(c.verb, director.zero(step_.now(), one));
    }
    case Verb::kSetTimeouts:
      director.set_timeouts(c.timeouts.tcp, c.timeouts.tcp_fin, c.timeouts.udp);
      return Output{};
    case Verb::kStartDaemon:
      return refused(c.verb, wiring_.start_sync(step_, role_of(*c.daemon), config_of(*c.daemon)));
    case Verb::kStopDaemon: return refused(c.verb, wiring_.stop_sync(step_, role_of(*c.daemon)));
    case Verb::kRestore:
      if (input_ == nullptr) return no_rules("ipvsadm -R");
      return ipvsadm_restore(*input_);
    case Verb::kSave:
      return Output{.out =
                        render_ipvs_save(wiring_.tables(), c.list.numeric, wiring_.host_names())};
    case Verb::kList: break;
  }
  if (c.list.daemons) return list_daemons(director);
  if (c.list.timeouts) {
    const ipvs::Timeouts& t = director.timeouts();
    return Output{.out = command::render_ipvs_timeouts({t.tcp(), t.tcp_fin(), t.udp_s})};
  }
  const HostTables tables = wiring_.tables();
  const auto names = wiring_.host_names();
  if (c.list.connections) return Output{.out = render_ipvs_connections(tables, c.list, names)};
  if (c.service) {
    const bool known = std::ranges::any_of(
        tables.services, [&](const IpvsServiceRow& s) { return s.key == *c.service; });
    if (!known) return ipvs_failure(c.verb, IpvsErrno::kEsrch);
  }
  return Output{.out = render_ipvs_list(tables, c, names)};
}

CommandOutcome Executor::operator()(const command::IpvsScriptCommand& c) {
  if (!c.restores) {
    command::IpvsadmCommand save{.verb = Verb::kSave};
    save.list.numeric = c.numeric;
    return (*this)(save);
  }
  if (input_ == nullptr) return no_rules("ipvsadm-restore");
  wiring_.host().ipvs.get().flush(step_);
  wiring_.ipvs_changed();
  return ipvsadm_restore(command::without_comments(*input_));
}

Output Executor::ipvsadm_restore(std::string_view rules) {
  Output all;
  for (const command::RestoreLine& line :
       command::parse_restore_lines(rules, wiring_.host_names())) {
    Output done;
    if (!line.command) {
      done = line.command.error();
    } else if (line.command->verb != Verb::kRestore) {
      const CommandOutcome outcome = (*this)(*line.command);
      done = std::get<Output>(outcome);
    }
    all.out += done.out;
    all.err += done.err;
    all.status = done.status;
    if (line.stop) break;
  }
  return all;
}

}  // namespace lvslab::host
