#include "sim/command/test.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>

#include "sim/command/shell.h"

namespace lvslab::command {
namespace {

constexpr std::array<std::string_view, 6> kNumberTests{"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
constexpr std::array<std::string_view, 5> kStringTests{"=", "==", "!=", "<", ">"};
constexpr std::array<std::string_view, 8> kUnaryTests{"-z", "-n", "-e", "-f",
                                                      "-d", "-s", "-r", "-w"};
/// What bash has beside them.
constexpr std::array<std::string_view, 22> kOtherTests{
    "-b", "-c", "-g", "-h", "-k", "-p",  "-t",  "-u",  "-x", "-G", "-L",
    "-N", "-O", "-R", "-S", "-v", "-nt", "-ot", "-ef", "=~", "-l", "-A"};

template <std::size_t n>
bool is_one_of(std::string_view word, const std::array<std::string_view, n>& words) {
  return std::ranges::find(words, word) != words.end();
}
bool is_binary(std::string_view word) {
  return is_one_of(word, kNumberTests) || is_one_of(word, kStringTests);
}

/// What bash says behind "bash: [: ".
struct Complaint {
  std::string text;
};

class Condition {
 public:
  Condition(std::span<const std::string> words, const TestFiles& files)
      : words_(words), files_(files) {}

  bool holds() { return holds(words_); }

 private:
  using Words = std::span<const std::string>;

  /// As POSIX has it for up to four words; longer ones are read from left to right.
  bool holds(Words words) {
    switch (words.size()) {
      case 0: return false;
      case 1: return !words[0].empty();
      case 2: return of_two(words);
      case 3: return of_three(words);
      case 4:
        if (words[0] == "!") return !of_three(words.subspan(1));
        if (words[0] == "(" && words[3] == ")") return of_two(words.subspan(1, 2));
        break;
      default: break;
    }
    words_ = words;
    at_ = 0;
    const bool value = any();
    if (at_ != words_.size()) throw Complaint{"too many arguments"};
    return value;
  }

  bool of_two(Words words) const {
    if (words[0] == "!") return words[1].empty();
    if (!is_one_of(words[0], kUnaryTests)) throw Complaint{words[0] + ": unary operator expected"};
    return unary(words[0], words[1]);
  }

  bool of_three(Words words) const {
    if (is_binary(words[1])) return binary(words[0], words[1], words[2]);
    if (words[1] == "-a") return !words[0].empty() && !words[2].empty();
    if (words[1] == "-o") return !words[0].empty() || !words[2].empty();
    if (words[0] == "!") return !of_two(words.subspan(1));
    if (words[0] == "(" && words[2] == ")") return !words[1].empty();
    throw Complaint{words[1] + ": binary operator expected"};
  }

  // --- longer conditions ----------------------------------------------------------------------
  bool at(std::string_view word) const { return at_ < words_.size() && words_[at_] == word; }

  bool any() {
    bool value = all();
    while (at("-o")) {
      ++at_;
      const bool right = all();
      value = value || right;
    }
    return value;
  }
  bool all() {
    bool value = term();
    while (at("-a")) {
      ++at_;
      const bool right = term();
      value = value && right;
    }
    return value;
  }
  bool term() {
    if (at_ == words_.size()) throw Complaint{"argument expected"};
    if (at("!")) {
      ++at_;
      return !term();
    }
    if (at("(")) {
      ++at_;
      const bool value = any();
      if (!at(")")) {
        throw Complaint{at_ == words_.size() ? "`)' expected"
                                             : fmt::format("`)' expected, found {}", words_[at_])};
      }
      ++at_;
      return value;
    }
    if (at_ + 2 < words_.size() && is_binary(words_[at_ + 1])) {
      at_ += 3;
      return binary(words_[at_ - 3], words_[at_ - 2], words_[at_ - 1]);
    }
    if (is_one_of(words_[at_], kUnaryTests) && at_ + 1 < words_.size()) {
      at_ += 2;
      return unary(words_[at_ - 2], words_[at_ - 1]);
    }
    return !words_[at_++].empty();
  }

  // --- tests ----------------------------------------------------------------------------------
  bool unary(std::string_view test, const std::string& word) const {
    if (test == "-z") return word.empty();
    if (test == "-n") return !word.empty();
    const bool directory = files_.is_directory(word);
    if (test == "-d") return directory;
    const auto length = files_.length(word);
    if (test == "-f") return !directory && length.has_value();
    if (test == "-s") return directory || length.value_or(0) > 0;
    return directory || length.has_value();  // -e; root may read and write whatever there is
  }

  static std::int64_t number(const std::string& word) {
    std::string_view text = word;
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (text.empty() || read.ec != std::errc{} || read.ptr != end) {
      throw Complaint{word + ": integer expression expected"};
    }
    return value;
  }

  static bool binary(const std::string& left, std::string_view test, const std::string& right) {
    if (test == "=" || test == "==") return left == right;
    if (test == "!=") return left != right;
    if (test == "<") return left < right;
    if (test == ">") return left > right;
    const std::int64_t a = number(left), b = number(right);
    if (test == "-eq") return a == b;
    if (test == "-ne") return a != b;
    if (test == "-lt") return a < b;
    if (test == "-le") return a <= b;
    return test == "-gt" ? a > b : a >= b;
  }

  Words words_;
  const TestFiles& files_;
  std::size_t at_ = 0;
};

}  // namespace

Parsed<TestCommand> parse_test(Args args) {
  TestCommand test{.bracket = args[0] == "[", .words = {args.begin() + 1, args.end()}};
  if (test.bracket) {
    if (test.words.empty() || test.words.back() != "]") {
      return std::unexpected(failure("bash: [: missing `]'\n", 2));
    }
    test.words.pop_back();
  }
  for (std::size_t i = 0; i < test.words.size(); ++i) {
    // As an operand it is a word like any other: behind another test, or alone.
    const bool operand = test.words.size() == 1 || (i > 0 && is_binary(test.words[i - 1])) ||
                         (i > 0 && is_one_of(test.words[i - 1], kUnaryTests)) ||
                         (i + 1 < test.words.size() && is_binary(test.words[i + 1]));
    if (operand || !is_one_of(test.words[i], kOtherTests)) continue;
    return std::unexpected(not_modelled(args[0], test.words[i],
                                        "-e, -f, -d, -s and the tests of strings and numbers"));
  }
  return test;
}

std::string to_text(const TestCommand& command) {
  std::string text = command.bracket ? "[" : "test";
  for (const std::string& word : command.words) text += ' ' + quote_word(word);
  return command.bracket ? text + " ]" : text;
}

Output run_test(const TestCommand& command, const TestFiles& files) {
  try {
    Output output;
    output.status = Condition(command.words, files).holds() ? 0 : 1;
    return output;
  } catch (const Complaint& complaint) {
    return failure(fmt::format("bash: {}: {}\n", command.bracket ? "[" : "test", complaint.text),
                   2);
  }
}

}  // namespace lvslab::command
