#include "tests/rules/tidy_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lvslab::rules {
namespace {

struct Ban {
  std::string_view token;
  std::string_view advice;
};

constexpr std::string_view kClock = "no wall clock in sim: take SimTime as an argument";
constexpr std::string_view kRandom = "no outside randomness in sim: draw from the seeded Prng";
constexpr std::string_view kHash =
    "no unordered container in sim: use IndexTable, a sorted vector or std::map";
constexpr std::string_view kThread = "sim is single-threaded: a run is a function of its input";
constexpr std::string_view kShared =
    "no shared ownership in sim: values and ids, unique_ptr at edges";

constexpr std::array kBans{
    Ban{"system_clock", kClock},
    Ban{"steady_clock", kClock},
    Ban{"high_resolution_clock", kClock},
    Ban{"gettimeofday", kClock},
    Ban{"clock_gettime", kClock},
    Ban{"std::time(", kClock},
    Ban{"time(nullptr)", kClock},
    Ban{"time(NULL)", kClock},
    Ban{"localtime", kClock},
    Ban{"random_device", kRandom},
    Ban{"rand()", kRandom},
    Ban{"srand", kRandom},
    Ban{"std::rand", kRandom},
    Ban{"::random()", kRandom},
    Ban{"mt19937", kRandom},
    Ban{"default_random_engine", kRandom},
    Ban{"std::unordered_map", kHash},
    Ban{"std::unordered_set", kHash},
    Ban{"std::unordered_multimap", kHash},
    Ban{"std::unordered_multiset", kHash},
    Ban{"std::function", "no std::function in sim: switch over a kind, or take a template"},
    Ban{"std::move_only_function", "no type-erased call in sim: switch over a kind"},
    Ban{"shared_ptr", kShared},
    Ban{"make_shared", kShared},
    Ban{"weak_ptr", kShared},
    Ban{"std::mutex", kThread},
    Ban{"std::thread", kThread},
    Ban{"std::jthread", kThread},
    Ban{"std::async", kThread},
    Ban{"std::condition_variable", kThread},
    Ban{"thread_local", kThread},
};

struct Allowed {
  std::string_view path;  ///< a file, or the beginning of the names of some
  std::string_view reason;
};

/// Where floating point may stand in sim. It never decides when something happens.
constexpr std::array kFloatingPoint{
    Allowed{"sim/scenario/layout", "coordinates of a drawing"},
    Allowed{"sim/scenario/topology", "coordinates of a drawing, from Boost.Graph's layouts"},
    Allowed{"sim/command/ab", "ab prints rates and percentiles as printf(3) rounds doubles"},
    Allowed{"sim/command/ping", "ping prints averages and mdev as printf(3) rounds doubles"},
    Allowed{"sim/command/curl", "curl -w prints seconds as printf(3) rounds doubles"},
};

// --- scopes
// ---------------------------------------------------------------------------------------

enum class Scope { kNamespace, kType, kFunction, kBlock, kInitializer };

/// Preprocessor lines (with their continuations) blanked: their braces need not match.
std::string without_preprocessor(std::string_view code) {
  std::string out(code);
  bool continued = false;
  std::size_t start = 0;
  for (const std::string_view line : lines_of(code)) {
    const std::size_t first = line.find_first_not_of(' ');
    const bool directive = first != std::string_view::npos && line[first] == '#';
    const bool blank = directive || continued;
    continued = blank && line.ends_with('\\');
    if (blank) std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(start), line.size(), ' ');
    start += line.size() + 1;
  }
  return out;
}

bool has_word(std::string_view text, std::string_view word) {
  return !find_token(text, word).empty();
}

/// True if an '=' stands outside of parentheses, other than in an operator's name or comparison.
bool assigns(std::string_view statement) {
  int depth = 0;
  for (std::size_t i = 0; i < statement.size(); ++i) {
    const char c = statement[i];
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != '=' || depth != 0) continue;
    const bool part_of_operator =
        (i + 1 < statement.size() && statement[i + 1] == '=') ||
        (i > 0 &&
         std::string_view("=<>!+-*/%&|^").find(statement[i - 1]) != std::string_view::npos);
    if (!part_of_operator && !has_word(statement.substr(0, i), "operator")) return true;
  }
  return false;
}

bool opens_type(std::string_view statement) {
  if (statement.find('(') != std::string_view::npos && !has_word(statement, "alignas"))
    return false;
  return has_word(statement, "class") || has_word(statement, "struct") ||
         has_word(statement, "union") || has_word(statement, "enum");
}

/// What the brace after `statement` opens, inside of `outer`.
Scope scope_of(std::string_view statement, Scope outer) {
  if (outer == Scope::kFunction || outer == Scope::kBlock) return Scope::kBlock;
  if (outer == Scope::kInitializer) return Scope::kInitializer;
  if (has_word(statement, "namespace") || has_word(statement, "extern")) return Scope::kNamespace;
  if (assigns(statement)) return Scope::kInitializer;
  if (opens_type(statement)) return Scope::kType;
  if (statement.find('(') != std::string_view::npos) return Scope::kFunction;
  return Scope::kInitializer;
}

struct Statement {
  std::size_t begin = 0;  ///< offset of its first character
  std::size_t end = 0;    ///< one past its ';' or '}'
  Scope in = Scope::kNamespace;
  bool function_body = false;
  std::string text{};  ///< without what its braces hold
};

/// The statements of a file, by a walk over braces and semicolons. A function's definition is one
/// statement with `function_body`; those inside of it come on their own, before it.
std::vector<Statement> statements_of(std::string_view code) {
  struct Open {
    Statement head;
    Scope scope;
  };
  std::vector<Statement> done;
  std::vector<Open> open;
  Statement now;
  int parens = 0;
  const auto restart = [&](Scope in) { now = Statement{.in = in}; };
  const auto finish = [&](std::size_t end) {
    now.end = end;
    done.push_back(now);
    restart(now.in);
  };
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (now.text.empty()) {
      if (c == ' ' || c == '\n') continue;
      now.begin = i;
    }
    if (c == '(') ++parens;
    if (c == ')') --parens;
    if (c == '{' && parens == 0) {
      const Scope scope = scope_of(now.text, now.in);
      now.function_body = scope == Scope::kFunction;
      open.push_back({now, scope});
      restart(scope);
    } else if (c == '}' && parens == 0 && !open.empty()) {
      const Scope scope = open.back().scope;
      now = std::move(open.back().head);
      open.pop_back();
      if (scope == Scope::kFunction || scope == Scope::kBlock) {
        finish(i + 1);
      } else if (scope == Scope::kNamespace) {
        restart(now.in);
      } else {
        now.text += " {} ";
      }
    } else if (c == ';' && parens == 0) {
      finish(i + 1);
    } else {
      now.text += c == '\n' ? ' ' : c;
    }
  }
  return done;
}

bool is_mutable_variable(const Statement& statement) {
  const std::string_view text = statement.text;
  for (const std::string_view word : {"const", "constexpr", "consteval", "constinit"}) {
    if (has_word(text, word)) return false;
  }
  const bool local = statement.in == Scope::kFunction || statement.in == Scope::kBlock;
  if (local || statement.in == Scope::kType) {
    const std::size_t paren = text.find('(');
    return text.starts_with("static ") && (local || paren == std::string_view::npos);
  }
  if (statement.in != Scope::kNamespace || statement.function_body) return false;
  for (const std::string_view word :
       {"using", "typedef", "template", "static_assert", "friend", "namespace", "struct", "class",
        "enum", "union", "concept", "operator", "requires"}) {
    if (has_word(text, word)) return false;
  }
  const std::string_view before = text.substr(0, text.find('='));
  return before.find('(') == std::string_view::npos && before.find(' ') != std::string_view::npos;
}

}  // namespace

Findings check_bans(const SourceFile& file) {
  Findings findings;
  for (const Ban& ban : kBans) {
    for (const std::size_t at : find_token(file.code, ban.token)) {
      findings.push_back(
          {file.path, line_of(file.code, at), fmt::format("`{}`: {}", ban.token, ban.advice)});
    }
  }
  return findings;
}

Findings check_floating_point(const SourceFile& file) {
  for (const Allowed& allowed : kFloatingPoint) {
    if (file.path.starts_with(allowed.path)) return {};
  }
  Findings findings;
  for (const std::string_view token : {"double", "float"}) {
    for (const std::size_t at : find_token(file.code, token)) {
      findings.push_back({file.path, line_of(file.code, at),
                          fmt::format("`{}`: count in integers (ns, ppm, bit/s); where a real tool "
                                      "prints floating point, add the file and the reason to "
                                      "kFloatingPoint in tests/rules/tidy_rules.cpp",
                                      token)});
    }
  }
  return findings;
}

Findings check_globals(const SourceFile& file) {
  Findings findings;
  const std::string code = without_preprocessor(file.code);
  for (const Statement& statement : statements_of(code)) {
    if (!is_mutable_variable(statement)) continue;
    findings.push_back(
        {file.path, line_of(code, statement.begin),
         fmt::format(
             "`{}` looks like mutable global state: make it constexpr, or a member of World",
             statement.text.substr(0, 60))});
  }
  return findings;
}

Findings check_sizes(const SourceFile& file) {
  constexpr int kFileLines = 600;
  constexpr int kFunctionLines = 70;
  constexpr std::size_t kColumns = 100;
  Findings findings;
  const std::string text = without_raw_strings(file.text);
  const auto lines = lines_of(text);
  if (std::ssize(lines) > kFileLines) {
    findings.push_back(
        {file.path, static_cast<int>(lines.size()),
         fmt::format("{} lines; a file is a sitting (at most {}): split it at a seam", lines.size(),
                     kFileLines)});
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto columns = static_cast<std::size_t>(
        std::ranges::count_if(lines[i], [](char c) { return (c & 0xc0) != 0x80; }));
    if (columns > kColumns) {
      findings.push_back({file.path, static_cast<int>(i + 1),
                          fmt::format("{} columns; at most {}", columns, kColumns)});
    }
    if (lines[i].find('\t') != std::string_view::npos) {
      findings.push_back({file.path, static_cast<int>(i + 1), "a tab; indent with spaces"});
    }
  }
  const std::string code = without_preprocessor(file.code);
  for (const Statement& statement : statements_of(code)) {
    if (!statement.function_body) continue;
    const int first = line_of(code, statement.begin);
    const int length = line_of(code, statement.end - 1) - first + 1;
    if (length <= kFunctionLines) continue;
    findings.push_back({file.path, first,
                        fmt::format("a function of {} lines; it fits a screen (at most {}): name "
                                    "its steps",
                                    length, kFunctionLines)});
  }
  return findings;
}

Findings check_header(const SourceFile& file) {
  Findings findings;
  if (!file.is_header()) return findings;
  if (file.text.find("\n#pragma once\n") == std::string::npos) {
    findings.push_back({file.path, 1, "a header without #pragma once"});
  }
  if (!file.text.starts_with("// ")) {
    findings.push_back(
        {file.path, 1, "open with a comment: what it models, what it leaves out, its source"});
  }
  return findings;
}

Findings check_promises(const SourceFile& file) {
  // Spelt in halves, since this file is looked at as well.
  constexpr std::array kWords{
      "TO"
      "DO",
      "FIX"
      "ME",
      "XX"
      "X",
      "HA"
      "CK"};
  Findings findings;
  for (const std::string_view word : kWords) {
    for (const std::size_t at : find_token(file.text, word)) {
      findings.push_back({file.path, line_of(file.text, at),
                          fmt::format("`{}`: do it now, or write it down in docs/", word)});
    }
  }
  return findings;
}

}  // namespace lvslab::rules
