// IPv6 addresses inside of a simulated world: each is known by a name of 32 bits, and whatever is
// keyed by addresses (sockets, neighbours, services, connections) keeps its size and its speed.
//
// A name is an Ipv4Addr from 240.0.0.0/8, which no lab uses as an address (docs/decisions/0011):
// 240.0.0.0 is "::", and others are given in the order in which addresses are met. Only the edges
// know 128 bits: bytes on the wire, routes and addresses of devices, texts.
#pragma once

#include <vector>

#include "sim/base/index_table.h"
#include "sim/base/ip_addr.h"
#include "sim/base/prng.h"

namespace lvslab {

class AddressNames {
 public:
  /// The name of `addr`: always the same one.
  Ipv4Addr name_of(Ipv6Addr addr) {
    if (addr.is_any()) return Ipv4Addr::any6();
    const std::uint64_t hash = mix64(addr.high ^ mix64(addr.low));
    std::uint32_t at = index_.find(hash, [&](std::uint32_t i) { return known_[i] == addr; });
    if (at == IndexTable::kNone) {
      at = static_cast<std::uint32_t>(known_.size());
      known_.push_back(addr);
      index_.insert(hash, at);
    }
    return {Ipv4Addr::any6().bits + at + 1};
  }
  /// What a name stands for; :: for what is none.
  Ipv6Addr address_of(Ipv4Addr name) const {
    const std::uint32_t at = name.bits - Ipv4Addr::any6().bits - 1;
    return name.names_ipv6() && at < known_.size() ? known_[at] : Ipv6Addr{};
  }
  /// For people: names become the addresses that they stand for.
  IpAddr shown(Ipv4Addr addr) const {
    return addr.names_ipv6() ? IpAddr(address_of(addr)) : IpAddr(addr);
  }
  /// All that were met, in their order.
  const std::vector<Ipv6Addr>& known() const { return known_; }

 private:
  std::vector<Ipv6Addr> known_;
  IndexTable index_;
};

}  // namespace lvslab
