// What may stand on the command line: options and help in both languages, and what is said of a
// command line that is wrong.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/commands.h"

namespace lvslab::cli {

struct Arguments {
  std::string lang, color = "auto", until, at, rate;
  std::uint64_t seed = 0;
  std::uint32_t packet = 0;
  RunOptions run;
  CheckOptions check;
  ListOptions list;
  std::string step_file;
  ShellOptions shell;
  WhyOptions why;
  ShowOptions show;
  ExportOptions exported;
  CompareOptions compare;
  FuzzOptions fuzz;
  ModesOptions modes;
  BenchOptions bench;
};

/// Options, subcommands and their help; parsed values go to `arguments`.
void declare_arguments(CLI::App& app, Arguments& arguments, Language language);

/// --lang, before anything is parsed; empty if it is not there.
std::string language_argument(int argc, const char* const* argv);

/// Says on standard error what is wrong and what was probably meant.
void complain_of_arguments(const CLI::App& app, int argc, const char* const* argv,
                           const CLI::ParseError& error);

}  // namespace lvslab::cli
