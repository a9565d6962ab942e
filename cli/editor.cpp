#include "cli/editor.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/lab/file_edit.h"

namespace lvslab::cli {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A directory of its own that goes with it.
class PrivateFolder {
 public:
  PrivateFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lvslab-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::string editor() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

Result<std::optional<std::string>> edit(lab::Session& session, const std::string& host,
                                        const std::string& path) {
  const std::string program = editor();
  if (program.empty()) {
    return fail("there is no editor to open " + path + " in", {},
                "set $EDITOR, or type: echo TEXT > FILE");
  }
  const auto entry = session.type(host, "cat " + path);
  if (!entry) return std::unexpected(entry.error());
  session.run_until_done(*entry);
  const lab::Entry& shown = session.entries()[*entry];
  const std::string before = shown.status == 0 ? shown.output : "";
  const PrivateFolder folder;
  const std::filesystem::path copy = folder.path() / std::filesystem::path(path).filename();
  std::ofstream(copy, std::ios::binary) << before;
  const int status = std::system((program + " " + lab::one_word(copy.string())).c_str());
  if (folder.path().empty() || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail("the editor `" + program + "` has failed; " + path + " stays as it is");
  }
  const std::string after = text_of(copy);
  if (after == before) return std::optional<std::string>{};
  return std::optional(lab::writing_line(path, after));
}

}  // namespace lvslab::cli
