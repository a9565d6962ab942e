#include "sim/scenario/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

namespace lvslab::scenario {
namespace {

/// Thrown inside the YAML parser's callbacks, which have no other way to stop it.
struct LimitExceeded {
  Mark where;
  std::string message;
};

std::vector<std::size_t> starts_of_lines(std::string_view text) {
  std::vector<std::size_t> starts{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts.push_back(i + 1);
  }
  return starts;
}

/// The length of the UTF-8 sequence at `at`, or 0 if there is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool short_or_surrogate =
        (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0);
    return !short_or_surrogate && tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool outside = (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90);
    return !outside && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// What makes `text` no text, with its place.
std::optional<Error> check_text(std::string_view text, const std::string& file) {
  int line = 1;
  int column = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(text, i);
    const bool control = byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r';
    if (length == 0 || control || byte == 0x7f) {
      return Error{fmt::format("not a text file: byte 0x{:02x} is no part of UTF-8 text", byte),
                   {file, line, column},
                   "scenario files are YAML in UTF-8"};
    }
    i += length;
    ++column;
    if (byte == '\n') {
      ++line;
      column = 1;
      line_start = i;
    }
    if (i - line_start > kMaxLineBytes) {
      return Error{fmt::format("the line is longer than {} KiB", kMaxLineBytes >> 10),
                   {file, line, 1}};
    }
  }
  return std::nullopt;
}

}  // namespace

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlTree& tree) : tree_(tree) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(node_at(mark, YamlNode::Kind::kNull), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Mark where = place(mark);
    if (++aliases_ > kMaxAliases) {
      throw LimitExceeded{where, fmt::format("more than {} aliases", kMaxAliases)};
    }
    if (anchor >= anchors_.size() || anchors_[anchor] == kOpen) {
      throw LimitExceeded{where, "the alias stands inside the part that it names"};
    }
    attach(anchors_[anchor], where);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = node_at(mark, YamlNode::Kind::kScalar);
    node.value = value;
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(node_at(mark, YamlNode::Kind::kList), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(node_at(mark, YamlNode::Kind::kMap), anchor);
  }
  void OnMapEnd() override { close(); }

  /// The parser counts bytes; people count characters.
  Mark place(const YAML::Mark& mark) const {
    const auto line = static_cast<std::size_t>(mark.line < 0 ? 0 : mark.line);
    if (line >= tree_.line_starts_.size()) return {mark.line + 1, mark.column + 1};
    const std::size_t start = tree_.line_starts_[line];
    const std::size_t end =
        std::min(tree_.text_.size(), start + static_cast<std::size_t>(std::max(0, mark.column)));
    int column = 1;
    for (std::size_t i = start; i < end; ++i) {
      if ((static_cast<unsigned char>(tree_.text_[i]) & 0xc0U) != 0x80U) ++column;
    }
    return {mark.line + 1, column};
  }

 private:
  static constexpr std::uint32_t kOpen = 0xffff'ffffU;
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
  };

  YamlNode node_at(const YAML::Mark& mark, YamlNode::Kind kind) const {
    YamlNode node;
    node.kind = kind;
    node.where = place(mark);
    return node;
  }
  void name(YAML::anchor_t anchor, std::uint32_t index) {
    if (anchor == 0) return;  // YAML::NullAnchor
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1, kOpen);
    anchors_[anchor] = index;
  }
  void add(YamlNode node, YAML::anchor_t anchor) {
    const auto index = static_cast<std::uint32_t>(tree_.nodes_.size());
    const Mark where = node.where;
    tree_.nodes_.push_back(std::move(node));
    name(anchor, index);
    attach(index, where);
  }
  void attach(std::uint32_t index, Mark where) {
    if (open_.empty()) return;
    YamlNode& parent = open_.back().node;
    parent.items.push_back(index);
    parent.weight += tree_.nodes_[index].weight;
    if (parent.weight > kMaxNodes) {
      throw LimitExceeded{where, fmt::format("more than {} values, aliases counted", kMaxNodes)};
    }
  }
  void open(YamlNode node, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) {
      throw LimitExceeded{node.where, fmt::format("nested more than {} levels deep", kMaxDepth)};
    }
    name(anchor, kOpen);
    open_.push_back({std::move(node), anchor});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  YamlTree& tree_;
  std::vector<Open> open_;
  std::vector<std::uint32_t> anchors_;
  std::uint32_t aliases_ = 0;
};

namespace {

/// The parser's own objection, put into words that name the usual cause.
Error syntax_error(const YAML::Exception& objection, Mark where, const std::string& file,
                   std::string_view line_text) {
  const std::size_t indent = line_text.find_first_not_of(" \t");
  const bool tab = line_text.substr(0, indent).find('\t') != std::string_view::npos;
  const Location at{file, where.line, where.column};
  if (tab) return {"a tab indents this line", at, "YAML is indented by spaces only"};
  std::string hint;
  const std::string_view message = objection.msg;
  if (message == YAML::ErrorMsg::MAP_VALUE || message == YAML::ErrorMsg::END_OF_MAP) {
    hint = "a text with ': ' or that starts with one of []{}*&!|>%@` needs quotes around it";
  }
  return {"not valid YAML: " + objection.msg, at, hint};
}

}  // namespace

std::expected<YamlTree, std::vector<Error>> YamlTree::parse(std::string text, std::string file) {
  const auto stop = [](Error error) { return std::unexpected(std::vector{std::move(error)}); };
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  if (text.size() > kMaxFileBytes) {
    return stop({fmt::format("the file is larger than {} KiB", kMaxFileBytes >> 10), {file}});
  }
  if (const auto error = check_text(text, file)) return stop(*error);
  YamlTree tree;
  tree.line_starts_ = starts_of_lines(text);
  tree.text_ = std::move(text);
  TreeBuilder builder(tree);
  try {
    std::istringstream stream(tree.text_);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder) || tree.root().kind == YamlNode::Kind::kNull) {
      return stop({"the file is empty", {file}, "a scenario needs at least 'title' and 'hosts'"});
    }
    YamlTree rest;
    TreeBuilder second(rest);
    if (parser.HandleNextDocument(second)) {
      return stop({"the file holds more than one YAML document", {file}, "remove the '---' line"});
    }
  } catch (const LimitExceeded& limit) {
    return stop({limit.message, {file, limit.where.line, limit.where.column}});
  } catch (const YAML::Exception& objection) {
    const Mark where = builder.place(objection.mark);
    const auto row = static_cast<std::size_t>(std::max(1, where.line) - 1);
    std::string_view line = std::string_view(tree.text_);
    line = row < tree.line_starts_.size() ? line.substr(tree.line_starts_[row]) : "";
    return stop(syntax_error(objection, where, file, line.substr(0, line.find('\n'))));
  }
  return tree;
}

Mark YamlTree::line_of(const YamlNode& node, std::size_t index) const {
  const auto head = static_cast<std::size_t>(node.where.line - 1);
  if (node.where.line < 1 || head >= line_starts_.size()) return node.where;
  const std::string_view text(text_);
  std::string_view mark_line = text.substr(line_starts_[head]);
  mark_line = mark_line.substr(0, mark_line.find('\n'));
  const std::size_t bar = mark_line.rfind('|');
  const bool literal =
      bar != std::string_view::npos &&
      mark_line.find_first_not_of("|+-0123456789 \r", bar) == std::string_view::npos;
  const auto column = static_cast<std::size_t>(node.where.column);
  const bool quoted =
      column <= mark_line.size() && (mark_line[column - 1] == '"' || mark_line[column - 1] == '\'');
  if (!literal && index == 0 && quoted) return {node.where.line, node.where.column + 1};
  const std::size_t row = head + 1 + index;
  if (!literal || row >= line_starts_.size()) return node.where;
  std::string_view line = text.substr(line_starts_[row]);
  line = line.substr(0, line.find('\n'));
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  return {static_cast<int>(row) + 1, static_cast<int>(indent) + 1};
}

Result<std::string> read_scenario_file(const std::string& path) {
  const Location where{path};
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  if (!std::filesystem::exists(status)) {
    return fail("there is no such file", where, "lvslab list names the scenarios that are here");
  }
  if (std::filesystem::is_directory(status)) return fail("it is a directory, not a file", where);
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(fmt::format("cannot be read: {}", std::strerror(errno)), where);
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(fmt::format("cannot be read: {}", std::strerror(errno)), where);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) {
    return fail(fmt::format("the file is larger than {} KiB", kMaxFileBytes >> 10), where);
  }
  return text;
}

}  // namespace lvslab::scenario
