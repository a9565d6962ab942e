#include "sim/keepalived/conf_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace lvslab::keepalived {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kLongestLine = 1024;   // MAXBUF, lib/parser.h
constexpr std::size_t kDeepestInclude = 32;  // more is a file that includes itself
constexpr std::size_t kMostLines = 200'000;  // ends what ~SEQ could make of one line

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

void trim_left(std::string& text) {
  text.erase(0, std::min(text.find_first_not_of(kBlanks), text.size()));
}

void trim_right(std::string& text) {
  while (!text.empty() && is_blank(text.back())) text.pop_back();
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

/// strtol() with base 0 at `at`, which moves on; nothing if no number stands there.
std::optional<long> read_number(std::string_view text, std::size_t& at) {
  at = std::min(text.find_first_not_of(kBlanks, at), text.size());
  bool negative = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
  int base = 10;
  if (text.substr(at, 2) == "0x" || text.substr(at, 2) == "0X") {
    base = 16;
    at += 2;
  }
  long value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + at, end, value, base);
  if (error != std::errc()) return std::nullopt;
  at = static_cast<std::size_t>(stop - text.data());
  at = std::min(text.find_first_not_of(kBlanks, at), text.size());
  return negative ? -value : value;
}

}  // namespace

LineReader::LineReader(const ConfFiles& files, std::string config_id,
                       std::vector<ConfMessage>& messages)
    : files_(files), config_id_(std::move(config_id)), messages_(messages) {
  definitions_ = {{"_HASH", "#"}, {"_BANG", "!"}, {"_INSTANCE", ""}, {"_PWD", "/root"}};
}

void LineReader::report(const std::string& text, ConfMessage::Kind kind) {
  for (const ConfPhase phase :
       {ConfPhase::kParent, ConfPhase::kChecker, ConfPhase::kVrrp, ConfPhase::kBfd}) {
    messages_.push_back({.kind = kind, .text = text, .where = where_, .phase = phase});
    if (kind != ConfMessage::Kind::kReported) return;
  }
}

bool LineReader::open(const std::string& pattern) {
  if (open_files_.size() >= kDeepestInclude) {
    report("files include each other without end; the innermost include is left out",
           ConfMessage::Kind::kAdvice);
    return false;
  }
  const bool absolute = pattern.starts_with('/') || open_files_.empty();
  const std::string wanted = absolute ? pattern : folder_of(open_files_.back().path) + pattern;
  std::vector<OpenFile> found;
  for (const std::string& path : files_.matches(wanted)) {
    if (auto text = files_.read(path)) {
      found.push_back({path, *std::move(text), 0, 0});
    } else if (pattern.find_first_of("*?[") != std::string::npos) {
      report(fmt::format("Unable to read configuration file {}", path));
    }
  }
  if (found.empty()) {
    report(fmt::format("Unable to find configuration file {}", pattern));
    return false;
  }
  // The first match is read first.
  std::ranges::reverse(found);
  std::ranges::move(found, std::back_inserter(open_files_));
  return true;
}

std::optional<ConfLine> LineReader::next() {
  std::string text;
  while (fetch(text)) {
    if (!expand(text) || take_include(text)) continue;
    split_at_brace(text);
    auto words = split_words(text);
    if (words.empty()) continue;
    if (text == "{") ++open_blocks_;
    if (text == "}" && --open_blocks_ < 0) {
      report("Extra '}' found");
      open_blocks_ = 0;
    }
    return ConfLine{std::move(words), std::move(text), where_};
  }
  return std::nullopt;
}

// --- where text comes from -----------------------------------------------------------------------

bool LineReader::fetch(std::string& text) {
  if (++lines_read_ > kMostLines) {
    report(fmt::format("more than {} lines; the rest is left out", kMostLines),
           ConfMessage::Kind::kAdvice);
    return false;
  }
  if (!rest_.empty()) {
    text = std::move(rest_.front());
    rest_.pop_front();
    return true;
  }
  if (!sequences_.empty()) {
    fetch_from_sequence(text);
    return true;
  }
  return fetch_from_file(text);
}

void LineReader::fetch_from_sequence(std::string& text) {
  Sequence& sequence = sequences_.back();
  where_ = sequence.where;
  definitions_[sequence.variable] =
      sequence.hex ? fmt::format("{:x}", sequence.next) : fmt::format("{}", sequence.next);
  text = sequence.text;
  const bool over = __builtin_add_overflow(sequence.next, sequence.step, &sequence.next);
  if (over || (sequence.step > 0 ? sequence.next > sequence.last : sequence.next < sequence.last)) {
    sequences_.pop_back();
  }
}

bool LineReader::fetch_from_file(std::string& text) {
  text.clear();
  bool goes_on = false;  // the line before ended with a backslash
  while (!open_files_.empty()) {
    OpenFile& file = open_files_.back();
    if (file.at >= file.text.size()) {
      open_files_.pop_back();
      if (goes_on) return true;
      continue;
    }
    const std::size_t end = std::min(file.text.find('\n', file.at), file.text.size());
    std::string line = file.text.substr(file.at, end - file.at);
    file.at = end + 1;
    ++file.line;
    where_ = {file.path, file.line, 1};
    while (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.size() > kLongestLine) {
      report(fmt::format("a line of {} characters; the longest that keepalived reads has {}",
                         line.size(), kLongestLine),
             ConfMessage::Kind::kAdvice);
      line.resize(kLongestLine);
    }
    std::erase(line, '\0');
    const std::size_t indent = std::min(line.find_first_not_of(kBlanks), line.size());
    where_.column = static_cast<int>(indent) + 1;
    line = without_comment(std::move(line));
    goes_on = !line.empty() && line.back() == '\\';
    if (goes_on) line.pop_back();
    text += line;
    if (!goes_on && !text.empty()) return true;
  }
  return false;
}

// decomment(): a comment begins at ! or # outside of double quotes. A backslash before either keeps
// it; one at the end of the line (which stays in place here) joins the next line.
std::string LineReader::without_comment(std::string line) {
  trim_left(line);
  std::string kept;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && i + 1 < line.size()) {
      const char next = line[++i];
      if (quoted || (next != '#' && next != '!')) kept += c;
      kept += next;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '!' || c == '#')) break;
    kept += c;
  }
  if (quoted) report(fmt::format("Unterminated quote '{}'", kept));
  const bool joins = !line.empty() && line.back() == '\\' && i < line.size();
  trim_right(kept);
  return joins ? kept + '\\' : kept;
}

// --- what keepalived makes of it -----------------------------------------------------------------

bool LineReader::expand(std::string& text) {
  constexpr int kMostReplacements = 64;  // a definition that contains itself
  for (int round = 0; round < kMostReplacements; ++round) {
    trim_left(text);
    if (text.empty() || !passes_system_id(text) || take_definition(text)) return false;
    if (text.starts_with("~SEQ") || text.starts_with("~LST")) {
      take_sequence(text);
      return false;
    }
    if (text.starts_with('~') || text.find('$') == std::string::npos) return true;
    if (!replace_definitions(text)) return true;
    text = without_comment(std::move(text));
  }
  report("a definition contains itself", ConfMessage::Kind::kAdvice);
  return false;
}

bool LineReader::passes_system_id(std::string& text) const {
  while (text.starts_with('@')) {
    const bool reversed = text.size() > 1 && text[1] == '^';
    const std::size_t from = reversed ? 2 : 1;
    const std::size_t end = text.find_first_of(kBlanks);
    if (end == std::string::npos) return false;
    const bool same = !config_id_.empty() && text.substr(from, end - from) == config_id_;
    if (same == reversed) return false;
    text.erase(0, end);
    trim_left(text);
  }
  return !text.empty();
}

bool LineReader::take_definition(std::string_view text) {
  if (!text.starts_with('$') || text.size() < 2) return false;
  if (std::isdigit(static_cast<unsigned char>(text[1])) != 0) return false;
  std::size_t end = 1;
  while (end < text.size() && is_name(text[end])) ++end;
  if (end == 1 || end >= text.size() || text[end] != '=') return false;
  std::string value(text.substr(end + 1));
  trim_left(value);
  definitions_[std::string(text.substr(1, end - 1))] = value;
  return true;
}

bool LineReader::replace_definitions(std::string& text) {
  bool replaced = false;
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos;) {
    const bool braced = text.compare(at + 1, 1, "{") == 0;
    const std::size_t from = at + (braced ? 2 : 1);
    std::size_t end = from;
    while (end < text.size() && is_name(text[end])) ++end;
    const auto known = definitions_.find(text.substr(from, end - from));
    // Without braces a blank must follow (find_definition()).
    const bool closed =
        braced ? text.compare(end, 1, "}") == 0 : end == text.size() || is_blank(text[end]);
    if (text.compare(from, 7, "_RANDOM") == 0) {
      report("$_RANDOM is not modelled", ConfMessage::Kind::kUnmodelled);
    }
    if (known == definitions_.end() || !closed) {
      ++at;
      continue;
    }
    text.replace(at, end - at + (braced ? 1 : 0), known->second);
    replaced = true;
    if (text.size() > kLongestLine) {
      report(fmt::format("Parameter substitution on line '{}' would exceed maximum line length",
                         text.substr(0, 40)));
      text.resize(kLongestLine);
      return false;
    }
    at += known->second.size();
  }
  return replaced;
}

// ~SEQ(VAR, END) | ~SEQ(VAR, START, END) | ~SEQ(VAR, START, STEP, END), ~SEQx for hexadecimal.
void LineReader::take_sequence(const std::string& text) {
  const auto refuse = [&](std::string_view why) {
    report(fmt::format("{} '{}'", why, text));
    report(fmt::format("Invalid ~SEQ specification '{}'", text));
  };
  if (text.starts_with("~LST")) {
    return report("~LST is not modelled; write the lines out", ConfMessage::Kind::kUnmodelled);
  }
  Sequence sequence;
  sequence.where = where_;
  std::size_t at = 4;
  if (text.compare(at, 1, "x") == 0) {
    sequence.hex = true;
    ++at;
  }
  at = std::min(text.find_first_not_of(kBlanks, at), text.size());
  const std::size_t close = text.find(')', at);
  if (text.compare(at, 1, "(") != 0 || close == std::string::npos) {
    return report(fmt::format("Invalid ~SEQ specification '{}'", text));
  }
  std::string inside = text.substr(at + 1, close - at - 1);
  replace_definitions(inside);
  const std::size_t comma = inside.find(',');
  if (comma == std::string::npos) return refuse("Invalid ~SEQ definition");
  sequence.variable = inside.substr(0, comma);
  trim_left(sequence.variable);
  trim_right(sequence.variable);
  std::vector<long> numbers;
  for (at = comma; at < inside.size() && inside[at] == ',' && numbers.size() < 3;) {
    const auto number = read_number(inside, ++at);
    if (!number) return refuse("Invalid ~SEQ definition");
    numbers.push_back(*number);
  }
  if (numbers.empty() || at != inside.size() || sequence.variable.empty()) {
    return refuse("Invalid ~SEQ definition");
  }
  sequence.last = numbers.back();
  if (numbers.size() == 1) {
    sequence.step = sequence.last < 1 ? -1 : 1;
    sequence.next = sequence.last < 0 ? -1 : 1;
  } else {
    sequence.next = numbers.front();
    sequence.step = numbers.size() == 3 ? numbers[1] : sequence.next <= sequence.last ? 1 : -1;
  }
  const bool never_ends = sequence.step == 0 ||
                          (sequence.next < sequence.last && sequence.step < 0) ||
                          (sequence.next > sequence.last && sequence.step > 0);
  if (never_ends) return refuse("Invalid ~SEQ values");
  if (sequence.hex && (sequence.next < 0 || sequence.last < 0)) {
    return refuse("~SEQx is only valid for positive numbers");
  }
  sequence.text = text.substr(close + 1);
  trim_left(sequence.text);
  constexpr std::size_t kDeepestSequence = 16;
  if (sequences_.size() < kDeepestSequence) sequences_.push_back(std::move(sequence));
}

bool LineReader::take_include(std::string_view text) {
  if (!text.starts_with("include")) return false;
  text.remove_prefix(7);
  if (!text.empty() && std::string_view("rmwba").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  if (text.empty() || !is_blank(text.front())) return false;
  std::string pattern(text);
  trim_left(pattern);
  trim_right(pattern);
  if (pattern.size() > 1 && pattern.front() == '"' && pattern.back() == '"') {
    pattern = pattern.substr(1, pattern.size() - 2);
  }
  open(pattern);
  return true;
}

void LineReader::split_at_brace(std::string& text) {
  std::size_t at = 0;
  if (text.front() != '{' && text.front() != '}') {
    while ((at = text.find_first_of("{}\"", at)) != std::string::npos && text[at] == '"') {
      at = text.find('"', at + 1);
      if (at == std::string::npos) break;
      ++at;
    }
  }
  if (at != std::string::npos) {
    const std::size_t keep = at == 0 ? 1 : at;
    std::string rest = text.substr(keep);
    text.resize(keep);
    trim_left(rest);
    if (!rest.empty()) rest_.push_front(std::move(rest));
  }
  trim_right(text);
}

// A text in double quotes is one word.
std::vector<std::string> LineReader::split_words(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(kBlanks, at)) != std::string::npos;) {
    std::size_t end = 0;
    if (text[at] == '"') {
      end = text.find('"', ++at);
      if (end == std::string::npos) {
        report(fmt::format("Unmatched quote: '{}'", text));
        break;
      }
      words.push_back(text.substr(at, end - at));
      at = end + 1;
      continue;
    }
    end = std::min(text.find_first_of(" \t\"", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace lvslab::keepalived
