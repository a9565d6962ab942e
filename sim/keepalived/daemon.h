// keepalived as a program of a host: its configuration, its routers, its virtual servers and its
// checkers, in one value, and what it may ask of the host.
//
// Models: the parent, the checker process and the VRRP process, each with its pid and its log
// lines; start, SIGHUP, SIGTERM and SIGKILL of each; that a parent starts a child anew which died,
// and that children end in order when their parent is killed.
// Leaves out: notify FIFOs, mail, and the pauses before a child is
// started for the second time.
// Source: core/main.c, check/check_daemon.c, vrrp/vrrp_daemon.c of keepalived 2.2.7.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/keepalived/checkers.h"
#include "sim/keepalived/read_conf.h"
#include "sim/keepalived/vrrp.h"

namespace lvslab::keepalived {

inline constexpr std::string_view kDefaultConfPath = "/etc/keepalived/keepalived.conf";

/// What the daemon wants to hear when a command has ended.
struct ScriptTicket {
  enum class Kind : std::uint8_t { kNotify, kTrack, kCheck };
  Kind kind = Kind::kNotify;
  std::uint32_t index = 0;
  bool operator==(const ScriptTicket&) const = default;
};

/// The processes; kLab: what this lab has to say, which no keepalived would.
enum class Part : std::uint8_t { kParent, kCheckers, kVrrp, kLab };

/// What sim/host offers to the daemon.
class DaemonIo : public ConfHost {
 public:
  virtual void log(Step& step, Part part, std::string_view text) = 0;
  virtual void write_file(const std::string& path, const std::string& text) = 0;
  /// Gives a process a new pid, and returns it.
  virtual std::uint32_t fork(Part part) = 0;
  virtual std::uint32_t pid_of(Part part) const = 0;
  virtual void child_ended(Part part, bool orderly) = 0;
  virtual void set_timer(Step& step, SimTime at) = 0;
  virtual void exit(Step& step, int status) = 0;
  virtual void run_script(Step& step, const Script& script, std::string_view arguments,
                          ScriptTicket ticket) = 0;
  /// SIGTERM to the command that was started with this ticket.
  virtual void kill_script(Step& step, ScriptTicket ticket) = 0;

  // Interfaces and addresses (rtnetlink).
  virtual bool is_up(const std::string& interface) const = 0;
  virtual IfIndex device(const std::string& interface) const = 0;
  /// The first address of an interface that is no virtual one; 0.0.0.0 if it has none.
  virtual Ipv4Addr address_of(const std::string& interface) const = 0;
  virtual void add_address(Step& step, const std::string& interface,
                           const VirtualAddress& address) = 0;
  virtual void delete_address(Step& step, const std::string& interface,
                              const VirtualAddress& address) = 0;
  virtual void add_route(Step& step, const VirtualRoute& route) = 0;
  virtual void delete_route(Step& step, const VirtualRoute& route) = 0;

  // Packets.
  virtual void join_group(Step& step, const std::string& interface, Ipv4Addr group) = 0;
  virtual void leave_group(Step& step, const std::string& interface, Ipv4Addr group) = 0;
  /// TTL 255, type of service 0xc0; `interface` may be empty for unicast.
  virtual void send_vrrp(Step& step, const std::string& interface, Ipv4Addr src, Ipv4Addr dst,
                         Bytes message) = 0;
  virtual void send_gratuitous_arp(Step& step, const std::string& interface, Ipv4Addr address) = 0;
  virtual TcpSockets& tcp() = 0;
  virtual AppId owner() const = 0;
  virtual std::expected<std::uint32_t, DialError> udp_dial(Step& step, const UdpDial& how) = 0;
  virtual Errno udp_send(Step& step, std::uint32_t socket, std::span<const std::uint8_t> data) = 0;
  virtual void udp_close(Step& step, std::uint32_t socket) = 0;
  virtual std::uint16_t ping_open() = 0;
  virtual Errno ping_send(Step& step, std::uint16_t identifier, Ipv4Addr to, std::uint16_t sequence,
                          std::span<const std::uint8_t> data) = 0;
  virtual void ping_close(std::uint16_t identifier) = 0;
  /// net.ipv4.ping_group_range: which groups may open ping sockets.
  virtual std::pair<std::uint32_t, std::uint32_t> ping_groups() const = 0;
  virtual void set_ping_groups(Step& step, std::uint32_t low, std::uint32_t high) = 0;

  // IPVS (setsockopt).
  virtual Errno add_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno edit_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno delete_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno add_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno edit_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno delete_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual void flush_ipvs(Step& step) = 0;
  virtual Errno start_sync(Step& step, const SyncDaemon& daemon, bool master) = 0;
  virtual Errno stop_sync(Step& step, bool master) = 0;
};

struct StartOptions {
  std::string conf_path;
  std::string node;          ///< what lines that begin with @ are compared with
  std::string command_line;  ///< for the log: "'/usr/sbin/keepalived' '-D'"
  std::string kernel;        ///< for the log: "Linux 6.1.0 #1 ..."
  bool detail = false;       ///< -D
  bool stays = false;        ///< -n: does not fork into the background
  std::vector<std::string> stale_pid_files;
};

class Daemon {
 public:
  /// Reads its configuration and starts; exits at once, with a log line, if it cannot be used.
  void start(Step& step, DaemonIo& io, StartOptions options);
  void on_timer(Step& step, DaemonIo& io);
  void on_socket(Step& step, DaemonIo& io, const SocketEvent& event);
  void on_datagram(Step& step, DaemonIo& io, const DatagramNews& news);
  void on_ping(Step& step, DaemonIo& io, std::uint16_t identifier);
  /// False: no socket takes it.
  bool on_vrrp(Step& step, DaemonIo& io, const std::string& interface,
               const ReceivedAdvert& advert);
  /// An interface came up or went down, by ifconfig or by its cable.
  void on_interface(Step& step, DaemonIo& io, const std::string& interface, bool up);
  /// An address is gone that the daemon did not take away itself.
  void on_address_removed(Step& step, DaemonIo& io, const std::string& interface, Ipv4Addr address);
  void on_script(Step& step, DaemonIo& io, ScriptTicket ticket, int status);
  /// A signal to one of the processes: HUP, INT, TERM, KILL, USR1, USR2; others do nothing.
  void signal(Step& step, DaemonIo& io, Part part, int signal);

  const Vrrp& vrrp() const { return vrrp_; }
  const Configuration& conf() const { return conf_; }
  bool parent_alive() const { return parent_alive_; }

 private:
  class Ports;
  struct Child {
    bool alive = false;
    bool killed = false;
    std::uint32_t pid = 0;                  ///< of the one that died
    SimTime ends_at = SimTime::never();     ///< it has said its last word
    SimTime respawn_at = SimTime::never();  ///< the parent starts it anew
  };

  bool read(Step& step, DaemonIo& io, bool first);
  void tell_messages(Step& step, DaemonIo& io, Part part);
  void tell_reading(Step& step, DaemonIo& io, std::string_view ipvs);
  void tell_addresses(Step& step, DaemonIo& io);
  void fork(Step& step, DaemonIo& io, Part part);
  void start_vrrp(Step& step, DaemonIo& io, bool first);
  /// `first`: with the parent, which says when all children have read the configuration.
  void start_checkers(Step& step, DaemonIo& io, bool first);
  /// lvs_sync_daemon with the instance that it follows, or without one; nullptr if it is not so.
  const SyncDaemon* sync_of_vrrp() const;
  const SyncDaemon* sync_of_checkers() const;
  void allow_pings(Step& step, DaemonIo& io);
  void forbid_pings(Step& step, DaemonIo& io);
  void open_sockets(Step& step, DaemonIo& io);
  void tell_sockets(Step& step, DaemonIo& io);
  void close_sockets(Step& step, DaemonIo& io, const Configuration& conf);
  void rearm(Step& step, DaemonIo& io);
  bool hears_vrrp() const {
    return vrrp_process_.alive && vrrp_process_.ends_at == SimTime::never();
  }

  void reload(Step& step, DaemonIo& io);
  void stop(Step& step, DaemonIo& io);
  void orphan(Step& step, DaemonIo& io);
  void terminate_vrrp(Step& step, DaemonIo& io);
  void vrrp_is_gone(Step& step, DaemonIo& io);
  void terminate_checkers(Step& step, DaemonIo& io);
  void kill_child(Step& step, DaemonIo& io, Part part);
  void child_died(Step& step, DaemonIo& io, Part part);
  void respawn(Step& step, DaemonIo& io);
  void end_if_alone(Step& step, DaemonIo& io);
  void print_data(Step& step, DaemonIo& io, Part part);
  void print_statistics(Step& step, DaemonIo& io, Part part);
  std::string stopped_text() const;

  std::string conf_path_, node_;
  bool detail_ = false;
  bool parent_alive_ = true;
  bool stopping_ = false;
  Child vrrp_process_, checker_process_;
  bool pings_allowed_ = false;           ///< the checkers have seen to it
  std::uint32_t lowest_ping_group_ = 0;  ///< before that
  std::array<bool, 3> user_told_{};      ///< by Part: it has said that there is no script user
  std::vector<ConfMessage> messages_;    ///< of the last reading, for those whom they concern
  Configuration conf_;
  Vrrp vrrp_;
  Lvs lvs_;
  Checkers checkers_;
};

}  // namespace lvslab::keepalived
