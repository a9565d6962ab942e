#include "sim/keepalived/conf_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "sim/command/close_match.h"

namespace lvslab::keepalived {

// --- the engine ----------------------------------------------------------------------------------

ConfReader::ConfReader(const ConfHost& host, const ReadOptions& options)
    : host_(host), options_(options), lines_(host, options.config_id, out_.messages) {}

ReadConf ConfReader::read(const std::string& path) {
  if (!lines_.open(path)) {
    report_whole("Failed to open configuration file");
    out_.conf.usable = false;
    return std::move(out_);
  }
  read_block(root_keywords(), true);
  if (const int open = lines_.open_blocks(); open > 0 && !stopped_) {
    for (const ConfPhase phase :
         {ConfPhase::kParent, ConfPhase::kChecker, ConfPhase::kVrrp, ConfPhase::kBfd}) {
      phase_ = phase;
      report_whole(fmt::format("There are {} missing '}}'s or extra '{{'s", open));
    }
  }
  if (!stopped_) {
    settle_checkers(*this);
    settle_vrrp(*this);
  }
  std::ranges::stable_sort(out_.messages, {}, &ConfMessage::phase);
  return std::move(out_);
}

std::optional<ConfLine> ConfReader::next() {
  if (stopped_) return std::nullopt;
  if (pushed_back_) return std::exchange(pushed_back_, std::nullopt);
  auto line = lines_.next();
  if (line) where_ = line->where;
  return line;
}

void ConfReader::read_block(std::span<const Keyword> keywords, bool is_root) {
  while (auto line = next()) {
    if (line->is("}")) {
      if (!is_root) return;
      report_everywhere("Unknown keyword '}'");
      continue;
    }
    if (line->is("{")) {
      report("Unexpected '{' - ignoring");
      continue;
    }
    const auto keyword = std::ranges::find(keywords, line->words.front(), &Keyword::name);
    if (is_root) phase_ = ConfPhase::kParent;
    if (keyword == keywords.end()) {
      unknown(*line, keywords, is_root);
      continue;
    }
    apply(*keyword, *line);
  }
}

void ConfReader::apply(const Keyword& keyword, const ConfLine& line) {
  if (keyword.use == Keyword::Use::kUnmodelled) {
    advise(fmt::format("'{}' is not modelled and changes nothing here", keyword.name),
           ConfMessage::Kind::kUnmodelled);
  }
  if (keyword.use != Keyword::Use::kModelled) {
    if (keyword.takes_values) skip_block();
    return;
  }
  if (keyword.handle != nullptr) keyword.handle(*this, line);
  if (keyword.block.empty()) return;
  auto brace = next();
  if (brace && !brace->is("{")) {
    report("Missing '{' at beginning of configuration block");
    pushed_back_ = std::move(brace);
  }
  if (std::exchange(skip_block_, false)) {
    pushed_back_ = ConfLine{{"{"}, "{", where_};
    skip_block();
    return;
  }
  read_block(keyword.block, false);
  if (keyword.close != nullptr && !stopped_) keyword.close(*this);
}

void ConfReader::unknown(const ConfLine& line, std::span<const Keyword> keywords, bool is_root) {
  const std::string& name = line.words.front();
  const std::string text = fmt::format("Unknown keyword '{}'", name);
  if (is_root) {
    report_everywhere(text);
  } else {
    report(text);
  }
  std::vector<std::string_view> names;
  for (const Keyword& keyword : keywords) names.push_back(keyword.name);
  const std::string_view close = command::close_match(name, names);
  if (!close.empty()) advise(fmt::format("did you mean '{}'?", close));
}

void ConfReader::begin_values(const ConfLine& line) {
  if (line.words.size() > 1) {
    report(fmt::format("Block {} has extra parameters {} ...", line.words[0], line.words[1]));
  }
  auto brace = next();
  if (!brace || brace->is("{")) return;
  report(fmt::format("'{{' missing from beginning of block {}", line.words.front()));
  pushed_back_ = std::move(brace);
}

std::optional<ConfLine> ConfReader::next_value() {
  auto value = next();
  if (value && value->is("}")) return std::nullopt;
  return value;
}

void ConfReader::skip_block() {
  auto line = next();
  if (!line) return;
  if (!line->is("{")) {
    pushed_back_ = std::move(line);
    return;
  }
  for (int depth = 1; depth > 0;) {
    line = next();
    if (!line) return;
    if (line->is("{")) ++depth;
    if (line->is("}")) --depth;
  }
}

// --- messages ------------------------------------------------------------------------------------

void ConfReader::report(std::string text) {
  out_.messages.push_back({.text = std::move(text), .where = where_, .phase = phase_});
}

void ConfReader::report_everywhere(const std::string& text) {
  for (const ConfPhase phase :
       {ConfPhase::kParent, ConfPhase::kChecker, ConfPhase::kVrrp, ConfPhase::kBfd}) {
    out_.messages.push_back({.text = text, .where = where_, .phase = phase});
  }
}

void ConfReader::advise(std::string text, ConfMessage::Kind kind) {
  out_.messages.push_back(
      {.kind = kind, .text = std::move(text), .where = where_, .phase = phase_});
}

void ConfReader::report_whole(std::string text) {
  out_.messages.push_back({.text = std::move(text), .phase = phase_});
}

void ConfReader::note(std::string text) {
  out_.messages.push_back(
      {.kind = ConfMessage::Kind::kNoted, .text = std::move(text), .phase = phase_});
}

std::string logged(const ConfMessage& message) {
  if (message.where.line == 0) return message.text;
  if (message.phase == ConfPhase::kParent) {
    return fmt::format("(Line {}) {}", message.where.line, message.text);
  }
  return fmt::format("({}: Line {}) {}", message.where.file, message.where.line, message.text);
}

std::string located(const ConfMessage& message) {
  return Error{message.text, message.where}.to_string();
}

// --- parameters ----------------------------------------------------------------------------------

const std::string& ConfReader::word(const ConfLine& line, std::size_t index) {
  if (index < line.words.size()) return line.words[index];
  // null_strvec() in lib/parser.c ends the process.
  report(
      fmt::format("*** Configuration line starting `{}` is missing a parameter after keyword "
                  "`{}` at word position {}",
                  line.words.front(), line.words.back(), index + 1));
  stopped_ = true;
  out_.conf.usable = false;
  return empty_;
}

std::optional<std::uint32_t> ConfReader::number(const ConfLine& line, std::size_t index,
                                                std::uint32_t min, std::uint32_t max,
                                                bool lenient) {
  const std::string& text = word(line, index);
  if (stopped_) return std::nullopt;
  lenient = lenient && !options_.testing;
  const std::string_view warn = lenient ? "WARNING - " : "";
  if (text.starts_with('-')) {
    report(fmt::format("{}negative number '{}'", warn, text));
    return std::nullopt;
  }
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  const bool too_large =
      error == std::errc::result_out_of_range || value > std::numeric_limits<std::uint32_t>::max();
  const bool in_range = !too_large && value >= min && value <= max;
  if (error == std::errc::invalid_argument || stop != end) {
    report(fmt::format("{}invalid number '{}'", warn, text));
    if (!lenient || !in_range || error == std::errc::invalid_argument) return std::nullopt;
  } else if (too_large) {
    report(fmt::format("{}number '{}' outside unsigned integer range", warn, text));
    return std::nullopt;
  } else if (!in_range) {
    report(fmt::format("{}number '{}' outside range [{}, {}]", warn, text, min, max));
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(value);
}

std::optional<int> ConfReader::signed_number(const ConfLine& line, std::size_t index, int min,
                                             int max) {
  const std::string& text = word(line, index);
  if (stopped_) return std::nullopt;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::invalid_argument || stop != end) {
    report(fmt::format("{}invalid number '{}'", options_.testing ? "" : "WARNING - ", text));
    return std::nullopt;
  }
  if (error != std::errc() || value < min || value > max) {
    report(fmt::format("number '{}' outside range [{}, {}]", text, min, max));
    return std::nullopt;
  }
  return static_cast<int>(value);
}

std::optional<SimDuration> ConfReader::seconds(const ConfLine& line, std::size_t index,
                                               SimDuration min, SimDuration max) {
  constexpr std::int64_t kMicro = 1'000'000;
  const std::string& text = word(line, index);
  if (stopped_) return std::nullopt;
  const std::string_view warn = options_.testing ? "" : "WARNING - ";
  if (text.starts_with('-')) {
    report(fmt::format("{}negative number '{}'", warn, text));
    return std::nullopt;
  }
  const std::size_t dot = std::min(text.find('.'), text.size());
  std::string decimals = dot < text.size() ? text.substr(dot + 1) : "";
  bool round_up = false;
  if (decimals.size() > 6) {
    report(fmt::format("{}number '{}' has too many decimal places", warn, text));
    round_up = decimals[6] >= '5';
    decimals.resize(6);
  }
  decimals.resize(6, '0');
  const std::string digits = text.substr(0, dot) + decimals;
  std::uint64_t micros = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), micros);
  if (error == std::errc::invalid_argument || stop != digits.data() + digits.size()) {
    report(fmt::format("{}invalid number '{}'", warn, text));
    return std::nullopt;
  }
  micros += round_up ? 1 : 0;
  const auto low = static_cast<std::uint64_t>(min.us());
  const auto high = static_cast<std::uint64_t>(max.us());
  if (error != std::errc() || micros < low || micros > high) {
    report(fmt::format("{}number '{}' outside range [{}.{:06}, {}.{:06}]", warn, text, low / kMicro,
                       low % kMicro, high / kMicro, high % kMicro));
    return std::nullopt;
  }
  return SimDuration{static_cast<std::int64_t>(micros) * 1'000};
}

std::optional<bool> ConfReader::flag(const ConfLine& line, std::size_t index) {
  if (line.words.size() <= index) return true;
  const std::string& text = line.words[index];
  if (text == "true" || text == "on" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "no") return false;
  return std::nullopt;
}

std::optional<Ipv4Addr> ConfReader::address(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    advise(fmt::format("{}: IPv6 is not modelled", text), ConfMessage::Kind::kUnmodelled);
    return std::nullopt;
  }
  return Ipv4Addr::parse(text);
}

Script ConfReader::script(const ConfLine& line) {
  // The user that scripts run as by default is missing everywhere; then it is root.
  bool& told = phase_ == ConfPhase::kVrrp ? vrrp_user_told_ : checker_user_told_;
  if (!told && out_.conf.global.script_user.empty()) {
    note("Script user 'keepalived_script' does not exist");
  }
  told = true;
  std::string text = line.text.substr(std::min(line.words.front().size(), line.text.size()));
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  // A command that is quoted as a whole is that command.
  const bool quoted = text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
                      text.find(text.front(), 1) == text.size() - 1;
  return {quoted ? text.substr(1, text.size() - 2) : text};
}

ReadConf read_conf(const ConfHost& host, const std::string& path, const ReadOptions& options) {
  return ConfReader(host, options).read(path);
}

// --- looking things up ---------------------------------------------------------------------------

const VrrpScript* Configuration::find_script(std::string_view name) const {
  const auto it = std::ranges::find(scripts, name, &VrrpScript::name);
  return it == scripts.end() ? nullptr : &*it;
}

const VirtualServerGroup* Configuration::find_group(std::string_view name) const {
  const auto it = std::ranges::find(groups, name, &VirtualServerGroup::name);
  return it == groups.end() ? nullptr : &*it;
}

// FMT_VS(): format_vs() in check/check_data.c.
std::string VirtualServer::name() const {
  if (!group.empty()) return fmt::format("[{}]:0", group);
  if (fwmark != 0) return fmt::format("FWM {}", fwmark);
  const std::string_view proto = protocol == ServiceProtocol::kUdp    ? "udp"
                                 : protocol == ServiceProtocol::kSctp ? "sctp"
                                 : protocol == ServiceProtocol::kTcp  ? "tcp"
                                                                      : "none";
  return fmt::format("[{}]:{}:{}", addr.to_string(), proto, port);
}

}  // namespace lvslab::keepalived
