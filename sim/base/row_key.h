// What names a row of a table: two rows with the same key are one row at two moments. Links by
// interface; addresses by interface and prefix; routes by all fields that say what they are; rules
// by all their fields; neighbours by interface and address; sockets by protocol and id (a socket
// keeps its id while its ports change); services and destinations by what names them; connections
// by protocol and both ends; sysctls by path.
#pragma once

#include <string>
#include <tuple>

#include "sim/base/tables.h"

namespace lvslab {

inline IfIndex key_of(const LinkRow& r) { return r.dev; }
inline auto key_of(const AddrRow& r) { return std::tuple(r.dev, r.local); }
inline auto key_of(const RouteRow& r) {
  return std::tuple(r.table, r.type, r.dst, r.gateway, r.dev, r.metric, r.prefsrc, r.scope,
                    r.proto);
}
inline auto key_of(const Addr6Row& r) { return std::tuple(r.dev, r.local.addr); }
inline auto key_of(const Route6Row& r) {
  return std::tuple(r.table, r.type, r.dst, r.gateway, r.dev, r.metric, r.prefsrc, r.proto);
}
inline auto key_of(const RuleRow& r) {
  return std::tuple(r.priority, r.from, r.to, r.iif, r.oif, r.fwmark, r.fwmask, r.match_fwmark,
                    r.table, r.action);
}
inline auto key_of(const NeighRow& r) { return std::tuple(r.dev, r.ip); }
inline auto key_of(const SocketRow& r) { return std::tuple(r.proto, r.id); }
inline IpvsServiceKey key_of(const IpvsServiceRow& r) { return r.key; }
inline auto key_of(const IpvsDestRow& r) { return std::tuple(r.service, r.addr, r.port); }
inline auto key_of(const IpvsConnRow& r) {
  return std::tuple(r.protocol, r.client, r.client_port, r.virt, r.virt_port);
}
inline std::string key_of(const SysctlRow& r) { return r.path; }

template <class Row>
using RowKey = decltype(key_of(std::declval<const Row&>()));

}  // namespace lvslab
