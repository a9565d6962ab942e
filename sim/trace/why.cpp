#include "sim/trace/why.h"

#include <algorithm>
#include <ranges>
#include <variant>

#include "sim/trace/same_packet.h"

namespace lvslab {
namespace {

/// What the walk knows of a record that belongs to the story.
enum class Place : std::uint8_t {
  kNone,    ///< not part of it
  kBefore,  ///< a cause of the subject
  kAside,
  kSubject,
  kAfter,
  kHome  ///< after; the packet has come home here, so nothing that is sent from now on belongs
};

/// How long after the subject things still belong to its story: an answer, or the error that three
/// unanswered ARP requests end in; beside it, what late hearers of its ARP request say.
constexpr SimDuration kHorizon{10'000'000'000};
constexpr SimDuration kAsideHorizon{2'000'000'000};

bool is_frame(const TraceRecord& r) {
  return (r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived) &&
         r.frame.valid();
}

bool is_row(const TraceRecord& r) {
  return r.kind == RecordKind::kRowAdded || r.kind == RecordKind::kRowChanged ||
         r.kind == RecordKind::kRowRemoved;
}

/// Tables whose changes explain something about a packet's way.
bool telling(const Trace& trace, const TraceRecord& r) {
  const TableRow& row = trace.row(r.args[0]);
  if (std::holds_alternative<NeighRow>(row)) return true;
  return std::holds_alternative<IpvsConnRow>(row) && r.kind == RecordKind::kRowAdded;
}

class Walk {
 public:
  Walk(const Trace& trace, RecordId subject)
      : trace_(trace), subject_(subject), first_(subject.value) {
    for (RecordId at = subject; at.valid(); at = led_.back().cause) {
      before_.push_back(at);
      led_.push_back(trace[at]);
      first_ = at.value;
    }
    std::ranges::reverse(before_);
    std::ranges::reverse(led_);
    subject_at_ = led_.back().at;
    places_.assign(trace.size() - first_, Place::kNone);
    for (const RecordId id : before_) place(id) = Place::kBefore;
    place(subject) = Place::kSubject;
    seeks_ = is_frame(trace[subject]) && seeks_neighbour(trace.frame(trace[subject].frame));
    find_origin();
  }

  std::vector<WhyStep> steps() {
    std::vector<WhyStep> out;
    // One record after the other: to unpack each by its number would cost many times as much.
    std::uint32_t next = first_;
    for (const TraceRecord& r : trace_.records().subspan(first_)) {
      if (r.at - subject_at_ > std::max(kHorizon, kAsideHorizon)) break;
      const RecordId id(next++);
      if (place(id) == Place::kNone) place(id) = classify(r);
      switch (place(id)) {
        case Place::kNone: break;
        case Place::kBefore: out.push_back({id, WhyRole::kBefore}); break;
        case Place::kAside: out.push_back({id, WhyRole::kAside}); break;
        case Place::kSubject: out.push_back({id, WhyRole::kSubject}); break;
        case Place::kAfter:
        case Place::kHome: out.push_back({id, WhyRole::kAfter}); break;
      }
    }
    return out;
  }

 private:
  Place& place(RecordId id) { return places_[id.value - first_]; }

  // The host from which the packet set out: the first sender of this IP packet on the way here; for
  // a decision, the sender of the frame that it is about.
  void find_origin() {
    origin_ = trace_[subject_].node;
    FrameId& frame = first_frame_;
    if (is_frame(trace_[subject_])) frame = trace_[subject_].frame;
    for (const auto id : before_ | std::views::reverse) {
      const TraceRecord& r = trace_[id];
      if (r.kind != RecordKind::kFrameSent || !is_frame(r)) continue;
      const bool same = !frame.valid() || r.frame == frame ||
                        same_packet(trace_.frame(r.frame), trace_.frame(frame));
      if (!same) continue;
      frame = r.frame;
      if (!trace_.node(r.node).is_switch) origin_ = r.node;
    }
  }

  Place classify(const TraceRecord& r) {
    if (!r.cause.valid() || r.cause.value < first_) return Place::kNone;
    const Place cause = place(r.cause);
    const SimDuration later = r.at - subject_at_;
    const bool on_way = cause == Place::kSubject || cause == Place::kAfter || cause == Place::kHome;
    if (later > (on_way ? kHorizon : kAsideHorizon)) return Place::kNone;
    switch (cause) {
      case Place::kNone: return Place::kNone;
      case Place::kBefore:
        if (is_other_undertaking(r)) return Place::kNone;
        return beside(r) ? Place::kAside : Place::kNone;
      case Place::kAside: return beside(r) ? Place::kAside : Place::kNone;
      case Place::kSubject:
      case Place::kAfter: return beyond(r);
      case Place::kHome: return at_home(r) ? Place::kHome : Place::kNone;
    }
    return Place::kNone;
  }

  // What a command did at other times than the one that led here, as the other connections of a
  // loop: each is a story of its own.
  bool is_other_undertaking(const TraceRecord& r) const {
    const auto found = std::ranges::lower_bound(before_, r.cause.value, {}, &RecordId::value);
    const auto cause = led_.begin() + (found - before_.begin());
    if (cause->kind != RecordKind::kCommand) return false;
    return cause + 1 == led_.end() || (cause + 1)->at != r.at;
  }

  // Beside the way: what others decided about its frames, and whole ARP exchanges.
  bool beside(const TraceRecord& r) const {
    if (is_row(r)) return telling(trace_, r);
    switch (r.kind) {
      case RecordKind::kDecision:
      case RecordKind::kFrameDropped:
      case RecordKind::kFrameReceived: return true;
      case RecordKind::kFrameSent:
        return is_frame(r) &&
               (seeks_neighbour(trace_.frame(r.frame)) || trace_.node(r.node).is_switch);
      default: return false;
    }
  }

  Place beyond(const TraceRecord& r) const {
    if (is_row(r)) return telling(trace_, r) ? Place::kAfter : Place::kNone;
    switch (r.kind) {
      case RecordKind::kDecision:
      case RecordKind::kFrameDropped:
      case RecordKind::kFrameSent: return Place::kAfter;
      case RecordKind::kFrameReceived: return comes_home(r) ? Place::kHome : Place::kAfter;
      default: return Place::kNone;
    }
  }

  // Something came back to the origin: not the packet itself, which lo brings back at once.
  bool comes_home(const TraceRecord& r) const {
    if (r.node != origin_ || !is_frame(r)) return false;
    const Bytes frame = trace_.frame(r.frame);
    if (first_frame_.valid() && same_packet(trace_.frame(first_frame_), frame)) return false;
    return seeks_ || is_ip_packet(frame);
  }

  bool at_home(const TraceRecord& r) const {
    if (is_row(r)) return telling(trace_, r);
    return r.kind == RecordKind::kDecision || r.kind == RecordKind::kFrameDropped;
  }

  const Trace& trace_;
  RecordId subject_;
  std::uint32_t first_;
  std::vector<TraceRecord> led_;  ///< the records of before_
  SimTime subject_at_;
  std::vector<RecordId> before_;  ///< the beginning first, the subject last
  std::vector<Place> places_;     ///< by record - first_
  NodeId origin_;                 ///< the host from which the packet set out, and its frame there
  FrameId first_frame_;
  bool seeks_ = false;
};

}  // namespace

std::vector<WhyStep> why(const Trace& trace, RecordId id) {
  if (!id.valid() || id.value >= trace.size()) return {};
  return Walk(trace, id).steps();
}

std::vector<EffectStep> follow(const Trace& trace, RecordId id, std::size_t limit) {
  if (!id.valid() || id.value >= trace.size() || limit == 0) return {};
  // Effects come after their causes, so one pass finds all; then preorder over sibling lists.
  struct Node {
    RecordId record;
    std::uint32_t depth = 0, child = 0, last_child = 0, sibling = 0;  // 0: none
  };
  std::vector<Node> nodes{{.record = id}};
  std::vector<std::uint32_t> index(trace.size() - id.value, 0);  // 0: not an effect
  for (std::uint32_t i = id.value + 1; i < trace.size() && nodes.size() < limit; ++i) {
    const RecordId cause = trace[RecordId(i)].cause;
    if (!cause.valid() || cause.value < id.value) continue;
    const std::uint32_t parent = index[cause.value - id.value];
    if (parent == 0 && cause != id) continue;
    const auto self = static_cast<std::uint32_t>(nodes.size());
    index[i - id.value] = self;
    nodes.push_back({.record = RecordId(i), .depth = nodes[parent].depth + 1});
    if (nodes[parent].child == 0) {
      nodes[parent].child = self;
    } else {
      nodes[nodes[parent].last_child].sibling = self;
    }
    nodes[parent].last_child = self;
  }
  std::vector<EffectStep> out;
  std::vector<std::uint32_t> open{0};
  while (!open.empty()) {
    const Node& node = nodes[open.back()];
    open.pop_back();
    out.push_back({node.record, node.depth});
    if (node.sibling != 0) open.push_back(node.sibling);
    if (node.child != 0) open.push_back(node.child);
  }
  return out;
}

RecordId find_moment(const Trace& trace, NodeId node, SimTime at) {
  RecordId found;
  for (std::uint32_t i = 0; i < trace.size(); ++i) {
    const TraceRecord& r = trace[RecordId(i)];
    if (r.at > at) break;
    const bool asks =
        is_frame(r) || r.kind == RecordKind::kDecision || r.kind == RecordKind::kFrameDropped;
    if (r.node == node && asks) found = RecordId(i);
  }
  return found;
}

}  // namespace lvslab
