#include "sim/command/pattern.h"

#include <cctype>
#include <string>

#include "sim/command/options.h"

namespace lvslab::command {

namespace {

constexpr std::size_t kMaxProgram = 20'000;
constexpr int kMaxNesting = 100;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

using Set = std::bitset<256>;

template <class Predicate>
Set set_where(Predicate predicate) {
  Set set;
  for (int c = 0; c < 256; ++c) set[static_cast<std::size_t>(c)] = predicate(c);
  return set;
}

std::optional<Set> class_named(std::string_view name) {
  if (name == "alpha") return set_where([](int c) { return c < 128 && std::isalpha(c) != 0; });
  if (name == "digit") return set_where([](int c) { return c >= '0' && c <= '9'; });
  if (name == "alnum") return set_where([](int c) { return c < 128 && std::isalnum(c) != 0; });
  if (name == "upper") return set_where([](int c) { return c >= 'A' && c <= 'Z'; });
  if (name == "lower") return set_where([](int c) { return c >= 'a' && c <= 'z'; });
  if (name == "space") return set_where([](int c) { return c == ' ' || (c >= 9 && c <= 13); });
  if (name == "blank") return set_where([](int c) { return c == ' ' || c == '\t'; });
  if (name == "punct") return set_where([](int c) { return c < 128 && std::ispunct(c) != 0; });
  if (name == "print") return set_where([](int c) { return c >= 32 && c < 127; });
  if (name == "graph") return set_where([](int c) { return c > 32 && c < 127; });
  if (name == "cntrl") return set_where([](int c) { return c < 32 || c == 127; });
  if (name == "xdigit") return set_where([](int c) { return c < 128 && std::isxdigit(c) != 0; });
  return std::nullopt;
}

struct Problem {
  std::string message;
};

}  // namespace

/// Translates by recursive descent straight into instructions: every fragment starts where it was
/// emitted and falls through at its end, so that repeating one copies its instructions.
class PatternCompiler {
 public:
  PatternCompiler(std::string_view text, Pattern::Syntax syntax, bool ignore_case, Pattern& out)
      : text_(text), syntax_(syntax), ignore_case_(ignore_case), out_(out) {}

  void run() {
    if (syntax_ == Pattern::Syntax::kFixed) {
      fixed();
    } else {
      alternatives(0);
      if (pos_ < text_.size()) throw Problem{"Unmatched ) or \\)"};
    }
    emit({Kind::kMatch});
  }

 private:
  using Instruction = Pattern::Instruction;
  using Kind = Instruction::Kind;

  std::size_t here() const { return out_.program_.size(); }
  std::size_t emit(Instruction instruction) {
    if (here() >= kMaxProgram) throw Problem{"Regular expression too big"};
    out_.program_.push_back(instruction);
    return here() - 1;
  }
  static Instruction make(Kind kind, std::size_t x = 0, std::size_t y = 0) {
    Instruction instruction;
    instruction.kind = kind;
    instruction.x = static_cast<std::uint32_t>(x);
    instruction.y = static_cast<std::uint32_t>(y);
    return instruction;
  }
  void emit_set(Set set) {
    if (ignore_case_) {
      for (int c = 'a'; c <= 'z'; ++c) {
        const auto lower = static_cast<std::size_t>(c);
        const auto upper = lower - 'a' + 'A';
        const bool either = set[lower] || set[upper];
        set[lower] = either;
        set[upper] = either;
      }
    }
    Instruction instruction;
    instruction.kind = Kind::kSet;
    instruction.set = static_cast<std::uint32_t>(out_.sets_.size());
    out_.sets_.push_back(set);
    emit(instruction);
  }
  void emit_char(char c) {
    Set set;
    set.set(static_cast<unsigned char>(c));
    emit_set(set);
  }
  void emit_assert(char assertion) {
    Instruction instruction;
    instruction.kind = Kind::kAssert;
    instruction.assertion = assertion;
    emit(instruction);
  }

  /// Makes room for one instruction at `at`: everything behind it moves by one.
  void insert(std::size_t at, Instruction instruction) {
    if (here() >= kMaxProgram) throw Problem{"Regular expression too big"};
    out_.program_.insert(out_.program_.begin() + static_cast<std::ptrdiff_t>(at), instruction);
    for (std::size_t i = at + 1; i < here(); ++i) {
      Instruction& moved = out_.program_[i];
      if (moved.kind == Kind::kSplit || moved.kind == Kind::kJump) {
        if (moved.x >= at) ++moved.x;
        if (moved.y >= at) ++moved.y;
      }
    }
  }
  void fixed() {
    std::size_t begin = 0;
    std::vector<std::size_t> ends;
    while (true) {  // each line of the pattern is one alternative
      const std::size_t newline = text_.find('\n', begin);
      const bool last = newline == std::string_view::npos;
      const std::size_t split = last ? 0 : emit(make(Kind::kSplit));
      for (const char c : text_.substr(begin, last ? newline : newline - begin)) emit_char(c);
      if (last) break;
      ends.push_back(emit(make(Kind::kJump)));
      out_.program_[split] = make(Kind::kSplit, split + 1, here());
      begin = newline + 1;
    }
    for (const std::size_t end : ends) out_.program_[end] = make(Kind::kJump, here());
  }

  // --- the grammar ----------------------------------------------------------------------------
  bool extended() const { return syntax_ == Pattern::Syntax::kExtended; }
  bool at_end() const { return pos_ >= text_.size(); }
  /// True if the operator `c` stands here: bare in extended, after a backslash in basic syntax.
  bool at_operator(char c) const {
    if (extended()) return !at_end() && text_[pos_] == c;
    return pos_ + 1 < text_.size() && text_[pos_] == '\\' && text_[pos_ + 1] == c;
  }
  void skip_operator() { pos_ += extended() ? 1 : 2; }

  void alternatives(int depth) {
    if (depth > kMaxNesting) throw Problem{"Regular expression too big"};
    const std::size_t begin = here();
    branch(depth);
    while (at_operator('|') || (!at_end() && text_[pos_] == '\n')) {
      if (text_[pos_] == '\n') {
        ++pos_;
      } else {
        skip_operator();
      }
      insert(begin, make(Kind::kSplit));
      const std::size_t jump = emit(make(Kind::kJump));
      out_.program_[begin] = make(Kind::kSplit, begin + 1, here());
      branch(depth);
      out_.program_[jump] = make(Kind::kJump, here());
    }
  }

  bool at_branch_end(int depth) const {
    return at_end() || text_[pos_] == '\n' || at_operator('|') || (depth > 0 && at_operator(')'));
  }

  void branch(int depth) {
    bool first = true;
    while (!at_branch_end(depth)) {
      const std::size_t begin = here();
      atom(depth, first);
      first = false;
      repeats(begin);
    }
  }

  void atom(int depth, bool first) {
    if (at_operator('(')) {
      skip_operator();
      alternatives(depth + 1);
      if (!at_operator(')')) throw Problem{"Unmatched ( or \\("};
      skip_operator();
      return;
    }
    const char c = text_[pos_++];
    if (c == '[') return bracket();
    if (c == '.') return emit_set(set_where([](int) { return true; }));
    if (c == '^' && (extended() || first)) return emit_assert('^');
    if (c == '$' && (extended() || at_branch_end(depth))) return emit_assert('$');
    if (c == '*' && first) return emit_char(c);
    if (c != '\\') return emit_char(c);
    if (at_end()) throw Problem{"Trailing backslash"};
    escape(text_[pos_++]);
  }

  void escape(char c) {
    const auto word = [](int b) { return b < 128 && is_word(static_cast<char>(b)); };
    const auto space = [](int b) { return b == ' ' || (b >= 9 && b <= 13); };
    switch (c) {
      case 'w': return emit_set(set_where(word));
      case 'W': return emit_set(~set_where(word));
      case 's': return emit_set(set_where(space));
      case 'S': return emit_set(~set_where(space));
      case '<':
      case '>':
      case 'b':
      case 'B': return emit_assert(c);
      default: break;
    }
    if (c >= '1' && c <= '9') throw Problem{"Invalid back reference"};
    emit_char(c);
  }

  void bracket() {
    Set set;
    const bool negate = !at_end() && text_[pos_] == '^';
    if (negate) ++pos_;
    const std::size_t first = pos_;
    while (true) {
      if (at_end()) throw Problem{"Unmatched [, [^, [:, [., or [="};
      if (text_[pos_] == ']' && pos_ > first) break;
      if (text_.substr(pos_, 2) == "[:") {
        const std::size_t close = text_.find(":]", pos_ + 2);
        if (close == std::string_view::npos) throw Problem{"Unmatched [, [^, [:, [., or [="};
        const auto named = class_named(text_.substr(pos_ + 2, close - pos_ - 2));
        if (!named) throw Problem{"Invalid character class name"};
        set |= *named;
        pos_ = close + 2;
        continue;
      }
      const auto low = static_cast<unsigned char>(text_[pos_++]);
      unsigned char high = low;
      if (pos_ + 1 < text_.size() && text_[pos_] == '-' && text_[pos_ + 1] != ']') {
        high = static_cast<unsigned char>(text_[pos_ + 1]);
        pos_ += 2;
        if (high < low) throw Problem{"Invalid range end"};
      }
      for (int c = low; c <= high; ++c) set.set(static_cast<std::size_t>(c));
    }
    ++pos_;
    emit_set(negate ? ~set : set);
  }

  void repeats(std::size_t begin) {
    while (!at_end()) {
      if (text_[pos_] == '*') {
        ++pos_;
        repeat(begin, 0, -1);
      } else if (at_operator('+')) {
        skip_operator();
        repeat(begin, 1, -1);
      } else if (at_operator('?')) {
        skip_operator();
        repeat(begin, 0, 1);
      } else if (!at_operator('{') || !interval(begin)) {
        return;
      }
    }
  }

  /// "{m}", "{m,}", "{,n}", "{m,n}". False (nothing consumed) if extended syntax takes it
  /// literally.
  bool interval(std::size_t begin) {
    const std::size_t start = pos_;
    skip_operator();
    const std::string_view end = extended() ? "}" : "\\}";
    const std::size_t close = text_.find(end, pos_);
    const std::string_view inside =
        close == std::string_view::npos ? std::string_view() : text_.substr(pos_, close - pos_);
    const std::size_t comma = inside.find(',');
    const std::string_view low = inside.substr(0, comma);
    const std::string_view high = comma == std::string_view::npos ? low : inside.substr(comma + 1);
    const auto min = low.empty() ? std::optional<std::int64_t>(0) : to_int(low);
    const auto max = high.empty() ? std::optional<std::int64_t>(-1) : to_int(high);
    const bool empty = inside.empty() || inside == ",";
    if (close == std::string_view::npos || !min || !max || *min < 0 || *max < -1 || empty) {
      if (!extended()) {
        throw Problem{close == std::string_view::npos ? "Unmatched \\{"
                                                      : "Invalid content of \\{\\}"};
      }
      pos_ = start;
      return false;
    }
    if (*min > 255 || *max > 255) throw Problem{"Regular expression too big"};
    if (*max >= 0 && *max < *min) throw Problem{"Invalid content of \\{\\}"};
    pos_ = close + end.size();
    repeat(begin, static_cast<int>(*min), static_cast<int>(*max));
    return true;
  }

  /// Repeats the fragment [begin, here()) min to max times; max < 0: without end.
  void repeat(std::size_t begin, int min, int max) {
    const std::vector<Instruction> saved(out_.program_.begin() + static_cast<std::ptrdiff_t>(begin),
                                         out_.program_.end());
    const std::size_t length = saved.size();
    out_.program_.resize(begin);
    const auto body = [&] {
      const std::size_t shift = here() - begin;
      for (Instruction instruction : saved) {
        if (instruction.kind == Kind::kSplit || instruction.kind == Kind::kJump) {
          instruction.x += static_cast<std::uint32_t>(shift);
          instruction.y += static_cast<std::uint32_t>(shift);
        }
        emit(instruction);
      }
    };
    for (int i = 0; i < min; ++i) body();
    if (max < 0) {
      const std::size_t split = emit(make(Kind::kSplit));
      body();
      emit(make(Kind::kJump, split));
      out_.program_[split] = make(Kind::kSplit, split + 1, here());
      return;
    }
    for (int i = min; i < max; ++i) {
      const std::size_t split = emit(make(Kind::kSplit));
      body();
      out_.program_[split] = make(Kind::kSplit, split + 1, split + 1 + length);
    }
  }

  std::string_view text_;
  Pattern::Syntax syntax_;
  bool ignore_case_;
  Pattern& out_;
  std::size_t pos_ = 0;
};

std::expected<Pattern, std::string> Pattern::compile(std::string_view text, Syntax syntax,
                                                     bool ignore_case) {
  Pattern pattern;
  try {
    PatternCompiler(text, syntax, ignore_case, pattern).run();
  } catch (const Problem& problem) {
    return std::unexpected(problem.message);
  }
  return pattern;
}

bool Pattern::holds(char assertion, std::string_view line, std::size_t at) {
  const bool before = at > 0 && is_word(line[at - 1]);
  const bool after = at < line.size() && is_word(line[at]);
  switch (assertion) {
    case '^': return at == 0;
    case '$': return at == line.size();
    case '<': return !before && after;
    case '>': return before && !after;
    case 'b': return before != after;
    default: return before == after;
  }
}

void Pattern::follow(std::uint32_t pc, std::string_view line, std::size_t at,
                     std::vector<std::uint32_t>& list, std::vector<std::uint32_t>& seen,
                     std::uint32_t mark) const {
  std::vector<std::uint32_t> stack{pc};
  while (!stack.empty()) {
    const std::uint32_t next = stack.back();
    stack.pop_back();
    if (seen[next] == mark) continue;
    seen[next] = mark;
    const Instruction& instruction = program_[next];
    switch (instruction.kind) {
      case Instruction::Kind::kJump: stack.push_back(instruction.x); break;
      case Instruction::Kind::kSplit:
        stack.push_back(instruction.y);
        stack.push_back(instruction.x);
        break;
      case Instruction::Kind::kAssert:
        if (holds(instruction.assertion, line, at)) stack.push_back(next + 1);
        break;
      default: list.push_back(next); break;
    }
  }
}

bool Pattern::matches(std::string_view line) const {
  std::vector<std::uint32_t> now;
  std::vector<std::uint32_t> next;
  std::vector<std::uint32_t> seen(program_.size(), 0);
  for (std::size_t at = 0; at <= line.size(); ++at) {
    const auto mark = static_cast<std::uint32_t>(at + 1);
    follow(0, line, at, now, seen, mark);
    next.clear();
    for (const std::uint32_t pc : now) {
      if (program_[pc].kind == Instruction::Kind::kMatch) return true;
    }
    if (at == line.size()) break;
    const auto byte = static_cast<unsigned char>(line[at]);
    for (const std::uint32_t pc : now) {
      if (sets_[program_[pc].set][byte]) follow(pc + 1, line, at + 1, next, seen, mark + 1);
    }
    std::swap(now, next);
  }
  return false;
}

std::optional<std::pair<std::size_t, std::size_t>> Pattern::find(std::string_view line,
                                                                 std::size_t from) const {
  std::vector<std::uint32_t> now;
  std::vector<std::uint32_t> next;
  std::vector<std::uint32_t> seen(program_.size(), 0);
  std::uint32_t mark = 0;
  for (std::size_t start = from; start <= line.size(); ++start) {
    std::optional<std::size_t> end;
    now.clear();
    follow(0, line, start, now, seen, ++mark);
    for (std::size_t at = start; !now.empty(); ++at) {
      for (const std::uint32_t pc : now) {
        if (program_[pc].kind == Instruction::Kind::kMatch) end = at;
      }
      if (at == line.size()) break;
      next.clear();
      ++mark;
      const auto byte = static_cast<unsigned char>(line[at]);
      for (const std::uint32_t pc : now) {
        if (program_[pc].kind == Instruction::Kind::kSet && sets_[program_[pc].set][byte]) {
          follow(pc + 1, line, at + 1, next, seen, mark);
        }
      }
      std::swap(now, next);
    }
    if (end) return std::pair(start, *end - start);
  }
  return std::nullopt;
}

}  // namespace lvslab::command
