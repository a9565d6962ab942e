#include "sim/compare/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "sim/compare/align.h"
#include "sim/compare/counters.h"
#include "sim/compare/rows.h"

namespace lvslab::compare {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr SimDuration kWholeSecond{kSecond + kTicks.ns};

/// A word of an output that is held against the other one with a tolerance.
struct Measure {
  enum class Kind : std::uint8_t { kLength, kWholeSeconds, kNeighState };
  Kind kind = Kind::kLength;
  SimDuration length{};
  std::string word;
};

/// A line with its tolerant words taken out of the text.
struct CleanLine {
  std::string as_printed;
  std::string text;
  std::vector<Measure> measures;
  std::string over;  ///< the flow that a socket in TIME_WAIT is left of
};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// A decimal number with at most nine decimals at the front of `text`, in billionths.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::size_t i = 0;
  std::int64_t whole = 0;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9' && i < 9) {
    whole = whole * 10 + (text[i++] - '0');
  }
  if (i == 0) return std::nullopt;
  std::int64_t value = whole * kSecond;
  if (i + 1 < text.size() && text[i] == '.' && text[i + 1] >= '0' && text[i + 1] <= '9') {
    std::int64_t unit = kSecond / 10;
    for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, unit /= 10) {
      value += (text[i] - '0') * unit;
    }
  }
  text.remove_prefix(i);
  return value;
}

/// Nanoseconds of one unit, and how it is written.
struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array kUnits{Unit{"msec", 1'000'000}, Unit{"ms", 1'000'000}, Unit{"usec", 1'000},
                            Unit{"us", 1'000}, Unit{"sec", kSecond}};

const Unit* unit_of(std::string_view word) {
  while (!word.empty() && (word.back() == ',' || word.back() == ')' || word.back() == '.')) {
    word.remove_suffix(1);
  }
  for (const Unit& unit : kUnits) {
    if (word == unit.name) return &unit;
  }
  return nullptr;
}

/// Reads one line of an output.
class Cleaner {
 public:
  /// `counters`: numbers are IPVS counters that may lag.
  Cleaner(const Printed& printed, bool counters)
      : printed_(printed),
        host_(printed.side.recording().trace.find_node(printed.entry.host)),
        netstat_(printed.entry.text.find("netstat") != std::string::npos),
        iproute_(printed.entry.text.starts_with("ip ")),
        counters_(counters) {}

  CleanLine clean(std::string_view line) {
    CleanLine out{.as_printed = std::string(line), .text = {}, .measures = {}, .over = {}};
    if (line.starts_with("Date: ") || line.starts_with("< Date: ")) {
      out.text = "Date: (date)";
      return out;
    }
    const std::vector<std::string_view> words = split(line, ' ');
    if (tells_of_background(words)) {
      out.text = "[job] pid";
      return out;
    }
    ends_ = ends_of(words);
    bool changed = iproute_;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i].empty()) continue;
      if (iproute_ && words[i] == "link-netnsid") {
        ++i;
        continue;
      }
      const std::string_view next = i + 1 < words.size() ? words[i + 1] : std::string_view{};
      if (!out.text.empty()) out.text += ' ';
      changed = clean_word(words[i], next, out) || changed;
    }
    // Columns count where every word is as it was printed.
    if (!changed) out.text = line;
    if (std::ranges::any_of(words, is_time_wait)) out.over = flow_of_line();
    return out;
  }

 private:
  /// "[1] 1234", as a shell says it of `command &`.
  static bool tells_of_background(const std::vector<std::string_view>& words) {
    const auto is_number = [](std::string_view text) {
      return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    };
    return words.size() == 2 && words[0].size() > 2 && words[0].front() == '[' &&
           words[0].back() == ']' && is_number(words[0].substr(1, words[0].size() - 2)) &&
           is_number(words[1]);
  }

  /// As ss and netstat say it.
  static bool is_time_wait(std::string_view word) {
    return word == "TIME-WAIT" || word == "TIME_WAIT";
  }

  /// A word's end of a connection, and what follows its port.
  struct End {
    Peer peer;
    std::string_view rest;
  };

  /// "192.168.80.10:40001", "[2001:db8::10]:40001", and without brackets as netstat has it
  static std::optional<End> end_of(std::string_view word) {
    const std::size_t colon = word.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = word.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto addr = IpAddr::parse(host);
    if (!addr) return std::nullopt;
    End end{.peer = {*addr, 0}, .rest = {}};
    const char* const last = word.data() + word.size();
    const auto read = std::from_chars(word.data() + colon + 1, last, end.peer.port);
    if (read.ec != std::errc{}) return std::nullopt;
    end.rest = {read.ptr, last};
    return end;
  }

  static std::vector<Peer> ends_of(const std::vector<std::string_view>& words) {
    std::vector<Peer> ends;
    for (const std::string_view word : words) {
      if (const auto end = end_of(word)) ends.push_back(end->peer);
    }
    return ends;
  }

  /// The name of the flow between the two ends of a socket; empty for what names more or fewer.
  std::string flow_of_line() const {
    if (ends_.size() != 2) return "";
    const Flow* flow =
        printed_.side.flows().flow_between(ends_[0], ends_[1], printed_.entry.ended, host_);
    return flow == nullptr ? "" : flow->name;
  }

  /// Appends a word; true if it is not as it was printed.
  bool clean_word(std::string_view word, std::string_view next, CleanLine& out) const {
    return endpoint(word, out) || process(word, out) || clock(word, out) || nic(word, out) ||
           length(word, next, out) || neigh_state(word, out) || counter(word, out) ||
           as_it_is(word, out);
  }

  /// "eth0@if21:" of ip: the end of a veth pair whose other end is in another namespace.
  bool nic(std::string_view word, CleanLine& out) const {
    if (iproute_ && word == "LOWERLAYERDOWN") {  // what a veth pair calls no carrier
      out.text += "DOWN";
      return true;
    }
    const std::size_t at = word.find("@if");
    if (!iproute_ || at == std::string_view::npos) return false;
    out.text += word.substr(0, at);
    if (word.ends_with(':')) out.text += ':';
    return true;
  }

  static bool as_it_is(std::string_view word, CleanLine& out) {
    out.text += word;
    return false;
  }

  /// "134", "12K" of ipvsadm --stats
  bool counter(std::string_view word, CleanLine& out) const {
    const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == 'K' || c == 'M'; };
    if (!counters_ || word.empty() || !std::ranges::all_of(word, is_part)) return false;
    out.text += "[count]";
    return true;
  }

  /// Of a port that chance chose. Whom it is connected to, the line may tell.
  bool endpoint(std::string_view word, CleanLine& out) const {
    const auto end = end_of(word);
    if (!end || !is_ephemeral(end->peer.port)) return false;
    fmt::format_to(std::back_inserter(out.text), "{}:[{}]{}", word.substr(0, word.rfind(':')),
                   printed_.side.flows().port_name(end->peer.addr, end->peer.port,
                                                   printed_.entry.ended, ends_, host_),
                   end->rest);
    return true;
  }

  /// "1234/httpd", and users:(("httpd",pid=1234,fd=4))
  bool process(std::string_view word, CleanLine& out) const {
    static constexpr std::string_view kPid = "pid=";
    static constexpr std::string_view kFd = ",fd=";
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (const std::size_t at = word.find(kPid); at != std::string_view::npos) {
      out.text += word.substr(0, at + kPid.size());
      word.remove_prefix(at + kPid.size());
      while (!word.empty() && is_digit(word.front())) word.remove_prefix(1);
      const std::size_t fd = word.find(kFd);
      out.text += word.substr(0, fd);
      if (fd == std::string_view::npos) return true;
      word.remove_prefix(fd + kFd.size());
      while (!word.empty() && is_digit(word.front())) word.remove_prefix(1);
      out.text += word;
      return true;
    }
    const std::size_t slash = word.find('/');
    if (!netstat_ || slash == 0 || slash == std::string_view::npos) return false;
    if (!std::ranges::all_of(word.substr(0, slash), is_digit)) return false;
    out.text += "PID";
    out.text += word.substr(slash);
    return true;
  }

  /// "01:58" of ipvsadm -lnc
  static bool clock(std::string_view word, CleanLine& out) {
    const auto parts = split(word, ':');
    if (parts.size() != 2 || parts[0].size() < 2 || parts[1].size() != 2) return false;
    std::array<int, 2> values{};
    for (std::size_t i = 0; i < 2; ++i) {
      const char* end = parts[i].data() + parts[i].size();
      const auto read = std::from_chars(parts[i].data(), end, values[i]);
      if (read.ec != std::errc{} || read.ptr != end) return false;
    }
    out.text += "MM:SS";
    out.measures.push_back({.kind = Measure::Kind::kWholeSeconds,
                            .length = SimDuration{(values[0] * 60LL + values[1]) * kSecond},
                            .word = {}});
    return true;
  }

  /// "time=0.412" before "ms", "0.1/0.2/0.3/0.0" before "ms", "2003ms", "299sec"
  static bool length(std::string_view word, std::string_view next, CleanLine& out) {
    const std::size_t equals = word.find('=');
    const std::size_t begin = equals == std::string_view::npos ? 0 : equals + 1;
    std::string_view rest = word.substr(begin);
    std::vector<std::int64_t> numbers;
    for (;;) {
      const auto number = take_number(rest);
      if (!number) return false;
      numbers.push_back(*number);
      if (!rest.starts_with('/')) break;
      rest.remove_prefix(1);
    }
    const Unit* unit = rest.empty() ? unit_of(next) : unit_of(rest);
    if (unit == nullptr) return false;
    out.text += word.substr(0, begin);
    for (const std::int64_t number : numbers) {
      out.text += "[time]";
      const bool whole = unit->ns == kSecond && number % kSecond == 0;
      out.measures.push_back({.kind = whole ? Measure::Kind::kWholeSeconds : Measure::Kind::kLength,
                              .length = SimDuration{number / (kSecond / unit->ns)},
                              .word = {}});
    }
    out.text += rest;
    return true;
  }

  static bool neigh_state(std::string_view word, CleanLine& out) {
    if (word != "REACHABLE" && word != "STALE" && word != "DELAY") return false;
    out.text += "[state]";
    out.measures.push_back(
        {.kind = Measure::Kind::kNeighState, .length = {}, .word = std::string(word)});
    return true;
  }

  const Printed& printed_;
  NodeId host_;
  bool netstat_, iproute_, counters_;
  std::vector<Peer> ends_;  ///< of connections, in the line that is read
};

/// True if the counters of the host hold more reports on one side than on the other.
bool hold_other_reports(const Printed& sim, const Printed& real) {
  return std::ranges::any_of(sim.side.interfaces(), [&](const auto& known) {
    const InterfaceName& name = known.first;
    return name.host == sim.entry.host && counted_reports(sim.side, name, sim.entry.ended) !=
                                              counted_reports(real.side, name, real.entry.ended);
  });
}

/// "RX packets 12  bytes 840 (840.0 B)" of ifconfig, without the reports among them.
std::string without_reports(const Printed& printed) {
  std::string out, device;
  for (const std::string_view line : split(printed.entry.output, '\n')) {
    const auto words = split(line, ' ');
    if (!line.empty() && line.front() != ' ') device = words[0].substr(0, words[0].find(':'));
    const std::size_t at = std::min(line.find_first_not_of(' '), line.size());
    std::string_view rest = line.substr(at);
    const bool sent = rest.starts_with("TX packets "), received = rest.starts_with("RX packets ");
    const std::size_t bytes = rest.find("  bytes ");
    if ((!sent && !received) || bytes == std::string_view::npos) {
      out.append(line) += '\n';
      continue;
    }
    const LinkStats held =
        counted_reports(printed.side, {printed.entry.host, device}, printed.entry.ended);
    const auto less = [&](std::size_t begin, std::uint64_t reports) {
      std::uint64_t value = 0;
      std::from_chars(rest.data() + begin, rest.data() + rest.size(), value);
      return value - reports;
    };
    fmt::format_to(std::back_inserter(out), "{}{} {} bytes {}\n", line.substr(0, at),
                   rest.substr(0, 10), less(11, sent ? held.tx_packets : held.rx_packets),
                   less(bytes + 8, sent ? held.tx_bytes : held.rx_bytes));
  }
  return out;
}

/// True if a line lists IPVS services as the kernel holds them.
bool lists_unsorted_services(std::string_view line) {
  return line.find("/proc/net/ip_vs") != std::string_view::npos ||
         line.find("--nosort") != std::string_view::npos;
}

/// The services that follow each other in one order, each with its destinations in theirs.
std::string with_sorted_services(std::string_view output) {
  std::string out;
  std::vector<std::string> services;
  const auto put_services = [&] {
    std::ranges::sort(services);
    for (const std::string& service : services) out += service;
    services.clear();
  };
  for (const std::string_view line : split(output, '\n')) {
    const std::string whole = std::string(line) + '\n';
    const auto begins = [&](std::string_view word) { return line.starts_with(word); };
    if (begins("TCP  ") || begins("UDP  ") || begins("SCTP ") || begins("FWM  ")) {
      services.push_back(whole);
    } else if (!services.empty() && begins("  -> ")) {
      services.back() += whole;
    } else {
      put_services();
      out += whole;
    }
  }
  put_services();
  return out;
}

bool same_measure(const Measure& sim, const Measure& real, const CleanLine& line,
                  const Printed& printed) {
  if (sim.kind != real.kind) return false;
  switch (sim.kind) {
    case Measure::Kind::kLength: return same_length(sim.length, real.length);
    case Measure::Kind::kWholeSeconds: {
      const SimDuration off = real.length - sim.length;
      return off <= kWholeSecond && SimDuration{-off.ns} <= kWholeSecond;
    }
    case Measure::Kind::kNeighState: break;
  }
  if (sim.word == real.word) return true;
  const auto words = split(line.as_printed, ' ');
  const auto addr = IpAddr::parse(words.front());
  return addr && may_be_stale(printed.side.recording().trace, printed.entry.host, *addr,
                              printed.entry.ended);
}

bool same_line(const CleanLine& sim, const CleanLine& real, const Printed& printed) {
  if (sim.text != real.text || sim.measures.size() != real.measures.size()) return false;
  for (std::size_t i = 0; i < sim.measures.size(); ++i) {
    if (!same_measure(sim.measures[i], real.measures[i], sim, printed)) return false;
  }
  return true;
}

/// True if a line lists IPVS counters that are not the same at the same moment of two runs.
bool lists_lagging_counters(const Printed& printed) {
  const std::string& line = printed.entry.text;
  if (line.find("ipvsadm") == std::string::npos) return false;
  if (line.find("--rate") != std::string::npos) return true;
  return line.find("--stats") != std::string::npos &&
         counters_may_lag(printed.side.recording().trace, printed.entry.host, printed.entry.ended);
}

std::vector<CleanLine> clean_lines(const Printed& printed, std::string_view output, bool counters) {
  std::vector<CleanLine> lines;
  Cleaner cleaner(printed, counters);
  for (const std::string_view line : split(output, '\n')) {
    lines.push_back(cleaner.clean(line));
  }
  return lines;
}

/// Pairs of equal lines that need not stand in the same order.
Pairs match_as_sets(const std::vector<CleanLine>& sim, const std::vector<CleanLine>& real,
                    const Printed& printed) {
  Pairs pairs;
  std::vector<bool> taken(real.size());
  for (std::uint32_t i = 0; i < sim.size(); ++i) {
    for (std::uint32_t j = 0; j < real.size(); ++j) {
      if (taken[j] || !same_line(sim[i], real[j], printed)) continue;
      taken[j] = true;
      pairs.emplace_back(i, j);
      break;
    }
  }
  return pairs;
}

/// True if a line is of a socket whose ports the other side has drawn again (rows.h).
bool gave_way(const CleanLine& line, const Printed& other) {
  return !line.over.empty() && other.side.flows().ports_drawn_again(line.over, other.entry.ended);
}

/// What has no partner, beside each other.
void put_rest(const std::vector<std::string>& sim, const std::vector<std::string>& real,
              std::vector<LineDifference::Pair>& out) {
  for (std::size_t i = 0; i < std::max(sim.size(), real.size()); ++i) {
    LineDifference::Pair pair;
    if (i < sim.size()) pair.sim = sim[i];
    if (i < real.size()) pair.real = real[i];
    out.push_back(std::move(pair));
  }
}

}  // namespace

bool lists_in_hash_order(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" ;|&()$", at);
    if (begin == std::string_view::npos) break;
    at = std::min(line.find_first_of(" ;|&()$", begin), line.size());
    words.push_back(line.substr(begin, at - begin));
  }
  bool lists = false;
  bool ipvsadm = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "sort") return false;
    ipvsadm = ipvsadm || word == "ipvsadm";
    const bool connections =
        ipvsadm && (word == "--connection" || (word.starts_with('-') && !word.starts_with("--") &&
                                               word.find('c') != std::string_view::npos));
    std::size_t before = i;  // ip -s -6 neigh
    while (before > 0 && words[before - 1].starts_with('-')) --before;
    const bool neighbours = before > 0 && words[before - 1] == "ip" && word.starts_with('n');
    lists =
        lists || connections || neighbours || word == "arp" || word == "netstat" || word == "ss";
  }
  return lists;
}

std::vector<LineDifference::Pair> differing_lines(const Printed& sim, const Printed& real) {
  std::vector<LineDifference::Pair> found;
  if (sim.entry.output == real.entry.output) return found;
  const bool counters = lists_lagging_counters(sim) || lists_lagging_counters(real);
  const bool reports =
      sim.entry.text.find("ifconfig") != std::string::npos && hold_other_reports(sim, real);
  const bool services = lists_unsorted_services(sim.entry.text);
  const auto lines_of = [&](const Printed& printed) {
    const std::string& output = printed.entry.output;
    return clean_lines(printed,
                       reports    ? without_reports(printed)
                       : services ? with_sorted_services(output)
                                  : output,
                       counters);
  };
  const std::vector<CleanLine> ours = lines_of(sim);
  const std::vector<CleanLine> theirs = lines_of(real);
  const auto same = [&](std::uint32_t i, std::uint32_t j) {
    return same_line(ours[i], theirs[j], sim);
  };
  const bool set = lists_in_hash_order(sim.entry.text);
  const Pairs pairs = set ? match_as_sets(ours, theirs, sim)
                          : align(static_cast<std::uint32_t>(ours.size()),
                                  static_cast<std::uint32_t>(theirs.size()), same);
  std::vector<bool> in_theirs(theirs.size());
  for (const auto& [i, j] : pairs) in_theirs[j] = true;
  std::vector<std::string> left;
  std::vector<std::string> right;
  std::size_t i = 0;
  std::size_t j = 0;
  const auto rest_until = [&](std::size_t until_i, std::size_t until_j) {
    for (; i < until_i; ++i) {
      if (!gave_way(ours[i], real)) left.push_back(ours[i].as_printed);
    }
    for (; j < until_j; ++j) {
      if (!in_theirs[j] && !gave_way(theirs[j], sim)) right.push_back(theirs[j].as_printed);
    }
    if (!set) put_rest(left, right, found), left.clear(), right.clear();
  };
  for (const auto& [a, b] : pairs) {
    rest_until(a, set ? 0 : b);
    i = a + 1;
    if (!set) j = b + 1;
  }
  rest_until(ours.size(), theirs.size());
  if (set) put_rest(left, right, found);
  return found;
}

}  // namespace lvslab::compare
