// SCTP for programs.
#include "sim/host/wiring.h"

namespace lvslab::host {

std::expected<SocketId, Errno> Wiring::sctp_listen(Step& step, AppId owner, Endpoint local) {
  return sctp::listen(step, host_.sctp, sctp_ports(), owner, local);
}

std::expected<SocketId, Errno> Wiring::sctp_connect(Step& step, AppId owner, Endpoint local,
                                                    Endpoint remote) {
  return sctp::connect(step, host_.sctp, sctp_ports(), owner, local, remote);
}

bool Wiring::sctp_send(Step& step, SocketId socket, std::span<const std::uint8_t> message) {
  return sctp::send(step, host_.sctp, sctp_ports(), socket, message);
}

void Wiring::sctp_close(Step& step, SocketId socket) {
  sctp::close(step, host_.sctp, sctp_ports(), socket);
}

void Wiring::sctp_shutdown(Step& step, SocketId socket) {
  sctp::shutdown_write(step, host_.sctp, sctp_ports(), socket);
}

Endpoint Wiring::sctp_local(SocketId socket) const { return sctp::local(host_.sctp, socket); }

Endpoint Wiring::sctp_remote(SocketId socket) const { return sctp::remote(host_.sctp, socket); }

// sctp_v4_err()
void Wiring::tell_sctp(Step& step, const Packet& packet, const ip::IcmpEvent& event) {
  const Bytes message = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const bool too_big = event.error == Errno::kMsgSize;
  sctp::icmp_error(step, host_.sctp, sctp_ports(),
                   {.quoted = message.subspan(IcmpRepr::kLength),
                    .protocol_unreachable = event.error == Errno::kNoProtoOpt,
                    .next_hop_mtu = too_big ? event.message.mtu() : std::uint16_t{0}});
}

}  // namespace lvslab::host
