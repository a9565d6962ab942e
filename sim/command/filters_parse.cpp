#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/command/filters.h"
#include "sim/command/options.h"
#include "sim/command/pattern.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> complain(std::string_view tool, const std::string& message, int status = 1,
                                 bool hint = true) {
  return std::unexpected(
      failure(fmt::format("{}: {}\n{}", tool, message, hint ? try_help(tool) : ""), status));
}

/// head and tail take "-5" for "-n 5".
std::vector<std::string> with_line_counts_spelled_out(Args args) {
  std::vector<std::string> out(args.begin(), args.end());
  for (std::size_t i = 1; i < out.size(); ++i) {
    const bool count =
        out[i].size() > 1 && out[i][0] == '-' &&
        std::ranges::all_of(out[i].substr(1), [](char c) { return c >= '0' && c <= '9'; });
    if (count && (i == 1 || out[i - 1] != "-n")) out[i] = "-n" + out[i].substr(1);
  }
  return out;
}

Parsed<std::vector<CutCommand::Range>> ranges_of(const std::string& list, bool characters) {
  std::vector<CutCommand::Range> ranges;
  const std::string what = characters ? "byte or character position" : "field";
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    const std::string item = list.substr(begin, comma - begin);
    begin = comma + 1;
    const std::size_t dash = item.find('-');
    const auto first = to_int(item.substr(0, dash));
    CutCommand::Range range;
    if (dash == std::string::npos) {
      if (!first) return complain("cut", fmt::format("invalid {} value '{}'", what, item));
      range.first = range.last =
          static_cast<std::uint32_t>(std::clamp<std::int64_t>(*first, 0, 1 << 30));
    } else {
      const std::string tail = item.substr(dash + 1);
      const auto last = to_int(tail);
      if ((dash > 0 && !first) || (!tail.empty() && !last) || item == "-") {
        return complain("cut", fmt::format("invalid {} value '{}'", what, item));
      }
      if (first)
        range.first = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*first, 0, 1 << 30));
      if (last)
        range.last = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*last, 0, 1 << 30));
    }
    if (range.first == 0) {
      return complain("cut", characters ? "byte/character positions are numbered from 1"
                                        : "fields are numbered from 1");
    }
    if (range.last < range.first) return complain("cut", "invalid decreasing range");
    ranges.push_back(range);
  }
  return ranges;
}

std::string flag(bool on, char letter) { return on ? fmt::format(" -{}", letter) : ""; }

}  // namespace

Parsed<CatCommand> parse_cat(Args args) {
  const OptionSpec spec{.tool = "cat",
                        .letters = "n",
                        .unmodelled = "AbeEstTuv",
                        .close = "cat -n",
                        .longs = {{"number", 'n'}},
                        .usage = "Try 'cat --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  return CatCommand{std::move(options->operands), !options->given.empty()};
}

Parsed<GrepCommand> parse_grep(Args args) {
  const OptionSpec spec{
      .tool = "grep",
      .letters = "cviEGFoqnwxhe:A:B:C:",
      .unmodelled = "PrRlLHmzZaUbTdDfIyus",
      .close = "-c -v -i -E -F -o -q -n -w -x -A -B -C",
      .longs = {{"count", 'c'},
                {"invert-match", 'v'},
                {"ignore-case", 'i'},
                {"extended-regexp", 'E'},
                {"fixed-strings", 'F'},
                {"only-matching", 'o'},
                {"quiet", 'q'},
                {"line-number", 'n'},
                {"word-regexp", 'w'},
                {"line-regexp", 'x'},
                {"no-filename", 'h'},
                {"regexp", 'e', true},
                {"after-context", 'A', true},
                {"before-context", 'B', true},
                {"context", 'C', true}},
      .unmodelled_longs = {"perl-regexp", "recursive", "color", "colour", "max-count",
                           "files-with-matches", "include", "exclude"},
      .usage =
          "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n",
      .status = 2};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  GrepCommand grep;
  bool have_pattern = false;
  for (const auto& [letter, value] : options->given) {
    switch (letter) {
      case 'c': grep.count = true; break;
      case 'v': grep.invert = true; break;
      case 'i': grep.ignore_case = true; break;
      case 'E': grep.syntax = GrepCommand::Syntax::kExtended; break;
      case 'G': grep.syntax = GrepCommand::Syntax::kBasic; break;
      case 'F': grep.syntax = GrepCommand::Syntax::kFixed; break;
      case 'o': grep.only_matching = true; break;
      case 'q': grep.quiet = true; break;
      case 'n': grep.line_number = true; break;
      case 'w': grep.word = true; break;
      case 'x': grep.whole_line = true; break;
      case 'h': grep.no_filename = true; break;
      case 'e':
        grep.pattern += (have_pattern ? "\n" : "") + value;
        have_pattern = true;
        break;
      default: {
        const auto lines = to_int(value);
        if (!lines || *lines < 0 || *lines > 1'000'000) {
          return complain("grep", value + ": invalid context length argument", 2, false);
        }
        const auto count = static_cast<std::uint32_t>(*lines);
        if (letter != 'A') grep.before = count;
        if (letter != 'B') grep.after = count;
      }
    }
  }
  if (!have_pattern) {
    if (options->operands.empty()) return std::unexpected(failure(std::string(spec.usage), 2));
    grep.pattern = options->operands.front();
    options->operands.erase(options->operands.begin());
  }
  grep.files = std::move(options->operands);
  const auto compiled =
      Pattern::compile(grep.pattern, static_cast<Pattern::Syntax>(grep.syntax), grep.ignore_case);
  if (!compiled) return complain("grep", compiled.error(), 2, false);
  return grep;
}

Parsed<WcCommand> parse_wc(Args args) {
  const OptionSpec spec{.tool = "wc",
                        .letters = "lwc",
                        .unmodelled = "mL",
                        .close = "-l -w -c",
                        .longs = {{"lines", 'l'}, {"words", 'w'}, {"bytes", 'c'}},
                        .unmodelled_longs = {"chars", "max-line-length", "files0-from"},
                        .usage = "Try 'wc --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  WcCommand wc;
  for (const auto& [letter, value] : options->given) {
    wc.lines |= letter == 'l';
    wc.words |= letter == 'w';
    wc.bytes |= letter == 'c';
  }
  if (!wc.lines && !wc.words && !wc.bytes) wc.lines = wc.words = wc.bytes = true;
  wc.files = std::move(options->operands);
  return wc;
}

Parsed<HeadCommand> parse_head(Args args) {
  const std::vector<std::string> spelled = with_line_counts_spelled_out(args);
  const OptionSpec spec{.tool = "head",
                        .letters = "n:",
                        .unmodelled = "cqvz",
                        .close = "head -n N",
                        .longs = {{"lines", 'n', true}},
                        .unmodelled_longs = {"bytes", "quiet", "verbose"},
                        .usage = "Try 'head --help' for more information.\n"};
  auto options = read_options(spelled, spec);
  if (!options) return std::unexpected(options.error());
  HeadCommand head;
  for (const auto& [letter, value] : options->given) {
    const auto lines = to_int(value);
    if (!lines) {
      return complain("head", fmt::format("invalid number of lines: '{}'", value), 1, false);
    }
    head.lines = *lines;
    if (value == "-0") return std::unexpected(not_modelled("head", "-n -0", "cat"));
  }
  head.files = std::move(options->operands);
  return head;
}

Parsed<TailCommand> parse_tail(Args args) {
  const std::vector<std::string> spelled = with_line_counts_spelled_out(args);
  const OptionSpec spec{.tool = "tail",
                        .letters = "n:",
                        .unmodelled = "cfFqsvz",
                        .close = "tail -n N",
                        .longs = {{"lines", 'n', true}},
                        .unmodelled_longs = {"follow", "bytes", "pid", "quiet", "retry", "verbose"},
                        .usage = "Try 'tail --help' for more information.\n"};
  auto options = read_options(spelled, spec);
  if (!options) return std::unexpected(options.error());
  TailCommand tail;
  for (const auto& [letter, value] : options->given) {
    const auto lines = to_int(value);
    if (!lines || *lines == INT64_MIN) {
      return complain("tail", fmt::format("invalid number of lines: '{}'", value), 1, false);
    }
    tail.from_start = value.starts_with('+');
    tail.lines = *lines < 0 ? -*lines : *lines;
  }
  tail.files = std::move(options->operands);
  return tail;
}

Parsed<TeeCommand> parse_tee(Args args) {
  const OptionSpec spec{.tool = "tee",
                        .letters = "a",
                        .unmodelled = "ip",
                        .close = "tee -a",
                        .longs = {{"append", 'a'}},
                        .usage = "Try 'tee --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  return TeeCommand{!options->given.empty(), std::move(options->operands)};
}

Parsed<SortCommand> parse_sort(Args args) {
  const OptionSpec spec{
      .tool = "sort",
      .letters = "nruk:",
      .unmodelled = "bdfghiMRVcCmosStTz",
      .close = "-n -r -u -k N",
      .longs = {{"numeric-sort", 'n'}, {"reverse", 'r'}, {"unique", 'u'}, {"key", 'k', true}},
      .unmodelled_longs = {"version-sort", "human-numeric-sort", "field-separator"},
      .usage = "Try 'sort --help' for more information.\n",
      .status = 2};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  SortCommand sort;
  for (const auto& [letter, value] : options->given) {
    sort.numeric |= letter == 'n';
    sort.reverse |= letter == 'r';
    sort.unique |= letter == 'u';
    if (letter != 'k') continue;
    std::string_view text = value;
    while (!text.empty() && (text.back() == 'n' || text.back() == 'r')) {
      sort.numeric |= text.back() == 'n';
      sort.reverse |= text.back() == 'r';
      text.remove_suffix(1);
    }
    const auto field = to_int(text);
    if (!field || sort.key != 0) {
      return std::unexpected(not_modelled("sort", "key " + value, "-k N, -k Nn"));
    }
    if (*field <= 0 || *field > 1'000'000) {
      return complain("sort", fmt::format("-: invalid field specification '{}'", value), 2, false);
    }
    sort.key = static_cast<std::uint32_t>(*field);
  }
  sort.files = std::move(options->operands);
  return sort;
}

Parsed<UniqCommand> parse_uniq(Args args) {
  const OptionSpec spec{.tool = "uniq",
                        .letters = "cd",
                        .unmodelled = "DfisuwzN",
                        .close = "-c -d",
                        .longs = {{"count", 'c'}, {"repeated", 'd'}},
                        .unmodelled_longs = {"unique", "ignore-case", "skip-fields"},
                        .usage = "Try 'uniq --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  UniqCommand uniq;
  for (const auto& [letter, value] : options->given) {
    uniq.count |= letter == 'c';
    uniq.repeated |= letter == 'd';
  }
  if (options->operands.size() > 1) {
    return std::unexpected(not_modelled("uniq", "an output file", "uniq FILE > OUTPUT"));
  }
  uniq.files = std::move(options->operands);
  return uniq;
}

Parsed<CutCommand> parse_cut(Args args) {
  const OptionSpec spec{.tool = "cut",
                        .letters = "d:f:c:b:",
                        .unmodelled = "nsz",
                        .close = "-d -f -c",
                        .longs = {{"delimiter", 'd', true},
                                  {"fields", 'f', true},
                                  {"characters", 'c', true},
                                  {"bytes", 'b', true}},
                        .unmodelled_longs = {"complement", "only-delimited", "output-delimiter"},
                        .usage = "Try 'cut --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  CutCommand cut;
  int lists = 0;
  bool delimiter = false;
  for (const auto& [letter, value] : options->given) {
    if (letter == 'd') {
      if (value.size() != 1) return complain("cut", "the delimiter must be a single character");
      cut.delimiter = value[0];
      delimiter = true;
      continue;
    }
    if (++lists > 1) return complain("cut", "only one list may be specified");
    cut.characters = letter != 'f';
    auto ranges = ranges_of(value, cut.characters);
    if (!ranges) return std::unexpected(ranges.error());
    cut.ranges = std::move(*ranges);
  }
  if (lists == 0) return complain("cut", "you must specify a list of bytes, characters, or fields");
  if (cut.characters && delimiter) {
    return complain("cut", "an input delimiter may be specified only when operating on fields");
  }
  cut.files = std::move(options->operands);
  return cut;
}

std::string to_text(const CatCommand& c) {
  std::string line = "cat" + flag(c.number, 'n');
  append_operands(line, c.files);
  return line;
}

std::string to_text(const GrepCommand& c) {
  std::string line = "grep";
  if (c.syntax == GrepCommand::Syntax::kExtended) line += " -E";
  if (c.syntax == GrepCommand::Syntax::kFixed) line += " -F";
  line += flag(c.count, 'c') + flag(c.invert, 'v') + flag(c.ignore_case, 'i') +
          flag(c.only_matching, 'o') + flag(c.quiet, 'q') + flag(c.line_number, 'n') +
          flag(c.word, 'w') + flag(c.whole_line, 'x') + flag(c.no_filename, 'h');
  if (c.before > 0) line += fmt::format(" -B {}", c.before);
  if (c.after > 0) line += fmt::format(" -A {}", c.after);
  line += (c.pattern.starts_with('-') ? " -e " : " ") + quote_word(c.pattern);
  append_operands(line, c.files);
  return line;
}

std::string to_text(const WcCommand& c) {
  std::string line = "wc" + flag(c.lines, 'l') + flag(c.words, 'w') + flag(c.bytes, 'c');
  append_operands(line, c.files);
  return line;
}

std::string to_text(const HeadCommand& c) {
  std::string line = fmt::format("head -n {}", c.lines);
  append_operands(line, c.files);
  return line;
}

std::string to_text(const TailCommand& c) {
  std::string line = fmt::format("tail -n {}{}", c.from_start ? "+" : "", c.lines);
  append_operands(line, c.files);
  return line;
}

std::string to_text(const TeeCommand& c) {
  std::string line = "tee" + flag(c.append, 'a');
  append_operands(line, c.files);
  return line;
}

std::string to_text(const SortCommand& c) {
  std::string line = "sort" + flag(c.numeric, 'n') + flag(c.reverse, 'r') + flag(c.unique, 'u');
  if (c.key > 0) line += fmt::format(" -k {}", c.key);
  append_operands(line, c.files);
  return line;
}

std::string to_text(const UniqCommand& c) {
  std::string line = "uniq" + flag(c.count, 'c') + flag(c.repeated, 'd');
  append_operands(line, c.files);
  return line;
}

std::string to_text(const CutCommand& c) {
  std::string line = "cut";
  if (c.delimiter != '\t') line += " -d " + quote_word(std::string_view(&c.delimiter, 1));
  line += c.characters ? " -c " : " -f ";
  for (std::size_t i = 0; i < c.ranges.size(); ++i) {
    const CutCommand::Range& range = c.ranges[i];
    if (i > 0) line += ',';
    line += std::to_string(range.first);
    if (range.last == CutCommand::Range{}.last) {
      line += '-';
    } else if (range.last != range.first) {
      line += fmt::format("-{}", range.last);
    }
  }
  append_operands(line, c.files);
  return line;
}

}  // namespace lvslab::command
