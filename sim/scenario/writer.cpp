#include "sim/scenario/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/scenario/units.h"

namespace lvslab::scenario {
namespace {

bool is_plain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=~").find(text.front()) != std::string_view::npos) {
    // A dash or colon may start a word ("-n", ":80"), but not stand alone.
    const bool word = (text.front() == '-' || text.front() == ':') && text.size() > 1 &&
                      text[1] != ' ' && text[1] != '-';
    if (!word) return false;
  }
  static constexpr std::array<std::string_view, 6> kWords = {"null", "Null",  "NULL",
                                                             "true", "false", "---"};
  if (std::ranges::find(kWords, text) != kWords.end()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    const bool comment = c == '#' && i > 0 && text[i - 1] == ' ';
    const bool key = c == ':' && i + 1 < text.size() && text[i + 1] == ' ';
    if (control || comment || key) return false;
  }
  return !text.starts_with("...");
}

bool is_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n' ||
      text.front() == '\t' || text.ends_with("\n\n")) {
    return false;
  }
  // A line of blanks only would be lost, or taken for the block's indentation.
  bool blank = true;
  for (const char c : text) {
    if (c != '\n' && static_cast<unsigned char>(c) < 0x20 && c != '\t') return false;
    if (c == 0x7f) return false;
    if (c == '\n') {
      blank = true;
    } else if (blank && (c == ' ' || c == '\t')) {
      return false;
    } else {
      blank = false;
    }
  }
  return true;
}

std::string in_quotes(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': quoted += "\\\""; break;
      case '\\': quoted += "\\\\"; break;
      case '\n': quoted += "\\n"; break;
      case '\t': quoted += "\\t"; break;
      case '\r': quoted += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          quoted += c;
        }
    }
  }
  return quoted + "\"";
}

class Writer {
 public:
  explicit Writer(const Scenario& scenario) : scenario_(scenario) {}

  std::string write() {
    pair(0, "name", scenario_.name);
    text(0, "title", scenario_.title, true);
    text(0, "summary", scenario_.summary);
    text(0, "lesson", scenario_.lesson);
    if (scenario_.difficulty) pair(0, "difficulty", to_string(*scenario_.difficulty));
    line(0, fmt::format("seed: {}", scenario_.seed));
    if (scenario_.until) pair(0, "until", time(*scenario_.until));
    if (scenario_.settle != Scenario{}.settle) {
      pair(0, "settle", duration_to_text(scenario_.settle));
    }
    if (!scenario_.switches.empty()) line(0, "\nswitches:");
    for (const Switch& sw : scenario_.switches) write_switch(sw);
    line(0, "\nhosts:");
    for (const Host& host : scenario_.hosts) write_host(host);
    if (!scenario_.timeline.empty()) line(0, "\ntimeline:");
    for (const TimelineItem& item : scenario_.timeline) write_item(item);
    if (!scenario_.expectations.empty()) line(0, "\nexpect:");
    for (const Expectation& expectation : scenario_.expectations) write_expectation(expectation);
    if (!scenario_.ignores.empty()) line(0, "\ncompare:");
    for (const Ignore& ignore : scenario_.ignores) write_ignore(ignore);
    return std::move(out_);
  }

 private:
  using Pairs = std::vector<std::pair<std::string_view, std::string>>;

  void line(int indent, std::string_view content) {
    // The first line of a list item carries its dash.
    const int dash = std::exchange(dash_, false) ? 2 : 0;
    out_ += fmt::format("{:{}}{}{}\n", "", indent - dash, dash > 0 ? "- " : "", content);
  }
  void item() { dash_ = true; }
  void pair(int indent, std::string_view key, std::string_view value) {
    line(indent, fmt::format("{}: {}", yaml_scalar(key, 0), yaml_scalar(value, indent + 2)));
  }
  void text(int indent, std::string_view key, const Text& text, bool even_if_empty = false) {
    if (text.empty()) {
      if (even_if_empty) pair(indent, key, "");
      return;
    }
    if (text.zh.empty()) return pair(indent, key, text.en);
    line(indent, fmt::format("{}:", key));
    if (!text.en.empty()) pair(indent + 2, "en", text.en);
    pair(indent + 2, "zh", text.zh);
  }
  void list(int indent, std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    line(indent, fmt::format("{}:", key));
    for (const std::string& value : values) {
      item();
      line(indent + 4, yaml_scalar(value, indent + 4));
    }
  }
  void flow(int indent, std::string_view key, const Pairs& pairs) {
    std::string content;
    for (const auto& [name, value] : pairs) {
      content += fmt::format("{}{}: {}", content.empty() ? "" : ", ", name, value);
    }
    if (!content.empty()) line(indent, fmt::format("{}: {{{}}}", key, content));
  }
  static std::string time(SimTime at) { return duration_to_text(at - SimTime{}); }

  void link(int indent, const LinkProperties& link, const LinkProperties& usual) {
    Pairs pairs;
    if (link.delay != usual.delay) pairs.emplace_back("delay", duration_to_text(link.delay));
    if (link.jitter != usual.jitter) pairs.emplace_back("jitter", duration_to_text(link.jitter));
    if (link.rate_bps != usual.rate_bps) pairs.emplace_back("rate", rate_to_text(link.rate_bps));
    if (link.loss_ppm != usual.loss_ppm) pairs.emplace_back("loss", share_to_text(link.loss_ppm));
    if (link.duplicate_ppm != usual.duplicate_ppm) {
      pairs.emplace_back("duplicate", share_to_text(link.duplicate_ppm));
    }
    if (link.mtu != usual.mtu) pairs.emplace_back("mtu", fmt::format("{}", link.mtu));
    flow(indent, "link", pairs);
  }

  void write_switch(const Switch& sw) {
    item();
    pair(4, "name", sw.name);
    link(4, sw.link, {});
    std::vector<std::string> uplinks;
    for (const Uplink& uplink : sw.uplinks) uplinks.push_back(uplink.to);
    list(4, "uplinks", uplinks);
  }

  void write_host(const Host& host) {
    item();
    pair(4, "name", host.name);
    if (host.role != Role::kHost) pair(4, "role", to_string(host.role));
    const auto index = static_cast<std::size_t>(&host - scenario_.hosts.data());
    if (!host.nics.empty()) line(4, "nics:");
    for (std::size_t n = 0; n < host.nics.size(); ++n) {
      write_nic(host.nics[n], default_mac(index, n));
    }
    if (!host.routes.empty()) line(4, "routes:");
    for (const Route& route : host.routes) {
      item();
      pair(8, "to", route.dst.len == 0 ? "default" : route.dst.to_string());
      if (!route.via.is_any()) pair(8, "via", route.via.to_string());
      if (!route.dev.empty()) pair(8, "dev", route.dev);
    }
    if (!host.routes6.empty()) line(4, "routes6:");
    for (const Route6& route : host.routes6) {
      item();
      pair(8, "to", route.dst.len == 0 ? "default" : route.dst.to_string());
      if (!route.via.is_any()) pair(8, "via", route.via.to_string());
      if (!route.dev.empty()) pair(8, "dev", route.dev);
    }
    if (!host.sysctls.empty()) line(4, "sysctls:");
    for (const Sysctl& sysctl : host.sysctls) pair(6, sysctl.key, sysctl.value);
    if (!host.files.empty()) line(4, "files:");
    for (const File& file : host.files) pair(6, file.path, file.content);
    commands(4, "setup", host.setup);
  }

  void write_nic(const Nic& nic, MacAddr usual_mac) {
    item();
    pair(8, "name", nic.name);
    if (nic.mac != usual_mac) pair(8, "mac", nic.mac.to_string());
    std::vector<std::string> addresses;
    for (const Ipv4Prefix& address : nic.addresses) addresses.push_back(address.to_string());
    list(8, "addresses", addresses);
    std::vector<std::string> addresses6;
    for (const Ipv6Prefix& address : nic.addresses6) addresses6.push_back(address.to_string());
    list(8, "addresses6", addresses6);
    const Switch* const sw = scenario_.find_switch(nic.switch_name);
    if (sw != nullptr) pair(8, "switch", nic.switch_name);
    if (nic.peer) pair(8, "peer", nic.peer->to_string());
    link(8, nic.link, sw == nullptr ? LinkProperties{} : sw->link);
  }

  void commands(int indent, std::string_view key, const std::vector<CommandLine>& lines) {
    if (lines.size() == 1) return pair(indent, key, lines.front().text);
    std::vector<std::string> texts;
    for (const CommandLine& command : lines) texts.push_back(command.text);
    list(indent, key, texts);
  }

  void write_item(const TimelineItem& step) {
    item();
    if (step.at) pair(4, "at", time(*step.at));
    if (step.after) pair(4, "after", duration_to_text(*step.after));
    if (const Run* const run = std::get_if<Run>(&step.action)) {
      pair(4, "on", run->host);
      commands(4, "run", run->lines);
      if (run->background) line(4, "background: true");
      if (run->expect) write_output(*run->expect);
    } else {
      write_fault(std::get<Fault>(step.action));
    }
    text(4, "note", step.note);
  }

  void write_fault(const Fault& fault) {
    pair(4, "fault", to_string(fault.kind));
    pair(4, "target", fault.nic.empty() ? fault.host : fault.host + "/" + fault.nic);
    if (fault.kind == FaultKind::kLoss || fault.kind == FaultKind::kDuplicate) {
      pair(4, "share", share_to_text(fault.ppm));
    }
    if (fault.kind != FaultKind::kDelay) return;
    pair(4, "delay", duration_to_text(fault.delay));
    if (fault.jitter != SimDuration{}) pair(4, "jitter", duration_to_text(fault.jitter));
  }

  void write_output(const OutputExpectation& expect) {
    if (expect == OutputExpectation{}) return line(4, "expect: {}");
    line(4, "expect:");
    if (expect.status) line(6, fmt::format("status: {}", *expect.status));
    if (expect.output) pair(6, "output", *expect.output);
    list(6, "output-has", expect.has);
    list(6, "output-lacks", expect.lacks);
    if (expect.matches) pair(6, "output-matches", *expect.matches);
    if (expect.lines) line(6, fmt::format("lines: {}", *expect.lines));
    text(6, "why", expect.why);
  }

  void bounds(const CountBounds& bounds) {
    if (bounds.count) line(8, fmt::format("count: {}", *bounds.count));
    if (bounds.at_least) line(8, fmt::format("at-least: {}", *bounds.at_least));
    if (bounds.at_most) line(8, fmt::format("at-most: {}", *bounds.at_most));
  }

  void check(const PacketExpectation& packets) {
    line(4, "packets:");
    pair(8, "at", packets.at.to_string());
    if (packets.direction != Direction::kAny) pair(8, "direction", to_string(packets.direction));
    if (!packets.filter.empty()) pair(8, "filter", packets.filter);
    bounds(packets.bounds);
    if (packets.from != SimTime{}) pair(8, "from", time(packets.from));
    if (packets.until) pair(8, "until", time(*packets.until));
  }
  void check(const TableExpectation& table) {
    line(4, "table:");
    pair(8, "host", table.host);
    pair(8, "table", to_string(table.table));
    if (table.at) pair(8, "at", time(*table.at));
    list(8, "has", table.has);
    list(8, "lacks", table.lacks);
    if (table.lines) line(8, fmt::format("lines: {}", *table.lines));
  }
  void check(const ReasonExpectation& reason) {
    line(4, "reason:");
    pair(8, "code", reason.code);
    if (!reason.host.empty()) pair(8, "host", reason.host);
    bounds(reason.bounds);
  }

  void write_expectation(const Expectation& expectation) {
    item();
    std::visit([this](const auto& one) { check(one); }, expectation.check);
    text(4, "why", expectation.why);
  }

  void ignored(const IgnoredPackets& packets) {
    line(6, "packets:");
    pair(8, "at", packets.at.to_string());
    if (packets.direction != Direction::kAny) pair(8, "direction", to_string(packets.direction));
    if (!packets.filter.empty()) pair(8, "filter", packets.filter);
    if (!packets.field.empty()) pair(8, "field", packets.field);
  }
  void ignored(const IgnoredOutput& output) {
    line(6, "output:");
    pair(8, "on", output.host);
    pair(8, "line", output.line);
    if (!output.has.empty()) pair(8, "has", output.has);
  }
  void ignored(const IgnoredTable& table) {
    line(6, "table:");
    pair(8, "host", table.host);
    pair(8, "table", to_string(table.table));
    if (!table.has.empty()) pair(8, "has", table.has);
  }

  void write_ignore(const Ignore& ignore) {
    item();
    line(4, "ignore:");
    std::visit([this](const auto& one) { ignored(one); }, ignore.what);
    text(4, "why", ignore.why);
  }

  const Scenario& scenario_;
  std::string out_;
  bool dash_ = false;
};

}  // namespace

std::string yaml_scalar(std::string_view text, int indent) {
  if (is_plain(text)) return std::string(text);
  if (!is_block(text)) return in_quotes(text);
  std::string block = text.ends_with('\n') ? "|" : "|-";
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    block += line.empty() ? "\n" : fmt::format("\n{:{}}{}", "", indent, line);
    at = end + 1;
  }
  return block;
}

std::string to_yaml(const Scenario& scenario) { return Writer(scenario).write(); }

}  // namespace lvslab::scenario
