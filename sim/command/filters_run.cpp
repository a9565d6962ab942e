#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/command/filters.h"
#include "sim/command/pattern.h"

namespace lvslab::command {

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// Reports the file if it cannot be read.
bool is_bad(const NamedText& input, std::string_view tool, int status, Output& output) {
  if (input.problem.empty()) return false;
  output.err += fmt::format("{}: {}: {}\n", tool, input.name, input.problem);
  output.status = status;
  return true;
}

// --- grep
// -------------------------------------------------------------------------------------

class Grep {
 public:
  Grep(const GrepCommand& command, Pattern pattern)
      : command_(command), pattern_(std::move(pattern)) {}

  Output run(std::span<const NamedText> inputs) {
    for (const NamedText& input : inputs) {
      if (is_bad(input, "grep", 2, output_)) continue;
      const bool many = inputs.size() > 1 && !command_.no_filename;
      const bool standard = input.name.empty() || input.name == "-";
      name_ = !many ? "" : standard ? "(standard input)" : input.name;
      file(input.text);
    }
    if (any_ && (output_.status == 0 || command_.quiet)) {
      output_.status = 0;
    } else if (output_.status == 0) {
      output_.status = 1;
    }
    return std::move(output_);
  }

 private:
  using Match = std::optional<std::pair<std::size_t, std::size_t>>;

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }

  Match find(std::string_view line, std::size_t from) const {
    while (from <= line.size()) {
      const Match match = pattern_.find(line, from);
      if (!match) return match;
      const auto [at, length] = *match;
      if (command_.whole_line) return at == 0 && length == line.size() ? match : Match();
      if (!command_.word) return match;
      const bool open = at == 0 || !is_word(line[at - 1]);
      const bool close = at + length == line.size() || !is_word(line[at + length]);
      if (open && close) return match;
      from = at + 1;
    }
    return std::nullopt;
  }

  bool selects(std::string_view line) const {
    const bool plain = !command_.word && !command_.whole_line;
    return (plain ? pattern_.matches(line) : find(line, 0).has_value()) != command_.invert;
  }

  void prefix(std::size_t number, char mark) {
    if (!name_.empty()) output_.out += name_ + mark;
    if (command_.line_number) output_.out += fmt::format("{}{}", number, mark);
  }

  void print_matches(std::string_view line, std::size_t number) {
    if (command_.invert) return;
    std::size_t from = 0;
    while (const Match match = find(line, from)) {
      if (match->second > 0) {
        prefix(number, ':');
        output_.out += line.substr(match->first, match->second);
        output_.out += '\n';
      }
      from = match->first + std::max<std::size_t>(1, match->second);
    }
  }

  void file(std::string_view text) {
    const std::vector<std::string_view> lines = lines_of(text);
    std::size_t count = 0;
    std::size_t next_unprinted = 0;
    std::size_t context_until = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (selects(lines[i])) {
        ++count;
        any_ = true;
        if (command_.quiet) return;
        if (command_.count) continue;
        if (command_.only_matching) {
          print_matches(lines[i], i + 1);
          continue;
        }
        const std::size_t begin =
            std::max(next_unprinted, i < command_.before ? 0 : i - command_.before);
        const bool context = command_.before > 0 || command_.after > 0;
        if (context && printed_ && begin > next_unprinted) output_.out += "--\n";
        for (std::size_t k = begin; k < i; ++k) print(lines[k], k + 1, '-');
        print(lines[i], i + 1, ':');
        next_unprinted = i + 1;
        context_until = i + 1 + command_.after;
      } else if (i < context_until && !command_.count && !command_.only_matching) {
        print(lines[i], i + 1, '-');
        next_unprinted = i + 1;
      }
    }
    if (command_.count && !command_.quiet) {
      output_.out += (name_.empty() ? "" : name_ + ':') + std::to_string(count) + '\n';
    }
  }

  void print(std::string_view line, std::size_t number, char mark) {
    prefix(number, mark);
    output_.out += line;
    output_.out += '\n';
    printed_ = true;
  }

  const GrepCommand& command_;
  Pattern pattern_;
  Output output_;
  std::string name_;
  bool any_ = false;
  bool printed_ = false;
};

// --- wc
// ---------------------------------------------------------------------------------------

struct Counts {
  std::size_t lines = 0, words = 0, bytes = 0;
};

Counts count(std::string_view text) {
  Counts counts{.lines = 0, .words = 0, .bytes = text.size()};
  bool inside = false;
  for (const char c : text) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    counts.lines += c == '\n' ? 1 : 0;
    counts.words += !blank && !inside ? 1 : 0;
    inside = !blank;
  }
  return counts;
}

// --- sort
// -------------------------------------------------------------------------------------

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view sort_key(std::string_view line, std::uint32_t field) {
  std::size_t at = 0;
  for (std::uint32_t i = 1; i < field; ++i) {
    while (at < line.size() && is_blank(line[at])) ++at;
    while (at < line.size() && !is_blank(line[at])) ++at;
  }
  return line.substr(at);
}

/// Compares the numbers at the start of two texts, of any length, without floating
/// point.
int compare_numbers(std::string_view a, std::string_view b) {
  struct Number {
    bool negative = false;
    std::string_view whole, fraction;
  };
  const auto read = [](std::string_view text) {
    Number n;
    while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
    if (text.starts_with('-')) {
      n.negative = true;
      text.remove_prefix(1);
    }
    const auto digits = [&text] {
      std::size_t end = 0;
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
      const std::string_view taken = text.substr(0, end);
      text.remove_prefix(end);
      return taken;
    };
    n.whole = digits();
    while (n.whole.starts_with('0')) n.whole.remove_prefix(1);
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      n.fraction = digits();
      while (n.fraction.ends_with('0')) n.fraction.remove_suffix(1);
    }
    if (n.whole.empty() && n.fraction.empty()) n.negative = false;
    return n;
  };
  const Number x = read(a);
  const Number y = read(b);
  if (x.negative != y.negative) return x.negative ? -1 : 1;
  int order = 0;
  if (x.whole.size() != y.whole.size()) {
    order = x.whole.size() < y.whole.size() ? -1 : 1;
  } else if (const int whole = x.whole.compare(y.whole); whole != 0) {
    order = whole;
  } else {
    order = x.fraction.compare(y.fraction);
  }
  return x.negative ? -order : order;
}

// --- head, tail
// -------------------------------------------------------------------------------

template <class Body>
Output with_headers(std::string_view tool, std::span<const NamedText> inputs, Body body) {
  Output output;
  bool first = true;
  for (const NamedText& input : inputs) {
    if (input.problem == "Is a directory") {
      output.err += fmt::format("{}: error reading '{}': Is a directory\n", tool, input.name);
      output.status = 1;
      continue;
    }
    if (!input.problem.empty()) {
      output.err +=
          fmt::format("{}: cannot open '{}' for reading: {}\n", tool, input.name, input.problem);
      output.status = 1;
      continue;
    }
    if (inputs.size() > 1) {
      const bool standard = input.name.empty() || input.name == "-";
      output.out += fmt::format("{}==> {} <==\n", first ? "" : "\n",
                                standard ? "standard input" : input.name);
      first = false;
    }
    output.out += body(input.text);
  }
  return output;
}

/// The position behind the first `lines` lines of the text.
std::size_t skip_lines(std::string_view text, std::size_t lines) {
  std::size_t at = 0;
  for (; lines > 0 && at < text.size(); --lines) {
    const std::size_t newline = text.find('\n', at);
    at = newline == std::string_view::npos ? text.size() : newline + 1;
  }
  return at;
}

std::size_t number_of_lines(std::string_view text) { return lines_of(text).size(); }

}  // namespace

Output run(const CatCommand& command, std::span<const NamedText> inputs) {
  Output output;
  std::size_t number = 0;
  bool at_start = true;
  for (const NamedText& input : inputs) {
    if (is_bad(input, "cat", 1, output)) continue;
    if (!command.number) {
      output.out += input.text;
      continue;
    }
    for (const char c : input.text) {
      if (at_start) output.out += fmt::format("{:6}\t", ++number);
      output.out += c;
      at_start = c == '\n';
    }
  }
  return output;
}

Output run(const GrepCommand& command, std::span<const NamedText> inputs) {
  auto pattern = Pattern::compile(command.pattern, static_cast<Pattern::Syntax>(command.syntax),
                                  command.ignore_case);
  if (!pattern) return failure("grep: " + pattern.error(), 2);
  return Grep(command, std::move(*pattern)).run(inputs);
}

Output run(const WcCommand& command, std::span<const NamedText> inputs) {
  const int columns = int{command.lines} + int{command.words} + int{command.bytes};
  const bool lonely = inputs.size() == 1 && columns == 1;
  std::size_t total_bytes = 0;
  bool has_stream = false;
  for (const NamedText& input : inputs) {
    total_bytes += input.text.size();
    has_stream |= input.name.empty() || input.name == "-";
  }
  std::size_t width = lonely ? 1 : std::to_string(total_bytes).size();
  if (!lonely && has_stream) width = std::max<std::size_t>(width, 7);
  Output output;
  const auto print = [&](const Counts& counts, std::string_view name) {
    std::string line;
    const auto add = [&](bool on, std::size_t value) {
      if (on) line += fmt::format("{}{:{}}", line.empty() ? "" : " ", value, width);
    };
    add(command.lines, counts.lines);
    add(command.words, counts.words);
    add(command.bytes, counts.bytes);
    if (!name.empty()) line += fmt::format(" {}", name);
    output.out += line + '\n';
  };
  Counts total;
  for (const NamedText& input : inputs) {
    if (is_bad(input, "wc", 1, output)) continue;
    const Counts counts = count(input.text);
    total.lines += counts.lines;
    total.words += counts.words;
    total.bytes += counts.bytes;
    print(counts, input.name);
  }
  if (inputs.size() > 1) print(total, "total");
  return output;
}

Output run(const HeadCommand& command, std::span<const NamedText> inputs) {
  return with_headers("head", inputs, [&](std::string_view text) {
    std::int64_t lines = command.lines;
    if (lines < 0) {
      lines = std::max<std::int64_t>(0, static_cast<std::int64_t>(number_of_lines(text)) + lines);
    }
    return text.substr(0, skip_lines(text, static_cast<std::size_t>(lines)));
  });
}

Output run(const TailCommand& command, std::span<const NamedText> inputs) {
  return with_headers("tail", inputs, [&](std::string_view text) {
    const auto lines = static_cast<std::size_t>(command.lines);
    if (command.from_start) return text.substr(skip_lines(text, lines == 0 ? 0 : lines - 1));
    const std::size_t all = number_of_lines(text);
    return text.substr(skip_lines(text, all > lines ? all - lines : 0));
  });
}

Output run(const TeeCommand&, std::span<const NamedText> inputs) {
  Output output;
  for (const NamedText& input : inputs) output.out += input.text;
  return output;
}

Output run(const SortCommand& command, std::span<const NamedText> inputs) {
  std::vector<std::string_view> lines;
  for (const NamedText& input : inputs) {
    if (!input.problem.empty()) {
      return failure(fmt::format("sort: cannot read: {}: {}", input.name, input.problem), 2);
    }
    const auto more = lines_of(input.text);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  const auto compare = [&](std::string_view a, std::string_view b) {
    const std::string_view x = command.key > 0 ? sort_key(a, command.key) : a;
    const std::string_view y = command.key > 0 ? sort_key(b, command.key) : b;
    return command.numeric ? compare_numbers(x, y) : x.compare(y);
  };
  std::ranges::stable_sort(lines, [&](std::string_view a, std::string_view b) {
    int order = compare(a, b);
    if (order == 0 && !command.unique) order = a.compare(b);
    return command.reverse ? order > 0 : order < 0;
  });
  if (command.unique) {
    const auto rest = std::ranges::unique(
        lines, [&](std::string_view a, std::string_view b) { return compare(a, b) == 0; });
    lines.erase(rest.begin(), rest.end());
  }
  Output output;
  for (const std::string_view line : lines) {
    output.out += line;
    output.out += '\n';
  }
  return output;
}

Output run(const UniqCommand& command, std::span<const NamedText> inputs) {
  Output output;
  for (const NamedText& input : inputs) {
    if (is_bad(input, "uniq", 1, output)) continue;
    const std::vector<std::string_view> lines = lines_of(input.text);
    for (std::size_t i = 0; i < lines.size();) {
      std::size_t end = i;
      while (end < lines.size() && lines[end] == lines[i]) ++end;
      if (!command.repeated || end - i > 1) {
        if (command.count) output.out += fmt::format("{:7} ", end - i);
        output.out += lines[i];
        output.out += '\n';
      }
      i = end;
    }
  }
  return output;
}

Output run(const CutCommand& command, std::span<const NamedText> inputs) {
  Output output;
  const auto wanted = [&](std::size_t position) {
    return std::ranges::any_of(command.ranges, [&](const CutCommand::Range& range) {
      return range.first <= position && position <= range.last;
    });
  };
  for (const NamedText& input : inputs) {
    if (is_bad(input, "cut", 1, output)) continue;
    for (std::string_view line : lines_of(input.text)) {
      if (command.characters) {
        for (std::size_t i = 0; i < line.size(); ++i) {
          if (wanted(i + 1)) output.out += line[i];
        }
      } else if (!line.contains(command.delimiter)) {
        output.out += line;
      } else {
        bool first = true;
        for (std::size_t field = 1;; ++field) {
          const std::size_t end = line.find(command.delimiter);
          if (wanted(field)) {
            if (!first) output.out += command.delimiter;
            output.out += line.substr(0, end);
            first = false;
          }
          if (end == std::string_view::npos) break;
          line.remove_prefix(end + 1);
        }
      }
      output.out += '\n';
    }
  }
  return output;
}

}  // namespace lvslab::command
