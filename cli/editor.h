// vi on a lab host: the file opens in the editor of whoever types, and what was changed is written
// by a line typed on the host, so that a saved lab has it, too.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/lab/session.h"

namespace lvslab::cli {

/// The file of "vi FILE" (or vim, or nano); nothing for any other line.
std::optional<std::string> file_to_edit(std::string_view line);
/// $VISUAL or $EDITOR; empty if neither is set.
std::string editor();
/// The line that writes `content` to `path`.
std::string writing_line(std::string_view path, std::string_view content);

/// Opens `path` of `host` in editor(). The line to be typed, or nothing if the file stays as it is.
/// Errors: there is no editor, or it cannot be run.
Result<std::optional<std::string>> edit(lab::Session& session, const std::string& host,
                                        const std::string& path);

}  // namespace lvslab::cli
