// drop_entry=3: every second a director looks at some of its entries, and drops what does little.
//
// Which entries are looked at is chance, here as in the kernel. Left out: the levels 1 and 2, which
// act when memory is short. Source: net/netfilter/ipvs/ip_vs_conn.c: ip_vs_random_dropentry(),
// todrop_entry(); ip_vs_ctl.c: defense_work_handler().
#include "sim/ipvs/director.h"

namespace lvslab::ipvs {
namespace {

constexpr SimDuration kPeriod{1'000'000'000};  // DEFENSE_TIMER_PERIOD
constexpr std::uint32_t kBuckets = 4'096;      // ip_vs_conn_tab_size
constexpr std::uint32_t kLooks = kBuckets / 32;

}  // namespace

void Director::set_guard(Step& step) {
  if (sysctls_.drop_entry != VsSysctls::kAlways) return defence_.cancel();
  if (defence_.armed()) return;
  defence_.set(step.timers(), step.now() + kPeriod, TimerKind::kIpvsDefence, 0);
}

void Director::on_defence_timer(Step& step) {
  if (!defence_.due(step.timers(), step.now(), TimerKind::kIpvsDefence, 0)) return;
  std::array<std::uint8_t, kBuckets> looks{};
  for (std::uint32_t i = 0; i < kLooks; ++i) ++looks[step.random().below(kBuckets)];
  for (std::uint32_t c = 0; c < conns_.limit(); ++c) {
    if (conns_[c].protocol == kFree) continue;
    for (std::uint8_t n = looks[conns_.bucket_of(c, kBuckets)]; n > 0; --n) {
      if (!may_drop(step.now(), conns_[c])) continue;
      drop_entry(step, c);
      break;
    }
  }
  set_guard(step);
}

bool Director::may_drop(SimTime now, const Conn& conn) {
  using enum IpvsConnState;
  if (conn.controls != 0) return false;
  if (conn.is_template) return conn.state != kAssured;
  if (conn.protocol == static_cast<std::uint8_t>(IpProto::kUdp)) return drops_idle(now, conn);
  if (conn.state == kSynRecv || conn.state == kSynAck) return true;
  if (conn.state == kSctpInit1 || conn.state == kSctpInit) return true;
  return conn.state == kEstablished && drops_idle(now, conn);
}

// One of so many that have seen as few packets, once a minute has passed without any.
bool Director::drops_idle(SimTime now, const Conn& conn) {
  constexpr SimDuration kGrace{60'000'000'000};
  const SimDuration timeout{std::int64_t{conn.timeout_ms} * 1'000'000};
  if (now + timeout < conn.expires + kGrace) return false;
  if (conn.in_packets == 0 || conn.in_packets >= idle_counters_.size()) return false;
  std::int8_t& counter = idle_counters_[conn.in_packets];
  if (--counter > 0) return false;
  counter = static_cast<std::int8_t>(conn.in_packets);
  return true;
}

// What controls it goes along with the last of its connections, unless it is an assured template
// (ip_vs_conn_expire(): ip_vs_conn_del()).
void Director::drop_entry(Step& step, std::uint32_t c) {
  const Conn& conn = conns_[c];
  step.explain(Reason::kIpvsEntryDropped, {},
               {arg(conn.client), conn.client_port, static_cast<std::uint32_t>(conn.state)});
  const std::uint32_t control = conn.control;
  expire(step, c);
  if (control == ConnTable::kNone || conns_[control].controls != 0) return;
  const bool stays =
      conns_[control].is_template && conns_[control].state == IpvsConnState::kAssured;
  if (!stays) expire(step, control);
}

}  // namespace lvslab::ipvs
