// `ip -6` as typed: what is meant by it, written back, and what is refused.
#include <gtest/gtest.h>

#include "sim/command/ip.h"
#include "sim/command/shell.h"

namespace lvslab::command {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

class Ip6Line : public testing::TestWithParam<const char*> {};

TEST_P(Ip6Line, IsWhatItsTextSays) {
  const auto words = words_of(GetParam());
  const auto command = parse_ip(words);
  ASSERT_TRUE(command) << command.error().err;
  const std::string text = to_text(*command);
  const auto again = parse_ip(words_of(text));
  ASSERT_TRUE(again) << text << ": " << again.error().err;
  EXPECT_EQ(*again, *command) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Typed, Ip6Line,
    testing::Values("ip -6 addr add 2001:db8::1/64 dev eth0", "ip addr add 2001:db8::1/64 dev lo",
                    "ip -6 addr del 2001:db8::1/64 dev eth0", "ip -6 route",
                    "ip -6 route show table local", "ip -6 route show default",
                    "ip -6 route add default via fe80::1 dev eth0",
                    "ip route add 2001:db8:1::/48 via 2001:db8::9 metric 10",
                    "ip -6 route replace 2001:db8:1::/48 dev eth0 src 2001:db8::1 table 100",
                    "ip -6 route add unreachable 2001:db8:1::/48",
                    "ip -6 route get 2001:db8::1 from 2001:db8::2 oif eth0",
                    "ip -6 neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 nud permanent dev eth0",
                    "ip -6 neigh del 2001:db8::1 dev eth0", "ip -6 neigh show dev eth0"));

class BadIp6Line : public testing::TestWithParam<const char*> {};

TEST_P(BadIp6Line, IsRefused) {
  const auto words = words_of(GetParam());
  const auto command = parse_ip(words);
  ASSERT_FALSE(command);
  EXPECT_NE(command.error().status, 0);
  EXPECT_FALSE(command.error().err.empty());
}

INSTANTIATE_TEST_SUITE_P(Typed, BadIp6Line,
                         testing::Values("ip -6 addr add 2001:db8::1/64", "ip -6 addr add dev eth0",
                                         "ip -6 addr add 2001:db8::1/64 dev eth0 valid_lft 10",
                                         "ip -6 route add", "ip -6 route add 10.0.0.0/8 via ::1",
                                         "ip -6 route get", "ip -6 route add 2001::/16 via 1.2.3.4",
                                         "ip -6 neigh add 2001:db8::1",
                                         "ip -6 route show scope link"));

}  // namespace
}  // namespace lvslab::command
