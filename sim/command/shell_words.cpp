#include "sim/command/shell_words.h"

#include <fmt/core.h>

#include <utility>

#include "sim/command/arithmetic.h"

namespace lvslab::command {
namespace {

constexpr int kMaxDepth = 64;

void append_literal(Word& word, std::string_view text, bool quoted) {
  if (!word.parts.empty()) {
    WordPart& last = word.parts.back();
    if (last.kind == WordPart::Kind::kLiteral && last.quoted == quoted) {
      last.text += text;
      return;
    }
  }
  word.parts.push_back({WordPart::Kind::kLiteral, quoted, std::string(text), kNoNode});
}

/// "" only matters where nothing else in the word is quoted.
void drop_needless_empties(Word& word) {
  const auto is_empty = [](const WordPart& part) {
    return part.kind == WordPart::Kind::kLiteral && part.text.empty();
  };
  bool other_quoted = false;
  for (const WordPart& part : word.parts) other_quoted |= part.quoted && !is_empty(part);
  bool kept = other_quoted;
  std::erase_if(word.parts, [&](const WordPart& part) {
    if (!is_empty(part)) return false;
    return std::exchange(kept, true);
  });
}

/// The place of the `))` that ends the expression at `begin`; npos if there is none.
std::size_t end_of_arithmetic(std::string_view text, std::size_t begin) {
  int open = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '(') ++open;
    if (text[i] != ')') continue;
    if (open-- > 0) continue;
    return i + 1 < text.size() && text[i + 1] == ')' ? i : std::string_view::npos;
  }
  return std::string_view::npos;
}

}  // namespace

// --- errors --------------------------------------------------------------------------------------

Output ShellWordReader::failure_at(std::size_t at, const std::string& message,
                                   std::string_view note) const {
  const std::size_t place = base_ == kWhole ? at : base_;
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < place && i < whole_.size(); ++i) {
    ++column;
    if (whole_[i] == '\n') {
      ++line;
      column = 1;
    }
  }
  const std::string where = line == 1 ? fmt::format("column {}", column)
                                      : fmt::format("line {}, column {}", line, column);
  const std::string tail = note.empty() ? "" : fmt::format(": {}", note);
  return failure(message + fmt::format("\nlvslab: {}{}\n", where, tail), 2);
}

void ShellWordReader::fail_at(std::size_t at, const std::string& message,
                              std::string_view note) const {
  throw ShellSyntaxError{failure_at(at, message, note)};
}

// What ends too early within `...` is not mended by what follows that.
void ShellWordReader::fail_at_end(std::size_t at, const std::string& message) const {
  throw ShellSyntaxError{failure_at(at, message, {}), base_ == kWhole};
}

void ShellWordReader::fail_not_modelled(std::size_t at, std::string_view what,
                                        std::string_view close) const {
  Output output = not_modelled("bash", what, close);
  output.err.pop_back();
  fail_at(at, output.err);
}

void ShellWordReader::fail_token() const {
  if (at_end()) fail_at_end(pos_, "bash: syntax error: unexpected end of file");
  std::string token(1, text_[pos_]);
  if (token == "\n") {
    token = "newline";
  } else if (is_shell_meta(text_[pos_])) {
    if (pos_ + 1 < text_.size() && text_[pos_ + 1] == text_[pos_] && token != "(" && token != ")") {
      token += text_[pos_];
    }
  } else {
    std::size_t end = pos_;
    while (end < text_.size() && !is_shell_meta(text_[end])) ++end;
    token = std::string(text_.substr(pos_, end - pos_));
  }
  fail_at(pos_, fmt::format("bash: syntax error near unexpected token `{}'", token));
}

ShellWordReader::Deeper::Deeper(ShellWordReader& reader) : reader_(reader) {
  if (reader_.depth_ + 1 > kMaxDepth) {
    reader_.fail_not_modelled(reader_.pos_, "nesting deeper than 64 levels");
  }
  ++reader_.depth_;
}

// --- words ---------------------------------------------------------------------------------------

void ShellWordReader::skip_blanks() {
  while (!at_end()) {
    if (peek() == ' ' || peek() == '\t' || peek() == '\r') {
      ++pos_;
    } else if (looking_at("\\\n")) {
      pos_ += 2;
    } else if (peek() == '#') {
      while (!at_end() && peek() != '\n') ++pos_;
    } else {
      return;
    }
  }
}

void ShellWordReader::parse_backtick(Word& word, bool quoted) {
  const std::size_t open = pos_++;
  std::string inner;
  while (!at_end() && peek() != '`') {
    if (peek() == '\\' && (peek(1) == '`' || peek(1) == '\\' || peek(1) == '$')) ++pos_;
    if (!at_end()) inner += text_[pos_++];
  }
  if (at_end()) fail_at_end(open, "bash: unexpected EOF while looking for matching ``'");
  ++pos_;
  const Deeper deeper(*this);
  const NodeIndex body = read_nested(inner, base_ == kWhole ? open : base_);
  word.parts.push_back({WordPart::Kind::kSubstitution, quoted, "", body});
}

void ShellWordReader::parse_dollar_paren(Word& word, bool quoted) {
  const std::size_t open = pos_;
  if (looking_at("$((")) return parse_arithmetic(word, quoted);
  const Deeper deeper(*this);
  pos_ += 2;
  const NodeIndex body = read_until_paren();
  if (peek() != ')') fail_at_end(open, "bash: unexpected EOF while looking for matching `)'");
  ++pos_;
  word.parts.push_back({WordPart::Kind::kSubstitution, quoted, "", body});
}

void ShellWordReader::parse_arithmetic(Word& word, bool quoted) {
  const std::size_t open = pos_;
  const std::size_t begin = pos_ + 3;
  const std::size_t end = end_of_arithmetic(text_, begin);
  if (end == std::string_view::npos) {
    fail_at_end(open, "bash: unexpected EOF while looking for matching `)'");
  }
  const std::string expression(text_.substr(begin, end - begin));
  if (expression.contains("$(") || expression.contains('`')) {
    fail_not_modelled(open, "a command within $((...))", "v=$(COMMAND); ... $((v + 1))");
  }
  if (const auto tried = evaluate(expression, {}); !tried.unmodelled.empty()) {
    fail_not_modelled(open, tried.unmodelled, "v=$((v + 1))");
  }
  pos_ = end + 2;
  word.parts.push_back({WordPart::Kind::kArithmetic, quoted, expression, kNoNode});
}

void ShellWordReader::parse_dollar(Word& word, bool quoted) {
  const std::size_t open = pos_;
  if (peek(1) == '(') return parse_dollar_paren(word, quoted);
  std::string name;
  if (peek(1) == '{') {
    pos_ += 2;
    while (!at_end() && peek() != '}') name += text_[pos_++];
    if (at_end()) fail_at_end(open, "bash: unexpected EOF while looking for matching `}'");
    ++pos_;
    const bool special = name.size() == 1 && std::string_view("?$#!@*").contains(name[0]);
    bool plain = !name.empty();
    for (const char c : name) plain &= is_name_char(c);
    if (name.empty()) fail_at(open, "bash: ${}: bad substitution");
    if (!plain && !special) {
      fail_not_modelled(open, fmt::format("expansion ${{{}}}", name), "${NAME}");
    }
  } else if (is_name_start(peek(1))) {
    ++pos_;
    while (is_name_char(peek())) name += text_[pos_++];
  } else if (peek(1) != '\0' && std::string_view("?$#!@*0123456789").contains(peek(1))) {
    name = peek(1);
    pos_ += 2;
  } else if (!quoted && (peek(1) == '\'' || peek(1) == '"')) {
    fail_not_modelled(open, "quoting with $'...' or $\"...\"", "'...' and echo -e");
  } else {
    ++pos_;
    append_literal(word, "$", quoted);
    return;
  }
  word.parts.push_back({WordPart::Kind::kVariable, quoted, name, kNoNode});
}

void ShellWordReader::parse_double_quotes(Word& word) {
  const std::size_t open = pos_++;
  parse_quoted(word, true);
  if (at_end()) fail_at_end(open, "bash: unexpected EOF while looking for matching `\"'");
  ++pos_;
}

void ShellWordReader::parse_quoted(Word& word, bool between_quotes) {
  append_literal(word, "", true);
  const auto is_special = [&](char c) {
    return c == '$' || c == '`' || c == '\\' || c == '\n' || (between_quotes && c == '"');
  };
  while (!at_end() && !(between_quotes && peek() == '"')) {
    if (peek() == '\\' && is_special(peek(1))) {
      if (peek(1) != '\n') append_literal(word, text_.substr(pos_ + 1, 1), true);
      pos_ += 2;
    } else if (peek() == '$') {
      parse_dollar(word, true);
    } else if (peek() == '`') {
      parse_backtick(word, true);
    } else {
      append_literal(word, text_.substr(pos_++, 1), true);
    }
  }
}

Word ShellWordReader::parse_here_text() {
  Word word;
  parse_quoted(word, false);
  drop_needless_empties(word);
  return word;
}

void ShellWordReader::parse_single_quotes(Word& word) {
  const std::size_t open = pos_;
  const std::size_t close = text_.find('\'', pos_ + 1);
  if (close == std::string_view::npos) {
    fail_at_end(open, "bash: unexpected EOF while looking for matching `''");
  }
  append_literal(word, text_.substr(pos_ + 1, close - pos_ - 1), true);
  pos_ = close + 1;
}

Word ShellWordReader::parse_word() {
  Word word;
  while (!at_end() && !is_shell_meta(peek())) {
    if (looking_at("\\\n")) {
      pos_ += 2;
    } else if (peek() == '\\') {
      if (pos_ + 1 >= text_.size()) fail_at_end(pos_, "bash: syntax error: unexpected end of file");
      append_literal(word, text_.substr(pos_ + 1, 1), true);
      pos_ += 2;
    } else if (peek() == '\'') {
      parse_single_quotes(word);
    } else if (peek() == '"') {
      parse_double_quotes(word);
    } else if (peek() == '$') {
      parse_dollar(word, false);
    } else if (peek() == '`') {
      parse_backtick(word, false);
    } else {
      append_literal(word, text_.substr(pos_++, 1), false);
    }
  }
  drop_needless_empties(word);
  return word;
}

}  // namespace lvslab::command
