// The words of a scenario file for the enumerators of the model, in the enumerators' order.
#pragma once

#include <array>
#include <string_view>

namespace lvslab::scenario {

inline constexpr std::array<std::string_view, 6> kRoleNames = {"client",      "director", "backup",
                                                               "real_server", "router",   "host"};
inline constexpr std::array<std::string_view, 3> kDifficultyNames = {"beginner", "intermediate",
                                                                     "advanced"};
inline constexpr std::array<std::string_view, 8> kFaultNames = {
    "link-down", "link-up", "loss", "delay", "duplicate", "crash", "reboot", "power-off"};
inline constexpr std::array<std::string_view, 3> kDirectionNames = {"any", "in", "out"};
inline constexpr std::array<std::string_view, 10> kTableNames = {
    "arp", "route", "local-route", "addr", "link", "rule", "ipvs", "conn", "socket", "sysctl"};

}  // namespace lvslab::scenario
