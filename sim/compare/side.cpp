#include "sim/compare/side.h"

#include <algorithm>

namespace lvslab::compare {

Side::Side(const Recording& recording) : recording_(recording), flows_(recording.trace) {
  const Trace& trace = recording.trace;
  RecordId next{0};
  for (const TraceRecord& r : trace.records()) {
    const RecordId id(next.value++);
    if (r.kind == RecordKind::kFault && r.node.valid() && trace.text(r.args[0]) == "reboot") {
      reboots_[trace.node(r.node).name].push_back(r.at);
    }
    const bool out = r.kind == RecordKind::kFrameSent;
    if ((!out && r.kind != RecordKind::kFrameReceived) || trace.node(r.node).is_switch) continue;
    if (!frames_.contains(r.frame.value)) {
      frames_.emplace(r.frame.value, normalise(flows_, r.frame, r.at, trace.frame(r.frame)));
    }
    const InterfaceName name{trace.node(r.node).name, trace.dev_name(r.node, r.dev)};
    interfaces_[name][flows_.frame(r.frame).conversation].push_back({id, r.frame, r.at, out});
  }
  for (auto& [name, conversations] : interfaces_) {
    for (auto& [conversation, frames] : conversations) {
      std::ranges::stable_sort(frames, {}, &Passing::at);
    }
  }
}

const Conversations& Side::at(const InterfaceName& name) const {
  static const Conversations kNothing;
  const auto found = interfaces_.find(name);
  return found == interfaces_.end() ? kNothing : found->second;
}

SimTime Side::booted(std::string_view host, SimTime at) const {
  SimTime last{};
  const auto found = reboots_.find(host);
  if (found == reboots_.end()) return last;
  for (const SimTime when : found->second) {
    if (when <= at) last = std::max(last, when);
  }
  return last;
}

}  // namespace lvslab::compare
