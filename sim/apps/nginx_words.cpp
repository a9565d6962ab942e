// Source: nginx 1.22.1 src/core/ngx_conf_file.c: ngx_conf_read_token(), ngx_conf_parse(),
// ngx_conf_include().
#include "sim/apps/nginx_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace lvslab::apps {
namespace {

constexpr int kMostNesting = 16;

struct Token {
  enum class Kind { kWord, kSemicolon, kOpen, kClose, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
  std::size_t line = 0, column = 0;
};

class Scanner {
 public:
  Scanner(const std::string& file, const std::string& text) : file_(file), text_(text) {}

  std::expected<Token, NginxProblem> next() {
    skip_blanks();
    Token token{.line = line_, .column = at_ - line_start_ + 1};
    if (at_ >= text_.size()) return token;
    switch (text_[at_]) {
      case ';': token.kind = Token::Kind::kSemicolon; break;
      case '{': token.kind = Token::Kind::kOpen; break;
      case '}': token.kind = Token::Kind::kClose; break;
      case '"':
      case '\'': return quoted(token);
      default: return word(token);
    }
    ++at_;
    return token;
  }
  std::size_t line() const { return line_; }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }
  void skip_blanks() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (is_blank(text_[at_])) {
        step();
      } else {
        return;
      }
    }
  }
  std::expected<Token, NginxProblem> quoted(Token token) {
    token.kind = Token::Kind::kWord;
    const char end = text_[at_++];
    while (at_ < text_.size() && text_[at_] != end) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) step();
      token.text += text_[at_];
      step();
    }
    if (at_ >= text_.size()) {
      return std::unexpected(
          NginxProblem{file_, line_, 1, "unexpected end of file, expecting \";\" or \"}\""});
    }
    ++at_;
    return token;
  }
  std::expected<Token, NginxProblem> word(Token token) {
    token.kind = Token::Kind::kWord;
    while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != ';' && text_[at_] != '{') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) token.text += text_[at_++];
      if (text_[at_] == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '{') {
        while (at_ < text_.size() && text_[at_] != '}') token.text += text_[at_++];
        if (at_ >= text_.size()) break;
      }
      token.text += text_[at_];
      step();
    }
    return token;
  }

  const std::string& file_;
  const std::string& text_;
  std::size_t at_ = 0, line_ = 1, line_start_ = 0;
};

/// `pattern` with * and ? against a whole name.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  }
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) &&
         matches(pattern.substr(1), name.substr(1));
}

class Reader {
 public:
  explicit Reader(const NginxFiles& files) : files_(files) {}

  std::expected<std::vector<NginxDirective>, NginxProblem> file(const std::string& path,
                                                                const NginxDirective* from) {
    const auto text = files_.read(path);
    if (!text) {
      NginxProblem problem{
          .text = fmt::format("open() \"{}\" failed (2: No such file or directory)", path)};
      if (from != nullptr) {
        problem.file = from->file;
        problem.line = from->line;
        problem.column = from->column;
      }
      return std::unexpected(problem);
    }
    Scanner scanner(path, *text);
    return block(path, scanner, false);
  }

 private:
  using Directives = std::expected<std::vector<NginxDirective>, NginxProblem>;

  Directives block(const std::string& path, Scanner& scanner, bool inner) {
    if (++depth_ > kMostNesting) {
      return std::unexpected(
          NginxProblem{path, scanner.line(), 1, "blocks nested deeper than 16", true});
    }
    std::vector<NginxDirective> all;
    NginxDirective now;
    for (;;) {
      auto token = scanner.next();
      if (!token) return std::unexpected(token.error());
      const auto wrong = [&](const std::string& text) {
        return std::unexpected(NginxProblem{path, token->line, token->column, text});
      };
      switch (token->kind) {
        case Token::Kind::kWord:
          if (now.words.empty()) now = {path, token->line, token->column, {}, false, {}};
          now.words.push_back(std::move(token->text));
          continue;
        case Token::Kind::kEnd:
          if (inner || !now.words.empty()) {
            return wrong("unexpected end of file, expecting \";\" or \"}\"");
          }
          --depth_;
          return all;
        case Token::Kind::kClose:
          if (!inner || !now.words.empty()) return wrong("unexpected \"}\"");
          --depth_;
          return all;
        case Token::Kind::kSemicolon:
          if (now.words.empty()) return wrong("unexpected \";\"");
          break;
        case Token::Kind::kOpen: {
          if (now.words.empty()) return wrong("unexpected \"{\"");
          auto inside = block(path, scanner, true);
          if (!inside) return inside;
          now.has_block = true;
          now.block = *std::move(inside);
          break;
        }
      }
      if (auto problem = take(std::exchange(now, {}), all)) return std::unexpected(*problem);
    }
  }

  std::optional<NginxProblem> take(NginxDirective directive, std::vector<NginxDirective>& all) {
    if (directive.name() != "include" || directive.has_block) {
      all.push_back(std::move(directive));
      return std::nullopt;
    }
    if (directive.words.size() != 2) {
      return directive.problem("invalid number of arguments in \"include\" directive");
    }
    if (++included_ > 100) return directive.not_modelled("more than 100 included files");
    for (const std::string& path : paths(directive.words[1])) {
      if (path.ends_with("/mime.types")) continue;  // of files, which this server has none of
      auto inside = file(path, &directive);
      if (!inside) return inside.error();
      std::ranges::move(*inside, std::back_inserter(all));
    }
    return std::nullopt;
  }

  std::vector<std::string> paths(const std::string& typed) const {
    const std::string path = typed.starts_with('/') ? typed : "/etc/nginx/" + typed;
    const std::size_t slash = path.rfind('/');
    const std::string pattern = path.substr(slash + 1);
    if (pattern.find_first_of("*?") == std::string::npos) return {path};
    std::vector<std::string> found;
    for (const std::string& name : files_.list(path.substr(0, slash))) {
      if (matches(pattern, name)) found.push_back(path.substr(0, slash + 1) + name);
    }
    return found;
  }

  const NginxFiles& files_;
  int depth_ = 0, included_ = 0;
};

}  // namespace

std::expected<std::vector<NginxDirective>, NginxProblem> read_nginx_words(const std::string& path,
                                                                          const NginxFiles& files) {
  return Reader(files).file(path, nullptr);
}

}  // namespace lvslab::apps
