#include "sim/apps/resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace lvslab::apps {
namespace {

constexpr std::size_t kMostServers = 3;  // MAXNS
constexpr int kMostAttempts = 5;         // RES_MAXRETRY
constexpr int kMostSeconds = 30;         // RES_MAXRETRANS

std::optional<int> number_after(std::string_view word, std::string_view key) {
  if (!word.starts_with(key)) return std::nullopt;
  word.remove_prefix(key.size());
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value < 0) return std::nullopt;
  return value;
}

/// One line; what cannot be modelled, or nothing.
std::string read_line(const std::string& line, ResolvConf& conf) {
  std::istringstream words(line);
  std::string key;
  words >> key;
  if (key.empty() || key[0] == '#' || key[0] == ';') return {};
  std::string word;
  if (key == "nameserver") {
    words >> word;
    const auto server = command::parse_inet_aton(word);
    if (!server) return fmt::format("nameserver {}", word);
    if (conf.servers.size() < kMostServers) conf.servers.push_back(*server);
    return {};
  }
  if (key != "options") return key;
  while (words >> word) {
    if (const auto seconds = number_after(word, "timeout:")) {
      conf.timeout = SimDuration{std::clamp(*seconds, 1, kMostSeconds) * 1'000'000'000LL};
    } else if (const auto attempts = number_after(word, "attempts:")) {
      conf.attempts = std::clamp(*attempts, 1, kMostAttempts);
    } else {
      return fmt::format("option {}", word);
    }
  }
  return {};
}

}  // namespace

std::expected<ResolvConf, std::string> ResolvConf::parse(std::string_view text) {
  ResolvConf conf;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string problem = read_line(line, conf);
    if (problem.empty()) continue;
    return std::unexpected(
        fmt::format("/etc/resolv.conf:{}:{}: {} is not modelled; modelled: nameserver ADDRESS, "
                    "options timeout:N attempts:N",
                    number, line.find_first_not_of(" \t") + 1, problem));
  }
  if (conf.servers.empty()) conf.servers.push_back({0x7f00'0001});
  return conf;
}

bool asks_name_servers(std::string_view nsswitch_conf) {
  std::istringstream lines{std::string(nsswitch_conf)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    if (!(words >> word) || word != "hosts:") continue;
    while (words >> word) {
      if (word == "dns") return true;
    }
  }
  return false;
}

void Resolver::start(Step& step, AppIo& io) {
  if (!DnsRepr::is_name(name_))
    return finish(step, io, std::unexpected(command::NameError::kUnknown));
  id_a_ = static_cast<std::uint16_t>(step.random().below(0x1'0000));
  id_aaaa_ = static_cast<std::uint16_t>(step.random().below(0x1'0000));
  if (!ask(step, io)) next_try(step, io, true);
}

bool Resolver::ask(Step& step, AppIo& io) {
  a_.reset();
  aaaa_.reset();
  step.explain(Reason::kNameAsked, {}, {arg(server()), static_cast<std::uint32_t>(tries_ + 1), 0});
  if (!socket_) {
    const auto socket = io.udp_open(step, {});
    if (!socket) return false;
    socket_ = *socket;
    if (io.udp_connect(step, *socket_, {server(), DnsRepr::kPort}) != Errno::kNone) return false;
  }
  deadline_ = step.now() + conf_.timeout;
  send(step, io, DnsType::kA, id_a_);
  if (both()) send(step, io, DnsType::kAaaa, id_aaaa_);
  return true;
}

void Resolver::send(Step& step, AppIo& io, DnsType type, std::uint16_t id) {
  const DnsRepr query{.id = id, .recursion_desired = true, .name = name_, .type = type};
  std::vector<std::uint8_t> bytes(query.length());
  query.emit(bytes);
  io.udp_send(step, *socket_, {}, 0, bytes);
}

void Resolver::next_try(Step& step, AppIo& io, bool new_socket) {
  const std::size_t all = conf_.servers.size() * static_cast<std::size_t>(conf_.attempts);
  // Another server means another socket.
  new_socket |= conf_.servers.size() > 1;
  while (++tries_ < all) {
    if (new_socket) close(step, io);
    if (ask(step, io)) return;
    new_socket = true;
  }
  finish(step, io, std::unexpected(command::NameError::kTryAgain));
}

void Resolver::on_udp(Step& step, AppIo& io, const UdpNews& news) {
  if (news.error != Errno::kNone) {
    step.explain(Reason::kNameServerUseless, {}, {arg(server()), 0, 0});
    return next_try(step, io, true);
  }
  const auto dns = DnsRepr::parse(news.data);
  if (dns && dns->response) take(step, io, *dns);
}

void Resolver::take(Step& step, AppIo& io, const DnsRepr& dns) {
  if (dns.name != name_) return;
  if (dns.type == DnsType::kA && dns.id == id_a_) a_ = dns;
  if (dns.type == DnsType::kAaaa && dns.id == id_aaaa_ && both()) aaaa_ = dns;
  if (!a_ || (both() && !aaaa_)) return;
  switch (a_->code) {
    case DnsCode::kNoError:
      if (a_->answers.empty()) {
        return finish(step, io, std::unexpected(command::NameError::kNoAddress));
      }
      return finish(step, io, a_->answers);
    case DnsCode::kNxDomain: return finish(step, io, std::unexpected(command::NameError::kUnknown));
    default:
      step.explain(Reason::kNameServerUseless, {},
                   {arg(server()), static_cast<std::uint32_t>(a_->code), 0});
      // Two questions go on with their socket (observed).
      return next_try(step, io, !both());
  }
}

void Resolver::on_time(Step& step, AppIo& io) {
  step.explain(Reason::kNameServerSilent, {},
               {arg(server()), static_cast<std::uint32_t>(conf_.timeout.ms()), 0});
  next_try(step, io, false);
}

void Resolver::finish(Step& step, AppIo& io, Answer answer) {
  close(step, io);
  deadline_ = SimTime::never();
  answer_ = std::move(answer);
}

void Resolver::close(Step& step, AppIo& io) {
  if (socket_) io.udp_close(step, *socket_);
  socket_.reset();
}

}  // namespace lvslab::apps
