// The processes of this machine, as /proc tells of them. Any may end while one looks.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace lvslab::kernel {

/// What there is of a file: reading one of a process that has just ended fails halfway.
inline std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// By their numbers.
inline std::vector<std::string> all_processes() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) found.push_back(name);
  }
  return found;
}

/// How many have `text` in their command line.
inline std::size_t processes_naming(const std::string& text) {
  const auto names = [&](const std::string& pid) {
    return contents("/proc/" + pid + "/cmdline").find(text) != std::string::npos;
  };
  return static_cast<std::size_t>(std::ranges::count_if(all_processes(), names));
}

}  // namespace lvslab::kernel
