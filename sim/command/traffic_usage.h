// The usage texts of ping, arping, ab, nc, traceroute and tcpdump, as the tools print them.
// Source: iputils 20221126, httpd 2.4 support/ab.c, traceroute 2.1.2, tcpdump 4.99.3,
// netcat-openbsd 1.219.
#pragma once

#include <string_view>

namespace lvslab::command {

extern const std::string_view kPingUsage;
extern const std::string_view kArpingUsage;
extern const std::string_view kAbUsage;
extern const std::string_view kNcUsage;
extern const std::string_view kTracerouteUsage;
extern const std::string_view kTcpdumpUsage;

}  // namespace lvslab::command
