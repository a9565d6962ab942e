#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "sim/command/arithmetic.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

/// More words than this from one {a..b} are left as they stand.
constexpr std::int64_t kMaxSequence = 100'000;
/// So many characters are looked at and copied for the braces of one word; a word that needs more
/// is left as it stands.
constexpr std::size_t kBraceWork = 1'000'000;

/// A word on its way: unquoted characters one by one, everything else by the index of its part.
struct Atom {
  char ch = 0;
  int part = -1;
};
using Atoms = std::vector<Atom>;

Atoms atoms_of(const Word& word) {
  Atoms atoms;
  for (std::size_t i = 0; i < word.parts.size(); ++i) {
    const WordPart& part = word.parts[i];
    if (part.kind == WordPart::Kind::kLiteral && !part.quoted) {
      for (const char c : part.text) atoms.push_back({c, -1});
    } else {
      atoms.push_back({0, static_cast<int>(i)});
    }
  }
  return atoms;
}

bool is_char(const Atom& atom, char c) { return atom.part < 0 && atom.ch == c; }

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (value > 1'000'000'000'000 || value < -1'000'000'000'000) return std::nullopt;
  return value;
}

std::string padded(std::int64_t value, std::size_t width) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  const std::size_t sign = value < 0 ? 1 : 0;
  if (digits.size() + sign < width) digits.insert(0, width - sign - digits.size(), '0');
  return value < 0 ? '-' + digits : digits;
}

bool is_zero_padded(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0';
}

/// The items of "1..6", "01..10", "a..e", "1..10..2"; nothing if it is no sequence.
std::optional<std::vector<std::string>> sequence(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, dots);
  std::string_view last = text.substr(dots + 2);
  std::int64_t step = 0;
  if (const std::size_t more = last.find(".."); more != std::string_view::npos) {
    const auto given = number(last.substr(more + 2));
    if (!given) return std::nullopt;
    step = *given < 0 ? -*given : *given;
    last = last.substr(0, more);
  }
  const auto is_letter = [](std::string_view s) {
    return s.size() == 1 && ((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z'));
  };
  const bool letters = is_letter(first) && is_letter(last);
  const auto from = letters ? std::optional<std::int64_t>(first[0]) : number(first);
  const auto to = letters ? std::optional<std::int64_t>(last[0]) : number(last);
  if (!from || !to) return std::nullopt;
  if (step == 0) step = 1;
  const std::int64_t span = *from < *to ? *to - *from : *from - *to;
  if (span / step >= kMaxSequence) return std::nullopt;
  const bool pad = !letters && (is_zero_padded(first) || is_zero_padded(last));
  const std::size_t width = pad ? std::max(first.size(), last.size()) : 0;
  std::vector<std::string> items;
  for (std::int64_t i = 0; i <= span / step; ++i) {
    const std::int64_t value = *from < *to ? *from + i * step : *from - i * step;
    items.push_back(letters ? std::string(1, static_cast<char>(value)) : padded(value, width));
  }
  return items;
}

/// The first brace group that bash would expand, as alternatives in `items`.
struct Group {
  std::size_t open = 0, close = 0;
  std::vector<Atoms> items;
};

std::optional<Group> group_at(const Atoms& atoms, std::size_t open, std::size_t& work) {
  int depth = 0;
  bool comma = false;
  Group group{.open = open, .close = 0, .items = {{}}};
  for (std::size_t i = open; i < atoms.size() && work <= kBraceWork; ++i, ++work) {
    if (is_char(atoms[i], '{')) ++depth;
    if (is_char(atoms[i], '}') && --depth == 0) {
      group.close = i;
      break;
    }
    if (i == open) continue;
    if (depth == 1 && is_char(atoms[i], ',')) {
      comma = true;
      group.items.emplace_back();
    } else {
      group.items.back().push_back(atoms[i]);
    }
  }
  if (group.close == 0) return std::nullopt;
  if (comma) return group;
  std::string text;
  for (const Atom& atom : group.items[0]) {
    if (atom.part >= 0) return std::nullopt;
    text += atom.ch;
  }
  const auto items = sequence(text);
  if (!items) return std::nullopt;
  group.items.clear();
  for (const std::string& item : *items) {
    Atoms& added = group.items.emplace_back();
    for (const char c : item) added.push_back({c, -1});
  }
  return group;
}

/// Nothing before `from` is a group. False if it is too much work; `out` is then of no use.
bool expand_braces(const Atoms& atoms, std::size_t from, std::size_t& work,
                   std::vector<Atoms>& out) {
  for (std::size_t i = from; i < atoms.size(); ++i) {
    if (!is_char(atoms[i], '{')) continue;
    const auto group = group_at(atoms, i, work);
    if (work > kBraceWork) return false;
    if (!group) continue;
    for (const Atoms& item : group->items) {
      Atoms next(atoms.begin(), atoms.begin() + static_cast<std::ptrdiff_t>(i));
      next.insert(next.end(), item.begin(), item.end());
      next.insert(next.end(), atoms.begin() + static_cast<std::ptrdiff_t>(group->close) + 1,
                  atoms.end());
      work += next.size() + 1;
      if (work > kBraceWork || !expand_braces(next, i, work, out)) return false;
    }
    return true;
  }
  out.push_back(atoms);
  return true;
}

std::string_view without_final_newlines(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

class Expander {
 public:
  Expander(const Word& word, const Variables& variables, std::span<const std::string> results)
      : word_(word), variables_(variables), results_(results) {}

  /// Appends the fields of one brace-expanded word. Without `split`: always exactly one.
  void run(const Atoms& atoms, bool split, std::vector<std::string>& out) {
    std::string field;
    bool have = !split;
    std::size_t start = 0;
    if (starts_with_tilde(atoms)) {
      const auto home = variables_.find("HOME");
      field = home == variables_.end() ? "/root" : home->second;
      have = true;
      start = 1;
    }
    for (std::size_t i = start; i < atoms.size(); ++i) {
      if (atoms[i].part < 0) {
        field += atoms[i].ch;
        have = true;
        continue;
      }
      const WordPart& part = word_.parts[static_cast<std::size_t>(atoms[i].part)];
      const std::string value = value_of(part, atoms[i].part);
      if (part.quoted || !split) {
        field += value;
        have = have || part.quoted;
        continue;
      }
      split_into(value, field, have, out);
    }
    if (have) out.push_back(std::move(field));
  }

 private:
  static bool starts_with_tilde(const Atoms& atoms) {
    return !atoms.empty() && is_char(atoms[0], '~') &&
           (atoms.size() == 1 || is_char(atoms[1], '/'));
  }

  static void split_into(std::string_view value, std::string& field, bool& have,
                         std::vector<std::string>& out) {
    for (const char c : value) {
      if (c == ' ' || c == '\t' || c == '\n') {
        if (have) out.push_back(std::move(field));
        field.clear();
        have = false;
      } else {
        field += c;
        have = true;
      }
    }
  }

  std::string value_of(const WordPart& part, int index) const {
    if (part.kind == WordPart::Kind::kLiteral) return part.text;
    if (part.kind == WordPart::Kind::kVariable) {
      const auto found = variables_.find(part.text);
      return found == variables_.end() ? std::string() : found->second;
    }
    if (part.kind == WordPart::Kind::kArithmetic) {
      return std::to_string(evaluate(part.text, variables_).value);
    }
    std::size_t result = 0;
    for (int i = 0; i < index; ++i) {
      const WordPart& before = word_.parts[static_cast<std::size_t>(i)];
      result += before.kind == WordPart::Kind::kSubstitution ? 1 : 0;
    }
    if (result >= results_.size()) return {};
    return std::string(without_final_newlines(results_[result]));
  }

  const Word& word_;
  const Variables& variables_;
  std::span<const std::string> results_;
};

/// Matches the bracket expression at pattern[0] == '['; `used` is its length. Nothing: no bracket.
std::optional<bool> match_bracket(std::string_view pattern, char c, std::size_t& used) {
  std::size_t i = 1;
  const bool negate = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negate) ++i;
  bool hit = false;
  for (const std::size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) {
      used = i + 1;
      return hit != negate;
    }
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      hit |= pattern[i] <= c && c <= pattern[i + 2];
      i += 2;
    } else {
      hit |= pattern[i] == c;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<NodeIndex> substitutions_of(const Word& word) {
  std::vector<NodeIndex> out;
  for (const WordPart& part : word.parts) {
    if (part.kind == WordPart::Kind::kSubstitution) out.push_back(part.body);
  }
  return out;
}

std::vector<std::string> expand(const Word& word, const Variables& variables,
                                std::span<const std::string> results) {
  std::vector<Atoms> words;
  const Atoms atoms = atoms_of(word);
  if (std::size_t work = 0; !expand_braces(atoms, 0, work, words)) words.assign(1, atoms);
  std::vector<std::string> out;
  Expander expander(word, variables, results);
  for (const Atoms& one : words) expander.run(one, true, out);
  return out;
}

std::string expand_to_one(const Word& word, const Variables& variables,
                          std::span<const std::string> results) {
  std::vector<std::string> out;
  Expander(word, variables, results).run(atoms_of(word), false, out);
  return out.at(0);
}

std::optional<std::string> arithmetic_error(const Word& word, const Variables& variables) {
  for (const WordPart& part : word.parts) {
    if (part.kind != WordPart::Kind::kArithmetic) continue;
    if (auto tried = evaluate(part.text, variables); !tried.error.empty()) {
      return std::move(tried.error);
    }
  }
  return std::nullopt;
}

bool has_glob(const Word& word) {
  return std::ranges::any_of(word.parts, [](const WordPart& part) {
    return part.kind == WordPart::Kind::kLiteral && !part.quoted &&
           part.text.find_first_of("*?[") != std::string::npos;
  });
}

bool glob_match(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
      continue;
    }
    std::size_t used = 1;
    bool hit = false;
    if (p < pattern.size() && n < name.size()) {
      const auto bracket =
          pattern[p] == '[' ? match_bracket(pattern.substr(p), name[n], used) : std::nullopt;
      hit = bracket.value_or(pattern[p] == '?' || pattern[p] == name[n]);
    }
    if (hit) {
      p += used;
      ++n;
    } else if (star != std::string_view::npos && star_name < name.size()) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace lvslab::command
