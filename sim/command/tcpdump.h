// tcpdump 4.99.3: what a student types, the lines that open and close a capture.
//
// Models: -n -nn -e -q -v -vv -t -tt -ttt -tttt -l -S -p -U -A -x -X -i -c -s -w -r and a filter
// expression. Leaves out, with a clear refusal: the rest. The packets themselves are printed by
// others, who know the bytes. Source: tcpdump.c 4.99.3: main(), info().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/command/output.h"

namespace lvslab::command {

struct TcpdumpCommand {
  std::string interface;              ///< -i; empty: the first that is up; "any": all
  std::uint32_t count = 0;            ///< -c; 0: until stopped
  std::uint32_t snaplen = 262'144;    ///< -s
  std::uint8_t no_names = 0;          ///< -n counts
  std::uint8_t verbose = 0;           ///< -v counts
  std::uint8_t time_format = 0;       ///< -t counts: 0 clock, 1 none, 2 seconds, 3 delta, 4 date
  bool link_header = false;           ///< -e
  bool quick = false;                 ///< -q
  bool line_buffered = false;         ///< -l
  bool absolute_seq = false;          ///< -S
  bool no_promisc = false;            ///< -p
  bool packet_buffered = false;       ///< -U
  bool ascii = false;                 ///< -A
  std::uint8_t hex = 0;               ///< -x, -xx
  std::uint8_t hex_ascii = 0;         ///< -X, -XX
  std::string write_file, read_file;  ///< -w, -r
  std::string filter;                 ///< the words of the expression, joined by blanks
  friend bool operator==(const TcpdumpCommand&, const TcpdumpCommand&) = default;
};

Parsed<TcpdumpCommand> parse_tcpdump(Args args);
std::string to_text(const TcpdumpCommand& command);

/// What tcpdump says on stderr before the first packet. `link_type`: "EN10MB (Ethernet)".
std::string tcpdump_banner(const TcpdumpCommand& command, std::string_view interface,
                           std::string_view link_type);
/// The counters at the end, on stderr.
std::string tcpdump_counters(std::uint64_t captured, std::uint64_t received, std::uint64_t dropped);

Output tcpdump_no_device(std::string_view interface);
/// `message`: libpcap's ("syntax error", "unknown host 'x'").
Output tcpdump_bad_filter(std::string_view message);
Output tcpdump_no_file(std::string_view path);

}  // namespace lvslab::command
