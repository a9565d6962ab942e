#include "sim/host/files.h"

namespace lvslab::host {

std::string_view text_of(FileError error) {
  switch (error) {
    case FileError::kNone: return "Success";
    case FileError::kNoSuchFile: return "No such file or directory";
    case FileError::kIsDirectory: return "Is a directory";
    case FileError::kNotDirectory: return "Not a directory";
    case FileError::kExists: return "File exists";
    case FileError::kNotEmpty: return "Directory not empty";
  }
  return "";
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash);
}

std::string absolute_path(std::string_view path, std::string_view directory) {
  std::string whole =
      path.starts_with('/') ? std::string(path) : std::string(directory) + "/" + std::string(path);
  std::vector<std::string_view> parts;
  const std::string_view text = whole;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    const std::string_view part = text.substr(at, end - at);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    at = end + 1;
  }
  std::string result;
  for (const std::string_view part : parts) result.append("/").append(part);
  return result.empty() ? "/" : result;
}

Files::Files()
    : directories_{"/",        "/bin",      "/dev",  "/etc",     "/etc/sysconfig",
                   "/home",    "/proc",     "/root", "/tmp",     "/usr",
                   "/usr/bin", "/usr/sbin", "/var",  "/var/log", "/sbin",
                   "/var/run", "/var/tmp",  "/run",  "/opt",     "/mnt"} {}

bool Files::is_directory(std::string_view path) const {
  return directories_.contains(std::string(path));
}

const std::string* Files::read(std::string_view path) const {
  const auto at = files_.find(std::string(path));
  return at == files_.end() ? nullptr : &at->second;
}

FileError Files::can_write(std::string_view path) const {
  if (is_directory(path)) return FileError::kIsDirectory;
  if (is_file(parent_of(path))) return FileError::kNotDirectory;
  return is_directory(parent_of(path)) ? FileError::kNone : FileError::kNoSuchFile;
}

FileError Files::write(std::string_view path, std::string_view text, bool append) {
  if (const FileError error = can_write(path); error != FileError::kNone) return error;
  std::string& content = files_[std::string(path)];
  if (!append) content.clear();
  content += text;
  return FileError::kNone;
}

FileError Files::make_directory(std::string_view path, bool parents) {
  if (is_file(path)) return FileError::kExists;
  if (is_directory(path)) return parents ? FileError::kNone : FileError::kExists;
  const std::string_view parent = parent_of(path);
  if (is_file(parent)) return FileError::kNotDirectory;
  if (!is_directory(parent)) {
    if (!parents) return FileError::kNoSuchFile;
    if (const FileError error = make_directory(parent, true); error != FileError::kNone) {
      return error;
    }
  }
  directories_.insert(std::string(path));
  return FileError::kNone;
}

FileError Files::remove(std::string_view path, bool recursive) {
  if (files_.erase(std::string(path)) > 0) return FileError::kNone;
  if (!is_directory(path)) return FileError::kNoSuchFile;
  if (!recursive) return FileError::kIsDirectory;
  const std::string below = path == "/" ? "/" : std::string(path) + "/";
  std::erase_if(files_, [&](const auto& file) { return file.first.starts_with(below); });
  std::erase_if(directories_, [&](const std::string& d) { return d.starts_with(below); });
  if (path != "/") directories_.erase(std::string(path));
  directories_.insert("/");
  return FileError::kNone;
}

std::vector<std::string> Files::list(std::string_view path) const {
  const std::string below = path == "/" ? "/" : std::string(path) + "/";
  std::set<std::string> names;
  const auto take = [&](const std::string& name) {
    if (name.size() <= below.size() || !name.starts_with(below)) return;
    names.insert(name.substr(below.size(), name.find('/', below.size()) - below.size()));
  };
  for (const auto& [name, content] : files_) take(name);
  for (const std::string& name : directories_) take(name);
  return {names.begin(), names.end()};
}

}  // namespace lvslab::host
