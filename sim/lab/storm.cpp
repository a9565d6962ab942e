#include "sim/lab/storm.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/wire/summary.h"

namespace lvslab::lab {
namespace {

constexpr SimDuration kSecond{1'000'000'000};

std::string line_of(const Trace& trace, FrameId frame) {
  TcpSequenceTracker tracker;
  return tcpdump_line(trace.frame(frame), {.link_header = true}, tracker);
}

std::string seconds(SimTime at) {
  return fmt::format("{}.{:03d}", at.ns / 1'000'000'000, at.ns / 1'000'000 % 1'000);
}

// The switches that `frame` passed most lately: those of the loop, without the ones that only
// heard it once or twice.
std::vector<std::string> switches_of(const Trace& trace, FrameId frame) {
  std::vector<std::uint32_t> counts(trace.nodes().size());
  std::uint32_t all = 0;
  for (std::size_t i = trace.size(); i-- > 0 && all < kStormRepeats;) {
    const TraceRecord& record = trace.records()[i];
    if (record.kind != RecordKind::kFrameReceived || record.frame != frame) continue;
    if (!trace.node(record.node).is_switch) continue;
    ++counts[record.node.value];
    ++all;
  }
  std::vector<std::string> names;
  for (std::size_t n = 0; n < counts.size(); ++n) {
    if (counts[n] > 2) names.push_back(trace.nodes()[n].name);
  }
  return names;
}

}  // namespace

bool StormWatch::look(const Trace& trace) {
  if (seconds_.size() != trace.nodes().size()) {
    seconds_.resize(trace.nodes().size());
    switches_ =
        static_cast<std::uint32_t>(std::ranges::count(trace.nodes(), true, &TraceNode::is_switch));
  }
  for (; seen_ < trace.size(); ++seen_) {
    const TraceRecord& record = trace.records()[seen_];
    if (record.kind != RecordKind::kFrameReceived || !record.frame.valid()) continue;
    const bool storm = trace.node(record.node).is_switch ? count_at_switch(trace, record)
                                                         : count_at_host(trace, record);
    if (storm) return true;
  }
  return false;
}

bool StormWatch::count_at_switch(const Trace& trace, const TraceRecord& record) {
  if (passes_.size() <= record.frame.value) passes_.resize(record.frame.value + 1);
  const std::uint32_t passes = ++passes_[record.frame.value];
  if (passes <= kStormRepeats * switches_) return false;
  storm_ = {.kind = Storm::Kind::kSwitchLoop,
            .nodes = switches_of(trace, record.frame),
            .frame = line_of(trace, record.frame),
            .at = record.at,
            .seen = passes};
  return true;
}

bool StormWatch::count_at_host(const Trace& trace, const TraceRecord& record) {
  Second& second = seconds_[record.node.value];
  if (record.at - second.begin >= kSecond) second = {record.at, 0};
  if (++second.frames <= kStormFrames) return false;
  storm_ = {.kind = Storm::Kind::kPingPong,
            .nodes = {trace.node(record.node).name},
            .dev = trace.dev_name(record.node, record.dev),
            .frame = line_of(trace, record.frame),
            .at = record.at,
            .seen = second.frames};
  return true;
}

std::string Storm::to_string() const {
  if (kind == Kind::kNone) return {};
  if (kind == Kind::kSwitchLoop) {
    return fmt::format(
        "packet storm at {} s: switches {} form a loop, and one frame passed them {} times (the "
        "limit is {} for each switch): {}",
        seconds(at), fmt::join(nodes, ", "), seen, kStormRepeats, frame);
  }
  return fmt::format(
      "packet storm at {} s: {} received {} frames within one second, the last on {} (the limit is "
      "{}): {}",
      seconds(at), fmt::join(nodes, ", "), seen, dev, kStormFrames, frame);
}

std::string Storm::to_string_zh() const {
  if (kind == Kind::kNone) return {};
  if (kind == Kind::kSwitchLoop) {
    return fmt::format(
        "{} 秒时发生报文风暴：交换机 {} 形成环路，同一帧经过它们 {} 次（每台交换机上限 {}）：{}",
        seconds(at), fmt::join(nodes, "、"), seen, kStormRepeats, frame);
  }
  return fmt::format("{} 秒时发生报文风暴：{} 在一秒内收到 {} 帧，最后一帧在 {} 上（上限 {}）：{}",
                     seconds(at), fmt::join(nodes, "、"), seen, dev, kStormFrames, frame);
}

}  // namespace lvslab::lab
