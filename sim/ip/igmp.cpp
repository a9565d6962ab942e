#include "sim/ip/igmp.h"

#include <algorithm>
#include <ranges>

#include "sim/ip/send.h"
#include "sim/wire/igmp.h"

namespace lvslab::ip {
namespace {

constexpr Ipv4Addr kAllHosts{0xe000'0001U};  // every interface is in it, and never says so
constexpr int kRobustness = 2;               // net.ipv4.igmp_qrv
constexpr SimDuration kJiffies{20'000'000};  // igmp_ifc_start_timer(): two of them at HZ=100

GroupMember* find_member(Stack& stack, IfIndex dev, Ipv4Addr group) {
  Live* live = stack.live.peek();
  if (live == nullptr) return nullptr;
  const auto found = std::ranges::find_if(
      live->groups.members, [&](const GroupMember& m) { return m.dev == dev && m.group == group; });
  return found == live->groups.members.end() ? nullptr : &*found;
}

/// igmp_ifc_start_timer().
void start_timer(Step& step, Stack& stack, IfIndex dev, std::uint32_t longest_ms) {
  const std::uint32_t ticks = longest_ms / 10;
  const std::uint32_t wait = ticks > 1 ? static_cast<std::uint32_t>(step.random().below(ticks)) : 0;
  stack.live.get().groups.reports[dev.value - 1U].timer.set(
      step.timers(),
      step.timers().run_at(step.now() + kJiffies + SimDuration{wait * std::int64_t{10'000'000}},
                           step.now()),
      TimerKind::kIp, kGroupTimers | dev.value);
}

/// igmp_ifc_event(): what has changed is told soon, and again.
void change(Step& step, Stack& stack, IfIndex dev) {
  Groups& groups = stack.live.get().groups;
  if (groups.reports.size() < stack.devices.size()) groups.reports.resize(stack.devices.size());
  groups.reports[dev.value - 1U].left = kRobustness;
  start_timer(step, stack, dev, 0);
}

/// The records that are due, those of left groups first, and the newest of each before older ones
/// (igmpv3_send_cr(); in_dev->mc_list).
IgmpReport due_records(Groups& groups, IfIndex dev) {
  IgmpReport report;
  for (const bool leaving : {true, false}) {
    for (GroupMember& m : groups.members | std::views::reverse) {
      if (m.dev != dev || (m.users == 0) != leaving || m.reports == 0) continue;
      --m.reports;
      report.records.push_back(
          {leaving ? IgmpRecord::kToInclude : IgmpRecord::kToExclude, m.group});
    }
  }
  std::erase_if(groups.members,
                [](const GroupMember& m) { return m.users == 0 && m.reports == 0; });
  return report;
}

// igmpv3_newpack(): a header with the Router Alert option, which routers are to look at.
void send_report(Step& step, Stack& stack, Ports& ports, IfIndex dev, const IgmpReport& report) {
  constexpr std::size_t kHeader = Ipv4Repr::kLength + 4;
  constexpr std::uint8_t kTtl = 1, kInternetworkControl = 0xc0;
  constexpr std::uint32_t kRouterAlert = 0x9404'0000U;
  const IpSend how{.dst = IgmpReport::kAllRouters, .protocol = IpProto::kIgmp, .oif = dev};
  auto route = find_output(step, stack, how);
  if (!route) return;
  const FrameRef frame = step.frames().allocate(kHeader + report.length());
  const MutBytes out = step.frames().writable(frame);
  Packet packet{.frame = frame};
  packet.ip = {.src = route->src,
               .dst = how.dst,
               .protocol = IpProto::kIgmp,
               .ttl = kTtl,
               .tos = kInternetworkControl,
               .payload_length = static_cast<std::uint16_t>(report.length() + 4),
               .dont_fragment = true};
  packet.ip.emit(out.first<Ipv4Repr::kLength>());
  out[0] = 0x46;
  store_be32(out.data() + Ipv4Repr::kLength, kRouterAlert);
  store_be16(out.data() + 10, 0);
  store_be16(out.data() + 10, checksum_of(sum_bytes(out.first(kHeader))));
  packet.ip.header_length = kHeader;
  packet.ip.payload_length = static_cast<std::uint16_t>(report.length());
  report.emit(out.subspan(kHeader));
  for (const IgmpRecord& record : report.records) {
    const bool joined = record.type == IgmpRecord::kToExclude;
    step.explain(joined ? Reason::kGroupJoined : Reason::kGroupLeft, dev,
                 {arg(record.group), 0, 0});
  }
  if (ports.local_out(step, packet, *route) != HookVerdict::kPass) return;
  deliver_via(step, stack, ports, packet, *route);
}

}  // namespace

bool is_member(const Stack& stack, IfIndex dev, Ipv4Addr group) {
  if (group == kAllHosts || dev == kLoopback) return true;
  const Live* live = stack.live.peek();
  return live != nullptr && std::ranges::any_of(live->groups.members, [&](const GroupMember& m) {
           return m.dev == dev && m.group == group && m.users > 0;
         });
}

void join_group(Step& step, Stack& stack, IfIndex dev, Ipv4Addr group) {
  if (GroupMember* member = find_member(stack, dev, group)) {
    if (member->users > 0) {
      ++member->users;
      return;
    }
  }
  // One that was left and waits for its reports is a new one (igmpv3_del_delrec()).
  auto& members = stack.live.get().groups.members;
  std::erase_if(members, [&](const GroupMember& m) { return m.dev == dev && m.group == group; });
  members.push_back({.dev = dev, .group = group, .users = 1, .reports = kRobustness});
  if (stack.devices[dev.value - 1U].up) change(step, stack, dev);
}

void leave_group(Step& step, Stack& stack, IfIndex dev, Ipv4Addr group) {
  GroupMember* member = find_member(stack, dev, group);
  if (member == nullptr || member->users == 0 || --member->users > 0) return;
  const bool up = stack.devices[dev.value - 1U].up;
  member->reports = up ? kRobustness : 0;
  // What was left last is told of first (igmpv3_add_delrec()).
  auto& members = stack.live.get().groups.members;
  const auto left = members.begin() + (member - members.data());
  std::rotate(left, left + 1, members.end());
  if (up) return change(step, stack, dev);
  std::erase_if(stack.live.get().groups.members,
                [](const GroupMember& m) { return m.users == 0 && m.reports == 0; });
}

// ip_mc_down(), ip_mc_up().
void groups_follow_link(Step& step, Stack& stack, IfIndex dev, bool up) {
  Live* live = stack.live.peek();
  if (live == nullptr) return;
  bool any = false;
  for (GroupMember& m : live->groups.members) {
    if (m.dev != dev) continue;
    m.reports = up && m.users > 0 ? kRobustness : 0;
    any = any || m.reports > 0;
  }
  if (any) return change(step, stack, dev);
  std::erase_if(live->groups.members,
                [](const GroupMember& m) { return m.users == 0 && m.reports == 0; });
  if (dev.value <= live->groups.reports.size()) {
    live->groups.reports[dev.value - 1U].left = 0;
    live->groups.reports[dev.value - 1U].timer.cancel();
  }
}

// igmp_ifc_timer_expire().
void groups_on_timer(Step& step, Stack& stack, Ports& ports, std::uint32_t id) {
  const IfIndex dev(static_cast<std::uint16_t>(id & ~kGroupTimers));
  Groups& groups = stack.live.get().groups;
  if (dev.value > groups.reports.size()) return;
  GroupReports& reports = groups.reports[dev.value - 1U];
  if (!reports.timer.due(step.timers(), step.now(), TimerKind::kIp, id)) return;
  const IgmpReport report = due_records(groups, dev);
  if (!report.records.empty()) send_report(step, stack, ports, dev, report);
  if (reports.left == 0) return;
  --reports.left;
  const int interval = conf(stack, dev, ConfKey::kIgmpv3UnsolicitedReportInterval);
  start_timer(step, stack, dev, static_cast<std::uint32_t>(interval));
}

}  // namespace lvslab::ip
