// New entries: which service a packet is for, which server it gets, and what is written down.
// Source: net/netfilter/ipvs/ip_vs_core.c: ip_vs_schedule(), ip_vs_sched_persist(), ip_vs_leave();
//         ip_vs_ctl.c: ip_vs_service_find(); ip_vs_conn.c: ip_vs_conn_new(), ip_vs_bind_dest().
#include "sim/ipvs/director.h"
#include "sim/ipvs/hash.h"
#include "sim/ipvs/packet_fields.h"

namespace lvslab::ipvs {
namespace {

constexpr std::uint16_t kFtpPort = kFtpControlPort, kFtpDataPort = 20, kFirstFreePort = 1'024;
/// The ports of a template whose server must not be used any more (ip_vs_check_template()).
constexpr std::uint16_t kRetiredPort = 0xffff;

/// The part of a client's address that persistence looks at.
Ipv4Addr network_of(AddressNames& names, Ipv4Addr client, Ipv4Addr netmask) {
  if (!client.names_ipv6()) return {client.bits & netmask.bits};
  const auto length = static_cast<std::uint8_t>(netmask.bits);
  return names.name_of(Ipv6Prefix{names.address_of(client), length}.network());
}

/// What templates of a firewall mark have as their virtual address: the mark, as its first word.
Ipv4Addr address_of_mark(AddressNames& names, const ServiceKey& key) {
  if (!key.addr.names_ipv6()) return {key.fwmark};
  return names.name_of({std::uint64_t{key.fwmark} << 32, 0});
}

}  // namespace

Service* Director::service_for(std::uint32_t mark, const ConnKey& key) {
  if (mark != 0) {
    const Ipv4Addr version = key.virt.names_ipv6() ? Ipv4Addr::any6() : Ipv4Addr{};
    if (Service* marked = find_service({0, version, 0, mark})) return marked;
  }
  if (Service* exact = find_service({key.protocol, key.virt, key.virt_port, 0})) return exact;
  if (key.protocol == number(IpProto::kTcp) &&
      (key.virt_port == kFtpDataPort || key.virt_port >= kFirstFreePort)) {
    if (Service* ftp = find_service({key.protocol, key.virt, kFtpPort, 0})) return ftp;
  }
  return find_service({key.protocol, key.virt, 0, 0});
}

// drop_packet: every am_droprate-th new connection is shed (ip_vs_todrop()).
bool Director::sheds_load() {
  if (sysctls_.drop_packet != VsSysctls::kAlways || sysctls_.am_droprate == 0) return false;
  if (--drop_counter_ > 0) return false;
  drop_counter_ = sysctls_.am_droprate;
  return true;
}

// Of a protocol that has connections, only what opens one gets an entry; or anything, if a sloppy
// sysctl says so (tcp_conn_schedule(), sctp_conn_schedule()).
bool Director::may_begin(Step& step, const Packet& packet, const Parsed& parsed) const {
  const ConnKey& key = parsed.key;
  if (parsed.sctp) {
    const bool begins = parsed.begins() || sysctls_.sloppy_sctp != 0;
    if (begins && !parsed.breaks_off()) return true;
    step.explain(Reason::kIpvsNotInit, packet.in_dev,
                 {arg(key.client), key.client_port, parsed.sctp->first});
    return false;
  }
  if (key.protocol != number(IpProto::kTcp)) return true;
  const bool syn = (parsed.tcp_flags & tcp_flag::kSyn) != 0 || sysctls_.sloppy_tcp != 0;
  if (syn && !parsed.breaks_off()) return true;
  step.explain(Reason::kIpvsNotSyn, packet.in_dev,
               {arg(key.client), key.client_port, parsed.tcp_flags});
  return false;
}

// A packet without an entry: is it the first one of a connection to a virtual service?
Verdict Director::admit(Step& step, const Packet& packet, const Parsed& parsed,
                        std::uint32_t& conn) {
  const ConnKey& key = parsed.key;
  const Step::Arguments target{arg(key.virt), key.virt_port, 0};
  if (key.protocol == number(IpProto::kSctp) && !parsed.sctp) {
    step.explain(Reason::kIpvsNoChunk, packet.in_dev, {arg(key.client), key.client_port, 0});
    return {.kind = VerdictKind::kDrop, .next = {}, .reason = Reason::kIpvsNoChunk};
  }
  Service* service = service_for(packet.mark, key);
  if (service == nullptr) {
    if (packet.in_dev.valid()) step.explain(Reason::kIpvsNoService, packet.in_dev, target);
    return {};
  }
  if (!may_begin(step, packet, parsed)) return {};
  if (sheds_load()) {
    step.explain(Reason::kIpvsLoadShed, packet.in_dev,
                 {arg(key.client), key.client_port, parsed.tcp_flags});
    return {.kind = VerdictKind::kDrop, .next = {}, .reason = Reason::kIpvsLoadShed};
  }
  if (key.client_port == kFtpDataPort) return {};  // FTP data is never scheduled
  // Answers of a local real server come this way, too; they are no requests.
  if (packet.in_dev == kLoopback || !packet.in_dev.valid()) {
    const ConnKey reverse{key.protocol, key.virt, key.virt_port, key.client, key.client_port};
    if (conns_.find(reverse) != ConnTable::kNone) return {};
  }
  if (service->key.fwmark != 0) {
    step.explain(Reason::kIpvsMarkFound, packet.in_dev, {service->key.fwmark, 0, 0});
  } else {
    step.explain(Reason::kIpvsServiceFound, packet.in_dev, target);
  }
  conn = schedule(step, *service, key, packet.mark);
  if (conn != ConnTable::kNone) return {};
  return refuse(step, packet, *service, parsed, conn);
}

// There is a service, but no server for this packet: ip_vs_leave().
Verdict Director::refuse(Step& step, const Packet& packet, const Service& service,
                         const Parsed& parsed, std::uint32_t& conn) {
  const ConnKey& key = parsed.key;
  // With a mark, any address may be balanced; one that is not ours can be reached without us.
  if (sysctls_.cache_bypass != 0 && service.key.fwmark != 0 && parsed.foreign) {
    conn = conns_.add(key);
    conns_[conn].bypass = true;
    conns_[conn].conntrack = sysctls_.conntrack != 0;
    conns_[conn].fwmark = packet.mark;
    conns_[conn].sync_end = sync_ticks(step.now()) & ~3U;
    step.explain(Reason::kIpvsBypass, packet.in_dev, {arg(key.virt), key.virt_port, 0});
    if (step.tracing()) step.row_added(conn_row(step, conn));
    return {};
  }
  if (service.key.port == kFtpPort && key.virt_port != kFtpPort) return {};
  step.explain(Reason::kIpvsNoDestination, packet.in_dev, {arg(key.virt), key.virt_port, 0});
  return {.kind = VerdictKind::kPortUnreachable, .next = {}, .reason = Reason::kIpvsNoDestination};
}

std::uint32_t Director::choose(Step& step, Service& service, const ConnKey& key) {
  const Scheduler& how = scheduler(service.options.scheduler);
  const AddressNames& names = step.world().names;
  const Choice choice = how.schedule(service, dests_,
                                     {.client = key.client,
                                      .client_port = key.client_port,
                                      .target = key.virt,
                                      .client_folded = folded_address(names, key.client),
                                      .target_folded = folded_address(names, key.virt),
                                      .now = step.now(),
                                      .random = step.random(),
                                      .lblc_expiration = seconds(sysctls_.lblc_expiration_s),
                                      .lblcr_expiration = seconds(sysctls_.lblcr_expiration_s)});
  if (choice.dest == kNoDest) return kNoDest;
  const Dest& dest = dests_[choice.dest];
  step.explain(how.reason, {},
               {arg(dest.addr), dest.port, static_cast<std::uint32_t>(choice.measure)});
  return choice.dest;
}

std::uint32_t Director::schedule(Step& step, Service& service, const ConnKey& key,
                                 std::uint32_t mark) {
  if (service.options.persistent) return schedule_persistent(step, service, key, mark);
  // A service of all ports works only with persistence.
  if (service.key.fwmark == 0 && key.virt_port != service.key.port) return ConnTable::kNone;
  const std::uint32_t d = choose(step, service, key);
  if (d == kNoDest) return ConnTable::kNone;
  const std::uint16_t port = dests_[d].port != 0 ? dests_[d].port : key.virt_port;
  const std::uint32_t c = new_conn(step, service, key, d, port);
  conns_[c].fwmark = mark;
  count_connection(step, service, c);
  return c;
}

// A template remembers the server of a client (or of its network); connections follow it.
std::uint32_t Director::schedule_persistent(Step& step, Service& service, const ConnKey& key,
                                            std::uint32_t mark) {
  const bool own_port = key.virt_port == service.key.port && service.key.fwmark == 0;
  ConnKey name{.protocol = key.protocol,
               .client = network_of(step.world().names, key.client, service.options.netmask),
               .client_port = 0,
               .virt = key.virt,
               .virt_port = 0};
  if (own_port) {
    if (service.key.port != kFtpPort) name.virt_port = key.virt_port;
  } else if (service.key.fwmark != 0) {
    name.protocol = 0;  // IPPROTO_IP, with the mark as its address
    name.virt = address_of_mark(step.world().names, service.key);
  }
  std::uint32_t t = conns_.find_template(name);
  std::uint32_t d = kNoDest;
  if (t != ConnTable::kNone && template_holds(step, t)) {
    d = conns_[t].dest;
    step.explain(Reason::kIpvsTemplateFound, {},
                 {arg(name.client), dests_[d].port, arg(dests_[d].addr)});
  } else {
    d = choose(step, service, key);
    if (d == kNoDest) return ConnTable::kNone;
    const bool with_port = own_port && service.key.port != kFtpPort;
    t = new_template(step, service, name, d, with_port ? dests_[d].port : std::uint16_t{0});
    conns_[t].fwmark = mark;
  }
  std::uint16_t port = key.virt_port;
  if (own_port && dests_[d].port != 0) port = dests_[d].port;
  const std::uint32_t c = new_conn(step, service, key, d, port);
  conns_[c].fwmark = mark;
  conns_[c].control = t;
  ++conns_[t].controls;
  restart_timer(step, t);
  if (step.tracing()) step.row_changed(conn_row(step, t));
  count_connection(step, service, c);
  return c;
}

// False if the template's server is gone, or quiesced and expire_quiescent_template is set; it is
// then renamed, so that no client finds it, and expires by itself (ip_vs_check_template()).
bool Director::template_holds(Step& step, std::uint32_t t) {
  Conn& conn = conns_[t];
  const Dest& dest = dests_[conn.dest];
  const bool quiescent = sysctls_.expire_quiescent_template != 0 && dest.weight == 0;
  if (dest.available && !quiescent) return true;
  step.explain(Reason::kIpvsTemplateRetired, {}, {arg(conn.client), dest.port, arg(dest.addr)});
  ConnKey retired = conn.key();
  retired.client_port = 0;
  retired.virt_port = kRetiredPort;
  conns_.rename(t, retired);
  conns_[t].dest_port = kRetiredPort;
  if (step.tracing()) step.row_changed(conn_row(step, t));
  return false;
}

// The server's part of a fresh entry (ip_vs_conn.c: ip_vs_bind_dest()).
void Director::bind_dest(Conn& conn, std::uint32_t d, std::uint16_t dest_port) {
  const Dest& dest = dests_[d];
  conn.dest = d;
  conn.dest_addr = dest.addr;
  conn.dest_port = dest_port;
  conn.forward = dest.forward;
  conn.conntrack = sysctls_.conntrack != 0 && !conn.client.names_ipv6();
  conn.no_output = conn.forward != IpvsForward::kMasq;
  if (conn.forward == IpvsForward::kMasq) ++masq_conns_;
}

std::uint32_t Director::new_conn(Step& step, const Service& service, const ConnKey& key,
                                 std::uint32_t d, std::uint16_t dest_port) {
  const bool one_packet = service.options.one_packet && key.protocol == number(IpProto::kUdp);
  const std::uint32_t c = one_packet ? conns_.add_hidden(key) : conns_.add(key);
  Dest& dest = dests_[d];
  Conn& conn = conns_[c];
  bind_dest(conn, d, dest_port);
  bind_helper(conn);
  conn.one_packet = one_packet;
  conn.sync_end = sync_ticks(step.now()) & ~3U;
  // Counted as inactive first; the state machine moves it when it sees the SYN
  // (ip_vs_conn.c: ip_vs_bind_dest(), ip_vs_ctl.c: __ip_vs_update_dest()).
  ++dest.inactive;
  update_overload(dest);
  step.explain(Reason::kIpvsConnCreated, {}, {arg(key.client), key.client_port, arg(dest.addr)});
  if (step.tracing() && !one_packet) step.row_added(conn_row(step, c));
  // With TCP the state machine tells of the server's counts at once; others go on as they are.
  if (step.tracing() && key.protocol != number(IpProto::kTcp)) step.row_changed(dest_row(step, d));
  return c;
}

std::uint32_t Director::new_template(Step& step, const Service& service, const ConnKey& key,
                                     std::uint32_t d, std::uint16_t dest_port) {
  const std::uint32_t t = conns_.add(key);
  Dest& dest = dests_[d];
  Conn& conn = conns_[t];
  bind_dest(conn, d, dest_port);
  conn.is_template = true;
  conn.sync_end = sync_ticks(step.now()) & ~3U;
  conn.timeout_ms = service.options.timeout_s * 1'000;
  ++dest.persistent;
  step.explain(Reason::kIpvsTemplateCreated, {}, {arg(key.client), dest.port, arg(dest.addr)});
  restart_timer(step, t);
  if (step.tracing()) step.row_added(conn_row(step, t));
  return t;
}

void Director::count_connection(Step& step, Service& service, std::uint32_t c) {
  service.counters.count_connection(step.now());
  dests_[conns_[c].dest].counters.count_connection(step.now());
}

}  // namespace lvslab::ipvs
