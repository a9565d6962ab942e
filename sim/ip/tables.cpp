// The room's tables as rows, in the order in which the kernel lists them.
#include <algorithm>

#include "sim/ip/stack.h"

namespace lvslab::ip {

LinkRow link_row(const Stack& stack, IfIndex dev) {
  const Device& d = *find_device(stack, dev);
  LinkRow row;
  row.dev = dev;
  row.name = d.name;
  row.mac = d.mac;
  row.mtu = d.mtu;
  row.tx_queue_len = d.tx_queue_len;
  row.up = d.up;
  row.carrier = d.carrier;
  row.no_arp = d.no_arp;
  row.promisc = d.promisc;
  row.loopback = d.loopback;
  row.multicast = d.multicast && !d.loopback;  // loopback_setup() sets no IFF_MULTICAST
  row.tunnel = d.tunnel;
  const Live* live = stack.live.peek();
  if (live != nullptr && dev.value <= live->stats.size()) row.stats = live->stats[dev.value - 1U];
  return row;
}

AddrRow addr_row(const Stack& stack, const InAddr& a) {
  return {a.dev, {a.local, a.prefix_len}, a.broadcast, a.scope, label_of(stack, a), a.secondary};
}

namespace {

void append_udp(const UdpTable& table, const AddressNames& names, HostTables& tables) {
  for (std::uint32_t i = 0; i < table.sockets.limit(); ++i) {
    const UdpSocket& s = table.sockets[i];
    if (!s.live) continue;
    tables.sockets.push_back(socket_row(names, s, i));
  }
}

}  // namespace

void append_tables(const Stack& stack, const AddressNames& names, SimTime now, HostTables& tables) {
  tables.now = now;
  for (std::size_t i = 1; i <= stack.devices.size(); ++i) {
    tables.links.push_back(link_row(stack, IfIndex(static_cast<std::uint16_t>(i))));
  }
  for (const InAddr& a : stack.addrs) tables.addrs.push_back(addr_row(stack, a));
  for (const FibEntry& e : stack.fib.entries()) tables.routes.push_back(row_of(stack, e));
  if (const Stack6* six = stack.six.peek()) {
    for (const In6Addr& a : six->addrs) tables.addrs6.push_back(row_of(a));
    for (const Fib6Entry& e : six->routes) tables.routes6.push_back(row_of(e));
  }
  // A host that is off has no interface, and no rules either.
  if (!stack.devices.empty()) {
    for (const RuleRow& rule : rules(stack)) tables.rules.push_back(rule);
  }
  if (const Live* live = stack.live.peek()) {
    // The kernel walks a hash table keyed at random; the order of creation is as good as any.
    for (std::uint32_t i = 0; i < live->neigh.entries.limit(); ++i) {
      const Neigh& n = live->neigh.entries[i];
      if (n.live) tables.neighs.push_back(row_of(names, n));
    }
    append_udp(live->udp, names, tables);
  }
}

std::size_t memory_bytes(const Stack& stack) {
  std::size_t bytes = stack.devices.capacity() * sizeof(Device) +
                      stack.addrs.capacity() * sizeof(InAddr) + stack.fib.memory_bytes();
  if (const Settings* s = stack.settings.peek()) {
    bytes += sizeof(Settings) + s->conf.capacity() * sizeof(DevConf) +
             s->neigh.capacity() * sizeof(NeighConf) + s->rules.capacity() * sizeof(RuleRow) +
             s->labels.capacity() * sizeof(ShortName);
  }
  if (const Live* live = stack.live.peek()) {
    bytes += sizeof(Live) + live->neigh.entries.limit() * sizeof(Neigh) +
             live->neigh.index.memory_bytes() +
             live->neigh.pending.limit() * sizeof(PendingPacket) + live->cache.memory_bytes() +
             live->udp.sockets.limit() * sizeof(UdpSocket) + live->udp.by_port.memory_bytes() +
             live->stats.capacity() * sizeof(LinkStats) + live->peers.capacity() * sizeof(Peer) +
             live->exceptions.capacity() * sizeof(RouteException);
  }
  return bytes;
}

}  // namespace lvslab::ip
