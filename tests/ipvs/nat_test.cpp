// VS/NAT: addresses and ports rewritten in both directions, states of connections of which both
// halves are seen, and ICMP errors about them. As observed on Linux 6.1.
#include <gtest/gtest.h>

#include "tests/ipvs/director_bench.h"

#include "sim/core/rewrite.h"

namespace lvslab::ipvs::test {
namespace {

using State = std::pair<IpvsConnState, std::int64_t>;
using enum IpvsConnState;

constexpr Endpoint kServer{k204, 8080};

DirectorBench masquerading() {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  bench.add({.addr = k204, .port = 8080, .forward = IpvsForward::kMasq});
  return bench;
}

TEST(Nat, SendsTheRequestToTheServersOwnPort) {
  DirectorBench bench = masquerading();
  const Verdict verdict = bench.segment(1002, kSyn);
  EXPECT_EQ(verdict.kind, VerdictKind::kMasquerade);
  EXPECT_EQ(verdict.next, k204);
  EXPECT_EQ(verdict.port, 8080);
}

TEST(Nat, GivesTheAnswerBackTheAddressThatTheClientKnows) {
  DirectorBench bench = masquerading();
  bench.segment(1002, kSyn);
  const Ipv4Repr ip = bench.reply(1002, kSyn | kAck, kServer);
  EXPECT_EQ(bench.last_answer, AnswerVerdict::kRewritten);
  EXPECT_EQ(ip.src, kVip);
  EXPECT_EQ(ip.dst, kClient);
  const Bytes segment = Bytes(bench.passed).subspan(Ipv4Repr::kLength);
  EXPECT_EQ(load_be16(segment.data()), 80);
  EXPECT_TRUE(Ipv4Repr::parse(bench.passed));
  EXPECT_TRUE(tcp_checksum_ok(segment, kVip, kClient));
}

TEST(Nat, LeavesAnswersOfUnknownConnectionsAlone) {
  DirectorBench bench = masquerading();
  bench.segment(1002, kSyn);
  EXPECT_EQ(bench.reply(1003, kSyn | kAck, kServer).src, k204);
  EXPECT_EQ(bench.reply(1002, kSyn | kAck, {k204, 80}).src, k204) << "another port";
  EXPECT_EQ(bench.last_answer, AnswerVerdict::kPass);
  bench.director.sysctls().nat_icmp_send = 1;
  bench.reply(1003, kSyn | kAck, kServer);
  EXPECT_EQ(bench.last_answer, AnswerVerdict::kPortUnreachable);
  bench.reply(1003, kRst | kAck, kServer);
  EXPECT_EQ(bench.last_answer, AnswerVerdict::kPass) << "a reset needs no answer";
}

/// What the two ends send, in turn: true for the client.
struct Heard {
  std::string name;
  std::vector<std::pair<bool, std::uint8_t>> segments;
  State expected;
};

class NatState : public ::testing::TestWithParam<Heard> {};

TEST_P(NatState, FollowsBothDirections) {
  DirectorBench bench = masquerading();
  for (const auto& [client, flags] : GetParam().segments) {
    if (client) {
      bench.segment(1002, flags);
    } else {
      bench.reply(1002, flags, kServer);
    }
  }
  EXPECT_EQ(bench.state(1002), GetParam().expected);
}

constexpr std::uint8_t kBoth = kSyn | kAck, kRstAck = kRst | kAck;
INSTANTIATE_TEST_SUITE_P(
    KernelTable, NatState,
    ::testing::Values(Heard{"SynIsSynRecv", {{true, kSyn}}, {kSynRecv, 60}},
                      Heard{"SynAckKeepsSynRecv", {{true, kSyn}, {false, kBoth}}, {kSynRecv, 60}},
                      Heard{"RefusedIsClose", {{true, kSyn}, {false, kRstAck}}, {kClose, 10}},
                      Heard{"HandshakeIsEstablished",
                            {{true, kSyn}, {false, kBoth}, {true, kAck}},
                            {kEstablished, 900}},
                      Heard{"ServersFinIsFinWait",
                            {{true, kSyn}, {false, kBoth}, {true, kAck}, {false, kFin}},
                            {kFinWait, 120}},
                      Heard{"ClientsFinIsCloseWait",
                            {{true, kSyn}, {false, kBoth}, {true, kAck}, {true, kFin}},
                            {kCloseWait, 60}},
                      Heard{"BothFinsAreTimeWait",
                            {{true, kSyn},
                             {false, kBoth},
                             {true, kAck},
                             {false, kFin},
                             {true, kFin},
                             {false, kAck}},
                            {kTimeWait, 120}},
                      Heard{"ClientsResetIsClose",
                            {{true, kSyn}, {false, kBoth}, {true, kAck}, {true, kRst}},
                            {kClose, 10}}),
    [](const auto& param) { return param.param.name; });

TEST(Nat, CountsBothDirections) {
  DirectorBench bench = masquerading();
  bench.segment(1002, kSyn);
  bench.reply(1002, kSyn | kAck, kServer);
  bench.segment(1002, kAck);
  bench.wait_s(2);
  const IpvsDestRow row = bench.dest(k204);
  EXPECT_EQ(row.counters.conns, 1U);
  EXPECT_EQ(row.counters.in_pkts, 2U);
  EXPECT_EQ(row.counters.out_pkts, 1U);
}

TEST(Nat, RewritesUdpInBothDirectionsAndLeavesAMissingChecksumMissing) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr, kDns);
  bench.add({.addr = k204, .port = 5353, .forward = IpvsForward::kMasq}, kDns);
  EXPECT_EQ(bench.datagram(1500).port, 5353);
  EXPECT_EQ(bench.state(1500), State(kUdp, 300));
  auto answer = udp_datagram({{}, {}, k204, kClient}, 5353, 1500);
  EXPECT_EQ(bench.pass_back(answer).src, kVip);
  const Bytes datagram = Bytes(bench.passed).subspan(Ipv4Repr::kLength);
  EXPECT_TRUE(UdpRepr::parse(datagram, kVip, kClient));
  const std::size_t checksum_at = EthernetRepr::kLength + Ipv4Repr::kLength + 6;
  answer[checksum_at] = answer[checksum_at + 1] = 0;
  bench.pass_back(answer);
  EXPECT_EQ(load_be16(bench.passed.data() + Ipv4Repr::kLength + 6), 0);
}

TEST(NatIcmp, OfAServerIsSaidToComeFromTheVip) {
  DirectorBench bench = masquerading();
  bench.segment(1002, kSyn);
  TcpRepr request;
  request.src_port = 1002;
  request.dst_port = 8080;
  request.flags = kSyn;
  const auto quoted = tcp_segment({{}, {}, kClient, k204}, request);
  const auto error =
      icmp_message({{}, {}, k204, kClient}, IcmpRepr::unreachable(IcmpUnreachable::kPort),
                   Bytes(quoted).subspan(EthernetRepr::kLength));
  EXPECT_EQ(bench.pass_back(error).src, kVip);
  const Bytes message = Bytes(bench.passed).subspan(Ipv4Repr::kLength);
  ASSERT_TRUE(IcmpRepr::parse(message)) << "its checksum is right";
  const Bytes inner = message.subspan(IcmpRepr::kLength);
  EXPECT_EQ(Ipv4Repr::parse(inner)->dst, kVip) << "the quote is what the client sent";
  EXPECT_EQ(load_be16(inner.data() + Ipv4Repr::kLength + 2), 80);
}

TEST(NatIcmp, AboutAnAnswerGoesToTheServerInItsOwnWords) {
  DirectorBench bench = masquerading();
  bench.segment(1002, kSyn);
  TcpRepr answer;
  answer.src_port = 80;
  answer.dst_port = 1002;
  const auto quoted = tcp_segment({{}, {}, kVip, kClient}, answer);
  const auto error = icmp_message({{}, {}, kClient, kVip}, IcmpRepr::time_exceeded(),
                                  Bytes(quoted).subspan(EthernetRepr::kLength));
  const Verdict verdict = bench.in(error);
  EXPECT_EQ(verdict.kind, VerdictKind::kMasquerade);
  EXPECT_EQ(verdict.next, k204);
  EXPECT_EQ(verdict.port, 8080);
}

TEST(NatReuse, SchedulesAnewFromTimeWait) {
  DirectorBench bench = masquerading();
  bench.segment(1002, kSyn);
  bench.reply(1002, kSyn | kAck, kServer);
  bench.segment(1002, kAck);
  bench.reply(1002, kFin, kServer);
  bench.segment(1002, kFin);
  EXPECT_EQ(bench.state(1002).first, kTimeWait);
  bench.segment(1002, kSyn);
  EXPECT_EQ(bench.state(1002), State(kSynRecv, 60));
  bench.wait_s(2);
  EXPECT_EQ(bench.dest(k204).counters.conns, 2U);
}

TEST(Tunnel, NamesTheServerAndItsKindOfTunnel) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  bench.add({.addr = k204,
             .port = 80,
             .forward = IpvsForward::kTunnel,
             .tunnel = {.type = IpvsTunnelType::kGue, .port = 6080}});
  const Verdict verdict = bench.segment(1, kSyn);
  EXPECT_EQ(verdict.kind, VerdictKind::kTunnel);
  EXPECT_EQ(verdict.next, k204);
  EXPECT_EQ(verdict.tunnel.port, 6080);
  bench.segment(1, kAck);
  bench.segment(1, kFin);
  EXPECT_EQ(bench.state(1), State(kFinWait, 120)) << "only the client is seen";
}

TEST(Tunnel, ErrorsAreTakenOutOfTheirWrapping) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  bench.add({.addr = k204, .port = 80, .forward = IpvsForward::kTunnel});
  bench.segment(1, kSyn);
  TcpRepr syn;
  syn.src_port = 1;
  syn.dst_port = 80;
  syn.flags = kSyn;
  const auto inner = tcp_segment({{}, {}, kClient, kVip}, syn);
  const Bytes inner_ip = Bytes(inner).subspan(EthernetRepr::kLength);
  std::vector<std::uint8_t> outer(Ipv4Repr::kLength);
  Ipv4Repr header;
  header.src = {0xc0a850c9};
  header.dst = k204;
  header.protocol = IpProto::kIpip;
  header.payload_length = static_cast<std::uint16_t>(inner_ip.size());
  header.emit(std::span(outer).first<Ipv4Repr::kLength>());
  outer.insert(outer.end(), inner_ip.begin(), inner_ip.end());
  const Verdict verdict = bench.in(icmp_message(
      {{}, {}, k204, header.src}, IcmpRepr::unreachable(IcmpUnreachable::kProtocol), outer));
  EXPECT_EQ(verdict.kind, VerdictKind::kTunnelError);
  EXPECT_EQ(verdict.inner_at, Ipv4Repr::kLength + IcmpRepr::kLength + Ipv4Repr::kLength);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsTunnelError);
  bench.wait_s(3);  // for the estimator
  EXPECT_EQ(bench.dest(k204).counters.out_bytes, inner_ip.size()) << "without the outer headers";
}

TEST(Nat, WithVsConntrackTheVerdictAndTheAnswerSaySo) {
  for (const bool tracked : {false, true}) {
    DirectorBench d;
    d.director.sysctls().conntrack = tracked ? 1 : 0;
    d.service(SchedulerId::kRr);
    d.add({.addr = k202, .port = 8080, .forward = IpvsForward::kMasq});
    EXPECT_EQ(d.segment(40'000, kSyn).conntrack, tracked);
    d.director.sysctls().conntrack = tracked ? 0 : 1;
    EXPECT_EQ(d.segment(40'000, kAck).conntrack, tracked) << "an entry stays as it was made";
  }
}

TEST(Nat, AnEndedEntryTellsWhichFlowIsToBeForgotten) {
  DirectorBench d;
  d.director.sysctls().conntrack = 1;
  d.service(SchedulerId::kRr);
  d.add({.addr = k202, .port = 80, .forward = IpvsForward::kMasq});
  d.segment(40'000, kSyn);
  EXPECT_TRUE(d.director.take_ended_flows().empty());
  d.wait_s(61);
  const auto ended = d.director.take_ended_flows();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0], (ConnKey{6, kClient, 40'000, kVip, 80}));
}

TEST(Nat, APortUsedAnewWaitsOnlyForAFlowThatTrackingStillHolds) {
  for (const bool held : {false, true}) {
    DirectorBench d;
    d.director.sysctls().conntrack = 1;
    d.service(SchedulerId::kRr);
    d.add({.addr = k202, .port = 80, .forward = IpvsForward::kMasq});
    d.segment(40'000, kSyn);
    d.reply(40'000, kRst, {k202, 80});
    ASSERT_EQ(d.conn(40'000)->state, IpvsConnState::kClose);
    const Verdict verdict = d.in_again(40'000, held);
    EXPECT_EQ(verdict.kind, held ? VerdictKind::kDrop : VerdictKind::kMasquerade);
    EXPECT_EQ(d.director.take_ended_flows().size(), held ? 1U : 0U);
  }
}

}  // namespace
}  // namespace lvslab::ipvs::test
