// keepalived as a program of a host: its configuration, its routers, its virtual servers and its
// checkers, in one value, and what it may ask of the host.
//
// Models: start, SIGHUP, SIGTERM, the log lines of the three processes. keepalived forks; here one
// program speaks in three names, and all of them live and die together.
// Leaves out: notify FIFOs, mail, the data files of SIGUSR1 and SIGUSR2.
// Source: core/main.c, check/check_daemon.c, vrrp/vrrp_daemon.c of keepalived 2.2.7.
#pragma once

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
};

/// What sim/host offers to the daemon.
class DaemonIo : public ConfHost {
 public:
  virtual void log(Step& step, std::string_view process, std::string_view text) = 0;
  virtual void set_timer(Step& step, SimTime at) = 0;
  virtual void exit(Step& step, int status) = 0;
  virtual void run_script(Step& step, const Script& script, std::string_view arguments,
                          ScriptTicket ticket) = 0;

  // Interfaces and addresses (rtnetlink).
  virtual bool is_up(const std::string& interface) const = 0;
  virtual IfIndex device(const std::string& interface) const = 0;
  /// The first address of an interface; 0.0.0.0 if it has none.
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

  // IPVS (setsockopt).
  virtual Errno add_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno delete_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno add_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno edit_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno delete_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual void flush_ipvs(Step& step) = 0;
};

class Daemon {
 public:
  /// Reads its configuration and starts; exits at once, with a log line, if it cannot be used.
  /// `node`: the name of the host, which lines beginning with @ are compared with.
  void start(Step& step, DaemonIo& io, std::string conf_path, std::string node,
             std::string command_line);
  void on_timer(Step& step, DaemonIo& io);
  void on_socket(Step& step, DaemonIo& io, const SocketEvent& event);
  void on_vrrp(Step& step, DaemonIo& io, const std::string& interface,
               const ReceivedAdvert& advert);
  /// An interface came up or went down, by ifconfig or by its cable.
  void on_interface(Step& step, DaemonIo& io, const std::string& interface, bool up);
  void on_script(Step& step, DaemonIo& io, ScriptTicket ticket, int status);
  /// SIGHUP.
  void reload(Step& step, DaemonIo& io);
  /// SIGTERM, SIGINT: takes everything back and exits.
  void stop(Step& step, DaemonIo& io);

  const Vrrp& vrrp() const { return vrrp_; }
  const Configuration& conf() const { return conf_; }

 private:
  class Ports;

  bool read(Step& step, DaemonIo& io);
  void open_sockets(Step& step, DaemonIo& io);
  void rearm(Step& step, DaemonIo& io);

  std::string conf_path_, node_;
  Configuration conf_;
  Vrrp vrrp_;
  Lvs lvs_;
  Checkers checkers_;
};

}  // namespace lvslab::keepalived
