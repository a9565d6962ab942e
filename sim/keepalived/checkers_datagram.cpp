// PING_CHECK, UDP_CHECK and DNS_CHECK. Source: check/check_ping.c, check_udp.c, check_dns.c and
// core/layer4.c of keepalived 2.2.7.
#include <algorithm>
#include <array>
#include <vector>

#include "sim/keepalived/checker_context.h"
#include "sim/wire/bytes.h"

namespace lvslab::keepalived {
namespace {

constexpr std::size_t kPingBytes = 128, kUdpBytes = 32;

/// set_buf(): what is sent where nothing else is wanted.
std::vector<std::uint8_t> filler(std::size_t size) {
  constexpr std::string_view kText = "keepalived check - ";
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(kText[i % kText.size()]);
  }
  return bytes;
}

/// Numbers that keepalived writes as its machine has them, low byte first.
constexpr std::uint16_t low_byte_first(std::uint16_t value) {
  return static_cast<std::uint16_t>(value << 8 | value >> 8);
}

/// check_udp_reply(): the shorter of the two is compared.
bool is_wanted_reply(std::span<const std::uint8_t> reply, const Checker& checker) {
  const std::vector<std::uint8_t>& wanted = checker.udp_reply;
  if (wanted.empty()) return true;
  if (reply.size() < checker.udp_min_reply || reply.size() > checker.udp_max_reply) return false;
  for (std::size_t i = 0; i < std::min(reply.size(), wanted.size()); ++i) {
    if (((reply[i] ^ wanted[i]) & ~checker.udp_reply_mask[i]) != 0) return false;
  }
  return true;
}

std::uint16_t dns_type_number(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::uint16_t>, 9> kTypes{{{"A", 1},
                                                                              {"NS", 2},
                                                                              {"CNAME", 5},
                                                                              {"SOA", 6},
                                                                              {"MX", 15},
                                                                              {"TXT", 16},
                                                                              {"AAAA", 28},
                                                                              {"RRSIG", 46},
                                                                              {"DNSKEY", 48}}};
  const auto* found = std::ranges::find(kTypes, type, &decltype(kTypes)::value_type::first);
  return found == kTypes.end() ? 0 : found->second;
}

/// dns_make_query(): whatever is between two dots becomes a label, unchecked.
std::vector<std::uint8_t> dns_question(std::uint16_t id, const Checker& checker) {
  const auto add16 = [](std::vector<std::uint8_t>& to, std::uint16_t value) {
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
  };
  constexpr std::uint16_t kRecursionDesired = 0x0100, kInternet = 1;
  std::vector<std::uint8_t> query;
  for (const std::uint16_t word : {id, kRecursionDesired, std::uint16_t{1}, std::uint16_t{0},
                                   std::uint16_t{0}, std::uint16_t{0}}) {
    add16(query, word);
  }
  std::string_view rest = checker.dns_name;
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    query.push_back(static_cast<std::uint8_t>(label.size()));
    query.insert(query.end(), label.begin(), label.end());
    rest.remove_prefix(std::min(rest.size(), label.size() + 1));
  }
  if (checker.dns_name != ".") query.push_back(0);
  add16(query, dns_type_number(checker.dns_type));
  add16(query, kInternet);
  return query;
}

}  // namespace

// --- PING_CHECK ----------------------------------------------------------------------------------

// icmp_connect_thread(): bindto and its kin are not looked at.
void Checkers::Context::ping(State& s) {
  s.ping = port.ping_open();
  const std::uint16_t sequence = low_byte_first(checkers.pings_++);
  if (port.ping_send(step, s.ping, target(s).addr, sequence, filler(kPingBytes)) != Errno::kNone) {
    log("send ICMP packet fail");
    hang_up(s);
    return datagram_done(s, false);
  }
  read_until_timeout(s);
}

// --- UDP_CHECK -----------------------------------------------------------------------------------

// udp_connect_thread(), udp_bind_connect(): bind_if is not looked at.
void Checkers::Context::send_payload(State& s) {
  const auto socket = port.udp_dial(step, {.from = source(s), .to = target(s), .all_errors = true});
  const auto tell_once = [&](std::string_view call, Errno error) {
    if (std::exchange(s.last_error, error) == error) return;
    port.log_detail(step, fmt::format("UDP {} error {} - {}", call, static_cast<int>(error),
                                      errno_text(error)));
  };
  if (!socket) {
    const Errno error = socket.error().error;
    if (socket.error().call == DialError::Call::kConnect) {
      tell_once("connect", error);
    } else {
      log(fmt::format("bind failed. errno: {}, error: {}", static_cast<int>(error),
                      errno_text(error)));
    }
    return datagram_done(s, false);
  }
  s.udp = *socket;
  const auto& payload = checker(s).udp_payload;
  const Errno error = port.udp_send(step, s.udp, payload.empty() ? filler(kUdpBytes) : payload);
  if (error != Errno::kNone) {
    tell_once("send", error);
    hang_up(s);
    return datagram_done(s, false);
  }
  read_until_timeout(s);
}

// udp_check_thread(): of the errors only "destination unreachable" counts.
void Checkers::Context::take_reply(State& s, const DatagramNews& news) {
  hang_up(s);
  if (news.error != Errno::kNone && news.unreachable) {
    log_failure(s, fmt::format("UDP connection to {} failed.", name(s)));
    return datagram_done(s, false);
  }
  if (news.error != Errno::kNone) return datagram_done(s, checker(s).udp_reply.empty());
  const std::size_t most = std::size_t{checker(s).udp_max_reply} + 1;
  const auto reply = news.data.first(std::min(news.data.size(), most));
  const bool wanted = is_wanted_reply(reply, checker(s));
  if (!wanted) log_failure(s, fmt::format("UDP check to {} reply data mismatch.", name(s)));
  datagram_done(s, wanted);
}

// icmp_epilog(), udp_epilog(): a server that is known to be dead is asked without retries.
void Checkers::Context::datagram_done(State& s, bool success) {
  const bool ping = checker(s).kind == CheckerKind::kPing;
  const std::uint32_t retry = checker(s).retry.value();
  const bool news = success ? !s.up || !s.has_run : s.up || !s.has_run;
  SimDuration pause = delay_loop(s);
  if (success || (news && s.tries >= retry)) {
    s.tries = 0;
    if (success && news) {
      log(fmt::format("{} connection to {} success.", ping ? "ICMP" : "UDP", name(s)));
    } else if (news) {
      const bool retried = retry > 0 && s.has_run;
      const std::string of = ping && retried ? fmt::format(" of {}", vs(s).name()) : std::string();
      log(fmt::format("{} on service {}{} failed{}.", ping ? "ICMP CHECK" : "UDP_CHECK", name(s),
                      of, retried ? fmt::format(" after {} retries", retry) : ""));
    }
    if (news) turn(s, success);
  } else if (s.up) {
    pause = checker(s).delay_before_retry.value();
    ++s.tries;
  }
  s.has_run = true;
  wait(s, pause);
}

// --- DNS_CHECK -----------------------------------------------------------------------------------

// dns_connect_thread().
void Checkers::Context::ask_name(State& s) {
  const auto again = [&] {
    log(fmt::format("DNS_CHECK ({}) UDP socket bind failed. Rescheduling.", name(s)));
    wait(s, delay_loop(s));
  };
  IfIndex dev;
  if (!find_device(s, dev)) return again();
  const auto socket = port.udp_dial(step, {.from = source(s), .to = target(s), .dev = dev});
  if (!socket) {
    const Errno error = socket.error().error;
    if (socket.error().call == DialError::Call::kBind) {
      log(fmt::format("Checker bind failed: {}", errno_text(error)));
      return again();
    }
    if (is_connect_failure(error)) {
      const Endpoint to = target(s);
      return dns_failed(
          s, fmt::format("network unreachable for [{}]:{}", to.addr.to_string(), to.port));
    }
    if (std::exchange(s.last_error, error) != error) {
      port.log_detail(step, fmt::format("socket connect error {} - {}", static_cast<int>(error),
                                        errno_text(error)));
    }
    return again();
  }
  s.udp = *socket;
  s.question = low_byte_first(static_cast<std::uint16_t>(checkers.random_.next()));
  const std::vector<std::uint8_t> query = dns_question(s.question, checker(s));
  if (port.udp_send(step, s.udp, query) != Errno::kNone) {
    hang_up(s);
    return dns_failed(s, "failed to write socket.");
  }
  read_until_timeout(s);
}

// dns_recv_thread(): what answers another question is passed over.
void Checkers::Context::take_answer(State& s, const DatagramNews& news) {
  if (news.error != Errno::kNone) {
    hang_up(s);
    return dns_failed(s, fmt::format("failed to read socket; errno {} ({})",
                                     static_cast<int>(news.error), errno_text(news.error)));
  }
  constexpr std::size_t kPointer = 8;  // sizeof a pointer is what keepalived asks for at least
  constexpr std::uint8_t kResponse = 0x80, kCode = 0x0f;
  if (news.data.size() < kPointer || load_be16(news.data.data()) != s.question) return;
  if ((news.data[2] & kResponse) == 0) return;
  hang_up(s);
  const unsigned code = news.data[3] & kCode;
  if (code != 0) return dns_failed(s, fmt::format("read error occurred. (rcode = {})", code));
  dns_succeeded(s);
}

// dns_final().
void Checkers::Context::dns_failed(State& s, std::string_view why) {
  const std::uint32_t retry = checker(s).retry.value();
  if (s.up || !s.has_run) {
    const bool last = s.tries >= retry;
    if (last || checker(s).log_all_failures) {
      log(fmt::format("DNS_CHECK ({}) {}{}", name(s), why,
                      s.has_run && last ? fmt::format(" after {} retries", retry) : ""));
    }
    if (!last) {
      ++s.tries;
      s.has_run = true;
      return wait(s, checker(s).delay_before_retry.value());
    }
    turn(s, false);
  }
  s.tries = 0;
  wait(s, delay_loop(s));
}

void Checkers::Context::dns_succeeded(State& s) {
  if (!s.up || !s.has_run) turn(s, true);
  s.tries = 0;
  wait(s, delay_loop(s));
}

}  // namespace lvslab::keepalived
