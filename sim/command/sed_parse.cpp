#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/options.h"
#include "sim/command/pattern.h"
#include "sim/command/sed.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

constexpr std::string_view kForms = "s/RE/TEXT/, d, p, behind N, $ or /RE/";

/// Reads one script; `at_` is where it has come, as sed counts characters in its complaints.
class ScriptReader {
 public:
  ScriptReader(std::string_view script, std::size_t number, bool extended)
      : script_(script), number_(number), extended_(extended) {}

  Parsed<std::vector<SedEdit>> read() {
    std::vector<SedEdit> edits;
    while (true) {
      while (at_ < script_.size() && std::string_view(" \t\n;").contains(script_[at_])) ++at_;
      if (at_ == script_.size()) return edits;
      if (script_[at_] == '#') {
        at_ = std::min(script_.find('\n', at_), script_.size());
        continue;
      }
      SedEdit edit;
      if (auto refused = one(edit); !refused.err.empty()) return std::unexpected(refused);
      edits.push_back(std::move(edit));
    }
  }

 private:
  Output complain(std::string_view what) const {
    return failure(fmt::format("sed: -e expression #{}, char {}: {}", number_, at_, what), 1);
  }
  static Output refuse(std::string_view what) { return not_modelled("sed", what, kForms); }

  /// An Output without text: all is well.
  Output one(SedEdit& edit) {
    if (auto refused = addresses(edit); !refused.err.empty()) return refused;
    blanks();
    while (at_ < script_.size() && script_[at_] == '!') {
      edit.negated = true;
      ++at_;
      blanks();
    }
    if (at_ == script_.size()) return complain("missing command");
    const char letter = script_[at_++];
    switch (letter) {
      case 's': return substitution(edit);
      case 'd': edit.kind = SedEdit::Kind::kDelete; return end();
      case 'p': edit.kind = SedEdit::Kind::kPrint; return end();
      default: break;
    }
    if (std::string_view("{}aiqcyrRwWnNDPhHgGxbtTl=eFQvz:").contains(letter)) {
      return refuse(fmt::format("the command {}", letter));
    }
    return complain(fmt::format("unknown command: `{}'", letter));
  }

  void blanks() {
    while (at_ < script_.size() && (script_[at_] == ' ' || script_[at_] == '\t')) ++at_;
  }

  Output end() {
    blanks();
    if (at_ == script_.size() || script_[at_] == ';' || script_[at_] == '\n') return {};
    if (script_[at_] == '}' || script_[at_] == '#') return refuse("a group or a comment behind it");
    ++at_;
    return complain("extra characters after command");
  }

  Output addresses(SedEdit& edit) {
    if (auto refused = address(edit.first); !refused.err.empty()) return refused;
    if (!edit.first) return {};
    blanks();
    if (at_ < script_.size() && script_[at_] == '~') return refuse("the address N~M");
    if (edit.first->kind == SedAddress::Kind::kLine && edit.first->line == 0) {
      ++at_;
      return complain("invalid usage of line address 0");
    }
    if (at_ == script_.size() || script_[at_] != ',') return {};
    ++at_;
    blanks();
    if (at_ < script_.size() && (script_[at_] == '+' || script_[at_] == '~')) {
      return refuse("the address N,+M");
    }
    if (auto refused = address(edit.last); !refused.err.empty()) return refused;
    return edit.last ? Output{} : complain("unexpected `,'");
  }

  Output address(std::optional<SedAddress>& address) {
    if (at_ == script_.size()) return {};
    const char c = script_[at_];
    if (c == '$') {
      ++at_;
      address = SedAddress{.kind = SedAddress::Kind::kLast, .line = 0, .pattern = {}};
    } else if (c >= '0' && c <= '9') {
      std::uint64_t line = 0;
      while (at_ < script_.size() && script_[at_] >= '0' && script_[at_] <= '9') {
        line = std::min<std::uint64_t>(line * 10 + static_cast<std::uint64_t>(script_[at_++] - '0'),
                                       0xffff'ffffU);
      }
      address = SedAddress{.line = static_cast<std::uint32_t>(line), .pattern = {}};
    } else if (c == '/' || c == '\\') {
      if (c == '\\' && ++at_ == script_.size()) return complain("unexpected `,'");
      const char delimiter = script_[at_++];
      auto pattern = until(delimiter, Brackets::kKept);
      if (!pattern) return complain("unterminated address regex");
      SedAddress read{.kind = SedAddress::Kind::kPattern, .line = 0, .pattern = *pattern};
      if (at_ < script_.size() && script_[at_] == 'I') {
        ++at_;
        read.ignore_case = true;
      }
      const bool ignore_case = read.ignore_case;
      address = std::move(read);
      return check(*pattern, ignore_case);
    }
    return {};
  }

  /// Of a pattern, in whose brackets `delimiter` is a member as any; they mean nothing in what
  /// replaces.
  enum class Brackets : std::uint8_t { kKept, kPlain };

  /// The text up to `delimiter`, which is taken off; "\DELIMITER" stands for it.
  std::optional<std::string> until(char delimiter, Brackets brackets) {
    std::string text;
    for (bool bracket = false; at_ < script_.size(); ++at_) {
      const char c = script_[at_];
      if (c == '\n') break;
      if (c == delimiter && !bracket) {
        ++at_;
        return text;
      }
      if (c == '\\' && at_ + 1 < script_.size() && !bracket) {
        const char next = script_[++at_];
        if (next != delimiter) text += '\\';
        text += next;
        continue;
      }
      if (c == '[' && !bracket && brackets == Brackets::kKept) {
        bracket = true;
        text += c;
        // "]" and "^]" at the beginning are members.
        if (script_.substr(at_ + 1).starts_with('^')) text += script_[++at_];
        if (script_.substr(at_ + 1).starts_with(']')) text += script_[++at_];
        continue;
      }
      if (c == ']') bracket = false;
      text += c;
    }
    at_ = script_.size();
    return std::nullopt;
  }

  Output check(const std::string& pattern, bool ignore_case) const {
    if (pattern.empty()) return refuse("an empty pattern");
    const auto compiled = Pattern::compile(pattern, syntax(), ignore_case);
    return compiled ? Output{} : complain(compiled.error());
  }
  Pattern::Syntax syntax() const {
    return extended_ ? Pattern::Syntax::kExtended : Pattern::Syntax::kBasic;
  }

  Output substitution(SedEdit& edit) {
    if (at_ == script_.size()) return complain("unterminated `s' command");
    const char delimiter = script_[at_++];
    auto pattern = until(delimiter, Brackets::kKept);
    if (!pattern) return complain("unterminated `s' command");
    auto replacement = until(delimiter, Brackets::kPlain);
    if (!replacement) return complain("unterminated `s' command");
    edit.pattern = std::move(*pattern);
    edit.replacement = std::move(*replacement);
    if (auto refused = check_replacement(edit.replacement); !refused.err.empty()) return refused;
    if (auto refused = flags(edit); !refused.err.empty()) return refused;
    return check(edit.pattern, edit.ignore_case);
  }

  static Output check_replacement(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] != '\\') continue;
      const char next = text[++i];
      if (std::string_view("0123456789LUlEuftvacdox").contains(next)) {
        return refuse(fmt::format("\\{} in what replaces", next));
      }
    }
    return {};
  }

  Output flags(SedEdit& edit) {
    for (; at_ < script_.size(); ++at_) {
      const char c = script_[at_];
      if (c == ' ' || c == ';' || c == '\n') return end();
      if (c >= '1' && c <= '9') {
        edit.nth = 0;
        while (at_ < script_.size() && script_[at_] >= '0' && script_[at_] <= '9' &&
               edit.nth < 1'000'000) {
          edit.nth = edit.nth * 10 + static_cast<std::uint32_t>(script_[at_++] - '0');
        }
        --at_;
        continue;
      }
      switch (c) {
        case 'g': edit.all = true; break;
        case 'p': edit.print = true; break;
        case 'i':
        case 'I': edit.ignore_case = true; break;
        case 'e':
        case 'm':
        case 'M':
        case 'w':
        case '}':
        case '#': return refuse(fmt::format("{} behind the command s", c));
        default: ++at_; return complain("unknown option to `s'");
      }
    }
    return {};
  }

  std::string_view script_;
  std::size_t number_;
  bool extended_;
  std::size_t at_ = 0;
};

/// Takes -i and -iSUFFIX off, which have a value that may be missing.
std::vector<std::string> without_in_place(Args args, SedCommand& sed) {
  std::vector<std::string> rest;
  bool options = true;
  for (const std::string& arg : args) {
    options = options && arg != "--";
    const std::string_view text = arg;
    if (!options || (!text.starts_with("-i") && !text.starts_with("--in-place"))) {
      rest.push_back(arg);
      continue;
    }
    sed.in_place = true;
    if (text.starts_with("-i")) sed.suffix = text.substr(2);
    if (text.starts_with("--in-place=")) sed.suffix = text.substr(text.find('=') + 1);
  }
  return rest;
}

}  // namespace

Parsed<SedCommand> parse_sed(Args args) {
  SedCommand sed;
  const std::vector<std::string> rest = without_in_place(args, sed);
  const OptionSpec spec{
      .tool = "sed",
      .letters = "nEre:s",
      .unmodelled = "filuz",
      .close = "-n -e -E -i",
      .longs = {{"quiet", 'n'},
                {"silent", 'n'},
                {"regexp-extended", 'E'},
                {"separate", 's'},
                {"expression", 'e', true}},
      .unmodelled_longs = {"debug", "file", "follow-symlinks", "line-length", "posix", "sandbox",
                           "unbuffered", "null-data", "help", "version"},
      .usage =
          "Usage: sed [OPTION]... {script-only-if-no-other-script} "
          "[input-file]...\n"};
  auto options = read_options(rest, spec);
  if (!options) return std::unexpected(options.error());
  std::vector<std::string> scripts;
  for (const auto& [letter, value] : options->given) {
    sed.quiet |= letter == 'n';
    sed.extended |= letter == 'E' || letter == 'r';
    sed.separate |= letter == 's';
    if (letter == 'e') scripts.push_back(value);
  }
  if (scripts.empty()) {
    if (options->operands.empty()) return std::unexpected(failure(std::string(spec.usage), 1));
    scripts.push_back(options->operands.front());
    options->operands.erase(options->operands.begin());
  }
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    auto edits = ScriptReader(scripts[i], i + 1, sed.extended).read();
    if (!edits) return std::unexpected(edits.error());
    sed.edits.insert(sed.edits.end(), edits->begin(), edits->end());
  }
  sed.files = std::move(options->operands);
  if (sed.in_place && sed.files.empty()) return std::unexpected(failure("sed: no input files", 1));
  return sed;
}

namespace {

/// `text` between '/'; those in it are marked.
std::string between_slashes(std::string_view text) {
  std::string out = "/";
  for (const char c : text) {
    if (c == '/') out += '\\';
    out += c;
  }
  return out;
}

std::string to_text(const SedAddress& address) {
  switch (address.kind) {
    case SedAddress::Kind::kLine: return std::to_string(address.line);
    case SedAddress::Kind::kLast: return "$";
    case SedAddress::Kind::kPattern: break;
  }
  return between_slashes(address.pattern) + (address.ignore_case ? "/I" : "/");
}

std::string to_text(const SedEdit& edit) {
  std::string text;
  if (edit.first) text += to_text(*edit.first);
  if (edit.last) text += ',' + to_text(*edit.last);
  if (edit.negated) text += '!';
  if (edit.kind != SedEdit::Kind::kSubstitute) {
    return text + (edit.kind == SedEdit::Kind::kDelete ? 'd' : 'p');
  }
  text += 's' + between_slashes(edit.pattern) + between_slashes(edit.replacement) + '/';
  if (edit.nth > 1) text += std::to_string(edit.nth);
  if (edit.all) text += 'g';
  if (edit.print) text += 'p';
  if (edit.ignore_case) text += 'I';
  return text;
}

}  // namespace

std::string to_text(const SedCommand& c) {
  std::string line = "sed";
  if (c.quiet) line += " -n";
  if (c.extended) line += " -E";
  if (c.separate) line += " -s";
  if (c.in_place) line += ' ' + quote_word("-i" + c.suffix);
  std::string script;
  for (const SedEdit& edit : c.edits) script += (script.empty() ? "" : ";") + to_text(edit);
  line += (script.starts_with('-') ? " -e " : " ") + quote_word(script);
  append_operands(line, c.files);
  return line;
}

}  // namespace lvslab::command
