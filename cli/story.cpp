#include "cli/story.h"

#include <algorithm>
#include <iostream>
#include <iterator>

#include "sim/command/shell.h"
#include "sim/lab/modes.h"
#include "sim/scenario/units.h"

namespace lvslab::cli {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Columns of a terminal that a text is folded to.
constexpr int kColumns = 96;

/// The character at the front of UTF-8 text, and whether it takes two columns (all of Chinese
/// does).
struct Glyph {
  std::size_t bytes = 1;
  int columns = 1;
};
Glyph glyph_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {1, 1};
  if (lead < 0xe0) return {std::min<std::size_t>(2, text.size()), 1};
  // From U+2E80 on: CJK and full-width forms.
  const bool wide = lead >= 0xe3 || (lead == 0xe2 && text.size() > 1 &&
                                     static_cast<unsigned char>(text[1]) >= 0xba);
  return {std::min<std::size_t>(lead < 0xf0 ? 3 : 4, text.size()), wide ? 2 : 1};
}

/// Folds a line at blanks, or between two wide characters.
std::vector<std::string_view> fold_line(std::string_view line) {
  std::vector<std::string_view> folded;
  while (!line.empty()) {
    std::size_t at = 0;
    std::size_t break_at = 0;
    std::size_t skip = 0;
    int columns = 0;
    while (at < line.size() && columns < kColumns) {
      const Glyph glyph = glyph_at(line.substr(at));
      if (glyph.bytes == 1 && line[at] == ' ') {
        break_at = at;
        skip = 1;
      } else if (glyph.columns == 2) {
        break_at = at + glyph.bytes;
        skip = 0;
      }
      at += glyph.bytes;
      columns += glyph.columns;
    }
    if (at == line.size() || break_at == 0) {
      break_at = at;
      skip = 0;
    }
    folded.push_back(line.substr(0, break_at));
    line.remove_prefix(break_at + skip);
  }
  if (folded.empty()) folded.emplace_back();
  return folded;
}

std::string prefixed(std::string_view text, std::string_view prefix) {
  std::string out;
  for (const std::string_view line : lines_of(text)) {
    for (const std::string_view part : fold_line(line)) out += fmt::format("{}{}\n", prefix, part);
  }
  return out;
}

/// What passed one director in one way.
std::string traffic_line(const Terminal& terminal, const std::string& host, std::string_view mode,
                         const IpvsCounters& sum) {
  std::string text =
      terminal.format("{} by {}: {} connections, {} packets ({} bytes) from clients; ",
                      "{} 以 {} 转发：{} 个连接，来自客户端 {} 个报文（{} 字节）；", host, mode,
                      sum.conns, sum.in_pkts, sum.in_bytes);
  text += sum.out_pkts == 0
              ? std::string(terminal.say("the answers do not pass it", "应答不经过它"))
              : terminal.format("{} packets ({} bytes) of answers pass it, too",
                                "应答的 {} 个报文（{} 字节）也经过它", sum.out_pkts, sum.out_bytes);
  return text + "\n";
}

/// What the directors carried, mode by mode, as `ipvsadm --stats` counts it at the end.
std::string traffic_text(const Terminal& terminal, lab::Session& session) {
  std::string text;
  for (const scenario::Host& host : session.scenario().hosts) {
    const auto tables = session.tables(host.name);
    if (!tables) continue;
    for (const IpvsForward mode : lab::kModes) {
      IpvsCounters sum;
      for (const IpvsDestRow& dest : tables->dests) {
        if (dest.forward != mode) continue;
        sum.conns += dest.counters.conns;
        sum.in_pkts += dest.counters.in_pkts;
        sum.in_bytes += dest.counters.in_bytes;
        sum.out_pkts += dest.counters.out_pkts;
        sum.out_bytes += dest.counters.out_bytes;
      }
      if (sum.in_pkts > 0) text += traffic_line(terminal, host.name, lab::mode_name(mode), sum);
    }
  }
  return text;
}

}  // namespace

std::string folded(std::string_view text) { return prefixed(text, ""); }

std::string prompt(const Terminal& terminal, std::string_view host) {
  return terminal.paint("32", fmt::format("[root@{} ~]#", host)) + " ";
}

void read_rest(std::string& command, bool prompts, bool echoes) {
  std::string line;
  while (command::is_incomplete(command)) {
    if (prompts) fmt::print("> ");
    std::fflush(stdout);
    if (!std::getline(std::cin, line)) return;
    if (echoes) fmt::print("{}\n", line);
    if (g_interrupted != 0) return command.clear();
    command += '\n' + line;
  }
}

std::string entry_text(const Terminal& terminal, const lab::Entry& entry) {
  std::string text =
      prompt(terminal, entry.host) + terminal.paint("1", command::as_typed(entry.text));
  if (entry.background) {
    text += terminal.paint("2", terminal.format("   # in the background, from {} s to {} s",
                                                "   # 后台运行，{} 秒至 {} 秒",
                                                seconds(entry.started), seconds(entry.ended)));
  }
  text += '\n';
  text += entry.output;
  if (!entry.output.empty() && !entry.output.ends_with('\n')) text += '\n';
  if (entry.unfinished) {
    text += terminal.paint(
                "31", terminal.say("^C (it took more than an hour)", "^C（超过一小时，已中断）")) +
            "\n";
  }
  return text;
}

std::string fault_text(const scenario::Fault& fault) {
  std::string text = fmt::format("{} {}", scenario::to_string(fault.kind), fault.host);
  if (!fault.nic.empty()) text += "/" + fault.nic;
  if (fault.ppm > 0) text += " " + scenario::share_to_text(fault.ppm);
  if (fault.kind == scenario::FaultKind::kDelay) {
    text += " " + scenario::duration_to_text(fault.delay);
  }
  return text;
}

void Story::on_done(const lab::Entry& entry) {
  if (quiet_) return;
  progress_.clear();
  const std::string text = entry_text(terminal_, entry);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);  // a pipe shows a long run while it goes on, too
}

void Story::on_item(const scenario::TimelineItem& item, SimTime at) {
  if (quiet_) return;
  progress_.clear();
  if (!item.note.empty()) {
    const std::string& note = item.note.in(terminal_.language);
    fmt::print("\n{}", terminal_.paint("36", prefixed(note, "# ")));
  }
  if (const auto* fault = std::get_if<scenario::Fault>(&item.action)) {
    fmt::print("{}\n",
               terminal_.paint("33", fmt::format("*** {} s: {}", seconds(at), fault_text(*fault))));
  }
}

std::string summary_text(const Terminal& terminal, lab::Session& session,
                         const std::vector<lab::Finding>& findings) {
  const auto failed = std::ranges::count(findings, false, &lab::Finding::passed);
  std::string text;
  for (const lab::Finding& finding : findings) {
    if (finding.passed) continue;
    text += fmt::format("{} {}:{}:{}: {}\n", terminal.paint("31", terminal.say("FAILED", "未满足")),
                        finding.where.file, finding.where.line, finding.where.column,
                        finding.what.in(terminal.language));
    for (const scenario::Text& sentence : finding.unmet) {
      text += prefixed(sentence.in(terminal.language), "    ");
    }
    if (!finding.seen.empty()) {
      text += fmt::format("    {}\n", terminal.say("what was seen:", "实际看到："));
      for (const scenario::Text& line : finding.seen) {
        text += "      | " + line.in(terminal.language) + "\n";
      }
    }
    const std::string& why = finding.why.in(terminal.language);
    if (!why.empty()) {
      text += prefixed(why, fmt::format("    {} ", terminal.say("why:", "原因：")));
    }
  }
  text += traffic_text(terminal, session);
  const auto unchecked = std::ranges::count(findings, false, &lab::Finding::checked);
  const std::string_view colour = failed == 0 ? "32" : "31";
  const std::string counts =
      failed == 0
          ? terminal.format("all {} expectations hold", "全部 {} 项预期均满足", findings.size())
          : terminal.format("{} of {} expectations failed", "{} 项（共 {} 项）预期未满足", failed,
                            findings.size());
  text += fmt::format("{}: {}", session.scenario().name, terminal.paint(colour, counts));
  if (unchecked > 0) {
    text += terminal.format(" ({} about reasons not checked: a kernel gives none)",
                            "（其中 {} 项关于原因，未检查：内核不给出原因）", unchecked);
  }
  const bool simulated = session.backend().capabilities().simulated_time;
  text += terminal.format(
      "; {} s {}, {} packets\n", "；{} 秒（{}），{} 个报文\n", seconds(session.now()),
      simulated ? terminal.say("simulated", "模拟时间") : terminal.say("in real time", "真实时间"),
      session.trace().frame_count());
  return text;
}

}  // namespace lvslab::cli
