// The counters of a virtual service or real server, and the rates that the kernel estimates from
// them every two seconds. What user space reads is the estimator's last copy, so `ipvsadm --stats`
// lags by up to 2 s.
//
// Source: net/netfilter/ipvs/ip_vs_est.c: estimation_timer(), ip_vs_read_estimator();
//         net/netfilter/ipvs/ip_vs_ctl.c: ip_vs_copy_stats().
#pragma once

#include <cstdint>

#include "sim/base/tables.h"
#include "sim/base/time.h"

namespace lvslab::ipvs {

/// Ticks are never events: counters change only with packets, so a reader or writer catches up.
class Counters {
 public:
  static constexpr SimDuration kPeriod{2'000'000'000};

  void count_connection(SimTime now) {
    catch_up(now);
    ++conns_;
  }
  void count_in(SimTime now, std::uint32_t bytes) {
    catch_up(now);
    ++in_pkts_;
    in_bytes_ += bytes;
  }
  void count_out(SimTime now, std::uint32_t bytes) {
    catch_up(now);
    ++out_pkts_;
    out_bytes_ += bytes;
  }
  /// run_estimation: while it is off nothing is copied for user space, and rates stand still.
  void set_estimation(SimTime now, bool on) {
    catch_up(now);
    estimates_ = on;
  }
  /// `ipvsadm -Z`: ip_vs_zero_stats() moves the base; the estimator restarts from zero.
  void zero(SimTime now);
  /// What user space sees at `now`.
  IpvsCounters read(SimTime now);

 private:
  struct Totals {
    std::uint64_t conns = 0, in_pkts = 0, out_pkts = 0, in_bytes = 0, out_bytes = 0;
  };
  void catch_up(SimTime now) {
    const std::int64_t tick = now.ns / kPeriod.ns;
    if (tick != tick_) advance(tick);
  }
  void advance(std::int64_t tick);
  void estimate();

  std::uint64_t conns_ = 0, in_pkts_ = 0, out_pkts_ = 0, in_bytes_ = 0, out_bytes_ = 0;
  Totals seen_;  ///< at the last tick
  Totals base_;  ///< at the last -Z
  // Fixed point as in the kernel: packets and connections per second << 10, bytes << 5.
  std::uint64_t cps_ = 0, in_pps_ = 0, out_pps_ = 0, in_bps_ = 0, out_bps_ = 0;
  std::int64_t tick_ = 0;
  bool estimates_ = true;
};

}  // namespace lvslab::ipvs
