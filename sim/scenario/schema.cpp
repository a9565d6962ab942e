#include "sim/scenario/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/scenario/keys.h"

namespace lvslab::scenario {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNumber = R"([0-9]+(\.[0-9]+)?)";
constexpr std::string_view kName = "[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?";
constexpr std::string_view kNicName = "[A-Za-z][A-Za-z0-9_-]{0,14}";
constexpr std::string_view kByte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

/// No more than what may stand in one: the loader reads it.
std::string ipv6() { return "[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"; }
std::string ipv4() { return fmt::format(R"({0}\.{0}\.{0}\.{0})", kByte); }

Json pattern(const std::string& text) {
  return {{"type", "string"}, {"pattern", fmt::format("^({})$", text)}};
}

/// A number without a unit only if it is zero, which YAML reads as a number.
Json quantity(std::string_view units) {
  return {{"anyOf", {pattern(fmt::format("{} *({})|0", kNumber, units)), {{"const", 0}}}}};
}

Json scalar() { return {{"type", {"string", "number", "boolean"}}}; }

Json one_or_list(const Json& item) {
  return {{"anyOf", {item, {{"type", "array"}, {"items", item}}}}};
}

Json text() {
  const Json one = {{"type", "string"}};
  return {{"anyOf",
           {one,
            {{"type", "object"},
             {"properties", {{"en", one}, {"zh", one}}},
             {"additionalProperties", false}}}}};
}

Json integer(const KeySpec& key) {
  Json schema = {{"type", "integer"}, {"minimum", key.min}};
  if (key.max != INT64_MAX) schema["maximum"] = key.max;
  return schema;
}

Json reference(const ObjectSpec& object) {
  return {{"$ref", fmt::format("#/$defs/{}", object.name)}};
}

Json value_schema(const KeySpec& key) {
  const std::string length = "(3[0-2]|[12]?[0-9])";
  const std::string length6 = "(12[0-8]|1[01][0-9]|[1-9]?[0-9])";
  switch (key.kind) {
    case ValueKind::kText: return text();
    case ValueKind::kString: return scalar();
    case ValueKind::kWord: return {{"enum", key.words}};
    case ValueKind::kBool: return {{"type", "boolean"}};
    case ValueKind::kInteger: return integer(key);
    case ValueKind::kDuration: return quantity("ns|us|ms|s|min|h");
    case ValueKind::kRate: return pattern(fmt::format("{} *(bps|kbps|Mbps|Gbps)", kNumber));
    case ValueKind::kShare: return quantity("ppm|%");
    case ValueKind::kMac: return pattern("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}");
    case ValueKind::kAddress: return pattern(ipv4());
    case ValueKind::kPrefix: return pattern(fmt::format("default|{}(/{})?", ipv4(), length));
    case ValueKind::kPrefixes: return one_or_list(pattern(fmt::format("{}/{}", ipv4(), length)));
    case ValueKind::kAddress6: return pattern(ipv6());
    case ValueKind::kPrefix6: return pattern(fmt::format("default|{}(/{})?", ipv6(), length6));
    case ValueKind::kPrefixes6: return one_or_list(pattern(fmt::format("{}/{}", ipv6(), length6)));
    case ValueKind::kStrings:
    case ValueKind::kLines: return one_or_list(scalar());
    case ValueKind::kNic: return pattern(fmt::format("{}/{}", kName, kNicName));
    case ValueKind::kTarget: return pattern(fmt::format("{}(/{})?", kName, kNicName));
    case ValueKind::kSettings: return {{"type", "object"}, {"additionalProperties", scalar()}};
    case ValueKind::kObject: return reference(*key.object);
    case ValueKind::kObjects: return {{"type", "array"}, {"items", reference(*key.object)}};
  }
  return {};
}

std::string without_backticks(std::string_view doc) {
  std::string plain(doc);
  std::erase(plain, '`');
  return plain;
}

Json object_schema(const ObjectSpec& object) {
  Json schema = {{"type", "object"},
                 {"description", without_backticks(object.doc)},
                 {"properties", Json::object()}};
  Json required = Json::array();
  for (const KeySpec& key : object.keys) {
    Json value = {{"description", without_backticks(key.doc)}};
    value.update(value_schema(key));
    schema["properties"][std::string(key.name)] = value;
    if (key.required) required.push_back(key.name);
  }
  if (!required.empty()) schema["required"] = required;
  if (!object.one_of.empty()) {
    schema["oneOf"] = Json::array();
    for (const std::string_view key : object.one_of) {
      schema["oneOf"].push_back({{"required", Json::array({key})}});
    }
  }
  schema["additionalProperties"] = false;
  return schema;
}

std::string kind_in_words(const KeySpec& key) {
  switch (key.kind) {
    case ValueKind::kText: return "text";
    case ValueKind::kString: return "string";
    case ValueKind::kWord: return "word";
    case ValueKind::kBool: return "`true`, `false`";
    case ValueKind::kInteger: return "whole number";
    case ValueKind::kDuration: return "time";
    case ValueKind::kRate: return "rate";
    case ValueKind::kShare: return "share";
    case ValueKind::kMac: return "MAC address";
    case ValueKind::kAddress: return "IPv4 address";
    case ValueKind::kPrefix: return "IPv4 prefix";
    case ValueKind::kPrefixes: return "IPv4 prefix, or list";
    case ValueKind::kAddress6: return "IPv6 address";
    case ValueKind::kPrefix6: return "IPv6 prefix";
    case ValueKind::kPrefixes6: return "IPv6 prefix, or list";
    case ValueKind::kStrings: return "string, or list";
    case ValueKind::kLines: return "lines, or list";
    case ValueKind::kNic: return "HOST/NIC";
    case ValueKind::kTarget: return "HOST/NIC, HOST";
    case ValueKind::kSettings: return "map";
    case ValueKind::kObject: return fmt::format("[{0}](#{0})", key.object->name);
    case ValueKind::kObjects: return fmt::format("list of [{0}](#{0})", key.object->name);
  }
  return {};
}

std::string doc_in_words(const KeySpec& key) {
  std::string doc(key.doc);
  for (std::size_t i = 0; i < key.words.size(); ++i) {
    doc += fmt::format("{}`{}`", i == 0 ? ": " : ", ", key.words[i]);
  }
  return doc;
}

}  // namespace

std::string json_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "LVS Lab scenario"}};
  schema.update(object_schema(kScenarioKeys));
  for (const ObjectSpec* const object : all_objects()) {
    if (object != &kScenarioKeys) {
      schema["$defs"][std::string(object->name)] = object_schema(*object);
    }
  }
  return schema.dump(2) + "\n";
}

std::string key_table(std::string_view name) {
  std::string table;
  for (const ObjectSpec* const object : all_objects()) {
    if (object->name != name) continue;
    table = fmt::format("{}\n\n| key | value | meaning |\n|---|---|---|\n", object->doc);
    for (const KeySpec& key : object->keys) {
      table += fmt::format("| `{}`{} | {} | {} |\n", key.name, key.required ? " (needed)" : "",
                           kind_in_words(key), doc_in_words(key));
    }
  }
  return table;
}

std::string with_key_tables(std::string_view document) {
  static constexpr std::string_view kBegin = "<!-- keys: ";
  static constexpr std::string_view kEnd = "<!-- end -->";
  std::string out;
  for (;;) {
    const std::size_t begin = document.find(kBegin);
    const std::size_t end = document.find(kEnd, begin == std::string_view::npos ? 0 : begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) break;
    const std::size_t line_end = document.find('\n', begin);
    const std::size_t name_at = begin + kBegin.size();
    const std::string_view name = document.substr(name_at, document.find(' ', name_at) - name_at);
    out += document.substr(0, line_end + 1);
    out += key_table(name);
    out += kEnd;
    document.remove_prefix(end + kEnd.size());
  }
  return out += document;
}

}  // namespace lvslab::scenario
