// What may differ from a real kernel: the key `compare`.
#include <utility>

#include "sim/scenario/reader.h"

namespace lvslab::scenario {

void Reader::read_ignore(const YamlNode& node) {
  const Fields fields(tree_, node, kIgnoreKeys, problems_);
  Ignore ignore;
  ignore.where = fields.where();
  ignore.why = fields.text("why");
  if (fields.has("why") && ignore.why.empty()) {
    problems_.add(fields.where("why"), "an empty 'why' gives no reason");
  }
  const YamlNode* const what = fields.object("ignore");
  if (what == nullptr) return;
  const Fields ignored(tree_, *what, kIgnoredKeys, problems_);
  if (const YamlNode* const packets = ignored.object("packets")) {
    ignore.what = read_ignored_packets(*packets);
  } else if (const YamlNode* const output = ignored.object("output")) {
    ignore.what = read_ignored_output(*output);
  } else if (const YamlNode* const table = ignored.object("table")) {
    ignore.what = read_ignored_table(*table);
  } else {
    return;
  }
  scenario_.ignores.push_back(std::move(ignore));
}

IgnoredPackets Reader::read_ignored_packets(const YamlNode& node) {
  const Fields fields(tree_, node, kIgnoredPacketsKeys, problems_);
  IgnoredPackets packets;
  if (auto at = fields.nic("at")) {
    check_interface(*at, fields.where("at"), true);
    packets.at = std::move(*at);
  }
  if (const auto direction = fields.word("direction")) {
    packets.direction = static_cast<Direction>(*direction);
  }
  packets.filter = read_filter(fields);
  if (auto field = fields.string("field")) packets.field = std::move(field->value);
  return packets;
}

IgnoredOutput Reader::read_ignored_output(const YamlNode& node) {
  const Fields fields(tree_, node, kIgnoredOutputKeys, problems_);
  IgnoredOutput output;
  output.host = read_host_name(fields, "on");
  if (auto line = fields.string("line")) output.line = std::move(line->value);
  if (auto has = fields.string("has")) output.has = std::move(has->value);
  return output;
}

IgnoredTable Reader::read_ignored_table(const YamlNode& node) {
  const Fields fields(tree_, node, kIgnoredTableKeys, problems_);
  IgnoredTable table;
  table.host = read_host_name(fields, "host");
  if (const auto kind = fields.word("table")) table.table = static_cast<TableKind>(*kind);
  if (auto has = fields.string("has")) table.has = std::move(has->value);
  return table;
}

}  // namespace lvslab::scenario
