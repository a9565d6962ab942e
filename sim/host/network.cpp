#include "sim/host/network.h"

#include <algorithm>

#include "sim/host/sysctls.h"
#include "sim/host/wiring.h"

namespace lvslab::host {
namespace {

RecordId note_fault(Step& step, std::string_view what, IfIndex dev) {
  if (!step.tracing()) return {};
  return step.record(RecordKind::kFault, Reason::kNone, dev, {step.trace()->add_text(what), 0, 0},
                     {});
}

// What memory held, for those who fold the trace.
void record_rows_gone(Step& step, const HostTables& tables) {
  const auto gone = [&](const auto& rows) {
    for (const auto& row : rows) step.row_removed(row);
  };
  gone(tables.conns);
  gone(tables.dests);
  gone(tables.services);
  gone(tables.sockets);
  gone(tables.neighs);
  gone(tables.routes);
  gone(tables.routes6);
  gone(tables.rules);
  gone(tables.addrs);
  gone(tables.addrs6);
  gone(tables.links);
  gone(tables.sysctls);
}

}  // namespace

Step Network::step_for(NodeId node, Trace* trace, RecordId cause) {
  TimerQueue& timers = is_host(node) ? hosts_[node.value].timers : switch_timers_;
  return Step(world_, timers, trace, node, cause);
}

// --- events
// -----------------------------------------------------------------------------------------

Ran Network::run_one(Trace* trace) {
  const Event event = world_.events.pop();
  world_.now = event.at;
  ++events_run_;
  switch (event.kind) {
    case SourceKind::kLink: return run_link(event.source, trace);
    case SourceKind::kHost: return run_host_timers(NodeId(event.source), trace);
    case SourceKind::kScript: return Ran::kScript;
  }
  return Ran::kNothing;
}

// A host that does not run, or whose interface is down, takes nothing in: no capture sees it.
bool Network::takes_in(const link::Plug& plug) const {
  if (!is_host(plug.node)) return true;
  const Host& host = hosts_[plug.node.value];
  const ip::Device* const device = ip::find_device(host.ip, plug.port);
  return host.power == Power::kOn && device != nullptr && device->up;
}

Ran Network::run_link(std::uint32_t direction, Trace* trace) {
  const auto arrival = fabric_.arrive(world_, direction);
  if (!arrival) return Ran::kNothing;
  ++frames_arrived_;
  const NodeId node = arrival->to.node;
  Step step = step_for(node, trace, arrival->cause);
  if (step.tracing() && takes_in(arrival->to)) [[unlikely]] {
    step.frame_received(arrival->to.port, arrival->frame);
  }
  if (!is_host(node)) {
    step.set_subject(arrival->frame);
    switch_at(node).ports.receive(step, fabric_, arrival->to.port.value - 1U, arrival->frame);
    return Ran::kFrame;
  }
  Wiring(*this, node).receive_frame(step, arrival->to.port, arrival->frame);
  finish(step, node, trace);
  return Ran::kFrame;
}

Ran Network::run_host_timers(NodeId id, Trace* trace) {
  Host& host = hosts_[id.value];
  if (host.scheduled != world_.now) return Ran::kNothing;
  host.scheduled = SimTime::never();
  Step step = step_for(id, trace, {});
  Wiring(*this, id).run_due_timers(step);
  finish(step, id, trace);
  return Ran::kTimer;
}

void Network::finish(Step& step, NodeId id, Trace* trace) {
  Host& host = hosts_[id.value];
  if (host.user.exists()) Wiring(*this, id).settle(step);
  if (host.requested) {
    const Power power = *host.requested;
    host.requested.reset();
    power == Power::kOn ? reboot(id, trace, step.cause()) : power_off(id, trace, step.cause());
  }
  const SimTime next = host.timers.next();
  if (next >= host.scheduled) return;
  host.scheduled = next;
  host.scheduled = std::max(next, world_.now);
  // The hosts that are compared with share one kernel, and its wheel.
  const bool wheel = !host.timers.empty() && host.timers.next_on_wheel();
  world_.events.schedule(host.scheduled, SourceKind::kHost, id.value,
                         wheel ? world_.events.take_turn_on_wheel() : world_.events.take_turn());
}

void Network::set_tick(SimDuration tick) {
  for (Host& host : hosts_) host.timers.set_wheel({tick});
}

void Network::advance_to(SimTime at) {
  LVSLAB_CHECK(at <= next_event(), "time may not pass an event");
  world_.now = std::max(world_.now, at);
}

void Wiring::run_due_timers(Step& step) {
  while (!host_.timers.empty() && host_.timers.next() <= step.now()) {
    const TimerEntry timer = host_.timers.pop();
    step.set_cause({});
    step.set_subject({});
    switch (timer.kind) {
      case TimerKind::kNeigh:
      case TimerKind::kIp:
      case TimerKind::kIcmp: ip::on_timer(step, host_.ip, *this, timer); break;
      case TimerKind::kTcp: tcp::on_timer(step, host_.tcp, tcp_ports(), timer.id); break;
      case TimerKind::kSctp: sctp::on_timer(step, host_.sctp, sctp_ports(), timer.id); break;
      case TimerKind::kIpvsConn:
        if (ipvs::Director* director = host_.ipvs.peek()) director->on_timer(step, timer.id);
        forget_ended_flows(step.now());
        break;
      case TimerKind::kIpvsDefence:
        if (ipvs::Director* director = host_.ipvs.peek()) director->on_defence_timer(step);
        forget_ended_flows(step.now());
        break;
      case TimerKind::kIpvsSync: run_sync_timer(step, timer.id); break;
      case TimerKind::kProcess: run_program_timer(step, timer.id); break;
      case TimerKind::kLookup: run_lookup_timer(step, timer.id); break;
      case TimerKind::kProcessLimit: end_program_in_time(step, timer.id); break;
      default: break;
    }
  }
}

// --- typing
// -----------------------------------------------------------------------------------------

JobId Network::type(NodeId id, std::string_view line, Trace* trace) {
  Step step = step_for(id, trace, {});
  const JobId job = Wiring(*this, id).type_line(step, line);
  finish(step, id, trace);
  return job;
}

const Job& Network::job(NodeId host, JobId job) const {
  return hosts_[host.value].user.peek()->jobs[job - 1];
}

void Network::interrupt(NodeId id, JobId job, Trace* trace) {
  Step step = step_for(id, trace, {});
  Wiring(*this, id).interrupt(step, job);
  finish(step, id, trace);
}

std::uint32_t Network::start_app(NodeId id, apps::App app, Trace* trace) {
  Step step = step_for(id, trace, {});
  const std::uint32_t pid = Wiring(*this, id).start_program(step, 0, std::move(app), "app", "app");
  finish(step, id, trace);
  return pid;
}

// --- power
// ------------------------------------------------------------------------------------------

void Network::boot(NodeId id, Trace* trace) {
  Host& host = hosts_[id.value];
  const BootConfig& config = boots_[id.value];
  Step step = step_for(id, trace, {});
  Wiring wiring(*this, id);
  host.name = config.name;
  host.tcp.secret = host.secret;
  host.sctp.secret = host.secret;
  ip::add_device(step, host.ip,
                 {.name = "lo", .mac = {}, .mtu = 65536, .loopback = true, .multicast = false});
  for (const NicConfig& nic : config.nics) {
    ip::add_device(step, host.ip, {.name = nic.name, .mac = nic.mac, .mtu = nic.mtu});
  }
  if (step.tracing()) {
    for (const RuleRow& rule : ip::rules(host.ip)) step.row_added(rule);
  }
  if (config.ipv6) ip::enable6(host.ip);
  ip::set_link(step, host.ip, wiring, kLoopback, true);
  for (const SysctlRow& row : config.sysctls) write_sysctl(step, wiring, row.path, row.value);
  for (std::size_t nic = 0; nic < config.nics.size(); ++nic) {
    const IfIndex dev(static_cast<std::uint16_t>(nic + 2));
    const std::uint32_t direction = host.directions[nic + 1];
    if (direction == kUnplugged || !fabric_.is_up(direction)) {
      ip::set_carrier(step, host.ip, wiring, dev, false);
    }
    ip::set_link(step, host.ip, wiring, dev, true);
    for (const Ipv4Prefix& addr : config.nics[nic].addresses) {
      ip::add_address(step, host.ip, wiring,
                      {.dev = dev, .local = addr, .broadcast = addr.broadcast()});
    }
    for (const Ipv6Prefix& addr : config.nics[nic].addresses6) {
      ip::add_address6(step, host.ip, wiring, dev, addr);
    }
  }
  for (const RouteConfig& route : config.routes) {
    RouteRow row;
    row.dst = route.dst;
    row.gateway = route.via;
    if (!route.dev.empty()) row.dev = ip::device_index(host.ip, route.dev.view());
    row.scope = Scope::kNowhere;
    ip::add_route(step, host.ip, ip::RouteVerb::kAdd, row);
  }
  for (const Route6Config& route : config.routes6) {
    ip::Fib6Entry entry{.dst = route.dst, .gateway = route.via};
    if (!route.dev.empty()) entry.dev = ip::device_index(host.ip, route.dev.view());
    ip::add_route6(step, host.ip, ip::RouteVerb::kAdd, entry);
  }
  if (const Userland* user = host.user.peek()) {
    for (const std::string& service : user->enabled) wiring.start_service(step, service);
  }
  finish(step, id, trace);
}

// Everything that lives in memory is gone; files, packages and enabled services are on disk.
void Network::stop_kernel(Step& step, Host& host) {
  if (host.power == Power::kOn) {
    Wiring wiring(*this, step.node());
    wiring.silence_keepalived();
    // Frames that wait for an address go with their neighbours.
    for (std::size_t i = host.ip.devices.size(); i-- > 0;) {
      ip::set_link(step, host.ip, wiring, IfIndex(static_cast<std::uint16_t>(i + 1)), false);
    }
    if (step.tracing()) record_rows_gone(step, wiring.tables());
  }
  host.ip = {};
  host.tcp = {};
  host.sctp = {};
  host.ipvs.reset();
  host.netfilter.reset();
  host.timers.clear();
  host.scheduled = SimTime::never();
  host.taps = 0;
  host.directions.resize(1 + boots_[step.node().value].nics.size());
  Userland* user = host.user.peek();
  if (user == nullptr) return;
  for (std::uint32_t i = 0; i < user->jobs.limit(); ++i) {
    Job& job = user->jobs[i];
    if (job.done) continue;
    job.done = true;
    job.ended = world_.now;
    job.status = 129;  // SIGHUP
  }
  user->processes = {};
  user->exited.clear();
  user->ended_scripts.clear();
  for (const std::string& name : user->files.list("/run")) {
    user->files.remove("/run/" + name, true);  // a file system in memory
  }
  user->variables.clear();
  user->last_status = 0;
  user->directory = "/root";
}

void Network::crash(NodeId id, Trace* trace, RecordId cause) {
  Step step = step_for(id, trace, cause);
  step.set_cause(note_fault(step, "crash", {}));
  stop_kernel(step, hosts_[id.value]);
  hosts_[id.value].power = Power::kCrashed;
}

void Network::power_off(NodeId id, Trace* trace, RecordId cause) {
  Step step = step_for(id, trace, cause);
  const RecordId fault = note_fault(step, "power-off", {});
  step.set_cause(fault);
  stop_kernel(step, hosts_[id.value]);
  hosts_[id.value].power = Power::kOff;
  for (std::size_t nic = 0; nic < boots_[id.value].nics.size(); ++nic) {
    carry(id, IfIndex(static_cast<std::uint16_t>(nic + 2)), false, trace, fault);
  }
}

void Network::reboot(NodeId id, Trace* trace, RecordId cause) {
  Step step = step_for(id, trace, cause);
  const RecordId fault = note_fault(step, "reboot", {});
  step.set_cause(fault);
  Host& host = hosts_[id.value];
  const bool was_off = host.power == Power::kOff;
  stop_kernel(step, host);
  host.secret = mix64(host.secret + 1);
  for (std::size_t nic = 0; nic < boots_[id.value].nics.size(); ++nic) {
    const IfIndex dev(static_cast<std::uint16_t>(nic + 2));
    // A card that starts anew has heard nothing of what was on its cable.
    const std::uint32_t out = direction_at(id, dev);
    if (out != kUnplugged) fabric_.lose(world_, fabric_.reverse_of(out));
    if (was_off) carry(id, dev, true, trace, fault);
  }
  host.power = Power::kOn;  // only now: the cards are found, with their carrier, by boot()
  boot(id, trace);
}

// --- cables
// -----------------------------------------------------------------------------------------

void Network::set_cable(NodeId id, IfIndex dev, bool up, Trace* trace, RecordId cause) {
  Step step = step_for(id, trace, cause);
  carry(id, dev, up, trace, note_fault(step, up ? "link-up" : "link-down", dev));
}

// Both ends of a cable get or lose their carrier.
void Network::carry(NodeId id, IfIndex dev, bool up, Trace* trace, RecordId cause) {
  const std::uint32_t out = direction_at(id, dev);
  if (out == kUnplugged) return;
  const std::uint32_t back = fabric_.reverse_of(out);
  fabric_.set_up(world_, out, up);
  fabric_.set_up(world_, back, up);
  const link::Plug ends[] = {{id, dev}, fabric_.end_of(out)};
  for (const link::Plug& end : ends) {
    if (!is_host(end.node) && !up) {
      Step step = step_for(end.node, trace, cause);
      switch_at(end.node).ports.forget(step, end.port.value - 1U);
      continue;
    }
    if (!is_host(end.node) || hosts_[end.node.value].power != Power::kOn) continue;
    Step step = step_for(end.node, trace, cause);
    Wiring wiring(*this, end.node);
    ip::set_carrier(step, hosts_[end.node.value].ip, wiring, end.port, up);
    finish(step, end.node, trace);
  }
}

link::Impairment Network::impairment(NodeId host, IfIndex dev) const {
  const std::uint32_t direction = direction_at(host, dev);
  return direction == kUnplugged ? link::Impairment{} : fabric_.impairment(direction);
}

void Network::set_impairment(NodeId host, IfIndex dev, const link::Impairment& impairment) {
  const std::uint32_t direction = direction_at(host, dev);
  if (direction == kUnplugged) return;
  fabric_.set_impairment(direction, impairment);
  fabric_.set_impairment(fabric_.reverse_of(direction), impairment);
}

// --- reading
// ----------------------------------------------------------------------------------------

HostTables Network::tables(NodeId host) { return Wiring(*this, host).tables(); }

HostTables Wiring::tables() const {
  HostTables tables;
  tables.hostname = host_.name;
  tables.now = network_.now();
  ip::append_tables(host_.ip, network_.world_.names, tables.now, tables);
  tcp::append_sockets(host_.tcp, this, tables.sockets);
  if (ipvs::Director* director = host_.ipvs.peek()) {
    director->append_tables(network_.world_.names, tables.now, tables);
  }
  if (host_.power == Power::kOn) tables.sysctls = changed_sysctls(*this);
  return tables;
}

}  // namespace lvslab::host
