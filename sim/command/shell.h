// The shell grammar that students type: text → an immutable tree, and words → fields.
//
// Models: simple commands with assignments, '..' ".." and \ quoting, $name ${name} $? $$,
// $(...) and `...`, $((...)) (arithmetic.h), {1..6} and {a,b}, redirections (> >> < 2> 2>> &>
// N>&M), here-documents and here-strings, pipelines, && || ; &, newlines, for, while, until, if,
// { ...; }, comments.
// Leaves out (a clear refusal each): case, select, functions, ( ), [[ ]], ${v%..} and the like.
// File name globbing is left to has_glob(). Source: bash(1) 5.2, sections SHELL GRAMMAR, QUOTING
// and EXPANSION.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/output.h"

namespace lvslab::command {

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = std::numeric_limits<NodeIndex>::max();

/// What names of variables are made of; a digit does not begin one.
constexpr bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_name_char(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

struct WordPart {
  enum class Kind : std::uint8_t { kLiteral, kVariable, kSubstitution, kArithmetic };
  Kind kind = Kind::kLiteral;
  bool quoted = false;  ///< inside quotes or after a backslash: no splitting, no braces
  /// The literal, the variable's name ("?" and "$" included), or the expression.
  std::string text;
  NodeIndex body = kNoNode;  ///< kSubstitution: the kList node whose output stands here
  friend bool operator==(const WordPart&, const WordPart&) = default;
};

struct Word {
  std::vector<WordPart> parts;
  friend bool operator==(const Word&, const Word&) = default;
};

struct Assignment {
  std::string name;
  Word value;
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

struct Redirect {
  enum class Kind : std::uint8_t {
    kRead,      ///< fd< file
    kText,      ///< `target` and a newline: <<< text, or the lines of a here-document
    kWrite,     ///< fd> file
    kAppend,    ///< fd>> file
    kDuplicate  ///< fd>&from
  };
  Kind kind = Kind::kWrite;
  int fd = 1;
  int from = -1;  ///< kDuplicate only
  Word target;    ///< all others
  friend bool operator==(const Redirect&, const Redirect&) = default;
};

/// How an and-or list goes on after one of its pipelines.
enum class Connector : std::uint8_t { kAnd, kOr };

struct Node {
  enum class Kind : std::uint8_t {
    kSimple,    ///< assignments, words, redirects
    kFor,       ///< variable, words, children[0] = body (kList), redirects
    kWhile,     ///< children: condition and body (kList); negated: until; redirects
    kIf,        ///< children: condition, body, condition, body, ..., perhaps else; redirects
    kGroup,     ///< children[0] = body (kList), redirects
    kPipeline,  ///< children: none of the two kinds below; negated
    kAndOr,     ///< children: kPipeline; connectors[i] stands between children i and i + 1
    kList       ///< children: kAndOr; background[i] tells whether `&` ends child i
  };
  Kind kind = Kind::kSimple;
  bool negated = false;
  std::string variable;
  std::vector<Assignment> assignments;
  std::vector<Word> words;
  std::vector<Redirect> redirects;
  std::vector<NodeIndex> children;
  std::vector<Connector> connectors;
  std::vector<std::uint8_t> background;
  friend bool operator==(const Node&, const Node&) = default;
};

/// The tree of one line or file. Children have smaller indices than their parents, so a running
/// shell keeps (node, child) pairs as its cursor and stays plain data.
struct Script {
  std::vector<Node> nodes;
  NodeIndex root = kNoNode;  ///< a kList; without children if there is nothing to do
  friend bool operator==(const Script&, const Script&) = default;
};

/// Errors: what bash says (status 2), then "lvslab: column N: ..." with the 1-based column (and the
/// line if it is not the first). What is not modelled has status 2, too.
Parsed<Script> parse_script(std::string_view text);

/// Nobody is asked for more lines of a command that is longer, in bytes.
inline constexpr std::size_t kLongestAskedFor = 1U << 16;
/// True if bash would ask for another line: a loop, a quote or a here-document has not ended.
bool is_incomplete(std::string_view text);
/// The length of the first line with those that bash would ask for, without the last newline: up to
/// the line of a mistake, and of the line alone if they never end.
std::size_t first_line_length(std::string_view text);

/// What was typed as a terminal shows it: further lines stand behind bash's second prompt, "> ".
std::string as_typed(std::string_view text);

/// Canonical text; parse_script(to_text(s)) == s for every s that parse_script made.
std::string to_text(const Script& script);
std::string to_text(const Script& script, NodeIndex node);
std::string to_text(const Script& script, const Word& word);

/// Values of variables; those that are not here expand to nothing. "?" and "$" are looked up, too.
using Variables = std::map<std::string, std::string, std::less<>>;

/// The kList nodes that must run before `word` can be expanded, in order.
std::vector<NodeIndex> substitutions_of(const Word& word);

/// Brace, tilde, variable and command expansion, field splitting at blanks, quote removal.
/// `results[i]` is the standard output of substitutions_of(word)[i]. A word in braces that
/// holds a substitution uses its one result in every copy (bash would run it once per copy).
std::vector<std::string> expand(const Word& word, const Variables& variables,
                                std::span<const std::string> results = {});

/// What bash says of the first expression in `word` that has no value ("1/0: division by 0 ...");
/// nothing if all have one.
std::optional<std::string> arithmetic_error(const Word& word, const Variables& variables);

/// As expand(), but always one string and no braces: for assignments and redirect targets.
std::string expand_to_one(const Word& word, const Variables& variables,
                          std::span<const std::string> results = {});

/// True if bash would look for file names: an unquoted * ? or [ stands in the word.
bool has_glob(const Word& word);

/// Matches a shell pattern with * ? [abc] [a-z] [!a] against a whole name (no "/" is special).
bool glob_match(std::string_view pattern, std::string_view name);

/// `text` as one shell word: bare if that is safe, else in quotes.
std::string quote_word(std::string_view text);
/// Words joined by blanks, each quoted as needed.
std::string join_words(std::span<const std::string> words);

}  // namespace lvslab::command
