// Every key of a scenario file, once: the loader reads by this table, the JSON Schema and the key
// tables of docs/scenario-format.md are written from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lvslab::scenario {

enum class ValueKind : std::uint8_t {
  kText,      ///< a text for people: a string, or {en, zh}
  kString,    ///< any scalar, taken as it is
  kWord,      ///< one of `words`
  kBool,      ///< true or false
  kInteger,   ///< a decimal number in [min, max]
  kDuration,  ///< parse_duration()
  kRate,      ///< parse_rate()
  kShare,     ///< parse_share()
  kMac,       ///< a unicast MAC address
  kAddress,   ///< an IPv4 address
  kPrefix,    ///< an IPv4 prefix, or "default"
  kPrefixes,  ///< addresses with prefix length: one, or a list
  kAddress6,  ///< the same three for IPv6
  kPrefix6,
  kPrefixes6,
  kStrings,   ///< one string, or a list of them
  kLines,     ///< one string or a list; every line of each is one command
  kNic,       ///< HOST/NIC
  kTarget,    ///< HOST/NIC or HOST
  kSettings,  ///< a map of names to scalars
  kObject,    ///< a map with the keys of `object`
  kObjects,   ///< a list of them
};

struct ObjectSpec;

struct KeySpec {
  std::string_view name;
  ValueKind kind;
  std::string_view doc;
  bool required = false;
  const ObjectSpec* object = nullptr;
  std::span<const std::string_view> words{};
  std::int64_t min = 0, max = 0;

  constexpr KeySpec(std::string_view n, ValueKind k, std::string_view d)
      : name(n), kind(k), doc(d) {}
  constexpr KeySpec must() const {
    KeySpec copy = *this;
    copy.required = true;
    return copy;
  }
  constexpr KeySpec of(const ObjectSpec& spec) const {
    KeySpec copy = *this;
    copy.object = &spec;
    return copy;
  }
  constexpr KeySpec one_of(std::span<const std::string_view> list) const {
    KeySpec copy = *this;
    copy.words = list;
    return copy;
  }
  constexpr KeySpec within(std::int64_t least, std::int64_t most) const {
    KeySpec copy = *this;
    copy.min = least;
    copy.max = most;
    return copy;
  }
};

struct ObjectSpec {
  std::string_view name;  ///< in the schema's "$defs"
  std::string_view what;  ///< in error messages: "a host"
  std::string_view doc;   ///< one sentence above the key table
  std::span<const KeySpec> keys;
  /// Exactly one of these keys stands in the object; empty: no such rule.
  std::span<const std::string_view> one_of{};

  const KeySpec* find(std::string_view key) const;
};

extern const ObjectSpec kScenarioKeys, kSwitchKeys, kLinkKeys, kHostKeys, kNicKeys, kRouteKeys,
    kRoute6Keys, kItemKeys, kOutputKeys, kExpectKeys, kPacketsKeys, kTableKeys, kReasonKeys,
    kIgnoreKeys, kIgnoredKeys, kIgnoredPacketsKeys, kIgnoredOutputKeys, kIgnoredTableKeys;

/// All objects, the scenario itself first.
std::span<const ObjectSpec* const> all_objects();

}  // namespace lvslab::scenario
