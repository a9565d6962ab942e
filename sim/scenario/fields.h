// Reads one YAML map by its ObjectSpec: what is unknown, missing, written twice or of the wrong
// kind is reported once, here; what remains comes out as typed values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/result.h"
#include "sim/scenario/keys.h"
#include "sim/scenario/model.h"
#include "sim/scenario/yaml_tree.h"

namespace lvslab::scenario {

/// Collects all errors of one file.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(Mark where, std::string message, std::string hint = {}) {
    errors_.push_back({std::move(message), {file_, where.line, where.column}, std::move(hint)});
  }
  bool none() const { return errors_.empty(); }
  /// In the order of the file.
  std::vector<Error> take();

 private:
  std::string file_;
  std::vector<Error> errors_;
};

struct Located {
  std::string value;
  Mark where;
};

/// "did you mean 'WORD'?", or an empty text if no word is near.
std::string did_you_mean(std::string_view typed, const std::vector<std::string_view>& known);

/// A text for people as one line per paragraph: line breaks inside a paragraph are joined with a
/// blank, or with nothing between two Chinese characters and beside full-width marks. Lines that
/// start with "- " or a blank stay lines.
std::string fold_text(std::string_view text);

class Fields {
 public:
  Fields(const YamlTree& tree, const YamlNode& node, const ObjectSpec& spec, Problems& problems);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  Mark where() const { return where_; }
  /// Where the value of `key` stands, or the object itself if it has no such key.
  Mark where(std::string_view key) const;

  // Each returns nothing (or something empty) if the key is missing or its value was wrong; the
  // latter has been reported. Asking for a key with another kind than the table's is a bug.
  Text text(std::string_view key) const;
  std::optional<Located> string(std::string_view key) const;
  std::optional<std::size_t> word(std::string_view key) const;  ///< index in KeySpec::words
  bool boolean(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<SimDuration> duration(std::string_view key) const;
  std::optional<SimTime> time(std::string_view key) const;
  std::optional<std::uint64_t> rate(std::string_view key) const;
  std::optional<std::uint32_t> share(std::string_view key) const;
  std::optional<MacAddr> mac(std::string_view key) const;
  std::optional<Ipv4Addr> address(std::string_view key) const;
  std::optional<Ipv4Prefix> prefix(std::string_view key) const;
  std::vector<std::pair<Ipv4Prefix, Mark>> prefixes(std::string_view key) const;
  std::optional<Ipv6Addr> address6(std::string_view key) const;
  std::optional<Ipv6Prefix> prefix6(std::string_view key) const;
  std::vector<std::pair<Ipv6Prefix, Mark>> prefixes6(std::string_view key) const;
  std::vector<Located> strings(std::string_view key) const;
  std::vector<CommandLine> lines(std::string_view key) const;
  std::optional<NicRef> nic(std::string_view key) const;
  std::vector<std::pair<Located, std::string>> settings(std::string_view key) const;
  const YamlNode* object(std::string_view key) const;
  std::vector<const YamlNode*> objects(std::string_view key) const;

 private:
  struct Entry {
    const KeySpec* spec;
    const YamlNode* value;
  };
  const YamlNode* find(std::string_view key) const;
  /// The value of `key`, which the table says is of `kind`.
  const YamlNode* get(std::string_view key, ValueKind kind) const;
  const YamlNode* scalar(std::string_view key, ValueKind kind) const;
  /// The scalars of a value that may be one scalar or a list of them.
  std::vector<const YamlNode*> scalars(std::string_view key, ValueKind kind) const;
  void check_keys(const YamlNode& node);
  void wrong_kind(const YamlNode& node, std::string_view key, std::string_view wanted) const;

  const YamlTree& tree_;
  const ObjectSpec& spec_;
  Problems& problems_;
  Mark where_;
  std::vector<Entry> entries_;
};

}  // namespace lvslab::scenario
