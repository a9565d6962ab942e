// test and [: conditions of the shell.
//
// Models: -z -n = == != < > of strings, -eq -ne -lt -le -gt -ge, -e -f -d -s -r -w of files, !,
// -a, -o, ( ).
// Leaves out (a clear refusal each): every other test of files, -nt -ot -ef, -t, -v.
// Source: bash 5.2, builtins/test.def and test.c: posixtest(), which decides by how many words
// there are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/output.h"

namespace lvslab::command {

struct TestCommand {
  bool bracket = false;
  std::vector<std::string> words;  ///< without the closing ]
  friend bool operator==(const TestCommand&, const TestCommand&) = default;
};

Parsed<TestCommand> parse_test(Args args);
std::string to_text(const TestCommand& command);

/// What a test wants to know of a file.
class TestFiles {
 public:
  virtual ~TestFiles() = default;
  virtual bool is_directory(std::string_view path) const = 0;
  /// The length in bytes; nothing if there is no such file.
  virtual std::optional<std::size_t> length(std::string_view path) const = 0;
};

/// Status 0 or 1; 2 with what bash says if the words are no condition.
Output run_test(const TestCommand& command, const TestFiles& files);

}  // namespace lvslab::command
