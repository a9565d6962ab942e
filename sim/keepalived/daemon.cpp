#include "sim/keepalived/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lvslab::keepalived {
namespace {

constexpr std::string_view kParent = "Keepalived";
constexpr std::string_view kVrrp = "Keepalived_vrrp";
constexpr std::string_view kCheckers = "Keepalived_healthcheckers";

std::string_view process_of(ConfPhase phase) {
  switch (phase) {
    case ConfPhase::kParent: return kParent;
    case ConfPhase::kChecker: return kCheckers;
    case ConfPhase::kVrrp: return kVrrp;
    case ConfPhase::kBfd: return "Keepalived_bfd";
  }
  return kParent;
}

const std::string& device_of(const VirtualAddress& vip, const VrrpInstance& conf) {
  return vip.dev.empty() ? conf.interface : vip.dev;
}

}  // namespace

/// The ports of the parts, towards one host.
class Daemon::Ports final : public VrrpPort, public CheckerPort {
 public:
  Ports(DaemonIo& io, std::string_view process, const Configuration& conf)
      : io_(io), process_(process), conf_(conf) {}

  void log(Step& step, std::string_view text) override { io_.log(step, process_, text); }
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
    log(step, fmt::format("({}) setting VIPs.", conf.name));
    for_addresses(conf, [&](const std::string& dev, const VirtualAddress& vip) {
      io_.add_address(step, dev, vip);
    });
    for (const VirtualRoute& route : conf.routes) io_.add_route(step, route);
  }
  void give_addresses(Step& step, const VrrpInstance& conf) override {
    for (const VirtualRoute& route : conf.routes) io_.delete_route(step, route);
    log(step, fmt::format("({}) removing VIPs.", conf.name));
    for_addresses(conf, [&](const std::string& dev, const VirtualAddress& vip) {
      io_.delete_address(step, dev, vip);
    });
  }
  void announce(Step& step, const VrrpInstance& conf, std::uint32_t times) override {
    for (std::uint32_t i = 0; i < times; ++i) {
      for_addresses(conf, [&](const std::string& dev, const VirtualAddress& vip) {
        const std::string addr = vip.address.addr.to_string();
        if (i == 0) {
          log(step, fmt::format("({}) Sending/queueing gratuitous ARPs on {} for {}", conf.name,
                                dev, addr));
        }
        log(step, fmt::format("Sending gratuitous ARP on {} for {}", dev, addr));
        io_.send_gratuitous_arp(step, dev, vip.address.addr);
      });
    }
  }
  void sync_daemon(Step&, const VrrpInstance&, bool) override {}

  // --- LVS ---------------------------------------------------------------------------------------

  Errno add_service(Step& step, const ServiceRule& service) override {
    return io_.add_service(step, service);
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
  void run_check(Step& step, std::size_t checker, const Script& script) override {
    io_.run_script(step, script, "",
                   {ScriptTicket::Kind::kCheck, static_cast<std::uint32_t>(checker)});
  }

 private:
  template <class Each>
  static void for_addresses(const VrrpInstance& conf, Each each) {
    for (const VirtualAddress& vip : conf.addresses) each(device_of(vip, conf), vip);
    for (const VirtualAddress& vip : conf.excluded) each(device_of(vip, conf), vip);
  }

  DaemonIo& io_;
  std::string_view process_;
  const Configuration& conf_;
};

// --- starting ------------------------------------------------------------------------------------

void Daemon::start(Step& step, DaemonIo& io, std::string conf_path, std::string node,
                   std::string command_line) {
  conf_path_ = std::move(conf_path);
  node_ = std::move(node);
  io.log(step, kParent, "Starting Keepalived v2.2.7 (01/16,2022)");
  io.log(step, kParent, fmt::format("Command line: {}", command_line));
  io.log(step, kParent, fmt::format("Opening file '{}'.", conf_path_));
  if (!read(step, io)) return;
  const bool vrrp = !conf_.instances.empty(), checkers = !conf_.virtual_servers.empty();
  if (checkers) {
    Ports port(io, kCheckers, conf_);
    port.log(step, "Initializing ipvs");
    lvs_.start(step, conf_, port);
    checkers_.start(step, conf_, port);
  }
  if (vrrp) {
    Ports port(io, kVrrp, conf_);
    for (const VrrpInstance& instance : conf_.instances) {
      // What an earlier run may have left behind (vrrp_restore_interface()).
      port.give_addresses(step, instance);
    }
    open_sockets(step, io);
    vrrp_.start(step, conf_, port);
  }
  io.log(step, kParent, "Startup complete");
  rearm(step, io);
}

bool Daemon::read(Step& step, DaemonIo& io) {
  ReadConf got = read_conf(io, conf_path_, {.config_id = node_});
  for (const ConfMessage& message : got.messages) {
    if (message.kind == ConfMessage::Kind::kReported) {
      io.log(step, process_of(message.phase), logged(message));
    } else {
      io.log(step, "lvslab", located(message));
    }
  }
  if (!got.conf.usable) {
    step.explain(Reason::kKeepalivedBadConfiguration);
    io.log(step, kParent, "Stopped Keepalived v2.2.7 (01/16,2022)");
    io.exit(step, 1);
    return false;
  }
  conf_ = std::move(got.conf);
  return true;
}

void Daemon::open_sockets(Step& step, DaemonIo& io) {
  for (const VrrpInstance& instance : conf_.instances) {
    if (!instance.unicast()) {
      io.join_group(step, instance.interface, *instance.multicast_group);
    }
  }
}

void Daemon::rearm(Step& step, DaemonIo& io) {
  io.set_timer(step, std::min(vrrp_.next(), checkers_.next()));
}

// --- events --------------------------------------------------------------------------------------

void Daemon::on_timer(Step& step, DaemonIo& io) {
  Ports vrrp(io, kVrrp, conf_), checkers(io, kCheckers, conf_);
  vrrp_.on_time(step, conf_, vrrp);
  for (const std::size_t script : vrrp_.take_due_scripts(step.now(), conf_)) {
    io.run_script(step, conf_.scripts[script].script, "",
                  {ScriptTicket::Kind::kTrack, static_cast<std::uint32_t>(script)});
  }
  checkers_.on_time(step, conf_, checkers, lvs_);
  rearm(step, io);
}

void Daemon::on_socket(Step& step, DaemonIo& io, const SocketEvent& event) {
  Ports port(io, kCheckers, conf_);
  checkers_.on_socket(step, conf_, port, lvs_, event);
  rearm(step, io);
}

void Daemon::on_vrrp(Step& step, DaemonIo& io, const std::string& interface,
                     const ReceivedAdvert& advert) {
  Ports port(io, kVrrp, conf_);
  vrrp_.on_advert(step, conf_, port, interface, advert);
  rearm(step, io);
}

void Daemon::on_interface(Step& step, DaemonIo& io, const std::string& interface, bool up) {
  Ports port(io, kVrrp, conf_);
  if (conf_.instances.empty()) return;
  port.log(step, fmt::format("Netlink reports {} {}", interface, up ? "up" : "down"));
  vrrp_.on_interface(step, conf_, port, interface, up);
  rearm(step, io);
}

void Daemon::on_script(Step& step, DaemonIo& io, ScriptTicket ticket, int status) {
  if (ticket.kind == ScriptTicket::Kind::kTrack) {
    Ports port(io, kVrrp, conf_);
    vrrp_.script_ended(step, conf_, port, ticket.index, status == 0);
  } else if (ticket.kind == ScriptTicket::Kind::kCheck) {
    Ports port(io, kCheckers, conf_);
    checkers_.script_ended(step, conf_, port, lvs_, ticket.index, status);
  }
  rearm(step, io);
}

void Daemon::reload(Step& step, DaemonIo& io) {
  io.log(step, kParent, "Reloading ...");
  const Configuration before = conf_;
  ReadConf got = read_conf(io, conf_path_, {.config_id = node_});
  for (const ConfMessage& message : got.messages) {
    io.log(step,
           message.kind == ConfMessage::Kind::kReported ? process_of(message.phase) : "lvslab",
           message.kind == ConfMessage::Kind::kReported ? logged(message) : located(message));
  }
  if (!got.conf.usable) return stop(step, io);
  conf_ = std::move(got.conf);
  Ports checkers(io, kCheckers, conf_), vrrp(io, kVrrp, conf_);
  checkers_.stop(step, checkers);
  lvs_.reload(step, before, conf_, checkers);
  checkers_.start(step, conf_, checkers);
  vrrp_.reload(step, before, conf_, vrrp);
  rearm(step, io);
}

void Daemon::stop(Step& step, DaemonIo& io) {
  io.log(step, kParent, "Stopping");
  Ports checkers(io, kCheckers, conf_), vrrp(io, kVrrp, conf_);
  vrrp_.stop(step, conf_, vrrp);
  checkers_.stop(step, checkers);
  lvs_.stop(step, conf_, checkers);
  io.log(step, kParent, "Stopped Keepalived v2.2.7 (01/16,2022)");
  io.exit(step, 0);
}

}  // namespace lvslab::keepalived
