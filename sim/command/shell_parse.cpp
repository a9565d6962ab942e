#include <fmt/core.h>

#include <optional>
#include <utility>

#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

constexpr int kMaxDepth = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_meta(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';' || c == '&' || c == '|' ||
         c == '<' || c == '>' || c == '(' || c == ')';
}

/// The word's text if it is one unquoted literal (only such a word can be a reserved word).
std::optional<std::string_view> bare(const Word& word) {
  if (word.parts.size() != 1 || word.parts[0].quoted ||
      word.parts[0].kind != WordPart::Kind::kLiteral) {
    return std::nullopt;
  }
  return std::string_view(word.parts[0].text);
}

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

struct Failure {
  Output output;
};

class Parser {
 public:
  Parser(std::string_view text, Script& script, std::string_view whole, std::size_t base, int depth)
      : text_(text), script_(script), whole_(whole), base_(base), depth_(depth) {}

  NodeIndex parse_all() {
    const NodeIndex list = parse_list(Until::kEnd);
    if (!at_end()) fail_token();
    return list;
  }

 private:
  enum class Until { kEnd, kDone, kParen };

  // --- errors ---------------------------------------------------------------------------------
  [[noreturn]] void fail_at(std::size_t at, std::string message, std::string_view note = {}) const {
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
    throw Failure{failure(message + fmt::format("\nlvslab: {}{}\n", where, tail), 2)};
  }
  [[noreturn]] void fail_not_modelled(std::size_t at, std::string_view what,
                                      std::string_view close = {}) const {
    Output output = not_modelled("bash", what, close);
    output.err.pop_back();
    fail_at(at, output.err);
  }
  [[noreturn]] void fail_token() const {
    if (at_end()) fail_at(pos_, "bash: syntax error: unexpected end of file");
    std::string token(1, text_[pos_]);
    if (token == "\n") {
      token = "newline";
    } else if (is_meta(text_[pos_])) {
      if (pos_ + 1 < text_.size() && text_[pos_ + 1] == text_[pos_] && token != "(" &&
          token != ")") {
        token += text_[pos_];
      }
    } else {
      std::size_t end = pos_;
      while (end < text_.size() && !is_meta(text_[end])) ++end;
      token = std::string(text_.substr(pos_, end - pos_));
    }
    fail_at(pos_, fmt::format("bash: syntax error near unexpected token `{}'", token));
  }

  // --- characters -----------------------------------------------------------------------------
  bool at_end() const { return pos_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  bool looking_at(std::string_view s) const { return text_.substr(pos_, s.size()) == s; }

  void skip_blanks() {
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
  void skip_newlines() {
    skip_blanks();
    while (peek() == '\n') {
      ++pos_;
      skip_blanks();
    }
  }
  /// True if the reserved word `word` stands here as a word of its own.
  bool at_reserved(std::string_view word) const {
    if (!looking_at(word)) return false;
    const std::size_t after = pos_ + word.size();
    return after >= text_.size() || is_meta(text_[after]);
  }

  // --- words ----------------------------------------------------------------------------------
  NodeIndex parse_nested(std::string_view text, std::size_t base) {
    if (depth_ + 1 > kMaxDepth) fail_not_modelled(pos_, "nesting deeper than 64 levels");
    Parser inner(text, script_, whole_, base, depth_ + 1);
    return inner.parse_all();
  }

  void parse_backtick(Word& word, bool quoted) {
    const std::size_t open = pos_++;
    std::string inner;
    while (!at_end() && peek() != '`') {
      if (peek() == '\\' && (peek(1) == '`' || peek(1) == '\\' || peek(1) == '$')) ++pos_;
      if (!at_end()) inner += text_[pos_++];
    }
    if (at_end()) fail_at(open, "bash: unexpected EOF while looking for matching ``'");
    ++pos_;
    const NodeIndex body = parse_nested(inner, base_ == kWhole ? open : base_);
    word.parts.push_back({WordPart::Kind::kSubstitution, quoted, "", body});
  }

  void parse_dollar_paren(Word& word, bool quoted) {
    const std::size_t open = pos_;
    if (looking_at("$((")) fail_not_modelled(open, "arithmetic $((...))", "seq");
    if (++depth_ > kMaxDepth) fail_not_modelled(open, "nesting deeper than 64 levels");
    pos_ += 2;
    const NodeIndex body = parse_list(Until::kParen);
    if (peek() != ')') fail_at(open, "bash: unexpected EOF while looking for matching `)'");
    ++pos_;
    --depth_;
    word.parts.push_back({WordPart::Kind::kSubstitution, quoted, "", body});
  }

  void parse_dollar(Word& word, bool quoted) {
    const std::size_t open = pos_;
    if (peek(1) == '(') return parse_dollar_paren(word, quoted);
    std::string name;
    if (peek(1) == '{') {
      pos_ += 2;
      while (!at_end() && peek() != '}') name += text_[pos_++];
      if (at_end()) fail_at(open, "bash: unexpected EOF while looking for matching `}'");
      ++pos_;
      const bool special = name.size() == 1 && std::string_view("?$#!@*").contains(name[0]);
      bool plain = !name.empty();
      for (const char c : name) plain &= is_name_char(c);
      if (name.empty()) fail_at(open, "bash: ${}: bad substitution");
      if (!plain && !special)
        fail_not_modelled(open, fmt::format("expansion ${{{}}}", name), "${NAME}");
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

  void parse_double_quotes(Word& word) {
    const std::size_t open = pos_++;
    append_literal(word, "", true);
    while (!at_end() && peek() != '"') {
      if (peek() == '\\' && peek(1) != '\0' && std::string_view("$`\"\\\n").contains(peek(1))) {
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
    if (at_end()) fail_at(open, "bash: unexpected EOF while looking for matching `\"'");
    ++pos_;
  }

  void parse_single_quotes(Word& word) {
    const std::size_t open = pos_;
    const std::size_t close = text_.find('\'', pos_ + 1);
    if (close == std::string_view::npos) {
      fail_at(open, "bash: unexpected EOF while looking for matching `''");
    }
    append_literal(word, text_.substr(pos_ + 1, close - pos_ - 1), true);
    pos_ = close + 1;
  }

  Word parse_word() {
    Word word;
    while (!at_end() && !is_meta(peek())) {
      if (looking_at("\\\n")) {
        pos_ += 2;
      } else if (peek() == '\\') {
        if (pos_ + 1 >= text_.size()) fail_at(pos_, "bash: syntax error: unexpected end of file");
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

  // --- commands -------------------------------------------------------------------------------
  bool at_redirect() const {
    std::size_t i = pos_;
    while (i < text_.size() && is_digit(text_[i])) ++i;
    if (i < text_.size() && (text_[i] == '<' || text_[i] == '>')) return true;
    return looking_at("&>");
  }

  Word redirect_target() {
    skip_blanks();
    if (at_end() || is_meta(peek())) {
      if (at_end()) {
        fail_at(pos_, "bash: syntax error near unexpected token `newline'");
      }
      fail_token();
    }
    return parse_word();
  }

  void push_both(std::vector<Redirect>& out, Redirect::Kind kind, Word target) {
    out.push_back({kind, 1, -1, std::move(target)});
    out.push_back({Redirect::Kind::kDuplicate, 2, 1, {}});
  }

  void parse_redirect(std::vector<Redirect>& out) {
    using Kind = Redirect::Kind;
    const std::size_t start = pos_;
    if (looking_at("&>>") || looking_at("&>")) {
      const Kind kind = looking_at("&>>") ? Kind::kAppend : Kind::kWrite;
      pos_ += kind == Kind::kAppend ? 3 : 2;
      push_both(out, kind, redirect_target());
      return;
    }
    std::string digits;
    while (is_digit(peek())) digits += text_[pos_++];
    if (digits.size() > 1) fail_not_modelled(start, "a file descriptor above 9");
    const bool input = peek() == '<';
    const int fd = digits.empty() ? (input ? 0 : 1) : digits[0] - '0';
    if (looking_at("<<<")) fail_not_modelled(start, "a here-string <<<", "echo TEXT |");
    if (looking_at("<<")) fail_not_modelled(start, "a here-document <<", "echo TEXT > FILE");
    if (looking_at("<>") || looking_at(">|")) fail_not_modelled(start, "this redirection", ">");
    if (looking_at("<(") || looking_at(">(")) {
      fail_not_modelled(start, "process substitution", "a pipeline");
    }
    if (peek(1) == '&') {
      pos_ += 2;
      Word target = redirect_target();
      const auto text = bare(target);
      if (text && text->size() == 1 && is_digit((*text)[0])) {
        out.push_back({Kind::kDuplicate, fd, (*text)[0] - '0', {}});
      } else if (input || !digits.empty() || (text && *text == "-")) {
        fail_not_modelled(start, "this redirection", "2>&1");
      } else {
        push_both(out, Kind::kWrite, std::move(target));
      }
      return;
    }
    const Kind kind = input ? Kind::kRead : peek(1) == '>' ? Kind::kAppend : Kind::kWrite;
    pos_ += kind == Kind::kAppend ? 2 : 1;
    out.push_back({kind, fd, -1, redirect_target()});
  }

  static Node node_of(Node::Kind kind) {
    Node node;
    node.kind = kind;
    return node;
  }
  NodeIndex push(Node node) {
    script_.nodes.push_back(std::move(node));
    return static_cast<NodeIndex>(script_.nodes.size() - 1);
  }

  void refuse_reserved(std::size_t at, std::string_view word) const {
    for (const std::string_view loop : {"while", "until"}) {
      if (word == loop)
        fail_not_modelled(at, fmt::format("{} loop", loop), "for v in WORDS; do ...; done");
    }
    for (const std::string_view other : {"if", "case"}) {
      if (word == other) fail_not_modelled(at, fmt::format("{} statement", other), "&& and ||");
    }
    for (const std::string_view other : {"select", "function", "[[", "coproc", "time"}) {
      if (word == other) fail_not_modelled(at, fmt::format("{}", other));
    }
    if (word == "for" || word == "!") {  // here only behind a redirection
      fail_not_modelled(at, fmt::format("a redirection before `{}'", word), "the redirection last");
    }
    if (word == "{" || word == "}") fail_not_modelled(at, "a group { ...; }", "; and &&");
    for (const std::string_view tail : {"then", "do", "done", "else", "elif", "fi", "esac"}) {
      if (word == tail) {
        fail_at(at, fmt::format("bash: syntax error near unexpected token `{}'", tail));
      }
    }
  }

  static std::optional<Assignment> as_assignment(const Word& word) {
    if (word.parts.empty() || word.parts[0].quoted ||
        word.parts[0].kind != WordPart::Kind::kLiteral) {
      return std::nullopt;
    }
    const std::string& text = word.parts[0].text;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || !is_name_start(text[0])) return std::nullopt;
    for (std::size_t i = 1; i < equals; ++i) {
      if (!is_name_char(text[i])) return std::nullopt;
    }
    Assignment result{text.substr(0, equals), word};
    result.value.parts[0].text.erase(0, equals + 1);
    if (result.value.parts[0].text.empty()) result.value.parts.erase(result.value.parts.begin());
    return result;
  }

  NodeIndex parse_simple() {
    Node node;
    while (true) {
      skip_blanks();
      if (at_end()) break;
      if (at_redirect()) {
        parse_redirect(node.redirects);
        continue;
      }
      if (peek() == '(') {
        if (!node.words.empty()) fail_not_modelled(pos_, "a function definition or a pattern ( )");
        fail_not_modelled(pos_, "a subshell ( ... )", "; and &&");
      }
      if (is_meta(peek())) break;
      const std::size_t at = pos_;
      Word word = parse_word();
      if (word.parts.empty()) continue;  // only a line continuation
      if (node.words.empty()) {
        if (const auto text = bare(word); text && node.assignments.empty())
          refuse_reserved(at, *text);
        if (auto assignment = as_assignment(word)) {
          node.assignments.push_back(std::move(*assignment));
          continue;
        }
      }
      node.words.push_back(std::move(word));
    }
    if (node.words.empty() && node.assignments.empty() && node.redirects.empty()) fail_token();
    return push(std::move(node));
  }

  NodeIndex parse_for() {
    Node node = node_of(Node::Kind::kFor);
    pos_ += 3;
    skip_blanks();
    if (peek() == '(') fail_not_modelled(pos_, "for ((...))", "for v in `seq 1 6`");
    const std::size_t at = pos_;
    while (!at_end() && !is_meta(peek())) node.variable += text_[pos_++];
    if (node.variable.empty()) fail_token();
    bool valid = is_name_start(node.variable[0]);
    for (const char c : node.variable) valid &= is_name_char(c);
    if (!valid) fail_at(at, fmt::format("bash: `{}': not a valid identifier", node.variable));
    skip_newlines();
    if (!at_reserved("in")) {
      if (at_reserved("do") || peek() == ';') {
        fail_not_modelled(pos_, "for without `in'", "for v in WORDS; do ...; done");
      }
      fail_token();
    }
    pos_ += 2;
    skip_blanks();
    while (!at_end() && !is_meta(peek())) {
      Word word = parse_word();
      if (!word.parts.empty()) node.words.push_back(std::move(word));
      skip_blanks();
    }
    if (peek() != ';' && peek() != '\n') fail_token();
    ++pos_;
    skip_newlines();
    if (!at_reserved("do")) fail_token();
    pos_ += 2;
    if (++depth_ > kMaxDepth) fail_not_modelled(pos_, "nesting deeper than 64 levels");
    node.children.push_back(parse_list(Until::kDone));
    --depth_;
    if (script_.nodes[node.children[0]].children.empty() || !at_reserved("done")) fail_token();
    pos_ += 4;
    skip_blanks();
    while (!at_end() && at_redirect()) {
      parse_redirect(node.redirects);
      skip_blanks();
    }
    return push(std::move(node));
  }

  NodeIndex parse_command_node() {
    skip_blanks();
    return at_reserved("for") ? parse_for() : parse_simple();
  }

  NodeIndex parse_pipeline() {
    Node node = node_of(Node::Kind::kPipeline);
    skip_blanks();
    while (at_reserved("!")) {
      node.negated = !node.negated;
      ++pos_;
      skip_blanks();
    }
    node.children.push_back(parse_command_node());
    skip_blanks();
    while (peek() == '|' && peek(1) != '|') {
      if (peek(1) == '&') {  // `|&` is short for `2>&1 |`
        script_.nodes[node.children.back()].redirects.push_back(
            {Redirect::Kind::kDuplicate, 2, 1, {}});
        ++pos_;
      }
      ++pos_;
      skip_newlines();
      node.children.push_back(parse_command_node());
      skip_blanks();
    }
    if (peek() == '(') fail_token();
    return push(std::move(node));
  }

  NodeIndex parse_and_or() {
    Node node = node_of(Node::Kind::kAndOr);
    node.children.push_back(parse_pipeline());
    skip_blanks();
    while (looking_at("&&") || looking_at("||")) {
      node.connectors.push_back(peek() == '&' ? Connector::kAnd : Connector::kOr);
      pos_ += 2;
      skip_newlines();
      node.children.push_back(parse_pipeline());
      skip_blanks();
    }
    return push(std::move(node));
  }

  bool at_list_end(Until until) const {
    if (at_end()) return true;
    if (until == Until::kDone) return at_reserved("done");
    return until == Until::kParen && peek() == ')';
  }

  NodeIndex parse_list(Until until) {
    Node node = node_of(Node::Kind::kList);
    skip_newlines();
    while (!at_list_end(until)) {
      node.children.push_back(parse_and_or());
      node.background.push_back(0);
      skip_blanks();
      if (at_end() || (until == Until::kParen && peek() == ')')) break;
      if (peek() == '&' && peek(1) != '&') {
        node.background.back() = 1;
      } else if (peek() != '\n' && (peek() != ';' || peek(1) == ';')) {
        fail_token();
      }
      ++pos_;
      skip_newlines();
    }
    return push(std::move(node));
  }

 public:
  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

 private:
  std::string_view text_;
  Script& script_;
  std::string_view whole_;
  std::size_t base_;  ///< where errors stand if this is the text of a `...`; kWhole: at pos_
  int depth_;
  std::size_t pos_ = 0;
};

}  // namespace

Parsed<Script> parse_script(std::string_view text) {
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return std::unexpected(failure(
        fmt::format("bash: cannot execute binary file\nlvslab: column {}: a zero byte", zero + 1),
        126));
  }
  Script script;
  try {
    Parser parser(text, script, text, Parser::kWhole, 0);
    script.root = parser.parse_all();
  } catch (Failure& caught) {
    return std::unexpected(std::move(caught.output));
  }
  return script;
}

}  // namespace lvslab::command
