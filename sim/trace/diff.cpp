#include "sim/trace/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/trace/text.h"

namespace lvslab {
namespace {

bool same_bytes(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

bool names_text(RecordKind kind) {
  return kind == RecordKind::kCommand || kind == RecordKind::kOutput || kind == RecordKind::kFault;
}

bool same_record(const Trace& a, const Trace& b, RecordId id) {
  const TraceRecord& x = a[id];
  const TraceRecord& y = b[id];
  if (x != y) return false;
  if (x.frame.valid() && !same_bytes(a.frame(x.frame), b.frame(y.frame))) return false;
  if (names_text(x.kind) && a.text(x.args[0]) != b.text(y.args[0])) return false;
  return !names_row(x.kind) || a.row(x.args[0]) == b.row(y.args[0]);
}

bool same_nodes(const Trace& a, const Trace& b) {
  return std::ranges::equal(a.nodes(), b.nodes(), [](const TraceNode& x, const TraceNode& y) {
    return x.name == y.name && x.is_switch == y.is_switch && x.devices == y.devices;
  });
}

/// The line of a record; where a line cannot show the difference, the bytes can.
void put(std::string& out, std::string_view mark, const Trace& trace, std::uint32_t i,
         Describer& words, bool with_bytes) {
  if (i >= trace.size()) {
    fmt::format_to(std::back_inserter(out), "{}(end of the trace)\n", mark);
    return;
  }
  const TraceRecord& r = trace[RecordId(i)];
  fmt::format_to(std::back_inserter(out), "{}{} ", mark, i);
  words.text(trace, RecordId(i), out);
  if (r.cause.valid()) fmt::format_to(std::back_inserter(out), " (cause {})", r.cause.value);
  out += '\n';
  if (!with_bytes || !r.frame.valid()) return;
  fmt::format_to(std::back_inserter(out), "{}  {:02x}\n", mark,
                 fmt::join(trace.frame(r.frame), ""));
}

}  // namespace

std::optional<std::string> first_difference(const Trace& a, const Trace& b, int context) {
  if (!same_nodes(a, b)) return "the traces are about different nodes\n";
  const auto common = static_cast<std::uint32_t>(std::min(a.size(), b.size()));
  std::uint32_t at = 0;
  while (at < common && same_record(a, b, RecordId(at))) ++at;
  if (at == common && a.size() == b.size()) return std::nullopt;

  const auto lines = static_cast<std::uint32_t>(std::max(context, 1));
  std::string out = fmt::format("the traces part at record {}\n", at);
  Describer words_a(Language::kEn);
  Describer words_b(Language::kEn);
  for (std::uint32_t i = at - std::min(at, lines); i < at; ++i) {
    put(out, "  ", a, i, words_a, false);
  }
  const auto put_rest = [&](std::string_view mark, const Trace& trace, Describer& words) {
    const auto size = static_cast<std::uint32_t>(trace.size());
    for (std::uint32_t i = at; i < std::max(at + 1, std::min(at + lines, size)); ++i) {
      put(out, mark, trace, i, words, i == at);
    }
  };
  put_rest("- ", a, words_a);
  put_rest("+ ", b, words_b);
  return out;
}

}  // namespace lvslab
