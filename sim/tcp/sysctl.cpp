#include "sim/tcp/sysctl.h"

#include <charconv>

#include "sim/tcp/stack.h"

namespace lvslab::tcp {
namespace {

/// One sysctl: up to three numbers of the Config, and what the kernel accepts.
struct Entry {
  std::string_view name;
  std::int32_t* (*numbers)(Config&);
  int count = 1;
  std::int32_t least = INT32_MIN, most = INT32_MAX;
};

#define LVSLAB_NUMBER(member) [](Config& c) { return &c.member; }
#define LVSLAB_NUMBERS(member) [](Config& c) { return c.member.data(); }
constexpr Entry kEntries[] = {
    {"net.core.somaxconn", LVSLAB_NUMBER(somaxconn), 1, 0, INT32_MAX},
    {"net.ipv4.ip_local_port_range", LVSLAB_NUMBERS(port_range), 2, 1, 65'535},
    {"net.ipv4.tcp_abort_on_overflow", LVSLAB_NUMBER(abort_on_overflow), 1, 0, 255},
    {"net.ipv4.tcp_dsack", LVSLAB_NUMBER(dsack), 1, 0, 255},
    {"net.ipv4.tcp_early_retrans", LVSLAB_NUMBER(early_retrans), 1, 0, 4},
    {"net.ipv4.tcp_fin_timeout", LVSLAB_NUMBER(fin_timeout)},
    {"net.ipv4.tcp_invalid_ratelimit", LVSLAB_NUMBER(invalid_ratelimit)},
    {"net.ipv4.tcp_max_syn_backlog", LVSLAB_NUMBER(max_syn_backlog)},
    {"net.ipv4.tcp_max_tw_buckets", LVSLAB_NUMBER(max_tw_buckets)},
    {"net.ipv4.tcp_moderate_rcvbuf", LVSLAB_NUMBER(moderate_rcvbuf), 1, 0, 255},
    {"net.ipv4.tcp_no_metrics_save", LVSLAB_NUMBER(no_metrics_save), 1, 0, 255},
    {"net.ipv4.tcp_orphan_retries", LVSLAB_NUMBER(orphan_retries), 1, 0, 255},
    {"net.ipv4.tcp_retries1", LVSLAB_NUMBER(retries1), 1, 0, 255},
    {"net.ipv4.tcp_retries2", LVSLAB_NUMBER(retries2), 1, 0, 255},
    {"net.ipv4.tcp_rfc1337", LVSLAB_NUMBER(rfc1337), 1, 0, 255},
    {"net.ipv4.tcp_rmem", LVSLAB_NUMBERS(rmem), 3, 1, INT32_MAX},
    {"net.ipv4.tcp_sack", LVSLAB_NUMBER(sack), 1, 0, 255},
    {"net.ipv4.tcp_slow_start_after_idle", LVSLAB_NUMBER(slow_start_after_idle), 1, 0, 255},
    {"net.ipv4.tcp_syn_retries", LVSLAB_NUMBER(syn_retries), 1, 1, 127},
    {"net.ipv4.tcp_synack_retries", LVSLAB_NUMBER(synack_retries), 1, 0, 255},
    {"net.ipv4.tcp_timestamps", LVSLAB_NUMBER(timestamps), 1, 0, 255},
    {"net.ipv4.tcp_tw_reuse", LVSLAB_NUMBER(tw_reuse), 1, 0, 2},
    {"net.ipv4.tcp_window_scaling", LVSLAB_NUMBER(window_scaling), 1, 0, 255},
    {"net.ipv4.tcp_wmem", LVSLAB_NUMBERS(wmem), 3, 1, INT32_MAX},
};
#undef LVSLAB_NUMBER
#undef LVSLAB_NUMBERS

constexpr std::size_t kCount = std::size(kEntries);

constexpr auto kNames = [] {
  std::array<std::string_view, kCount> names;
  for (std::size_t i = 0; i < kCount; ++i) names[i] = kEntries[i].name;
  return names;
}();

const Entry* find(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool is_space(char ch) { return ch == ' ' || ch == '\t' || ch == '\n'; }

}  // namespace

std::span<const std::string_view> sysctl_names() { return kNames; }

std::optional<std::string> sysctl_get(const Stack& stack, std::string_view name) {
  const Entry* entry = find(name);
  if (entry == nullptr) return std::nullopt;
  Config config = stack.config();
  std::string text;
  for (int i = 0; i < entry->count; ++i) {
    if (i > 0) text += '\t';
    text += std::to_string(entry->numbers(config)[i]);
  }
  return text;
}

/// Numbers that are left out keep their value, as proc_dointvec() has it.
Errno sysctl_set(Stack& stack, std::string_view name, std::string_view value) {
  const Entry* entry = find(name);
  if (entry == nullptr) return Errno::kNoEnt;
  Config config = stack.config();
  int given = 0;
  const char* p = value.data();
  const char* const end = p + value.size();
  for (;;) {
    while (p != end && is_space(*p)) ++p;
    if (p == end) break;
    if (given == entry->count) return Errno::kInval;
    std::int32_t number = 0;
    const auto [next, error] = std::from_chars(p, end, number);
    if (error != std::errc{} || (next != end && !is_space(*next))) return Errno::kInval;
    if (number < entry->least || number > entry->most) return Errno::kInval;
    entry->numbers(config)[given++] = number;
    p = next;
  }
  if (given == 0) return Errno::kInval;
  if (config.port_range[0] > config.port_range[1]) return Errno::kInval;
  stack.changed.assign(1, config);
  return Errno::kNone;
}

}  // namespace lvslab::tcp
