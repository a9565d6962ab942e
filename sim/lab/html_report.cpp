#include "sim/lab/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/command/shell.h"
#include "sim/lab/html_drawings.h"
#include "sim/lab/html_text.h"
#include "sim/trace/text.h"

namespace lvslab::lab {
namespace {

// Both themes keep 4.5:1 between text and its ground. `lost` and drops have a cross, faults a bolt:
// colour is never the only sign.
constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --paper: #fff; --raised: #f3f4f6; --ink: #1b1f24;
  --muted: #57606a; --line: #d0d5db; --accent: #0b62a8; --good: #00694c; --bad: #b23c00;
  --arp: #855400; --icmp: #5f5780; --tcp: #0060a0; --udp: #006b66; --sctp: #8a2f68;
  --vrrp: #2f6b1f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --raised: #242930; --ink: #e8eaed; --muted: #a7b0ba; --line: #3a414a;
    --accent: #6cb8f0; --good: #4fd0a5; --bad: #ff8a57;
    --arp: #f0b13c; --icmp: #b9b0dc; --tcp: #6cc0f2; --udp: #45cfc2; --sctp: #e8a0cc;
    --vrrp: #93d281; } }
body { background: var(--paper); color: var(--ink); max-width: 1200px; margin: 0 auto;
  padding: 24px;
  font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
h1 { margin: 0 0 4px; font-size: 26px; } h2 { margin: 36px 0 8px; font-size: 19px; }
p { margin: 0 0 10px; white-space: pre-line; } .facts, .more, .source { color: var(--muted); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0;
  border-bottom: 1px solid var(--line); }
td.time, td.host, td.count { white-space: nowrap; font-variant-numeric: tabular-nums;
  padding-right: 24px; color: var(--muted); }
pre { margin: 4px 0; padding: 8px; background: var(--raised); overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
td.rest { width: 100%; }
.held { color: var(--good); } .failed { color: var(--bad); } .verdict { font-weight: 600; }
.scroll { overflow: auto; max-height: 85vh; border: 1px solid var(--line); }
svg { display: block; max-width: 100%; height: auto; } .ladder { max-width: none; }
svg text { fill: var(--ink); font-size: 12px; } svg .name { font-weight: 600; font-size: 13px; }
.topology text, .ladder > .name, .timeline text { text-anchor: middle; }
svg .note, svg .time { fill: var(--muted); }
svg .host { fill: var(--raised); stroke: var(--line); }
svg .switch { fill: var(--paper); stroke: var(--muted); }
svg .cable, svg .axis { stroke: var(--muted); stroke-width: 1.5; }
svg .life { stroke: var(--line); }
.timeline .command line { stroke: var(--accent); stroke-width: 3; }
.timeline .fault text { fill: var(--bad); font-size: 16px; }
.timeline .failover circle { fill: none; stroke: var(--vrrp); stroke-width: 3; }
.ladder .label { text-anchor: middle; font-size: 11px; } .ladder .end { text-anchor: end; }
.ladder .command { fill: var(--accent); } .ladder .drop, .ladder .fault { fill: var(--bad); }
.ladder .lost { stroke-dasharray: 4 4; }
.ladder .arp { --own: var(--arp); } .ladder .icmp { --own: var(--icmp); }
.ladder .tcp { --own: var(--tcp); } .ladder .udp { --own: var(--udp); }
.ladder .sctp { --own: var(--sctp); }
.ladder .vrrp { --own: var(--vrrp); } .ladder .other { --own: var(--muted); }
.ladder g line { stroke: var(--own); stroke-width: 1.5; }
.ladder g polygon, .ladder g text { fill: var(--own); }
@media print { .scroll { max-height: none; overflow: visible; border: 0; }
  .ladder { max-width: 100%; } }
)";

/// The page, section by section.
class Page {
 public:
  explicit Page(const HtmlReport& report)
      : report_(report), scenario_(*report.scenario), trace_(*report.trace) {}

  std::string write() {
    const std::vector<ReportMark> marks = marks_of(trace_);
    head();
    drawing();
    expectations();
    time_line(marks);
    commands();
    ladder();
    decisions();
    lesson();
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  std::string_view say(std::string_view en, std::string_view zh) const {
    return report_.language == Language::kZh ? zh : en;
  }
  template <class... Args>
  std::string format(std::string_view en, std::string_view zh, const Args&... args) const {
    return fmt::vformat(say(en, zh), fmt::make_format_args(args...));
  }
  const std::string& in(const scenario::Text& text) const { return text.in(report_.language); }
  void section(std::string_view en, std::string_view zh) {
    out_ += fmt::format("<h2>{}</h2>\n", html(say(en, zh)));
  }
  std::string host_of(const TraceRecord& r) const {
    return r.node.valid() ? trace_.node(r.node).name : std::string();
  }
  static std::string time_cell(SimTime at) {
    return fmt::format("<td class=\"time\">{}</td>", micros_text(at));
  }

  void head() {
    const std::string title = html(in(scenario_.title));
    out_ += fmt::format(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"{}\">\n<head>\n"
        "<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<title>{} — LVS Lab</title>\n<style>{}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
        say("en", "zh-CN"), title, kStyle, title);
    out_ += fmt::format(
        "<p class=\"facts\">{}</p>\n",
        html(format("{}, on the {}, {} s, {} packets, seed {}",
                    "{}，由{}运行，{} 秒，{} 个报文，种子 {}", scenario_.name, report_.backend,
                    micros_text(report_.end), trace_.frame_count(), scenario_.seed)));
    out_ += html_paragraphs(in(scenario_.summary));
  }

  void drawing() {
    section("Topology", "拓扑");
    out_ += topology_svg(report_);
  }

  // --- what was expected ---

  void expectations() {
    section("Expectations", "预期");
    if (!report_.checked) {
      out_ += fmt::format("<p class=\"facts\">{}</p>\n",
                          html(say("This run was not checked.", "这次运行没有经过检查。")));
      return;
    }
    const auto total = report_.findings.size();
    const auto failed =
        static_cast<std::size_t>(std::ranges::count(report_.findings, false, &Finding::passed));
    out_ += fmt::format(
        "<p class=\"verdict {}\">{}</p>\n", failed == 0 ? "held" : "failed",
        html(failed == 0 ? format("✓ All {} expectations hold.", "✓ 全部 {} 项预期均满足。", total)
                         : format("✕ {} of {} expectations failed.",
                                  "✕ {1} 项预期中有 {0} 项未满足。", failed, total)));
    out_ += "<table>\n";
    for (const Finding& finding : report_.findings) out_ += row_of(finding);
    out_ += "</table>\n";
  }

  std::string row_of(const Finding& finding) const {
    const std::string_view word = !finding.checked ? say("not checked", "未检查")
                                  : finding.passed ? say("holds", "满足")
                                                   : say("failed", "未满足");
    const std::string& why = in(finding.why);
    std::string row =
        fmt::format("<tr><td class=\"{}\">{} {}</td><td>{}<code class=\"source\">{}</code>",
                    finding.passed ? "held" : "failed",
                    !finding.checked ? "–"
                    : finding.passed ? "✓"
                                     : "✕",
                    html(word), why.empty() ? "" : html(why) + "<br/>", html(in(finding.what)));
    for (const scenario::Text& sentence : finding.unmet) {
      row += fmt::format("<p class=\"failed\">{}</p>", html(in(sentence)));
    }
    if (!finding.seen.empty()) {
      row += fmt::format("<p>{}</p><pre>", html(say("What was seen:", "实际看到：")));
      for (const scenario::Text& line : finding.seen) row += html(in(line)) + "\n";
      row += "</pre>";
    }
    return row + "</td></tr>\n";
  }

  // --- what happened ---

  void time_line(const std::vector<ReportMark>& marks) {
    section("Time line", "时间线");
    out_ += timeline_svg(report_, marks);
    out_ += fmt::format("<p class=\"facts\">{}</p>\n",
                        html(say("Bars are commands, bolts are faults, rings are addresses that "
                                 "another host took over.",
                                 "竖条是命令，闪电是故障，圆环表示地址被另一台主机接管。")));
    out_ += "<table>\n";
    for (const ReportMark& mark : marks) {
      if (mark.kind == ReportMark::Kind::kCommand) continue;
      const std::string text = mark.kind == ReportMark::Kind::kFault
                                   ? "⚡ " + mark.text
                                   : "◯ " + format("takes over {}", "接管 {}", mark.text);
      out_ += fmt::format("<tr>{}<td class=\"host\">{}</td><td class=\"rest\">{}</td></tr>\n",
                          time_cell(mark.at), html(trace_.node(mark.node).name), html(text));
    }
    out_ += "</table>\n";
  }

  /// A line that was typed, and what its process printed.
  struct Typed {
    RecordId record;
    std::string output;
    std::uint32_t status = 0;
    bool ended = false;
  };

  std::vector<Typed> typed_lines() const {
    std::vector<Typed> lines;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> running;  // host, process
    for (std::uint32_t i = 0; i < trace_.size(); ++i) {
      const TraceRecord& r = trace_[RecordId(i)];
      const std::pair key(r.node.value, r.args[1]);
      if (r.kind == RecordKind::kCommand) {
        running[key] = lines.size();
        lines.push_back({.record = RecordId(i), .output = {}});
      }
      const auto line = running.find(key);
      if (line == running.end()) continue;
      if (r.kind == RecordKind::kOutput) lines[line->second].output += trace_.text(r.args[0]);
      if (r.kind == RecordKind::kExit) {
        lines[line->second].status = r.args[0];
        lines[line->second].ended = true;
        running.erase(line);
      }
    }
    return lines;
  }

  void commands() {
    section("Commands", "命令");
    out_ += "<table>\n";
    const std::vector<Typed> lines = typed_lines();
    const std::size_t shown = std::min(lines.size(), report_.most_rows);
    for (std::size_t i = 0; i < shown; ++i) {
      const Typed& line = lines[i];
      const TraceRecord& r = trace_[line.record];
      std::string cell =
          fmt::format("<code>{}</code>", html(command::as_typed(trace_.text(r.args[0]))));
      if (line.ended && line.status != 0) {
        cell += fmt::format(" <span class=\"failed\">{}</span>",
                            html(format("exit status {}", "退出状态 {}", line.status)));
      }
      if (!line.output.empty()) cell += "<pre>" + html(line.output) + "</pre>";
      out_ += fmt::format("<tr>{}<td class=\"host\">{}</td><td class=\"rest\">{}</td></tr>\n",
                          time_cell(r.at), html(host_of(r)), cell);
    }
    out_ += "</table>\n";
    if (shown < lines.size()) {
      out_ += fmt::format("<p class=\"more\">{}</p>\n",
                          html(format("{} further commands are not shown.",
                                      "另有 {} 条命令没有显示。", lines.size() - shown)));
    }
  }

  void ladder() {
    section("Packets", "报文");
    out_ += fmt::format(
        "<p class=\"facts\">{}</p>\n<div class=\"scroll\">\n",
        html(say("Time runs downwards. ✕ reached nobody, or was dropped; ↻ was sent again.",
                 "时间自上而下。✕ 表示没有到达任何主机或被丢弃，↻ 表示重传。")));
    out_ += ladder_svg(report_);
    out_ += "</div>\n";
  }

  // The first decision of each kind at each host, and how often it was made.
  void decisions() {
    struct Made {
      RecordId first;
      std::size_t times = 0;
    };
    std::map<std::pair<std::uint32_t, Reason>, Made> made;
    for (std::uint32_t i = 0; i < trace_.size(); ++i) {
      const TraceRecord& r = trace_[RecordId(i)];
      if (r.reason == Reason::kNone || !r.node.valid() || trace_.node(r.node).is_switch) continue;
      Made& one = made[{r.node.value, r.reason}];
      if (one.times++ == 0) one.first = RecordId(i);
    }
    if (made.empty()) return;  // a kernel gives no reasons
    std::vector<Made> chosen;
    for (const auto& [key, one] : made) chosen.push_back(one);
    std::ranges::sort(chosen, {}, &Made::first);
    section("Decisions", "决定");
    out_ += fmt::format(
        "<p class=\"facts\">{}</p>\n<table>\n",
        html(
            say("Each kind of decision where a host made it first, how often, and where the kernel "
                "or an RFC says so.",
                "每台主机第一次作出的每一种决定、次数，以及内核或 RFC 中的出处。")));
    for (const Made& one : chosen) {
      const TraceRecord& r = trace_[one.first];
      out_ += fmt::format(
          "<tr>{}<td class=\"host\">{}</td><td class=\"rest\">{}<br/><span "
          "class=\"source\">{}</span></td>"
          "<td class=\"count\">{}×</td></tr>\n",
          time_cell(r.at), html(host_of(r)), html(reason_sentence(trace_, r, report_.language)),
          html(info(r.reason).source), one.times);
    }
    out_ += "</table>\n";
  }

  void lesson() {
    if (scenario_.lesson.empty()) return;
    section("What to take away", "小结");
    out_ += html_paragraphs(in(scenario_.lesson));
  }

  const HtmlReport& report_;
  const scenario::Scenario& scenario_;
  const Trace& trace_;
  std::string out_;
};

}  // namespace

std::string html_report(const HtmlReport& report) { return Page(report).write(); }

}  // namespace lvslab::lab
