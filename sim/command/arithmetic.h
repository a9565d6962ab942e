// Shell arithmetic: what stands between $(( and )).
//
// Models: 64-bit integers (decimal, 0octal, 0xhex), variables with and without $, all operators of
// C but those that assign, **, and ?: .
// Leaves out (a clear refusal each): = and its kin, ++ and --, the comma, BASE#NUMBER, quotes,
// arrays, $(...) within.
// Source: bash(1) 5.2, section ARITHMETIC EVALUATION; its expr.c for the messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/command/shell.h"

namespace lvslab::command {

struct Arithmetic {
  std::int64_t value = 0;
  std::string error;       ///< as bash says it, without "bash: "; empty if there is a value
  std::string unmodelled;  ///< what of the expression bash knows and this does not
};

/// Overflow wraps, as in C with -fwrapv. Variables that are not there count as 0; the value of one
/// is an expression, too.
Arithmetic evaluate(std::string_view expression, const Variables& variables);

}  // namespace lvslab::command
