// curl 7.88.1: what a student types, the request it sends, and what it prints.
//
// Models: http:// URLs (several; without a scheme, too) with -s -S -f -v -i -I -o -O -w -m
// --connect-timeout --interface --local-port -H -A -X GET -4 -6 -g -0 --http1.1 --no-keepalive and
// the long names of these; one ftp:// URL of a file, or of a directory with -l, with -P
// --disable-epsv --disable-eprt --no-ftp-skip-pasv-ip. Leaves out, with a clear refusal: bodies to
// send, redirects, proxies, TLS, other protocols, user names, globbing of URLs. The progress meter
// that -o shows on a terminal is modelled as its first and its last line (curl redraws it once a
// second in between). Source: curl 7.88.1 src/tool_getparam.c, src/tool_writeout.c, lib/connect.c,
// lib/http.c, lib/progress.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ip_addr.h"
#include "sim/base/time.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct CurlPortRange {
  std::uint16_t first = 0, last = 0;
  friend bool operator==(const CurlPortRange&, const CurlPortRange&) = default;
};

struct CurlCommand {
  enum class HttpVersion : std::uint8_t { k11, k10 };
  std::vector<std::string> urls;  ///< as typed
  std::vector<std::string>
      outputs;                     ///< -o: the i-th is for the i-th URL; further URLs go to stdout
  std::uint32_t remote_names = 0;  ///< -O: so many URLs, from the first on, go to the files
                                   ///< that their paths name (curl_remote_name)
  bool silent = false, show_error = false, fail = false, verbose = false;
  bool include = false;  ///< -i: headers before the body
  bool head = false;     ///< -I: HEAD, headers on stdout
  std::string write_out;
  std::vector<std::string> headers;  ///< -H, as typed
  std::string user_agent = "curl/7.88.1";
  SimDuration max_time, connect_timeout;  ///< 0: none (then the connect limit is 300 s)
  std::string interface;                  ///< an interface name or an address; empty: any
  CurlPortRange local_ports;              ///< first 0: any
  HttpVersion version = HttpVersion::k11;
  bool no_keepalive = false;         ///< no TCP keepalive probes
  bool inet = false, inet6 = false;  ///< -4, -6
  bool globoff = false;              ///< -g: brackets in URLs are brackets
  std::string ftp_port;              ///< -P: the server connects; "-", or [ADDRESS][:PORT[-LAST]]
  bool list_only = false;            ///< -l: the names in a directory
  bool no_epsv = false, no_eprt = false;
  bool believes_pasv = false;  ///< --no-ftp-skip-pasv-ip: goes to the address that PASV tells
  friend bool operator==(const CurlCommand&, const CurlCommand&) = default;
};

Parsed<CurlCommand> parse_curl(Args args);
std::string to_text(const CurlCommand& command);

/// The parts of an http or ftp URL: scheme, host, port and what the request line asks for.
struct CurlUrl {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string path = "/";   ///< with the query
  bool port_given = false;  ///< the Host header names a port that is not 80 (ftp: 21)
  bool ftp = false;
  /// As it stands in a URL: "[2001:db8::1]".
  std::string bracketed() const { return host.contains(':') ? '[' + host + ']' : host; }
  friend bool operator==(const CurlUrl&, const CurlUrl&) = default;
};

/// CURLcode values that this model meets: the exit status.
enum class CurlCode : std::uint8_t {
  kOk = 0,
  kUnsupportedProtocol = 1,
  kUrlMalformat = 3,
  kCouldntResolveHost = 6,
  kCouldntConnect = 7,
  kWeirdServerReply = 8,
  kRemoteAccessDenied = 9,
  kFtpAcceptTimeout = 12,
  kFtpWeirdPasvReply = 13,
  kFtpCouldntSetType = 17,
  kPartialFile = 18,
  kFtpCouldntRetrFile = 19,
  kHttpReturnedError = 22,
  kWriteError = 23,
  kOperationTimedout = 28,
  kFtpPortFailed = 30,
  kInterfaceFailed = 45,
  kGotNothing = 52,
  kRecvError = 56,
  kLoginDenied = 67,
  kRemoteFileNotFound = 78
};

struct CurlError {
  CurlCode code = CurlCode::kOk;
  std::string message;  ///< without "curl: (N) "; empty with kOk
  friend bool operator==(const CurlError&, const CurlError&) = default;
};

/// Errors: code 1 for a scheme that is neither http nor ftp, 3 for a bad host or port. https is
/// code 1 here.
std::expected<CurlUrl, CurlError> parse_curl_url(std::string_view url);

// Errors as curl words them. Durations are printed in whole milliseconds.
CurlError curl_could_not_resolve(std::string_view host);
CurlError curl_resolving_timed_out(SimDuration after);
CurlError curl_could_not_connect(const CurlUrl& url, SimDuration after);
/// --connect-timeout passed.
CurlError curl_connect_timeout(const CurlUrl& url, SimDuration after);
/// -m passed before the connection stood.
CurlError curl_connection_timed_out(SimDuration after);
/// -m passed during the transfer; `expected`: Content-Length if known.
CurlError curl_operation_timed_out(SimDuration after, std::uint64_t received,
                                   std::optional<std::uint64_t> expected);
CurlError curl_empty_reply();
CurlError curl_reset_by_peer();
CurlError curl_partial_file(std::uint64_t missing);
CurlError curl_http_error(int status);
/// bind(2) failed with `error_number` ("98": "Address already in use", "99": "Cannot assign ...").
CurlError curl_bind_failed(int error_number);
CurlError curl_no_interface(std::string_view interface);
/// What goes to stderr ("curl: (7) ...\n"), or nothing: -s silences it unless -S is there.
std::string curl_error_line(const CurlCommand& command, const CurlError& error);

/// The request as it goes over the wire. HTTP/1.1 asks for a kept connection by saying nothing.
std::string curl_request(const CurlCommand& command, const CurlUrl& url);

/// What one transfer did, for -w and the meter. Times are measured from its start; a time that was
/// never reached is 0.
struct CurlTransfer {
  std::string url;  ///< as typed, completed with scheme and path
  int response_code = 0;
  CurlError error;
  SimDuration name_lookup, connect, pre_transfer, start_transfer, total;
  IpAddr remote_ip, local_ip;
  std::uint16_t remote_port = 0, local_port = 0;
  std::uint64_t size_download = 0, size_header = 0, size_request = 0;
  std::optional<std::uint64_t> content_length;
  std::uint32_t num_connects = 0;
  int http_version = 0;  ///< 10 or 11; 0: no response
  std::string content_type;
  std::string method = "GET";
  std::uint32_t url_number = 0;  ///< 0 for the first URL
  std::string exit_file;         ///< -o's file name; empty: standard output
  bool ftp = false;
  std::string ftp_entry_path;
};

/// "http://192.168.80.150/" for a typed "192.168.80.150".
std::string curl_effective_url(std::string_view typed);

/// -O: the last part of the path; empty if there is none (curl then gives up with status 23).
std::string curl_remote_name(const CurlUrl& url);

/// -w: %{variable}, %%, \n \t \r. An unknown variable prints nothing on stdout and a complaint on
/// stderr. %{stderr} and %{stdout} switch.
Output curl_write_out(std::string_view format, const CurlTransfer& transfer);

/// -I and -i on a terminal show header names in bold; to files and pipes they are plain.
std::string curl_header_text(std::string_view raw_headers, bool terminal);

/// The two title lines and the first and last state of the progress meter. For -o without -s.
std::string curl_progress_meter(const CurlTransfer& transfer);

// -v: lines with their "* ", "> " and "< " marks.
std::string curl_verbose_trying(const CurlUrl& url, IpAddr addr);
std::string curl_verbose_local_port(std::uint16_t port);
std::string curl_verbose_connected(const CurlUrl& url, IpAddr addr, std::uint32_t connection);
std::string curl_verbose_reused(const CurlUrl& url, std::uint32_t connection);
/// "* connect to HOST port N failed: REASON" and "* Failed to connect ...", "* Closing connection
/// N".
std::string curl_verbose_connect_failed(const CurlUrl& url, IpAddr addr, std::string_view reason,
                                        const CurlError& error, std::uint32_t connection);
/// One of several addresses did not answer, or could not be tried.
std::string curl_verbose_address_failed(const CurlUrl& url, IpAddr addr, std::string_view reason);
std::string curl_verbose_address_immediate_fail(IpAddr addr, std::string_view reason);
/// One of several addresses had its share of the time.
std::string curl_verbose_move_on(SimDuration limit);
/// No route at all: connect(2) itself failed.
std::string curl_verbose_immediate_fail(IpAddr addr, std::string_view reason,
                                        const CurlError& error, std::uint32_t connection);
/// --connect-timeout passed.
std::string curl_verbose_connect_timeout(SimDuration limit, const CurlError& error,
                                         std::uint32_t connection);
/// bind(2) failed: `after` is the time until then.
std::string curl_verbose_bind_failed(const CurlUrl& url, const CurlError& error, SimDuration after,
                                     std::uint32_t connection);
std::string curl_verbose_error(const CurlError& error, std::uint32_t connection);
std::string curl_verbose_request(std::string_view request);
std::string curl_verbose_response(std::string_view raw_headers);
/// After the body: kept ("left intact") or closed.
std::string curl_verbose_done(const CurlUrl& url, std::uint32_t connection, bool kept);

}  // namespace lvslab::command
