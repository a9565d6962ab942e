// Reads what RunFileWriter wrote, and believes nothing of it: a file may come from anywhere.
#include <algorithm>
#include <charconv>
#include <concepts>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "sim/trace/row_fields.h"
#include "sim/trace/run_file.h"

namespace lvslab {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostNodes = 1'000, kMostDevices = 100, kMostFrameBytes = 1U << 17;
/// Of a record of decades; later ones are no simulation's.
constexpr std::int64_t kMostNs = std::int64_t{1} << 60;
constexpr std::string_view kHead = R"({"kind":"run")";

/// An object of a file, of which the first problem is kept: at which key, and which.
class Fields {
 public:
  struct Problem {
    std::string key, what;
  };
  Fields(const Json& object, std::optional<Problem>& problem)
      : object_(object), problem_(problem) {}

  bool fine() const { return !problem_; }
  bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
  void complain(std::string_view key, std::string what) {
    if (!problem_) problem_ = {std::string(key), std::move(what)};
  }

  /// A whole number from `least` to `most`; `least` after a problem.
  template <std::integral Int>
  Int whole(const char* key, Int least = std::numeric_limits<Int>::min(),
            Int most = std::numeric_limits<Int>::max()) {
    const Json* value = at(key);
    const auto fits = [&](auto number) {
      return std::cmp_greater_equal(number, least) && std::cmp_less_equal(number, most);
    };
    if (value != nullptr && value->is_number_integer() &&
        (value->is_number_unsigned() ? fits(value->get<std::uint64_t>())
                                     : fits(value->get<std::int64_t>()))) {
      return value->get<Int>();
    }
    complain(key, fmt::format("'{}' must be a whole number from {} to {}", key, least, most));
    return least;
  }
  std::string text(const char* key) {
    const Json* value = at(key);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    complain(key, fmt::format("'{}' must be a text in double quotes", key));
    return "";
  }
  bool truth(const char* key) {
    const Json* value = at(key);
    if (value != nullptr && value->is_boolean()) return value->get<bool>();
    complain(key, fmt::format("'{}' must be true or false", key));
    return false;
  }
  const Json& list(const char* key) {
    static const Json kNone = Json::array();
    const Json* value = at(key);
    if (value != nullptr && value->is_array()) return *value;
    complain(key, fmt::format("'{}' must be a list", key));
    return kNone;
  }
  Fields object(const char* key) {
    static const Json kNone = Json::object();
    const Json* value = at(key);
    if (value != nullptr && value->is_object()) return {*value, problem_};
    complain(key, fmt::format("'{}' must be an object", key));
    return {kNone, problem_};
  }
  Fields element(const Json& object) { return {object, problem_}; }

 private:
  const Json* at(const char* key) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }

  const Json& object_;
  std::optional<Problem>& problem_;
};

/// Fills in the columns of a row.
class ColumnReader {
 public:
  explicit ColumnReader(Fields fields) : fields_(fields) {}

  template <class Field>
  void operator()(const char* name, Field& field) {
    if constexpr (std::is_same_v<Field, bool>) {
      field = fields_.truth(name);
    } else if constexpr (std::is_enum_v<Field>) {
      using Number = std::underlying_type_t<Field>;
      field =
          static_cast<Field>(fields_.whole<Number>(name, 0, std::to_underlying(kLastOf<Field>)));
    } else if constexpr (std::is_integral_v<Field>) {
      field = fields_.whole<Field>(name);
    } else if constexpr (std::is_same_v<Field, IfIndex>) {
      field = IfIndex(fields_.whole<std::uint16_t>(name));
    } else if constexpr (std::is_same_v<Field, SimTime>) {
      field.ns = fields_.whole<std::int64_t>(name, -kMostNs, kMostNs);
    } else if constexpr (std::is_same_v<Field, ShortName>) {
      field = ShortName(fields_.text(name));
    } else if constexpr (std::is_same_v<Field, std::string>) {
      field = fields_.text(name);
    } else if constexpr (requires { Field::parse(std::string_view()); }) {
      const std::string text = fields_.text(name);
      const auto parsed = Field::parse(text);
      if (!parsed) fields_.complain(name, fmt::format("'{}' is no address", text));
      field = parsed.value_or(Field{});
    } else {
      ColumnReader inner(fields_.object(name));
      visit_fields(field, inner);
    }
  }

 private:
  Fields fields_;
};

template <class Row>
Row read_row(Fields fields) {
  Row row{};
  ColumnReader reader(fields);
  visit_fields(row, reader);
  return row;
}

/// The row of that table; nothing if there is none of that name.
template <std::size_t kKind = 0>
std::optional<TableRow> read_row_of(std::string_view table, Fields fields) {
  if constexpr (kKind < std::variant_size_v<TableRow>) {
    using Row = std::variant_alternative_t<kKind, TableRow>;
    if (table_name(TableRow(Row{})) == table) return read_row<Row>(fields);
    return read_row_of<kKind + 1>(table, fields);
  } else {
    return std::nullopt;
  }
}

std::optional<RecordKind> kind_by_name(std::string_view name) {
  for (std::uint8_t k = 0; k <= std::to_underlying(RecordKind::kNote); ++k) {
    if (kind_name(RecordKind{k}) == name) return RecordKind{k};
  }
  return std::nullopt;
}

std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view digits) {
  if (digits.size() % 2 != 0 || digits.size() > 2 * kMostFrameBytes) return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::vector<std::uint8_t> bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit(digits[i]), low = digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

class RunFileReader {
 public:
  explicit RunFileReader(const std::string& file) : file_(file) {}

  Result<SavedRun> read(std::string_view text) {
    if (!begins_run_file(text)) {
      return fail("this is no recorded run: its first line does not say so", {file_, 1, 1},
                  "'lvslab export FILE --format jsonl' writes one");
    }
    while (!text.empty()) {
      ++line_;
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (auto taken = take(line); !taken) {
        // Of a run that was interrupted, or copied while it was written, the beginning is good.
        if (records_.empty()) return std::unexpected(taken.error());
        run_.cut_at = line_;
        break;
      }
    }
    if (records_.empty()) return fail("this run holds no records", {file_, 0, 0});
    return finish();
  }

 private:
  Result<void> take(std::string_view line) {
    std::optional<Fields::Problem> problem;
    Json object;
    try {
      object = Json::parse(line);
    } catch (const Json::parse_error& error) {
      return fail("this line is not JSON", {file_, line_, static_cast<int>(error.byte)});
    } catch (const Json::exception&) {
      return fail("a number in this line is too large", {file_, line_, 1});
    }
    take(Fields(object, problem));
    if (!problem) return {};
    const std::size_t at = line.find('"' + problem->key + "\":");
    const int column = at == std::string_view::npos ? 1 : static_cast<int>(at) + 1;
    return fail(std::move(problem->what), {file_, line_, column});
  }

  void take(Fields fields) {
    const std::string kind = fields.text("kind");
    if (line_ == 1) {
      if (fields.whole<int>("format") != 1) {
        fields.complain("format", "this run is of another version of the program");
      }
      run_.scenario = fields.text("scenario");
      for (const Json& text : fields.list("addresses")) {
        const auto addr = IpAddr::parse(text.is_string() ? text.get<std::string>() : "");
        if (!addr || addr->is_v4()) {
          fields.complain("addresses", "'addresses' must be IPv6 addresses");
        } else {
          name_of(*addr);
        }
      }
    } else if (kind == "node" && records_.empty()) {
      take_node(fields);
    } else {
      take_record(fields, kind);
    }
  }

  void take_node(Fields fields) {
    TraceNode node;
    node.name = fields.text("node");
    node.is_switch = fields.truth("switch");
    const Json& devices = fields.list("devices");
    if (devices.size() > kMostDevices || nodes_.size() >= kMostNodes) {
      fields.complain("devices", "so many are no lab's");
      return;
    }
    for (const Json& device : devices) {
      node.devices.push_back(read_row<LinkRow>(fields.element(device)));
    }
    const NodeId id = run_.trace.add_node(node);
    if (!nodes_.emplace(node.name, id).second) fields.complain("node", "this name came before");
  }

  void take_record(Fields fields, const std::string& kind_text) {
    TraceRecord r;
    if (fields.whole<std::uint32_t>("record") != records_.size()) {
      fields.complain("record", fmt::format("record {} is missing here", records_.size()));
    }
    const auto kind = kind_by_name(kind_text);
    if (!kind) fields.complain("kind", fmt::format("'{}' is no kind of record", kind_text));
    r.kind = kind.value_or(RecordKind::kDecision);
    const std::int64_t last = records_.empty() ? 0 : records_.back().at.ns;
    r.at.ns = fields.whole<std::int64_t>("ns", last, kMostNs);
    if (fields.has("cause")) take_cause(fields, r);
    if (fields.has("node")) take_place(fields, r);
    if (fields.has("packet")) take_frame(fields, r);
    if (fields.has("reason")) take_reason(fields, r);
    take_what(fields, r);
    if (fields.fine()) records_.push_back(r);
  }

  void take_cause(Fields fields, TraceRecord& r) {
    const auto cause = fields.whole<std::uint32_t>("cause");
    if (cause >= records_.size()) fields.complain("cause", "a cause stands before what it causes");
    r.cause = RecordId(cause);
  }

  void take_place(Fields fields, TraceRecord& r) {
    const auto node = nodes_.find(fields.text("node"));
    if (node == nodes_.end()) return fields.complain("node", "no node has this name");
    r.node = node->second;
    if (!fields.has("dev")) return;
    const std::string name = fields.text("dev");
    const TraceNode& of = run_.trace.node(r.node);
    const auto link = std::ranges::find(of.devices, ShortName(name), &LinkRow::name);
    if (!of.is_switch && link != of.devices.end()) {
      r.dev = link->dev;
      return;
    }
    // What has no name is "if7", and that of a switch "port3".
    const std::string_view prefix = of.is_switch ? "port" : "if";
    const char* const end = name.data() + name.size();
    std::uint16_t number = 0;
    const bool numbered = name.starts_with(prefix) &&
                          std::from_chars(name.data() + prefix.size(), end, number).ptr == end &&
                          number != 0;
    if (!numbered) {
      return fields.complain("dev", fmt::format("{} has no interface '{}'", of.name, name));
    }
    r.dev = IfIndex(number);
  }

  void take_frame(Fields fields, TraceRecord& r) {
    const auto number = fields.whole<std::uint32_t>("packet", 1);
    r.frame = FrameId(number - 1);
    if (fields.has("bytes")) {
      auto bytes = bytes_of(fields.text("bytes"));
      if (!bytes) return fields.complain("bytes", "'bytes' must be pairs of hexadecimal digits");
      frames_[r.frame.value] = *std::move(bytes);
    } else if (!frames_.contains(r.frame.value)) {
      fields.complain("packet", "the bytes of this packet did not come before");
    }
  }

  void take_reason(Fields fields, TraceRecord& r) {
    const std::string name = fields.text("reason");
    const auto reason = reason_by_name(name);
    if (!reason) return fields.complain("reason", fmt::format("'{}' is no reason", name));
    r.reason = *reason;
    const Json& args = fields.list("args");
    if (args.size() != r.args.size()) return fields.complain("args", "'args' must be three");
    for (std::size_t i = 0; i < args.size(); ++i) {
      r.args[i] = argument(fields, info(*reason).args[i], args[i]);
    }
  }

  std::uint32_t argument(Fields fields, ArgKind kind, const Json& value) {
    if (kind == ArgKind::kText && value.is_string()) {
      return run_.trace.add_text(value.get<std::string>());
    }
    if (kind == ArgKind::kIp && value.is_string()) {
      const auto addr = IpAddr::parse(value.get<std::string>());
      if (!addr) fields.complain("args", "this is no address");
      return addr ? name_of(*addr).bits : 0;
    }
    const bool number = kind != ArgKind::kText && kind != ArgKind::kIp &&
                        value.is_number_unsigned() &&
                        std::in_range<std::uint32_t>(value.get<std::uint64_t>());
    if (!number) fields.complain("args", "these arguments do not fit the reason");
    return number ? value.get<std::uint32_t>() : 0;
  }

  /// What stands for an address in a record (sim/core/address_names.h).
  Ipv4Addr name_of(IpAddr addr) {
    if (addr.is_v4()) return addr.v4();
    if (addr.is_any()) return Ipv4Addr::any6();
    const auto [at, is_new] =
        names_.try_emplace(addr.v6(), static_cast<std::uint32_t>(addresses_.size() + 1));
    if (is_new) addresses_.push_back(addr.v6());
    return Ipv4Addr{Ipv4Addr::any6().bits + at->second};
  }

  void take_what(Fields fields, TraceRecord& r) {
    switch (r.kind) {
      case RecordKind::kRowAdded:
      case RecordKind::kRowChanged:
      case RecordKind::kRowRemoved: return take_row(fields, r);
      case RecordKind::kOutput:
        r.args[2] = fields.text("stream") == "stderr" ? 2 : 1;
        [[fallthrough]];
      case RecordKind::kCommand: r.args[1] = fields.whole<std::uint32_t>("pid"); [[fallthrough]];
      case RecordKind::kFault: r.args[0] = run_.trace.add_text(fields.text("text")); return;
      case RecordKind::kExit:
        r.args[1] = fields.whole<std::uint32_t>("pid");
        r.args[0] = fields.whole<std::uint32_t>("status");
        return;
      case RecordKind::kNote: r.args[0] = fields.whole<std::uint32_t>("item"); return;
      case RecordKind::kFrameSent:
      case RecordKind::kFrameReceived:
        if (!r.node.valid()) fields.complain("kind", "a frame is sent or received by a node");
        return;
      case RecordKind::kFrameDropped:
      case RecordKind::kDecision: return;
    }
  }

  void take_row(Fields fields, TraceRecord& r) {
    const std::string table = fields.text("table");
    const auto row = read_row_of(table, fields.object("columns"));
    if (!row) return fields.complain("table", fmt::format("'{}' is no table", table));
    if (!r.node.valid()) return fields.complain("table", "a row is one of a node");
    r.args[0] = run_.trace.add_row(*row);
    if (const auto* link = std::get_if<LinkRow>(&*row)) run_.trace.add_device(r.node, *link);
  }

  Result<SavedRun> finish() {
    std::uint32_t next = 0;
    for (const auto& [number, bytes] : frames_) {
      // One that no record speaks of is of no use, but those after it keep their numbers.
      for (; next < number && next < records_.size(); ++next) run_.trace.add_frame({});
      if (next++ != number) return fail("packets are missing in this run", {file_, 0, 0});
      run_.trace.add_frame(bytes);
    }
    run_.trace.learn_addresses(addresses_);
    for (const TraceRecord& record : records_) run_.trace.append(record);
    return std::move(run_);
  }

  const std::string& file_;
  int line_ = 0;
  SavedRun run_;
  std::map<std::string, NodeId, std::less<>> nodes_;
  std::vector<TraceRecord> records_;
  std::map<std::uint32_t, std::vector<std::uint8_t>> frames_;  ///< by number
  std::map<Ipv6Addr, std::uint32_t> names_;
  std::vector<Ipv6Addr> addresses_;
};

}  // namespace

bool begins_run_file(std::string_view file) { return file.starts_with(kHead); }

Result<SavedRun> parse_run_file(std::string_view text, const std::string& file) {
  return RunFileReader(file).read(text);
}

}  // namespace lvslab
