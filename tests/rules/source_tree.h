// The repository's own text, for the tests that hold its rules: which files there are, and C++ text
// with comments and literals blanked out, so that a rule looks at code only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lvslab::rules {

struct SourceFile {
  std::string path;  ///< relative to the root: "sim/base/addr.h"
  std::string text;
  std::string code;  ///< `text` with comments and literals blanked, at the same offsets

  bool is_header() const { return path.ends_with(".h"); }
  /// "base" for sim/base/addr.h, "cli" for cli/main.cpp; "agent" for what runs inside of a real
  /// kernel, "kernel" for the rest of kernel-backend; "gui/models", "gui/widgets", and "gui" for
  /// gui/main.cpp.
  std::string_view room() const;
};

/// One broken rule: where, and what to do about it.
struct Finding {
  std::string path;
  int line = 0;
  std::string advice;
  bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

/// One line per finding, "path:line: advice", for the message of a failing test.
std::string to_text(const Findings& findings);

SourceFile make_source(std::string path, std::string text);
/// The C++ files below the given folders of the repository, in the order of their paths.
std::vector<SourceFile> cpp_files(const std::vector<std::string>& folders);
/// Every text file of the repository except what is built and git's own, in the order of paths.
std::vector<SourceFile> text_files();
/// The text of one file, by its path in the repository.
std::string read_file(const std::string& path);

/// Replaces comments, string and character literals by spaces; line ends stay.
std::string blank_comments_and_literals(std::string_view text);
/// Replaces what raw strings hold by nothing but their line ends: verbatim output of real tools.
std::string without_raw_strings(std::string_view text);
/// The 1-based line of an offset.
int line_of(std::string_view text, std::size_t offset);
/// The text's lines without their ends.
std::vector<std::string_view> lines_of(std::string_view text);
/// True for a character of an identifier.
bool is_word(char c);
/// Offsets at which `token` stands in `code` as a whole word (where it begins or ends with one).
std::vector<std::size_t> find_token(std::string_view code, std::string_view token);

}  // namespace lvslab::rules
