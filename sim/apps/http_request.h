// What a web server understands of a request's head, and the pages of its refusals.
//
// Models: request lines of HTTP/1.0 and 1.1, the headers that decide about body and connection, the
// limits of Apache's core (LimitRequestLine 8190, LimitRequestFieldSize 8190, LimitRequestFields
// 100). Left out: HTTP/0.9, chunked request bodies (501).
// Source: httpd 2.4 server/protocol.c: read_request_line(), ap_get_mime_headers_core();
// modules/http/http_protocol.c: get_canned_error_string().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lvslab::apps {

struct HttpRequest {
  std::string_view method, target, host;
  int version = 11;              ///< 10 or 11
  int refused = 0;               ///< the status that refuses the request; 0: it is well formed
  std::uint64_t body = 0;        ///< Content-Length
  bool asks_keep_alive = false;  ///< "Connection: keep-alive"
  bool asks_close = false;
  bool close_after = false;  ///< the bytes that follow cannot be understood

  bool is_head() const { return method == "HEAD"; }
};

inline constexpr std::size_t kMaxRequestLine = 8'190;
inline constexpr std::size_t kMaxRequestField = 8'190;
inline constexpr std::size_t kMaxRequestFields = 100;

/// The length of the head at the front of `input`, with its blank line; 0 if it has no end yet.
std::size_t http_head_length(std::string_view input);
/// The status that refuses a head that has no end yet but is too long already; 0 if it is not.
int http_head_too_long(std::string_view input);
/// `head`: the lines up to and including the blank one. Views point into it.
HttpRequest parse_http_request(std::string_view head);

/// The path below the document root that a target asks for: without query, %XX decoded, "." and
/// ".." resolved. Nothing if it is malformed or leads above the root.
std::optional<std::string> http_path_of(std::string_view target);
/// "text/html; charset=UTF-8" for a name that ends in .html; empty if the suffix is unknown.
std::string_view http_content_type(std::string_view path);

std::string_view http_reason(int status);
/// The page that explains a status other than 200. `path` as it was asked for, `location` of a 301.
std::string http_error_page(int status, std::string_view method, std::string_view path,
                            std::string_view location);
/// What stands at / as long as nobody wrote an index.html.
std::string_view http_test_page();

}  // namespace lvslab::apps
