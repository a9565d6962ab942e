#include "kernel-backend/tables_proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lvslab::kernel {

std::optional<std::string> read_proc_file(const std::string& path, bool short_file) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  std::array<char, 1U << 13> part;  // NOLINT(*-member-init): read() fills it
  ssize_t got = 0;
  do {
    got = ::read(fd, part.data(), part.size());
    if (got > 0) text.append(part.data(), static_cast<std::size_t>(got));
  } while ((got > 0 && !short_file) || (got < 0 && errno == EINTR));
  ::close(fd);
  if (got < 0) return std::nullopt;
  return text;
}

bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return true;
}

std::string_view Words::next() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(between_), rest_.size()));
  const std::string_view word = rest_.substr(0, rest_.find_first_of(between_));
  rest_.remove_prefix(word.size());
  return word;
}

std::vector<Entry> entries_of(const std::string& path) {
  std::vector<Entry> entries;
  DIR* const dir = ::opendir(path.c_str());
  if (dir == nullptr) return entries;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") {
      entries.push_back({std::string(name), entry->d_type == DT_DIR});
    }
  }
  ::closedir(dir);
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

}  // namespace lvslab::kernel
