// The comparison as JSON Lines.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/compare/report.h"
#include "sim/trace/text.h"
#include "sim/wire/dissect.h"

namespace lvslab::compare {
namespace {

using Json = nlohmann::ordered_json;

std::string_view kind_of(FrameDifference::Kind kind) {
  switch (kind) {
    case FrameDifference::Kind::kMissing: return "packet-missing";
    case FrameDifference::Kind::kExtra: return "packet-extra";
    case FrameDifference::Kind::kReordered: return "packet-reordered";
    case FrameDifference::Kind::kField: return "packet-differs";
  }
  return "";
}

std::string_view kind_of(LineDifference::Kind kind) {
  switch (kind) {
    case LineDifference::Kind::kNotTyped: return "command-missing";
    case LineDifference::Kind::kStatus: return "status";
    case LineDifference::Kind::kDuration: return "duration";
    case LineDifference::Kind::kOutput: return "output";
  }
  return "";
}

Json optional_text(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

Json fields_json(const std::vector<FieldDifference>& fields) {
  Json list = Json::array();
  const auto offset = [](std::size_t at) {
    return at == FieldDifference::kNowhere ? Json(nullptr) : Json(at);
  };
  for (const FieldDifference& field : fields) {
    Json one = {{"field", field.name}, {"sim", field.sim}, {"kernel", field.real}};
    if (!offset(field.sim_offset).is_null()) one["sim_offset"] = offset(field.sim_offset);
    if (!offset(field.real_offset).is_null()) one["kernel_offset"] = offset(field.real_offset);
    list.push_back(std::move(one));
  }
  return list;
}

class JsonReporter {
 public:
  JsonReporter(const scenario::Scenario& scenario, const Recording& sim, const Recording& real,
               Language language)
      : scenario_(scenario),
        sim_(sim),
        real_(real),
        language_(language),
        words_(language),
        real_words_(language) {}

  std::string run(const Comparison& comparison) {
    for (const InterfaceResult& one : comparison.interfaces) {
      line({{"kind", "interface"},
            {"host", one.name.host},
            {"dev", one.name.dev},
            {"agree", one.agreed},
            {"differ", one.different}});
    }
    for (const Difference& one : comparison.differences) difference(one);
    for (const IgnoreResult& one : comparison.ignored) {
      const scenario::Ignore& ignore = scenario_.ignores[one.index];
      line({{"kind", "ignored"},
            {"line", ignore.where.line},
            {"hidden", one.hidden},
            {"why", ignore.why.in(language_)}});
    }
    line({{"kind", "summary"},
          {"scenario", scenario_.name},
          {"sim", sim_.backend},
          {"kernel", real_.backend},
          {"agrees", comparison.agrees()},
          {"commands_agree", comparison.lines_agreed},
          {"rows_agree", comparison.rows_agreed},
          {"differences", comparison.differences.size()}});
    return std::move(out_);
  }

 private:
  void line(const Json& json) {
    out_ += json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

  void difference(const Difference& one) {
    if (const auto* what = std::get_if<FrameDifference>(&one.what)) frame(one, *what);
    if (const auto* what = std::get_if<LineDifference>(&one.what)) typed(one, *what);
    if (const auto* what = std::get_if<RowDifference>(&one.what)) {
      line({{"kind", "row"},
            {"time", time(one.at)},
            {"host", one.host},
            {"table", scenario::to_string(what->table)},
            {"row", what->key},
            {"sim", optional_text(what->sim)},
            {"kernel", optional_text(what->real)},
            {"fields", fields_json(what->fields)}});
    }
    if (const auto* what = std::get_if<RunDifference>(&one.what)) {
      line({{"kind", "run"}, {"time", time(one.at)}, {"sim", what->sim}, {"kernel", what->real}});
    }
  }

  void frame(const Difference& one, const FrameDifference& what) {
    Json json = {{"kind", kind_of(what.kind)},
                 {"time", time(one.at)},
                 {"host", one.host},
                 {"dev", what.dev},
                 {"direction", what.out ? "out" : "in"},
                 {"conversation", what.conversation}};
    if (what.sim.valid()) json["sim"] = frame_json(sim_, what.sim, words_);
    if (what.real.valid()) json["kernel"] = frame_json(real_, what.real, real_words_);
    json["fields"] = fields_json(what.fields);
    if (what.sim.valid() && sim_.trace[what.sim].cause.valid()) {
      const TraceRecord& cause = sim_.trace[sim_.trace[what.sim].cause];
      if (cause.kind == RecordKind::kDecision) {
        json["reason"] = info(cause.reason).name;
        json["why"] = reason_sentence(sim_.trace, cause, language_);
      }
    }
    line(json);
  }

  Json frame_json(const Recording& side, RecordId id, Describer& words) const {
    const TraceRecord& r = side.trace[id];
    return {{"record", id.value},
            {"packet", packet_number(r.frame)},
            {"time", time(r.at)},
            {"summary", words.frame_line(side.trace, r.frame)},
            {"bytes", fmt::format("{:02x}", fmt::join(side.trace.frame(r.frame), ""))}};
  }

  void typed(const Difference& one, const LineDifference& what) {
    Json json = {{"kind", kind_of(what.kind)},
                 {"time", time(one.at)},
                 {"host", one.host},
                 {"command", what.line}};
    if (what.kind != LineDifference::Kind::kOutput) {
      json["sim"] = what.sim;
      json["kernel"] = what.real;
    } else {
      json["lines"] = Json::array();
      for (const LineDifference::Pair& pair : what.lines) {
        json["lines"].push_back(
            {{"sim", optional_text(pair.sim)}, {"kernel", optional_text(pair.real)}});
      }
    }
    line(json);
  }

  /// Seconds as a text: JSON numbers lose nanoseconds in many readers.
  static std::string time(SimTime at) { return seconds_text(at); }

  const scenario::Scenario& scenario_;
  const Recording& sim_;
  const Recording& real_;
  Language language_;
  Describer words_, real_words_;
  std::string out_;
};

}  // namespace

std::string report_jsonl(const scenario::Scenario& scenario, const Recording& sim,
                         const Recording& real, const Comparison& comparison, Language language) {
  return JsonReporter(scenario, sim, real, language).run(comparison);
}

}  // namespace lvslab::compare
