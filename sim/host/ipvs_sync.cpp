// The sockets of the IPVS sync daemons, which belong to the kernel and to no process.
// Source: net/netfilter/ipvs/ip_vs_sync.c: start_sync_thread(), make_send_sock(),
//         make_receive_sock(), stop_sync_thread().
#include <algorithm>

#include "sim/host/wiring.h"

namespace lvslab::host {

using ipvs::SyncRole;

namespace {

/// Bound to the address of the interface, connected to the group.
std::expected<SocketId, Errno> send_socket(Step& step, ip::Stack& stack, IfIndex dev,
                                           const ipvs::SyncConfig& config) {
  const Ipv4Addr from = ip::select_source(stack, dev, {}, Scope::kUniverse);
  const auto socket = ip::udp_bind(step, stack, {}, {from, 0});
  if (!socket) return socket;
  ip::udp_set_multicast(stack, *socket, dev, config.ttl);
  ip::udp_never_df(stack, *socket);
  const Errno error = ip::udp_connect(step, stack, *socket, {config.group, config.port});
  if (error == Errno::kNone) return socket;
  ip::udp_close(step, stack, *socket);
  return std::unexpected(error);
}

/// Bound to the group on the interface, which joins it.
std::expected<SocketId, Errno> receive_socket(Step& step, ip::Stack& stack, IfIndex dev,
                                              const ipvs::SyncConfig& config) {
  const auto socket = ip::udp_bind(step, stack, {}, {config.group, config.port}, dev);
  if (socket) ip::join_group(step, stack, dev, config.group);
  return socket;
}

}  // namespace

Errno Wiring::start_sync(Step& step, SyncRole role, ipvs::SyncConfig config) {
  const IfIndex dev = ip::device_index(host_.ip, config.interface.view());
  if (!dev.valid()) return Errno::kNoDev;
  ipvs::Director& director = host_.ipvs.get();
  if (director.sync_daemon(role) != nullptr) return Errno::kExist;
  config = ipvs::with_defaults(config, role, ip::find_device(host_.ip, dev)->mtu);
  std::vector<SocketId> sockets;
  ipvs::SyncConfig one = config;
  for (std::uint32_t i = 0; i < director.sync_threads(); ++i, ++one.port) {
    const auto socket = role == SyncRole::kMaster ? send_socket(step, host_.ip, dev, one)
                                                  : receive_socket(step, host_.ip, dev, one);
    if (!socket) {
      for (const SocketId open : sockets) ip::udp_close(step, host_.ip, open);
      return socket.error();
    }
    sockets.push_back(*socket);
  }
  return director.start_sync(step, role, {config, std::move(sockets)});
}

Errno Wiring::stop_sync(Step& step, SyncRole role) {
  ipvs::Director& director = host_.ipvs.get();
  const ipvs::SyncDaemon* daemon = director.sync_daemon(role);
  if (daemon == nullptr) return Errno::kSrch;
  const ipvs::SyncDaemon gone = *daemon;
  director.stop_sync(role);
  if (role == SyncRole::kBackup) {
    const IfIndex dev = ip::device_index(host_.ip, gone.config.interface.view());
    for (std::size_t i = 0; i < gone.sockets.size(); ++i) {
      ip::leave_group(step, host_.ip, dev, gone.config.group);
    }
  }
  for (const SocketId socket : gone.sockets) ip::udp_close(step, host_.ip, socket);
  return Errno::kNone;
}

void Wiring::run_sync_timer(Step& step, std::uint32_t id) {
  ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr) return;
  for (const ipvs::SyncMaster::Message& message : director->on_sync_timer(step, id)) {
    const ipvs::SyncDaemon& master = *director->sync_daemon(SyncRole::kMaster);
    const std::uint32_t thread = ipvs::Director::sync_thread_of(id);
    const Endpoint to{master.config.group, static_cast<std::uint16_t>(master.config.port + thread)};
    const auto head = IpvsSyncRepr::parse(message.bytes);
    step.set_cause(message.cause);
    step.explain(Reason::kIpvsSyncSent, {}, {arg(to.addr), to.port, head ? head->count : 0U});
    const Errno error =
        ip::udp_send(step, host_.ip, *this, master.sockets[thread], to, message.bytes);
    if (error != Errno::kNone) {
      step.explain(Reason::kIpvsSyncLost, {},
                   {arg(to.addr), to.port, static_cast<std::uint32_t>(error)});
    }
  }
}

void Wiring::receive_sync(Step& step, const ip::UdpEvent& event) {
  ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr || event.error != Errno::kNone) return;
  const ipvs::SyncDaemon* backup = director->sync_daemon(SyncRole::kBackup);
  if (backup != nullptr &&
      std::ranges::find(backup->sockets, event.socket) != backup->sockets.end()) {
    director->receive_sync(step, event.data);
  }
}

}  // namespace lvslab::host
