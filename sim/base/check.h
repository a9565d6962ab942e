// Always-on assertions: a broken invariant of the program stops it with the place and the reason.
#pragma once

namespace lvslab {

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const char* message);

}  // namespace lvslab

/// Stops the program if `condition` is false, in every build type.
#define LVSLAB_CHECK(condition, message) \
  (static_cast<bool>(condition)          \
       ? static_cast<void>(0)            \
       : ::lvslab::check_failed(#condition, __FILE__, __LINE__, (message)))
