// The usage texts of the real tools, word for word: iproute2 6.1, net-tools 2.10, procps 4.0.2.
#pragma once

#include <string_view>

namespace lvslab::command::usage {

extern const std::string_view kIp;
extern const std::string_view kIpAddr;
extern const std::string_view kIpLink;
extern const std::string_view kIpRoute;
extern const std::string_view kIpNeigh;
extern const std::string_view kIpRule;
extern const std::string_view kSs;
extern const std::string_view kSysctl;
extern const std::string_view kIfconfig;
extern const std::string_view kArp;
extern const std::string_view kRoute;
extern const std::string_view kInetRoute;
extern const std::string_view kNetstat;

}  // namespace lvslab::command::usage
