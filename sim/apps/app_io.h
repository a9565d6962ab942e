// What a program of a host may ask of that host, and what it hears. A program is plain data (its
// typed command, its counters); the host keeps it, calls it, and implements this port.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/tables.h"
#include "sim/command/names.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"

namespace lvslab::apps {

/// A frame that passed an interface which the program listens to (AF_PACKET).
struct TappedFrame {
  IfIndex dev;
  bool outgoing = false;
  Bytes frame;  ///< from the Ethernet header on; valid during the call only
};

/// An ICMP message for a program: an echo reply with its identifier, or an error that quotes a
/// packet which the program sent.
struct IcmpNews {
  Ipv4Addr from;
  Ipv4Addr to;
  std::uint8_t ttl = 64;     ///< as it arrived
  Bytes message;             ///< from the ICMP header on; valid during the call only
  bool local_error = false;  ///< made by the own stack: nothing came from the network
};

/// A datagram for an open UDP socket, or an error on it.
struct UdpNews {
  std::uint32_t socket = 0;
  Endpoint from, to;
  std::span<const std::uint8_t> data;
  Errno error = Errno::kNone;
};

/// Signals that a program may hear.
enum class Signal : std::uint8_t { kInterrupt = 2, kTerminate = 15 };

class AppIo {
 public:
  virtual ~AppIo() = default;

  virtual void print(Step& step, std::string_view text) = 0;
  virtual void print_error(Step& step, std::string_view text) = 0;
  /// The program ends with `status`. It may run on until it returns; then it is gone.
  virtual void exit(Step& step, int status) = 0;
  /// The one timer of a program: moves it; SimTime::never() stops it.
  virtual void set_timer(Step& step, SimTime at) = 0;
  virtual std::uint32_t pid() const = 0;
  /// What the program's sockets name as their owner.
  virtual AppId id() const = 0;
  /// isatty(stdout): false in a pipe or with a redirection.
  virtual bool stdout_is_terminal() const = 0;

  /// By /etc/hosts, a dotted quad, or what a name server told this program before.
  virtual std::expected<Ipv4Addr, command::NameError> resolve(std::string_view name) const = 0;
  /// The same of IPv6: by /etc/hosts, or an address; by its name (sim/core/address_names.h).
  virtual std::expected<Ipv4Addr, command::NameError> resolve6(std::string_view /*name*/) const {
    return std::unexpected(command::NameError::kUnknown);
  }
  /// The name of an IPv6 address, and what any address stands for.
  virtual Ipv4Addr name_of_ipv6(Ipv6Addr /*addr*/) { return Ipv4Addr::any6(); }
  virtual IpAddr shown(Ipv4Addr addr) const { return addr; }
  /// The lab uses IPv6: what serves all addresses has a socket for each version.
  virtual bool has_ipv6() const { return false; }
  /// All addresses of a name, the best one first.
  virtual std::vector<Ipv4Addr> addresses_of(std::string_view name) const {
    const auto addr = resolve(name);
    return addr ? std::vector{*addr} : std::vector<Ipv4Addr>{};
  }
  /// True if a name server has to be asked first; then the program hears on_resolved, after which
  /// resolve() knows what came of it.
  virtual bool look_up(Step& /*step*/, std::string_view /*name*/) { return false; }
  /// The name that /etc/hosts gives to an address.
  virtual std::optional<std::string> name_of(Ipv4Addr addr) const = 0;
  virtual std::optional<std::string> read_file(std::string_view path) const = 0;
  virtual bool is_directory(std::string_view /*path*/) const { return false; }
  /// The names in a directory, sorted.
  virtual std::vector<std::string> list_directory(std::string_view /*path*/) const { return {}; }
  /// Runs a command line in a shell of its own, in root's home; on_command() tells of its end.
  virtual void run_command(Step& /*step*/, std::uint32_t /*ticket*/, std::string_view /*line*/) {}
  /// Adds to a file; nothing happens if it cannot be written.
  virtual void append_file(Step& step, std::string_view path, std::string_view text) = 0;
  /// syslog(3): a line of /var/log/messages in the name of the program.
  virtual void log(Step& step, std::string_view text) = 0;
  /// False if the path cannot be written (a directory that is not there).
  virtual bool write_file(Step& step, std::string_view path, std::string_view content) = 0;

  /// The interface with this name; nothing if there is none.
  virtual std::optional<LinkRow> device(std::string_view name) const = 0;
  /// All interfaces in the order of their indices.
  virtual std::vector<LinkRow> devices() const = 0;
  /// True for an address of this host, on whatever interface.
  virtual bool is_local(Ipv4Addr addr) const = 0;
  /// The broadcast address of one of its subnets: what is sent there goes to all.
  virtual bool is_broadcast(Ipv4Addr addr) const = 0;
  /// The first address of an interface.
  virtual std::optional<AddrRow> address_of(IfIndex dev) const = 0;

  virtual TcpSockets& tcp() = 0;
  /// nullptr where programs have none.
  virtual SctpSockets* sctp() { return nullptr; }
  virtual std::expected<RouteAnswer, Errno> route(Step& step, const IpSend& want) = 0;
  /// Raw or ping socket: `message` begins with the transport header, checksum included.
  virtual Errno send_ip(Step& step, const IpSend& how, FrameRef message) = 0;
  /// Echo replies with this identifier, and errors about this program's packets, become on_icmp.
  virtual void listen_icmp(std::uint16_t identifier) = 0;
  /// A UDP socket; port 0: an ephemeral one. Errors about its datagrams become on_udp (and on_icmp
  /// with the quoting message: IP_RECVERR).
  virtual std::expected<std::uint32_t, Errno> udp_open(Step& step, Endpoint local) = 0;
  /// IP_PMTUDISC_DONT: what the socket sends goes without DF.
  virtual void udp_never_df(std::uint32_t socket) = 0;
  virtual Errno udp_send(Step& step, std::uint32_t socket, Endpoint to, std::uint8_t ttl,
                         std::span<const std::uint8_t> data) = 0;
  /// connect(2): datagrams go to `remote` (udp_send() to port 0 means it), and only what comes from
  /// there, errors included, is heard.
  virtual Errno udp_connect(Step& step, std::uint32_t socket, Endpoint remote) = 0;
  /// Sends `data` back to where `question` came from, with the address that it was sent to as the
  /// source (IP_PKTINFO).
  virtual Errno udp_reply(Step& step, const UdpNews& question,
                          std::span<const std::uint8_t> data) = 0;
  virtual void udp_close(Step& step, std::uint32_t socket) = 0;
  virtual Endpoint udp_local(std::uint32_t socket) const = 0;
  /// AF_PACKET: sends a whole frame; the host takes it.
  virtual void send_frame(Step& step, IfIndex dev, FrameRef frame) = 0;
  /// From now on frames of `dev` (0: of all interfaces) become on_frame.
  virtual void tap(IfIndex dev) = 0;
};

}  // namespace lvslab::apps
