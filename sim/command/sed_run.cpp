#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/command/pattern.h"
#include "sim/command/sed.h"

namespace lvslab::command {

namespace {

struct CompiledEdit {
  const SedEdit* edit = nullptr;
  std::optional<Pattern> pattern, first, last;
  bool inside = false;  ///< of a range
};

class Sed {
 public:
  explicit Sed(const SedCommand& command) : command_(command) {
    const auto compile = [&](const std::string& text, bool ignore_case) {
      const auto syntax = command.extended ? Pattern::Syntax::kExtended : Pattern::Syntax::kBasic;
      auto pattern = Pattern::compile(text, syntax, ignore_case);
      return pattern ? std::optional(std::move(*pattern)) : std::nullopt;
    };
    const auto address = [&](const std::optional<SedAddress>& a) {
      return a && a->kind == SedAddress::Kind::kPattern ? compile(a->pattern, a->ignore_case)
                                                        : std::nullopt;
    };
    for (const SedEdit& edit : command.edits) {
      edits_.push_back({&edit, compile(edit.pattern, edit.ignore_case), address(edit.first),
                        address(edit.last)});
    }
  }

  Output run(std::span<const NamedText> inputs) {
    std::vector<const NamedText*> readable;
    for (const NamedText& input : inputs) {
      if (input.problem.empty()) {
        readable.push_back(&input);
        continue;
      }
      const bool directory = input.problem == "Is a directory";
      output_.status = directory && command_.in_place ? 4 : 2;
      output_.err += !directory ? fmt::format("sed: can't read {}: {}\n", input.name, input.problem)
                     : command_.in_place
                         ? fmt::format("sed: couldn't edit {}: not a regular file\n", input.name)
                         : fmt::format("sed: read error on {}: {}\n", input.name, input.problem);
    }
    for (std::size_t i = 0; i < readable.size(); ++i) {
      bool more = false;  // lines behind this file, which make its last one a line among others
      for (std::size_t k = i + 1; k < readable.size(); ++k) more |= !readable[k]->text.empty();
      if (command_.separate || command_.in_place) number_ = 0;
      file(readable[i]->text, more && !command_.separate);
    }
    return std::move(output_);
  }

 private:
  void file(std::string_view text, bool more) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      // A file that does not end with a newline gets one only if more comes behind it.
      newline_ = end != std::string_view::npos || more;
      ++number_;
      edit(std::string(line), text.empty() && !more);
    }
  }

  void print(std::string_view line) {
    if (missing_newline_) output_.out += '\n';
    output_.out += line;
    if (newline_) output_.out += '\n';
    missing_newline_ = !newline_;
  }

  void edit(std::string line, bool is_last) {
    for (CompiledEdit& c : edits_) {
      if (applies(c, line, is_last) == c.edit->negated) continue;
      switch (c.edit->kind) {
        case SedEdit::Kind::kDelete: return;
        case SedEdit::Kind::kPrint: print(line); break;
        case SedEdit::Kind::kSubstitute:
          if (substitute(*c.edit, *c.pattern, line) && c.edit->print) print(line);
          break;
      }
    }
    if (!command_.quiet) print(line);
  }

  bool matches(const SedAddress& address, const std::optional<Pattern>& pattern,
               std::string_view line, bool is_last) const {
    switch (address.kind) {
      case SedAddress::Kind::kLine: return number_ == address.line;
      case SedAddress::Kind::kLast: return is_last;
      case SedAddress::Kind::kPattern: break;
    }
    return pattern && pattern->matches(line);
  }

  bool applies(CompiledEdit& c, std::string_view line, bool is_last) const {
    const SedEdit& edit = *c.edit;
    if (!edit.first) return true;
    if (!edit.last) return matches(*edit.first, c.first, line, is_last);
    const bool to_line = edit.last->kind == SedAddress::Kind::kLine;
    if (c.inside) {
      // A range whose end has passed ends before this line.
      if (to_line && number_ > edit.last->line) {
        c.inside = false;
        return matches(*edit.first, c.first, line, is_last);
      }
      c.inside = !matches(*edit.last, c.last, line, is_last);
      return true;
    }
    if (!matches(*edit.first, c.first, line, is_last)) return false;
    c.inside = !(to_line && edit.last->line <= number_) &&
               !(edit.last->kind == SedAddress::Kind::kLast && is_last);
    return true;
  }

  static void replace(std::string_view replacement, std::string_view match, std::string& out) {
    for (std::size_t i = 0; i < replacement.size(); ++i) {
      if (replacement[i] == '&') {
        out += match;
      } else if (replacement[i] == '\\' && i + 1 < replacement.size()) {
        ++i;
        out += replacement[i] == 'n' ? '\n' : replacement[i];
      } else {
        out += replacement[i];
      }
    }
  }

  static bool substitute(const SedEdit& edit, const Pattern& pattern, std::string& line) {
    std::string out;
    std::size_t from = 0, copied = 0, last_end = std::string::npos;
    std::uint32_t count = 0;
    bool any = false;
    while (from <= line.size()) {
      const auto match = pattern.find(line, from);
      if (!match) break;
      const auto [at, length] = *match;
      // Nothing at the end of a match is no match of its own.
      const bool empty_again = length == 0 && at == last_end;
      if (!empty_again && (++count == edit.nth || (edit.all && count > edit.nth))) {
        out.append(line, copied, at - copied);
        replace(edit.replacement, std::string_view(line).substr(at, length), out);
        copied = at + length;
        any = true;
        if (!edit.all) break;
      }
      last_end = at + length;
      from = length == 0 ? at + 1 : at + length;
    }
    if (!any) return false;
    out.append(line, copied);
    line = std::move(out);
    return true;
  }

  const SedCommand& command_;
  std::vector<CompiledEdit> edits_;
  Output output_;
  std::uint32_t number_ = 0;
  bool newline_ = true, missing_newline_ = false;
};

}  // namespace

Output run(const SedCommand& command, std::span<const NamedText> inputs) {
  return Sed(command).run(inputs);
}

}  // namespace lvslab::command
