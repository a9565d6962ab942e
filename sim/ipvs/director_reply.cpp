// Answers that pass the director, and ICMP errors about known connections in both directions.
// Source: net/netfilter/ipvs/ip_vs_core.c: ip_vs_out_hook(), handle_response(), ip_vs_out_icmp(),
//         ip_vs_in_icmp(), ip_vs_forward_icmp().
#include "sim/core/rewrite.h"
#include "sim/ipvs/director.h"
#include "sim/ipvs/packet_fields.h"
#include "sim/wire/tunnel.h"

namespace lvslab::ipvs {

void Director::count_out(Step& step, const Conn& conn, std::size_t length) {
  if (!conn.bound()) return;
  const auto bytes = static_cast<std::uint32_t>(length);
  Dest& dest = dests_[conn.dest];
  dest.counters.count_out(step.now(), bytes);
  if (Service* service = find_service(dest.service_key)) {
    service->counters.count_out(step.now(), bytes);
  }
}

namespace {

std::optional<Quoted> quoted_by_error(Bytes message) {
  const auto icmp = IcmpRepr::parse_header(message);
  if (!icmp || !concerns_ipvs(*icmp)) return std::nullopt;
  return parse_quoted(message.subspan(IcmpRepr::kLength));
}

Answer answer_of(const Conn& conn) {
  const bool masq = conn.forward == IpvsForward::kMasq;
  return {.verdict = masq ? AnswerVerdict::kRewritten : AnswerVerdict::kPass,
          .known = true,
          .conntrack = conn.conntrack,
          .virt = {conn.virt, conn.virt_port}};
}

}  // namespace

Answer Director::on_reply(Step& step, Packet& packet) {
  if (packet.ipvs_property) return {};
  if (is_icmp(packet)) {
    return on_icmp_reply(step, packet, ipv4_payload(step.frames().bytes(packet.frame), packet.ip));
  }
  const std::optional<Parsed> parsed = parse(step, packet);
  if (!parsed) return {};
  const ConnKey& key = parsed->key;  // of a request; here the client is its target
  const std::uint32_t c =
      conns_.find_answer(key.protocol, key.virt, key.virt_port, key.client, key.client_port);
  if (c == ConnTable::kNone) {
    const bool refuse = sysctls_.nat_icmp_send != 0 && !parsed->breaks_off() &&
                        is_real_server(packet, key.client_port);
    return {.verdict = refuse ? AnswerVerdict::kPortUnreachable : AnswerVerdict::kPass, .virt = {}};
  }
  Conn& conn = conns_[c];
  const bool masq = conn.forward == IpvsForward::kMasq;
  FtpAnswer helped;
  if (conn.ftp_helper) [[unlikely]] {
    helped = rewrite_ftp_answer(step, packet, c);
    if (helped.drop) {
      return {.verdict = AnswerVerdict::kDrop,
              .virt = {conn.virt, conn.virt_port},
              .reason = Reason::kIpvsFtpNoConntrack};
    }
  }
  if (masq) {
    step.explain(Reason::kIpvsAnswerRewritten, packet.in_dev,
                 {arg(packet.ip.src), conn.virt_port, arg(conn.virt)});
    const Endpoint virt{conn.virt, conn.virt_port};
    if (packet.ip.src.names_ipv6()) {
      rewrite6(step.frames(), step.world().names, packet, NatEnd::kSource, virt);
    } else {
      rewrite(step.frames(), packet, NatEnd::kSource, virt);
    }
    step.set_subject(packet.frame);
  }
  packet.ipvs_property = true;
  count_out(step, conn, step.frames().bytes(packet.frame).size());
  move_state(step, conn, ConnDirection::kOutput, *parsed);
  restart_timer(step, c);
  if (step.tracing()) step.row_changed(conn_row(step, c));
  Answer answer = answer_of(conn);
  answer.grown = helped.grown;
  answer.sequence = helped.sequence;
  return answer;
}

// Does it come from a server of some service? (ip_vs_has_real_service())
bool Director::is_real_server(const Packet& packet, std::uint16_t port) const {
  for (const Service& service : services_) {
    const bool same = service.key.fwmark != 0 || service.key.protocol == number(packet.ip.protocol);
    if (same && find_dest(service, packet.ip.src, port) != kNoDest) return true;
  }
  return false;
}

// An error about a request that the director passed on: its quote names the real server.
Answer Director::on_icmp_reply(Step& step, Packet& packet, Bytes message) {
  const bool six = packet.ip.protocol == IpProto::kIcmp6;
  const auto quoted = six ? parse_quoted6(step.world().names, message) : quoted_by_error(message);
  if (!quoted) return {};
  const std::uint32_t c =
      conns_.find_answer(quoted->protocol(), quoted->ip.src, quoted->ports.source, quoted->ip.dst,
                         quoted->ports.target);
  if (c == ConnTable::kNone) return {};
  const Conn& conn = conns_[c];
  const bool masq = conn.forward == IpvsForward::kMasq;
  if (masq && six) {  // summed up without the pseudo header, it always looks broken
    return {.verdict = AnswerVerdict::kDrop, .virt = {conn.virt, conn.virt_port}};
  }
  if (masq) {
    step.explain(Reason::kIpvsErrorRewritten, packet.in_dev,
                 {arg(packet.ip.src), conn.virt_port, arg(conn.virt)});
    rewrite_icmp_error(step.frames(), packet, NatEnd::kSource, {conn.virt, conn.virt_port},
                       QuotedChecksum::kKept);
    step.set_subject(packet.frame);
  }
  packet.ipvs_property = true;
  count_out(step, conn, step.frames().bytes(packet.frame).size());
  return answer_of(conn);
}

Verdict Director::on_forwarded_icmp(Step& step, const Packet& packet) {
  if (!is_icmp(packet) || steps_aside()) return {};
  return on_icmp(step, packet);
}

// ICMP errors about a packet that the real server sent to the client as the VIP: the error is the
// real server's to hear (ip_vs_in_icmp()).
Verdict Director::on_icmp(Step& step, const Packet& packet) {
  const Bytes message = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const bool six = packet.ip.protocol == IpProto::kIcmp6;
  if (!six) {
    const auto icmp = IcmpRepr::parse(message);
    if (!icmp || !concerns_ipvs(*icmp)) return {};
    // Errors about tunnelled packets of IPv6 are the host's own affair.
    const Verdict about_tunnel = on_tunnel_error(step, packet, message);
    if (about_tunnel.kind != VerdictKind::kAccept) return about_tunnel;
  }
  const auto quoted = six ? parse_quoted6(step.world().names, message)
                          : parse_quoted(message.subspan(IcmpRepr::kLength));
  if (!quoted) return {};
  const ConnKey key{quoted->protocol(), quoted->ip.dst, quoted->ports.target, quoted->ip.src,
                    quoted->ports.source};
  std::uint32_t c = conns_.find(key);
  if (c == ConnTable::kNone) {
    Service* service = sysctls_.schedule_icmp != 0 ? service_for(packet.mark, key) : nullptr;
    if (service == nullptr) return {};
    c = schedule(step, *service, key, packet.mark);
    if (c == ConnTable::kNone) {
      return {
          .kind = VerdictKind::kPortUnreachable, .next = {}, .reason = Reason::kIpvsNoDestination};
    }
    restart_timer(step, c);  // with the three seconds of an entry without a state
  }
  const Conn& conn = conns_[c];
  step.explain(Reason::kIpvsIcmpRelated, packet.in_dev,
               {arg(conn.client), conn.client_port, arg(conn.dest_addr)});
  count_in(step, conn, step.frames().bytes(packet.frame).size());
  return transmit(conn);
}

// A router or a real server complains about a packet that we packed up: the client's own packet
// stands in the quote, behind the outer header.
Verdict Director::on_tunnel_error(Step& step, const Packet& packet, Bytes message) {
  const Bytes quote = message.subspan(IcmpRepr::kLength);
  const auto outer = Ipv4Repr::parse_header(quote);
  if (!outer || outer->fragment_offset != 0) return {};
  std::size_t skip = outer->header_length;
  if (outer->protocol == IpProto::kGre) {
    if (quote.size() < skip + GreRepr::kLengthWithChecksum) return {};
    skip += (quote[skip] & 0x80) != 0 ? GreRepr::kLengthWithChecksum : GreRepr::kLength;
  } else if (outer->protocol == IpProto::kUdp) {
    skip += UdpRepr::kLength + GueRepr::kLength;
  } else if (outer->protocol != IpProto::kIpip) {
    return {};
  }
  if (skip >= quote.size()) return {};
  const auto inner = parse_quoted(quote.subspan(skip));
  if (!inner) return {};
  const std::uint32_t c = conns_.find(
      {inner->protocol(), inner->ip.src, inner->ports.source, inner->ip.dst, inner->ports.target});
  if (c == ConnTable::kNone || conns_[c].forward != IpvsForward::kTunnel) return {};
  const Conn& conn = conns_[c];
  step.explain(Reason::kIpvsTunnelError, packet.in_dev,
               {arg(conn.client), conn.client_port, arg(packet.ip.src)});
  count_out(step, conn, quote.size() - skip);  // what is left when the outer headers are off
  Verdict verdict{.kind = VerdictKind::kTunnelError, .next = outer->dst};
  verdict.inner_at = static_cast<std::uint16_t>(packet.ip.header_length + IcmpRepr::kLength + skip);
  return verdict;
}

}  // namespace lvslab::ipvs
