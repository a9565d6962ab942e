// vi on a lab host: the file opens in the editor of whoever types, and what was changed is written
// by a line typed on the host, so that a saved lab has it, too.
//
// Leaves out: the editor itself (cli/editor.h, gui/widgets/file_panel.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lvslab::lab {

/// The file of "vi FILE" (or vim, or nano); nothing for any other line.
std::optional<std::string> file_to_edit(std::string_view line);
/// `text` as one word for a shell.
std::string one_word(std::string_view text);
/// The line that writes `content` to `path`.
std::string writing_line(std::string_view path, std::string_view content);

}  // namespace lvslab::lab
