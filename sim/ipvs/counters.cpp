#include "sim/ipvs/counters.h"

namespace lvslab::ipvs {
namespace {

// A quarter of the way from the old average to the new rate, in the kernel's wrapping arithmetic.
void approach(std::uint64_t& average, std::uint64_t rate) {
  const auto difference = static_cast<std::int64_t>(rate) - static_cast<std::int64_t>(average);
  average = static_cast<std::uint64_t>(static_cast<std::int64_t>(average) + (difference >> 2));
}

// An idle average decays by a quarter a tick; 64-bit values are zero or stuck long before this.
constexpr std::int64_t kTicksUntilIdle = 200;

}  // namespace

void Counters::estimate() {
  approach(cps_, (conns_ - seen_.conns) << 9);
  approach(in_pps_, (in_pkts_ - seen_.in_pkts) << 9);
  approach(out_pps_, (out_pkts_ - seen_.out_pkts) << 9);
  approach(in_bps_, (in_bytes_ - seen_.in_bytes) << 4);
  approach(out_bps_, (out_bytes_ - seen_.out_bytes) << 4);
  seen_ = {conns_, in_pkts_, out_pkts_, in_bytes_, out_bytes_};
}

void Counters::advance(std::int64_t tick) {
  if (!estimates_) tick_ = tick;
  for (std::int64_t n = tick - tick_, i = 0; i < n && i < kTicksUntilIdle; ++i) estimate();
  tick_ = tick;
}

void Counters::zero(SimTime now) {
  catch_up(now);
  base_ = seen_ = {conns_, in_pkts_, out_pkts_, in_bytes_, out_bytes_};
  cps_ = in_pps_ = out_pps_ = in_bps_ = out_bps_ = 0;
}

IpvsCounters Counters::read(SimTime now) {
  catch_up(now);
  return {.conns = seen_.conns - base_.conns,
          .in_pkts = seen_.in_pkts - base_.in_pkts,
          .out_pkts = seen_.out_pkts - base_.out_pkts,
          .in_bytes = seen_.in_bytes - base_.in_bytes,
          .out_bytes = seen_.out_bytes - base_.out_bytes,
          .cps = (cps_ + 0x1ff) >> 10,
          .in_pps = (in_pps_ + 0x1ff) >> 10,
          .out_pps = (out_pps_ + 0x1ff) >> 10,
          .in_bps = (in_bps_ + 0xf) >> 5,
          .out_bps = (out_bps_ + 0xf) >> 5};
}

}  // namespace lvslab::ipvs
