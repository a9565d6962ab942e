#include "sim/apps/http_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "sim/apps/http_reader.h"

namespace lvslab::apps {
namespace {

bool is_token_char(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kOthers.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

/// The next line without its end; taken off the front of `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// "HTTP/1.1" to 11; 0 if it is no version of HTTP, 20 for a version that is too new.
int version_of(std::string_view text) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || text[6] != '.') return 0;
  if (text[5] < '0' || text[5] > '9' || text[7] < '0' || text[7] > '9') return 0;
  if (text[5] > '1') return 20;
  if (text[5] == '0') return 0;
  return text[7] == '0' ? 10 : 11;
}

int parse_request_line(std::string_view line, HttpRequest& request) {
  if (line.size() > kMaxRequestLine) return 414;
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) return 400;
  request.method = line.substr(0, first);
  request.target = trimmed(line.substr(first + 1, last - first - 1));
  const int version = version_of(line.substr(last + 1));
  if (version == 20) return 505;
  if (version == 0 || !is_token(request.method) || request.target.empty()) return 400;
  if (request.target.find_first_of(" \t") != std::string_view::npos) return 400;
  request.version = version;
  return 0;
}

int interpret_field(std::string_view name, std::string_view value, HttpRequest& request) {
  if (http_same(name, "Connection")) {
    request.asks_close |= http_has_token(value, "close");
    request.asks_keep_alive |= http_has_token(value, "keep-alive");
  } else if (http_same(name, "Host")) {
    if (!request.host.empty()) return 400;
    request.host = value;
  } else if (http_same(name, "Content-Length")) {
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), request.body);
    if (error != std::errc{} || end != value.data() + value.size()) return 400;
  } else if (http_same(name, "Transfer-Encoding")) {
    return 501;
  }
  return 0;
}

int parse_fields(std::string_view text, HttpRequest& request) {
  std::size_t count = 0;
  bool has_host = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    if (line.size() > kMaxRequestField || ++count > kMaxRequestFields) return 400;
    if (line.front() == ' ' || line.front() == '\t') continue;  // folds of fields we do not read
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return 400;
    const std::string_view name = line.substr(0, colon);
    has_host |= http_same(name, "Host");
    const int refused = interpret_field(name, trimmed(line.substr(colon + 1)), request);
    if (refused != 0) return refused;
  }
  return request.version == 11 && !has_host ? 400 : 0;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(&text[i + 1], &text[i + 1] + 2, value, 16);
    if (error != std::errc{} || end != &text[i + 1] + 2 || value == 0) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string explanation(int status, std::string_view method, std::string_view path,
                        std::string_view location) {
  switch (status) {
    case 301:
      return fmt::format("<p>The document has moved <a href=\"{}\">here</a>.</p>\n",
                         escape_html(location));
    case 403:
      return fmt::format("<p>You don't have permission to access {}\non this server.</p>\n",
                         escape_html(path));
    case 404:
      return fmt::format("<p>The requested URL {} was not found on this server.</p>\n",
                         escape_html(path));
    case 405:
      return fmt::format("<p>The requested method {} is not allowed for the URL {}.</p>\n",
                         escape_html(method), escape_html(path));
    case 408: return "<p>Server timeout waiting for the HTTP request from the client.</p>\n";
    case 414:
      return "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n"
             "</p>\n";
    case 501:
      return fmt::format("<p>{} to {} not supported.<br />\n</p>\n", escape_html(method),
                         escape_html(path));
    default:
      return "<p>Your browser sent a request that this server could not understand.<br />\n</p>\n";
  }
}

}  // namespace

std::size_t http_head_length(std::string_view input) {
  for (std::size_t at = input.find('\n'); at != std::string_view::npos;
       at = input.find('\n', at + 1)) {
    if (input.substr(at + 1).starts_with("\r\n")) return at + 3;
    if (input.substr(at + 1).starts_with('\n')) return at + 2;
  }
  return 0;
}

int http_head_too_long(std::string_view input) {
  if (input.find('\n') == std::string_view::npos) return input.size() > kMaxRequestLine ? 414 : 0;
  return input.size() > kMaxRequestLine + kMaxRequestField * kMaxRequestFields ? 400 : 0;
}

HttpRequest parse_http_request(std::string_view head) {
  HttpRequest request;
  request.refused = parse_request_line(take_line(head), request);
  if (request.refused == 0) request.refused = parse_fields(head, request);
  request.close_after = request.refused != 0;
  return request;
}

std::optional<std::string> http_path_of(std::string_view target) {
  const bool plain =
      target.starts_with('/') && target.find_first_of("%?#") == std::string_view::npos &&
      target.find("//") == std::string_view::npos && target.find("/.") == std::string_view::npos;
  if (plain) return std::string(target);  // nearly always
  if (http_same(target.substr(0, 7), "http://")) {
    const std::size_t slash = target.find('/', 7);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  const auto path = decode(target.substr(0, target.find_first_of("?#")));
  if (!path || !path->starts_with('/')) return std::nullopt;
  std::vector<std::string_view> parts;
  const std::string_view rest = *path;
  for (std::size_t at = 0; at < rest.size();) {
    const std::size_t end = std::min(rest.find('/', at + 1), rest.size());
    const std::string_view part = rest.substr(at + 1, end - at - 1);
    at = end;
    if (part == "..") {
      if (parts.empty()) return std::nullopt;
      parts.pop_back();
    } else if (part != "." && !part.empty()) {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  const bool directory = rest.ends_with('/') || rest.ends_with("/.") || rest.ends_with("/..");
  if (directory || out.empty()) out += '/';
  return out;
}

std::string_view http_content_type(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTypes{{
      {".html", "text/html; charset=UTF-8"},
      {".htm", "text/html; charset=UTF-8"},
      {".txt", "text/plain; charset=UTF-8"},
      {".css", "text/css"},
      {".js", "application/javascript"},
      {".json", "application/json"},
      {".xml", "text/xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".gif", "image/gif"},
      {".svg", "image/svg+xml"},
  }};
  for (const auto& [suffix, type] : kTypes) {
    if (path.ends_with(suffix)) return type;
  }
  return {};
}

std::string_view http_reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 301: return "Moved Permanently";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 414: return "Request-URI Too Long";
    case 501: return "Not Implemented";
    case 505: return "HTTP Version Not Supported";
    default: return "Bad Request";
  }
}

std::string http_error_page(int status, std::string_view method, std::string_view path,
                            std::string_view location) {
  return fmt::format(
      "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n"
      "<title>{} {}</title>\n</head><body>\n<h1>{}</h1>\n{}</body></html>\n",
      status, http_reason(status), http_reason(status),
      explanation(status, method, path, location));
}

std::string_view http_test_page() {
  return "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.1//EN\" "
         "\"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd\"><html><head>\n"
         "<title>Apache HTTP Server Test Page powered by CentOS</title>\n</head>\n<body>\n"
         "<h1>Testing 123..</h1>\n"
         "<p>This page is used to test the proper operation of the Apache HTTP server after it has "
         "been installed. If you can read this page it means that this site is working properly. "
         "To replace it, add content to the directory /var/www/html/.</p>\n</body></html>\n";
}

}  // namespace lvslab::apps
