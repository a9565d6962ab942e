// The blocks of a real_server that check it. Source: check/check_api.c, check_tcp.c, check_http.c,
// check_misc.c, check_dns.c, check_ping.c, check_udp.c of keepalived 2.2.7.
#pragma once

#include <array>

#include "sim/keepalived/conf_reader.h"

namespace lvslab::keepalived {

/// The server whose block is being read, and the last of its checkers.
RealServer& checked_server(ConfReader& r);
Checker& checker(ConfReader& r);

template <CheckerKind kKind>
void begin_checker(ConfReader& r, const ConfLine& line) {
  checked_server(r).checkers.push_back({.kind = kKind, .where = line.where});
  if (kKind == CheckerKind::kSmtp) {
    r.advise(line.words.front() + " is not modelled: the server counts as alive",
             ConfMessage::Kind::kUnmodelled);
  }
}

void end_http_get(ConfReader& r);
void end_misc_check(ConfReader& r);
void end_udp_check(ConfReader& r);

namespace checker_words {
void connect_ip(ConfReader& r, const ConfLine& line);
void connect_port(ConfReader& r, const ConfLine& line);
void bind_to(ConfReader& r, const ConfLine& line);
void bind_port(ConfReader& r, const ConfLine& line);
void bind_if(ConfReader& r, const ConfLine& line);
void connect_timeout(ConfReader& r, const ConfLine& line);
void retry(ConfReader& r, const ConfLine& line);
void nb_get_retry(ConfReader& r, const ConfLine& line);
void delay_before_retry(ConfReader& r, const ConfLine& line);
void warmup(ConfReader& r, const ConfLine& line);
void delay_loop(ConfReader& r, const ConfLine& line);
void alpha(ConfReader& r, const ConfLine& line);
void log_all_failures(ConfReader& r, const ConfLine& line);
void virtual_host(ConfReader& r, const ConfLine& line);
void http_protocol(ConfReader& r, const ConfLine& line);
void enable_sni(ConfReader& r, const ConfLine& line);
void fast_recovery(ConfReader& r, const ConfLine& line);
void url(ConfReader& r, const ConfLine& line);
void url_path(ConfReader& r, const ConfLine& line);
void url_digest(ConfReader& r, const ConfLine& line);
void url_status_code(ConfReader& r, const ConfLine& line);
void url_virtual_host(ConfReader& r, const ConfLine& line);
void end_url(ConfReader& r);
void misc_path(ConfReader& r, const ConfLine& line);
void misc_timeout(ConfReader& r, const ConfLine& line);
void misc_dynamic(ConfReader& r, const ConfLine& line);
void dns_type(ConfReader& r, const ConfLine& line);
void dns_name(ConfReader& r, const ConfLine& line);
void udp_payload(ConfReader& r, const ConfLine& line);
void udp_require_reply(ConfReader& r, const ConfLine& line);
void udp_min_reply(ConfReader& r, const ConfLine& line);
void udp_max_reply(ConfReader& r, const ConfLine& line);
}  // namespace checker_words

/// `own` after what every checker takes (install_checker_common_keywords()).
template <std::size_t kCount>
constexpr auto with_common(std::array<Keyword, kCount> own) {
  using namespace checker_words;
  constexpr std::array kCommon{Keyword{"connect_ip", connect_ip},
                               Keyword{"connect_port", connect_port},
                               Keyword{"bindto", bind_to},
                               Keyword{"bind_port", bind_port},
                               Keyword{"bind_if", bind_if},
                               Keyword{"connect_timeout", connect_timeout},
                               unmodelled("fwmark"),
                               Keyword{"retry", retry},
                               Keyword{"delay_before_retry", delay_before_retry},
                               Keyword{"warmup", warmup},
                               Keyword{"delay_loop", delay_loop},
                               Keyword{"alpha", alpha},
                               Keyword{"log_all_failures", log_all_failures}};
  std::array<Keyword, kCommon.size() + kCount> all{};
  std::size_t i = 0;
  for (const Keyword& keyword : kCommon) all[i++] = keyword;
  for (const Keyword& keyword : own) all[i++] = keyword;
  return all;
}

inline constexpr std::array kUrl{Keyword{"path", checker_words::url_path},
                                 Keyword{"digest", checker_words::url_digest},
                                 Keyword{"status_code", checker_words::url_status_code},
                                 Keyword{"virtualhost", checker_words::url_virtual_host},
                                 unmodelled("regex"),
                                 unmodelled("regex_no_match"),
                                 unmodelled("regex_options"),
                                 unmodelled("regex_min_offset"),
                                 unmodelled("regex_max_offset"),
                                 unmodelled("regex_stack")};

inline constexpr auto kTcpCheck = with_common(std::array<Keyword, 0>{});
inline constexpr auto kHttpGet =
    with_common(std::array{Keyword{"nb_get_retry", checker_words::nb_get_retry},
                           Keyword{"virtualhost", checker_words::virtual_host},
                           Keyword{"http_protocol", checker_words::http_protocol},
                           Keyword{"enable_sni", checker_words::enable_sni},
                           Keyword{"fast_recovery", checker_words::fast_recovery},
                           Keyword{"url", checker_words::url, kUrl, checker_words::end_url}});
inline constexpr auto kMiscCheck = with_common(
    std::array{Keyword{"misc_path", checker_words::misc_path},
               Keyword{"misc_timeout", checker_words::misc_timeout},
               Keyword{"misc_dynamic", checker_words::misc_dynamic}, unmodelled("user")});
inline constexpr auto kDnsCheck = with_common(
    std::array{Keyword{"type", checker_words::dns_type}, Keyword{"name", checker_words::dns_name}});
inline constexpr auto kUdpCheck =
    with_common(std::array{Keyword{"payload", checker_words::udp_payload},
                           Keyword{"require_reply", checker_words::udp_require_reply},
                           Keyword{"min_reply_length", checker_words::udp_min_reply},
                           Keyword{"max_reply_length", checker_words::udp_max_reply}});
inline constexpr auto kSmtpCheck =
    with_common(std::array{unmodelled("helo_name"), unmodelled("host", true)});

}  // namespace lvslab::keepalived
