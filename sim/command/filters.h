// Text filters of pipelines as pure functions: cat, grep, wc, head, tail, tee, sort, uniq, cut.
//
// Models: text → text with the options named beside each struct; files are read (and written) by
// the host, which passes their contents. sed has sed.h. Leaves out: awk, tr, binary input, locales
// (order is that of bytes), back references in patterns. Source: GNU grep 3.8, GNU coreutils 9.1;
// regular expressions as POSIX ERE/BRE.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/output.h"

namespace lvslab::command {

struct CatCommand {  // -n
  std::vector<std::string> files;
  bool number = false;
  friend bool operator==(const CatCommand&, const CatCommand&) = default;
};
struct GrepCommand {  // -c -v -i -E -F -o -q -n -w -x -e -h -A -B -C
  std::string pattern;
  enum class Syntax : std::uint8_t { kBasic, kExtended, kFixed };
  Syntax syntax = Syntax::kBasic;
  bool count = false, invert = false, ignore_case = false, only_matching = false, quiet = false;
  bool line_number = false, word = false, whole_line = false, no_filename = false;
  std::uint32_t before = 0, after = 0;  ///< lines of context
  std::vector<std::string> files;
  friend bool operator==(const GrepCommand&, const GrepCommand&) = default;
};
struct WcCommand {  // -l -w -c
  bool lines = false, words = false, bytes = false;
  std::vector<std::string> files;
  friend bool operator==(const WcCommand&, const WcCommand&) = default;
};
struct HeadCommand {        // -n N, -N
  std::int64_t lines = 10;  ///< negative: all but the last
  std::vector<std::string> files;
  friend bool operator==(const HeadCommand&, const HeadCommand&) = default;
};
struct TailCommand {  // -n N, -n +N, -N
  std::int64_t lines = 10;
  bool from_start = false;  ///< -n +N: from line N on
  std::vector<std::string> files;
  friend bool operator==(const TailCommand&, const TailCommand&) = default;
};
struct TeeCommand {  // -a
  bool append = false;
  std::vector<std::string> files;
  friend bool operator==(const TeeCommand&, const TeeCommand&) = default;
};
struct SortCommand {  // -n -r -u -k N
  bool numeric = false, reverse = false, unique = false;
  std::uint32_t key = 0;  ///< 1-based field to start at; 0: the whole line
  std::vector<std::string> files;
  friend bool operator==(const SortCommand&, const SortCommand&) = default;
};
struct UniqCommand {  // -c -d
  bool count = false, repeated = false;
  std::vector<std::string> files;
  friend bool operator==(const UniqCommand&, const UniqCommand&) = default;
};
struct CutCommand {  // -d C -f LIST, -c LIST
  struct Range {
    std::uint32_t first = 1, last = 0xffff'ffffU;
    friend bool operator==(const Range&, const Range&) = default;
  };
  bool characters = false;
  char delimiter = '\t';
  std::vector<Range> ranges;
  std::vector<std::string> files;
  friend bool operator==(const CutCommand&, const CutCommand&) = default;
};

Parsed<CatCommand> parse_cat(Args args);
Parsed<GrepCommand> parse_grep(Args args);
Parsed<WcCommand> parse_wc(Args args);
Parsed<HeadCommand> parse_head(Args args);
Parsed<TailCommand> parse_tail(Args args);
Parsed<TeeCommand> parse_tee(Args args);
Parsed<SortCommand> parse_sort(Args args);
Parsed<UniqCommand> parse_uniq(Args args);
Parsed<CutCommand> parse_cut(Args args);

std::string to_text(const CatCommand& command);
std::string to_text(const GrepCommand& command);
std::string to_text(const WcCommand& command);
std::string to_text(const HeadCommand& command);
std::string to_text(const TailCommand& command);
std::string to_text(const TeeCommand& command);
std::string to_text(const SortCommand& command);
std::string to_text(const UniqCommand& command);
std::string to_text(const CutCommand& command);

/// One input of a filter. `name` is as typed; "-" or empty is standard input.
struct NamedText {
  std::string name;
  std::string_view text;
  /// Not empty: the file cannot be read; "No such file or directory", "Is a directory".
  std::string_view problem = {};
};

Output run(const CatCommand& command, std::span<const NamedText> inputs);
Output run(const GrepCommand& command, std::span<const NamedText> inputs);
Output run(const WcCommand& command, std::span<const NamedText> inputs);
Output run(const HeadCommand& command, std::span<const NamedText> inputs);
Output run(const TailCommand& command, std::span<const NamedText> inputs);
Output run(const TeeCommand& command, std::span<const NamedText> inputs);
Output run(const SortCommand& command, std::span<const NamedText> inputs);
Output run(const UniqCommand& command, std::span<const NamedText> inputs);
Output run(const CutCommand& command, std::span<const NamedText> inputs);

}  // namespace lvslab::command
