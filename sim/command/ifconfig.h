// ifconfig(8) of net-tools 2.10: typed command, canonical text, and its listing.
//
// Models: IFACE[:alias], A[/len], netmask, broadcast, up, down, mtu, hw ether, [-]arp, [-]promisc,
// -a, -s. Leaves out: tunnels, pointopoint, IPv6 (add/del), txqueuelen, allmulti.
// Source: net-tools 2.10, ifconfig.c: main(), lib/interface.c: ife_print_long(), ife_print_short().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/tables.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct IfconfigAction {
  enum class Kind : std::uint8_t {
    kAddress,    ///< addr, and len if it was given with "/"
    kNetmask,    ///< addr
    kBroadcast,  ///< addr
    kUp,
    kDown,
    kMtu,      ///< number, bytes
    kHwEther,  ///< mac
    kArp,      ///< on
    kPromisc   ///< on
  };
  Kind kind = Kind::kUp;
  Ipv4Addr addr;
  std::optional<std::uint8_t> len;
  std::uint32_t number = 0;
  MacAddr mac;
  bool on = true;
  friend bool operator==(const IfconfigAction&, const IfconfigAction&) = default;
};

struct IfconfigCommand {
  bool all = false;                     ///< -a
  bool short_list = false;              ///< -s
  std::string dev;                      ///< "eth0", "eth0:1"; empty: list
  std::vector<IfconfigAction> actions;  ///< applied in this order; empty: show `dev`
  friend bool operator==(const IfconfigCommand&, const IfconfigCommand&) = default;
};

Parsed<IfconfigCommand> parse_ifconfig(Args args);
std::string to_text(const IfconfigCommand& command);

/// The listing of a command without actions. Errors: unknown interface (status 1).
Output render_ifconfig(const HostTables& tables, const IfconfigCommand& command);

/// The netmask of an address given without one: its class (A /8, B /16, else /24).
/// Source: net/ipv4/devinet.c: inet_abc_len().
std::uint8_t classful_prefix_len(Ipv4Addr addr);

}  // namespace lvslab::command
