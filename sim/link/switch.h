// A learning Ethernet switch (IEEE 802.1D-2004 §7.7 to §7.9), as the Linux bridge does it with STP
// off: it learns source addresses, forwards known unicast to one port, and floods the rest.
// Like the bridge's port list, flooding serves the port that was added last first
// (net/bridge/br_if.c: br_add_if() puts new ports at the head).
//
// Left out: spanning tree, VLANs, multicast snooping (multicast is flooded).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/index_table.h"
#include "sim/base/prng.h"
#include "sim/link/fabric.h"

namespace lvslab::link {

class Switch {
 public:
  /// Entries that were not refreshed for this long are unknown again (802.1D default).
  static constexpr SimDuration kAgeing{300'000'000'000};

  /// Adds a port whose outgoing direction is `direction`; ports are numbered from 0.
  std::uint32_t add_port(std::uint32_t direction);
  std::size_t ports() const { return directions_.size(); }
  std::uint32_t direction_of(std::uint32_t port) const { return directions_[port]; }

  /// Handles a frame that came in on `port`; takes it.
  void receive(Step& step, Fabric& fabric, std::uint32_t port, FrameRef frame);

  /// The cable at `port` was pulled out: what was learned there is forgotten
  /// (net/bridge/br_stp_if.c: br_stp_disable_port()).
  void forget(Step& step, std::uint32_t port);

  /// The port behind which `mac` was last seen; -1 if it is unknown or aged.
  int port_of(MacAddr mac, SimTime now) const;
  std::size_t learned() const { return entries_.size(); }

 private:
  static constexpr std::uint32_t kNowhere = 0xffff'ffffU;
  struct Entry {
    MacAddr mac;
    SimTime seen;
    std::uint32_t port = 0;  ///< kNowhere: forgotten
  };
  void learn(Step& step, MacAddr source, std::uint32_t port);
  std::uint32_t find(MacAddr mac) const;

  std::vector<std::uint32_t> directions_;
  std::vector<Entry> entries_;
  IndexTable index_;
};

}  // namespace lvslab::link
