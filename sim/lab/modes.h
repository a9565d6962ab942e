// One workload in the three ways in which IPVS forwards: NAT, direct routing and tunnelling, on the
// drawing of one scenario. Who balances what for whom is taken from the scenario; each way then
// gets a set-up of its own, and a load that grows until it is more than the way can carry.
//
// Models: HTTP on port 80, a client that opens one connection per request (ab), NICs of director
// and servers with a rate. The client's NIC has none, so that it is not what is measured.
// Leaves out: processor time of the director, which the simulator does not model: what saturates is
// always a cable.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/lab/backend.h"
#include "sim/scenario/model.h"

namespace lvslab::lab {

/// The ways to other hosts, and what they are called: "NAT", "DR", "TUN".
inline constexpr std::array kModes = {IpvsForward::kMasq, IpvsForward::kRoute,
                                      IpvsForward::kTunnel};
std::string_view mode_name(IpvsForward mode);

/// What a scenario balances.
struct Balanced {
  struct Server {
    std::string host;
    Ipv4Addr addr;
    std::int32_t weight = 1;
  };
  std::string client, director;
  Ipv4Addr client_addr, vip;
  std::string scheduler;
  std::vector<Server> servers;  ///< in the order in which they were added
};

/// Plays the scenario and takes the TCP service that is balanced among most other hosts at any time
/// of it. Errors: there is none, or no client.
Result<Balanced> find_balanced(Backend& backend, const scenario::Scenario& scenario);

struct ModeOptions {
  std::uint64_t rate_bps = 100'000'000;  ///< of NICs of director and servers that have none
  std::uint32_t response_bytes = 10'000;
  std::uint32_t requests = 1'000;  ///< at each load; more where many are open at once
  const volatile std::sig_atomic_t* stop = nullptr;
};

/// The drawing of `scenario` with the set-up that `mode` needs, and nothing on the timeline.
/// Errors: why this mode cannot work on this drawing.
std::expected<scenario::Scenario, scenario::Text> set_up_for(const scenario::Scenario& scenario,
                                                             const Balanced& balanced,
                                                             IpvsForward mode,
                                                             const ModeOptions& options);

/// What came of one load.
struct LoadPoint {
  std::uint32_t concurrency = 1;  ///< requests that are open at once
  std::uint64_t answered = 0, failed = 0;
  SimDuration took{};
  /// What the director's NICs received, which is what it had to forward.
  std::uint64_t director_packets = 0, director_bytes = 0;
  scenario::NicRef busiest;  ///< of the NICs of director and servers
  bool busiest_sends = false;
  std::uint64_t busiest_permille = 0;  ///< of its rate

  std::uint64_t per_1000_s() const;  ///< answered requests
  SimDuration latency() const;       ///< mean, from the first SYN to the end of the answer
};

struct ModeResult {
  IpvsForward mode = IpvsForward::kMasq;
  scenario::Text obstacle;        ///< why there are no points
  std::vector<LoadPoint> points;  ///< concurrency 1, 2, 4 ...

  /// The smallest load that gets 95 % of the most that was answered in a second; null without
  /// points.
  const LoadPoint* saturation() const;
  /// False if twice the load would get more: the last point is still the best by far.
  bool saturates() const;
};

/// Raises the load until it brings no more. Errors: the backend's, or it was interrupted.
Result<ModeResult> measure_mode(Backend& backend, const scenario::Scenario& scenario,
                                const Balanced& balanced, IpvsForward mode,
                                const ModeOptions& options);

}  // namespace lvslab::lab
