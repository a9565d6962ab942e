#include <fmt/core.h>

#include <algorithm>

#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

bool is_safe_char(char c) {
  return is_name_char(c) || std::string_view("%+,-./:=@^").contains(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string escape_in_double_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '$' || c == '`' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Writer {
 public:
  explicit Writer(const Script& script) : script_(script) {}

  std::string word(const Word& word) const {
    std::string out;
    for (std::size_t i = 0; i < word.parts.size();) {
      if (!word.parts[i].quoted) {
        out += part(word, i++);
        continue;
      }
      std::size_t end = i;
      while (end < word.parts.size() && word.parts[end].quoted) ++end;
      const WordPart& first = word.parts[i];
      if (end - i == 1 && first.kind == WordPart::Kind::kLiteral && !first.text.contains('\'')) {
        out += '\'' + first.text + '\'';
      } else {
        out += '"';
        for (std::size_t k = i; k < end; ++k) out += part(word, k);
        out += '"';
      }
      i = end;
    }
    return out;
  }

  std::string node(NodeIndex index) const {
    const Node& node = script_.nodes[index];
    switch (node.kind) {
      case Node::Kind::kSimple: return simple(node);
      case Node::Kind::kFor: return for_loop(node);
      case Node::Kind::kWhile:
        return with_redirects(node, (node.negated ? "until " : "while ") + closed(node, 0) + "do " +
                                        closed(node, 1) + "done");
      case Node::Kind::kIf: return condition(node);
      case Node::Kind::kGroup: return with_redirects(node, "{ " + closed(node, 0) + "}");
      case Node::Kind::kPipeline: {
        std::string out = node.negated ? "! " : "";
        for (std::size_t i = 0; i < node.children.size(); ++i) {
          out += (i == 0 ? "" : " | ") + this->node(node.children[i]);
        }
        return out;
      }
      case Node::Kind::kAndOr: {
        std::string out;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
          if (i > 0) out += node.connectors[i - 1] == Connector::kAnd ? " && " : " || ";
          out += this->node(node.children[i]);
        }
        return out;
      }
      case Node::Kind::kList: return list(node);
    }
    return {};
  }

 private:
  std::string part(const Word& word, std::size_t i) const {
    const WordPart& part = word.parts[i];
    if (part.kind == WordPart::Kind::kLiteral) {
      return part.quoted ? escape_in_double_quotes(part.text) : part.text;
    }
    if (part.kind == WordPart::Kind::kSubstitution) return "$(" + node(part.body) + ")";
    if (part.kind == WordPart::Kind::kArithmetic) return "$((" + part.text + "))";
    const bool glued = i + 1 < word.parts.size() &&
                       word.parts[i + 1].kind == WordPart::Kind::kLiteral &&
                       word.parts[i + 1].quoted == part.quoted && !word.parts[i + 1].text.empty() &&
                       is_name_char(word.parts[i + 1].text[0]);
    const bool long_number = part.text.size() > 1 && part.text[0] >= '0' && part.text[0] <= '9';
    return glued || long_number ? "${" + part.text + "}" : "$" + part.text;
  }

  std::string redirects(const Node& node) const {
    std::string out;
    for (const Redirect& redirect : node.redirects) {
      const bool input =
          redirect.kind == Redirect::Kind::kRead || redirect.kind == Redirect::Kind::kText;
      const int usual = input ? 0 : 1;
      std::string text = redirect.fd == usual ? "" : std::to_string(redirect.fd);
      switch (redirect.kind) {
        case Redirect::Kind::kRead: text += "< " + word(redirect.target); break;
        case Redirect::Kind::kText: text += "<<< " + word(redirect.target); break;
        case Redirect::Kind::kWrite: text += "> " + word(redirect.target); break;
        case Redirect::Kind::kAppend: text += ">> " + word(redirect.target); break;
        case Redirect::Kind::kDuplicate: text += fmt::format(">&{}", redirect.from); break;
      }
      out += (out.empty() ? "" : " ") + text;
    }
    return out;
  }

  static void add(std::string& out, const std::string& text) {
    if (!out.empty() && !text.empty()) out += ' ';
    out += text;
  }

  std::string simple(const Node& node) const {
    std::string out;
    for (const Assignment& a : node.assignments) add(out, a.name + '=' + word(a.value));
    for (const Word& w : node.words) add(out, word(w));
    add(out, redirects(node));
    return out;
  }

  std::string for_loop(const Node& node) const {
    std::string out = "for " + node.variable + " in";
    for (const Word& w : node.words) out += ' ' + word(w);
    return with_redirects(node, out + "; do " + closed(node, 0) + "done");
  }

  std::string condition(const Node& node) const {
    std::string out;
    const std::size_t pairs = node.children.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
      out += (i == 0 ? "if " : "elif ") + closed(node, 2 * i) + "then " + closed(node, 2 * i + 1);
    }
    if (node.children.size() % 2 != 0) out += "else " + closed(node, 2 * pairs);
    return with_redirects(node, out + "fi");
  }

  std::string with_redirects(const Node& node, std::string text) const {
    add(text, redirects(node));
    return text;
  }

  /// A child list with what must stand between it and the next reserved word.
  std::string closed(const Node& node, std::size_t child) const {
    const Node& body = script_.nodes[node.children[child]];
    return list(body) + (body.background.back() != 0 ? " " : "; ");
  }

  std::string list(const Node& node) const {
    std::string out;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out += node.background[i - 1] != 0 ? " " : "; ";
      out += this->node(node.children[i]);
      if (node.background[i] != 0) out += " &";
    }
    return out;
  }

  const Script& script_;
};

}  // namespace

std::string to_text(const Script& script) { return to_text(script, script.root); }

std::string to_text(const Script& script, NodeIndex node) {
  return node == kNoNode ? std::string() : Writer(script).node(node);
}

std::string to_text(const Script& script, const Word& word) { return Writer(script).word(word); }

std::string as_typed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "> ";
  }
  return out;
}

std::string quote_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_safe_char)) return std::string(text);
  if (!text.contains('\'')) return '\'' + std::string(text) + '\'';
  return '"' + escape_in_double_quotes(text) + '"';
}

std::string join_words(std::span<const std::string> words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ' ';
    out += quote_word(word);
  }
  return out;
}

}  // namespace lvslab::command
