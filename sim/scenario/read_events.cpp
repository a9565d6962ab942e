// What happens and what should be seen: timeline items and expectations.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <regex>
#include <string>
#include <utility>

#include "sim/command/shell.h"
#include "sim/scenario/names.h"
#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"

namespace lvslab::scenario {
namespace {

constexpr std::size_t kMaxPattern = 1'000;

/// The number after `word` ("column ") in what the shell says of a line; 1 if it names none.
int number_behind(std::string_view word, std::string_view message) {
  const std::size_t at = message.rfind(word);
  int value = 1;
  if (at != std::string_view::npos) {
    const std::string_view number = message.substr(at + word.size());
    std::from_chars(number.data(), number.data() + number.size(), value);
  }
  return value;
}

/// The first line of what the shell says.
std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

}  // namespace

void Reader::check_commands(const std::vector<CommandLine>& lines) {
  for (const CommandLine& line : lines) {
    const auto script = command::parse_script(line.text);
    if (script) continue;
    const std::string& said = script.error().err;
    const Mark where{line.where.line + number_behind("lvslab: line ", said) - 1,
                     line.where.column + number_behind("column ", said) - 1};
    problems_.add(where, fmt::format("the command cannot be read: {}", first_line(said)));
  }
}

std::string Reader::read_host_name(const Fields& fields, std::string_view key) {
  auto name = fields.string(key);
  if (!name) return {};
  check_host(name->value, name->where);
  return std::move(name->value);
}

void Reader::check_within_run(SimTime time, Mark where) {
  if (scenario_.until && time > *scenario_.until) {
    problems_.add(where, fmt::format("{} is after the end of the run ('until' is {})",
                                     duration_to_text(time - SimTime{}),
                                     duration_to_text(*scenario_.until - SimTime{})));
  }
}

void Reader::read_item(const YamlNode& node) {
  const Fields fields(tree_, node, kItemKeys, problems_);
  TimelineItem item;
  item.where = fields.where();
  item.at = fields.time("at");
  item.after = fields.duration("after");
  item.note = fields.text("note");
  if (item.at) {
    check_within_run(*item.at, fields.where("at"));
    if (*item.at < latest_at_) {
      problems_.add(fields.where("at"),
                    fmt::format("a timeline in the past: this item is at {}, after one at {}",
                                duration_to_text(*item.at - SimTime{}),
                                duration_to_text(latest_at_ - SimTime{})),
                    "items stand in the order in which they happen");
    }
    latest_at_ = std::max(latest_at_, *item.at);
    if (item.after) {
      problems_.add(fields.where("after"), "an item has 'at' or 'after', not both");
    }
  }
  if (fields.has("fault")) {
    item.action = read_fault(fields);
  } else {
    item.action = read_run(fields);
  }
  scenario_.timeline.push_back(std::move(item));
}

Run Reader::read_run(const Fields& fields) {
  for (const std::string_view key : {"target", "share", "delay", "jitter"}) {
    if (fields.has("run") && fields.has(key)) {
      problems_.add(fields.where(key), fmt::format("'{}' belongs to a 'fault'", key));
    }
  }
  Run run;
  run.host = read_host_name(fields, "on");
  if (fields.has("run") && !fields.has("on")) {
    problems_.add(fields.where(), "a timeline item with 'run' needs the key 'on'",
                  "the host to type on");
  }
  run.lines = fields.lines("run");
  if (fields.has("run") && run.lines.empty()) {
    problems_.add(fields.where("run"), "there is no command to run");
  }
  check_commands(run.lines);
  run.background = fields.boolean("background");
  if (const YamlNode* const expect = fields.object("expect")) run.expect = read_output(*expect);
  return run;
}

Fault Reader::read_fault(const Fields& fields) {
  for (const std::string_view key : {"on", "background", "expect"}) {
    if (fields.has(key)) {
      problems_.add(fields.where(key), fmt::format("'{}' belongs to 'run', not to a fault", key));
    }
  }
  Fault fault;
  const auto kind = fields.word("fault");
  if (kind) fault.kind = static_cast<FaultKind>(*kind);
  if (!fields.has("target")) {
    problems_.add(fields.where(), "a timeline item with 'fault' needs the key 'target'",
                  "HOST/NIC for a cable, HOST for a host");
  }
  auto target = fields.nic("target");
  if (kind && target) {
    const Mark where = fields.where("target");
    if (is_link_fault(fault.kind) == target->nic.empty()) {
      problems_.add(where,
                    fmt::format("the target of '{}' is {}, not '{}'", to_string(fault.kind),
                                target->nic.empty() ? "a cable" : "a host",
                                target->nic.empty() ? target->host : target->to_string()),
                    target->nic.empty() ? fmt::format("write {}/eth0", target->host)
                                        : fmt::format("write {}", target->host));
    } else if (target->nic.empty()) {
      check_host(target->host, where);
    } else {
      check_interface(*target, where, false);
    }
    fault.host = std::move(target->host);
    fault.nic = std::move(target->nic);
  }
  if (kind) read_fault_parameters(fields, fault);
  return fault;
}

void Reader::read_fault_parameters(const Fields& fields, Fault& fault) {
  const bool is_delay = fault.kind == FaultKind::kDelay;
  const bool has_share = fault.kind == FaultKind::kLoss || fault.kind == FaultKind::kDuplicate;
  const auto expect = [&](std::string_view key, bool wanted, bool needed) {
    if (fields.has(key) && !wanted) {
      problems_.add(fields.where(key),
                    fmt::format("the fault '{}' has no '{}'", to_string(fault.kind), key));
    } else if (!fields.has(key) && needed) {
      problems_.add(fields.where(),
                    fmt::format("the fault '{}' needs the key '{}'", to_string(fault.kind), key));
    }
  };
  expect("share", has_share, has_share);
  expect("delay", is_delay, is_delay);
  expect("jitter", is_delay, false);
  if (const auto share = fields.share("share")) fault.ppm = *share;
  if (const auto delay = fields.duration("delay")) fault.delay = *delay;
  if (const auto jitter = fields.duration("jitter")) fault.jitter = *jitter;
}

std::vector<std::string> Reader::read_texts(const Fields& fields, std::string_view key) const {
  std::vector<std::string> texts;
  for (Located& text : fields.strings(key)) {
    if (text.value.find_first_not_of(" \t\n") == std::string::npos) {
      problems_.add(text.where, fmt::format("an empty text in '{}' says nothing", key));
    }
    texts.push_back(std::move(text.value));
  }
  return texts;
}

void Reader::check_pattern(const Located& pattern) {
  if (pattern.value.size() > kMaxPattern) {
    problems_.add(pattern.where,
                  fmt::format("the regular expression is longer than {} bytes", kMaxPattern));
    return;
  }
  try {
    static_cast<void>(std::regex(pattern.value));
  } catch (const std::regex_error& error) {
    problems_.add(pattern.where, fmt::format("not a regular expression: {}", error.what()));
  }
}

OutputExpectation Reader::read_output(const YamlNode& node) {
  const Fields fields(tree_, node, kOutputKeys, problems_);
  OutputExpectation expect;
  expect.where = fields.where();
  if (const auto status = fields.integer("status")) expect.status = static_cast<int>(*status);
  if (auto output = fields.string("output")) expect.output = std::move(output->value);
  expect.has = read_texts(fields, "output-has");
  expect.lacks = read_texts(fields, "output-lacks");
  if (auto pattern = fields.string("output-matches")) {
    check_pattern(*pattern);
    expect.matches = std::move(pattern->value);
  }
  if (const auto lines = fields.integer("lines")) {
    expect.lines = static_cast<std::uint32_t>(*lines);
  }
  expect.why = fields.text("why");
  return expect;
}

void Reader::read_expectation(const YamlNode& node) {
  const Fields fields(tree_, node, kExpectKeys, problems_);
  Expectation expectation;
  expectation.where = fields.where();
  expectation.why = fields.text("why");
  if (const YamlNode* const packets = fields.object("packets")) {
    expectation.check = read_packets(*packets);
  } else if (const YamlNode* const table = fields.object("table")) {
    expectation.check = read_table(*table);
  } else if (const YamlNode* const reason = fields.object("reason")) {
    expectation.check = read_reason(*reason);
  } else {
    return;
  }
  scenario_.expectations.push_back(std::move(expectation));
}

CountBounds Reader::read_bounds(const Fields& fields) {
  CountBounds bounds;
  const auto read = [&](std::string_view key) -> std::optional<std::uint64_t> {
    const auto value = fields.integer(key);
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
  };
  bounds.count = read("count");
  bounds.at_least = read("at-least");
  bounds.at_most = read("at-most");
  const bool any = fields.has("count") || fields.has("at-least") || fields.has("at-most");
  if (!any) {
    problems_.add(fields.where(), "how many? one of 'count', 'at-least', 'at-most' is needed");
  } else if (bounds.count && (bounds.at_least || bounds.at_most)) {
    problems_.add(fields.where("count"), "'count' is exact: it stands without bounds");
  } else if (bounds.at_least && bounds.at_most && *bounds.at_least > *bounds.at_most) {
    problems_.add(fields.where("at-most"), "'at-most' is less than 'at-least'");
  }
  return bounds;
}

std::string Reader::read_filter(const Fields& fields) {
  auto filter = fields.string("filter");
  if (!filter) return {};
  const std::string objection =
      options_.check_filter == nullptr ? "" : options_.check_filter(filter->value);
  if (!objection.empty()) {
    problems_.add(filter->where, fmt::format("not a pcap filter: {}", objection),
                  "see man pcap-filter");
  }
  return std::move(filter->value);
}

PacketExpectation Reader::read_packets(const YamlNode& node) {
  const Fields fields(tree_, node, kPacketsKeys, problems_);
  PacketExpectation packets;
  if (auto at = fields.nic("at")) {
    check_interface(*at, fields.where("at"), true);
    packets.at = std::move(*at);
  }
  if (const auto direction = fields.word("direction")) {
    packets.direction = static_cast<Direction>(*direction);
  }
  packets.filter = read_filter(fields);
  packets.bounds = read_bounds(fields);
  if (const auto from = fields.time("from")) {
    packets.from = *from;
    check_within_run(*from, fields.where("from"));
  }
  packets.until = fields.time("until");
  if (packets.until && *packets.until < packets.from) {
    problems_.add(fields.where("until"), "'until' is before 'from'");
  }
  return packets;
}

TableExpectation Reader::read_table(const YamlNode& node) {
  const Fields fields(tree_, node, kTableKeys, problems_);
  TableExpectation table;
  table.host = read_host_name(fields, "host");
  if (const auto kind = fields.word("table")) table.table = static_cast<TableKind>(*kind);
  table.at = fields.time("at");
  if (table.at) check_within_run(*table.at, fields.where("at"));
  table.has = read_texts(fields, "has");
  table.lacks = read_texts(fields, "lacks");
  if (const auto lines = fields.integer("lines")) table.lines = static_cast<std::uint32_t>(*lines);
  if (!fields.has("has") && !fields.has("lacks") && !fields.has("lines")) {
    problems_.add(fields.where(), "what of it? one of 'has', 'lacks', 'lines' is needed");
  }
  return table;
}

ReasonExpectation Reader::read_reason(const YamlNode& node) {
  const Fields fields(tree_, node, kReasonKeys, problems_);
  ReasonExpectation reason;
  reason.host = fields.has("host") ? read_host_name(fields, "host") : "";
  if (auto code = fields.string("code")) {
    const auto& known = options_.reason_codes;
    if (!known.empty() && std::ranges::find(known, code->value) == known.end()) {
      problems_.add(code->where, fmt::format("there is no reason '{}'", code->value),
                    did_you_mean(code->value, {known.begin(), known.end()}));
    }
    reason.code = std::move(code->value);
  }
  reason.bounds = read_bounds(fields);
  return reason;
}

}  // namespace lvslab::scenario
