// CUBIC congestion control (RFC 9438) in integers, with slow start (RFC 5681) and without HyStart.
// Windows are segments, times ms. Source of the constants: net/ipv4/tcp_cubic.c: beta 717/1024,
// C 0.4; net/ipv4/tcp_output.c: tcp_cwnd_restart().
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr std::uint32_t kBeta = 717, kScale = 1024;
constexpr std::uint16_t kMaxCwnd = 65'534;

constexpr std::uint32_t cube_root(std::uint64_t v) {
  std::uint64_t root = 0;
  for (int shift = 63; shift >= 0; shift -= 3) {
    root <<= 1;
    const std::uint64_t step = 3 * root * (root + 1) + 1;
    if (v >> shift >= step) {
      v -= step << shift;
      ++root;
    }
  }
  return static_cast<std::uint32_t>(root);
}
static_assert(cube_root(26) == 2 && cube_root(27) == 3 && cube_root(1'000'000'000) == 1000);

/// Acknowledged segments that make the window grow by one.
std::uint32_t acks_per_increment(const Socket& s, Cubic& cubic, std::uint32_t min_rtt_us,
                                 std::uint32_t now_ms, std::uint32_t acked) {
  const std::uint32_t cwnd = s.cwnd;
  cubic.ack_count += acked;
  if (cubic.epoch_ms == 0) {
    cubic.epoch_ms = std::max(now_ms, 1U);
    cubic.ack_count = acked;
    cubic.reno_cwnd = cwnd;
    cubic.k_ms = 0;
    cubic.origin = cwnd;
    if (cubic.last_max > cwnd) {
      // K = cbrt((W_max - cwnd) / C), C = 0.4 segments/s^3
      cubic.k_ms = cube_root(std::uint64_t{cubic.last_max - cwnd} * 2'500'000'000ULL);
      cubic.origin = cubic.last_max;
    }
  }
  const std::uint64_t t = now_ms - cubic.epoch_ms + min_rtt_us / 1000;
  const std::uint64_t away =
      std::min<std::uint64_t>(t < cubic.k_ms ? cubic.k_ms - t : t - cubic.k_ms, 1'000'000);
  const std::uint64_t delta = 4 * away * away * away / 10'000'000'000ULL;
  const std::uint64_t target = t < cubic.k_ms
                                   ? cubic.origin - std::min<std::uint64_t>(delta, cubic.origin)
                                   : cubic.origin + delta;
  std::uint64_t count = target > cwnd ? cwnd / (target - cwnd) : 100ULL * cwnd;
  if (cubic.last_max == 0) count = std::min<std::uint64_t>(count, 20);
  // The window that Reno would have by now: 3 (1 - beta) / (1 + beta) segments a round trip.
  constexpr std::uint32_t kRenoScale = 8 * (kScale + kBeta) / 3 / (kScale - kBeta);
  const std::uint32_t per_segment = std::max(cwnd * kRenoScale >> 3, 1U);
  while (cubic.ack_count > per_segment) {
    cubic.ack_count -= per_segment;
    ++cubic.reno_cwnd;
  }
  if (cubic.reno_cwnd > cwnd) {
    count = std::min<std::uint64_t>(count, cwnd / (cubic.reno_cwnd - cwnd));
  }
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(count, 2));
}

/// tcp_is_cwnd_limited(): a window that the program does not fill must not grow.
bool is_limited(const Socket& s, const Extension& e) {
  if (e.cwnd_limited) return true;
  return s.cwnd < s.ssthresh && s.cwnd < 2 * e.max_packets_out;
}

}  // namespace

std::uint16_t reduced_ssthresh(const Socket& s, Extension& e) {
  const std::uint32_t cwnd = s.cwnd;
  e.cubic.epoch_ms = 0;
  e.cubic.last_max = cwnd < e.cubic.last_max ? cwnd * (kScale + kBeta) / (2 * kScale) : cwnd;
  return static_cast<std::uint16_t>(std::max(cwnd * kBeta / kScale, 2U));
}

void grow_cwnd(Context& c, Socket& s, Extension& e, std::uint32_t acked) {
  if (!is_limited(s, e)) return;
  if (s.cwnd < s.ssthresh) {
    const std::uint32_t grown = std::min<std::uint32_t>(s.cwnd + acked, s.ssthresh);
    acked -= grown - s.cwnd;
    s.cwnd = static_cast<std::uint16_t>(std::min<std::uint32_t>(grown, kMaxCwnd));
    if (acked == 0) return;
  }
  const std::uint32_t per = acks_per_increment(s, e.cubic, e.min_rtt_us, c.now_ms(), acked);
  e.cubic.count += acked;
  if (e.cubic.count >= per) {
    s.cwnd =
        static_cast<std::uint16_t>(std::min<std::uint32_t>(s.cwnd + e.cubic.count / per, kMaxCwnd));
    e.cubic.count %= per;
  }
}

void restart_after_idle(Context& c, Socket& s) {
  if (c.config.slow_start_after_idle == 0) return;
  std::int64_t idle_ms = c.now_ms() - s.sent_ms;
  const std::int64_t rto_ms = std::max<std::int64_t>(base_rto(s).ms(), 1);
  if (idle_ms <= rto_ms || s.cwnd <= kInitialCwnd) return;
  std::uint32_t cwnd = s.cwnd;
  s.ssthresh = std::max<std::uint16_t>(s.ssthresh, static_cast<std::uint16_t>(cwnd * 3 / 4));
  while ((idle_ms -= rto_ms) > 0 && cwnd > kInitialCwnd) cwnd >>= 1;
  s.cwnd = static_cast<std::uint16_t>(std::max<std::uint32_t>(cwnd, kInitialCwnd));
}

}  // namespace lvslab::tcp
