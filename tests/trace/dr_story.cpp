#include "tests/trace/dr_story.h"

namespace lvslab::test {
namespace {

using namespace literals;

LinkRow lo_row() {
  return {.dev = kLoopback, .name = "lo", .mtu = 65536, .up = true, .loopback = true};
}
LinkRow eth0_row(MacAddr mac) { return {.dev = kEth0, .name = "eth0", .mac = mac, .up = true}; }

FramePath path(MacAddr from, MacAddr to, Ipv4Addr src, Ipv4Addr dst) {
  return {from, to, src, dst};
}

TcpRepr syn_segment() {
  TcpRepr tcp;
  tcp.src_port = 40000;
  tcp.dst_port = 80;
  tcp.seq = 1000;
  tcp.flags = tcp_flag::kSyn;
  tcp.window = 64240;
  tcp.mss = 1460;
  return tcp;
}

TcpRepr answer_segment() {
  TcpRepr tcp = syn_segment();
  std::swap(tcp.src_port, tcp.dst_port);
  tcp.seq = 5000;
  tcp.ack = 1001;
  tcp.flags = tcp_flag::kSyn | tcp_flag::kAck;
  return tcp;
}

/// The same packet as the director sends it: another MAC, one hop less to live.
std::vector<std::uint8_t> rewritten(std::vector<std::uint8_t> frame) {
  store_mac(frame.data(), kNode03Mac);
  store_mac(frame.data() + 6, kNode01Mac);
  ipv4_decrement_ttl(MutBytes(frame).subspan(EthernetRepr::kLength));
  return frame;
}

}  // namespace

Teller::Teller() {
  trace.add_node({"client", false, {lo_row(), eth0_row(kClientMac)}});
  trace.add_node({"node01", false, {lo_row(), eth0_row(kNode01Mac)}});
  trace.add_node({"node02", false, {lo_row(), eth0_row(kNode02Mac)}});
  trace.add_node({"node03", false, {lo_row(), eth0_row(kNode03Mac)}});
  trace.add_node({"sw0", true, {}});
}

RecordId Teller::append(NodeId node, RecordKind kind, Reason reason, IfIndex dev,
                        std::array<std::uint32_t, 3> args, FrameId frame) {
  return trace.append({now_, cause_, node, frame, args, dev, reason, kind});
}

RecordId Teller::command(NodeId node, std::string_view line) {
  cause_ = {};
  const std::uint32_t text = trace.add_text(line);
  return cause_ = append(node, RecordKind::kCommand, Reason::kNone, {}, {text, 100, 0}, {});
}

void Teller::decide(NodeId node, Reason reason, std::array<std::uint32_t, 3> args, FrameId frame) {
  cause_ = append(node, RecordKind::kDecision, reason, kEth0, args, frame);
}

void Teller::drop(NodeId node, Reason reason, FrameId frame, std::array<std::uint32_t, 3> args) {
  append(node, RecordKind::kFrameDropped, reason, kEth0, args, frame);
}

void Teller::row(NodeId node, RecordKind kind, const TableRow& row) {
  append(node, kind, Reason::kNone, {}, {trace.add_row(row), 0, 0}, {});
}

RecordId Teller::send(NodeId node, const std::vector<std::uint8_t>& bytes) {
  return append(node, RecordKind::kFrameSent, Reason::kNone, kEth0, {}, trace.add_frame(bytes));
}

std::vector<RecordId> Teller::pass(RecordId sent, const std::vector<NodeId>& to) {
  now_ = now_ + 1_ms;
  const FrameId frame = frame_of(sent);
  const auto in = static_cast<std::uint16_t>(trace[sent].node.value + 1);
  cause_ = sent;
  cause_ = append(kSwitch, RecordKind::kFrameReceived, Reason::kNone, IfIndex(in), {}, frame);
  const Reason why = to.size() > 1 ? Reason::kSwitchFlooded : Reason::kSwitchForwarded;
  cause_ = append(kSwitch, RecordKind::kDecision, why, IfIndex(in), {0xffffffff, 0xffff, 1}, frame);
  std::vector<RecordId> copies;
  for (const NodeId node : to) {
    const IfIndex port(static_cast<std::uint16_t>(node.value + 1));
    copies.push_back(append(kSwitch, RecordKind::kFrameSent, Reason::kNone, port, {}, frame));
  }
  return copies;
}

RecordId Teller::receive(NodeId node, RecordId sent) {
  cause_ = sent;
  return cause_ =
             append(node, RecordKind::kFrameReceived, Reason::kNone, kEth0, {}, frame_of(sent));
}

DrStory dr_story() {
  DrStory s;
  Teller& t = s.teller;
  s.command = t.command(kClient, "curl http://192.168.80.150/");
  t.row(kClient, RecordKind::kRowAdded,
        NeighRow{.dev = kEth0, .ip = kVip, .state = NeighState::kIncomplete});
  s.arp_request = t.send(kClient, arp_request(kClientMac, kClientIp, kVip));

  const auto asked = t.pass(s.arp_request, {kNode03, kNode02, kNode01});
  t.wait(1_ms);
  t.receive(kNode03, asked[0]);
  t.drop(kNode03, Reason::kNotForUs, t.frame_of(s.arp_request));
  t.receive(kNode02, asked[1]);
  t.decide(kNode02, Reason::kIpvsNoService, {kVip.bits, 80, 0}, t.frame_of(s.arp_request));
  t.receive(kNode01, asked[2]);
  const RecordId reply = t.send(kNode01, arp_reply(kNode01Mac, kVip, kClientMac, kClientIp));
  const auto replied = t.pass(reply, {kClient});
  t.wait(1_ms);
  t.receive(kClient, replied[0]);
  t.row(kClient, RecordKind::kRowChanged,
        NeighRow{.dev = kEth0, .ip = kVip, .mac = kNode01Mac, .state = NeighState::kReachable});

  const auto syn = tcp_segment(path(kClientMac, kNode01Mac, kClientIp, kVip), syn_segment());
  s.syn = t.send(kClient, syn);
  const auto passed = t.pass(s.syn, {kNode01});
  t.wait(1_ms);
  t.receive(kNode01, passed[0]);
  t.decide(kNode01, Reason::kIpvsServiceFound, {kVip.bits, 80, 0}, t.frame_of(s.syn));
  t.decide(kNode01, Reason::kIpvsRoundRobin, {kNode03Ip.bits, 80, 0}, t.frame_of(s.syn));
  t.row(kNode01, RecordKind::kRowAdded,
        IpvsConnRow{.client = kClientIp,
                    .virt = kVip,
                    .dest = kNode03Ip,
                    .client_port = 40000,
                    .virt_port = 80,
                    .dest_port = 80,
                    .state = IpvsConnState::kSynRecv});
  t.decide(kNode01, Reason::kIpvsDirectRouting, {kNode03Ip.bits, 63, 0}, t.frame_of(s.syn));
  s.forwarded = t.send(kNode01, rewritten(syn));
  const auto handed = t.pass(s.forwarded, {kNode03});
  t.wait(1_ms);
  t.receive(kNode03, handed[0]);
  s.answer =
      t.send(kNode03, tcp_segment(path(kNode03Mac, kClientMac, kVip, kClientIp), answer_segment()));
  const auto home = t.pass(s.answer, {kClient});
  t.wait(1_ms);
  t.receive(kClient, home[0]);
  TcpRepr ack = syn_segment();
  ack.mss.reset();
  ack.flags = tcp_flag::kAck;
  ack.seq = 1001;
  ack.ack = 5001;
  t.send(kClient, tcp_segment(path(kClientMac, kNode01Mac, kClientIp, kVip), ack));
  return s;
}

}  // namespace lvslab::test
