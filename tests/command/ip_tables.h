// Hosts of the DR lab as rows, to be printed and compared with what the real tools print.
#pragma once

#include <string_view>

#include "sim/base/tables.h"

namespace lvslab::command::testing_tables {

inline Ipv4Addr ip(std::string_view text) { return Ipv4Addr::parse(text).value(); }
inline Ipv4Prefix net(std::string_view text) { return Ipv4Prefix::parse(text).value(); }
inline MacAddr mac(std::string_view text) { return MacAddr::parse(text).value(); }

inline LinkRow lo() {
  LinkRow link;
  link.dev = IfIndex{1};
  link.name = "lo";
  link.mtu = 65536;
  link.up = link.loopback = true;
  return link;
}

inline LinkRow eth0(std::string_view address) {
  LinkRow link;
  link.dev = IfIndex{2};
  link.name = "eth0";
  link.mac = mac(address);
  link.up = true;
  return link;
}

inline AddrRow addr(int dev, std::string_view local, std::string_view label,
                    std::string_view broadcast = "0.0.0.0", Scope scope = Scope::kUniverse,
                    bool secondary = false) {
  AddrRow row;
  row.dev = IfIndex{static_cast<std::uint16_t>(dev)};
  row.local = net(local);
  row.broadcast = ip(broadcast);
  row.scope = scope;
  row.label = label;
  row.secondary = secondary;
  return row;
}

inline RouteRow route(std::uint32_t table, RouteType type, std::string_view dst, int dev,
                      std::string_view src, Scope scope) {
  RouteRow row;
  row.table = table;
  row.type = type;
  row.dst = net(dst);
  row.dev = IfIndex{static_cast<std::uint16_t>(dev)};
  row.scope = scope;
  row.proto = RouteProto::kKernel;
  row.prefsrc = ip(src);
  return row;
}

/// The director node01 after `ifconfig eth0:1 192.168.80.150/24`.
inline HostTables director() {
  HostTables t;
  t.hostname = "node01";
  t.links = {lo(), eth0("02:00:00:00:00:01")};
  t.addrs = {addr(1, "127.0.0.1/8", "lo", "0.0.0.0", Scope::kHost),
             addr(2, "192.168.80.201/24", "eth0", "192.168.80.255"),
             addr(2, "192.168.80.150/24", "eth0:1", "192.168.80.255", Scope::kUniverse, true)};
  using enum RouteType;
  t.routes = {
      route(kTableMain, kUnicast, "192.168.80.0/24", 2, "192.168.80.201", Scope::kLink),
      route(kTableLocal, kLocal, "127.0.0.0/8", 1, "127.0.0.1", Scope::kHost),
      route(kTableLocal, kLocal, "127.0.0.1/32", 1, "127.0.0.1", Scope::kHost),
      route(kTableLocal, kBroadcast, "127.255.255.255/32", 1, "127.0.0.1", Scope::kLink),
      route(kTableLocal, kLocal, "192.168.80.150/32", 2, "192.168.80.201", Scope::kHost),
      route(kTableLocal, kLocal, "192.168.80.201/32", 2, "192.168.80.201", Scope::kHost),
      route(kTableLocal, kBroadcast, "192.168.80.255/32", 2, "192.168.80.201", Scope::kLink)};
  t.rules = {RuleRow{.priority = 0, .iif = {}, .oif = {}, .table = kTableLocal},
             RuleRow{.priority = 32766, .iif = {}, .oif = {}, .table = kTableMain},
             RuleRow{.priority = 32767, .iif = {}, .oif = {}, .table = kTableDefault}};
  return t;
}

inline NeighRow neigh(std::string_view address, std::string_view lladdr, NeighState state) {
  NeighRow row;
  row.dev = IfIndex{2};
  row.ip = ip(address);
  row.mac = mac(lladdr);
  row.state = state;
  return row;
}

inline SocketRow tcp(std::string_view local, int port, std::string_view remote, int remote_port,
                     TcpState state) {
  SocketRow row;
  row.local = ip(local);
  row.local_port = static_cast<std::uint16_t>(port);
  row.remote = ip(remote);
  row.remote_port = static_cast<std::uint16_t>(remote_port);
  row.state = state;
  return row;
}

inline SocketRow httpd(std::uint32_t pid) {
  SocketRow row = tcp("0.0.0.0", 80, "0.0.0.0", 0, TcpState::kListen);
  row.send_q = 511;
  row.pid = pid;
  row.fd = 3;
  row.program = "httpd";
  return row;
}

}  // namespace lvslab::command::testing_tables
