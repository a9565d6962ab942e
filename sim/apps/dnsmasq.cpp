#include "sim/apps/dnsmasq.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "sim/apps/http_reader.h"

namespace lvslab::apps {
namespace {

constexpr std::uint32_t kDnsBacklog = 32;  // TCP_BACKLOG
constexpr std::array<std::string_view, 6> kNoEffect{"user",       "group",   "pid-file",
                                                    "cache-size", "no-poll", "keep-in-foreground"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in{std::string(text)};
  for (std::string part; std::getline(in, part, separator);) parts.emplace_back(trimmed(part));
  return parts;
}

/// NAME[,NAME...],ADDRESS. What is wrong with it, or nothing.
std::string read_record(std::string_view value, DnsmasqConf& conf) {
  const std::vector<std::string> parts = parts_of(value, ',');
  if (parts.size() < 2) return "host-record needs NAME,ADDRESS";
  const auto addr = Ipv4Addr::parse(parts.back());
  if (!addr) return fmt::format("host-record: '{}' is no IPv4 address", parts.back());
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (!DnsRepr::is_name(parts[i])) return fmt::format("host-record: '{}' is no name", parts[i]);
    conf.records.push_back({lower(parts[i]), *addr});
  }
  return {};
}

/// /DOMAIN/[DOMAIN/...]. What is wrong with it, or nothing.
std::string read_local(std::string_view value, DnsmasqConf& conf) {
  if (value.size() < 3 || value.front() != '/' || value.back() != '/') {
    return "local needs /DOMAIN/";
  }
  for (const std::string& domain : parts_of(value.substr(1, value.size() - 2), '/')) {
    if (!DnsRepr::is_name(domain)) return fmt::format("local: '{}' is no domain", domain);
    conf.local.push_back(lower(domain));
  }
  return {};
}

std::string read_setting(std::string_view key, std::string_view value, DnsmasqConf& conf) {
  if (key == "host-record") return read_record(value, conf);
  if (key == "local") return read_local(value, conf);
  if (key == "no-resolv" || std::ranges::find(kNoEffect, key) != kNoEffect.end()) return {};
  if (key == "no-hosts") {
    conf.no_hosts = true;
    return {};
  }
  if (key == "no-round-robin") {
    conf.round_robin = false;
    return {};
  }
  return fmt::format(
      "{} is not modelled; modelled: host-record local no-resolv no-hosts no-round-robin", key);
}

}  // namespace

std::expected<DnsmasqConf, std::string> DnsmasqConf::parse(std::string_view text) {
  DnsmasqConf conf;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string_view setting = trimmed(std::string_view(line).substr(0, line.find('#')));
    if (setting.empty()) continue;
    const std::size_t equals = setting.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : trimmed(setting.substr(equals + 1));
    const std::string problem = read_setting(trimmed(setting.substr(0, equals)), value, conf);
    if (problem.empty()) continue;
    return std::unexpected(fmt::format("{}:{}:{}: {}", kDnsmasqConf, number,
                                       line.find_first_not_of(" \t") + 1, problem));
  }
  return conf;
}

// --- what it knows

/// What looking a name up does to its addresses.
void Dnsmasq::turn(Name& name) {
  auto& turning = name.first.empty() ? name.further : name.first;
  if (conf_.round_robin && turning.size() > 1) {
    std::ranges::rotate(turning, turning.begin() + 1);
  }
}

// Adding a record looks the name up as well, so the list begins in an order of its own.
void Dnsmasq::add(std::string_view name, Ipv4Addr addr) {
  Name& known = names_[lower(name)];
  turn(known);
  (named_.insert(addr).second ? known.first : known.further).push_back(addr);
}

/// How many names there were.
std::size_t Dnsmasq::add_hosts(std::string_view text) {
  std::size_t count = 0;
  for (const command::HostName& known : command::parse_hosts_file(text)) {
    if (!known.addr.is_v4()) continue;
    add(known.name, known.addr.v4());
    ++count;
  }
  return count;
}

void Dnsmasq::start(Step& step, AppIo& io) {
  auto conf = DnsmasqConf::parse(io.read_file(kDnsmasqConf).value_or(""));
  if (!conf) {
    io.log(step, conf.error());
    return io.exit(step, 1);
  }
  conf_ = *std::move(conf);
  for (const DnsmasqConf::Record& record : conf_.records) add(record.name, record.addr);
  const std::size_t names = conf_.no_hosts ? 0 : add_hosts(io.read_file("/etc/hosts").value_or(""));
  const auto udp = io.udp_open(step, {{}, DnsRepr::kPort});
  const auto tcp = io.tcp().listen(step, io.id(), {{}, DnsRepr::kPort}, kDnsBacklog);
  if (!udp || !tcp) {
    io.log(step, "failed to create listening socket for port 53: Address already in use");
    return io.exit(step, 2);
  }
  write_greeting(step, io, names);
}

void Dnsmasq::write_greeting(Step& step, AppIo& io, std::size_t names) {
  io.log(step, "started, version 2.90 cachesize 150");
  io.log(step,
         "compile time options: IPv6 GNU-getopt DBus no-UBus i18n IDN2 DHCP DHCPv6 no-Lua TFTP "
         "conntrack ipset nftset auth cryptohash DNSSEC loop-detect inotify dumpfile");
  io.log(step, "warning: no upstream servers configured");
  for (const std::string& domain : conf_.local) {
    io.log(step, fmt::format("using only locally-known addresses for {}", domain));
  }
  io.log(step, conf_.no_hosts ? "cleared cache" : fmt::format("read /etc/hosts - {} names", names));
}

// --- answering

bool Dnsmasq::is_local(std::string_view name) const {
  return std::ranges::any_of(conf_.local, [&](const std::string& domain) {
    return name == domain || name.ends_with("." + domain);
  });
}

DnsRepr Dnsmasq::answer(Step& step, const DnsRepr& question) {
  DnsRepr reply = question;
  reply.response = reply.recursion_available = true;
  const std::string name = lower(question.name);
  const auto known = names_.find(name);
  if (known != names_.end() && question.type == DnsType::kA) {
    reply.authoritative = true;
    reply.answers = known->second.first;
    reply.answers.insert(reply.answers.end(), known->second.further.begin(),
                         known->second.further.end());
    turn(known->second);
    step.explain(Reason::kDnsAnswered, {},
                 {arg(reply.answers.front()), static_cast<std::uint32_t>(reply.answers.size()), 0});
  } else if (!is_local(name)) {
    reply.code = DnsCode::kRefused;
    step.explain(Reason::kDnsRefused);
  } else if (known == names_.end()) {
    reply.code = DnsCode::kNxDomain;
    step.explain(Reason::kDnsNoSuchName);
  } else {
    step.explain(Reason::kDnsNoData);
  }
  return reply;
}

void Dnsmasq::on_udp(Step& step, AppIo& io, const UdpNews& news) {
  if (news.error != Errno::kNone) return;
  const auto question = DnsRepr::parse(news.data);
  if (!question || question->response || !question->answers.empty()) return;
  questions_.push_back({news.socket, news.from, news.to, *question});
  io.set_timer(step, step.now());
}

void Dnsmasq::on_timer(Step& step, AppIo& io) {
  for (const Question& question : std::exchange(questions_, {})) {
    const DnsRepr reply = answer(step, question.dns);
    std::vector<std::uint8_t> bytes(reply.length());
    reply.emit(bytes);
    io.udp_reply(step, {.socket = question.socket, .from = question.from, .to = question.to},
                 bytes);
  }
}

void Dnsmasq::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (event.kind == SocketEventKind::kAccepted) io.tcp().close(step, event.socket);
}

void Dnsmasq::on_signal(Step& step, AppIo& io, Signal signal) {
  io.log(step, fmt::format("exiting on receipt of {}",
                           signal == Signal::kTerminate ? "SIGTERM" : "SIGINT"));
  io.exit(step, 0);
}

}  // namespace lvslab::apps
