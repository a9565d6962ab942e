// What ICMP errors, real ones and those of the own neighbour table, do to connections.
// Source: net/ipv4/tcp_ipv4.c: tcp_v4_err(), tcp_v4_mtu_reduced(); net/ipv4/tcp_output.c:
// tcp_simple_retransmit(); RFC 5927.
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr std::uint32_t kMinPmtu = 552;  // net.ipv4.route.min_pmtu

/// Segments that are too long now go again in pieces, without blaming congestion.
void reduce_mss(Context& c, std::uint32_t index, std::uint32_t mtu) {
  Socket& s = c.socket(index);
  const std::uint32_t options = s.has(flag::kTimestamps) ? 12 : 0;
  const std::uint32_t mss = std::max(mtu, kMinPmtu) - 40 - options;
  if (mss >= s.mss) return;
  s.mss = static_cast<std::uint16_t>(mss);
  c.step.explain(Reason::kTcpMssReduced, {}, {arg(s.tuple.remote_addr), mtu, mss});
  if (s.ext == kNoExtension || s.state == TcpState::kSynSent) return;
  Extension& e = c.ext_of(s);
  join_segments(e);
  for (std::size_t i = e.sent_head; i < e.sent.size(); ++i) {
    if (!e.sent[i].sacked && e.sent[i].end - e.sent[i].begin > mss) mark_lost(e, e.sent[i]);
  }
  if (e.lost_out == 0) return;
  if (e.ca != CaState::kLoss) {
    e.high_seq = s.snd_nxt;
    e.ca = CaState::kLoss;
  }
  retransmit_lost(c, index);
}

void on_request_error(Context& c, std::uint32_t index, std::uint32_t seq, Errno error) {
  const Request& r = c.tables.requests[index];
  const bool fatal = error == Errno::kHostUnreach || error == Errno::kNetUnreach;
  if (seq != r.snd_isn || !fatal) return;
  c.step.explain(Reason::kTcpRequestUnreachable, {},
                 {arg(r.tuple.remote_addr), r.tuple.remote_port, r.tuple.local_port});
  drop_request(c, index);
}

void on_socket_error(Context& c, std::uint32_t index, std::uint32_t seq, const IcmpError& error) {
  Socket& s = c.socket(index);
  if (before(seq, s.snd_una) || after(seq, s.snd_nxt)) {
    c.step.explain(Reason::kTcpIcmpStale, {}, {arg(s.tuple.remote_addr), seq, s.snd_una});
    return;
  }
  Upcalls up = upcalls_of(s, index);
  const std::uint16_t generation = s.generation;
  {
    const RowWatch watch(c, index);
    if (error.error == Errno::kHostUnreach || error.error == Errno::kNetUnreach) {
      revert_backoff(c, index, seq, up);
    }
    if (!alive(c, index, generation)) {
      // The retransmission that was due by that was one too many.
    } else if (error.next_hop_mtu != 0) {
      reduce_mss(c, index, error.next_hop_mtu);
    } else if (s.state == TcpState::kSynSent || s.state == TcpState::kSynRecv) {
      c.step.explain(
          Reason::kTcpConnectUnreachable, {},
          {arg(s.tuple.remote_addr), s.tuple.remote_port, static_cast<std::uint32_t>(error.error)});
      fail_socket(c, index, error.error, up);
    } else if (s.ext != kNoExtension) {
      c.step.explain(
          Reason::kTcpSoftError, {},
          {arg(s.tuple.remote_addr), s.tuple.remote_port, static_cast<std::uint32_t>(error.error)});
      c.ext_of(s).soft_error = error.error;
    }
  }
  emit(c, up, {});
}

}  // namespace

void icmp_error(Step& step, Stack& stack, Ports ports, const IcmpError& error) {
  std::optional<Ipv4Repr> ip = error.header;
  std::size_t at = 0;
  if (!ip) {
    const auto parsed = Ipv4Repr::parse_header(error.quoted);
    if (!parsed) return;
    ip = *parsed;
    at = ip->header_length;
  }
  if (ip->protocol != IpProto::kTcp || stack.tables.empty()) return;
  if (error.quoted.size() < at + 8U) return;
  const std::uint8_t* p = error.quoted.data() + at;
  Context c = make_context(step, stack, ports);
  const Tuple tuple{ip->src, ip->dst, load_be16(p), load_be16(p + 2)};
  const Handle handle = find_connection(c.tables, tuple);
  if (!handle.valid()) return;
  const std::uint32_t seq = load_be32(p + 4);
  if (handle.kind() == Kind::kRequest) {
    on_request_error(c, handle.index(), seq, error.error);
  } else if (handle.kind() == Kind::kSocket) {
    on_socket_error(c, handle.index(), seq, error);
  }
}

void neighbour_failed(Step& step, Stack& stack, Ports ports, Bytes packet) {
  icmp_error(step, stack, ports, {.quoted = packet, .error = Errno::kHostUnreach});
}

}  // namespace lvslab::tcp
