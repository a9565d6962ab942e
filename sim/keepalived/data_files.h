// The files that keepalived writes on SIGUSR1: /tmp/keepalived.data, keepalived_check.data and
// keepalived_parent.data.
//
// Models: the global definitions, the VRRP instances, virtual and real servers, health checkers.
// Leaves out: mail, the sections about sockets, sync groups, scripts and interfaces, the lists of
// what an instance tracks and of its routes, groups of virtual servers.
// Source: core/global_data.c: dump_global_data(); vrrp/vrrp_data.c: dump_vrrp();
// check/check_data.c: dump_vs(), dump_rs(); check/check_api.c: dump_checker() of keepalived 2.2.7.
#pragma once

#include <string>
#include <string_view>

#include "sim/keepalived/conf.h"

namespace lvslab::keepalived {

/// `interface`: what the VRRP process takes where none is named; the others know of none.
std::string global_data(const GlobalDefs& global, std::string_view node,
                        std::string_view interface);

/// What the checkers speak TLS with, if one of them does.
std::string ssl_data(const Configuration& conf);

}  // namespace lvslab::keepalived
