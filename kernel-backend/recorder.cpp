#include "kernel-backend/recorder.h"

#include <algorithm>

#include "sim/base/digest.h"

namespace lvslab::kernel {
namespace {

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::uint64_t hash_of(std::string_view bytes) {
  Digest digest;
  digest.add(as_bytes(bytes));
  return digest.value();
}

}  // namespace

void Recorder::begin(const scenario::Scenario& scenario, Trace* trace) {
  *this = {};
  trace_ = trace;
  if (trace == nullptr) return;
  for (const scenario::Host& host : scenario.hosts) {
    TraceNode node{.name = host.name, .is_switch = false, .devices = {}};
    node.devices.push_back({.dev = kLoopback, .name = "lo", .mtu = 65536, .loopback = true});
    for (std::size_t n = 0; n < host.nics.size(); ++n) {
      const scenario::Nic& nic = host.nics[n];
      node.devices.push_back({.dev = IfIndex(static_cast<std::uint16_t>(n + 2)),
                              .name = ShortName(nic.name),
                              .mac = nic.mac,
                              .mtu = nic.link.mtu});
    }
    trace->add_node(std::move(node));
  }
  for (const scenario::Switch& one : scenario.switches) {
    trace->add_node({.name = one.name, .is_switch = true, .devices = {}});
  }
}

void Recorder::frame(CapturedFrame frame) {
  TraceRecord record;
  record.at = {frame.at_ns};
  record.node = NodeId(frame.host);
  record.dev = IfIndex(static_cast<std::uint16_t>(frame.dev));
  record.kind = frame.outgoing ? RecordKind::kFrameSent : RecordKind::kFrameReceived;
  pending_.push_back({record, std::move(frame.bytes)});
}

void Recorder::text(RecordKind kind, std::int64_t at_ns, std::uint32_t host, RecordId cause,
                    std::string text, std::array<std::uint32_t, 3> args) {
  TraceRecord record;
  record.at = {at_ns};
  record.node = NodeId(host);
  record.cause = cause;
  record.args = args;
  record.kind = kind;
  pending_.push_back({record, std::move(text)});
}

void Recorder::row(std::int64_t at_ns, std::uint32_t host, RowChange change) {
  static constexpr RecordKind kKinds[] = {RecordKind::kRowAdded, RecordKind::kRowChanged,
                                          RecordKind::kRowRemoved};
  TraceRecord record;
  record.at = {at_ns};
  record.node = NodeId(host);
  record.kind = kKinds[static_cast<std::size_t>(change.event)];
  pending_.push_back({record, {}, std::move(change.row)});
}

void Recorder::plain(TraceRecord record) { pending_.push_back({record}); }

SimTime Recorder::flush(SimTime until) {
  std::ranges::stable_sort(pending_, {}, [](const Pending& p) { return p.record.at; });
  const auto end =
      std::ranges::upper_bound(pending_, until, {}, [](const Pending& p) { return p.record.at; });
  for (Pending& p : std::ranges::subrange(pending_.begin(), end)) {
    p.record.at = last_ = std::max(last_, p.record.at);
    if (trace_ == nullptr) continue;
    switch (p.record.kind) {
      case RecordKind::kFrameSent:
      case RecordKind::kFrameReceived: append_frame(p); break;
      case RecordKind::kOutput:
      case RecordKind::kFault:
      case RecordKind::kCommand: p.record.args[0] = trace_->add_text(p.bytes); [[fallthrough]];
      default:
        if (p.row) {
          const auto* link = std::get_if<LinkRow>(&*p.row);
          if (link != nullptr) trace_->add_device(p.record.node, *link);
          p.record.args[0] = trace_->add_row(*std::move(p.row));
        }
        trace_->append(p.record);
        break;
    }
  }
  pending_.erase(pending_.begin(), end);
  return last_;
}

void Recorder::append_frame(Pending& p) {
  const std::uint64_t hash = hash_of(p.bytes);
  if (p.record.kind == RecordKind::kFrameReceived) {
    if (const Sent* sender = sender_of(p, hash)) {
      p.record.cause = sender->record;
      p.record.frame = sender->frame;
      trace_->append(p.record);
      return;
    }
  }
  p.record.frame = trace_->add_frame(as_bytes(p.bytes));
  const RecordId id = trace_->append(p.record);
  if (p.record.kind == RecordKind::kFrameSent) {
    sent_[hash].push_back({id, p.record.frame, p.record.node, p.record.dev, p.record.at});
  }
}

// The n-th arrival of the same bytes at an interface belongs to their n-th departure elsewhere; a
// frame that the cable repeated belongs to the last one.
const Recorder::Sent* Recorder::sender_of(const Pending& p, std::uint64_t hash) {
  const auto all = sent_.find(hash);
  if (all == sent_.end()) return nullptr;
  const bool loops = p.record.dev == kLoopback;
  std::size_t& arrived = received_[{hash, p.record.node, p.record.dev}];
  const Sent* best = nullptr;
  std::size_t seen = 0;
  for (const Sent& sent : all->second) {
    const bool same = sent.node == p.record.node && sent.dev == p.record.dev;
    if (same != loops || sent.at > p.record.at) continue;
    best = &sent;
    if (seen++ == arrived) break;
  }
  ++arrived;
  return best;
}

RecordId Recorder::append_text(RecordKind kind, SimTime at, std::uint32_t host, IfIndex dev,
                               std::string_view text, std::array<std::uint32_t, 3> args) {
  last_ = std::max(last_, at);
  if (trace_ == nullptr) return {};
  TraceRecord record;
  record.at = last_;
  record.node = NodeId(host);
  record.dev = dev;
  record.kind = kind;
  record.args = args;
  record.args[0] = trace_->add_text(text);
  return trace_->append(record);
}

}  // namespace lvslab::kernel
