// Packets through the stack: local delivery, forwarding, redirects, ICMP errors and their limits,
// UDP, fragments, the path MTU.
#include "tests/ip/host_bench.h"

namespace lvslab::ip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace literals;

const MacAddr kSenderMac = mac(10), kRouterMac = mac(0x1001), kServerMac = mac(30);

FramePath path(std::string_view src, std::string_view dst) {
  return {kSenderMac, kRouterMac, ip4(src), ip4(dst)};
}

/// A router between 10.0.0.0/24 and 10.1.0.0/24 that knows a client and a server.
HostBench router() {
  HostBench r{"eth0 10.0.0.1/24", "eth1 10.1.0.1/24"};
  r.set("ip_forward", "1");
  r.receive("eth0", arp_request(kSenderMac, ip4("10.0.0.7"), ip4("10.0.0.1")));
  r.receive("eth1", arp_request(kServerMac, ip4("10.1.0.9"), ip4("10.1.0.1")));
  r.take_sent();
  return r;
}

std::vector<std::uint8_t> datagram(std::string_view src, std::string_view dst,
                                   std::uint8_t ttl = 64, std::size_t size = 20,
                                   bool dont_fragment = true) {
  Ipv4Repr ip;
  ip.src = ip4(src);
  ip.dst = ip4(dst);
  ip.protocol = IpProto::kUdp;
  ip.ttl = ttl;
  ip.dont_fragment = dont_fragment;
  const std::vector<std::uint8_t> body =
      udp_datagram(path(src, dst), 4000, 9, std::vector<std::uint8_t>(size));
  return ipv4_packet(kRouterMac, kSenderMac, ip, Bytes(body).subspan(34));
}

TEST(Echo, IsAnsweredWithTheSameDataFromTheAddressAsked) {
  HostBench h{"eth0 10.0.0.1/24", "lo 10.0.0.100/32"};
  h.receive("eth0", arp_request(kSenderMac, ip4("10.0.0.7"), ip4("10.0.0.1")));
  h.take_sent();
  h.receive("eth0", icmp_echo(path("10.0.0.7", "10.0.0.100"), IcmpType::kEchoRequest, 5, 6,
                              text_bytes("hello")));
  ASSERT_THAT(h.sent(), SizeIs(1));
  const SentFrame reply = h.sent()[0];
  EXPECT_EQ(reply.eth().dst, kSenderMac);
  EXPECT_EQ(reply.ip().src, ip4("10.0.0.100"));
  EXPECT_FALSE(reply.ip().dont_fragment);
  EXPECT_EQ(reply.icmp(), IcmpRepr::echo(IcmpType::kEchoReply, 5, 6));
  EXPECT_EQ(reply.payload().size(), 13U);
  EXPECT_EQ(h.world.frames.in_use(), 0U);
}

TEST(Echo, IgnoreAllAndIgnoreBroadcastsSilenceIt) {
  HostBench h{"eth0 10.0.0.1/24"};
  h.receive("eth0", icmp_echo(path("10.0.0.7", "10.0.0.255"), IcmpType::kEchoRequest, 1, 1));
  EXPECT_THAT(h.sent(), IsEmpty());
  EXPECT_EQ(h.last_reason(), Reason::kEchoIgnoredBroadcast);
  h.set("icmp_echo_ignore_all", "1");
  h.receive("eth0", icmp_echo(path("10.0.0.7", "10.0.0.1"), IcmpType::kEchoRequest, 1, 1));
  EXPECT_THAT(h.sent(), IsEmpty());
  EXPECT_EQ(h.last_reason(), Reason::kEchoIgnored);
}

TEST(Echo, PingingMyselfGoesOverLoopback) {
  HostBench h{"eth0 10.0.0.1/24"};
  Step s = h.step();
  const FrameRef ping = h.world.frames.allocate(IcmpRepr::kLength);
  IcmpRepr::echo(IcmpType::kEchoRequest, 1, 2).emit(h.world.frames.writable(ping));
  EXPECT_EQ(output(s, h.stack, h, {.dst = ip4("10.0.0.1"), .protocol = IpProto::kIcmp}, ping),
            Errno::kNone);
  h.pass(1_ms);
  EXPECT_THAT(h.sent(), IsEmpty());
  ASSERT_THAT(h.icmp_events, SizeIs(1));
  EXPECT_EQ(h.icmp_events[0].kind, IcmpEvent::Kind::kEchoReply);
  EXPECT_EQ(h.icmp_events[0].from, ip4("10.0.0.1"));
}

TEST(Forward, DecrementsTtlAndRewritesTheMacs) {
  HostBench r = router();
  r.receive("eth0", datagram("10.0.0.7", "10.1.0.9"));
  ASSERT_THAT(r.sent(), SizeIs(1));
  EXPECT_EQ(r.sent()[0].ip().ttl, 63);
  EXPECT_EQ(r.sent()[0].eth().dst, kServerMac);
  EXPECT_EQ(r.sent()[0].eth().src, mac(0x1002));
  EXPECT_EQ(r.sent()[0].dev, r.dev("eth1"));
}

TEST(Forward, OffMeansASilentDropButAllOwnAddressesAnswer) {
  HostBench r = router();
  r.set("ip_forward", "0");
  r.receive("eth0", datagram("10.0.0.7", "10.1.0.9"));
  EXPECT_THAT(r.sent(), IsEmpty());
  EXPECT_EQ(r.last_reason(), Reason::kNotForwarding);
  r.receive("eth0", icmp_echo(path("10.0.0.7", "10.1.0.1"), IcmpType::kEchoRequest, 1, 1));
  ASSERT_THAT(r.sent(), SizeIs(1));
  EXPECT_EQ(r.sent()[0].ip().src, ip4("10.1.0.1"));
}

TEST(Forward, TtlOneMakesTimeExceededFromTheIncomingSide) {
  HostBench r = router();
  r.receive("eth0", datagram("10.0.0.7", "10.1.0.9", 1));
  ASSERT_THAT(r.sent(), SizeIs(1));
  EXPECT_EQ(r.sent()[0].icmp().type, IcmpType::kTimeExceeded);
  EXPECT_EQ(r.sent()[0].ip().src, ip4("10.0.0.1"));
  EXPECT_EQ(r.sent()[0].ip().tos, 0xc0);
  EXPECT_EQ(r.sent()[0].payload().size(), 8U + 48U) << "the whole packet is quoted";
}

TEST(Forward, NoRouteMakesNetUnreachableAtOnce) {
  HostBench r = router();
  r.receive("eth0", datagram("10.0.0.7", "9.9.9.9"));
  ASSERT_THAT(r.sent(), SizeIs(1));
  EXPECT_EQ(r.sent()[0].icmp().type, IcmpType::kUnreachable);
  EXPECT_EQ(r.sent()[0].icmp().code, 0);
}

TEST(Forward, UnresolvableNextHopMakesHostUnreachableAfterThreeSeconds) {
  HostBench r = router();
  r.receive("eth0", datagram("10.0.0.7", "10.1.0.55"));
  r.pass(2900_ms);
  r.take_sent();
  r.pass(200_ms);
  ASSERT_THAT(r.sent(), SizeIs(1));
  EXPECT_EQ(r.sent()[0].icmp().code, static_cast<std::uint8_t>(IcmpUnreachable::kHost));
  EXPECT_EQ(r.sent()[0].ip().src, ip4("10.0.0.1"));
  EXPECT_EQ(r.sent()[0].ip().dst, ip4("10.0.0.7"));
  EXPECT_EQ(r.world.frames.in_use(), 0U);
}

TEST(Forward, DfAndASmallerMtuMakeFragmentationNeeded) {
  HostBench r = router();
  Step s = r.step();
  ASSERT_EQ(set_mtu(s, r.stack, r.dev("eth1"), 600), Errno::kNone);
  r.receive("eth0", datagram("10.0.0.7", "10.1.0.9", 64, 1000));
  ASSERT_THAT(r.sent(), SizeIs(1));
  EXPECT_EQ(r.sent()[0].icmp(), IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded, 600));
  EXPECT_EQ(r.sent()[0].payload().size(), 576U - 20U) << "RFC 1812: at most 576 bytes in all";
}

TEST(Forward, WithoutDfTheRouterFragmentsAndTheTargetReassembles) {
  HostBench r = router();
  Step s = r.step();
  ASSERT_EQ(set_mtu(s, r.stack, r.dev("eth1"), 600), Errno::kNone);
  r.receive("eth0", datagram("10.0.0.7", "10.1.0.9", 64, 1000, false));
  ASSERT_THAT(r.sent(), SizeIs(2));
  EXPECT_TRUE(r.sent()[0].ip().more_fragments);
  EXPECT_EQ(r.sent()[1].ip().fragment_offset, 576);

  HostBench server{"eth0 10.1.0.9/24"};
  Step step = server.step();
  ASSERT_TRUE(udp_bind(step, server.stack, AppId{1}, {{}, 9}).has_value());
  server.receive("eth0", r.sent()[1].bytes);
  EXPECT_THAT(server.udp_heard, IsEmpty());
  server.receive("eth0", r.sent()[0].bytes);
  ASSERT_THAT(server.udp_heard, SizeIs(1));
  EXPECT_EQ(server.udp_heard[0].size(), 1000U);
  EXPECT_EQ(server.world.frames.in_use(), 0U);
}

TEST(Reassembly, AMissingFragmentEndsInTimeExceededCode1) {
  HostBench r = router();
  Step s = r.step();
  set_mtu(s, r.stack, r.dev("eth1"), 600);
  r.receive("eth0", datagram("10.0.0.7", "10.1.0.9", 64, 1000, false));
  HostBench server{"eth0 10.1.0.9/24"};
  ASSERT_EQ(server.route("default", "10.1.0.1"), Errno::kNone);
  server.receive("eth0", r.sent()[0].bytes);
  server.pass(30_s);
  EXPECT_EQ(server.state_of("10.1.0.1"), NeighState::kIncomplete) << "the error waits for ARP";
  EXPECT_TRUE(server.explained(Reason::kReassemblyTimeout));
}

TEST(Redirect, IsSentForAWayBackOnTheSameLinkAndThePacketStillGoes) {
  HostBench r{"eth0 10.0.0.1/24"};
  r.set("ip_forward", "1");
  r.receive("eth0", arp_request(kSenderMac, ip4("10.0.0.7"), ip4("10.0.0.1")));
  r.receive("eth0", arp_request(kServerMac, ip4("10.0.0.9"), ip4("10.0.0.1")));
  r.take_sent();
  r.receive("eth0", datagram("10.0.0.7", "10.0.0.9"));
  ASSERT_THAT(r.sent(), SizeIs(2));
  EXPECT_EQ(r.sent()[0].icmp(), IcmpRepr::redirect_host(ip4("10.0.0.9")));
  EXPECT_EQ(r.sent()[1].eth().dst, kServerMac);
  r.receive("eth0", datagram("10.0.0.7", "10.0.0.9"));
  EXPECT_THAT(r.sent(), SizeIs(3)) << "the second redirect waits 40 ms";
  r.pass(41_ms);
  r.receive("eth0", datagram("10.0.0.7", "10.0.0.9"));
  EXPECT_THAT(r.sent(), SizeIs(5));
}

TEST(Redirect, SharesItsLimitWithTimeExceeded) {
  HostBench r{"eth0 10.0.0.1/24"};
  r.set("ip_forward", "1");
  r.receive("eth0", arp_request(kSenderMac, ip4("10.0.0.7"), ip4("10.0.0.1")));
  r.receive("eth0", arp_request(kServerMac, ip4("10.0.0.9"), ip4("10.0.0.1")));
  r.take_sent();
  r.receive("eth0", datagram("10.0.0.7", "10.0.0.9"));
  r.take_sent();
  r.receive("eth0", datagram("10.0.0.7", "10.0.0.9", 1));
  EXPECT_THAT(r.sent(), IsEmpty());
  EXPECT_TRUE(r.explained(Reason::kIcmpPeerLimit));
}

TEST(Redirect, SendRedirectsOffOnAllAndTheInterfaceStopsThem) {
  HostBench r{"eth0 10.0.0.1/24"};
  r.set("ip_forward", "1");
  r.set("conf.all.send_redirects", "0");
  r.receive("eth0", datagram("10.0.0.7", "10.0.0.9"));
  EXPECT_TRUE(r.explained(Reason::kRedirectSent)) << "eth0 still says 1, and the two are ORed";
  HostBench quiet{"eth0 10.0.0.1/24"};
  quiet.set("ip_forward", "1");
  quiet.set("conf.all.send_redirects", "0");
  quiet.set("conf.eth0.send_redirects", "0");
  quiet.receive("eth0", datagram("10.0.0.7", "10.0.0.9"));
  EXPECT_FALSE(quiet.explained(Reason::kRedirectSent));
}

TEST(Redirect, TheSecondOneIsBelievedOnceTheNewGatewayIsKnown) {
  HostBench h{"eth0 10.0.0.7/24"};
  ASSERT_EQ(h.route("default", "10.0.0.1"), Errno::kNone);
  Step s = h.step();
  const auto redirect = [&] {
    apply_redirect(s, h.stack, h, ip4("10.0.0.1"), ip4("9.9.9.9"), ip4("10.0.0.2"), h.dev("eth0"));
  };
  redirect();
  EXPECT_EQ(h.last_reason(), Reason::kArpRequestSent);
  h.receive("eth0", arp_reply(mac(2), ip4("10.0.0.2"), kRouterMac, ip4("10.0.0.7")));
  redirect();
  const auto get = [&] { return *route_get(s, h.stack, {.dst = ip4("9.9.9.9")}); };
  EXPECT_EQ(get().gateway, ip4("10.0.0.2"));
  EXPECT_TRUE(get().redirected);
  EXPECT_EQ(get().expires_s, 300);
  h.pass(301_s);
  Step later = h.step();
  EXPECT_EQ(route_get(later, h.stack, {.dst = ip4("9.9.9.9")})->gateway, ip4("10.0.0.1"));
}

TEST(Redirect, FromSomeoneWhoIsNotTheGatewayIsIgnored) {
  HostBench h{"eth0 10.0.0.7/24"};
  ASSERT_EQ(h.route("default", "10.0.0.1"), Errno::kNone);
  Step s = h.step();
  apply_redirect(s, h.stack, h, ip4("10.0.0.66"), ip4("9.9.9.9"), ip4("10.0.0.2"), h.dev("eth0"));
  EXPECT_EQ(h.last_reason(), Reason::kRedirectRejected);
}

TEST(Pmtu, FlushingTheCacheForgetsIt) {
  HostBench h{"eth0 10.0.0.7/24"};
  ASSERT_EQ(h.route("default", "10.0.0.1"), Errno::kNone);
  Step s = h.step();
  update_pmtu(s, h.stack, ip4("9.9.9.9"), 1400);
  EXPECT_EQ(route_get(s, h.stack, {.dst = ip4("9.9.9.9")})->mtu, 1400U);
  forget_exceptions(h.stack);
  EXPECT_EQ(route_get(s, h.stack, {.dst = ip4("9.9.9.9")})->mtu, 0U);
}

TEST(Pmtu, FragNeededIsRememberedForTenMinutes) {
  HostBench h{"eth0 10.0.0.7/24"};
  ASSERT_EQ(h.route("default", "10.0.0.1"), Errno::kNone);
  Step s = h.step();
  update_pmtu(s, h.stack, ip4("9.9.9.9"), 1400);
  EXPECT_EQ(h.send_udp("", "9.9.9.9", 1400), Errno::kMsgSize);
  EXPECT_EQ(h.send_udp("", "9.9.9.9", 1300), Errno::kNone);
  EXPECT_EQ(route_get(s, h.stack, {.dst = ip4("9.9.9.9")})->mtu, 1400U);
  h.pass(601_s);
  EXPECT_EQ(h.send_udp("", "9.9.9.9", 1400), Errno::kNone);
}

TEST(IcmpErrors, NoneAboutErrorsBroadcastsAndLaterFragments) {
  HostBench r = router();
  const auto inner = datagram("10.1.0.9", "10.0.0.7");
  auto error = icmp_message(path("10.0.0.7", "9.9.9.9"), IcmpRepr::time_exceeded(),
                            Bytes(inner).subspan(14));
  r.receive("eth0", error);
  EXPECT_TRUE(r.explained(Reason::kIcmpNotAboutError));
  auto broadcast = datagram("10.0.0.7", "9.9.9.9");
  std::fill_n(broadcast.begin(), 6, std::uint8_t{0xff});
  r.receive("eth0", broadcast);
  EXPECT_TRUE(r.explained(Reason::kIcmpNotAboutBroadcast));
  EXPECT_THAT(r.sent(), IsEmpty());
}

TEST(IcmpErrors, PortUnreachableIsLimitedToSixAtOnceAndOneASecond) {
  HostBench h{"eth0 10.0.0.1/24"};
  h.receive("eth0", arp_request(kSenderMac, ip4("10.0.0.7"), ip4("10.0.0.1")));
  h.take_sent();
  for (int i = 0; i < 12; ++i) h.receive("eth0", datagram("10.0.0.7", "10.0.0.1"));
  EXPECT_THAT(h.take_sent(), SizeIs(6));
  h.pass(1_s);
  for (int i = 0; i < 3; ++i) h.receive("eth0", datagram("10.0.0.7", "10.0.0.1"));
  EXPECT_THAT(h.take_sent(), SizeIs(1));
}

TEST(Martians, LoopbackAndOwnSourcesFromOutsideAreDropped) {
  HostBench h{"eth0 10.0.0.1/24"};
  h.receive("eth0", datagram("10.0.0.7", "127.0.0.1"));
  EXPECT_EQ(h.last_reason(), Reason::kMartianDestination);
  h.receive("eth0", datagram("127.0.0.1", "10.0.0.1"));
  EXPECT_EQ(h.last_reason(), Reason::kMartianSource);
  h.receive("eth0", datagram("10.0.0.1", "10.0.0.1"));
  EXPECT_EQ(h.last_reason(), Reason::kMartianSource);
  EXPECT_EQ(h.world.frames.in_use(), 0U);
}

TEST(Udp, ADatagramReachesTheBestSocket) {
  HostBench h{"eth0 10.0.0.1/24"};
  Step s = h.step();
  const auto any = udp_bind(s, h.stack, AppId{1}, {{}, 9});
  ASSERT_TRUE(any.has_value());
  EXPECT_EQ(udp_bind(s, h.stack, AppId{2}, {{}, 9}).error(), Errno::kAddrInUse);
  EXPECT_EQ(udp_bind(s, h.stack, AppId{2}, {ip4("10.0.0.66"), 9}).error(), Errno::kAddrNotAvail);
  h.receive("eth0", datagram("10.0.0.7", "10.0.0.1"));
  EXPECT_THAT(h.udp_heard, SizeIs(1));
  udp_close(s, h.stack, *any);
  h.receive("eth0", datagram("10.0.0.7", "10.0.0.1"));
  EXPECT_THAT(h.udp_heard, SizeIs(1));
  EXPECT_TRUE(h.explained(Reason::kUdpNoSocket));
}

TEST(Udp, AConnectedSocketHearsPortUnreachable) {
  HostBench h{"eth0 10.0.0.1/24"};
  Step s = h.step();
  const auto socket = udp_bind(s, h.stack, AppId{1}, {});
  ASSERT_TRUE(socket.has_value());
  ASSERT_EQ(udp_connect(s, h.stack, *socket, {ip4("127.0.0.1"), 9}), Errno::kNone);
  EXPECT_EQ(udp_send(s, h.stack, h, *socket, {}, text_bytes("x")), Errno::kNone);
  h.pass(1_ms);
  EXPECT_THAT(h.udp_errors, ElementsAre(Errno::kConnRefused));
}

TEST(Udp, DatagramsHaveDfUnlessTheSocketDoesNotWantIt) {
  HostBench h{"eth0 10.0.0.1/24"};
  Step s = h.step();
  const auto socket = udp_bind(s, h.stack, AppId{1}, {});
  udp_set_broadcast(h.stack, *socket, true);
  const Endpoint everybody{ip4("10.0.0.255"), 9};
  const auto df_of_last = [&] { return h.sent().back().ip().dont_fragment; };
  ASSERT_EQ(udp_send(s, h.stack, h, *socket, everybody, text_bytes("x")), Errno::kNone);
  EXPECT_TRUE(df_of_last());
  udp_never_df(h.stack, *socket);
  ASSERT_EQ(udp_send(s, h.stack, h, *socket, everybody, text_bytes("x")), Errno::kNone);
  EXPECT_FALSE(df_of_last());
}

TEST(Udp, BroadcastNeedsLeave) {
  HostBench h{"eth0 10.0.0.1/24"};
  Step s = h.step();
  const auto socket = udp_bind(s, h.stack, AppId{1}, {});
  const Endpoint everybody{ip4("10.0.0.255"), 9};
  EXPECT_EQ(udp_send(s, h.stack, h, *socket, everybody, text_bytes("x")), Errno::kAcces);
  udp_set_broadcast(h.stack, *socket, true);
  EXPECT_EQ(udp_send(s, h.stack, h, *socket, everybody, text_bytes("x")), Errno::kNone);
  EXPECT_THAT(h.sent(), SizeIs(1));
}

TEST(DeliverTo, SendsToAnotherNextHopWithTheAddressesUntouched) {
  HostBench director{"eth0 10.0.0.1/24"};
  director.receive("eth0", arp_request(kServerMac, ip4("10.0.0.9"), ip4("10.0.0.1")));
  director.take_sent();
  Step s = director.step();
  const auto frame = datagram("10.0.0.7", "10.0.0.100");
  Packet packet;
  packet.frame = director.world.frames.allocate(frame.size() - 14);
  std::copy(frame.begin() + 14, frame.end(), director.world.frames.writable(packet.frame).begin());
  packet.ip = *Ipv4Repr::parse(director.world.frames.bytes(packet.frame));
  packet.in_dev = director.dev("eth0");
  EXPECT_EQ(deliver_to(s, director.stack, director, packet, ip4("10.0.0.9")), Errno::kNone);
  ASSERT_THAT(director.sent(), SizeIs(1));
  EXPECT_EQ(director.sent()[0].eth().dst, kServerMac);
  EXPECT_EQ(director.sent()[0].ip().dst, ip4("10.0.0.100"));
  EXPECT_EQ(director.sent()[0].ip().ttl, 64);
}

}  // namespace
}  // namespace lvslab::ip
