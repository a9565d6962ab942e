#include "sim/scenario/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "sim/base/check.h"
#include "sim/command/close_match.h"
#include "sim/command/shell.h"
#include "sim/scenario/units.h"

namespace lvslab::scenario {
namespace {

using NodeKind = YamlNode::Kind;

std::string_view describe(const YamlNode& node) {
  switch (node.kind) {
    case NodeKind::kNull: return "nothing";
    case NodeKind::kScalar: return "a single value";
    case NodeKind::kList: return "a list";
    case NodeKind::kMap: return "a map";
  }
  return "";
}

std::string quoted(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.size() > 60 ? fmt::format("'{}…'", line.substr(0, 40)) : fmt::format("'{}'", line);
}

/// The character of three UTF-8 bytes at `at`, or 0 if another kind stands there.
unsigned three_bytes_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  if ((byte(0) & 0xf0U) != 0xe0U) return 0;
  return (byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
}

/// Full-width punctuation, which carries its own room.
bool is_wide_mark(unsigned c) {
  return (c >= 0x3000 && c <= 0x303f) || (c >= 0xff00 && c <= 0xffef);
}
bool is_wide(unsigned c) { return c >= 0x2e80; }

/// True if no blank belongs between the last character of `left` and the first one of `right`.
bool needs_no_blank(std::string_view left, std::string_view right) {
  const unsigned before = left.size() < 3 ? 0 : three_bytes_at(left, left.size() - 3);
  const unsigned after = three_bytes_at(right, 0);
  return (is_wide(before) && is_wide(after)) || is_wide_mark(before) || is_wide_mark(after);
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// A line, with those that belong to it in bash: of a loop, a quote, a here-document.
std::string_view take_command(std::string_view& text) {
  const std::size_t length = command::first_line_length(text);
  std::string_view command = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  if (command.find('\n') == std::string_view::npos) return trim(command);
  command.remove_prefix(command.find_first_not_of(" \t\r"));
  return command;
}

}  // namespace

std::vector<Error> Problems::take() {
  std::ranges::stable_sort(errors_, {},
                           [](const Error& e) { return std::tuple(e.where.line, e.where.column); });
  return std::move(errors_);
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string_view>& known) {
  const std::string_view word = command::close_match(typed, known);
  return word.empty() ? std::string() : fmt::format("did you mean '{}'?", word);
}

std::string fold_text(std::string_view text) {
  std::string folded;
  bool open = false;  // the last line may be continued
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view raw = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::string_view line = trim(raw);
    if (line.empty()) {
      while (!folded.empty() && !folded.ends_with("\n\n")) folded += '\n';
      open = false;
      continue;
    }
    const bool own_line = raw.starts_with(' ') || line.starts_with("- ");
    if (open && own_line) folded += '\n';
    if (open && !own_line && !needs_no_blank(folded, line)) folded += ' ';
    folded += own_line ? raw.substr(0, raw.find_last_not_of(" \r") + 1) : line;
    open = true;
    if (raw.starts_with(' ')) {
      folded += '\n';
      open = false;
    }
  }
  while (folded.ends_with('\n')) folded.pop_back();
  // A folded YAML scalar has joined its lines with blanks already.
  std::string joined;
  bool inside = false;  // the blanks that start a line, or follow its "-", mean something
  for (std::size_t i = 0; i < folded.size();) {
    const std::size_t blanks = std::min(folded.find_first_not_of(' ', i), folded.size()) - i;
    const std::string_view rest = std::string_view(folded).substr(i + blanks);
    if (!inside || !needs_no_blank(joined, rest)) joined.append(blanks, ' ');
    i += blanks;
    if (rest.empty()) break;
    joined += folded[i++];
    inside = joined.back() != '\n' && (inside || joined.back() != '-');
  }
  return joined;
}

Fields::Fields(const YamlTree& tree, const YamlNode& node, const ObjectSpec& spec,
               Problems& problems)
    : tree_(tree), spec_(spec), problems_(problems), where_(node.where) {
  if (node.kind == NodeKind::kMap) {
    check_keys(node);
  } else {
    problems_.add(node.where, fmt::format("{} is {} here, and must be a map of keys and values",
                                          spec.what, describe(node)));
  }
}

void Fields::check_keys(const YamlNode& node) {
  std::vector<std::string_view> known;
  for (const KeySpec& key : spec_.keys) known.push_back(key.name);
  std::map<std::string_view, int, std::less<>> seen;  // key → line
  for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = tree_[node.items[i]];
    const YamlNode& value = tree_[node.items[i + 1]];
    if (key.kind != NodeKind::kScalar) {
      problems_.add(key.where, fmt::format("a key of {} must be a word", spec_.what));
      continue;
    }
    if (const auto [at, fresh] = seen.emplace(key.value, key.where.line); !fresh) {
      problems_.add(key.where, fmt::format("{} has the key {} twice (first in line {})", spec_.what,
                                           quoted(key.value), at->second));
      continue;
    }
    const KeySpec* const spec = spec_.find(key.value);
    if (spec == nullptr) {
      std::string hint = did_you_mean(key.value, known);
      if (hint.empty()) hint = fmt::format("keys are {}", fmt::join(known, ", "));
      problems_.add(key.where, fmt::format("{} has no key {}", spec_.what, quoted(key.value)),
                    std::move(hint));
    } else if (value.kind == NodeKind::kNull && spec->kind != ValueKind::kString) {
      problems_.add(key.where, fmt::format("'{}' has no value", spec->name),
                    "give one, or leave the key out");
    } else {
      entries_.push_back({spec, &value});
    }
  }
  for (const KeySpec& key : spec_.keys) {
    if (key.required && !seen.contains(key.name)) {
      problems_.add(node.where, fmt::format("{} needs the key '{}'", spec_.what, key.name));
    }
  }
  const auto given =
      std::ranges::count_if(spec_.one_of, [&](std::string_view k) { return seen.contains(k); });
  if (!spec_.one_of.empty() && given != 1) {
    problems_.add(node.where,
                  fmt::format("{} needs {} of the keys '{}'{}", spec_.what,
                              given == 0 ? "one" : "only one", fmt::join(spec_.one_of, "', '"),
                              given == 0 ? "" : fmt::format(", not {}", given)));
  }
}

const YamlNode* Fields::find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, [](const Entry& e) { return e.spec->name; });
  return found == entries_.end() ? nullptr : found->value;
}

Mark Fields::where(std::string_view key) const {
  const YamlNode* const node = find(key);
  return node == nullptr ? where_ : node->where;
}

const YamlNode* Fields::get(std::string_view key, ValueKind kind) const {
  const KeySpec* const spec = spec_.find(key);
  LVSLAB_CHECK(spec != nullptr && spec->kind == kind, "the loader and its key table disagree");
  return find(key);
}

void Fields::wrong_kind(const YamlNode& node, std::string_view key, std::string_view wanted) const {
  problems_.add(node.where,
                fmt::format("'{}' is {} here, and must be {}", key, describe(node), wanted));
}

const YamlNode* Fields::scalar(std::string_view key, ValueKind kind) const {
  const YamlNode* const node = get(key, kind);
  if (node == nullptr || node->kind == NodeKind::kScalar) return node;
  if (node->kind == NodeKind::kNull) {
    problems_.add(node->where, fmt::format("'{}' has no value", key), "write \"\" for no text");
  } else {
    wrong_kind(*node, key, "a single value");
  }
  return nullptr;
}

std::vector<const YamlNode*> Fields::scalars(std::string_view key, ValueKind kind) const {
  std::vector<const YamlNode*> found;
  const YamlNode* const node = get(key, kind);
  if (node == nullptr) return found;
  if (node->kind == NodeKind::kScalar) {
    found.push_back(node);
  } else if (node->kind == NodeKind::kList) {
    for (const std::uint32_t item : node->items) {
      if (tree_[item].kind == NodeKind::kScalar) {
        found.push_back(&tree_[item]);
      } else {
        problems_.add(tree_[item].where,
                      fmt::format("an item of '{}' is {} here, and must be a single value", key,
                                  describe(tree_[item])));
      }
    }
  } else {
    wrong_kind(*node, key, "a single value or a list of them");
  }
  return found;
}

Text Fields::text(std::string_view key) const {
  const YamlNode* const node = get(key, ValueKind::kText);
  Text text;
  if (node == nullptr) return text;
  if (node->kind == NodeKind::kScalar) {
    text.en = fold_text(node->value);
    return text;
  }
  if (node->kind != NodeKind::kMap) {
    wrong_kind(*node, key, "a text, or a map with 'en' and 'zh'");
    return text;
  }
  for (std::size_t i = 0; i + 1 < node->items.size(); i += 2) {
    const YamlNode& language = tree_[node->items[i]];
    const YamlNode& value = tree_[node->items[i + 1]];
    std::string* const slot = language.value == "en"   ? &text.en
                              : language.value == "zh" ? &text.zh
                                                       : nullptr;
    if (slot == nullptr) {
      problems_.add(language.where,
                    fmt::format("'{}' has no language {}", key, quoted(language.value)),
                    "languages are en and zh");
    } else if (!slot->empty()) {
      problems_.add(language.where,
                    fmt::format("'{}' has the language '{}' twice", key, language.value));
    } else if (value.kind != NodeKind::kScalar) {
      problems_.add(value.where, fmt::format("'{}' in '{}' is {} here, and must be a text",
                                             language.value, key, describe(value)));
    } else {
      *slot = fold_text(value.value);
    }
  }
  return text;
}

std::optional<Located> Fields::string(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kString);
  if (node == nullptr) return std::nullopt;
  return Located{node->value, node->where};
}

std::optional<std::size_t> Fields::word(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kWord);
  if (node == nullptr) return std::nullopt;
  const auto words = spec_.find(key)->words;
  const auto found = std::ranges::find(words, node->value);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string hint = did_you_mean(node->value, {words.begin(), words.end()});
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(words, ", "));
  problems_.add(node->where, fmt::format("'{}' cannot be {}", key, quoted(node->value)), hint);
  return std::nullopt;
}

bool Fields::boolean(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kBool);
  if (node == nullptr || node->value == "false") return false;
  if (node->value != "true") {
    problems_.add(node->where, fmt::format("'{}' cannot be {}", key, quoted(node->value)),
                  "write true or false");
  }
  return true;
}

std::optional<std::int64_t> Fields::integer(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kInteger);
  if (node == nullptr) return std::nullopt;
  const KeySpec& spec = *spec_.find(key);
  const std::string& text = node->value;
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec == std::errc() && end == text.data() + text.size() && value >= spec.min &&
      value <= spec.max) {
    return value;
  }
  problems_.add(node->where, fmt::format("'{}' cannot be {}", key, quoted(text)),
                spec.max == INT64_MAX
                    ? fmt::format("a whole number, {} or more", spec.min)
                    : fmt::format("a whole number from {} to {}", spec.min, spec.max));
  return std::nullopt;
}

namespace {

template <class T>
std::optional<T> unit_or_problem(const YamlNode* node, std::expected<T, UnitError> value,
                                 Problems& problems) {
  if (value) return *value;
  problems.add(node->where, value.error().message, value.error().hint);
  return std::nullopt;
}

}  // namespace

std::optional<SimDuration> Fields::duration(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kDuration);
  if (node == nullptr) return std::nullopt;
  return unit_or_problem(node, parse_duration(node->value), problems_);
}

std::optional<SimTime> Fields::time(std::string_view key) const {
  const auto since_start = duration(key);
  if (!since_start) return std::nullopt;
  return SimTime{} + *since_start;
}

std::optional<std::uint64_t> Fields::rate(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kRate);
  if (node == nullptr) return std::nullopt;
  return unit_or_problem(node, parse_rate(node->value), problems_);
}

std::optional<std::uint32_t> Fields::share(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kShare);
  if (node == nullptr) return std::nullopt;
  return unit_or_problem(node, parse_share(node->value), problems_);
}

std::optional<MacAddr> Fields::mac(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kMac);
  if (node == nullptr) return std::nullopt;
  const auto mac = MacAddr::parse(node->value);
  if (!mac) {
    problems_.add(node->where, fmt::format("{} is not a MAC address", quoted(node->value)),
                  "write six bytes in hexadecimal: 02:00:00:00:01:00");
  } else if (mac->is_multicast() || mac->is_zero()) {
    problems_.add(node->where, fmt::format("{} cannot be a NIC's own address", quoted(node->value)),
                  mac->is_zero() ? "it is all zero" : "it is a group address (odd first byte)");
  } else {
    return mac;
  }
  return std::nullopt;
}

std::optional<Ipv4Addr> Fields::address(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kAddress);
  if (node == nullptr) return std::nullopt;
  const auto address = Ipv4Addr::parse(node->value);
  if (!address) {
    problems_.add(node->where, fmt::format("{} is not an IPv4 address", quoted(node->value)),
                  node->value.find('/') == std::string::npos ? "write 192.168.80.1"
                                                             : "leave the prefix length out");
  }
  return address;
}

std::optional<Ipv4Prefix> Fields::prefix(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kPrefix);
  if (node == nullptr) return std::nullopt;
  if (node->value == "default") return Ipv4Prefix{{}, 0};
  const auto prefix = Ipv4Prefix::parse(node->value);
  if (!prefix) {
    problems_.add(node->where, fmt::format("{} is not an IPv4 prefix", quoted(node->value)),
                  "write 10.0.0.0/8 or default");
  } else if (prefix->network() != prefix->addr) {
    problems_.add(
        node->where, fmt::format("{} has bits beyond its prefix", quoted(node->value)),
        fmt::format("the network is {}", Ipv4Prefix{prefix->network(), prefix->len}.to_string()));
    return std::nullopt;
  }
  return prefix;
}

std::vector<std::pair<Ipv4Prefix, Mark>> Fields::prefixes(std::string_view key) const {
  std::vector<std::pair<Ipv4Prefix, Mark>> found;
  for (const YamlNode* const node : scalars(key, ValueKind::kPrefixes)) {
    const auto prefix = Ipv4Prefix::parse(node->value);
    if (!prefix) {
      problems_.add(node->where, fmt::format("{} is not an IPv4 address", quoted(node->value)),
                    "write an address with its prefix length: 192.168.80.10/24");
    } else if (node->value.find('/') == std::string::npos) {
      problems_.add(node->where, fmt::format("{} has no prefix length", quoted(node->value)),
                    fmt::format("did you mean '{}/24'?", node->value));
    } else {
      found.emplace_back(*prefix, node->where);
    }
  }
  return found;
}

std::optional<Ipv6Addr> Fields::address6(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kAddress6);
  if (node == nullptr) return std::nullopt;
  const auto address = Ipv6Addr::parse(node->value);
  if (!address) {
    problems_.add(node->where, fmt::format("{} is not an IPv6 address", quoted(node->value)),
                  node->value.find('/') == std::string::npos ? "write 2001:db8::1"
                                                             : "leave the prefix length out");
  }
  return address;
}

std::optional<Ipv6Prefix> Fields::prefix6(std::string_view key) const {
  const YamlNode* const node = scalar(key, ValueKind::kPrefix6);
  if (node == nullptr) return std::nullopt;
  if (node->value == "default") return Ipv6Prefix{{}, 0};
  const auto prefix = Ipv6Prefix::parse(node->value);
  if (!prefix) {
    problems_.add(node->where, fmt::format("{} is not an IPv6 prefix", quoted(node->value)),
                  "write 2001:db8::/32 or default");
  } else if (prefix->network() != prefix->addr) {
    problems_.add(
        node->where, fmt::format("{} has bits beyond its prefix", quoted(node->value)),
        fmt::format("the network is {}", Ipv6Prefix{prefix->network(), prefix->len}.to_string()));
    return std::nullopt;
  }
  return prefix;
}

std::vector<std::pair<Ipv6Prefix, Mark>> Fields::prefixes6(std::string_view key) const {
  std::vector<std::pair<Ipv6Prefix, Mark>> found;
  for (const YamlNode* const node : scalars(key, ValueKind::kPrefixes6)) {
    const auto prefix = Ipv6Prefix::parse(node->value);
    if (!prefix) {
      problems_.add(node->where, fmt::format("{} is not an IPv6 address", quoted(node->value)),
                    "write an address with its prefix length: 2001:db8::10/64");
    } else if (node->value.find('/') == std::string::npos) {
      problems_.add(node->where, fmt::format("{} has no prefix length", quoted(node->value)),
                    fmt::format("did you mean '{}/64'?", node->value));
    } else {
      found.emplace_back(*prefix, node->where);
    }
  }
  return found;
}

std::vector<Located> Fields::strings(std::string_view key) const {
  std::vector<Located> found;
  for (const YamlNode* const node : scalars(key, ValueKind::kStrings)) {
    found.push_back({node->value, node->where});
  }
  return found;
}

std::vector<CommandLine> Fields::lines(std::string_view key) const {
  std::vector<CommandLine> found;
  for (const YamlNode* const node : scalars(key, ValueKind::kLines)) {
    std::string_view rest = node->value;
    for (std::size_t index = 0; !rest.empty();) {
      const Mark where = tree_.line_of(*node, index);
      const std::string_view command = take_command(rest);
      index += 1 + static_cast<std::size_t>(std::ranges::count(command, '\n'));
      if (!command.empty()) found.push_back({std::string(command), where});
    }
  }
  return found;
}

std::optional<NicRef> Fields::nic(std::string_view key) const {
  const bool target = spec_.find(key) != nullptr && spec_.find(key)->kind == ValueKind::kTarget;
  const YamlNode* const node = scalar(key, target ? ValueKind::kTarget : ValueKind::kNic);
  if (node == nullptr) return std::nullopt;
  const std::string& text = node->value;
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos && target) return NicRef{text, ""};
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) {
    problems_.add(node->where, fmt::format("{} is not an interface", quoted(text)),
                  "write HOST/NIC, as node01/eth0");
    return std::nullopt;
  }
  return NicRef{text.substr(0, slash), text.substr(slash + 1)};
}

std::vector<std::pair<Located, std::string>> Fields::settings(std::string_view key) const {
  std::vector<std::pair<Located, std::string>> found;
  const YamlNode* const node = get(key, ValueKind::kSettings);
  if (node == nullptr) return found;
  if (node->kind != NodeKind::kMap) {
    wrong_kind(*node, key, "a map of names and values");
    return found;
  }
  for (std::size_t i = 0; i + 1 < node->items.size(); i += 2) {
    const YamlNode& name = tree_[node->items[i]];
    const YamlNode& value = tree_[node->items[i + 1]];
    const bool twice = std::ranges::any_of(
        found, [&](const auto& pair) { return pair.first.value == name.value; });
    if (name.kind != NodeKind::kScalar || value.kind != NodeKind::kScalar) {
      problems_.add(value.kind == NodeKind::kScalar ? name.where : value.where,
                    fmt::format("{} in '{}' needs a single value", quoted(name.value), key));
    } else if (twice) {
      problems_.add(name.where, fmt::format("'{}' has the key {} twice", key, quoted(name.value)));
    } else {
      found.push_back({{name.value, name.where}, value.value});
    }
  }
  return found;
}

const YamlNode* Fields::object(std::string_view key) const { return get(key, ValueKind::kObject); }

std::vector<const YamlNode*> Fields::objects(std::string_view key) const {
  std::vector<const YamlNode*> found;
  const YamlNode* const node = get(key, ValueKind::kObjects);
  if (node == nullptr) return found;
  if (node->kind == NodeKind::kList) {
    for (const std::uint32_t item : node->items) found.push_back(&tree_[item]);
  } else {
    wrong_kind(*node, key, "a list: each item starts with '- '");
  }
  return found;
}

}  // namespace lvslab::scenario
