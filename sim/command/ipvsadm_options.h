// The tables behind ipvsadm's command line: its options, and which of them go with which command.
// Source: ipvsadm 1.31 ipvsadm.c: parse_options(), commands_v_options[]. For ipvsadm.cpp only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/command/popt.h"

namespace lvslab::command::ipvsadm_options {

/// Bits of the options that were given, in the order of ipvsadm.c: the first complaint is about the
/// first of them.
enum Option : std::uint8_t {
  kNumeric,
  kConnection,
  kService,
  kScheduler,
  kPersistent,
  kNetmask,
  kServer,
  kForward,
  kWeight,
  kUpper,
  kLower,
  kMcast,
  kTimeout,
  kDaemon,
  kStats,
  kRate,
  kThresholds,
  kPersistentConn,
  kNosort,
  kSyncid,
  kExact,
  kOps,
  kPe,
  kSchedFlags,
  kTunInfo,
  kTunType,
  kTunPort,
  kTunNocsum,
  kTunCsum,
  kTunRemcsum,
  kOptionCount
};
inline constexpr std::string_view kOptionNames[kOptionCount] = {"numeric",
                                                                "connection",
                                                                "service-address",
                                                                "scheduler",
                                                                "persistent",
                                                                "netmask",
                                                                "real-server",
                                                                "forwarding-method",
                                                                "weight",
                                                                "u-threshold",
                                                                "l-threshold",
                                                                "mcast-interface",
                                                                "timeout",
                                                                "daemon",
                                                                "stats",
                                                                "rate",
                                                                "thresholds",
                                                                "persistent-conn",
                                                                "nosort",
                                                                "syncid",
                                                                "exact",
                                                                "ops",
                                                                "pe",
                                                                "sched-flags",
                                                                "tun-info",
                                                                "tun-type",
                                                                "tun-port",
                                                                "tun-nocsum",
                                                                "tun-csum",
                                                                "tun-remcsum"};

struct VerbRule {
  std::string_view name;     ///< as error messages call it
  std::string_view options;  ///< per option: 'x' illegal, '+' needed, '1' only one of these
};
/// commands_v_options of ipvsadm.c, indexed by Verb.
inline constexpr std::array<VerbRule, 12> kRules{{
    {"add-service", "xx+   xxxxxxxxxxxxxxx   xxxxxx"},
    {"edit-service", "xx+   xxxxxxxxxxxxxxx   xxxxxx"},
    {"delete-service", "xx+xxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    {"flush", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    {"restore", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    {"save", " xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    {"add-server", "xx+xxx+    xxxxxxxxxxxxxx     "},
    {"edit-server", "xx+xxx+    xxxxxxxxxxxxxx     "},
    {"delete-server", "xx+xxx+xxxxxxxxxxxxxxxxxxxxxxx"},
    {"list", " 11xxxxxxxxx11       xxx xxxxx"},
    {"zero", "xx xxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    {"set", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
}};

// Ids of options without a letter.
enum Tag : int {
  kTagSet = 256,
  kTagTimeout,
  kTagStats,
  kTagRate,
  kTagThresholds,
  kTagPersistentConn,
  kTagNosort,
  kTagSort,
  kTagExact,
  kTagTunInfo,
  kTagTunType,
  kTagTunPort,
  kTagTunNocsum,
  kTagTunCsum,
  kTagTunRemcsum,
  kTagUnmodelled  ///< and all above
};

inline constexpr auto kRequired = PoptOption::Value::kRequired;
inline constexpr auto kOptional = PoptOption::Value::kOptional;
inline constexpr std::array kOptions{
    PoptOption{"add-service", 'A', 'A'},
    PoptOption{"edit-service", 'E', 'E'},
    PoptOption{"delete-service", 'D', 'D'},
    PoptOption{"clear", 'C', 'C'},
    PoptOption{"list", 'L', 'L'},
    PoptOption{"list", 'l', 'l'},
    PoptOption{"zero", 'Z', 'Z'},
    PoptOption{"add-server", 'a', 'a'},
    PoptOption{"edit-server", 'e', 'e'},
    PoptOption{"delete-server", 'd', 'd'},
    PoptOption{"set", '\0', kTagSet},
    PoptOption{"help", 'h', 'h'},
    PoptOption{"version", 'v', 'v'},
    PoptOption{"restore", 'R', 'R'},
    PoptOption{"save", 'S', 'S'},
    PoptOption{"tcp-service", 't', 't', kRequired},
    PoptOption{"udp-service", 'u', 'u', kRequired},
    PoptOption{"fwmark-service", 'f', 'f', kRequired},
    PoptOption{"scheduler", 's', 's', kRequired},
    PoptOption{"persistent", 'p', 'p', kOptional},
    PoptOption{"netmask", 'M', 'M', kRequired},
    PoptOption{"real-server", 'r', 'r', kRequired},
    PoptOption{"masquerading", 'm', 'm'},
    PoptOption{"ipip", 'i', 'i'},
    PoptOption{"gatewaying", 'g', 'g'},
    PoptOption{"weight", 'w', 'w', kRequired},
    PoptOption{"u-threshold", 'x', 'x', kRequired},
    PoptOption{"l-threshold", 'y', 'y', kRequired},
    PoptOption{"numeric", 'n', 'n'},
    PoptOption{"connection", 'c', 'c'},
    PoptOption{"timeout", '\0', kTagTimeout},
    PoptOption{"stats", '\0', kTagStats},
    PoptOption{"rate", '\0', kTagRate},
    PoptOption{"thresholds", '\0', kTagThresholds},
    PoptOption{"persistent-conn", '\0', kTagPersistentConn},
    PoptOption{"nosort", '\0', kTagNosort},
    PoptOption{"sort", '\0', kTagSort},
    PoptOption{"exact", '\0', kTagExact},
    PoptOption{"ops", 'o', 'o'},
    PoptOption{"sched-flags", 'b', 'b', kRequired},
    PoptOption{"ipv6", '6', kTagUnmodelled},
    PoptOption{"sctp-service", '\0', kTagUnmodelled + 1, kRequired},
    PoptOption{"pe", '\0', kTagUnmodelled + 2, kRequired},
    PoptOption{"start-daemon", '\0', kTagUnmodelled + 3, kRequired},
    PoptOption{"stop-daemon", '\0', kTagUnmodelled + 4, kRequired},
    PoptOption{"daemon", '\0', kTagUnmodelled + 5},
    PoptOption{"syncid", '\0', kTagUnmodelled + 6, kRequired},
    PoptOption{"sync-maxlen", '\0', kTagUnmodelled + 7, kRequired},
    PoptOption{"mcast-interface", '\0', kTagUnmodelled + 8, kRequired},
    PoptOption{"mcast-group", '\0', kTagUnmodelled + 9, kRequired},
    PoptOption{"mcast-port", '\0', kTagUnmodelled + 10, kRequired},
    PoptOption{"mcast-ttl", '\0', kTagUnmodelled + 11, kRequired},
    PoptOption{"tun-info", '\0', kTagTunInfo},
    PoptOption{"tun-type", '\0', kTagTunType, kRequired},
    PoptOption{"tun-port", '\0', kTagTunPort, kRequired},
    PoptOption{"tun-nocsum", '\0', kTagTunNocsum},
    PoptOption{"tun-csum", '\0', kTagTunCsum},
    PoptOption{"tun-remcsum", '\0', kTagTunRemcsum},
};

}  // namespace lvslab::command::ipvsadm_options
