#include "sim/trace/vrrp_history.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "sim/wire/ethernet.h"
#include "sim/wire/igmp.h"
#include "sim/wire/vrrp.h"

namespace lvslab {
namespace {

constexpr Ipv4Addr kVrrpGroup{0xe000'0012};  // 224.0.0.18

/// An IPv4 packet in a frame, without its Ethernet header; empty for anything else.
Bytes packet_in(Bytes frame) {
  const auto ethernet = EthernetRepr::parse(frame);
  if (!ethernet || ethernet->ethertype != EtherType::kIpv4) return {};
  return frame.subspan(EthernetRepr::kLength);
}

SimDuration interval_of(const VrrpRepr& advert) {
  const std::int64_t unit_ns = advert.version == 3 ? 10'000'000 : 1'000'000'000;
  return {advert.advert_int * unit_ns};
}

/// What a decision says of the state; kUnknown if nothing.
VrrpPhase phase_after(Reason reason) {
  switch (reason) {
    case Reason::kVrrpStartsAsBackup:
    case Reason::kVrrpMasterAlive:
    case Reason::kVrrpNoPreempt:
    case Reason::kVrrpPreemptDelayed:
    case Reason::kVrrpLowerIgnored:
    case Reason::kVrrpMasterLeaves:
    case Reason::kVrrpYields:
    case Reason::kVrrpRecovered: return VrrpPhase::kBackup;
    case Reason::kVrrpOwnerStarts:
    case Reason::kVrrpMasterDown:
    case Reason::kVrrpInsists: return VrrpPhase::kMaster;
    case Reason::kVrrpFault: return VrrpPhase::kFault;
    case Reason::kVrrpStops: return VrrpPhase::kStopped;
    default: return VrrpPhase::kUnknown;
  }
}

/// Decisions about an advert: its sender, its priority, one's own.
bool is_about_an_advert(Reason reason) {
  return reason == Reason::kVrrpMasterAlive || reason == Reason::kVrrpNoPreempt ||
         reason == Reason::kVrrpPreemptDelayed || reason == Reason::kVrrpLowerIgnored ||
         reason == Reason::kVrrpYields || reason == Reason::kVrrpInsists;
}

}  // namespace

std::uint8_t vrrp_router_in(Bytes frame) {
  const Bytes packet = packet_in(frame);
  const auto ip = Ipv4Repr::parse(packet);
  if (!ip || ip->protocol != IpProto::kVrrp) return 0;
  const auto advert = VrrpRepr::parse(ipv4_payload(packet, *ip));
  return advert ? advert->vrid : 0;
}

void VrrpHistory::advance(const Trace& trace) {
  for (; end_ < trace.size(); ++end_) {
    const TraceRecord& r = trace[RecordId(end_)];
    if (!r.node.valid() || trace.node(r.node).is_switch) continue;
    switch (r.kind) {
      case RecordKind::kFrameSent:
      case RecordKind::kFrameReceived: on_frame(trace, r); break;
      case RecordKind::kDecision: on_decision(trace, r); break;
      case RecordKind::kFault: on_fault(trace, r); break;
      default: break;
    }
  }
}

void VrrpHistory::cut(std::uint32_t end) {
  if (end >= end_) return;
  for (Line& line : lines_) {
    while (!line.empty() && line.back().from >= end) line.pop_back();
  }
  std::erase_if(lines_, [](const Line& line) { return line.empty(); });
  std::erase_if(members_, [&](const Member& m) { return m.since >= end; });
  for (Member& m : members_) {
    if (m.until >= end) m.until = UINT32_MAX;
  }
  end_ = end;
}

std::vector<VrrpRow> VrrpHistory::at(std::uint32_t position, SimTime now) const {
  std::vector<VrrpRow> rows;
  for (const Line& line : lines_) {
    const auto after = std::ranges::lower_bound(line, position, {}, &Version::from);
    if (after == line.begin()) continue;
    VrrpRow row = (after - 1)->row;
    // Three adverts and the skew time of the lowest priority.
    const bool silent = now - row.sent_at > row.interval * 4;
    if (!row.decided && row.phase == VrrpPhase::kMaster && silent) row.phase = VrrpPhase::kUnknown;
    rows.push_back(row);
  }
  std::ranges::sort(rows, {}, [](const VrrpRow& r) { return std::tuple(r.node, r.dev, r.vrid); });
  return rows;
}

// --- rows ----------------------------------------------------------------------------------------

VrrpRow* VrrpHistory::find(NodeId node, std::uint8_t vrid) {
  for (Line& line : lines_) {
    VrrpRow& row = line.back().row;
    if (row.node == node && row.vrid == vrid) return &row;
  }
  return nullptr;
}

/// The newest version of a row for writing: what it was up to now is kept.
VrrpRow& VrrpHistory::open(const TraceRecord& record, std::uint8_t vrid) {
  for (Line& line : lines_) {
    if (line.back().row.node != record.node || line.back().row.vrid != vrid) continue;
    if (line.back().from != end_) line.push_back({end_, line.back().row});
    return line.back().row;
  }
  VrrpRow row;
  row.node = record.node;
  row.vrid = vrid;
  lines_.push_back({{end_, row}});
  return lines_.back().back().row;
}

VrrpHistory::Member* VrrpHistory::member(NodeId node, IfIndex dev) {
  const auto found = std::ranges::find_if(members_, [&](const Member& m) {
    return m.node == node && m.dev == dev && m.until == UINT32_MAX;
  });
  return found == members_.end() ? nullptr : &*found;
}

void VrrpHistory::stop(NodeId node, IfIndex dev) {
  for (Member& m : members_) {
    if (m.node == node && (!dev.valid() || m.dev == dev)) m.until = std::min(m.until, end_);
  }
  for (Line& line : lines_) {
    const VrrpRow& row = line.back().row;
    if (row.node != node || (dev.valid() && row.dev != dev)) continue;
    if (row.phase == VrrpPhase::kStopped) continue;
    if (line.back().from != end_) line.push_back({end_, row});
    line.back().row.phase = VrrpPhase::kStopped;
    line.back().row.master = {};
  }
}

std::uint32_t VrrpHistory::list_of(const std::vector<Ipv4Addr>& addresses) {
  const auto found = std::ranges::find(address_lists_, addresses);
  const auto index = static_cast<std::uint32_t>(found - address_lists_.begin());
  if (found == address_lists_.end()) address_lists_.push_back(addresses);
  return index;
}

// --- records -------------------------------------------------------------------------------------

void VrrpHistory::on_decision(const Trace& trace, const TraceRecord& r) {
  const VrrpPhase phase = phase_after(r.reason);
  if (phase == VrrpPhase::kUnknown && r.reason != Reason::kVrrpPriority) return;
  const bool about_advert = is_about_an_advert(r.reason);
  std::uint8_t vrid = static_cast<std::uint8_t>(r.args[0]);
  if (about_advert) vrid = r.frame.valid() ? vrrp_router_in(trace.frame(r.frame)) : 0;
  if (r.reason == Reason::kVrrpMasterLeaves) vrid = static_cast<std::uint8_t>(r.args[1]);
  if (vrid == 0) return;
  VrrpRow& row = open(r, vrid);
  row.decided = true;
  if (r.reason == Reason::kVrrpPriority) {
    if (row.base_priority == 0 || row.phase == VrrpPhase::kStopped) {
      row.base_priority = static_cast<std::uint8_t>(r.args[1]);
      row.started_at = r.at;
    }
    row.priority = static_cast<std::uint8_t>(r.args[2]);
    return;
  }
  row.phase = phase;
  if (about_advert) {
    row.priority = static_cast<std::uint8_t>(r.args[2]);
    if (r.reason != Reason::kVrrpInsists) row.master = Ipv4Addr(r.args[0]);
  }
  const bool starts =
      r.reason == Reason::kVrrpStartsAsBackup || r.reason == Reason::kVrrpOwnerStarts;
  if (starts || r.reason == Reason::kVrrpMasterDown) {
    row.priority = static_cast<std::uint8_t>(r.args[1]);
  }
  // What is tracked has been weighed at this very moment, before the router starts.
  if (starts && row.started_at != r.at) row.base_priority = row.priority;
  if (starts) row.started_at = r.at;
  if (starts || phase == VrrpPhase::kFault || phase == VrrpPhase::kStopped) row.master = {};
}

void VrrpHistory::on_frame(const Trace& trace, const TraceRecord& r) {
  if (!r.frame.valid()) return;
  const Bytes packet = packet_in(trace.frame(r.frame));
  // Most frames are neither: look at one byte before reading a header.
  if (packet.size() < Ipv4Repr::kLength) return;
  const auto protocol = IpProto{packet[9]};
  if (protocol != IpProto::kVrrp && protocol != IpProto::kIgmp) return;
  const auto ip = Ipv4Repr::parse(packet);
  if (!ip) return;
  const Bytes message = ipv4_payload(packet, *ip);
  if (protocol == IpProto::kVrrp) {
    on_advert(r, ip->src, message);
  } else if (r.kind == RecordKind::kFrameSent) {
    on_report(r, message);
  }
}

void VrrpHistory::on_advert(const TraceRecord& r, Ipv4Addr from, Bytes message) {
  const auto advert = VrrpRepr::parse(message);
  if (!advert) return;
  const bool sends = r.kind == RecordKind::kFrameSent;
  if (!sends && member(r.node, r.dev) == nullptr && find(r.node, advert->vrid) == nullptr) return;
  VrrpRow& row = open(r, advert->vrid);
  row.dev = r.dev;
  ++(sends ? row.sent : row.heard);
  if (sends || row.address_list == 0) row.address_list = list_of(advert->addresses);
  if (sends) {
    row.source = from;
    row.sent_at = r.at;
    row.interval = interval_of(*advert);
    if (advert->priority == 0) return;  // its last word: a decision, or silence, says the rest
    row.phase = VrrpPhase::kMaster;
    row.priority = advert->priority;
    row.master = from;
  } else if (!row.decided && row.phase != VrrpPhase::kStopped && advert->priority != 0) {
    const bool lower = row.phase == VrrpPhase::kMaster && advert->priority <= row.priority;
    if (lower) return;
    row.phase = VrrpPhase::kBackup;
    row.master = from;
  }
}

void VrrpHistory::on_report(const TraceRecord& r, Bytes message) {
  const auto report = IgmpReport::parse(message);
  if (!report) return;
  for (const IgmpRecord& record : report->records) {
    if (record.group != kVrrpGroup) continue;
    if (record.type == IgmpRecord::kToInclude) {
      stop(r.node, r.dev);
    } else if (record.type == IgmpRecord::kToExclude && member(r.node, r.dev) == nullptr) {
      members_.push_back({r.node, r.dev, end_});
    }
  }
}

void VrrpHistory::on_fault(const Trace& trace, const TraceRecord& r) {
  const std::string_view text = trace.text(r.args[0]);
  if (text != "crash" && text != "reboot" && text != "power-off") return;
  stop(r.node, {});
}

}  // namespace lvslab
