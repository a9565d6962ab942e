// nginx.conf as far as a balancer of HTTP needs it.
//
// Models: the grammar (blocks, quotes, comments, `include` with a pattern); upstream with server
// weight= max_fails= fail_timeout= backup down; server with listen, also `listen ... ssl` with
// ssl_certificate and ssl_certificate_key (PEM, RSA of 2048 bits or more); location with proxy_pass
// or return; proxy_set_header with a few variables; proxy_connect_timeout, proxy_read_timeout,
// proxy_next_upstream; keepalive_timeout; access_log and error_log with their files. Directives
// that change nothing here are taken (kNoEffect).
// Left out: everything else. A directive that nginx does not know either, or a mistake, gets
// nginx's own words; one that is not modelled is named with file, line and column.
// Source: nginx 1.22.1 src/core/ngx_conf_file.c, src/http/ngx_http_upstream.c.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/core/ports.h"

namespace lvslab::apps {

inline constexpr std::string_view kNginxConf = "/etc/nginx/nginx.conf";

/// `server` of an upstream.
struct NginxServer {
  std::string name;  ///< as it is written, with the port
  Endpoint at;
  int weight = 1;
  int max_fails = 1;
  std::int64_t fail_timeout_s = 10;
  bool backup = false, down = false;
};

struct NginxUpstream {
  std::string name;
  std::vector<NginxServer> servers;
  bool implicit = false;  ///< of a proxy_pass to an address
};

struct NginxLocation {
  std::string prefix;
  int return_code = 0;  ///< 0: a proxy
  std::string return_text;
  std::size_t upstream = 0;  ///< index into NginxConf::upstreams
  std::string proxy_host;    ///< $proxy_host
  std::vector<std::pair<std::string, std::string>> set_headers;
};

struct NginxVirtualServer {
  std::vector<Endpoint> listen;
  std::vector<Endpoint> listen_tls;  ///< those of `listen` that have "ssl"
  std::string certificate;           ///< DER
  std::size_t key_bytes = 0;         ///< of its RSA key
  std::vector<NginxLocation> locations;
};

/// Settings that an inner block takes over from the outer one.
struct NginxHttpSettings {
  std::string access_log = "/var/log/nginx/access.log";  ///< empty: off
  SimDuration keepalive_timeout{75'000'000'000};
  SimDuration connect_timeout{60'000'000'000}, read_timeout{60'000'000'000};
  bool next_on_error = true, next_on_timeout = true;
};

struct NginxConf {
  std::string error_log = "/var/log/nginx/error.log";
  std::string pid_file = "/run/nginx.pid";
  NginxHttpSettings http;
  std::vector<NginxUpstream> upstreams;
  std::vector<NginxVirtualServer> servers;
};

/// What is wrong with a configuration.
struct NginxProblem {
  std::string file;
  std::size_t line = 0, column = 0;
  std::string text;
  bool not_modelled = false;  ///< the real one would take it
  /// As nginx prints it, or ours, with a line break at the end.
  std::string message() const;
};

/// What the reader needs of a host.
class NginxFiles {
 public:
  virtual ~NginxFiles() = default;
  virtual std::optional<std::string> read(const std::string& path) const = 0;
  /// Names of a directory, sorted.
  virtual std::vector<std::string> list(const std::string& directory) const = 0;
  virtual std::optional<Ipv4Addr> resolve(const std::string& name) const = 0;
};

std::expected<NginxConf, NginxProblem> read_nginx_conf(const std::string& path,
                                                       const NginxFiles& files);

}  // namespace lvslab::apps
