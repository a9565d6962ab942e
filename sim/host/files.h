// The files of a host: names and contents, with directories implied. What stands here survives a
// reboot; /proc is not here (see virtual_files.h).
//
// Left out: permissions, links, times, devices other than /dev/null.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lvslab::host {

enum class FileError : std::uint8_t {
  kNone,
  kNoSuchFile,
  kIsDirectory,
  kNotDirectory,
  kExists,
  kNotEmpty
};
/// As strerror(3) says it.
std::string_view text_of(FileError error);

class Files {
 public:
  Files();

  bool is_directory(std::string_view path) const;
  bool is_file(std::string_view path) const { return files_.contains(std::string(path)); }
  const std::string* read(std::string_view path) const;
  /// What open(2) for writing would say.
  FileError can_write(std::string_view path) const;
  FileError write(std::string_view path, std::string_view text, bool append);
  FileError make_directory(std::string_view path, bool parents);
  FileError remove(std::string_view path, bool recursive);
  /// Names in a directory, sorted.
  std::vector<std::string> list(std::string_view path) const;

  bool operator==(const Files&) const = default;

 private:
  std::map<std::string, std::string> files_;
  std::set<std::string> directories_;
};

/// An absolute path without "." and "..", from a path typed in `directory`.
std::string absolute_path(std::string_view path, std::string_view directory);
/// "/a/b" of "/a/b/c"; "/" of "/a".
std::string_view parent_of(std::string_view path);

}  // namespace lvslab::host
