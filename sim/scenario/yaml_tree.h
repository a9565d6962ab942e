// YAML text as a plain tree with the place of every node.
//
// Models: the documents that scenario files are: one document of maps, lists and scalars, with
// anchors and aliases. Leaves out: tags, merge keys ("<<"), several documents.
// Hostile input: every limit below holds before anything is expanded, and an alias is a reference
// to its node, never a copy, so that a "billion laughs" file costs as much memory as its text.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/scenario/model.h"

namespace lvslab::scenario {

inline constexpr std::size_t kMaxFileBytes = 1 << 20;
inline constexpr std::size_t kMaxLineBytes = 64 << 10;
inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::uint64_t kMaxNodes = 200'000;  ///< with every alias counted as if expanded
inline constexpr std::uint32_t kMaxAliases = 1'000;

struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Mark where;
  std::string value;                 ///< of a scalar
  std::vector<std::uint32_t> items;  ///< of a list: its items; of a map: key, value, key, value
  std::uint64_t weight = 1;          ///< nodes in it, aliases expanded
};

class YamlTree {
 public:
  /// Errors: empty, not UTF-8 text, over a limit, or what the YAML parser objects to (its first
  /// objection only: after that it has lost its way).
  static std::expected<YamlTree, std::vector<Error>> parse(std::string text, std::string file);

  const YamlNode& root() const { return nodes_.back(); }
  const YamlNode& operator[](std::uint32_t index) const { return nodes_[index]; }

  /// Where line `index` (from 0) of the scalar `node` stands: a literal block ("|") has its lines
  /// below its mark, a quoted scalar starts behind its quote, and the rest is placed at the mark.
  Mark line_of(const YamlNode& node, std::size_t index) const;

 private:
  friend class TreeBuilder;
  std::vector<YamlNode> nodes_;  // children before their parents; the root is the last
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

/// The bytes of a scenario file. Errors: missing, a directory, unreadable, over kMaxFileBytes.
Result<std::string> read_scenario_file(const std::string& path);

}  // namespace lvslab::scenario
