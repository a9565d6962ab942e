// vi on a lab host: the file opens in $EDITOR (sim/lab/file_edit.h says how it is written back).
#pragma once

#include <optional>
#include <string>

#include "sim/lab/session.h"

namespace lvslab::cli {

/// $VISUAL or $EDITOR; empty if neither is set.
std::string editor();

/// Opens `path` of `host` in editor(). The line to be typed, or nothing if the file stays as it is.
/// Errors: there is no editor, or it cannot be run.
Result<std::optional<std::string>> edit(lab::Session& session, const std::string& host,
                                        const std::string& path);

}  // namespace lvslab::cli
