#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/command/shell.h"
#include "sim/command/shell_words.h"

namespace lvslab::command {

namespace {

/// The word's text if it is one unquoted literal (only such a word can be a reserved word).
std::optional<std::string_view> bare(const Word& word) {
  if (word.parts.size() != 1 || word.parts[0].quoted ||
      word.parts[0].kind != WordPart::Kind::kLiteral) {
    return std::nullopt;
  }
  return std::string_view(word.parts[0].text);
}

class Parser : public ShellWordReader {
 public:
  Parser(std::string_view text, Script& script, std::string_view whole, std::size_t base, int depth)
      : ShellWordReader(text, whole, base, depth), script_(script) {}

  NodeIndex parse_all() {
    const NodeIndex list = parse_list(Until::kEnd);
    if (!at_end()) fail_token();
    return list;
  }

  std::size_t position() const { return pos_; }

  /// The end of the first line, and of what belongs to it.
  std::size_t pass_line() {
    for (skip_blanks(); !at_end() && peek() != '\n'; skip_blanks()) {
      parse_and_or();
      skip_blanks();
      if (peek() == ';' || peek() == '&') ++pos_;
    }
    if (pos_ != here_newline_) return pos_;
    return text_[here_end_ - 1] == '\n' ? here_end_ - 1 : here_end_;
  }

 private:
  /// What ends a list.
  enum class Until { kEnd, kParen, kDo, kDone, kThen, kFi, kBrace };

  NodeIndex read_until_paren() override { return parse_list(Until::kParen); }
  NodeIndex read_nested(std::string_view text, std::size_t base) override {
    return Parser(text, script_, whole_, base, depth_).parse_all();
  }

  void skip_newlines() {
    skip_blanks();
    while (peek() == '\n') {
      pass_newline();
      skip_blanks();
    }
  }
  /// And the here-documents that stand behind it.
  void pass_newline() { pos_ = pos_ == here_newline_ ? here_end_ : pos_ + 1; }
  /// True if the reserved word `word` stands here as a word of its own.
  bool at_reserved(std::string_view word) const {
    if (!looking_at(word)) return false;
    const std::size_t after = pos_ + word.size();
    return after >= text_.size() || is_shell_meta(text_[after]);
  }
  bool at_any_reserved(std::initializer_list<std::string_view> words) const {
    for (const std::string_view word : words) {
      if (at_reserved(word)) return true;
    }
    return false;
  }
  /// Passes it, or complains of what stands there.
  void take_reserved(std::string_view word) {
    if (!at_reserved(word)) fail_token();
    pos_ += word.size();
  }

  // --- commands -------------------------------------------------------------------------------
  bool at_redirect() const {
    std::size_t i = pos_;
    while (i < text_.size() && is_shell_digit(text_[i])) ++i;
    if (i < text_.size() && (text_[i] == '<' || text_[i] == '>')) return true;
    return looking_at("&>");
  }

  Word redirect_target() {
    skip_blanks();
    if (at_end() || is_shell_meta(peek())) {
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
    while (is_shell_digit(peek())) digits += text_[pos_++];
    if (digits.size() > 1) fail_not_modelled(start, "a file descriptor above 9");
    const bool input = peek() == '<';
    const int fd = digits.empty() ? (input ? 0 : 1) : digits[0] - '0';
    if (looking_at("<<")) {
      if (fd != 0) fail_not_modelled(start, "a here-document at another descriptor", "<<");
      out.push_back(looking_at("<<<") ? here_string() : here_document());
      return;
    }
    if (looking_at("<>") || looking_at(">|")) fail_not_modelled(start, "this redirection", ">");
    if (looking_at("<(") || looking_at(">(")) {
      fail_not_modelled(start, "process substitution", "a pipeline");
    }
    if (peek(1) == '&') {
      pos_ += 2;
      Word target = redirect_target();
      const auto text = bare(target);
      if (text && text->size() == 1 && is_shell_digit((*text)[0])) {
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

  Redirect here_string() {
    pos_ += 3;
    return {Redirect::Kind::kText, 0, -1, redirect_target()};
  }

  /// The end of the line that one is in: a newline, or the end of the text.
  std::size_t line_end() const {
    char quote = '\0';
    std::size_t i = pos_;
    for (; i < text_.size() && (text_[i] != '\n' || quote != '\0'); ++i) {
      const char c = text_[i];
      if (c == '\\' && quote != '\'') {
        ++i;
      } else if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '#' && i > 0 && is_shell_meta(text_[i - 1])) {
        return std::min(text_.find('\n', i), text_.size());
      }
    }
    return std::min(i, text_.size());
  }

  /// What ends a here-document, and whether its text is taken as it stands: if that is quoted.
  std::pair<std::string, bool> here_delimiter() {
    skip_blanks();
    const std::size_t at = pos_;
    const Word word = redirect_target();
    const std::string_view typed = text_.substr(at, pos_ - at);
    if (typed.find_first_of("\\'\"") == std::string_view::npos) return {std::string(typed), false};
    std::string end;
    for (const WordPart& part : word.parts) {
      if (part.kind != WordPart::Kind::kLiteral) fail_not_modelled(at, "this delimiter", "<<'EOF'");
      end += part.text;
    }
    return {end, true};
  }

  Redirect here_document() {
    const std::size_t start = pos_;
    pos_ += 2;
    const bool strips_tabs = peek() == '-';
    if (strips_tabs) ++pos_;
    const auto [end, as_it_stands] = here_delimiter();
    const std::size_t newline = line_end();
    std::size_t at = newline == here_newline_ ? here_end_ : newline + 1;
    std::string text;
    for (bool ended = false; !ended;) {
      if (at >= text_.size()) {
        fail_at_end(start, fmt::format("bash: warning: here-document delimited by end-of-file "
                                       "(wanted `{}')",
                                       end));
      }
      const std::size_t line_end = std::min(text_.find('\n', at), text_.size());
      std::string_view line = text_.substr(at, line_end - at);
      if (strips_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      at = std::min(line_end + 1, text_.size());
      ended = line == end;
      if (!ended) text += std::string(line) + '\n';
    }
    here_newline_ = newline;
    here_end_ = at;
    if (text.empty()) return {Redirect::Kind::kRead, 0, -1, literal("/dev/null", false)};
    text.pop_back();
    if (as_it_stands) return {Redirect::Kind::kText, 0, -1, literal(std::move(text), true)};
    const Deeper deeper(*this);
    const std::size_t base = base_ == kWhole ? start : base_;
    return {Redirect::Kind::kText, 0, -1,
            Parser(text, script_, whole_, base, depth_).parse_here_text()};
  }

  static Word literal(std::string text, bool quoted) {
    return {{{WordPart::Kind::kLiteral, quoted, std::move(text), kNoNode}}};
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
    if (word == "case") fail_not_modelled(at, "case statement", "if and elif");
    if (word == "[[") fail_not_modelled(at, "[[", "[ ... ]");
    for (const std::string_view other : {"select", "function", "coproc", "time"}) {
      if (word == other) fail_not_modelled(at, fmt::format("{}", other));
    }
    for (const std::string_view head : {"for", "while", "until", "if", "!", "{"}) {
      if (word != head) continue;  // here only behind a redirection
      fail_not_modelled(at, fmt::format("a redirection before `{}'", word), "the redirection last");
    }
    for (const std::string_view tail : {"then", "do", "done", "else", "elif", "fi", "esac", "}"}) {
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
      if (is_shell_meta(peek())) break;
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
    while (!at_end() && !is_shell_meta(peek())) node.variable += text_[pos_++];
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
    while (!at_end() && !is_shell_meta(peek())) {
      Word word = parse_word();
      if (!word.parts.empty()) node.words.push_back(std::move(word));
      skip_blanks();
    }
    if (peek() != ';' && peek() != '\n') fail_token();
    if (peek() == ';') ++pos_;
    skip_newlines();
    take_reserved("do");
    node.children.push_back(parse_body(Until::kDone));
    take_reserved("done");
    return push_compound(std::move(node));
  }

  /// A list that may not be empty, one level deeper.
  NodeIndex parse_body(Until until) {
    const Deeper deeper(*this);
    const NodeIndex list = parse_list(until);
    if (script_.nodes[list].children.empty()) fail_token();
    return list;
  }

  /// What stands behind the last word of a loop, a condition or a group.
  NodeIndex push_compound(Node node) {
    skip_blanks();
    while (!at_end() && at_redirect()) {
      parse_redirect(node.redirects);
      skip_blanks();
    }
    return push(std::move(node));
  }

  NodeIndex parse_while() {
    Node node = node_of(Node::Kind::kWhile);
    node.negated = at_reserved("until");
    pos_ += 5;
    node.children.push_back(parse_body(Until::kDo));
    take_reserved("do");
    node.children.push_back(parse_body(Until::kDone));
    take_reserved("done");
    return push_compound(std::move(node));
  }

  NodeIndex parse_if() {
    Node node = node_of(Node::Kind::kIf);
    pos_ += 2;
    for (;;) {
      node.children.push_back(parse_body(Until::kThen));
      take_reserved("then");
      node.children.push_back(parse_body(Until::kFi));
      if (!at_reserved("elif")) break;
      pos_ += 4;
    }
    if (at_reserved("else")) {
      pos_ += 4;
      node.children.push_back(parse_body(Until::kFi));
    }
    take_reserved("fi");
    return push_compound(std::move(node));
  }

  NodeIndex parse_group() {
    Node node = node_of(Node::Kind::kGroup);
    ++pos_;
    node.children.push_back(parse_body(Until::kBrace));
    take_reserved("}");
    return push_compound(std::move(node));
  }

  NodeIndex parse_command_node() {
    skip_blanks();
    if (at_reserved("for")) return parse_for();
    if (at_any_reserved({"while", "until"})) return parse_while();
    if (at_reserved("if")) return parse_if();
    if (at_reserved("{")) return parse_group();
    return parse_simple();
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
    switch (until) {
      case Until::kEnd: return false;
      case Until::kParen: return peek() == ')';
      case Until::kDo: return at_reserved("do");
      case Until::kDone: return at_reserved("done");
      case Until::kThen: return at_reserved("then");
      case Until::kFi: return at_any_reserved({"elif", "else", "fi"});
      case Until::kBrace: return at_reserved("}");
    }
    return false;
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
      if (peek() != '\n') ++pos_;
      skip_newlines();
    }
    return push(std::move(node));
  }

  Script& script_;
  /// The newline that here-documents stand behind, and where they end.
  std::size_t here_newline_ = kWhole, here_end_ = 0;
};

Script parse_or_throw(std::string_view text) {
  Script script;
  Parser parser(text, script, text, ShellWordReader::kWhole, 0);
  script.root = parser.parse_all();
  return script;
}

}  // namespace

Parsed<Script> parse_script(std::string_view text) {
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return std::unexpected(failure(
        fmt::format("bash: cannot execute binary file\nlvslab: column {}: a zero byte", zero + 1),
        126));
  }
  try {
    return parse_or_throw(text);
  } catch (ShellSyntaxError& caught) {
    return std::unexpected(std::move(caught.output));
  }
}

bool is_incomplete(std::string_view text) {
  if (text.size() > kLongestAskedFor) return false;
  try {
    parse_or_throw(text);
  } catch (const ShellSyntaxError& caught) {
    return caught.incomplete;
  }
  return false;
}

std::size_t first_line_length(std::string_view text) {
  const std::size_t line = std::min(text.find('\n'), text.size());
  text = text.substr(0, kLongestAskedFor);
  Script script;
  Parser parser(text, script, text, ShellWordReader::kWhole, 0);
  try {
    return std::max(line, parser.pass_line());
  } catch (const ShellSyntaxError& caught) {
    if (caught.incomplete) return line;
    return std::max(line, std::min(text.find('\n', parser.position()), text.size()));
  }
}

}  // namespace lvslab::command
