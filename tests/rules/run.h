// Runs a line of shell and keeps what it printed.
#pragma once

#include <string>

namespace lvslab::rules {

struct Ran {
  std::string output;  ///< stdout and stderr, as they came
  int status = -1;     ///< the exit status; -1 if it did not exit by itself
};

Ran run(const std::string& command);
/// `text` as one word of shell.
std::string in_single_quotes(const std::string& text);

}  // namespace lvslab::rules
