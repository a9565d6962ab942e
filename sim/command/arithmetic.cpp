#include "sim/command/arithmetic.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace lvslab::command {
namespace {

/// MAX_EXPR_RECURSION_LEVEL is 1024 in bash; nobody nests that deep but by mistake.
constexpr int kMaxDepth = 100;

struct Failure {
  Arithmetic result;
};

/// A binary operator and how tightly it binds; all of one level go from left to right.
struct Operator {
  std::string_view text;
  int level;
};
// Longer ones first where one begins with another.
constexpr std::array kOperators{
    Operator{"||", 1}, Operator{"&&", 2}, Operator{"==", 6}, Operator{"!=", 6},  Operator{"<<", 8},
    Operator{">>", 8}, Operator{"<=", 7}, Operator{">=", 7}, Operator{"**", 11}, Operator{"|", 3},
    Operator{"^", 4},  Operator{"&", 5},  Operator{"<", 7},  Operator{">", 7},   Operator{"+", 9},
    Operator{"-", 9},  Operator{"*", 10}, Operator{"/", 10}, Operator{"%", 10}};
constexpr int kPowerLevel = 11;

std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }

class Evaluator {
 public:
  /// `depth`: how many variables stand for each other.
  Evaluator(std::string_view text, const Variables& variables, int depth)
      : whole_(text), variables_(variables), depth_(depth) {
    whole_.remove_prefix(std::min(whole_.find_first_not_of(" \t\n"), whole_.size()));
  }

  std::int64_t run() {
    skip_blanks();
    if (at_end()) return 0;
    const std::int64_t value = conditional(true);
    if (!at_end()) {
      const bool word = is_name_char(peek()) || peek() == '$' || peek() == '(' || peek() == ')';
      fail(word ? "syntax error in expression" : "syntax error: invalid arithmetic operator");
    }
    return value;
  }

 private:
  // --- characters ---------------------------------------------------------------------------
  bool at_end() const { return at_ >= whole_.size(); }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < whole_.size() ? whole_[at_ + ahead] : '\0';
  }
  bool looking_at(std::string_view text) const { return whole_.substr(at_).starts_with(text); }
  void skip_blanks() {
    while (!at_end() && std::string_view(" \t\n").contains(peek())) ++at_;
  }

  [[noreturn]] void fail(std::string_view what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(std::size_t token, std::string_view what) const {
    throw Failure{{.value = 0,
                   .error = fmt::format("{}: {} (error token is \"{}\")", whole_, what,
                                        whole_.substr(std::min(token, whole_.size()))),
                   .unmodelled = {}}};
  }
  [[noreturn]] void fail_unmodelled(std::string what) const {
    throw Failure{{.value = 0, .error = {}, .unmodelled = std::move(what)}};
  }

  // --- operators ----------------------------------------------------------------------------
  // `counts`: false in the branch of && || ?: that is not taken, where 1/0 is no error.

  std::int64_t conditional(bool counts) {
    if (++nested_ > kMaxDepth) fail("expression recursion level exceeded");
    const std::int64_t condition = binary(1, counts);
    std::int64_t value = condition;
    if (peek() == '?') {
      ++at_;
      skip_blanks();
      const std::int64_t yes = conditional(counts && condition != 0);
      if (peek() != ':') fail_at(last_, "`:' expected for conditional expression");
      ++at_;
      skip_blanks();
      const std::int64_t no = conditional(counts && condition == 0);
      value = condition != 0 ? yes : no;
    }
    --nested_;
    return value;
  }

  std::optional<Operator> operator_here() const {
    for (const std::string_view assigns :
         {"<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "++", "--"}) {
      if (looking_at(assigns) && !signs_follow(assigns)) {
        fail_unmodelled(fmt::format("`{}' in $((...))", assigns));
      }
    }
    if (peek() == '=' && peek(1) != '=') fail_unmodelled("an assignment in $((...))");
    if (peek() == ',') fail_unmodelled("a comma in $((...))");
    for (const Operator& one : kOperators) {
      if (looking_at(one.text)) return one;
    }
    return std::nullopt;
  }
  /// "3 --2": a minus, and a sign.
  bool signs_follow(std::string_view twice) const {
    if (twice != "++" && twice != "--") return false;
    std::size_t next = whole_.find_first_not_of(" \t\n", at_ + 2);
    return next != std::string_view::npos &&
           (is_name_char(whole_[next]) || whole_[next] == '$' || whole_[next] == '(');
  }

  std::int64_t binary(int level, bool counts) {
    std::int64_t left = unary(counts);
    for (;;) {
      const auto op = operator_here();
      if (!op || op->level < level) return left;
      last_ = at_;
      at_ += op->text.size();
      skip_blanks();
      const std::size_t right_at = at_;
      const bool taken = counts && !(op->level == 1 && left != 0) && !(op->level == 2 && left == 0);
      // ** goes from right to left.
      const std::int64_t right =
          binary(op->level == kPowerLevel ? kPowerLevel : op->level + 1, taken);
      left = applied(op->text, left, right, taken, right_at);
    }
  }

  std::int64_t applied(std::string_view op, std::int64_t a, std::int64_t b, bool counts,
                       std::size_t right_at) const {
    const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
    if (op == "||") return a != 0 || b != 0 ? 1 : 0;
    if (op == "&&") return a != 0 && b != 0 ? 1 : 0;
    if (op == "|") return a | b;
    if (op == "^") return a ^ b;
    if (op == "&") return a & b;
    if (op == "==") return a == b ? 1 : 0;
    if (op == "!=") return a != b ? 1 : 0;
    if (op == "<") return a < b ? 1 : 0;
    if (op == ">") return a > b ? 1 : 0;
    if (op == "<=") return a <= b ? 1 : 0;
    if (op == ">=") return a >= b ? 1 : 0;
    if (op == "<<") return wrapped(ua << (ub & 63));
    if (op == ">>") return a >> (ub & 63);
    if (op == "+") return wrapped(ua + ub);
    if (op == "-") return wrapped(ua - ub);
    if (op == "*") return wrapped(ua * ub);
    if (op == "**") return power(a, b, counts);
    if (b == 0) {
      if (counts) fail_at(right_at, "division by 0");
      return 0;
    }
    if (b == -1) return op == "/" ? wrapped(0 - ua) : 0;
    return op == "/" ? a / b : a % b;
  }

  std::int64_t power(std::int64_t base, std::int64_t exponent, bool counts) const {
    if (exponent < 0) {
      if (counts) fail_at(last_, "exponent less than 0");
      return 0;
    }
    std::uint64_t result = 1;
    auto square = static_cast<std::uint64_t>(base);
    for (auto left = static_cast<std::uint64_t>(exponent); left != 0; left >>= 1U) {
      if ((left & 1U) != 0) result *= square;
      square *= square;
    }
    return wrapped(result);
  }

  // --- operands -----------------------------------------------------------------------------

  std::int64_t unary(bool counts) {
    if (++nested_ > kMaxDepth) fail("expression recursion level exceeded");
    const char sign = peek();
    std::int64_t value = 0;
    if (sign == '+' || sign == '-' || sign == '!' || sign == '~') {
      const bool twice = peek(1) == sign && (sign == '+' || sign == '-');
      if (twice && is_name_start(peek(2))) {
        fail_unmodelled(fmt::format("`{}{}' in $((...))", sign, sign));
      }
      last_ = at_++;
      skip_blanks();
      const std::int64_t operand = unary(counts);
      value = sign == '+'   ? operand
              : sign == '-' ? wrapped(0 - static_cast<std::uint64_t>(operand))
              : sign == '!' ? (operand == 0 ? 1 : 0)
                            : ~operand;
    } else {
      value = primary(counts);
    }
    --nested_;
    return value;
  }

  std::int64_t primary(bool counts) {
    if (at_end()) fail_at(last_, "syntax error: operand expected");
    const std::size_t begin = last_ = at_;
    if (peek() == '(') {
      ++at_;
      skip_blanks();
      const std::int64_t value = conditional(counts);
      if (peek() != ')') fail("missing `)'");
      ++at_;
      skip_blanks();
      return value;
    }
    if (peek() == '"' || peek() == '[') fail_unmodelled(fmt::format("{} in $((...))", peek()));
    const bool brace = looking_at("${");
    const bool dollar = peek() == '$';
    if (dollar) at_ += brace ? 2 : 1;
    const std::size_t name = at_;
    while (is_name_char(peek())) ++at_;
    const std::string_view word = whole_.substr(name, at_ - name);
    if (brace && peek() == '}') {
      ++at_;
    } else if (brace) {
      fail_unmodelled("this ${...} in $((...))");
    }
    if (word.empty() && dollar && (peek() == '?' || peek() == '$' || peek() == '#')) {
      const char special = whole_[at_++];
      skip_blanks();
      return value_of(std::string_view(&special, 1), counts);
    }
    if (word.empty()) {
      at_ = begin;
      fail("syntax error: operand expected");
    }
    if (peek() == '#') fail_unmodelled("BASE#NUMBER in $((...))");
    if (peek() == '[') fail_unmodelled("an array in $((...))");
    skip_blanks();
    if (is_name_start(word[0])) return value_of(word, counts);
    return dollar ? value_of(word, counts) : number(word, begin);
  }

  std::int64_t value_of(std::string_view name, bool counts) const {
    const auto found = variables_.find(name);
    if (found == variables_.end() || !counts) return 0;
    if (depth_ > kMaxDepth) {
      const std::string_view text = found->second;
      throw Failure{
          {.value = 0,
           .error = fmt::format("{}: expression recursion level exceeded (error token is \"{}\")",
                                text, text),
           .unmodelled = {}}};
    }
    return Evaluator(found->second, variables_, depth_ + 1).run();
  }

  std::int64_t number(std::string_view digits, std::size_t begin) const {
    unsigned base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
      base = 16;
      digits.remove_prefix(2);
    } else if (digits.starts_with('0')) {
      base = 8;
    }
    std::uint64_t value = 0;
    for (const char c : digits) {
      const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                             : c >= 'a' && c <= 'z' ? static_cast<unsigned>(c - 'a') + 10
                             : c >= 'A' && c <= 'Z' ? static_cast<unsigned>(c - 'A') + 10
                                                    : 99;
      if (digit >= base) fail_at(begin, "value too great for base");
      value = value * base + digit;
    }
    return wrapped(value);
  }

  std::string_view whole_;
  const Variables& variables_;
  std::size_t at_ = 0;
  std::size_t last_ = 0;  ///< where what was read last begins
  int nested_ = 0;
  int depth_;
};

}  // namespace

Arithmetic evaluate(std::string_view expression, const Variables& variables) {
  try {
    return {.value = Evaluator(expression, variables, 0).run(), .error = {}, .unmodelled = {}};
  } catch (Failure& failure) {
    return std::move(failure.result);
  }
}

}  // namespace lvslab::command
