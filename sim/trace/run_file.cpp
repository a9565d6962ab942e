#include "sim/trace/run_file.h"

#include <fmt/format.h>

#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "sim/base/json.h"
#include "sim/trace/row_fields.h"

namespace lvslab {
namespace {

void append_key(std::string& out, std::string_view key) {
  fmt::format_to(std::back_inserter(out), "{}\"{}\":", out.ends_with('{') ? "" : ",", key);
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  append_key(out, key);
  append_json_string(out, value);
}

/// Writes the columns of a row as an object.
class Columns {
 public:
  explicit Columns(std::string& out) : out_(out) {}

  template <class Row>
  void object(const Row& row) {
    out_ += '{';
    visit_fields(row, *this);
    out_ += '}';
  }

  template <class Field>
  void operator()(std::string_view name, const Field& field) {
    append_key(out_, name);
    if constexpr (std::is_same_v<Field, bool>) {
      out_ += field ? "true" : "false";
    } else if constexpr (std::is_enum_v<Field>) {
      number(std::to_underlying(field));
    } else if constexpr (std::is_integral_v<Field>) {
      number(field);
    } else if constexpr (std::is_same_v<Field, IfIndex>) {
      number(field.value);
    } else if constexpr (std::is_same_v<Field, SimTime>) {
      number(field.ns);
    } else if constexpr (std::is_same_v<Field, ShortName>) {
      append_json_string(out_, field.view());
    } else if constexpr (std::is_same_v<Field, std::string>) {
      append_json_string(out_, field);
    } else if constexpr (requires { field.to_string(); }) {
      append_json_string(out_, field.to_string());
    } else {
      object(field);
    }
  }

 private:
  void number(auto value) { fmt::format_to(std::back_inserter(out_), "{:d}", value); }

  std::string& out_;
};

}  // namespace

void RunFileWriter::add_head(const Trace& trace, std::string& out) {
  out += R"({"kind":"run","format":1)";
  append_text(out, "scenario", scenario_);
  append_key(out, "addresses");
  out += '[';
  for (const Ipv6Addr& addr : trace.addresses()) {
    if (!out.ends_with('[')) out += ',';
    append_json_string(out, addr.to_string());
  }
  out += "]}\n";
  for (const TraceNode& node : trace.nodes()) {
    out += R"({"kind":"node")";
    append_text(out, "node", node.name);
    append_key(out, "switch");
    out += node.is_switch ? "true" : "false";
    append_key(out, "devices");
    out += '[';
    for (const LinkRow& device : node.devices) {
      if (!out.ends_with('[')) out += ',';
      Columns(out).object(device);
    }
    out += "]}\n";
  }
}

void RunFileWriter::add(const Trace& trace, std::string& out) {
  if (!begun_) add_head(trace, out);
  begun_ = true;
  for (const TraceRecord& record : trace.records().subspan(written_)) {
    add_record(trace, RecordId(written_++), record, out);
    out += '\n';
  }
}

void RunFileWriter::add_frame(const Trace& trace, const TraceRecord& r, std::string& out) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, ",\"packet\":{}", packet_number(r.frame));
  if (r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived) {
    fmt::format_to(to, ",\"length\":{}", trace.frame_length(r.frame));
    append_text(out, "summary", describer_.frame_line(trace, r.frame));
  }
  if (r.frame.value >= frames_told_.size()) frames_told_.resize(trace.frame_count());
  if (frames_told_[r.frame.value]) return;
  frames_told_[r.frame.value] = true;
  fmt::format_to(to, ",\"bytes\":\"{:02x}\"", fmt::join(trace.frame(r.frame), ""));
}

void RunFileWriter::add_reason(const Trace& trace, const TraceRecord& r, std::string& out) const {
  const ReasonInfo& reason = info(r.reason);
  append_text(out, "reason", reason.name);
  append_key(out, "args");
  for (std::size_t i = 0; i < r.args.size(); ++i) {
    out += i == 0 ? '[' : ',';
    if (reason.args[i] == ArgKind::kIp) {
      append_json_string(out, trace.address(Ipv4Addr{r.args[i]}).to_string());
    } else if (reason.args[i] == ArgKind::kText) {
      append_json_string(out, trace.text(r.args[i]));
    } else {
      fmt::format_to(std::back_inserter(out), "{}", r.args[i]);
    }
  }
  out += ']';
  append_text(out, "text", reason_sentence(trace, r, language_));
  append_text(out, "source", reason.source);
}

void RunFileWriter::add_record(const Trace& trace, RecordId id, const TraceRecord& r,
                               std::string& out) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "{{\"record\":{}", id.value);
  if (r.cause.valid()) fmt::format_to(to, ",\"cause\":{}", r.cause.value);
  fmt::format_to(to, ",\"time\":{},\"ns\":{}", seconds_text(r.at), r.at.ns);
  if (r.node.valid()) append_text(out, "node", trace.node(r.node).name);
  if (r.node.valid() && r.dev.valid()) append_text(out, "dev", trace.dev_name(r.node, r.dev));
  append_text(out, "kind", kind_name(r.kind));
  if (r.frame.valid()) add_frame(trace, r, out);
  if (r.reason != Reason::kNone) add_reason(trace, r, out);
  if (names_row(r.kind)) {
    const TableRow row = trace.row(r.args[0]);
    append_text(out, "table", table_name(row));
    append_text(out, "row", row_text(trace, r.node, row));
    append_key(out, "columns");
    std::visit([&](const auto& one) { Columns(out).object(one); }, row);
  }
  switch (r.kind) {
    case RecordKind::kOutput:
      append_text(out, "stream", r.args[2] == 2 ? "stderr" : "stdout");
      [[fallthrough]];
    case RecordKind::kCommand: fmt::format_to(to, ",\"pid\":{}", r.args[1]); [[fallthrough]];
    case RecordKind::kFault: append_text(out, "text", trace.text(r.args[0])); break;
    case RecordKind::kExit:
      fmt::format_to(to, ",\"pid\":{},\"status\":{}", r.args[1], r.args[0]);
      break;
    case RecordKind::kNote: fmt::format_to(to, ",\"item\":{}", r.args[0]); break;
    default: break;
  }
  out += '}';
}

std::string run_file(const Trace& trace, std::string scenario, Language language) {
  std::string out;
  RunFileWriter(std::move(scenario), language).add(trace, out);
  return out;
}

}  // namespace lvslab
