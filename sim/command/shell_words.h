// How the shell reads words: quotes, $..., $(...), `...`. Private to shell_parse.cpp.
#pragma once

#include <string>
#include <string_view>

#include "sim/command/shell.h"

namespace lvslab::command {

constexpr bool is_shell_digit(char c) { return c >= '0' && c <= '9'; }
/// What ends a word.
constexpr bool is_shell_meta(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';' || c == '&' || c == '|' ||
         c == '<' || c == '>' || c == '(' || c == ')';
}

/// What is thrown at the first mistake.
struct ShellSyntaxError {
  Output output;
  bool incomplete = false;  ///< more text could mend it
};

class ShellWordReader {
 public:
  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

  /// `base`: where in `whole` errors stand if `text` is that of a `...`; kWhole: where they are.
  ShellWordReader(std::string_view text, std::string_view whole, std::size_t base, int depth)
      : text_(text), whole_(whole), base_(base), depth_(depth) {}
  virtual ~ShellWordReader() = default;

 protected:
  /// The kList up to the `)` that ends a $(...); it is not passed.
  virtual NodeIndex read_until_paren() = 0;
  /// The kList that `text`, which stands at `base`, is.
  virtual NodeIndex read_nested(std::string_view text, std::size_t base) = 0;

  Word parse_word();
  /// All of the text, read as between double quotes, but that `"` is a character like others.
  Word parse_here_text();

  /// What bash says, and where.
  Output failure_at(std::size_t at, const std::string& message, std::string_view note) const;
  [[noreturn]] void fail_at(std::size_t at, const std::string& message,
                            std::string_view note = {}) const;
  /// The text ends too early for what begins at `at`.
  [[noreturn]] void fail_at_end(std::size_t at, const std::string& message) const;
  [[noreturn]] void fail_not_modelled(std::size_t at, std::string_view what,
                                      std::string_view close = {}) const;
  /// At the token that stands here.
  [[noreturn]] void fail_token() const;
  /// Goes one level deeper, while it lasts.
  class Deeper {
   public:
    explicit Deeper(ShellWordReader& reader);
    ~Deeper() { --reader_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    ShellWordReader& reader_;
  };

  bool at_end() const { return pos_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  bool looking_at(std::string_view s) const { return text_.substr(pos_, s.size()) == s; }
  void skip_blanks();

  std::string_view text_, whole_;
  std::size_t base_;
  int depth_;
  std::size_t pos_ = 0;

 private:
  void parse_backtick(Word& word, bool quoted);
  void parse_dollar_paren(Word& word, bool quoted);
  void parse_arithmetic(Word& word, bool quoted);
  void parse_dollar(Word& word, bool quoted);
  void parse_double_quotes(Word& word);
  /// Up to the `"` that ends it, or all of it.
  void parse_quoted(Word& word, bool between_quotes);
  void parse_single_quotes(Word& word);
};

}  // namespace lvslab::command
