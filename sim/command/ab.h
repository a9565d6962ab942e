// ab (ApacheBench) 2.3 of Apache 2.4: what a student types, the request, and the whole report.
//
// Models: -n -c -t -s -k -q -r -d -S -l -i -H, http URLs. Leaves out, with a clear refusal: TLS,
// POST/PUT bodies, proxies, cookies and authentication, -g/-e/-w files, -v. All arithmetic is in
// integers; a printed digit can differ from ab's floating point only at an exact tie.
// Source: httpd 2.4 support/ab.c: main(), test(), output_results().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/command/names.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct AbCommand {
  std::uint32_t requests = 1;           ///< -n; 50000 with -t unless -n comes after it
  std::uint32_t concurrency = 1;        ///< -c
  SimDuration time_limit;               ///< -t; 0: none
  SimDuration timeout{30'000'000'000};  ///< -s: without an event for so long it gives up
  bool keep_alive = false;              ///< -k
  bool quiet = false;                   ///< -q: no "Completed N requests"
  bool ignore_errors = false;           ///< -r: a broken connection is counted, not fatal
  bool no_percentiles = false;          ///< -d
  bool no_confidence = false;           ///< -S
  bool variable_length = false;         ///< -l: other body lengths are no failures
  bool head = false;                    ///< -i
  std::vector<std::string> headers;     ///< -H
  std::string host;
  std::uint16_t port = 80;
  bool port_given = false;
  std::string path = "/";
  friend bool operator==(const AbCommand&, const AbCommand&) = default;
};

Parsed<AbCommand> parse_ab(Args args);
std::string to_text(const AbCommand& command);

/// "GET / HTTP/1.0\r\n..." as ab sends it.
std::string ab_request(const AbCommand& command);

/// One finished request. Times are rounded to microseconds as apr_time_t holds them.
struct AbSample {
  SimDuration connect;  ///< SYN sent to connected; 0 on a kept connection
  SimDuration wait;     ///< request sent to first byte of the response
  SimDuration total;    ///< start to last byte
  friend bool operator==(const AbSample&, const AbSample&) = default;
};

struct AbResult {
  std::string server_software;        ///< up to the first blank of the Server header
  std::uint64_t document_length = 0;  ///< of the first response's body
  SimDuration elapsed;
  std::uint64_t complete = 0, failed = 0;
  std::uint64_t failed_connect = 0, failed_receive = 0, failed_length = 0, failed_exception = 0;
  std::uint64_t write_errors = 0, non_2xx = 0, keep_alive_requests = 0;
  std::uint64_t total_transferred = 0, html_transferred = 0;
  std::vector<AbSample> samples;
};

/// The three lines of version and copyright, and a blank line.
std::string ab_banner();
/// "Benchmarking HOST (be patient)..." as it stands before the first result.
std::string ab_start_line(const AbCommand& command);
/// After `completed` requests: "Completed N requests\n" on stderr every tenth of the whole, or
/// nothing. Only with 150 requests or more and without -q.
std::string ab_progress(const AbCommand& command, std::uint64_t completed);
/// "..done" or "Finished N requests": what ends the progress lines.
std::string ab_finished(const AbCommand& command, std::uint64_t completed);
/// Everything after that.
std::string ab_report(const AbCommand& command, const AbResult& result);

/// Fatal ends. Each closes the "Benchmarking" line, status as ab returns it.
Output ab_recv_failed(int error_number, std::uint64_t completed);     ///< apr_socket_recv
Output ab_connect_failed(int error_number, std::uint64_t completed);  ///< after 10 failures
Output ab_poll_timeout(std::uint64_t completed);                      ///< -s passed
Output ab_unknown_host(std::string_view host, NameError why);

}  // namespace lvslab::command
