#include "kernel-backend/tables_ipvs.h"

#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "kernel-backend/tables_proc.h"

namespace lvslab::kernel {
namespace {

IpvsCounters parse_counters(Bytes in) {
  AttributeTable<IPVS_STATS_ATTR_MAX + 1> a;
  if (!a.parse(in)) return {};
  const auto count = [&](std::size_t type) { return a.number<std::uint64_t>(type); };
  return {.conns = count(IPVS_STATS_ATTR_CONNS),
          .in_pkts = count(IPVS_STATS_ATTR_INPKTS),
          .out_pkts = count(IPVS_STATS_ATTR_OUTPKTS),
          .in_bytes = count(IPVS_STATS_ATTR_INBYTES),
          .out_bytes = count(IPVS_STATS_ATTR_OUTBYTES),
          .cps = count(IPVS_STATS_ATTR_CPS),
          .in_pps = count(IPVS_STATS_ATTR_INPPS),
          .out_pps = count(IPVS_STATS_ATTR_OUTPPS),
          .in_bps = count(IPVS_STATS_ATTR_INBPS),
          .out_bps = count(IPVS_STATS_ATTR_OUTBPS)};
}

/// The attributes of the object that an answer is about, which stand nested in its body.
template <std::size_t N>
bool open_body(Bytes body, std::uint16_t nest, AttributeTable<N>& a) {
  AttributeTable<IPVS_CMD_ATTR_MAX + 1> top;
  return body.size() >= GENL_HDRLEN && top.parse(body.subspan(GENL_HDRLEN)) && top.has(nest) &&
         a.parse(top.bytes(nest));
}

/// Nothing of other families.
template <std::size_t N>
std::optional<IpAddr> address_of(const AttributeTable<N>& a, std::uint16_t family,
                                 std::size_t type) {
  switch (family) {
    case AF_INET: return a.ipv4(type);
    case AF_INET6: return a.ipv6(type);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<IpvsServiceRow> parse_ipvs_service(Bytes body) {
  AttributeTable<IPVS_SVC_ATTR_MAX + 1> a;
  if (!open_body(body, IPVS_CMD_ATTR_SERVICE, a)) return std::nullopt;
  const auto addr = address_of(a, a.number<std::uint16_t>(IPVS_SVC_ATTR_AF), IPVS_SVC_ATTR_ADDR);
  if (!addr) return std::nullopt;
  IpvsServiceRow row;
  row.key.fwmark = a.number<std::uint32_t>(IPVS_SVC_ATTR_FWMARK);
  row.key.protocol =
      static_cast<std::uint8_t>(a.number<std::uint16_t>(IPVS_SVC_ATTR_PROTOCOL) & 0xffU);
  // A mark has no address, but is of one version.
  row.key.addr = addr->is_v4() || row.key.fwmark == 0 ? *addr : IpAddr(Ipv6Addr::any());
  row.key.port = a.be16(IPVS_SVC_ATTR_PORT);
  row.scheduler = a.text(IPVS_SVC_ATTR_SCHED_NAME);
  const std::uint32_t flags = a.number<ip_vs_flags>(IPVS_SVC_ATTR_FLAGS).flags;
  row.persistent = (flags & IP_VS_SVC_F_PERSISTENT) != 0;
  row.sched_flags = flags & (IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3);
  row.one_packet = (flags & IP_VS_SVC_F_ONEPACKET) != 0;
  row.timeout_s = a.number<std::uint32_t>(IPVS_SVC_ATTR_TIMEOUT);
  row.netmask = row.key.addr.is_v4() ? a.ipv4(IPVS_SVC_ATTR_NETMASK)
                                     : Ipv4Addr{a.number<std::uint32_t>(IPVS_SVC_ATTR_NETMASK)};
  row.counters = parse_counters(a.bytes(IPVS_SVC_ATTR_STATS64));
  return row;
}

std::optional<IpvsDestRow> parse_ipvs_dest(Bytes body, const IpvsServiceKey& service) {
  AttributeTable<IPVS_DEST_ATTR_MAX + 1> a;
  if (!open_body(body, IPVS_CMD_ATTR_DEST, a)) return std::nullopt;
  std::uint16_t family = service.addr.is_v4() ? AF_INET : AF_INET6;
  if (a.has(IPVS_DEST_ATTR_ADDR_FAMILY)) {
    family = a.number<std::uint16_t>(IPVS_DEST_ATTR_ADDR_FAMILY);
  }
  const auto addr = address_of(a, family, IPVS_DEST_ATTR_ADDR);
  if (!addr) return std::nullopt;
  const std::uint32_t forward =
      a.number<std::uint32_t>(IPVS_DEST_ATTR_FWD_METHOD) & IP_VS_CONN_F_FWD_MASK;
  if (forward > IP_VS_CONN_F_DROUTE) return std::nullopt;
  IpvsDestRow row;
  row.service = service;
  row.addr = *addr;
  row.port = a.be16(IPVS_DEST_ATTR_PORT);
  row.forward = static_cast<IpvsForward>(forward);
  row.tunnel.type = static_cast<IpvsTunnelType>(a.number<std::uint8_t>(IPVS_DEST_ATTR_TUN_TYPE));
  row.tunnel.port = a.be16(IPVS_DEST_ATTR_TUN_PORT);
  row.tunnel.checksum =
      static_cast<IpvsTunnelChecksum>(a.number<std::uint16_t>(IPVS_DEST_ATTR_TUN_FLAGS) & 3U);
  row.weight = a.number<std::int32_t>(IPVS_DEST_ATTR_WEIGHT);
  row.upper = a.number<std::uint32_t>(IPVS_DEST_ATTR_U_THRESH);
  row.lower = a.number<std::uint32_t>(IPVS_DEST_ATTR_L_THRESH);
  row.active = a.number<std::uint32_t>(IPVS_DEST_ATTR_ACTIVE_CONNS);
  row.inactive = a.number<std::uint32_t>(IPVS_DEST_ATTR_INACT_CONNS);
  row.persistent = a.number<std::uint32_t>(IPVS_DEST_ATTR_PERSIST_CONNS);
  row.counters = parse_counters(a.bytes(IPVS_DEST_ATTR_STATS64));
  return row;
}

// --- connections ---------------------------------------------------------------------------------

namespace {

struct StateName {
  std::string_view name;
  IpvsConnState state;
};
constexpr StateName kStateNames[] = {{"NONE", IpvsConnState::kNone},
                                     {"ESTABLISHED", IpvsConnState::kEstablished},
                                     {"SYN_SENT", IpvsConnState::kSynSent},
                                     {"SYN_RECV", IpvsConnState::kSynRecv},
                                     {"FIN_WAIT", IpvsConnState::kFinWait},
                                     {"TIME_WAIT", IpvsConnState::kTimeWait},
                                     {"CLOSE", IpvsConnState::kClose},
                                     {"CLOSE_WAIT", IpvsConnState::kCloseWait},
                                     {"LAST_ACK", IpvsConnState::kLastAck},
                                     {"LISTEN", IpvsConnState::kListen},
                                     {"SYNACK", IpvsConnState::kSynAck},
                                     {"UDP", IpvsConnState::kUdp},
                                     {"ICMP", IpvsConnState::kIcmp},
                                     {"ASSURED", IpvsConnState::kAssured},
                                     {"UNASSURED", IpvsConnState::kUnassured},
                                     {"INIT1", IpvsConnState::kSctpInit1},
                                     {"INIT", IpvsConnState::kSctpInit},
                                     {"C-SENT", IpvsConnState::kSctpCookieSent},
                                     {"C-REPLIED", IpvsConnState::kSctpCookieReplied},
                                     {"C-WAIT", IpvsConnState::kSctpCookieWait},
                                     {"COOKIE", IpvsConnState::kSctpCookie},
                                     {"C-ECHOED", IpvsConnState::kSctpCookieEchoed},
                                     {"S-SENT", IpvsConnState::kSctpShutdownSent},
                                     {"S-RECEIVED", IpvsConnState::kSctpShutdownReceived},
                                     {"S-ACK-SENT", IpvsConnState::kSctpShutdownAckSent},
                                     {"REJECTED", IpvsConnState::kSctpRejected},
                                     {"CLOSED", IpvsConnState::kSctpClosed}};

std::optional<std::uint8_t> protocol_of(std::string_view name) {
  if (name == "TCP") return IPPROTO_TCP;
  if (name == "UDP") return IPPROTO_UDP;
  if (name == "SCTP") return IPPROTO_SCTP;
  if (name == "ICMP") return IPPROTO_ICMP;
  if (name == "IP") return IPPROTO_IP;
  return std::nullopt;
}

/// The destination a connection belongs to: of its very service, or else of any (a service by
/// firewall mark or with port 0).
IpvsForward forward_of(const IpvsConnRow& conn, const std::vector<IpvsDestRow>& dests) {
  const IpvsDestRow* best = nullptr;
  for (const IpvsDestRow& dest : dests) {
    if (dest.addr != conn.dest || (dest.port != conn.dest_port && dest.port != 0)) continue;
    const IpvsServiceKey& key = dest.service;
    const bool own = key.fwmark == 0 && key.protocol == conn.protocol && key.addr == conn.virt &&
                     (key.port == conn.virt_port || key.port == 0);
    if (own) return dest.forward;
    if (best == nullptr && key.fwmark != 0) best = &dest;
  }
  return best == nullptr ? IpvsForward::kMasq : best->forward;
}

auto place_of_connection(const IpvsConnRow& r) {
  return std::tuple(r.protocol, r.client, r.client_port, r.virt, r.virt_port);
}

/// FNV-1a over both ends.
std::uint32_t id_of(const IpvsConnRow& r) {
  std::uint32_t hash = 2'166'136'261U;
  const auto add = [&hash](std::uint32_t part) {
    for (int shift = 0; shift < 32; shift += 8) {
      hash = (hash ^ (part >> shift & 0xffU)) * 16'777'619U;
    }
  };
  const auto add_address = [&add](IpAddr addr) {
    if (addr.is_v4()) return add(addr.v4().bits);
    for (int word = 0; word < 4; ++word) add(word_of(addr.v6(), word));
  };
  add(r.protocol);
  add_address(r.client);
  add(r.client_port);
  add_address(r.virt);
  add(r.virt_port);
  return hash;
}

/// Eight hexadecimal digits, or an IPv6 address.
std::optional<IpAddr> address_in(std::string_view word) {
  if (const auto six = Ipv6Addr::parse(word)) return *six;
  Words digits(word);
  const Ipv4Addr four{digits.number<std::uint32_t>(16)};
  return digits.good() ? std::optional<IpAddr>(four) : std::nullopt;
}

}  // namespace

std::optional<IpvsConnRow> parse_ipvs_conn(std::string_view line, SimTime now,
                                           const std::vector<IpvsDestRow>& dests) {
  Words words(line);
  const auto protocol = protocol_of(words.next());
  if (!protocol) return std::nullopt;
  IpvsConnRow row;
  row.protocol = *protocol;
  const auto client = address_in(words.next());
  row.client_port = words.number<std::uint16_t>(16);
  const auto virt = address_in(words.next());
  row.virt_port = words.number<std::uint16_t>(16);
  const auto dest = address_in(words.next());
  row.dest_port = words.number<std::uint16_t>(16);
  const std::string_view state = words.next();
  const auto* named = std::ranges::find(kStateNames, state, &StateName::name);
  const auto left_s = words.number<std::uint32_t>(10);
  if (!words.good() || named == std::end(kStateNames)) return std::nullopt;
  if (!client || !virt || !dest) return std::nullopt;
  row.client = *client;
  row.virt = *virt;
  row.dest = *dest;
  row.state = named->state;
  row.expires = now + SimDuration{left_s * 1'000'000'000LL};
  row.forward = forward_of(row, dests);
  row.id = id_of(row);
  return row;
}

std::vector<IpvsConnRow> parse_ipvs_conns(std::string_view text, SimTime now,
                                          const std::vector<IpvsDestRow>& dests) {
  std::vector<IpvsConnRow> rows;
  std::string_view line;
  while (next_line(text, line)) {
    if (auto row = parse_ipvs_conn(line, now, dests)) rows.push_back(*row);
  }
  std::ranges::sort(rows, {}, place_of_connection);
  return rows;
}

// --- asking --------------------------------------------------------------------------------------

namespace {

/// CTRL_CMD_GETFAMILY; 0 if the kernel has no such family.
std::uint16_t family_of(NetlinkReader& generic, std::string_view name) {
  NetlinkBody body(genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1});
  const std::string ended(name);
  body.attribute(CTRL_ATTR_FAMILY_NAME, ended.c_str(), ended.size() + 1);
  const auto answer = generic.ask(GENL_ID_CTRL, 0, body.bytes());
  if (!answer) return 0;
  Bytes rest = *answer;
  NetlinkMessage message;
  AttributeTable<CTRL_ATTR_MAX + 1> a;
  if (!next_message(rest, message) || message.body.size() < GENL_HDRLEN ||
      !a.parse(message.body.subspan(GENL_HDRLEN))) {
    return 0;
  }
  return a.number<std::uint16_t>(CTRL_ATTR_FAMILY_ID);
}

NetlinkBody ask_dests(const IpvsServiceKey& key) {
  NetlinkBody body(genlmsghdr{.cmd = IPVS_CMD_GET_DEST, .version = IPVS_GENL_VERSION});
  const std::size_t nest = body.begin(IPVS_CMD_ATTR_SERVICE);
  body.attribute(IPVS_SVC_ATTR_AF,
                 static_cast<std::uint16_t>(key.addr.is_v4() ? AF_INET : AF_INET6));
  if (key.fwmark != 0) {
    body.attribute(IPVS_SVC_ATTR_FWMARK, key.fwmark);
  } else {
    std::array<std::uint8_t, 16> addr{};  // union nf_inet_addr
    if (key.addr.is_v4()) {
      store_ipv4(addr.data(), key.addr.v4());
    } else {
      store_ipv6(addr.data(), key.addr.v6());
    }
    std::array<std::uint8_t, 2> port{};
    store_be16(port.data(), key.port);
    body.attribute(IPVS_SVC_ATTR_PROTOCOL, std::uint16_t{key.protocol});
    body.attribute(IPVS_SVC_ATTR_ADDR, addr);
    body.attribute(IPVS_SVC_ATTR_PORT, port);
  }
  body.end(nest);
  return body;
}

}  // namespace

Result<void> read_ipvs(NetlinkReader& generic, std::uint16_t& family, HostTables& tables) {
  tables.services.clear();
  tables.dests.clear();
  if (family == 0) family = family_of(generic, IPVS_GENL_NAME);
  if (family == 0) return {};
  const auto services = generic.dump(
      family, NetlinkBody(genlmsghdr{.cmd = IPVS_CMD_GET_SERVICE, .version = IPVS_GENL_VERSION}));
  if (!services && (services.error() == ENOENT || services.error() == EOPNOTSUPP)) {
    family = 0;  // the module was unloaded
    return {};
  }
  if (!services) {
    return fail(std::string("reading the virtual services: ") + std::strerror(services.error()));
  }
  Bytes rest = *services;
  NetlinkMessage message;
  while (next_message(rest, message)) {
    if (auto row = parse_ipvs_service(message.body)) tables.services.push_back(*row);
  }
  for (const IpvsServiceRow& service : tables.services) {
    const auto dests = generic.dump(family, ask_dests(service.key));
    if (!dests && dests.error() == ESRCH) continue;  // deleted in between
    if (!dests) {
      return fail(std::string("reading the real servers: ") + std::strerror(dests.error()));
    }
    rest = *dests;
    while (next_message(rest, message)) {
      if (auto row = parse_ipvs_dest(message.body, service.key)) tables.dests.push_back(*row);
    }
  }
  return {};
}

}  // namespace lvslab::kernel
