#include "tests/rules/source_tree.h"
#include "test_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace lvslab::rules {
namespace fs = std::filesystem;
namespace {

const fs::path kRoot = LVSLAB_SOURCE_DIR;

/// Folders of the root that hold nothing of ours.
bool is_foreign(std::string_view name) {
  return name.starts_with("build") || name == ".git" || name == ".cache" || name == ".idea" ||
         name == ".vscode";
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class Wanted>
std::vector<fs::path> walk(const fs::path& top, Wanted&& wanted) {
  std::vector<fs::path> found;
  if (!fs::exists(top)) return found;
  for (auto it = fs::recursive_directory_iterator(top); it != fs::recursive_directory_iterator();
       ++it) {
    // `.git` is a file in a second checkout of a repository.
    if (it.depth() == 0 && top == kRoot && is_foreign(it->path().filename().string())) {
      if (it->is_directory()) it.disable_recursion_pending();
    } else if (it->is_regular_file() && wanted(it->path())) {
      found.push_back(it->path());
    }
  }
  std::ranges::sort(found);
  return found;
}

std::size_t end_of_raw_string(std::string_view text, std::size_t quote) {
  const std::size_t open = text.find('(', quote);
  if (open == std::string_view::npos) return text.size();
  const std::string close = fmt::format("){}\"", text.substr(quote + 1, open - quote - 1));
  const std::size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t end_of_literal(std::string_view text, std::size_t quote) {
  std::size_t i = quote + 1;
  while (i < text.size() && text[i] != text[quote] && text[i] != '\n') {
    i += text[i] == '\\' ? 2U : 1U;
  }
  return std::min(i + 1, text.size());
}

/// The end of the comment or literal that starts at `i`, or `i` if none does.
std::size_t end_of_blank(std::string_view text, std::size_t i) {
  const std::string_view rest = text.substr(i);
  if (rest.starts_with("//")) return std::min(text.find('\n', i), text.size());
  if (rest.starts_with("/*")) {
    const std::size_t end = text.find("*/", i + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  if (rest.starts_with("R\"") && (i == 0 || !is_word(text[i - 1]))) {
    return end_of_raw_string(text, i + 1);
  }
  if (rest.starts_with('"')) return end_of_literal(text, i);
  // 1'000 is a number, 'x' a character.
  if (rest.starts_with('\'') && (i == 0 || !is_word(text[i - 1]))) return end_of_literal(text, i);
  return i;
}

}  // namespace

std::string_view SourceFile::room() const {
  std::string_view rest = path;
  if (rest.starts_with("kernel-backend/agent/")) return "agent";
  if (rest.starts_with("kernel-backend/")) return "kernel";
  if (rest.starts_with("sim/")) rest.remove_prefix(4);
  for (const std::string_view floor : {"gui/models", "gui/widgets"}) {
    if (rest.starts_with(floor)) return floor;
  }
  return rest.substr(0, rest.find('/'));
}

std::string to_text(const Findings& findings) {
  std::string out;
  for (const Finding& f : findings) {
    out += fmt::format("{}:{}: {}\n", f.path, f.line, f.advice);
  }
  return out;
}

SourceFile make_source(std::string path, std::string text) {
  std::string code = blank_comments_and_literals(text);
  return {std::move(path), std::move(text), std::move(code)};
}

std::vector<SourceFile> cpp_files(const std::vector<std::string>& folders) {
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    for (const fs::path& path : walk(kRoot / folder, [](const fs::path& p) {
           return p.extension() == ".h" || p.extension() == ".cpp";
         })) {
      files.push_back(make_source(fs::relative(path, kRoot).string(), slurp(path)));
    }
  }
  return files;
}

std::vector<SourceFile> text_files() {
  std::vector<SourceFile> files;
  for (const fs::path& path : walk(kRoot, [](const fs::path&) { return true; })) {
    std::string text = slurp(path);
    if (text.find('\0') != std::string::npos) continue;  // a picture or a capture
    files.push_back({fs::relative(path, kRoot).string(), std::move(text), {}});
  }
  return files;
}

std::string read_file(const std::string& path) { return slurp(kRoot / path); }

std::string blank_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = end_of_blank(text, i);
    for (std::size_t k = i; k < end; ++k) {
      if (code[k] != '\n') code[k] = ' ';
    }
    i = std::max(end, i + 1);
  }
  return code;
}

std::string without_raw_strings(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = end_of_blank(text, i);
    const std::string_view part = text.substr(i, std::max(end, i + 1) - i);
    if (part.starts_with("R\"")) {
      out.append(static_cast<std::size_t>(std::ranges::count(part, '\n')), '\n');
    } else {
      out += part;
    }
    i += part.size();
  }
  return out;
}

int line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::vector<std::size_t> find_token(std::string_view code, std::string_view token) {
  std::vector<std::size_t> found;
  for (std::size_t i = code.find(token); i != std::string_view::npos; i = code.find(token, i + 1)) {
    const std::size_t end = i + token.size();
    const bool runs_on_before = i > 0 && is_word(code[i - 1]) && is_word(token.front());
    const bool runs_on_after = end < code.size() && is_word(code[end]) && is_word(token.back());
    if (!runs_on_before && !runs_on_after) found.push_back(i);
  }
  return found;
}

}  // namespace lvslab::rules
