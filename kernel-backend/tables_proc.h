// Files of /proc: read whole, and their lines taken apart.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lvslab::kernel {

/// A (virtual) file, whatever size it claims; nothing if it cannot be opened or read. `short_file`:
/// one read(2) gets all of it, as with sysctls.
std::optional<std::string> read_proc_file(const std::string& path, bool short_file = false);

/// Takes the first line off `text`, without its end; false if nothing is left.
bool next_line(std::string_view& text, std::string_view& line);

/// The words of a line, one after the other.
class Words {
 public:
  /// Words are parted by any of `between`.
  explicit Words(std::string_view line, std::string_view between = " \t")
      : rest_(line), between_(between) {}
  /// Empty at the end.
  std::string_view next();
  /// Zero if the next word is no number of this kind; good() remembers that.
  template <class T>
  T number(int base) {
    const std::string_view word = next();
    T value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (word.empty() || error != std::errc{} || end != word.data() + word.size()) good_ = false;
    return value;
  }
  bool good() const { return good_; }

 private:
  std::string_view rest_, between_;
  bool good_ = true;
};

struct Entry {
  std::string name;
  bool is_directory = false;
};
/// What is in a directory of /proc without "." and "..", by name; nothing if it cannot be read.
std::vector<Entry> entries_of(const std::string& path);

}  // namespace lvslab::kernel
