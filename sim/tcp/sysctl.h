// The sysctls of TCP, with the defaults of Linux 6.1 on a server with 32 GiB of memory.
// Names as in /proc/sys: "net.ipv4.tcp_syn_retries", "net.core.somaxconn".
// Source: net/ipv4/sysctl_net_ipv4.c, net/ipv4/tcp_ipv4.c: tcp_sk_init().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/core/ports.h"

namespace lvslab::tcp {

struct Stack;

/// Values in the unit that the sysctl itself uses.
struct Config {
  std::int32_t syn_retries = 6;
  std::int32_t synack_retries = 5;
  std::int32_t retries1 = 3;
  std::int32_t retries2 = 15;
  std::int32_t orphan_retries = 0;
  std::int32_t fin_timeout = 60;  ///< s
  std::int32_t timestamps = 1;
  std::int32_t sack = 1;
  std::int32_t dsack = 1;
  std::int32_t window_scaling = 1;
  std::int32_t max_syn_backlog = 4096;
  std::int32_t somaxconn = 4096;
  std::int32_t abort_on_overflow = 0;
  std::int32_t slow_start_after_idle = 1;
  std::int32_t tw_reuse = 2;
  std::int32_t max_tw_buckets = 262144;
  std::int32_t rfc1337 = 0;
  std::int32_t early_retrans = 3;
  std::int32_t no_metrics_save = 0;      ///< what is known of a peer is not remembered
  std::int32_t invalid_ratelimit = 500;  ///< ms
  std::int32_t moderate_rcvbuf = 1;
  std::array<std::int32_t, 2> port_range = {32768, 60999};
  std::array<std::int32_t, 3> rmem = {4096, 131072, 6291456};
  std::array<std::int32_t, 3> wmem = {4096, 16384, 4194304};
};

/// The names of all modelled sysctls, sorted.
std::span<const std::string_view> sysctl_names();
/// The text that `cat` shows, without the newline; nothing if there is no such sysctl.
std::optional<std::string> sysctl_get(const Stack& stack, std::string_view name);
/// kNoEnt: no such sysctl; kInval: not a number, too few numbers, or out of the kernel's range.
Errno sysctl_set(Stack& stack, std::string_view name, std::string_view value);

}  // namespace lvslab::tcp
