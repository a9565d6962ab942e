#include "kernel-backend/agent/plain_line.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "kernel-backend/os.h"

namespace lvslab::kernel {
namespace {

/// Words that bash itself answers, or that begin a command of its grammar. Source: bash(1) 5.2.
bool is_word_of_bash(std::string_view word) {
  static constexpr std::string_view kWords[] = {
      ".",       ":",      "alias",   "bg",       "bind",     "break",     "builtin",  "caller",
      "case",    "cd",     "command", "compgen",  "complete", "compopt",   "continue", "coproc",
      "declare", "dirs",   "disown",  "do",       "done",     "echo",      "elif",     "else",
      "enable",  "esac",   "eval",    "exec",     "exit",     "export",    "false",    "fc",
      "fg",      "fi",     "for",     "function", "getopts",  "hash",      "help",     "history",
      "if",      "in",     "jobs",    "kill",     "let",      "local",     "logout",   "mapfile",
      "popd",    "printf", "pushd",   "pwd",      "read",     "readarray", "readonly", "return",
      "select",  "set",    "shift",   "shopt",    "source",   "suspend",   "test",     "then",
      "time",    "times",  "trap",    "true",     "type",     "typeset",   "ulimit",   "umask",
      "unalias", "unset",  "until",   "wait",     "while"};
  return std::ranges::binary_search(kWords, word);
}

}  // namespace

std::optional<PlainLine> plain_line(std::string_view line) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ./:,@%+-_>";
  if (line.find_first_not_of(kPlain) != std::string_view::npos) return std::nullopt;
  PlainLine plain;
  std::istringstream rest{std::string(line)};
  for (std::string word; rest >> word;) {
    if (word.find('>') == std::string::npos) {
      plain.words.push_back(std::move(word));
      continue;
    }
    plain.appends = word == ">>";
    const bool last = (plain.appends || word == ">") && rest >> plain.file &&
                      plain.file.find('>') == std::string::npos;
    if (!last || rest >> word) return std::nullopt;
  }
  if (plain.words.empty()) return std::nullopt;
  return plain;
}

std::optional<std::string> program_of(const PlainLine& line) {
  const std::string& name = line.words[0];
  if (!line.file.empty() || name.contains('/') || is_word_of_bash(name)) return std::nullopt;
  for (const char* directory : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/",
                                "/sbin/", "/bin/"}) {  // PATH of the hosts
    std::string path = directory + name;
    struct stat what{};
    if (::stat(path.c_str(), &what) == 0 && S_ISREG(what.st_mode) &&
        ::access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return std::nullopt;
}

bool echo_to_file(const PlainLine& line) {
  const bool has_option = line.words.size() > 1 && line.words[1].starts_with('-');
  if (line.words[0] != "echo" || line.file.empty() || has_option) return false;
  std::string text;
  for (std::size_t i = 1; i < line.words.size(); ++i) text += (i > 1 ? " " : "") + line.words[i];
  text += '\n';
  const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (line.appends ? O_APPEND : O_TRUNC);
  const Fd file(::open(line.file.c_str(), how, 0666));
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string only_sysctl_written(std::string_view line) {
  constexpr std::string_view kRoot = "/proc/sys/";
  const auto plain = plain_line(line);
  if (!plain || plain->words[0] != "echo" || !plain->file.starts_with(kRoot)) return {};
  std::string name = plain->file.substr(kRoot.size());
  if (name.find('.') != std::string::npos)
    return {};  // an interface with a dot in its name, or ".."
  std::ranges::replace(name, '/', '.');
  const bool alone = name.starts_with("net.ipv4.conf.") &&
                     !name.starts_with("net.ipv4.conf.default.") && !name.ends_with(".forwarding");
  return alone ? name : std::string();
}

}  // namespace lvslab::kernel
