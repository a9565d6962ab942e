// What the parts of keepalived ask for, handed on to the host. Not for use outside of daemon*.cpp.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/keepalived/daemon.h"
#include "sim/keepalived/sync_daemon.h"

namespace lvslab::keepalived {

inline const std::string& device_of(const VirtualAddress& vip, const VrrpInstance& conf) {
  return vip.dev.empty() ? conf.interface : vip.dev;
}

/// The ports of the parts, towards one host.
class Daemon::Ports final : public VrrpPort, public CheckerPort, public SyncPort {
 public:
  Ports(DaemonIo& io, Part part, const Daemon& daemon)
      : io_(io), part_(part), daemon_(daemon), detail_(daemon.detail_) {}

  void log(Step& step, std::string_view text) override { io_.log(step, part_, text); }
  void log_detail(Step& step, std::string_view text) override {
    if (detail_) io_.log(step, part_, text);
  }
  void run_script(Step& step, const Script& script, std::string_view arguments) override {
    io_.run_script(step, script, arguments, {});
  }

  // --- VRRP --------------------------------------------------------------------------------------

  bool is_up(const std::string& interface) const override { return io_.is_up(interface); }
  Ipv4Addr source_of(const VrrpInstance& conf) const override {
    return conf.source ? *conf.source : io_.address_of(conf.interface);
  }

  void send_advert(Step& step, const VrrpInstance& conf, std::uint8_t priority) override {
    VrrpRepr vrrp{.version = conf.version, .vrid = conf.vrid, .priority = priority};
    vrrp.auth = conf.auth_pass ? VrrpAuth::kPassword : VrrpAuth::kNone;
    vrrp.advert_int = static_cast<std::uint16_t>(conf.version == 3 ? conf.advert_int.ms() / 10
                                                                   : conf.advert_int.seconds());
    for (const VirtualAddress& vip : conf.addresses) vrrp.addresses.push_back(vip.address.addr);
    if (conf.auth_pass) std::ranges::copy(conf.password, vrrp.password.begin());
    const Ipv4Addr src = source_of(conf);
    std::vector<std::uint8_t> message(vrrp.length());
    const auto send_to = [&](Ipv4Addr dst) {
      vrrp.emit(message, src, dst);
      io_.send_vrrp(step, conf.interface, src, dst, message);
    };
    if (!conf.unicast()) return send_to(*conf.multicast_group);
    for (const Ipv4Addr peer : conf.unicast_peers) send_to(peer);
  }

  void take_addresses(Step& step, const VrrpInstance& conf) override {
    log_detail(step, fmt::format("({}) setting VIPs.", conf.name));
    for_addresses(conf, [&](const std::string& dev, const VirtualAddress& vip) {
      io_.add_address(step, dev, vip);
    });
    for (const VirtualRoute& route : conf.routes) io_.add_route(step, route);
  }
  void give_addresses(Step& step, const VrrpInstance& conf) override {
    for (const VirtualRoute& route : conf.routes) io_.delete_route(step, route);
    log_detail(step, fmt::format("({}) removing VIPs.", conf.name));
    for_addresses(conf, [&](const std::string& dev, const VirtualAddress& vip) {
      io_.delete_address(step, dev, vip);
    });
  }
  void announce(Step& step, const VrrpInstance& conf, std::uint32_t times) override {
    for (std::uint32_t i = 0; i < times; ++i) {
      for_addresses(conf, [&](const std::string& dev, const VirtualAddress& vip) {
        const std::string addr = vip.address.addr.to_string();
        if (i == 0) {
          log_detail(step, fmt::format("({}) Sending/queueing gratuitous ARPs on {} for {}",
                                       conf.name, dev, addr));
        }
        log_detail(step, fmt::format("Sending gratuitous ARP on {} for {}", dev, addr));
        io_.send_gratuitous_arp(step, dev, vip.address.addr);
      });
    }
  }
  void announce_source(Step& step, const VrrpInstance& conf) override {
    const Ipv4Addr source = source_of(conf);
    log_detail(step,
               fmt::format("{}: sending gratuitous ARP for {}", conf.name, source.to_string()));
    log_detail(step, fmt::format("Sending gratuitous ARP on {} for {}", conf.interface,
                                 source.to_string()));
    io_.send_gratuitous_arp(step, conf.interface, source);
  }
  void sync_daemon(Step& step, const VrrpInstance& conf, SyncTurn turn) override {
    const SyncDaemon* daemon = daemon_.sync_of_vrrp();
    if (daemon == nullptr || daemon->vrrp_instance != conf.name) return;
    turn_sync_daemon(step, *this, *daemon, turn);
  }
  void log_sync(Step& step, std::string_view text) override { io_.log(step, part_, text); }
  Errno start_sync(Step& step, const SyncDaemon& daemon, bool master) override {
    return io_.start_sync(step, daemon, master);
  }
  Errno stop_sync(Step& step, bool master) override { return io_.stop_sync(step, master); }

  // --- LVS ---------------------------------------------------------------------------------------

  Errno add_service(Step& step, const ServiceRule& service) override {
    return io_.add_service(step, service);
  }
  Errno edit_service(Step& step, const ServiceRule& service) override {
    return io_.edit_service(step, service);
  }
  Errno delete_service(Step& step, const ServiceRule& service) override {
    return io_.delete_service(step, service);
  }
  Errno add_server(Step& step, const ServiceRule& service, const ServerRule& server) override {
    return io_.add_server(step, service, server);
  }
  Errno edit_server(Step& step, const ServiceRule& service, const ServerRule& server) override {
    return io_.edit_server(step, service, server);
  }
  Errno delete_server(Step& step, const ServiceRule& service, const ServerRule& server) override {
    return io_.delete_server(step, service, server);
  }
  void flush(Step& step) override { io_.flush_ipvs(step); }

  // --- checkers ----------------------------------------------------------------------------------

  TcpSockets& tcp() override { return io_.tcp(); }
  AppId owner() const override { return io_.owner(); }
  IfIndex device(const std::string& name) const override { return io_.device(name); }
  std::expected<std::uint32_t, DialError> udp_dial(Step& step, const UdpDial& how) override {
    return io_.udp_dial(step, how);
  }
  Errno udp_send(Step& step, std::uint32_t socket, std::span<const std::uint8_t> data) override {
    return io_.udp_send(step, socket, data);
  }
  void udp_close(Step& step, std::uint32_t socket) override { io_.udp_close(step, socket); }
  std::uint16_t ping_open() override { return io_.ping_open(); }
  Errno ping_send(Step& step, std::uint16_t identifier, Ipv4Addr to, std::uint16_t sequence,
                  std::span<const std::uint8_t> data) override {
    return io_.ping_send(step, identifier, to, sequence, data);
  }
  void ping_close(std::uint16_t identifier) override { io_.ping_close(identifier); }
  void run_check(Step& step, std::size_t checker, const Script& script) override {
    io_.run_script(step, script, "",
                   {ScriptTicket::Kind::kCheck, static_cast<std::uint32_t>(checker)});
  }
  void kill_check(Step& step, std::size_t checker) override {
    io_.kill_script(step, {ScriptTicket::Kind::kCheck, static_cast<std::uint32_t>(checker)});
  }

 private:
  template <class Each>
  static void for_addresses(const VrrpInstance& conf, Each each) {
    for (const VirtualAddress& vip : conf.addresses) each(device_of(vip, conf), vip);
    for (const VirtualAddress& vip : conf.excluded) each(device_of(vip, conf), vip);
  }

  DaemonIo& io_;
  Part part_;
  const Daemon& daemon_;
  bool detail_;
};

}  // namespace lvslab::keepalived
