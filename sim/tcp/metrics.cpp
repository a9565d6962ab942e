// What a host remembers of its peers after their connections have ended, for the first timeout of
// the next one. Left out: remembered thresholds and reordering, `ip tcp_metrics`.
// Source: net/ipv4/tcp_metrics.c: tcp_update_metrics(), tcp_init_metrics().
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr SimDuration kKept{3'600'000'000'000};  // TCP_METRICS_TIMEOUT

std::uint64_t hash_of(const Tuple& tuple) {
  return mix64(std::uint64_t{tuple.local_addr.bits} << 32 | tuple.remote_addr.bits);
}

PeerMetrics* find_metrics(Context& c, const Tuple& tuple) {
  const std::uint32_t index = c.tables.metrics_index.find(hash_of(tuple), [&](std::uint32_t i) {
    const PeerMetrics& m = c.tables.metrics[i];
    return m.local == tuple.local_addr && m.remote == tuple.remote_addr;
  });
  if (index == kNone) return nullptr;
  PeerMetrics& found = c.tables.metrics[index];
  if (c.now() > found.since + kKept) found = {found.local, found.remote, 0, c.now()};
  return &found;
}

PeerMetrics& add_metrics(Context& c, const Tuple& tuple) {
  const auto index = static_cast<std::uint32_t>(c.tables.metrics.size());
  c.tables.metrics_index.insert(hash_of(tuple), index);
  return c.tables.metrics.emplace_back(
      PeerMetrics{tuple.local_addr, tuple.remote_addr, 0, c.now()});
}

/// In whole ticks, where the kernel counts in ticks.
std::int64_t whole_ticks_us(Context& c, std::uint32_t us) {
  const std::int64_t tick_us = std::max<std::int64_t>(c.step.timers().tick().us(), 1);
  return us / tick_us * tick_us;
}

}  // namespace

void remember_peer(Context& c, std::uint32_t index) {
  if (c.config.no_metrics_save != 0) return;
  const Socket& s = c.socket(index);
  PeerMetrics* known = find_metrics(c, s.tuple);
  const bool backed_off = s.ext != kNoExtension && c.ext_of(s).backoff != 0;
  if (backed_off || s.srtt_us8 == 0) {
    if (known != nullptr) known->rtt_us8 = 0;  // it failed to measure: so will the next one
    return;
  }
  if (known == nullptr) known = &add_metrics(c, s.tuple);
  const auto shrinks = static_cast<std::int32_t>(known->rtt_us8 - s.srtt_us8);
  known->rtt_us8 =
      shrinks <= 0 ? s.srtt_us8 : known->rtt_us8 - static_cast<std::uint32_t>(shrinks >> 3);
}

void seed_rto(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  s.set(flag::kConfirms);
  const PeerMetrics* known = find_metrics(c, s.tuple);
  if (known == nullptr || known->rtt_us8 <= s.srtt_us8) {
    constexpr std::uint32_t kFallbackUs = 3'000'000;  // TCP_TIMEOUT_FALLBACK (RFC 6298 §5.7)
    if (s.srtt_us8 == 0) attach(c, index).seeded_rto_us = kFallbackUs;
    return;
  }
  const std::int64_t rtt_us = whole_ticks_us(c, known->rtt_us8 >> 3);
  attach(c, index).seeded_rto_us =
      static_cast<std::uint32_t>(rtt_us + std::max(2 * rtt_us, kRtoMin.us()));
}

}  // namespace lvslab::tcp
