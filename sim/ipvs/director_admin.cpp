// What ipvsadm does to the tables. Source: net/netfilter/ipvs/ip_vs_ctl.c.
#include <algorithm>

#include "sim/ipvs/director.h"
#include "sim/ipvs/hash.h"

namespace lvslab::ipvs {
namespace {

// Deleted servers are forgotten once nothing refers to them for this long
// (ip_vs_ctl.c: IP_VS_DEST_TRASH_PERIOD).
constexpr SimDuration kTrashPeriod{120'000'000'000};

}  // namespace

Service* Director::find_service(const ServiceKey& key) {
  for (Service& service : services_) {
    if (service.key == key) return &service;
  }
  return nullptr;
}

const Service* Director::find_service(const ServiceKey& key) const {
  for (const Service& service : services_) {
    if (service.key == key) return &service;
  }
  return nullptr;
}

std::uint32_t Director::find_dest(const Service& service, Ipv4Addr addr, std::uint16_t port) const {
  for (const std::uint32_t d : service.dests) {
    if (dests_[d].addr == addr && dests_[d].port == port) return d;
  }
  return kNoDest;
}

Errno Director::add_service(Step& step, const ServiceKey& key, const ServiceOptions& options) {
  if (find_service(key) != nullptr) return Errno::kExist;
  Service service;
  service.key = key;
  service.serial = ++service_serial_;
  service.options = options;
  service.counters.set_estimation(step.now(), sysctls_.run_estimation != 0);
  bind_scheduler(service, dests_, step.now());
  services_.push_back(std::move(service));
  if (key.addr.names_ipv6()) ++services6_;
  if (step.tracing()) step.row_added(service_row(step, services_.back()));
  return Errno::kNone;
}

Errno Director::edit_service(Step& step, const ServiceKey& key, const ServiceOptions& options) {
  Service* service = find_service(key);
  if (service == nullptr) return Errno::kSrch;
  const bool other = service->options.scheduler != options.scheduler;
  service->options = options;
  if (other) bind_scheduler(*service, dests_, step.now());
  if (step.tracing()) step.row_changed(service_row(step, *service));
  return Errno::kNone;
}

Errno Director::delete_service(Step& step, const ServiceKey& key) {
  Service* service = find_service(key);
  if (service == nullptr) return Errno::kSrch;
  while (!service->dests.empty()) unlink_dest(step, *service, service->dests.front());
  if (step.tracing()) step.row_removed(service_row(step, *service));
  if (service->key.addr.names_ipv6()) --services6_;
  services_.erase(services_.begin() + (service - services_.data()));
  expire_orphans(step);
  return Errno::kNone;
}

void Director::flush(Step& step) {
  while (!services_.empty()) delete_service(step, services_.front().key);
}

// __ip_vs_update_dest().
void Director::apply(Service& service, Dest& dest, const DestOptions& options, bool add) {
  dest.forward = options.forward;
  if (options.forward == IpvsForward::kMasq && service.key.port == kFtpControlPort) {
    service.wants_conntrack = true;
  }
  dest.tunnel = options.tunnel;
  dest.weight = options.weight;
  if (add || options.weight != 0) dest.last_weight = options.weight;
  if (options.upper == 0 || options.upper > dest.upper) dest.overloaded = false;
  dest.upper = options.upper;
  dest.lower = options.lower;
}

std::uint32_t Director::take_from_trash(const ServiceKey& key, Ipv4Addr addr, std::uint16_t port,
                                        SimTime now) {
  purge_trash(now);
  for (std::size_t i = 0; i < trash_.size(); ++i) {
    const std::uint32_t d = trash_[i];
    if (dests_[d].service_key == key && dests_[d].addr == addr && dests_[d].port == port) {
      trash_.erase(trash_.begin() + static_cast<std::ptrdiff_t>(i));
      return d;
    }
  }
  return kNoDest;
}

void Director::purge_trash(SimTime now) {
  std::erase_if(trash_, [&](std::uint32_t d) {
    const Dest& dest = dests_[d];
    const bool idle = dest.active + dest.inactive + dest.persistent == 0 &&
                      std::ranges::none_of(
                          services_, [d](const Service& s) { return scheduler_refers_to(s, d); });
    if (!idle || now - dest.trashed < kTrashPeriod) return false;
    dests_.release(d);
    return true;
  });
}

Errno Director::add_dest(Step& step, const ServiceKey& key, const DestOptions& options) {
  Service* service = find_service(key);
  if (service == nullptr) return Errno::kSrch;
  if (options.lower > options.upper) return Errno::kRange;
  // A server is its address and port: adding it again does not change the forwarding method.
  if (find_dest(*service, options.addr, options.port) != kNoDest) return Errno::kExist;
  std::uint32_t d = take_from_trash(key, options.addr, options.port, step.now());
  if (d == kNoDest) {
    d = dests_.acquire();
    dests_[d].addr = options.addr;
    dests_[d].folded = folded_address(step.world().names, options.addr);
    dests_[d].port = options.port;
    dests_[d].service_key = key;
  } else if (dests_[d].service != service->serial) {
    dests_[d].counters.zero(step.now());  // it comes back to another service
  }
  dests_[d].counters.set_estimation(step.now(), sysctls_.run_estimation != 0);
  dests_[d].service = service->serial;
  apply(*service, dests_[d], options, true);
  dests_[d].available = true;
  service->dests.insert(service->dests.begin(), d);
  scheduler(service->options.scheduler).changed(*service, dests_, kNoDest, kNoDest);
  if (step.tracing()) step.row_added(dest_row(step, d));
  return Errno::kNone;
}

Errno Director::edit_dest(Step& step, const ServiceKey& key, const DestOptions& options) {
  Service* service = find_service(key);
  if (service == nullptr) return Errno::kSrch;
  if (options.lower > options.upper) return Errno::kRange;
  const std::uint32_t d = find_dest(*service, options.addr, options.port);
  if (d == kNoDest) return Errno::kNoEnt;
  apply(*service, dests_[d], options, false);
  scheduler(service->options.scheduler).changed(*service, dests_, kNoDest, kNoDest);
  if (step.tracing()) step.row_changed(dest_row(step, d));
  return Errno::kNone;
}

Errno Director::delete_dest(Step& step, const ServiceKey& key, Ipv4Addr addr, std::uint16_t port) {
  Service* service = find_service(key);
  if (service == nullptr) return Errno::kSrch;
  const std::uint32_t d = find_dest(*service, addr, port);
  if (d == kNoDest) return Errno::kNoEnt;
  unlink_dest(step, *service, d);
  expire_orphans(step);
  return Errno::kNone;
}

// ip_vs_conn.c: ip_vs_expire_nodest_conn_flush(), which runs a tick later.
void Director::expire_orphans(Step& step) {
  if (sysctls_.expire_nodest_conn == 0) return;
  for (std::uint32_t c = 0; c < conns_.limit(); ++c) {
    const Conn& conn = conns_[c];
    const bool orphan = conn.protocol != kFree && conn.bound() && !dests_[conn.dest].available;
    if (!orphan || conn.controls != 0 || conn.one_packet) continue;
    const std::uint32_t control = conn.control;
    step.explain(Reason::kIpvsDestGoneExpired, {}, {arg(conn.dest_addr), conn.dest_port, 0});
    expire(step, c);
    if (control != ConnTable::kNone && conns_[control].controls == 0) expire(step, control);
  }
}

void Director::unlink_dest(Step& step, Service& service, std::uint32_t d) {
  if (step.tracing()) step.row_removed(dest_row(step, d));
  const auto at = std::find(service.dests.begin(), service.dests.end(), d);
  const std::uint32_t predecessor = at == service.dests.begin() ? kNoDest : *(at - 1);
  service.dests.erase(at);
  dests_[d].available = false;
  dests_[d].trashed = step.now();
  trash_.push_back(d);
  scheduler(service.options.scheduler).changed(service, dests_, d, predecessor);
}

std::uint32_t Director::services_with(std::string_view name) const {
  const auto has_it = [&](const Service& s) { return scheduler(s.options.scheduler).name == name; };
  return static_cast<std::uint32_t>(std::ranges::count_if(services_, has_it));
}

bool Director::wants_conntrack() const {
  return std::ranges::any_of(services_, &Service::wants_conntrack);
}

Errno Director::zero(SimTime now, const std::optional<ServiceKey>& key) {
  bool found = false;
  for (Service& service : services_) {
    if (key && service.key != *key) continue;
    found = true;
    service.counters.zero(now);
    for (const std::uint32_t d : service.dests) dests_[d].counters.zero(now);
  }
  return found || !key ? Errno::kNone : Errno::kSrch;
}

void Director::set_estimation(SimTime now) {
  const bool on = sysctls_.run_estimation != 0;
  for (Service& service : services_) {
    service.counters.set_estimation(now, on);
    for (const std::uint32_t d : service.dests) dests_[d].counters.set_estimation(now, on);
  }
}

void Director::set_timeouts(std::uint32_t tcp_s, std::uint32_t tcp_fin_s, std::uint32_t udp_s) {
  if (tcp_s != 0) timeouts_.tcp_s[static_cast<std::size_t>(IpvsConnState::kEstablished)] = tcp_s;
  if (tcp_fin_s != 0) {
    timeouts_.tcp_s[static_cast<std::size_t>(IpvsConnState::kFinWait)] = tcp_fin_s;
  }
  if (udp_s != 0) timeouts_.udp_s = udp_s;
}

// --- rows ----------------------------------------------------------------------------------------

namespace {

IpvsServiceKey shown(const AddressNames& names, const ServiceKey& key) {
  return {key.protocol, names.shown(key.addr), key.port, key.fwmark};
}

}  // namespace

IpvsServiceRow Director::service_row(const AddressNames& names, const Service& service) {
  IpvsServiceRow row;
  row.key = shown(names, service.key);
  row.scheduler = scheduler(service.options.scheduler).name;
  row.sched_flags = service.options.sched_flags;
  row.persistent = service.options.persistent;
  row.one_packet = service.options.one_packet;
  row.timeout_s = service.options.timeout_s;
  row.netmask = service.options.netmask;
  return row;
}

IpvsDestRow Director::dest_row(const AddressNames& names, std::uint32_t d) const {
  const Dest& dest = dests_[d];
  IpvsDestRow row;
  row.service = shown(names, dest.service_key);
  row.addr = names.shown(dest.addr);
  row.port = dest.port;
  row.forward = dest.forward;
  row.tunnel = dest.tunnel;
  row.weight = dest.weight;
  row.upper = dest.upper;
  row.lower = dest.lower;
  row.active = dest.active;
  row.inactive = dest.inactive;
  row.persistent = dest.persistent;
  return row;
}

IpvsConnRow Director::conn_row(const AddressNames& names, std::uint32_t c) const {
  const Conn& conn = conns_[c];
  // The mark that a template has in place of an address may look like a name.
  const bool six = conn.client.names_ipv6();
  return {.protocol = conn.protocol,
          .client = names.shown(conn.client),
          .virt = six ? names.shown(conn.virt) : IpAddr(conn.virt),
          .dest = names.shown(conn.dest_addr),
          .client_port = conn.client_port,
          .virt_port = conn.virt_port,
          .dest_port = conn.dest_port,
          .state = conn.state,
          .forward = conn.forward,
          .expires = conn.expires,
          .id = c};
}

void Director::append_tables(const AddressNames& names, SimTime now, HostTables& tables) {
  for (Service& service : services_) {
    tables.services.push_back(service_row(names, service));
    tables.services.back().counters = service.counters.read(now);
    for (const std::uint32_t d : service.dests) {
      tables.dests.push_back(dest_row(names, d));
      tables.dests.back().counters = dests_[d].counters.read(now);
    }
  }
  for (std::uint32_t c = 0; c < conns_.limit(); ++c) {
    if (conns_[c].protocol != kFree) tables.conns.push_back(conn_row(names, c));
  }
}

}  // namespace lvslab::ipvs
