// Lines so plain that bash is not needed for them: to start it takes longer than most programs run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lvslab::kernel {

/// A command without quote, variable, pattern or list, and the file that it writes to, if any.
struct PlainLine {
  std::vector<std::string> words;
  std::string file;  ///< after ">" or ">>"; empty: the terminal
  bool appends = false;
};

/// Nothing if bash would find more in `line` than that.
std::optional<PlainLine> plain_line(std::string_view line);

/// The program that bash would run; nothing where bash has a say in it.
std::optional<std::string> program_of(const PlainLine& line);

/// Does what bash does for `echo WORDS > FILE`. False if that is not what the line says, or if it
/// failed: bash tells why.
bool echo_to_file(const PlainLine& line);

/// The setting, as sysctl(8) calls it, that a line writes while no other can change with it
/// (net/ipv4/devinet.c: devinet_conf_proc()); empty for all other lines.
std::string only_sysctl_written(std::string_view line);

}  // namespace lvslab::kernel
