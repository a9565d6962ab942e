// sed as a pure function over texts, as far as configuration files are edited with it.
//
// Models: the commands s (with g, p, N, I), d and p, behind addresses (N, $, /re/, two of them, !);
// -n, -e, -E, -s, -i and -iSUFFIX; & and \n in what is put in place. Leaves out (a clear refusal
// each): all other commands, groups, back references, GNU's special addresses.
// Source: GNU sed 4.9.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/command/filters.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct SedAddress {
  enum class Kind : std::uint8_t { kLine, kLast, kPattern };
  Kind kind = Kind::kLine;
  std::uint32_t line = 0;
  std::string pattern;
  bool ignore_case = false;
  friend bool operator==(const SedAddress&, const SedAddress&) = default;
};

struct SedEdit {
  enum class Kind : std::uint8_t { kSubstitute, kDelete, kPrint };
  Kind kind = Kind::kSubstitute;
  std::optional<SedAddress> first, last;
  bool negated = false;     ///< !
  std::string pattern;      ///< kSubstitute
  std::string replacement;  ///< as typed, but with '/' around it
  bool all = false, print = false, ignore_case = false;
  std::uint32_t nth = 1;
  friend bool operator==(const SedEdit&, const SedEdit&) = default;
};

struct SedCommand {
  std::vector<SedEdit> edits;
  bool quiet = false, extended = false, separate = false, in_place = false;
  std::string suffix;  ///< -iSUFFIX: what was there is kept in FILESUFFIX
  std::vector<std::string> files;
  friend bool operator==(const SedCommand&, const SedCommand&) = default;
};

Parsed<SedCommand> parse_sed(Args args);
std::string to_text(const SedCommand& command);

/// What goes to standard output. With -i: what `inputs`, which is one file, is to hold.
Output run(const SedCommand& command, std::span<const NamedText> inputs);

}  // namespace lvslab::command
