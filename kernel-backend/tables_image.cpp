#include "kernel-backend/tables_image.h"

#include <bit>
#include <cstring>
#include <type_traits>

namespace lvslab::kernel {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kTablesMark = 'T', kChangesMark = 'C';

/// The largest enumerator; every number up to it is let through, since gaps do no harm.
template <class E>
constexpr auto kLast = static_cast<E>(UINT8_MAX);
template <>
constexpr auto kLast<RouteType> = RouteType::kProhibit;
template <>
constexpr auto kLast<TcpState> = TcpState::kClosing;
template <>
constexpr auto kLast<IpvsForward> = IpvsForward::kRoute;
template <>
constexpr auto kLast<TunnelKind> = TunnelKind::kIp6;
template <>
constexpr auto kLast<IpvsTunnelType> = IpvsTunnelType::kGre;
template <>
constexpr auto kLast<IpvsTunnelChecksum> = static_cast<IpvsTunnelChecksum>(3);
template <>
constexpr auto kLast<IpvsConnState> = IpvsConnState::kSctpClosed;
template <>
constexpr auto kLast<RowEvent> = RowEvent::kRemoved;

// Every field of every row, once for both directions: `f` takes them in order.
template <class F>
void fields(LinkStats& s, F&& f) {
  f(s.rx_packets, s.rx_bytes, s.rx_errors, s.rx_dropped, s.rx_multicast, s.tx_packets, s.tx_bytes,
    s.tx_errors, s.tx_dropped);
}
template <class F>
void fields(LinkRow& r, F&& f) {
  f(r.dev, r.name, r.mac, r.mtu, r.tx_queue_len, r.up, r.carrier, r.no_arp, r.promisc, r.loopback,
    r.multicast, r.tunnel, r.stats);
}
template <class F>
void fields(AddrRow& r, F&& f) {
  f(r.dev, r.local, r.broadcast, r.scope, r.label, r.secondary);
}
template <class F>
void fields(RouteRow& r, F&& f) {
  f(r.table, r.type, r.dst, r.gateway, r.dev, r.scope, r.proto, r.prefsrc, r.metric, r.onlink,
    r.linkdown);
}
template <class F>
void fields(Addr6Row& r, F&& f) {
  f(r.dev, r.local, r.scope);
}
template <class F>
void fields(Route6Row& r, F&& f) {
  f(r.table, r.type, r.dst, r.gateway, r.dev, r.proto, r.prefsrc, r.metric, r.multicast, r.anycast,
    r.linkdown);
}
template <class F>
void fields(RuleRow& r, F&& f) {
  f(r.priority, r.from, r.to, r.iif, r.oif, r.fwmark, r.fwmask, r.match_fwmark, r.table, r.action);
}
template <class F>
void fields(NeighRow& r, F&& f) {
  f(r.dev, r.ip, r.mac, r.state, r.used, r.confirmed, r.updated, r.probes, r.router);
}
template <class F>
void fields(SocketRow& r, F&& f) {
  f(r.proto, r.local, r.local_port, r.remote, r.remote_port, r.state, r.recv_q, r.send_q, r.pid,
    r.program, r.fd, r.id);
}
template <class F>
void fields(IpvsCounters& c, F&& f) {
  f(c.conns, c.in_pkts, c.out_pkts, c.in_bytes, c.out_bytes, c.cps, c.in_pps, c.out_pps, c.in_bps,
    c.out_bps);
}
template <class F>
void fields(IpvsServiceKey& k, F&& f) {
  f(k.protocol, k.addr, k.port, k.fwmark);
}
template <class F>
void fields(IpvsServiceRow& r, F&& f) {
  f(r.key, r.scheduler, r.persistent, r.one_packet, r.timeout_s, r.netmask, r.sched_flags,
    r.counters);
}
template <class F>
void fields(IpvsDestRow& r, F&& f) {
  f(r.service, r.addr, r.port, r.forward, r.tunnel.type, r.tunnel.checksum, r.tunnel.port, r.weight,
    r.upper, r.lower, r.active, r.inactive, r.persistent, r.counters);
}
template <class F>
void fields(IpvsConnRow& r, F&& f) {
  f(r.protocol, r.client, r.virt, r.dest, r.client_port, r.virt_port, r.dest_port, r.state,
    r.forward, r.expires, r.id);
}
template <class F>
void fields(SysctlRow& r, F&& f) {
  f(r.path, r.value);
}
template <class F>
void fields(HostTables& t, F&& f) {
  f(t.hostname, t.now, t.links, t.addrs, t.routes, t.addrs6, t.routes6, t.rules, t.neighs,
    t.sockets, t.services, t.dests, t.conns, t.sysctls);
}

class Writer {
 public:
  template <class... T>
  void operator()(T&... parts) {
    (put(parts), ...);
  }
  std::string take() { return std::move(bytes_); }

  void put(bool value) { put(std::uint8_t{value}); }
  template <class T>
    requires std::is_integral_v<T>
  void put(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      bytes_ += static_cast<char>(static_cast<std::make_unsigned_t<T>>(value) >> 8 * i & 0xffU);
    }
  }
  template <class T>
    requires std::is_enum_v<T>
  void put(T value) {
    put(static_cast<std::underlying_type_t<T>>(value));
  }
  void put(IfIndex v) { put(v.value); }
  void put(MacAddr v) { put(v.bits); }
  void put(Ipv4Addr v) { put(v.bits); }
  void put(Ipv6Addr v) {
    put(v.high);
    put(v.low);
  }
  void put(IpAddr v) { put(v.v6()); }
  void put(const Ipv6Prefix& v) {
    put(v.addr);
    put(v.len);
  }
  void put(SimTime v) { put(v.ns); }
  void put(const Ipv4Prefix& v) {
    put(v.addr);
    put(v.len);
  }
  void put(const ShortName& v) { put(std::string(v.view())); }
  void put(const std::string& v) {
    put(static_cast<std::uint32_t>(v.size()));
    bytes_ += v;
  }
  template <class T>
  void put(const std::vector<T>& rows) {
    put(static_cast<std::uint32_t>(rows.size()));
    for (const T& row : rows) put(row);
  }
  template <class T>
    requires requires(T& v, Writer& w) { fields(v, w); }
  void put(const T& value) {
    fields(const_cast<T&>(value), *this);  // NOLINT(*-const-cast): which only reads it
  }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <class... T>
  void operator()(T&... parts) {
    (get(parts), ...);
  }
  bool whole() const { return good_ && rest_.empty(); }
  bool good() const { return good_; }

  void get(bool& value) {
    const auto byte = number<std::uint8_t>();
    value = byte == 1;
    if (byte > 1) refuse();
  }
  template <class T>
    requires std::is_integral_v<T>
  void get(T& value) {
    value = number<T>();
  }
  template <class T>
    requires std::is_enum_v<T>
  void get(T& value) {
    value = static_cast<T>(number<std::underlying_type_t<T>>());
    if (value > kLast<T>) refuse();
  }
  void get(IfIndex& v) { get(v.value); }
  void get(MacAddr& v) {
    get(v.bits);
    if (v.bits >> 48 != 0) refuse();
  }
  void get(Ipv4Addr& v) { get(v.bits); }
  void get(Ipv6Addr& v) {
    get(v.high);
    get(v.low);
  }
  void get(IpAddr& v) {
    Ipv6Addr addr;
    get(addr);
    v = addr;
  }
  void get(Ipv6Prefix& v) {
    get(v.addr);
    get(v.len);
    if (v.len > 128) refuse();
  }
  void get(SimTime& v) { get(v.ns); }
  void get(Ipv4Prefix& v) {
    get(v.addr);
    get(v.len);
    if (v.len > 32) refuse();
  }
  void get(ShortName& v) {
    std::string text;
    get(text);
    if (text.size() > 15 || text.find('\0') != std::string::npos) return refuse();
    v = std::string_view(text);
  }
  void get(std::string& v) {
    const auto size = number<std::uint32_t>();
    if (size > rest_.size()) return refuse();
    v = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  template <class T>
  void get(std::vector<T>& rows) {
    const auto count = number<std::uint32_t>();
    if (count > rest_.size()) return refuse();  // a row takes more than a byte
    for (std::uint32_t i = 0; i < count && good_; ++i) get(rows.emplace_back());
  }
  template <class T>
    requires requires(T& v, Reader& r) { fields(v, r); }
  void get(T& value) {
    fields(value, *this);
  }

 private:
  template <class T>
  T number() {
    std::make_unsigned_t<T> value = 0;
    if (rest_.size() < sizeof value) {
      refuse();
      return 0;
    }
    for (std::size_t i = 0; i < sizeof value; ++i) {
      const auto byte = static_cast<std::make_unsigned_t<T>>(static_cast<std::uint8_t>(rest_[i]));
      value = static_cast<std::make_unsigned_t<T>>(value | byte << 8 * i);
    }
    rest_.remove_prefix(sizeof value);
    return static_cast<T>(value);
  }
  void refuse() {
    good_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool good_ = true;
};

bool begins_with(Reader& reader, std::uint8_t mark) {
  std::uint8_t version = 0, kind = 0;
  reader(version, kind);
  return version == kVersion && kind == mark;
}

/// A row of the kind with this number among the alternatives of TableRow.
template <std::size_t I = 0>
bool read_row(Reader& reader, std::size_t kind, TableRow& row) {
  if constexpr (I == std::variant_size_v<TableRow>) {
    return false;
  } else {
    if (kind != I) return read_row<I + 1>(reader, kind, row);
    reader.get(row.emplace<I>());
    return reader.good();
  }
}

}  // namespace

std::string encode_tables(const HostTables& tables) {
  Writer writer;
  writer(kVersion, kTablesMark);
  writer.put(tables);
  return writer.take();
}

Result<HostTables> decode_tables(std::string_view bytes) {
  Reader reader(bytes);
  HostTables tables;
  const bool ours = begins_with(reader, kTablesMark);
  if (ours) reader.get(tables);
  if (!ours || !reader.whole()) return fail("these bytes are not the tables of a host");
  return tables;
}

std::string encode_changes(const std::vector<RowChange>& changes) {
  Writer writer;
  writer(kVersion, kChangesMark);
  for (const RowChange& change : changes) {
    writer.put(change.event);
    writer.put(static_cast<std::uint8_t>(change.row.index()));
    std::visit([&](const auto& row) { writer.put(row); }, change.row);
  }
  return writer.take();
}

Result<std::vector<RowChange>> decode_changes(std::string_view bytes) {
  Reader reader(bytes);
  std::vector<RowChange> changes;
  bool good = begins_with(reader, kChangesMark);
  while (good && !reader.whole()) {
    std::uint8_t kind = 0;
    RowChange& change = changes.emplace_back();
    reader(change.event, kind);
    good = reader.good() && read_row(reader, kind, change.row);
  }
  if (!good) return fail("these bytes are not changes of tables");
  return changes;
}

}  // namespace lvslab::kernel
