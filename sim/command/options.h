// Command line options in the manner of getopt_long(3), with the messages of the real tools.
//
// Models: -abc, -n VALUE, -nVALUE, --long[=VALUE], unique long prefixes, "--", operands anywhere.
// Leaves out: POSIXLY_CORRECT. Source: getopt(3).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/command/output.h"

namespace lvslab::command {

struct LongOption {
  std::string_view name;
  char letter;  ///< what Options::given reports
  bool has_value = false;
};

struct OptionSpec {
  std::string_view tool;
  std::string_view letters;            ///< modelled; ':' after one that takes a value
  std::string_view unmodelled = {};    ///< letters of the real tool that are refused clearly
  std::string_view close = {};         ///< what a refusal offers instead
  std::vector<LongOption> longs = {};  ///< modelled
  std::vector<std::string_view> unmodelled_longs = {};
  std::string_view usage = {};  ///< printed after the message of a bad option
  int status = 1;
  bool operands_end_options = false;  ///< "+" of getopt: the first operand ends the options
};

struct Options {
  std::vector<std::pair<char, std::string>> given;
  std::vector<std::string> operands;
};

Parsed<Options> read_options(Args args, const OptionSpec& spec);

/// A decimal integer that fills the whole text.
std::optional<std::int64_t> to_int(std::string_view text);
/// As strtoul(text, 0): decimal, 0x hexadecimal or 0 octal, 32 bits.
std::optional<std::uint32_t> to_u32(std::string_view text);

/// "Try 'TOOL --help' for more information."
std::string try_help(std::string_view tool);

/// Appends " -- " if needed and the operands, quoted.
void append_operands(std::string& line, const std::vector<std::string>& operands);

}  // namespace lvslab::command
