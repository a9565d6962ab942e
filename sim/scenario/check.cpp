#include "sim/scenario/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace lvslab::scenario {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string squeeze(std::string_view line) {
  std::string squeezed;
  for (const char c : line) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      squeezed += c;
    } else if (!squeezed.empty() && !squeezed.ends_with(' ')) {
      squeezed += ' ';
    }
  }
  if (squeezed.ends_with(' ')) squeezed.pop_back();
  return squeezed;
}

std::string_view without_last_break(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

void check_texts(const std::vector<std::string>& has, const std::vector<std::string>& lacks,
                 std::string_view text, std::vector<std::string>& unmet) {
  for (const std::string& wanted : has) {
    if (!stands_in(text, wanted)) unmet.push_back(fmt::format("'{}' is missing", wanted));
  }
  for (const std::string& unwanted : lacks) {
    if (stands_in(text, unwanted)) {
      unmet.push_back(fmt::format("'{}' is there, and should not be", unwanted));
    }
  }
}

/// Line by line: the library's matcher recurses, and would overflow the stack on a long text.
bool a_line_matches(const std::vector<std::string_view>& lines, const std::string& pattern) {
  const std::regex compiled(pattern);
  return std::ranges::any_of(lines, [&](std::string_view line) {
    return std::regex_search(line.begin(), line.end(), compiled);
  });
}

}  // namespace

bool stands_in(std::string_view text, std::string_view wanted) {
  const std::string needle = squeeze(wanted);
  return std::ranges::any_of(lines_of(text), [&](std::string_view line) {
    return squeeze(line).find(needle) != std::string::npos;
  });
}

std::vector<std::string> unmet(const OutputExpectation& expect, std::string_view output,
                               int status) {
  std::vector<std::string> found;
  if (expect.status && *expect.status != status) {
    found.push_back(fmt::format("exit status {}, expected {}", status, *expect.status));
  }
  if (expect.output && without_last_break(*expect.output) != without_last_break(output)) {
    found.push_back(fmt::format("the output is\n{}\nexpected was\n{}", without_last_break(output),
                                without_last_break(*expect.output)));
  }
  check_texts(expect.has, expect.lacks, output, found);
  const std::vector<std::string_view> lines = lines_of(output);
  if (expect.matches && !a_line_matches(lines, *expect.matches)) {
    found.push_back(fmt::format("no line matches '{}'", *expect.matches));
  }
  if (expect.lines && *expect.lines != lines.size()) {
    found.push_back(fmt::format("{} lines, expected {}", lines.size(), *expect.lines));
  }
  return found;
}

std::vector<std::string> unmet(const TableExpectation& expect, std::string_view listing) {
  std::vector<std::string> found;
  check_texts(expect.has, expect.lacks, listing, found);
  const std::size_t all = lines_of(listing).size();
  const std::size_t rows = all - std::min(all, head_lines(expect.table));
  if (expect.lines && *expect.lines != rows) {
    found.push_back(fmt::format("{} rows, expected {}", rows, *expect.lines));
  }
  return found;
}

std::string unmet(const CountBounds& bounds, std::uint64_t seen) {
  if (bounds.holds(seen)) return {};
  if (bounds.count) return fmt::format("{} seen, exactly {} expected", seen, *bounds.count);
  if (!bounds.at_most) return fmt::format("{} seen, at least {} expected", seen, *bounds.at_least);
  if (!bounds.at_least) return fmt::format("{} seen, at most {} expected", seen, *bounds.at_most);
  return fmt::format("{} seen, {} to {} expected", seen, *bounds.at_least, *bounds.at_most);
}

std::size_t head_lines(TableKind table) {
  switch (table) {
    case TableKind::kIpvs: return 3;
    case TableKind::kConn:
    case TableKind::kSocket: return 2;
    default: return 0;
  }
}

}  // namespace lvslab::scenario
