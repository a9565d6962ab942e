// The tables of two hosts at one moment, row by row. A row has a name (what the kernel would not
// have twice) and values; rows are paired by name, so that order counts only where it means
// something: for the servers of a virtual service, which schedulers walk through.
//
// An interface's counters are compared as what they hold beyond the frames that the same run has
// recorded there: the frames themselves are compared as such, and one that is late by a tick is not
// counted yet. Interfaces are named, not numbered; ephemeral ports stand for their flow. Not
// compared: process ids, file descriptors, socket and connection ids; when a neighbour was used,
// confirmed, updated. With a tolerance: when an IPVS connection expires (a second; listings show
// whole ones). IPVS counters are those of the 2 s estimator (ip_vs_est.c), whose beat is not the
// same in two runs: they count only if no frame has passed the host for kEstimator. Rates decay by
// that beat, and are not compared.
//
// A connection in TIME_WAIT is compared as long as its ports have not been drawn again: the SYN of
// the next one takes its place (net/ipv4/tcp_minisocks.c: tcp_timewait_state_process()), and ports
// are a matter of chance (net/core/secure_seq.c: secure_ipv4_port_ephemeral()). A SYN that did not
// come to a host takes no place there: its sockets are those of the flows that it took part in.
//
// A socket in SYN_SENT need not be there yet if its SYN need not (frames.h): it was opened so
// shortly before that a kernel's timer may be later.
//
// A neighbour may be REACHABLE on one side and STALE (or, used since, DELAY) on the other if it was
// last confirmed between half and one and a half times base_reachable_time ago: the kernel draws by
// lot where in between the state changes (net/core/neighbour.c: neigh_rand_reach_time()). A timer
// of 41 s and more fires up to 512 jiffies late (kernel/time/timer.c: calc_index()).
#pragma once

#include <string_view>
#include <vector>

#include "sim/compare/difference.h"
#include "sim/compare/side.h"

namespace lvslab::compare {

/// An estimator's beat and the tolerance of its timer (net/netfilter/ipvs/ip_vs_est.c).
inline constexpr SimDuration kEstimator{2'300'000'000};
inline constexpr SimDuration kReachableLeast{15'000'000'000};
inline constexpr SimDuration kReachableMost{45'000'000'000 + 5'120'000'000};

struct RowsResult {
  std::uint64_t agreed = 0;
  std::vector<Difference> differences;
};

/// The tables of one host at one moment of both runs.
RowsResult compare_rows(const Side& sim_side, const HostTables& sim, const Side& real_side,
                        const HostTables& real);

/// True if IPVS counters that were read at `at` may lag behind: a frame passed `host` shortly
/// before.
bool counters_may_lag(const Trace& trace, std::string_view host, SimTime at);

/// True if chance decides whether `host` has `addr` as REACHABLE or as STALE at `at`. `trace` is
/// the simulator's.
bool may_be_stale(const Trace& trace, std::string_view host, IpAddr addr, SimTime at);

}  // namespace lvslab::compare
