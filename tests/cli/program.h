// Runs the real program, as a shell would.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lvslab::cli {

struct Outcome {
  int status = -1;
  std::string out, err;
};

struct Call {
  std::vector<std::string> args;
  std::string input{};
  std::vector<std::string> environment{};  ///< "NAME=value", on top of LANG=C
  std::string interrupt_when{};            ///< SIGINT, once standard output holds this text
};

/// `program` with arguments; standard input is `input`, no terminal anywhere.
Outcome run_program(const std::string& program, const Call& call);
/// lvslab itself.
Outcome lvslab(const Call& call);

/// A directory of this test alone, removed with it.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file; its path.
  std::string write(const std::string& name, const std::string& text) const;
  std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

/// What --json prints: one value a line.
std::vector<nlohmann::json> json_lines(const std::string& text);

}  // namespace lvslab::cli
