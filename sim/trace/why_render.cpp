// The story of a packet as text.
#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <ranges>
#include <variant>

#include "sim/trace/same_packet.h"
#include "sim/trace/text.h"
#include "sim/trace/why.h"

namespace lvslab {
namespace {

/// Of a long way here (a packet late in a connection) only the ends are told, and of a packet that
/// goes in circles only so many rounds.
constexpr std::size_t kFirstHops = 6, kLastHops = 14, kMaxAfterHops = 80;

/// Steps of one event on one node.
struct Hop {
  std::size_t begin = 0, end = 0;
  WhyRole role = WhyRole::kBefore;
  bool overheard = false;  ///< a broadcast that leads to nothing further here
};

enum class Paint { kPlain, kDim, kBold, kSubject, kDrop };

class Story {
 public:
  Story(const Trace& trace, RecordId id, Language language, bool colour)
      : trace_(trace),
        id_(id),
        zh_(language == Language::kZh),
        language_(language),
        colour_(colour),
        describer_(language),
        steps_(why(trace, id)) {}

  std::string text() {
    if (steps_.empty()) return "";
    title();
    split();
    const std::size_t before = count(WhyRole::kBefore) + count(WhyRole::kAside);
    std::size_t told_after = 0;
    std::size_t past = 0;
    std::size_t hidden = 0;
    for (std::size_t i = 0; i < hops_.size(); ++i) {
      const bool is_past = hops_[i].role == WhyRole::kBefore || hops_[i].role == WhyRole::kAside;
      if (is_past) {
        ++past;
        const bool hide =
            before > kFirstHops + kLastHops && past > kFirstHops && past + kLastHops <= before;
        if (hide) {
          ++hidden;
          continue;
        }
        gap(hidden);
      } else if (++told_after > kMaxAfterHops) {
        ++hidden;
        continue;
      }
      hop(i);
    }
    gap(hidden);
    return std::move(out_);
  }

 private:
  std::string_view say(std::string_view en, std::string_view zh) const { return zh_ ? zh : en; }
  auto to() { return std::back_inserter(out_); }

  void paint(Paint how) {
    if (!colour_) return;
    switch (how) {
      case Paint::kPlain: out_ += "\x1b[0m"; return;
      case Paint::kDim: out_ += "\x1b[2m"; return;
      case Paint::kBold: out_ += "\x1b[1m"; return;
      case Paint::kSubject: out_ += "\x1b[1;33m"; return;
      case Paint::kDrop: out_ += "\x1b[31m"; return;
    }
  }
  void put(Paint how, std::string_view text) {
    if (how != Paint::kPlain) paint(how);
    out_ += text;
    if (how != Paint::kPlain) paint(Paint::kPlain);
  }

  std::size_t count(WhyRole role) const {
    std::size_t n = 0;
    for (const Hop& h : hops_) n += h.role == role ? 1 : 0;
    return n;
  }

  void gap(std::size_t& hidden) {
    if (hidden > 0) {
      put(Paint::kDim, zh_ ? fmt::format("\n     …… 省略 {} 步 ……\n", hidden)
                           : fmt::format("\n     ... {} steps left out ...\n", hidden));
    }
    hidden = 0;
  }

  void title() {
    const TraceRecord& r = trace_[id_];
    std::string line;
    if (r.kind == RecordKind::kFrameSent && r.frame.valid()) {
      line = fmt::format("{} {}: {}", say("Packet", "报文"), packet_number(r.frame),
                         describer_.frame_line(trace_, r.frame));
    } else {
      describer_.text(trace_, id_, line);
    }
    put(Paint::kBold, line);
    out_ += '\n';
  }

  void split() {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const TraceRecord& r = trace_[steps_[i].record];
      bool begins = i == 0;
      if (!begins) {
        const TraceRecord& last = trace_[steps_[i - 1].record];
        begins = r.node != last.node || r.at != last.at || r.kind == RecordKind::kFrameReceived ||
                 r.kind == RecordKind::kCommand;
      }
      if (begins) hops_.push_back({i, i, steps_[i].role});
      Hop& hop = hops_.back();
      hop.end = i + 1;
      // A hop is beside the way only if all of it is.
      if (hop.role == WhyRole::kAside) hop.role = steps_[i].role;
    }
    std::erase_if(hops_, [&](Hop& hop) {
      hop.overheard = is_overheard(hop);
      return hop.overheard && hop.end == hop.begin + 1;  // nothing to say of it
    });
  }

  bool is_overheard(const Hop& hop) const {
    const TraceRecord& first = trace_[steps_[hop.begin].record];
    if (first.kind != RecordKind::kFrameReceived || !first.frame.valid()) return false;
    constexpr std::uint8_t kGroup = 1;  // of the first byte: a broadcast or multicast address
    if ((trace_.frame(first.frame)[0] & kGroup) == 0) return false;
    for (std::size_t i = hop.begin; i < hop.end; ++i) {
      if (steps_[i].role == WhyRole::kSubject || steps_[i].role == WhyRole::kBefore) return false;
      if (trace_[steps_[i].record].kind == RecordKind::kFrameSent) return false;
    }
    return true;
  }

  bool is_switch(const TraceRecord& r) const {
    return r.node.valid() && trace_.node(r.node).is_switch;
  }

  void hop(std::size_t index) {
    const Hop& hop = hops_[index];
    const TraceRecord& first = trace_[steps_[hop.begin].record];
    const bool aside = hop.role == WhyRole::kAside || hop.overheard;
    out_ += '\n';
    const std::string_view name =
        first.node.valid() ? std::string_view(trace_.node(first.node).name) : "-";
    std::string head = fmt::format("{:3}  {}", index + 1, name);
    if (is_switch(first)) head += say(" (switch)", "（交换机）");
    if (first.kind == RecordKind::kFrameReceived && first.frame.valid()) {
      head += zh_ ? fmt::format(" 在 {} 收到报文 {}", trace_.dev_name(first.node, first.dev),
                                packet_number(first.frame))
                  : fmt::format(" receives packet {} on {}", packet_number(first.frame),
                                trace_.dev_name(first.node, first.dev));
    }
    put(aside || is_switch(first) ? Paint::kPlain : Paint::kBold, head);
    std::string tail = fmt::format("   {} s", seconds_text(first.at));
    if (aside) tail += say("   (beside the way)", "   （旁支）");
    put(Paint::kDim, tail);
    out_ += '\n';
    std::string ports;  // of a switch: one line for all copies of a flooded frame
    for (std::size_t i = hop.begin; i < hop.end; ++i) {
      const TraceRecord& r = trace_[steps_[i].record];
      if (!is_switch(r) || r.kind != RecordKind::kFrameSent) {
        if (!is_repeated(hop, i)) step(hop, i);
        continue;
      }
      ports += (ports.empty() ? "" : ", ") + trace_.dev_name(r.node, r.dev);
      if (steps_[i].role == WhyRole::kSubject) mark();
    }
    if (!ports.empty()) out_ += fmt::format("     > {}\n", ports);
  }

  // The same decision about the next segment of a burst, or about a packet that was routed before,
  // when its source address was chosen.
  bool is_repeated(const Hop& hop, std::size_t index) const {
    const TraceRecord& r = trace_[steps_[index].record];
    if (r.kind != RecordKind::kDecision || steps_[index].role == WhyRole::kSubject) return false;
    for (std::size_t i = hop.begin; i < index; ++i) {
      const TraceRecord& told = trace_[steps_[i].record];
      if (told.kind == r.kind && told.reason == r.reason && told.args == r.args &&
          told.dev == r.dev) {
        return true;
      }
    }
    return false;
  }

  void step(const Hop& hop, std::size_t index) {
    const WhyStep& step = steps_[index];
    const TraceRecord& r = trace_[step.record];
    const bool subject = step.role == WhyRole::kSubject;
    switch (r.kind) {
      case RecordKind::kFrameReceived:
        if (subject) mark();
        return;
      case RecordKind::kFrameSent: return sent(step.record, subject);
      case RecordKind::kDecision: return reason(r, "- ", subject ? Paint::kSubject : Paint::kPlain);
      case RecordKind::kFrameDropped:
        return reason(r, say("x dropped: ", "x 丢弃："), Paint::kDrop);
      case RecordKind::kCommand:
        put(Paint::kBold, fmt::format("     $ {}", trace_.text(r.args[0])));
        out_ += '\n';
        return;
      case RecordKind::kFault:
        put(Paint::kDrop, fmt::format("     ! {}", trace_.text(r.args[0])));
        out_ += '\n';
        return;
      case RecordKind::kRowAdded:
      case RecordKind::kRowChanged:
      case RecordKind::kRowRemoved: return row(hop, index);
      default: return;
    }
  }

  void mark() {
    put(Paint::kSubject, say("     <== asked about", "     <== 所问"));
    out_ += '\n';
  }

  void reason(const TraceRecord& r, std::string_view bullet, Paint how) {
    out_ += "     ";
    put(how, fmt::format("{}{}", bullet, reason_sentence(trace_, r, language_)));
    put(Paint::kDim, fmt::format("  ({})", info(r.reason).source));
    out_ += '\n';
  }

  std::optional<NeighRow> neigh_row(std::size_t step) const {
    const TraceRecord& r = trace_[steps_[step].record];
    const bool is_row = r.kind == RecordKind::kRowAdded || r.kind == RecordKind::kRowChanged ||
                        r.kind == RecordKind::kRowRemoved;
    if (!is_row) return std::nullopt;
    const TableRow row = trace_.row(r.args[0]);
    const auto* neigh = std::get_if<NeighRow>(&row);
    return neigh != nullptr ? std::optional(*neigh) : std::nullopt;
  }

  // A neighbour that changes twice at one moment (NONE, then INCOMPLETE) is told as it ends up.
  bool changes_again(const Hop& hop, std::size_t index) const {
    const auto row = neigh_row(index);
    for (std::size_t i = index + 1; row && i < hop.end; ++i) {
      const auto later = neigh_row(i);
      if (later && later->dev == row->dev && later->ip == row->ip) return true;
    }
    return false;
  }

  bool came_here(const Hop& hop, std::size_t index) const {
    const auto row = neigh_row(index);
    for (std::size_t i = hop.begin; row && i < index; ++i) {
      const auto earlier = neigh_row(i);
      if (earlier && earlier->dev == row->dev && earlier->ip == row->ip) {
        return trace_[steps_[i].record].kind == RecordKind::kRowAdded;
      }
    }
    return trace_[steps_[index].record].kind == RecordKind::kRowAdded;
  }

  void row(const Hop& hop, std::size_t index) {
    if (changes_again(hop, index)) return;
    const TraceRecord& r = trace_[steps_[index].record];
    const std::string_view sign = r.kind == RecordKind::kRowRemoved ? "-"
                                  : came_here(hop, index)           ? "+"
                                                                    : "~";
    const TableRow& what = trace_.row(r.args[0]);
    put(Paint::kDim,
        fmt::format("       {} {} {}", sign, table_name(what), row_text(trace_, r.node, what)));
    out_ += '\n';
  }

  void sent(RecordId id, bool subject) {
    const TraceRecord& r = trace_[id];
    const std::string dev = trace_.dev_name(r.node, r.dev);
    std::string line = zh_ ? fmt::format("> 从 {} 发出报文 {}", dev, packet_number(r.frame))
                           : fmt::format("> sends packet {} on {}", packet_number(r.frame), dev);
    line += ": " + describer_.frame_line(trace_, r.frame);
    out_ += "     ";
    put(subject ? Paint::kSubject : Paint::kPlain, line);
    if (subject) put(Paint::kSubject, say("  <== asked about", "  <== 所问"));
    out_ += '\n';
    rewritten(id);
  }

  // What this host changed in a packet that it received earlier in the story.
  void rewritten(RecordId id) {
    const TraceRecord& r = trace_[id];
    const Bytes after = trace_.frame(r.frame);
    for (const auto& step : steps_ | std::views::reverse) {
      if (step.record.value >= id.value) continue;
      const TraceRecord& in = trace_[step.record];
      if (in.kind != RecordKind::kFrameReceived || in.node != r.node || !in.frame.valid()) continue;
      const Bytes before = trace_.frame(in.frame);
      if (!same_packet(before, after)) continue;
      for (const Rewrite& change : rewrites(before, after)) {
        fmt::format_to(to(), "       {} {} -> {}\n", field(change.field), change.before,
                       change.after);
      }
      fmt::format_to(to(), "       {}\n",
                     say("IP addresses and ports stay as they were", "IP 地址和端口保持不变"));
      return;
    }
  }

  std::string_view field(Rewrite::Field field) const {
    switch (field) {
      case Rewrite::Field::kDstMac: return say("destination MAC", "目的 MAC");
      case Rewrite::Field::kSrcMac: return say("source MAC", "源 MAC");
      case Rewrite::Field::kTtl: return "TTL";
      case Rewrite::Field::kHopLimit: return say("hop limit", "跳数限制");
    }
    return "";
  }

  const Trace& trace_;
  RecordId id_;
  bool zh_;
  Language language_;
  bool colour_;
  Describer describer_;
  std::vector<WhyStep> steps_;
  std::vector<Hop> hops_;
  std::string out_;
};

}  // namespace

std::string render_why(const Trace& trace, RecordId id, Language language, bool colour) {
  return Story(trace, id, language, colour).text();
}

}  // namespace lvslab
