// The texts of `ipvsadm -h` and `ipvsadm -v`. Source: ipvsadm 1.31 ipvsadm.c: usage_exit().
#pragma once

#include <string>
#include <string_view>

namespace lvslab::command {

inline constexpr std::string_view kIpvsadmVersion =
    "ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n";

/// `program` is argv[0].
std::string ipvsadm_usage(std::string_view program);

}  // namespace lvslab::command
