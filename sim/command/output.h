// What a command prints, and the result type of every parser in this room.
//
// Models: the three things that a shell sees of a finished tool: standard output, standard error
// and the exit status. Leaves out: the interleaving of the two streams in time.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace lvslab::command {

struct Output {
  std::string out;
  std::string err;
  int status = 0;

  friend bool operator==(const Output&, const Output&) = default;
};

/// Either the typed command, or exactly what the real tool prints (and returns) on bad usage.
template <class T>
using Parsed = std::expected<T, Output>;

/// argv: argv[0] is the name of the tool.
using Args = std::span<const std::string>;

/// The clear refusal of something that the real tool can do and this model cannot:
/// "lvslab: <tool>: <what> is not modelled (close: <close_to>)", status 2.
[[nodiscard]] Output not_modelled(std::string_view tool, std::string_view what,
                                  std::string_view close_to = {});

/// An Output that only has a message on standard error. A missing final newline is added.
[[nodiscard]] Output failure(std::string message, int status);

}  // namespace lvslab::command
