#include "sim/apps/nginx_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/apps/nginx_tls.h"
#include "sim/apps/nginx_words.h"

namespace lvslab::apps {
namespace {

using Problem = std::optional<NginxProblem>;

/// Where a directive may stand.
enum Place : unsigned {
  kMain = 1,
  kEvents = 2,
  kHttp = 4,
  kUpstream = 8,
  kInServer = 16,
  kLocation = 32
};
constexpr unsigned kInHttp = kHttp | kInServer | kLocation;

enum class Use { kModelled, kNoEffect, kLeftOut };

struct Known {
  std::string_view name;
  unsigned places;
  Use use;
};

constexpr std::array kKnown{
    Known{"access_log", kInHttp, Use::kModelled},
    Known{"add_header", kInHttp, Use::kLeftOut},
    Known{"client_body_buffer_size", kInHttp, Use::kNoEffect},
    Known{"client_header_buffer_size", kHttp | kInServer, Use::kNoEffect},
    Known{"client_max_body_size", kInHttp, Use::kNoEffect},
    Known{"default_type", kInHttp, Use::kNoEffect},
    Known{"error_log", kMain | kInHttp, Use::kModelled},
    Known{"error_page", kInHttp, Use::kLeftOut},
    Known{"events", kMain, Use::kModelled},
    Known{"gzip", kInHttp, Use::kLeftOut},
    Known{"hash", kUpstream, Use::kLeftOut},
    Known{"http", kMain, Use::kModelled},
    Known{"if", kInServer | kLocation, Use::kLeftOut},
    Known{"index", kInHttp, Use::kLeftOut},
    Known{"ip_hash", kUpstream, Use::kLeftOut},
    Known{"keepalive", kUpstream, Use::kLeftOut},
    Known{"keepalive_timeout", kInHttp | kUpstream, Use::kModelled},
    Known{"least_conn", kUpstream, Use::kLeftOut},
    Known{"listen", kInServer, Use::kModelled},
    Known{"location", kInServer | kLocation, Use::kModelled},
    Known{"log_format", kHttp, Use::kLeftOut},
    Known{"map", kHttp, Use::kLeftOut},
    Known{"multi_accept", kEvents, Use::kNoEffect},
    Known{"pid", kMain, Use::kModelled},
    Known{"proxy_buffering", kInHttp, Use::kLeftOut},
    Known{"proxy_cache", kInHttp, Use::kLeftOut},
    Known{"proxy_connect_timeout", kInHttp, Use::kModelled},
    Known{"proxy_http_version", kInHttp, Use::kLeftOut},
    Known{"proxy_next_upstream", kInHttp, Use::kModelled},
    Known{"proxy_pass", kLocation, Use::kModelled},
    Known{"proxy_read_timeout", kInHttp, Use::kModelled},
    Known{"proxy_redirect", kInHttp, Use::kLeftOut},
    Known{"proxy_send_timeout", kInHttp, Use::kNoEffect},
    Known{"proxy_set_header", kInHttp, Use::kModelled},
    Known{"random", kUpstream, Use::kLeftOut},
    Known{"return", kInServer | kLocation, Use::kModelled},
    Known{"rewrite", kInServer | kLocation, Use::kLeftOut},
    Known{"root", kInHttp, Use::kLeftOut},
    Known{"send_timeout", kInHttp, Use::kNoEffect},
    Known{"sendfile", kInHttp, Use::kNoEffect},
    Known{"server", kHttp | kUpstream, Use::kModelled},
    Known{"server_name", kInServer, Use::kNoEffect},
    Known{"server_tokens", kInHttp, Use::kLeftOut},
    Known{"ssl_certificate", kHttp | kInServer, Use::kModelled},
    Known{"ssl_certificate_key", kHttp | kInServer, Use::kModelled},
    Known{"stream", kMain, Use::kLeftOut},
    Known{"tcp_nodelay", kInHttp, Use::kNoEffect},
    Known{"tcp_nopush", kInHttp, Use::kNoEffect},
    Known{"try_files", kInServer | kLocation, Use::kLeftOut},
    Known{"types_hash_max_size", kInHttp, Use::kNoEffect},
    Known{"upstream", kHttp, Use::kModelled},
    Known{"use", kEvents, Use::kNoEffect},
    Known{"user", kMain, Use::kNoEffect},
    Known{"worker_connections", kEvents, Use::kNoEffect},
    Known{"worker_processes", kMain, Use::kModelled},
    Known{"worker_rlimit_nofile", kMain, Use::kNoEffect},
    Known{"zone", kUpstream, Use::kNoEffect},
};
static_assert(std::ranges::is_sorted(kKnown, {}, &Known::name));

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// "10s", "500ms", "2m", "1h", "10". Source: ngx_parse_time().
std::optional<SimDuration> time_of(std::string_view text) {
  std::int64_t unit = 1'000'000'000;
  if (text.ends_with("ms")) {
    unit = 1'000'000;
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  } else if (text.ends_with('m')) {
    unit *= 60;
    text.remove_suffix(1);
  } else if (text.ends_with('h')) {
    unit *= 3'600;
    text.remove_suffix(1);
  }
  const auto value = number_of<std::int64_t>(text);
  if (!value || *value > 1'000'000) return std::nullopt;
  return SimDuration{*value * unit};
}

/// HOST, HOST:PORT or PORT (`bare_port`); port 80 if there is none.
struct HostPort {
  std::string host;
  std::uint16_t port = 80;
};
std::optional<HostPort> host_port_of(std::string_view text, bool bare_port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    const auto port = bare_port ? number_of<std::uint16_t>(text) : std::nullopt;
    if (port) return *port == 0 ? std::nullopt : std::optional(HostPort{"*", *port});
    return HostPort{std::string(text), 80};
  }
  const auto port = number_of<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0) return std::nullopt;
  return HostPort{std::string(text.substr(0, colon)), *port};
}

class Builder {
 public:
  explicit Builder(const NginxFiles& files) : files_(files) {}

  std::expected<NginxConf, NginxProblem> build(const std::vector<NginxDirective>& all,
                                               const std::string& path) {
    bool events = false;
    for (const NginxDirective& d : all) {
      if (auto problem = usable(d, kMain)) return std::unexpected(*problem);
      if (auto problem = in_main(d)) return std::unexpected(*problem);
      events |= d.name() == "events";
    }
    if (!events) {
      return std::unexpected(NginxProblem{.text = "no \"events\" section in configuration"});
    }
    for (auto& [at, directive] : proxies_) {
      if (auto problem = join(at, directive)) return std::unexpected(*problem);
    }
    static_cast<void>(path);
    return std::move(conf_);
  }

 private:
  /// A proxy_pass, which may name an upstream that stands further down.
  struct ProxyAt {
    std::size_t server, location;
  };

  Problem usable(const NginxDirective& d, Place place) const {
    const auto known = std::ranges::lower_bound(kKnown, d.name(), {}, &Known::name);
    if (known == kKnown.end() || known->name != d.name()) {
      return d.problem(fmt::format("unknown directive \"{}\"", d.name()));
    }
    if ((known->places & place) == 0) {
      return d.problem(fmt::format("\"{}\" directive is not allowed here", d.name()));
    }
    if (known->use == Use::kLeftOut) return d.not_modelled(d.name());
    constexpr std::array<std::string_view, 5> kBlocks{"events", "http", "location", "server",
                                                      "upstream"};
    const bool block = std::ranges::find(kBlocks, d.name()) != kBlocks.end() &&
                       !(d.name() == "server" && place == kUpstream);
    if (block && !d.has_block) {
      return d.problem(fmt::format("directive \"{}\" has no opening \"{{\"", d.name()));
    }
    if (!block && d.has_block) {
      return d.problem(fmt::format("directive \"{}\" is not terminated by \";\"", d.name()));
    }
    return std::nullopt;
  }

  static Problem arguments(const NginxDirective& d, std::size_t least, std::size_t most) {
    const std::size_t count = d.words.size() - 1;
    if (count >= least && count <= most) return std::nullopt;
    return d.problem(fmt::format("invalid number of arguments in \"{}\" directive", d.name()));
  }
  static Problem invalid(const NginxDirective& d) {
    return d.problem(fmt::format("\"{}\" directive invalid value", d.name()));
  }

  Problem in_main(const NginxDirective& d) {
    if (d.name() == "http")
      return block(d, kHttp, [&](const auto& inner) { return in_http(inner); });
    if (d.name() == "events") return block(d, kEvents, [](const auto&) { return Problem{}; });
    if (d.name() == "worker_processes") {
      if (auto wrong = arguments(d, 1, 1)) return wrong;
      if (d.words[1] != "1" && d.words[1] != "auto") {
        return d.not_modelled("more than one worker process");
      }
      return std::nullopt;
    }
    if (d.name() == "error_log") return error_log(d);
    if (d.name() == "pid") {
      if (auto wrong = arguments(d, 1, 1)) return wrong;
      conf_.pid_file = d.words[1];
    }
    return std::nullopt;
  }

  template <class Each>
  Problem block(const NginxDirective& d, Place place, Each each) {
    for (const NginxDirective& inner : d.block) {
      if (auto problem = usable(inner, place)) return problem;
      if (auto problem = each(inner)) return problem;
    }
    return std::nullopt;
  }

  Problem error_log(const NginxDirective& d) {
    if (auto wrong = arguments(d, 1, 2)) return wrong;
    constexpr std::array<std::string_view, 8> kLevels{"debug", "info", "notice", "warn",
                                                      "error", "crit", "alert",  "emerg"};
    const std::string level = d.words.size() > 2 ? d.words[2] : "error";
    if (std::ranges::find(kLevels, level) == kLevels.end()) {
      return d.problem(fmt::format("invalid log level \"{}\"", level));
    }
    if (level != "error") return d.not_modelled("another level than error");
    conf_.error_log = d.words[1];
    return std::nullopt;
  }

  Problem in_http(const NginxDirective& d) {
    if (d.name() == "upstream") return upstream(d);
    if (d.name() == "server") return virtual_server(d);
    return setting(d);
  }

  /// What may stand in http, server and location; here it holds for all of them.
  Problem setting(const NginxDirective& d) {
    NginxHttpSettings& http = conf_.http;
    if (d.name() == "error_log") return error_log(d);
    if (d.name() == "access_log") {
      if (auto wrong = arguments(d, 1, 2)) return wrong;
      if (d.words.size() == 3 && d.words[2] != "combined") return d.not_modelled("a log format");
      http.access_log = d.words[1] == "off" ? "" : d.words[1];
      return std::nullopt;
    }
    if (d.name() == "proxy_next_upstream") return next_upstream(d);
    if (d.name().starts_with("ssl_")) return d.not_modelled(d.name() + " outside of a server");
    if (d.name() == "proxy_set_header") {
      return d.not_modelled("proxy_set_header outside of a location");
    }
    SimDuration* time = d.name() == "keepalive_timeout"       ? &http.keepalive_timeout
                        : d.name() == "proxy_connect_timeout" ? &http.connect_timeout
                        : d.name() == "proxy_read_timeout"    ? &http.read_timeout
                                                              : nullptr;
    if (time == nullptr) return std::nullopt;
    if (auto wrong = arguments(d, 1, 1)) return wrong;
    const auto value = time_of(d.words[1]);
    if (!value) return invalid(d);
    *time = *value;
    return std::nullopt;
  }

  Problem next_upstream(const NginxDirective& d) {
    conf_.http.next_on_error = conf_.http.next_on_timeout = false;
    for (std::size_t i = 1; i < d.words.size(); ++i) {
      const std::string& word = d.words[i];
      if (word == "error") {
        conf_.http.next_on_error = true;
      } else if (word == "timeout") {
        conf_.http.next_on_timeout = true;
      } else if (word != "off") {
        return d.not_modelled("proxy_next_upstream " + word);
      }
    }
    return std::nullopt;
  }

  Problem upstream(const NginxDirective& d) {
    if (auto wrong = arguments(d, 1, 1)) return wrong;
    for (const NginxUpstream& other : conf_.upstreams) {
      if (other.name == d.words[1]) {
        return d.problem(fmt::format("duplicate upstream \"{}\"", d.words[1]));
      }
    }
    NginxUpstream made{.name = d.words[1]};
    auto problem = block(d, kUpstream, [&](const NginxDirective& inner) -> Problem {
      return inner.name() == "server" ? upstream_server(inner, made) : std::nullopt;
    });
    if (problem) return problem;
    if (made.servers.empty()) return d.problem("no servers are inside upstream");
    conf_.upstreams.push_back(std::move(made));
    return std::nullopt;
  }

  std::expected<Endpoint, NginxProblem> endpoint(const NginxDirective& d,
                                                 const std::string& text) const {
    const auto parts = host_port_of(text, false);
    if (!parts) {
      return std::unexpected(d.problem(fmt::format("invalid port in upstream \"{}\"", text)));
    }
    if (const auto addr = files_.resolve(parts->host)) return Endpoint{*addr, parts->port};
    return std::unexpected(d.problem(fmt::format("host not found in upstream \"{}\"", text)));
  }

  Problem upstream_server(const NginxDirective& d, NginxUpstream& made) {
    if (d.words.size() < 2) return arguments(d, 1, 9);
    const auto at = endpoint(d, d.words[1]);
    if (!at) return at.error();
    NginxServer server{.name = fmt::format("{}:{}", at->addr.to_string(), at->port), .at = *at};
    for (std::size_t i = 2; i < d.words.size(); ++i) {
      if (auto problem = parameter(d, d.words[i], server)) return problem;
    }
    made.servers.push_back(std::move(server));
    return std::nullopt;
  }

  static Problem parameter(const NginxDirective& d, std::string_view word, NginxServer& server) {
    const auto value = word.substr(std::min(word.find('='), word.size() - 1) + 1);
    Problem wrong = d.problem(fmt::format("invalid parameter \"{}\"", word));
    if (word == "backup") {
      server.backup = true;
    } else if (word == "down") {
      server.down = true;
    } else if (word.starts_with("weight=")) {
      const auto weight = number_of<int>(value);
      if (!weight || *weight == 0) return wrong;
      server.weight = *weight;
    } else if (word.starts_with("max_fails=")) {
      const auto fails = number_of<int>(value);
      if (!fails) return wrong;
      server.max_fails = *fails;
    } else if (word.starts_with("fail_timeout=")) {
      const auto time = time_of(value);
      if (!time) return wrong;
      server.fail_timeout_s = time->ns / 1'000'000'000;
    } else if (word.starts_with("max_conns=") || word.starts_with("slow_start=")) {
      return d.not_modelled(std::string(word));
    } else {
      return wrong;
    }
    return std::nullopt;
  }

  Problem virtual_server(const NginxDirective& d) {
    if (auto wrong = arguments(d, 0, 0)) return wrong;
    conf_.servers.emplace_back();
    NginxTlsFiles tls;
    auto problem = block(d, kInServer, [&](const NginxDirective& inner) -> Problem {
      if (inner.name() == "ssl_certificate" || inner.name() == "ssl_certificate_key") {
        if (auto wrong = arguments(inner, 1, 1)) return wrong;
        (inner.name() == "ssl_certificate" ? tls.certificate : tls.key) = inner.words[1];
        return std::nullopt;
      }
      if (inner.name() == "listen") return listen(inner);
      if (inner.name() == "location") return location(inner);
      if (inner.name() == "return") return inner.not_modelled("return outside of a location");
      return setting(inner);
    });
    if (problem) return problem;
    NginxVirtualServer& server = conf_.servers.back();
    if (server.listen.empty()) server.listen.push_back({{}, 80});
    if (auto wrong = load_nginx_certificate(d, tls, files_, server)) return wrong;
    for (std::size_t i = 0; i + 1 < conf_.servers.size(); ++i) {
      for (const Endpoint& at : conf_.servers[i].listen) {
        if (std::ranges::find(server.listen, at) != server.listen.end()) {
          return d.not_modelled("two servers at one port (told apart by their names)");
        }
      }
    }
    return std::nullopt;
  }

  Problem listen(const NginxDirective& d) {
    if (d.words.size() < 2) return arguments(d, 1, 9);
    bool tls = false;
    for (std::size_t i = 2; i < d.words.size(); ++i) {
      tls = tls || d.words[i] == "ssl";
      if (d.words[i] == "ssl" || d.words[i] == "default_server") continue;
      return d.not_modelled("listen ... " + d.words[i]);
    }
    if (d.words[1].starts_with("[") || d.words[1].starts_with("unix:")) {
      return d.not_modelled("listen " + d.words[1]);
    }
    const auto parts = host_port_of(d.words[1], true);
    if (!parts)
      return d.problem(
          fmt::format("invalid port in \"{}\" of the \"listen\" directive", d.words[1]));
    const auto addr = parts->host == "*" ? Ipv4Addr{} : files_.resolve(parts->host);
    if (!addr) {
      return d.problem(
          fmt::format("host not found in \"{}\" of the \"listen\" directive", d.words[1]));
    }
    conf_.servers.back().listen.push_back({*addr, parts->port});
    if (tls) conf_.servers.back().listen_tls.push_back({*addr, parts->port});
    return std::nullopt;
  }

  Problem location(const NginxDirective& d) {
    if (auto wrong = arguments(d, 1, 2)) return wrong;
    if (d.words.size() == 3 || !d.words[1].starts_with('/')) {
      return d.not_modelled("a location that is no prefix");
    }
    NginxVirtualServer& server = conf_.servers.back();
    server.locations.push_back({.prefix = d.words[1]});
    auto problem = block(d, kLocation, [&](const NginxDirective& inner) -> Problem {
      if (inner.name() == "location") return inner.not_modelled("a location in a location");
      if (inner.name() == "return") return answer(inner);
      if (inner.name() == "proxy_pass") return proxy_pass(inner);
      if (inner.name() == "proxy_set_header") return set_header(inner);
      return setting(inner);
    });
    if (problem) return problem;
    NginxLocation& made = server.locations.back();
    if (made.return_code == 0 && made.proxy_host.empty()) {
      return d.not_modelled("a location without proxy_pass or return (files)");
    }
    return std::nullopt;
  }

  Problem answer(const NginxDirective& d) {
    if (auto wrong = arguments(d, 1, 2)) return wrong;
    const auto code = number_of<int>(d.words[1]);
    if (!code || *code < 200 || *code > 599) {
      return d.problem(fmt::format("invalid return code \"{}\"", d.words[1]));
    }
    if (*code >= 300 && *code < 400) return d.not_modelled("a redirect");
    NginxLocation& made = conf_.servers.back().locations.back();
    made.return_code = *code;
    if (d.words.size() > 2) made.return_text = d.words[2];
    if (made.return_text.find('$') != std::string::npos) return d.not_modelled("a variable here");
    return std::nullopt;
  }

  Problem set_header(const NginxDirective& d) {
    if (auto wrong = arguments(d, 2, 2)) return wrong;
    constexpr std::array<std::string_view, 7> kVariables{
        "$host",       "$http_host", "$remote_addr", "$proxy_add_x_forwarded_for",
        "$proxy_host", "$scheme",    "$server_port"};
    const std::string& value = d.words[2];
    const bool variable = value.find('$') != std::string::npos;
    if (variable && std::ranges::find(kVariables, value) == kVariables.end()) {
      return d.not_modelled("the value " + value);
    }
    conf_.servers.back().locations.back().set_headers.emplace_back(d.words[1], value);
    return std::nullopt;
  }

  Problem proxy_pass(const NginxDirective& d) {
    if (auto wrong = arguments(d, 1, 1)) return wrong;
    std::string target = d.words[1];
    if (target.starts_with("https://")) return d.not_modelled("proxy_pass by TLS");
    if (!target.starts_with("http://")) return d.problem("invalid URL prefix");
    target = target.substr(7);
    NginxLocation& made = conf_.servers.back().locations.back();
    const std::size_t slash = target.find('/');
    if (slash != std::string::npos) {
      if (target.substr(slash) != "/" || made.prefix != "/") {
        return d.not_modelled("a path in proxy_pass");
      }
      target.resize(slash);
    }
    if (target.find('$') != std::string::npos) return d.not_modelled("a variable in proxy_pass");
    made.proxy_host = target;
    proxies_.push_back({{conf_.servers.size() - 1, conf_.servers.back().locations.size() - 1}, d});
    return std::nullopt;
  }

  /// Finds the upstream of a proxy_pass, or makes one of its address.
  Problem join(const ProxyAt& at, const NginxDirective& d) {
    NginxLocation& made = conf_.servers[at.server].locations[at.location];
    const auto named = std::ranges::find(conf_.upstreams, made.proxy_host, &NginxUpstream::name);
    made.upstream = static_cast<std::size_t>(named - conf_.upstreams.begin());
    if (named != conf_.upstreams.end()) return std::nullopt;
    const auto where = endpoint(d, made.proxy_host);
    if (!where) return where.error();
    NginxServer server{.name = fmt::format("{}:{}", where->addr.to_string(), where->port),
                       .at = *where};
    conf_.upstreams.push_back(
        {.name = made.proxy_host, .servers = {std::move(server)}, .implicit = true});
    return std::nullopt;
  }

  const NginxFiles& files_;
  NginxConf conf_;
  std::vector<std::pair<ProxyAt, NginxDirective>> proxies_;
};

}  // namespace

std::string NginxProblem::message() const {
  if (file.empty()) return fmt::format("nginx: [emerg] {}\n", text);
  if (not_modelled) {
    return fmt::format("lvslab: nginx: {}:{}:{}: {} is not modelled\n", file, line, column, text);
  }
  return fmt::format("nginx: [emerg] {} in {}:{}\n", text, file, line);
}

std::expected<NginxConf, NginxProblem> read_nginx_conf(const std::string& path,
                                                       const NginxFiles& files) {
  const auto words = read_nginx_words(path, files);
  if (!words) return std::unexpected(words.error());
  return Builder(files).build(*words, path);
}

}  // namespace lvslab::apps
