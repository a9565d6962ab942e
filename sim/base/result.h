// Errors that a user or the operating system made. Mistakes of the programmer are asserts.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace lvslab {

/// Where a mistake stands: 1-based line and column; 0 means "the whole file".
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  bool operator==(const Location&) const = default;
};

struct Error {
  std::string message;
  Location where{};
  /// What to do about it ("did you mean 'schedule'?"); may be empty.
  std::string hint{};

  /// "file:line:column: message (hint)", leaving out what is not known.
  std::string to_string() const;
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string message, Location where = {},
                                   std::string hint = {}) {
  return std::unexpected(Error{std::move(message), std::move(where), std::move(hint)});
}

}  // namespace lvslab
