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

Text say(std::string en, std::string zh) { return {std::move(en), std::move(zh)}; }

void check_texts(const std::vector<std::string>& has, const std::vector<std::string>& lacks,
                 std::string_view text, std::vector<Text>& unmet) {
  for (const std::string& wanted : has) {
    if (stands_in(text, wanted)) continue;
    unmet.push_back(say(fmt::format("'{}' is missing", wanted), fmt::format("缺少“{}”", wanted)));
  }
  for (const std::string& unwanted : lacks) {
    if (stands_in(text, unwanted)) {
      unmet.push_back(say(fmt::format("'{}' is there, and should not be", unwanted),
                          fmt::format("不应出现“{}”", unwanted)));
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

std::vector<Text> unmet(const OutputExpectation& expect, std::string_view output, int status) {
  std::vector<Text> found;
  if (expect.status && *expect.status != status) {
    found.push_back(say(fmt::format("exit status {}, expected {}", status, *expect.status),
                        fmt::format("退出状态为 {}，应为 {}", status, *expect.status)));
  }
  if (expect.output && without_last_break(*expect.output) != without_last_break(output)) {
    const std::string_view is = without_last_break(output);
    const std::string_view wanted = without_last_break(*expect.output);
    found.push_back(say(fmt::format("the output is\n{}\nexpected was\n{}", is, wanted),
                        fmt::format("输出为\n{}\n应为\n{}", is, wanted)));
  }
  check_texts(expect.has, expect.lacks, output, found);
  const std::vector<std::string_view> lines = lines_of(output);
  if (expect.matches && !a_line_matches(lines, *expect.matches)) {
    found.push_back(say(fmt::format("no line matches '{}'", *expect.matches),
                        fmt::format("没有一行匹配“{}”", *expect.matches)));
  }
  if (expect.lines && *expect.lines != lines.size()) {
    found.push_back(say(fmt::format("{} lines, expected {}", lines.size(), *expect.lines),
                        fmt::format("共 {} 行，应为 {} 行", lines.size(), *expect.lines)));
  }
  return found;
}

std::vector<Text> unmet(const TableExpectation& expect, std::string_view listing) {
  std::vector<Text> found;
  check_texts(expect.has, expect.lacks, listing, found);
  const std::size_t all = lines_of(listing).size();
  const std::size_t rows = all - std::min(all, head_lines(expect.table));
  if (expect.lines && *expect.lines != rows) {
    found.push_back(say(fmt::format("{} rows, expected {}", rows, *expect.lines),
                        fmt::format("共 {} 条，应为 {} 条", rows, *expect.lines)));
  }
  return found;
}

Text unmet(const CountBounds& bounds, std::uint64_t seen) {
  if (bounds.holds(seen)) return {};
  if (bounds.count) {
    return say(fmt::format("{} seen, exactly {} expected", seen, *bounds.count),
               fmt::format("看到 {} 个，应恰好 {} 个", seen, *bounds.count));
  }
  if (!bounds.at_most) {
    return say(fmt::format("{} seen, at least {} expected", seen, *bounds.at_least),
               fmt::format("看到 {} 个，应至少 {} 个", seen, *bounds.at_least));
  }
  if (!bounds.at_least) {
    return say(fmt::format("{} seen, at most {} expected", seen, *bounds.at_most),
               fmt::format("看到 {} 个，应至多 {} 个", seen, *bounds.at_most));
  }
  return say(fmt::format("{} seen, {} to {} expected", seen, *bounds.at_least, *bounds.at_most),
             fmt::format("看到 {} 个，应为 {} 到 {} 个", seen, *bounds.at_least, *bounds.at_most));
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
