// Regular expressions as grep has them, matched in time linear in the line (no backtracking).
//
// Models: POSIX basic and extended syntax with GNU's \| \+ \? \< \> \b \B \w \W \s \S, bracket
// expressions with classes, intervals; leftmost-longest. Leaves out: back references, collation.
// Source: POSIX.1-2017 XBD 9; K. Thompson, "Regular expression search algorithm" (1968).
#pragma once

#include <bitset>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lvslab::command {

class Pattern {
 public:
  enum class Syntax : std::uint8_t { kBasic, kExtended, kFixed };
  /// Errors: grep's own words ("Unmatched ( or \\(").
  static std::expected<Pattern, std::string> compile(std::string_view text, Syntax syntax,
                                                     bool ignore_case);
  bool matches(std::string_view line) const;
  /// The leftmost longest match that starts at `from` or later: (position, length).
  std::optional<std::pair<std::size_t, std::size_t>> find(std::string_view line,
                                                          std::size_t from = 0) const;

 private:
  friend class PatternCompiler;
  struct Instruction {
    enum class Kind : std::uint8_t { kSet, kSplit, kJump, kAssert, kMatch };
    Kind kind = Kind::kMatch;
    char assertion = 0;          ///< '^' '$' '<' '>' 'b' 'B'
    std::uint32_t x = 0, y = 0;  ///< targets
    std::uint32_t set = 0;       ///< index into sets_
  };
  void follow(std::uint32_t pc, std::string_view line, std::size_t at,
              std::vector<std::uint32_t>& list, std::vector<std::uint32_t>& seen,
              std::uint32_t mark) const;
  static bool holds(char assertion, std::string_view line, std::size_t at);

  std::vector<Instruction> program_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace lvslab::command
