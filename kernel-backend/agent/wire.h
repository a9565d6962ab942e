// Cables and switches, in the network namespace that no host lives in.
//
// A switch is a bridge without spanning tree and multicast snooping. A cable is made of two veth
// pairs, host ─ wNa and wNb ─ port; what comes in at wNa goes out at wNb and back (tc mirred), and
// the queueing discipline (netem) of the inner ends delays, loses and repeats: outside of what the
// host's own interface sees. So the carrier of each end can be taken away alone, and the port of a
// crashed host keeps its own.
// Leaves out: frames in flight when a host crashes arrive nowhere.
#pragma once

#include <sys/types.h>

#include <vector>

#include "kernel-backend/agent/netlink.h"
#include "kernel-backend/protocol/messages.h"

namespace lvslab::kernel {

class Wire {
 public:
  static Result<Wire> open();

  /// Makes all switches, with their ports in the order of the cables.
  Result<void> build(const Lab& lab);
  /// The ends of the cables of a host: its interfaces appear in the namespace of `process`, in the
  /// order of the NICs. NICs without a cable get an interface without a carrier.
  Result<void> attach(const Lab& lab, std::uint32_t host, pid_t process);
  /// Nothing that the host sends from now on reaches anybody.
  void detach(const Lab& lab, std::uint32_t host);
  /// Carrier of both ends, or (without `near_end`) of the one that is not at `host`.
  Result<void> set_carrier(const Lab& lab, std::uint32_t cable, bool up);
  Result<void> set_far_carrier(const Lab& lab, std::uint32_t host, bool up);
  /// `from`: as in LabCable.
  Result<void> impair(const Lab& lab, std::uint32_t cable, const LabImpairment (&from)[2]);
  /// Removes everything that was built.
  void clear();

 private:
  Result<void> add_bridge(const std::string& name);
  Result<void> add_pair(const std::string& inner, const std::string& outer, const LabNic* nic,
                        pid_t process, std::uint16_t index);
  Result<void> set_up(const std::string& name, bool up);
  Result<void> join_bridge(const std::string& port, const std::string& bridge);
  Result<void> redirect(const std::string& from, const std::string& to);
  Result<void> shape(const std::string& name, const LabImpairment& impairment, bool replace);
  Result<void> connect(std::uint32_t cable);
  void remove(const std::string& name);

  NetlinkSocket socket_;
  std::vector<std::string> made_;
  std::vector<LabImpairment> from_[2];  ///< by cable, as they are now
  std::vector<bool> up_;                ///< by cable: the cable is plugged in
};

}  // namespace lvslab::kernel
