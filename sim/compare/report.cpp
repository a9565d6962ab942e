#include "sim/compare/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>

#include "sim/compare/align.h"
#include "sim/trace/text.h"
#include "sim/wire/dissect.h"

namespace lvslab::compare {
namespace {

/// Columns of one of two frames side by side.
constexpr std::size_t kColumn = 46;

std::string fitted(std::string text) {
  if (text.size() > kColumn) text = text.substr(0, kColumn - 3) + "...";
  return fmt::format("{:<{}}", text, kColumn);
}

/// Writes the report of one comparison.
class Reporter {
 public:
  Reporter(const scenario::Scenario& scenario, const Recording& sim, const Recording& real,
           ReportStyle style)
      : scenario_(scenario),
        sim_(sim),
        real_(real),
        style_(style),
        sim_words_(style.language),
        real_words_(style.language) {}

  std::string run(const Comparison& comparison) {
    for (const InterfaceResult& one : comparison.interfaces) interface(one);
    put(say("commands: {} agree\n", "命令：{} 条一致\n"), comparison.lines_agreed);
    put(say("tables: {} rows agree\n", "表：{} 行一致\n"), comparison.rows_agreed);
    for (const Difference& one : comparison.differences) difference(one);
    for (const IgnoreResult& one : comparison.ignored) ignored(one);
    summary(comparison);
    return std::move(out_);
  }

 private:
  std::string_view say(std::string_view en, std::string_view zh) const {
    return style_.language == Language::kZh ? zh : en;
  }
  template <class... Args>
  void put(std::string_view format, const Args&... args) {
    fmt::vformat_to(std::back_inserter(out_), format, fmt::make_format_args(args...));
  }
  std::string paint(std::string_view code, std::string_view text) const {
    return style_.colour ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
  }

  void interface(const InterfaceResult& one) {
    const std::string name = one.name.to_string();
    if (one.different == 0) {
      put(say("{}: {} packets agree\n", "{}：{} 个报文一致\n"), name, one.agreed);
    } else {
      put(say("{}: {} packets agree, {} differ\n", "{}：{} 个报文一致，{} 个不同\n"), name,
          one.agreed, one.different);
    }
  }

  void difference(const Difference& one) {
    out_ += '\n';
    if (const auto* frame = std::get_if<FrameDifference>(&one.what)) frame_difference(one, *frame);
    if (const auto* line = std::get_if<LineDifference>(&one.what)) line_difference(one, *line);
    if (const auto* row = std::get_if<RowDifference>(&one.what)) row_difference(one, *row);
    if (const auto* run = std::get_if<RunDifference>(&one.what)) sides(run->sim, run->real);
  }

  void head(const Difference& one, std::string_view where, std::string_view what) {
    put("{}\n", paint("33", fmt::format("{} {}: {}", seconds_text(one.at), where, what)));
  }
  void sides(std::string_view sim, std::string_view real) {
    put("  {}: {}\n", sim_.backend, sim);
    put("  {}: {}\n", real_.backend, real);
  }

  std::string_view name_of(FrameDifference::Kind kind) const {
    switch (kind) {
      case FrameDifference::Kind::kMissing:
        return say("the kernel lacks a packet", "内核缺少一个报文");
      case FrameDifference::Kind::kExtra:
        return say("the kernel has one packet more", "内核多出一个报文");
      case FrameDifference::Kind::kReordered:
        return say("the packet comes in another order", "报文的次序不同");
      case FrameDifference::Kind::kField: return say("the packet differs", "报文内容不同");
    }
    return "";
  }

  void frame_difference(const Difference& one, const FrameDifference& frame) {
    const std::string where = fmt::format("{}/{} {}", one.host, frame.dev,
                                          frame.out ? say("out", "发出") : say("in", "收到"));
    head(one, where, fmt::format("{} ({})", name_of(frame.kind), frame.conversation));
    if (frame.sim.valid()) frame_line(sim_, frame.sim, sim_words_);
    if (frame.real.valid()) frame_line(real_, frame.real, real_words_);
    for (const FieldDifference& field : frame.fields) {
      put("    {}: {} | {}\n", paint("1", field.name), field.sim, field.real);
    }
    if (frame.kind == FrameDifference::Kind::kField && frame.fields.front().name != "time") {
      side_by_side(frame);
    }
    if (frame.sim.valid()) reasons(frame.sim);
  }

  void frame_line(const Recording& side, RecordId record, Describer& words) {
    const TraceRecord& r = side.trace[record];
    put("  {}: {} {}\n", side.backend, seconds_text(r.at), words.frame_line(side.trace, r.frame));
  }

  /// The decisions that led to the simulator's frame, the last ones of its host.
  void reasons(RecordId record) {
    static constexpr std::size_t kMost = 4;
    const Trace& trace = sim_.trace;
    std::vector<std::string> sentences;
    RecordId id = trace[record].cause;
    // An arriving frame was decided about by whoever sent it.
    if (trace[record].kind == RecordKind::kFrameReceived && id.valid()) id = trace[id].cause;
    for (; id.valid() && sentences.size() < kMost; id = trace[id].cause) {
      const TraceRecord& r = trace[id];
      if (r.kind != RecordKind::kDecision) break;
      if (trace.node(r.node).is_switch) continue;
      sentences.push_back(reason_sentence(trace, r, style_.language));
    }
    for (const std::string& sentence : std::ranges::reverse_view(sentences)) {
      put("    {} {}\n", paint("2", say("simulator:", "模拟器：")), sentence);
    }
  }

  void side_by_side(const FrameDifference& frame) {
    const auto fields_of = [](const Recording& side, RecordId record) {
      return dissect(side.trace.frame(side.trace[record].frame));
    };
    const std::vector<Field> ours = fields_of(sim_, frame.sim);
    const std::vector<Field> theirs = fields_of(real_, frame.real);
    const auto differs = [&](const Field* field, bool real) {
      return field != nullptr && std::ranges::any_of(frame.fields, [&](const FieldDifference& one) {
               const std::size_t offset = real ? one.real_offset : one.sim_offset;
               return offset == field->offset && one.name.ends_with(field->name);
             });
    };
    const auto row = [&](const Field* sim, const Field* real) {
      const bool mark = differs(sim, false) || differs(real, true);
      const auto cell = [](const Field* field) {
        if (field == nullptr) return fitted("");
        return fitted(fmt::format("{:>4} {:{}}{}: {}", field->offset, "", field->depth, field->name,
                                  field->value));
      };
      std::string line = fmt::format("  {} {} | {}", mark ? '*' : ' ', cell(sim), cell(real));
      line.erase(line.find_last_not_of(' ') + 1);
      put("{}\n", mark ? paint("31", line) : line);
    };
    std::uint32_t i = 0;
    std::uint32_t j = 0;
    const auto rest_until = [&](std::uint32_t a, std::uint32_t b) {
      for (; i < a; ++i) row(&ours[i], nullptr);
      for (; j < b; ++j) row(nullptr, &theirs[j]);
    };
    for (const auto& [a, b] :
         align(static_cast<std::uint32_t>(ours.size()), static_cast<std::uint32_t>(theirs.size()),
               [&](std::uint32_t x, std::uint32_t y) { return ours[x].name == theirs[y].name; })) {
      rest_until(a, b);
      row(&ours[a], &theirs[b]);
      i = a + 1;
      j = b + 1;
    }
    rest_until(static_cast<std::uint32_t>(ours.size()), static_cast<std::uint32_t>(theirs.size()));
  }

  void line_difference(const Difference& one, const LineDifference& line) {
    std::string_view what;
    switch (line.kind) {
      case LineDifference::Kind::kNotTyped: what = say("typed on one side", "只有一侧执行"); break;
      case LineDifference::Kind::kStatus: what = say("another exit status", "退出状态不同"); break;
      case LineDifference::Kind::kDuration: what = say("takes another time", "耗时不同"); break;
      case LineDifference::Kind::kOutput: what = say("prints something else", "输出不同"); break;
    }
    head(one, fmt::format("[root@{} ~]# {}", one.host, line.line), what);
    if (line.kind != LineDifference::Kind::kOutput) sides(line.sim, line.real);
    for (const LineDifference::Pair& pair : line.lines) {
      const std::string_view none = say("(no such line)", "（没有这一行）");
      sides(pair.sim ? *pair.sim : none, pair.real ? *pair.real : none);
    }
  }

  void row_difference(const Difference& one, const RowDifference& row) {
    head(one, one.host, fmt::format("{} {}", say("table", "表"), row.key));
    const std::string_view none = say("(no such row)", "（没有这一行）");
    sides(row.sim ? *row.sim : none, row.real ? *row.real : none);
    for (const FieldDifference& field : row.fields) {
      put("    {}: {} | {}\n", paint("1", field.name), field.sim, field.real);
    }
  }

  void ignored(const IgnoreResult& one) {
    const scenario::Ignore& ignore = scenario_.ignores[one.index];
    const Location where = scenario_.location(ignore.where);
    const std::string place = fmt::format("{}:{}:{}", where.file, where.line, where.column);
    if (one.hidden == 0) {
      const std::string_view nothing = say("this declaration hides no difference; take it out",
                                           "该声明没有隐藏任何差异，请删除");
      put("\n{}: {}\n", place, nothing);
    } else {
      put(say("\n{}: {} differences ignored: {}\n", "\n{}：忽略 {} 处差异：{}\n"), place,
          one.hidden, ignore.why.in(style_.language));
    }
  }

  void summary(const Comparison& comparison) {
    std::uint64_t packets = 0;
    for (const InterfaceResult& one : comparison.interfaces) packets += one.agreed;
    out_ += '\n';
    if (comparison.agrees()) {
      put(say("{}: {} and {} agree: {} packets, {} commands, {} table rows\n",
              "{}：{}与{}一致：{} 个报文，{} 条命令，{} 行表\n"),
          scenario_.name, sim_.backend, real_.backend, packets, comparison.lines_agreed,
          comparison.rows_agreed);
      return;
    }
    const auto idle = std::ranges::count(comparison.ignored, 0U, &IgnoreResult::hidden);
    put(say("{}: {} differences, {} declarations that hide none\n",
            "{}：{} 处差异，{} 条无用的声明\n"),
        scenario_.name, comparison.differences.size(), idle);
  }

  const scenario::Scenario& scenario_;
  const Recording& sim_;
  const Recording& real_;
  ReportStyle style_;
  Describer sim_words_, real_words_;
  std::string out_;
};

}  // namespace

std::string report_text(const scenario::Scenario& scenario, const Recording& sim,
                        const Recording& real, const Comparison& comparison, ReportStyle style) {
  return Reporter(scenario, sim, real, style).run(comparison);
}

}  // namespace lvslab::compare
