// The port through which one program acts on its host (sim/apps/app_io.h).
#pragma once

#include "sim/apps/app_io.h"
#include "sim/host/wiring.h"

namespace lvslab::host {

class ProgramIo final : public apps::AppIo {
 public:
  ProgramIo(Wiring& wiring, std::uint32_t app) : wiring_(wiring), app_(app) {}

  void print(Step& step, std::string_view text) override;
  void print_error(Step& step, std::string_view text) override;
  void exit(Step& step, int status) override;
  void set_timer(Step& step, SimTime at) override;
  std::uint32_t pid() const override;
  AppId id() const override { return {app_}; }
  bool stdout_is_terminal() const override;
  std::expected<Ipv4Addr, command::NameError> resolve(std::string_view name) const override;
  std::vector<Ipv4Addr> addresses_of(std::string_view name) const override;
  std::expected<Ipv4Addr, command::NameError> resolve6(std::string_view name) const override;
  Ipv4Addr name_of_ipv6(Ipv6Addr addr) override;
  IpAddr shown(Ipv4Addr addr) const override { return wiring_.shown(addr); }
  bool has_ipv6() const override;
  bool look_up(Step& step, std::string_view name) override;
  void append_file(Step& step, std::string_view path, std::string_view text) override;
  void log(Step& step, std::string_view text) override;
  std::optional<std::string> name_of(Ipv4Addr addr) const override;
  std::optional<std::string> read_file(std::string_view path) const override;
  bool is_directory(std::string_view path) const override;
  std::vector<std::string> list_directory(std::string_view path) const override;
  void run_command(Step& step, std::uint32_t ticket, std::string_view line) override;
  bool write_file(Step& step, std::string_view path, std::string_view content) override;
  std::optional<LinkRow> device(std::string_view name) const override;
  std::vector<LinkRow> devices() const override;
  bool is_local(Ipv4Addr addr) const override;
  bool is_broadcast(Ipv4Addr addr) const override;
  std::optional<AddrRow> address_of(IfIndex dev) const override;
  TcpSockets& tcp() override { return wiring_; }
  SctpSockets* sctp() override { return &wiring_; }
  std::expected<RouteAnswer, Errno> route(Step& step, const IpSend& want) override;
  Errno send_ip(Step& step, const IpSend& how, FrameRef message) override;
  void listen_icmp(std::uint16_t identifier) override;
  std::expected<std::uint32_t, Errno> udp_open(Step& step, Endpoint local) override;
  void udp_never_df(std::uint32_t socket) override;
  Errno udp_send(Step& step, std::uint32_t socket, Endpoint to, std::uint8_t ttl,
                 std::span<const std::uint8_t> data) override;
  Errno udp_connect(Step& step, std::uint32_t socket, Endpoint remote) override;
  Errno udp_reply(Step& step, const apps::UdpNews& question,
                  std::span<const std::uint8_t> data) override;
  void udp_close(Step& step, std::uint32_t socket) override;
  Endpoint udp_local(std::uint32_t socket) const override;
  void send_frame(Step& step, IfIndex dev, FrameRef frame) override;
  void tap(IfIndex dev) override;

 private:
  Process& process() const { return wiring_.user().processes[app_]; }

  Wiring& wiring_;
  std::uint32_t app_;
};

}  // namespace lvslab::host
