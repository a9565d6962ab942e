#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>

#include "sim/command/curl.h"

namespace lvslab::command {

namespace {

std::string_view errno_text(int error_number) {
  switch (error_number) {
    case 98: return "Address already in use";
    case 99: return "Cannot assign requested address";
    default: return "Invalid argument";
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

/// The name in "Name: value", "Name:" or "Name;".
std::string header_name(std::string_view header) {
  return lower(header.substr(0, header.find_first_of(":;")));
}

/// What goes over the wire for one -H: nothing for "Name:", "Name:" for "Name;".
std::string custom_header(std::string_view header) {
  const std::size_t colon = header.find(':');
  if (colon == std::string_view::npos) {
    if (header.size() < 2 || !header.ends_with(';')) return {};
    return fmt::format("{}:\r\n", header.substr(0, header.size() - 1));
  }
  if (header.find_first_not_of(" \t", colon + 1) == std::string_view::npos) return {};
  return fmt::format("{}\r\n", header);
}

/// Calls `visit` for each line, without its CR LF.
template <class Visit>
void for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line);
  }
}

std::string seconds6(SimDuration d) {
  return fmt::format("{}.{:06}", d.seconds(), d.us() % 1'000'000);
}

std::optional<std::string> variable(std::string_view name, const CurlTransfer& t) {
  const auto number = [](auto n) { return fmt::format("{}", n); };
  if (name == "http_code" || name == "response_code") {
    return fmt::format("{:03}", t.response_code);
  }
  if (name == "time_total") return seconds6(t.total);
  if (name == "time_connect") return seconds6(t.connect);
  if (name == "time_namelookup") return seconds6(t.name_lookup);
  if (name == "time_pretransfer") return seconds6(t.pre_transfer);
  if (name == "time_starttransfer") return seconds6(t.start_transfer);
  if (name == "time_appconnect" || name == "time_redirect") return seconds6({});
  if (name == "remote_ip") return t.remote_ip.is_any() ? "" : t.remote_ip.to_string();
  if (name == "local_ip") return t.local_ip.is_any() ? "" : t.local_ip.to_string();
  if (name == "remote_port") return number(t.remote_port);
  if (name == "local_port") return number(t.local_port);
  if (name == "size_download") return number(t.size_download);
  if (name == "size_header") return number(t.size_header);
  if (name == "size_request") return number(t.size_request);
  if (name == "size_upload" || name == "speed_upload" || name == "num_redirects") return "0";
  if (name == "speed_download") {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(1, t.total.us()));
    return number(t.size_download * 1'000'000 / us);
  }
  if (name == "num_connects") return number(t.num_connects);
  if (name == "url") return t.url;
  if (name == "url_effective") return curl_effective_url(t.url);
  if (name == "urlnum") return number(t.url_number);
  if (name == "exitcode") return number(static_cast<int>(t.error.code));
  if (name == "errormsg") return t.error.message;
  if (name == "http_version") {
    return t.http_version == 11 ? "1.1" : t.http_version == 10 ? "1" : "0";
  }
  if (name == "content_type") return t.content_type;
  if (name == "method") return t.method;
  if (name == "scheme") return t.ftp ? "FTP" : "HTTP";
  if (name == "ftp_entry_path") return t.ftp_entry_path;
  if (name == "filename_effective") return t.exit_file;
  if (name == "redirect_url") return "";
  return std::nullopt;
}

/// max5data() of progress.c: five characters for a size.
std::string five(std::uint64_t n) {
  constexpr std::uint64_t kKi = 1024;
  constexpr std::uint64_t kMi = kKi * kKi;
  constexpr std::uint64_t kGi = kMi * kKi;
  if (n < 100'000) return fmt::format("{:>5}", n);
  if (n < 10'000 * kKi) return fmt::format("{:>4}k", n / kKi);
  if (n < 100 * kMi) return fmt::format("{:>2}.{}M", n / kMi, n % kMi / (kMi / 10));
  if (n < 10'000 * kMi) return fmt::format("{:>4}M", n / kMi);
  if (n < 100 * kGi) return fmt::format("{:>2}.{}G", n / kGi, n % kGi / (kGi / 10));
  return fmt::format("{:>4}G", n / kGi);
}

/// time2str() of progress.c.
std::string clock_text(std::int64_t seconds) {
  if (seconds <= 0) return "--:--:--";
  return fmt::format("{:>2}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string closing(std::uint32_t connection) {
  return fmt::format("* Closing connection {}\n", connection);
}

}  // namespace

CurlError curl_could_not_resolve(std::string_view host) {
  return {CurlCode::kCouldntResolveHost, fmt::format("Could not resolve host: {}", host)};
}
CurlError curl_resolving_timed_out(SimDuration after) {
  return {CurlCode::kOperationTimedout,
          fmt::format("Resolving timed out after {} milliseconds", after.ms())};
}
CurlError curl_could_not_connect(const CurlUrl& url, SimDuration after) {
  return {CurlCode::kCouldntConnect,
          fmt::format("Failed to connect to {} port {} after {} ms: Couldn't connect to server",
                      url.host, url.port, after.ms())};
}
CurlError curl_connect_timeout(const CurlUrl& url, SimDuration after) {
  return {CurlCode::kOperationTimedout,
          fmt::format("Failed to connect to {} port {} after {} ms: Timeout was reached", url.host,
                      url.port, after.ms())};
}
CurlError curl_connection_timed_out(SimDuration after) {
  return {CurlCode::kOperationTimedout,
          fmt::format("Connection timed out after {} milliseconds", after.ms())};
}
CurlError curl_operation_timed_out(SimDuration after, std::uint64_t received,
                                   std::optional<std::uint64_t> expected) {
  const std::string of = expected ? fmt::format(" out of {}", *expected) : "";
  return {CurlCode::kOperationTimedout,
          fmt::format("Operation timed out after {} milliseconds with {}{} bytes received",
                      after.ms(), received, of)};
}
CurlError curl_empty_reply() { return {CurlCode::kGotNothing, "Empty reply from server"}; }
CurlError curl_reset_by_peer() {
  return {CurlCode::kRecvError, "Recv failure: Connection reset by peer"};
}
CurlError curl_partial_file(std::uint64_t missing) {
  return {CurlCode::kPartialFile,
          fmt::format("transfer closed with {} bytes remaining to read", missing)};
}
CurlError curl_http_error(int status) {
  return {CurlCode::kHttpReturnedError,
          fmt::format("The requested URL returned error: {}", status)};
}
CurlError curl_bind_failed(int error_number) {
  return {CurlCode::kInterfaceFailed,
          fmt::format("bind failed with errno {}: {}", error_number, errno_text(error_number))};
}
CurlError curl_no_interface(std::string_view interface) {
  return {CurlCode::kInterfaceFailed, fmt::format("Couldn't bind to '{}'", interface)};
}

std::string curl_error_line(const CurlCommand& command, const CurlError& error) {
  if (error.code == CurlCode::kOk || (command.silent && !command.show_error)) return {};
  return fmt::format("curl: ({}) {}\n", static_cast<int>(error.code), error.message);
}

std::string curl_request(const CurlCommand& command, const CurlUrl& url) {
  const auto custom = [&command](std::string_view name) {
    return std::ranges::find(command.headers, name, header_name) != command.headers.end();
  };
  std::string text = fmt::format("{} {} HTTP/1.{}\r\n", command.head ? "HEAD" : "GET", url.path,
                                 command.version == CurlCommand::HttpVersion::k10 ? 0 : 1);
  if (custom("host")) {
    text += custom_header(*std::ranges::find(command.headers, "host", header_name));
  } else {
    text += fmt::format("Host: {}{}\r\n", url.bracketed(),
                        url.port_given ? fmt::format(":{}", url.port) : "");
  }
  if (!custom("user-agent") && !command.user_agent.empty()) {
    text += fmt::format("User-Agent: {}\r\n", command.user_agent);
  }
  if (!custom("accept")) text += "Accept: */*\r\n";
  for (const std::string& header : command.headers) {
    if (header_name(header) != "host") text += custom_header(header);
  }
  return text + "\r\n";
}

Output curl_write_out(std::string_view format, const CurlTransfer& transfer) {
  Output output;
  std::string* to = &output.out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    const char next = i + 1 < format.size() ? format[i + 1] : '\0';
    if (c == '\\' && next != '\0') {
      ++i;
      if (next == 'n') {
        *to += '\n';
      } else if (next == 'r') {
        *to += '\r';
      } else if (next == 't') {
        *to += '\t';
      } else {
        (*to += c) += next;
      }
    } else if (c == '%' && next == '%') {
      ++i;
      *to += '%';
    } else if (c == '%' && next == '{' && format.find('}', i) != std::string_view::npos) {
      const std::size_t end = format.find('}', i);
      const std::string_view name = format.substr(i + 2, end - i - 2);
      i = end;
      if (name == "stdout" || name == "stderr") {
        to = name == "stdout" ? &output.out : &output.err;
      } else if (name == "onerror") {
        if (transfer.error.code == CurlCode::kOk) break;
      } else if (const auto value = variable(name, transfer)) {
        *to += *value;
      } else {
        output.err += fmt::format("curl: unknown --write-out variable: '{}'\n", name);
      }
    } else {
      *to += c;
    }
  }
  return output;
}

std::string curl_header_text(std::string_view raw_headers, bool terminal) {
  std::string text;
  for_each_line(raw_headers, [&text, terminal](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (terminal && colon != std::string_view::npos && !line.starts_with("HTTP/")) {
      text += fmt::format("\x1b[1m{}\x1b[0m{}\r\n", line.substr(0, colon), line.substr(colon));
    } else {
      text += fmt::format("{}\r\n", line);
    }
  });
  return text;
}

std::string curl_progress_meter(const CurlTransfer& t) {
  const std::uint64_t expected = t.content_length.value_or(0);
  const std::uint64_t shown = t.content_length ? expected : t.size_download;
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(1, t.total.us()));
  const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(1, t.total.ms()));
  const std::uint64_t speed = t.size_download * 1'000'000 / us;
  const std::uint64_t percent = shown == 0 ? 0 : t.size_download * 100 / shown;
  const std::int64_t spent = t.total.seconds();
  const std::int64_t estimate =
      expected > 0 && speed > 0 ? static_cast<std::int64_t>(expected / speed) : 0;
  return fmt::format(
      "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
      "                                 Dload  Upload   Total   Spent    Left  Speed\n"
      "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
      "\r{:>3} {}  {:>3} {}    0     0  {}      0 {} {} {} {}\n",
      percent, five(shown), t.content_length ? percent : 0, five(t.size_download), five(speed),
      clock_text(estimate), clock_text(spent), clock_text(estimate > 0 ? estimate - spent : 0),
      five(t.size_download * 1'000 / ms));
}

std::string curl_verbose_trying(const CurlUrl& url, IpAddr addr) {
  return fmt::format("*   Trying {}:{}...\n", addr.bracketed(), url.port);
}
std::string curl_verbose_local_port(std::uint16_t port) {
  return fmt::format("* Local port: {}\n", port);
}
std::string curl_verbose_connected(const CurlUrl& url, IpAddr addr, std::uint32_t connection) {
  return fmt::format("* Connected to {} ({}) port {} (#{})\n", url.host, addr.to_string(), url.port,
                     connection);
}
std::string curl_verbose_reused(const CurlUrl& url, std::uint32_t connection) {
  return fmt::format(
      "* Found bundle for host: 0x55d5c0de0000 [serially]\n"
      "* Can not multiplex, even if we wanted to\n"
      "* Re-using existing connection #{} with host {}\n",
      connection, url.host);
}
std::string curl_verbose_address_failed(const CurlUrl& url, IpAddr addr, std::string_view reason) {
  return fmt::format("* connect to {} port {} failed: {}\n", addr.to_string(), url.port, reason);
}
std::string curl_verbose_address_immediate_fail(IpAddr addr, std::string_view reason) {
  return fmt::format("* Immediate connect fail for {}: {}\n", addr.to_string(), reason);
}
std::string curl_verbose_move_on(SimDuration limit) {
  return fmt::format("* ipv4 connect timeout after {}ms, move on!\n", limit.ms());
}
std::string curl_verbose_connect_failed(const CurlUrl& url, IpAddr addr, std::string_view reason,
                                        const CurlError& error, std::uint32_t connection) {
  return curl_verbose_address_failed(url, addr, reason) + fmt::format("* {}\n", error.message) +
         closing(connection);
}
std::string curl_verbose_immediate_fail(IpAddr addr, std::string_view reason,
                                        const CurlError& error, std::uint32_t connection) {
  return curl_verbose_address_immediate_fail(addr, reason) + fmt::format("* {}\n", error.message) +
         closing(connection);
}
std::string curl_verbose_connect_timeout(SimDuration limit, const CurlError& error,
                                         std::uint32_t connection) {
  return curl_verbose_move_on(limit) + fmt::format("* {}\n", error.message) + closing(connection);
}
std::string curl_verbose_bind_failed(const CurlUrl& url, const CurlError& error, SimDuration after,
                                     std::uint32_t connection) {
  return fmt::format(
             "* {}\n* Failed to connect to {} port {} after {} ms: Failed binding local "
             "connection end\n",
             error.message, url.host, url.port, after.ms()) +
         closing(connection);
}
std::string curl_verbose_error(const CurlError& error, std::uint32_t connection) {
  return fmt::format("* {}\n", error.message) + closing(connection);
}
std::string curl_verbose_request(std::string_view request) {
  std::string text;
  for_each_line(request, [&text](std::string_view line) { text += fmt::format("> {}\n", line); });
  return text;
}
std::string curl_verbose_response(std::string_view raw_headers) {
  std::string text;
  for_each_line(raw_headers,
                [&text](std::string_view line) { text += fmt::format("< {}\n", line); });
  return text;
}
std::string curl_verbose_done(const CurlUrl& url, std::uint32_t connection, bool kept) {
  if (!kept) return closing(connection);
  return fmt::format("* Connection #{} to host {} left intact\n", connection, url.host);
}

}  // namespace lvslab::command
