// The FTP helper: data connections that a control connection announces get an entry before their
// first packet comes, and the client hears of the virtual address in place of the server's.
// Source: net/netfilter/ipvs/ip_vs_ftp.c; ip_vs_app.c; ip_vs_conn.c: ip_vs_conn_fill_cport().
#include "sim/core/rewrite.h"
#include "sim/ipvs/director.h"
#include "sim/ipvs/ftp.h"
#include "sim/ipvs/packet_fields.h"

namespace lvslab::ipvs {
namespace {

std::string_view data_of(Step& step, const Packet& packet) {
  const Bytes segment = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const Bytes data = segment.subspan(tcp_header_length(segment));
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

}  // namespace

// tcp_app_conn_bind(): connections to the port, by NAT, made while the module is there.
void Director::bind_helper(Conn& conn) const {
  if (!ftp_helper_ || conn.forward != IpvsForward::kMasq) return;
  if (conn.virt_port != kFtpControlPort || conn.protocol != number(IpProto::kTcp)) return;
  if (conn.client.names_ipv6()) return;
  conn.ftp_helper = true;
  conn.conntrack = true;
}

std::size_t Director::helped_connections() const {
  std::size_t count = 0;
  for (std::uint32_t c = 0; c < conns_.limit(); ++c) {
    if (conns_[c].protocol != kFree && conns_[c].ftp_helper) ++count;
  }
  return count;
}

// ip_vs_conn_fill_cport(): the first packet of an announced connection tells the client's port.
void Director::learn_client_port(Step& step, const Packet& packet, std::uint32_t c) {
  const Bytes segment = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const std::uint16_t port = ports_of(segment).source;
  if (step.tracing()) step.row_removed(conn_row(step, c));
  conns_.know_client_port(c, port);
  if (step.tracing()) step.row_added(conn_row(step, c));
  step.explain(Reason::kIpvsFtpDataCame, {},
               {arg(conns_[c].client), port, arg(conns_[c].dest_addr)});
}

// ip_vs_ftp_in(): what the client asks for.
void Director::read_ftp_request(Step& step, const Packet& packet, std::uint32_t c) {
  if (conns_[c].state != IpvsConnState::kEstablished) return;
  const std::string_view data = data_of(step, packet);
  if (const auto mode = ftp_asks_passive(data)) {
    conns_[c].ftp_mode = *mode;
    return;
  }
  const auto target = ftp_active_target(data);
  if (!target) return;
  conns_[c].ftp_mode = FtpMode::kActive;
  // The server will connect from the port below its own.
  const Conn& control = conns_[c];
  const auto below = [](std::uint16_t port) { return static_cast<std::uint16_t>(port - 1); };
  const ConnKey key{.protocol = control.protocol,
                    .client = target->to.addr,
                    .client_port = target->to.port,
                    .virt = control.virt,
                    .virt_port = below(control.virt_port)};
  std::uint32_t data_conn = conns_.find(key);
  if (data_conn == ConnTable::kNone) {
    data_conn = new_data_conn(step, c, key, {control.dest_addr, below(control.dest_port)});
  }
  step.explain(Reason::kIpvsFtpActive, packet.in_dev,
               {arg(target->to.addr), target->to.port, arg(conns_[c].dest_addr)});
  await_data(step, data_conn, packet.mark);
}

// ip_vs_ftp_out(): where the server listens. Says what became longer, or that the packet is to be
// dropped: without connection tracking nobody could shift the numbers of what follows.
Director::FtpAnswer Director::rewrite_ftp_answer(Step& step, Packet& packet, std::uint32_t c) {
  const FtpMode mode = conns_[c].ftp_mode;
  if (conns_[c].state != IpvsConnState::kEstablished || mode == FtpMode::kActive) return {};
  const auto target = ftp_passive_target(data_of(step, packet), mode, conns_[c].dest_addr);
  if (!target) return {};
  const Conn& control = conns_[c];
  std::uint32_t data_conn =
      conns_.find_answer(control.protocol, control.client, 0, target->to.addr, target->to.port);
  if (data_conn == ConnTable::kNone) {
    data_conn = new_data_conn(step, c,
                              {.protocol = control.protocol,
                               .client = control.client,
                               .client_port = 0,
                               .virt = control.virt,
                               .virt_port = target->to.port},
                              target->to);
    conns_.announce(data_conn);
  }
  FtpAnswer answer;
  if (packet.flow.valid()) {
    const Conn& data = conns_[data_conn];
    const std::string text = ftp_passive_text(mode, {data.virt, data.virt_port});
    const Bytes segment = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
    answer.sequence = load_be32(segment.data() + 4);
    answer.grown =
        static_cast<std::int32_t>(text.size()) - static_cast<std::int32_t>(target->length);
    step.explain(Reason::kIpvsFtpRewritten, packet.in_dev,
                 {arg(target->to.addr), target->to.port, arg(data.virt)});
    replace_tcp_data(step.frames(), packet, target->at, target->length, text);
    step.set_subject(packet.frame);
  } else {
    answer.drop = true;
  }
  conns_[c].ftp_mode = FtpMode::kActive;
  await_data(step, data_conn, packet.mark);
  return answer;
}

std::uint32_t Director::new_data_conn(Step& step, std::uint32_t c, const ConnKey& key,
                                      Endpoint server) {
  const std::uint32_t n = conns_.add(key);
  const std::uint32_t d = conns_[c].dest;
  Conn& conn = conns_[n];
  if (conns_[c].bound()) {
    bind_dest(conn, d, server.port);
    ++dests_[d].inactive;
    update_overload(dests_[d]);
    if (step.tracing() && dests_[d].available) step.row_changed(dest_row(step, d));
  } else {
    conn.forward = IpvsForward::kMasq;
    conn.no_output = false;
    ++masq_conns_;
  }
  conn.dest_addr = server.addr;
  conn.dest_port = server.port;
  conn.conntrack = true;
  conn.sync_end = sync_ticks(step.now()) & ~3U;
  conn.control = c;
  ++conns_[c].controls;
  if (step.tracing()) step.row_added(conn_row(step, n));
  return n;
}

// ip_vs_tcp_conn_listen().
void Director::await_data(Step& step, std::uint32_t c, std::uint32_t mark) {
  Conn& conn = conns_[c];
  conn.state = IpvsConnState::kListen;
  conn.fwmark = mark;
  conn.timeout_ms = timeouts_.of(IpProto::kTcp, conn.state) * 1'000;
  restart_timer(step, c);
  if (step.tracing()) step.row_changed(conn_row(step, c));
}

}  // namespace lvslab::ipvs
