// Command line options in the manner of popt(3), which ipvsadm uses.
//
// Models: clusters (-lnc), values attached (-p30, -p=30, --opt=30) or in the next word, optional
// values, "--", operands anywhere. Leaves out: aliases, long names behind one dash.
// Source: popt 1.19 popt.c: poptGetNextOpt().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/output.h"

namespace lvslab::command {

struct PoptOption {
  enum class Value : std::uint8_t { kNone, kRequired, kOptional };
  std::string_view long_name;
  char letter;  ///< 0: none
  int id;       ///< what the caller switches on
  Value value = Value::kNone;
};

/// One step of poptGetNextOpt().
struct PoptStep {
  enum class Kind : std::uint8_t { kOption, kUnknown, kMissingValue, kUnwantedValue, kEnd };
  Kind kind = Kind::kEnd;
  int id = 0;
  std::optional<std::string> value;
};

/// "WORD: unknown option", "WORD: missing argument", ... as poptStrerror() has it.
std::string popt_message(PoptStep::Kind kind, std::string_view word);

class PoptScanner {
 public:
  PoptScanner(Args args, std::span<const PoptOption> options) : args_(args), options_(options) {}
  PoptStep next();
  /// The last word that was read (poptBadOption).
  const std::string& last_word() const { return args_[index_ - 1]; }
  /// All operands. After next() gave kEnd.
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  PoptStep take(const PoptOption& option, std::optional<std::string> attached);
  PoptStep next_long(std::string_view word);

  Args args_;
  std::span<const PoptOption> options_;
  std::size_t index_ = 1;
  std::string cluster_;  ///< letters of the present word not read yet
  std::vector<std::string> operands_;
};

}  // namespace lvslab::command
