#include "sim/lab/expect.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/lab/show.h"
#include "sim/scenario/check.h"
#include "sim/scenario/units.h"
#include "sim/trace/packet_filter.h"
#include "sim/wire/summary.h"

namespace lvslab::lab {
namespace {

using scenario::Direction;
using scenario::Text;

/// So many lines tell what was seen instead.
constexpr std::size_t kSeenLines = 12;

/// What a tool printed is the same in every language.
Text verbatim(std::string text) { return {std::move(text), {}}; }

std::vector<Text> first_lines(std::string_view text) {
  std::vector<Text> lines;
  while (!text.empty()) {
    if (lines.size() == kSeenLines) {
      const auto more = std::ranges::count(text, '\n');
      lines.push_back(
          {fmt::format("... ({} more lines)", more), fmt::format("……（另有 {} 行）", more)});
      break;
    }
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(verbatim(std::string(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (lines.empty()) lines.push_back({"(nothing)", "（无）"});
  return lines;
}

std::optional<NodeId> find_node(const Trace& trace, std::string_view name) {
  for (std::size_t i = 0; i < trace.nodes().size(); ++i) {
    if (trace.nodes()[i].name == name) return NodeId(static_cast<std::uint32_t>(i));
  }
  return std::nullopt;
}

Text in_bounds(const scenario::CountBounds& bounds) {
  if (bounds.count) {
    return {fmt::format("exactly {}", *bounds.count), fmt::format("恰好 {}", *bounds.count)};
  }
  if (bounds.at_least && bounds.at_most) {
    return {fmt::format("{} to {}", *bounds.at_least, *bounds.at_most),
            fmt::format("{} 到 {}", *bounds.at_least, *bounds.at_most)};
  }
  if (bounds.at_least) {
    return {fmt::format("at least {}", *bounds.at_least), fmt::format("至少 {}", *bounds.at_least)};
  }
  const std::uint64_t most = bounds.at_most.value_or(0);
  return {fmt::format("at most {}", most), fmt::format("至多 {}", most)};
}

/// "3 packets into node02/eth0 that match 'arp'".
Text described(const scenario::PacketExpectation& expect) {
  const bool in = expect.direction == Direction::kIn, out = expect.direction == Direction::kOut;
  const Text count = in_bounds(expect.bounds);
  const std::string at = expect.at.to_string();
  Text text{fmt::format("{} packets {} {}", count.en,
                        in    ? "into"
                        : out ? "out of"
                              : "at",
                        at),
            fmt::format("{}{}报文{} 个", at,
                        in    ? " 收到的"
                        : out ? " 发出的"
                              : " 处的",
                        count.zh)};
  if (expect.filter.empty()) return text;
  text.en += fmt::format(" that match '{}'", expect.filter);
  text.zh += fmt::format("（过滤条件“{}”）", expect.filter);
  return text;
}

/// "`ip neigh` on node01 at 10s".
Text described(const scenario::TableExpectation& expect) {
  const std::string_view tool = tool_of(expect.table);
  Text text{fmt::format("`{}` on {}", tool, expect.host),
            fmt::format("{} 上的 `{}`", expect.host, tool)};
  if (!expect.at) return text;
  const std::string at = scenario::duration_to_text({expect.at->ns});
  text.en += " at " + at;
  text.zh += fmt::format("（时刻 {}）", at);
  return text;
}

/// "at least 1 times the reason 'arp-ignored' on node02".
Text described(const scenario::ReasonExpectation& expect) {
  const Text count = in_bounds(expect.bounds);
  Text text{fmt::format("{} times the reason '{}'", count.en, expect.code),
            fmt::format("原因“{}”出现 {} 次", expect.code, count.zh)};
  if (expect.host.empty()) return text;
  text.en += " on " + expect.host;
  text.zh = fmt::format("{} 上", expect.host) + text.zh;
  return text;
}

// --- one kind each -------------------------------------------------------------------------------

void judge(const Session& session, const scenario::PacketExpectation& expect, Finding& finding) {
  finding.what = described(expect);
  const auto packets = matching_packets(session.trace(), expect);
  if (!packets) {
    finding.unmet.push_back(verbatim(packets.error().message));
    return;
  }
  const Text unmet = scenario::unmet(expect.bounds, packets->size());
  if (unmet.empty()) return;
  finding.unmet.push_back(unmet);
  for (const RecordId packet : *packets) {
    if (finding.seen.size() == kSeenLines) {
      const std::size_t more = packets->size() - kSeenLines;
      finding.seen.push_back(
          {fmt::format("... ({} more)", more), fmt::format("……（另有 {} 个）", more)});
      break;
    }
    finding.seen.push_back(verbatim(packet_line(session.trace(), packet)));
  }
}

void judge(Session& session, std::size_t index, const scenario::TableExpectation& expect,
           Finding& finding) {
  finding.what = described(expect);
  HostTables tables;
  if (expect.at) {
    const auto kept = session.kept_tables().find(index);
    if (kept == session.kept_tables().end()) {
      const std::string end = scenario::duration_to_text({session.now().ns});
      finding.unmet.push_back(
          {"the run ended before, at " + end, fmt::format("运行在此之前（{}）已结束", end)});
      return;
    }
    tables = kept->second;
  } else {
    auto now = session.tables(expect.host);
    if (!now) {
      finding.unmet.push_back(verbatim(now.error().message));
      return;
    }
    tables = *std::move(now);
  }
  const std::string listing = render_table(expect.table, tables);
  finding.unmet = scenario::unmet(expect, listing);
  if (!finding.unmet.empty()) finding.seen = first_lines(listing);
}

void judge(Session& session, const scenario::ReasonExpectation& expect, Finding& finding) {
  finding.what = described(expect);
  const std::optional<Reason> reason = reason_by_name(expect.code);
  if (!reason) {
    finding.unmet.push_back({fmt::format("there is no reason '{}'", expect.code),
                             fmt::format("没有名为“{}”的原因", expect.code)});
    return;
  }
  finding.checked = session.backend().capabilities().reasons;
  if (!finding.checked) return;
  const Trace& trace = session.trace();
  std::uint64_t seen = 0;
  for (const TraceRecord& record : trace.records()) {
    if (record.reason != *reason) continue;
    if (!expect.host.empty() && trace.node(record.node).name != expect.host) continue;
    ++seen;
  }
  const Text unmet = scenario::unmet(expect.bounds, seen);
  if (!unmet.empty()) finding.unmet.push_back(unmet);
}

// --- the output of timeline items ----------------------------------------------------------------

std::optional<Finding> judge_item(const Session& session, std::size_t item) {
  const auto& of = session.scenario().timeline[item];
  const auto* run = std::get_if<scenario::Run>(&of.action);
  if (run == nullptr || !run->expect) return std::nullopt;
  Finding finding;
  finding.where = session.scenario().location(run->expect->where);
  finding.why = run->expect->why;
  const std::string& line = run->lines.front().text;
  finding.what = {fmt::format("the output of `{}` on {}", line, run->host),
                  fmt::format("{} 上 `{}` 的输出", run->host, line)};
  std::string output;
  int status = 0;
  std::size_t done = 0;
  for (const Entry& entry : session.entries()) {
    if (entry.origin != Entry::Origin::kTimeline || entry.item != item) continue;
    output += entry.output;
    status = entry.status;
    done += entry.done ? 1U : 0U;
    if (entry.unfinished) {
      const std::string limit = scenario::duration_to_text(kLongestCommand);
      finding.unmet.push_back(
          {fmt::format("`{}` did not end within {} and was interrupted", entry.text, limit),
           fmt::format("`{}` 在 {} 内没有结束，已被中断", entry.text, limit)});
    }
  }
  if (done < run->lines.size()) {
    finding.unmet.push_back({"the run ended before this was done", "运行在命令完成之前已结束"});
  }
  for (Text& sentence : scenario::unmet(*run->expect, output, status)) {
    finding.unmet.push_back(std::move(sentence));
  }
  // An exact comparison already quotes the whole output.
  if (!finding.unmet.empty() && !run->expect->output) finding.seen = first_lines(output);
  return finding;
}

}  // namespace

std::vector<Finding> evaluate(Session& session) {
  std::vector<Finding> findings;
  const scenario::Scenario& scenario = session.scenario();
  for (std::size_t item = 0; item < scenario.timeline.size(); ++item) {
    if (auto finding = judge_item(session, item)) findings.push_back(*std::move(finding));
  }
  for (std::size_t i = 0; i < scenario.expectations.size(); ++i) {
    const scenario::Expectation& expect = scenario.expectations[i];
    Finding finding;
    finding.where = scenario.location(expect.where);
    finding.why = expect.why;
    if (const auto* packets = std::get_if<scenario::PacketExpectation>(&expect.check)) {
      judge(session, *packets, finding);
    } else if (const auto* table = std::get_if<scenario::TableExpectation>(&expect.check)) {
      judge(session, i, *table, finding);
    } else if (const auto* reason = std::get_if<scenario::ReasonExpectation>(&expect.check)) {
      judge(session, *reason, finding);
    }
    findings.push_back(std::move(finding));
  }
  for (Finding& finding : findings) finding.passed = finding.unmet.empty();
  return findings;
}

Result<std::vector<RecordId>> matching_packets(const Trace& trace,
                                               const scenario::PacketExpectation& expect) {
  const auto filter = PacketFilter::compile(expect.filter);
  if (!filter) return std::unexpected(filter.error());
  const auto node = find_node(trace, expect.at.host);
  if (!node) return fail("there is no host '" + expect.at.host + "'");
  const auto& devices = trace.node(*node).devices;
  const auto dev = std::ranges::find_if(
      devices, [&](const LinkRow& row) { return row.name.view() == expect.at.nic; });
  if (dev == devices.end()) return fail("there is no interface '" + expect.at.to_string() + "'");

  // A frame on lo is sent and received by the same interface; as tcpdump does, it is counted once.
  Direction direction = expect.direction;
  if (direction == Direction::kAny && dev->loopback) direction = Direction::kIn;
  std::vector<RecordId> found;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const TraceRecord& record = trace.records()[i];
    const bool in = record.kind == RecordKind::kFrameReceived;
    const bool out = record.kind == RecordKind::kFrameSent;
    if (!(in && direction != Direction::kOut) && !(out && direction != Direction::kIn)) continue;
    if (record.node != *node || record.dev != dev->dev || record.at < expect.from) continue;
    if (expect.until && record.at > *expect.until) break;
    if (!filter->matches(trace.frame(record.frame))) continue;
    found.emplace_back(static_cast<std::uint32_t>(i));
  }
  return found;
}

std::string packet_line(const Trace& trace, RecordId record) {
  const TraceRecord& of = trace[record];
  TcpSequenceTracker tracker;
  return fmt::format("{}.{:06d} {} {} {}", of.at.ns / 1'000'000'000, of.at.ns / 1'000 % 1'000'000,
                     trace.dev_name(of.node, of.dev),
                     of.kind == RecordKind::kFrameSent ? "Out" : "In ",
                     tcpdump_line(trace.frame(of.frame), {}, tracker));
}

}  // namespace lvslab::lab
