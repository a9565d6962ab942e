// The lines of a keepalived.conf as keepalived sees them: comments gone, `include`d files opened,
// definitions ($NAME=...) replaced, ~SEQ repeated, lines for another system (@id) left out, and
// every `{` and `}` on a line of its own.
//
// Models: lib/parser.c of keepalived 2.2.7: read_line(), decomment(), check_definition(),
// replace_param(), add_seq(), alloc_strvec_r().
// Leaves out: definitions of several lines, ~LST, $_RANDOM; each is refused by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace lvslab::keepalived {

/// keepalived reads its configuration once in each of its processes; each tells its own mistakes.
enum class ConfPhase : std::uint8_t { kParent, kChecker, kVrrp, kBfd };

/// What keepalived says of a configuration, or what the lab adds to it.
struct ConfMessage {
  enum class Kind : std::uint8_t {
    kReported,    ///< keepalived itself logs this sentence, and calls it a mistake
    kNoted,       ///< it goes into the log, and is no mistake
    kUnmodelled,  ///< keepalived would do something that the lab does not model
    kAdvice       ///< the lab's own explanation of a mistake
  };
  Kind kind = Kind::kReported;
  std::string text;
  Location where{};  ///< line 0: the sentence is about the configuration as a whole
  ConfPhase phase = ConfPhase::kParent;
  bool operator==(const ConfMessage&) const = default;
};

struct ConfLine {
  std::vector<std::string> words;  ///< never empty; a quoted text is one word, without its quotes
  std::string text;                ///< the words as written, for commands with quotes of their own
  Location where;

  bool is(std::string_view word) const { return words.size() == 1 && words.front() == word; }
};

/// Reads files by path, as far as the host has them.
class ConfFiles {
 public:
  virtual ~ConfFiles() = default;
  virtual std::optional<std::string> read(const std::string& path) const = 0;
  /// The paths that match a pattern with `*` and `?`, sorted; the pattern itself if it has neither.
  virtual std::vector<std::string> matches(const std::string& pattern) const = 0;
};

class LineReader {
 public:
  /// `config_id`: what @ID lines are compared with (keepalived -i); empty: none was given.
  LineReader(const ConfFiles& files, std::string config_id, std::vector<ConfMessage>& messages);

  /// Goes on with the files that match `pattern`, seen from the folder of the file being read.
  /// False, with a message, if there is none.
  bool open(const std::string& pattern);

  /// The next line with a word in it; nothing at the end of the last file.
  std::optional<ConfLine> next();

  /// `{` on lines of their own that no `}` has closed yet.
  int open_blocks() const { return open_blocks_; }

 private:
  struct OpenFile {
    std::string path;
    std::string text;
    std::size_t at = 0;
    int line = 0;
  };
  /// ~SEQ(var, start, step, end) text: the text again and again with another value.
  struct Sequence {
    std::string variable, text;
    long next = 0, step = 1, last = 0;
    bool hex = false;
    Location where;
  };

  /// Every process meets what is wrong with the lines themselves.
  void report(const std::string& text, ConfMessage::Kind kind = ConfMessage::Kind::kReported);
  /// The next piece of text that may be a line, from a sequence or a file; false at the end.
  bool fetch(std::string& text);
  bool fetch_from_file(std::string& text);
  void fetch_from_sequence(std::string& text);
  std::string without_comment(std::string line);
  /// Applies @ID, definitions and ~SEQ; true if something is left that is a line.
  bool expand(std::string& text);
  bool passes_system_id(std::string& text) const;
  bool take_definition(std::string_view text);
  bool replace_definitions(std::string& text);
  void take_sequence(const std::string& text);
  bool take_include(std::string_view text);
  /// Cuts the text behind a brace and keeps it for the next call.
  void split_at_brace(std::string& text);
  std::vector<std::string> split_words(const std::string& text);

  const ConfFiles& files_;
  std::string config_id_;
  std::vector<ConfMessage>& messages_;
  std::vector<OpenFile> open_files_;  ///< the innermost last
  std::vector<Sequence> sequences_;
  std::map<std::string, std::string, std::less<>> definitions_;
  std::deque<std::string> rest_;  ///< behind a brace of the line before
  Location where_;
  int open_blocks_ = 0;
  std::size_t lines_read_ = 0;
};

}  // namespace lvslab::keepalived
