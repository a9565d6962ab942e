// What keepalived may do on its host (sim/keepalived/daemon.h), and how the host hands it the news:
// netlink, raw sockets, gratuitous ARPs, the IPVS table, its log.
#pragma once

#include "sim/host/wiring.h"
#include "sim/keepalived/daemon.h"

namespace lvslab::host {

/// Where a process of keepalived leaves its pid.
std::string_view keepalived_pid_file(keepalived::Part part);

class KeepalivedIo final : public keepalived::DaemonIo {
 public:
  KeepalivedIo(Wiring& wiring, std::uint32_t app) : wiring_(wiring), app_(app) {}

  // ConfFiles, ConfHost
  std::optional<std::string> read(const std::string& path) const override;
  std::vector<std::string> matches(const std::string& pattern) const override;
  bool has_interface(const std::string& name) const override;
  bool has_program(const std::string& path) const override;

  void log(Step& step, keepalived::Part part, std::string_view text) override;
  void write_file(const std::string& path, const std::string& text) override;
  std::uint32_t fork(keepalived::Part part) override;
  std::uint32_t pid_of(keepalived::Part part) const override;
  void child_ended(keepalived::Part part, bool orderly) override;
  void set_timer(Step& step, SimTime at) override;
  void exit(Step& step, int status) override;
  void run_script(Step& step, const keepalived::Script& script, std::string_view arguments,
                  keepalived::ScriptTicket ticket) override;
  void kill_script(Step& step, keepalived::ScriptTicket ticket) override;

  bool is_up(const std::string& interface) const override;
  IfIndex device(const std::string& interface) const override;
  Ipv4Addr address_of(const std::string& interface) const override;
  void add_address(Step& step, const std::string& interface,
                   const keepalived::VirtualAddress& address) override;
  void delete_address(Step& step, const std::string& interface,
                      const keepalived::VirtualAddress& address) override;
  void add_route(Step& step, const keepalived::VirtualRoute& route) override;
  void delete_route(Step& step, const keepalived::VirtualRoute& route) override;

  void join_group(Step& step, const std::string& interface, Ipv4Addr group) override;
  void leave_group(Step& step, const std::string& interface, Ipv4Addr group) override;
  void send_vrrp(Step& step, const std::string& interface, Ipv4Addr src, Ipv4Addr dst,
                 Bytes message) override;
  void send_gratuitous_arp(Step& step, const std::string& interface, Ipv4Addr address) override;
  TcpSockets& tcp() override { return wiring_; }
  AppId owner() const override { return {app_}; }
  std::expected<std::uint32_t, keepalived::DialError> udp_dial(
      Step& step, const keepalived::UdpDial& how) override;
  Errno udp_send(Step& step, std::uint32_t socket, std::span<const std::uint8_t> data) override;
  void udp_close(Step& step, std::uint32_t socket) override;
  std::uint16_t ping_open() override;
  Errno ping_send(Step& step, std::uint16_t identifier, Ipv4Addr to, std::uint16_t sequence,
                  std::span<const std::uint8_t> data) override;
  void ping_close(std::uint16_t identifier) override;
  std::pair<std::uint32_t, std::uint32_t> ping_groups() const override;
  void set_ping_groups(Step& step, std::uint32_t low, std::uint32_t high) override;

  Errno add_service(Step& step, const keepalived::ServiceRule& service) override;
  Errno edit_service(Step& step, const keepalived::ServiceRule& service) override;
  Errno delete_service(Step& step, const keepalived::ServiceRule& service) override;
  Errno add_server(Step& step, const keepalived::ServiceRule& service,
                   const keepalived::ServerRule& server) override;
  Errno edit_server(Step& step, const keepalived::ServiceRule& service,
                    const keepalived::ServerRule& server) override;
  Errno delete_server(Step& step, const keepalived::ServiceRule& service,
                      const keepalived::ServerRule& server) override;
  void flush_ipvs(Step& step) override;
  Errno start_sync(Step& step, const keepalived::SyncDaemon& daemon, bool master) override;
  Errno stop_sync(Step& step, bool master) override;

 private:
  Process& process() const { return wiring_.user().processes[app_]; }

  Wiring& wiring_;
  std::uint32_t app_;
};

}  // namespace lvslab::host
