// ping, traceroute, arping and tcpdump: what they send, when, and what they print.
#include <gmock/gmock.h>

#include "sim/wire/build.h"
#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;
using testing::HasSubstr;
using testing::SizeIs;

using Message = std::vector<std::uint8_t>;

template <class Program, class Parse>
FakeIo program(Parse parse, std::vector<std::string> args) {
  const auto parsed = parse(args);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().err);
  return FakeIo(Program(*parsed));
}
FakeIo ping(std::vector<std::string> args) {
  args.insert(args.begin(), "ping");
  return program<Ping>(command::parse_ping, args);
}
FakeIo traceroute(std::vector<std::string> args) {
  args.insert(args.begin(), "traceroute");
  return program<Traceroute>(command::parse_traceroute, args);
}
FakeIo arping(std::vector<std::string> args) {
  args.insert(args.begin(), "arping");
  return program<Arping>(command::parse_arping, args);
}
FakeIo tcpdump(std::vector<std::string> args) {
  args.insert(args.begin(), "tcpdump");
  return program<Tcpdump>(command::parse_tcpdump, args);
}

Message reply_to(const Message& request) {
  Message reply = request;
  const auto icmp = IcmpRepr::parse(request);
  IcmpRepr::echo(IcmpType::kEchoReply, icmp->id(), icmp->sequence()).emit(reply);
  return reply;
}

/// An ICMP error from the network or the own stack that quotes a packet of `protocol`.
Message error_about(const IcmpRepr& icmp, IpProto protocol, std::string_view to, Bytes transport) {
  Ipv4Repr header;
  header.src = ip("192.168.80.10");
  header.dst = ip(to);
  header.protocol = protocol;
  header.payload_length = static_cast<std::uint16_t>(transport.size());
  Message message(IcmpRepr::kLength + Ipv4Repr::kLength);
  header.emit(MutBytes(message).subspan<IcmpRepr::kLength, Ipv4Repr::kLength>());
  message.insert(message.end(), transport.begin(), transport.begin() + 8);
  icmp.emit(message);
  return message;
}

// --- ping

TEST(PingApp, PrintsAReplyPerSecondAndTheStatistics) {
  FakeIo host = ping({"-c", "3", "192.168.80.201"});
  host.run();
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(host.packets.size(), i + 1);
    const SimDuration rtt = i == 0 ? 2'420_us : 2'220_us;
    host.advance(rtt);
    host.icmp("192.168.80.201", 64, reply_to(host.packets.back().message));
    host.advance(1_s - rtt);
  }
  EXPECT_EQ(host.out,
            "PING 192.168.80.201 (192.168.80.201) 56(84) bytes of data.\n"
            "64 bytes from 192.168.80.201: icmp_seq=1 ttl=64 time=2.42 ms\n"
            "64 bytes from 192.168.80.201: icmp_seq=2 ttl=64 time=2.22 ms\n"
            "64 bytes from 192.168.80.201: icmp_seq=3 ttl=64 time=2.22 ms\n"
            "\n--- 192.168.80.201 ping statistics ---\n"
            "3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n"
            "rtt min/avg/max/mdev = 2.220/2.286/2.420/0.094 ms\n");
  EXPECT_EQ(host.status, 0);
  EXPECT_EQ(host.icmp_identifier, 1234);
  EXPECT_THAT(host.packets[0].message, SizeIs(64));
}

TEST(PingApp, PrintsWhoFoundTheTargetUnreachable) {
  FakeIo host = ping({"-c", "3", "192.168.80.77"});
  host.run();
  host.advance(3'060_ms);
  for (int i = 0; i < 3; ++i) {
    host.icmp("192.168.80.10", 64,
              error_about(IcmpRepr::unreachable(IcmpUnreachable::kHost), IpProto::kIcmp,
                          "192.168.80.77", host.packets.at(static_cast<std::size_t>(i)).message));
  }
  EXPECT_EQ(host.out,
            "PING 192.168.80.77 (192.168.80.77) 56(84) bytes of data.\n"
            "From 192.168.80.10 icmp_seq=1 Destination Host Unreachable\n"
            "From 192.168.80.10 icmp_seq=2 Destination Host Unreachable\n"
            "From 192.168.80.10 icmp_seq=3 Destination Host Unreachable\n"
            "\n--- 192.168.80.77 ping statistics ---\n"
            "3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2000ms\n"
            "pipe 3\n");
  EXPECT_EQ(host.status, 1);
}

TEST(PingApp, WaitsAsLongAsWSaysForTheFirstReply) {
  FakeIo host = ping({"-W", "1", "-c", "1", "192.168.80.77"});
  host.run();
  host.advance(999_ms);
  EXPECT_FALSE(host.exited);
  host.advance(1_ms);
  EXPECT_TRUE(host.exited);
  EXPECT_EQ(host.out,
            "PING 192.168.80.77 (192.168.80.77) 56(84) bytes of data.\n"
            "\n--- 192.168.80.77 ping statistics ---\n"
            "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n");
  EXPECT_EQ(host.status, 1);
}

TEST(PingApp, WaitsForAnAnswerByTheWheelAndAfterItByTheClock) {
  FakeIo host = ping({"-c", "3", "192.168.80.201"});
  host.timers.set_wheel({10_ms});
  host.run();
  host.advance(1'039_ms);
  EXPECT_THAT(host.packets, SizeIs(1)) << "a second, and up to the next of every eight ticks";
  host.advance(1_ms);
  ASSERT_THAT(host.packets, SizeIs(2));
  host.icmp("192.168.80.201", 64, reply_to(host.packets.back().message));
  host.advance(1_s);
  EXPECT_THAT(host.packets, SizeIs(3));
}

TEST(PingApp, StopsAtTheDeadlineAndOnCtrlC) {
  FakeIo deadline = ping({"-w", "2", "192.168.80.201"});
  deadline.run();
  deadline.advance(1_s);
  EXPECT_THAT(deadline.packets, SizeIs(2));
  deadline.advance(1_s);
  EXPECT_TRUE(deadline.exited);
  FakeIo endless = ping({"192.168.80.201"});
  endless.run();
  endless.advance(10'500_ms);
  EXPECT_FALSE(endless.exited);
  endless.signal(Signal::kInterrupt);
  EXPECT_THAT(endless.out, HasSubstr("11 packets transmitted, 0 received, 100% packet loss"));
}

TEST(PingApp, FailsBeforeTheFirstPacket) {
  FakeIo route = ping({"-c", "2", "10.9.9.9"});
  route.no_route = Errno::kNetUnreach;
  route.run();
  EXPECT_EQ(route.err, "ping: connect: Network is unreachable\n");
  EXPECT_EQ(route.status, 2);
  FakeIo prohibited = ping({"192.168.80.201"});
  prohibited.no_route = Errno::kAcces;
  prohibited.run();
  EXPECT_THAT(prohibited.err, HasSubstr("Do you want to ping broadcast?")) << "it cannot know";
  FakeIo device = ping({"-I", "eth9", "192.168.80.201"});
  device.run();
  EXPECT_EQ(device.err, "ping: SO_BINDTODEVICE eth9: No such device\n");
  FakeIo bind = ping({"-I", "1.2.3.4", "192.168.80.201"});
  bind.run();
  EXPECT_EQ(bind.err, "ping: bind: Cannot assign requested address\n");
  FakeIo broadcast = ping({"192.168.80.255"});
  broadcast.run();
  EXPECT_EQ(broadcast.err,
            "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall "
            "rules\n");
}

TEST(PingApp, RefusesToFragmentWithMDo) {
  FakeIo host = ping({"-c", "1", "-M", "do", "-s", "1473", "192.168.80.201"});
  host.run();
  EXPECT_EQ(host.err, "ping: local error: message too long, mtu=1500\n");
  EXPECT_THAT(host.packets, SizeIs(0));
  EXPECT_THAT(host.out,
              HasSubstr("1 packets transmitted, 0 received, +1 errors, 100% packet loss"));
  FakeIo fragments = ping({"-c", "1", "-s", "2000", "192.168.80.201"});
  fragments.run();
  EXPECT_FALSE(fragments.packets.at(0).how.dont_fragment);
}

// --- traceroute

Message udp_header(std::uint16_t source, std::uint16_t destination) {
  Message header(8);
  UdpRepr{source, destination, 0}.emit(header, {}, {});
  return header;
}

TEST(TracerouteApp, PrintsALinePerHop) {
  FakeIo host = traceroute({"-n", "10.2.0.10"});
  host.run();
  ASSERT_THAT(host.datagrams, SizeIs(16)) << "-N 16";
  EXPECT_EQ(host.datagrams[3].to.port, 33437);
  EXPECT_EQ(host.datagrams[3].ttl, 2);
  EXPECT_EQ(host.datagrams[0].size, 32U);
  EXPECT_EQ(host.sockets_without_df, 16);
  host.advance(2'212_us);
  for (std::uint16_t i = 0; i < 6; ++i) {
    const auto quote =
        udp_header(static_cast<std::uint16_t>(40'000 + i), static_cast<std::uint16_t>(33'434 + i));
    if (i == 3) host.advance(2'035_us);
    const IcmpRepr icmp =
        i < 3 ? IcmpRepr::time_exceeded() : IcmpRepr::unreachable(IcmpUnreachable::kPort);
    host.icmp(i < 3 ? "10.1.0.1" : "10.2.0.10", 64,
              error_about(icmp, IpProto::kUdp, "10.2.0.10", quote));
  }
  EXPECT_EQ(host.out,
            "traceroute to 10.2.0.10 (10.2.0.10), 30 hops max, 60 byte packets\n"
            " 1  10.1.0.1  2.212 ms  2.212 ms  2.212 ms\n"
            " 2  10.2.0.10  4.247 ms  4.247 ms  4.247 ms\n");
  EXPECT_EQ(host.status, 0);
  EXPECT_EQ(host.udp_closed, host.datagrams.size());
}

TEST(TracerouteApp, AsksFromOnePortToOnePortOneAtATime) {
  FakeIo host =
      traceroute({"-n", "-U", "--sport=5353", "-f", "9", "-m", "9", "-q", "2", "10.2.0.10"});
  host.run();
  ASSERT_THAT(host.datagrams, SizeIs(1)) << "one socket at a time can have the port";
  EXPECT_EQ(host.datagrams[0].to.port, 53);
  EXPECT_EQ(host.datagrams[0].ttl, 9);
  for (int i = 0; i < 2; ++i) {
    host.advance(500_us);
    host.icmp("10.2.0.10", 64,
              error_about(IcmpRepr::unreachable(IcmpUnreachable::kPort), IpProto::kUdp, "10.2.0.10",
                          udp_header(5'353, 53)));
  }
  EXPECT_THAT(host.datagrams, SizeIs(2));
  EXPECT_EQ(host.out,
            "traceroute to 10.2.0.10 (10.2.0.10), 9 hops max, 60 byte packets\n"
            " 9  10.2.0.10  0.500 ms  0.500 ms\n");
}

TEST(TracerouteApp, WaitsForSilentHops) {
  FakeIo host = traceroute({"-n", "-w", "1", "-m", "3", "192.168.80.77"});
  host.run();
  host.advance(999_ms);
  EXPECT_FALSE(host.exited);
  host.advance(1_ms);
  EXPECT_EQ(host.out,
            "traceroute to 192.168.80.77 (192.168.80.77), 3 hops max, 60 byte packets\n"
            " 1  * * *\n 2  * * *\n 3  * * *\n");
  EXPECT_TRUE(host.exited);
}

TEST(TracerouteApp, EndsAtAnUnreachableNetworkAndSaysSo) {
  FakeIo host = traceroute({"-n", "-w", "1", "-q", "1", "-m", "3", "10.9.0.1"});
  host.run();
  host.advance(2'373_us);
  host.icmp("10.1.0.1", 64,
            error_about(IcmpRepr::unreachable(IcmpUnreachable::kNet), IpProto::kUdp, "10.9.0.1",
                        udp_header(40'000, 33'434)));
  EXPECT_EQ(host.out,
            "traceroute to 10.9.0.1 (10.9.0.1), 3 hops max, 60 byte packets\n"
            " 1  10.1.0.1  2.373 ms !N\n");
}

TEST(TracerouteApp, CanUseEchoRequests) {
  FakeIo host = traceroute({"-n", "-I", "192.168.80.150"});
  host.run();
  host.advance(2'291_us);
  const std::vector<FakeIo::SentIp> sent = host.packets;
  for (std::size_t i = 0; i < 3; ++i) host.icmp("192.168.80.150", 64, reply_to(sent.at(i).message));
  EXPECT_EQ(host.out,
            "traceroute to 192.168.80.150 (192.168.80.150), 30 hops max, 60 byte packets\n"
            " 1  192.168.80.150  2.291 ms  2.291 ms  2.291 ms\n");
  EXPECT_EQ(sent[4].how.ttl, 2);
}

TEST(TracerouteApp, SaysThatThereIsNoRouteAfterItsHeader) {
  FakeIo host = traceroute({"-n", "10.9.9.9"});
  host.no_route = Errno::kNetUnreach;
  host.run();
  EXPECT_EQ(host.out, "traceroute to 10.9.9.9 (10.9.9.9), 30 hops max, 60 byte packets\n");
  EXPECT_EQ(host.err, "connect: Network is unreachable\n");
  EXPECT_EQ(host.status, 1);
}

// --- arping

constexpr MacAddr kOurs{0x0200'0000'000a}, kTheirs{0x0200'0000'0001};

TEST(ArpingApp, AsksAllFirstAndThenTheOneWhoAnswered) {
  FakeIo host = arping({"-c", "2", "-I", "eth0", "192.168.80.150"});
  host.run();
  for (int i = 0; i < 2; ++i) {
    host.advance(2'804_us);
    host.frame(arp_reply(kTheirs, ip("192.168.80.150"), kOurs, ip("192.168.80.10")));
    host.advance(1_s - 2'804_us);
  }
  EXPECT_EQ(host.out,
            "ARPING 192.168.80.150 from 192.168.80.10 eth0\n"
            "Unicast reply from 192.168.80.150 [02:00:00:00:00:01]  2.804ms\n"
            "Unicast reply from 192.168.80.150 [02:00:00:00:00:01]  2.804ms\n"
            "Sent 2 probes (1 broadcast(s))\n"
            "Received 2 response(s)\n");
  EXPECT_EQ(host.status, 0);
  EXPECT_TRUE(EthernetRepr::parse(host.frames.at(0))->dst.is_broadcast());
  EXPECT_EQ(EthernetRepr::parse(host.frames.at(1))->dst, kTheirs);
}

TEST(ArpingApp, WaitsOutTheIntervalThoughAllHasBeenAnswered) {
  FakeIo host = arping({"-c", "1", "-I", "eth0", "192.168.80.150"});
  host.run();
  host.advance(3_ms);
  host.frame(arp_reply(kTheirs, ip("192.168.80.150"), kOurs, ip("192.168.80.10")));
  EXPECT_FALSE(host.exited);
  host.advance(1_s - 3_ms);
  EXPECT_TRUE(host.exited);
  EXPECT_EQ(host.status, 0);
}

TEST(ArpingApp, SendsOneMoreAtTheDeadline) {
  FakeIo host = arping({"-w", "2", "-I", "eth0", "192.168.80.77"});
  host.run();
  host.advance(2_s);
  EXPECT_TRUE(host.exited);
  EXPECT_THAT(host.out, HasSubstr("Sent 3 probes (3 broadcast(s))\n"));
}

TEST(ArpingApp, GivesUpAtTheDeadline) {
  FakeIo host = arping({"-c", "2", "-w", "2", "-I", "eth0", "192.168.80.77"});
  host.run();
  host.advance(2_s);
  EXPECT_EQ(host.out,
            "ARPING 192.168.80.77 from 192.168.80.10 eth0\n"
            "Sent 2 probes (2 broadcast(s))\nReceived 0 response(s)\n");
  EXPECT_EQ(host.status, 1);
}

TEST(ArpingApp, FindsADuplicateAddress) {
  FakeIo host = arping({"-D", "-c", "2", "-I", "eth0", "192.168.80.150"});
  host.run();
  EXPECT_TRUE(ArpRepr::parse(Bytes(host.frames.at(0)).subspan(14))->sender_ip.is_any());
  host.advance(2'829_us);
  host.frame(arp_reply(kTheirs, ip("192.168.80.150"), kOurs, {}));
  EXPECT_EQ(host.out,
            "ARPING 192.168.80.150 from 0.0.0.0 eth0\n"
            "Unicast reply from 192.168.80.150 [02:00:00:00:00:01]  2.829ms\n"
            "Sent 1 probes (1 broadcast(s))\nReceived 1 response(s)\n");
  EXPECT_EQ(host.status, 1);
}

TEST(ArpingApp, NamesWhomAnAnswerWasMeantForIfItWasNotOurQuestion) {
  FakeIo host = arping({"-D", "-c", "2", "-I", "eth0", "192.168.80.150"});
  host.run();
  host.advance(6'504_us);
  host.frame(arp_reply(kTheirs, ip("192.168.80.150"), kOurs, ip("192.168.80.10")));
  EXPECT_THAT(host.out, HasSubstr("Unicast reply from 192.168.80.150 [02:00:00:00:00:01] for "
                                  "192.168.80.10  6.504ms\n"));
}

TEST(ArpingApp, AnnouncesAnAddressByRepliesWithA) {
  FakeIo host = arping({"-A", "-c", "1", "-I", "eth0", "192.168.80.10"});
  host.run();
  host.advance(1_s);
  const auto arp = ArpRepr::parse(Bytes(host.frames.at(0)).subspan(14));
  EXPECT_EQ(arp->op, ArpOp::kReply);
  EXPECT_EQ(arp->sender_ip, arp->target_ip);
  EXPECT_EQ(host.status, 0);
}

TEST(ArpingApp, RefusesASourceThatIsNotOurs) {
  FakeIo host = arping({"-c", "1", "-I", "eth0", "-s", "1.2.3.4", "192.168.80.201"});
  host.run();
  EXPECT_EQ(host.err, "arping: bind: Cannot assign requested address\n");
  EXPECT_EQ(host.status, 2);
}

TEST(ArpingApp, AsksFromNoAddressOnlyIfItIsToldTo) {
  FakeIo host = arping({"-c", "1", "-I", "eth0", "192.168.80.201"});
  host.address = {};
  host.run();
  EXPECT_EQ(host.out, "ARPING 192.168.80.201 from 0.0.0.0 eth0\n");
  EXPECT_EQ(host.err, "arping: no source address in not-DAD mode\n");
  EXPECT_EQ(host.status, 2);
  FakeIo told = arping({"-c", "1", "-s", "0.0.0.0", "-I", "eth0", "192.168.80.201"});
  told.run();
  EXPECT_EQ(told.frames.size(), 1U);
}

// --- tcpdump

TEST(TcpdumpApp, PrintsWhatPassesTheFilterUntilItHasEnough) {
  FakeIo host = tcpdump({"-n", "-e", "-c", "2", "-i", "eth0", "arp"});
  host.run();
  EXPECT_TRUE(host.tapping);
  host.advance(52'498'649_us);
  host.frame(arp_request(kOurs, ip("192.168.80.10"), ip("192.168.80.150")), true);
  host.frame(icmp_echo({kOurs, kTheirs, ip("192.168.80.10"), ip("192.168.80.150")},
                       IcmpType::kEchoRequest, 1, 1));
  host.advance(2'184_us);
  host.frame(arp_reply(kTheirs, ip("192.168.80.150"), kOurs, ip("192.168.80.10")));
  EXPECT_EQ(host.out,
            "08:00:52.498649 02:00:00:00:00:0a > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length "
            "42: Request who-has 192.168.80.150 tell 192.168.80.10, length 28\n"
            "08:00:52.500833 02:00:00:00:00:01 > 02:00:00:00:00:0a, ethertype ARP (0x0806), length "
            "42: Reply 192.168.80.150 is-at 02:00:00:00:00:01, length 28\n");
  EXPECT_EQ(host.err,
            "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
            "listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"
            "2 packets captured\n2 packets received by filter\n0 packets dropped by kernel\n");
  EXPECT_EQ(host.status, 0);
}

TEST(TcpdumpApp, DumpsBytesWithX) {
  FakeIo host = tcpdump({"-n", "-t", "-X", "-i", "eth0"});
  host.run();
  host.frame(arp_request(kOurs, ip("192.168.80.10"), ip("192.168.80.150")));
  EXPECT_EQ(host.out,
            "ARP, Request who-has 192.168.80.150 tell 192.168.80.10, length 28\n"
            "\t0x0000:  0001 0800 0604 0001 0200 0000 000a c0a8  ................\n"
            "\t0x0010:  500a 0000 0000 0000 c0a8 5096            P.........P.\n");
}

TEST(TcpdumpApp, NamesInterfaceAndDirectionOnAny) {
  FakeIo host = tcpdump({"-n", "-t", "-i", "any"});
  host.run();
  host.frame(arp_request(kTheirs, ip("192.168.80.10"), ip("192.168.80.150")));
  host.frame(arp_reply(kOurs, ip("192.168.80.202"), kTheirs, ip("192.168.80.201")), true);
  EXPECT_EQ(host.out,
            "eth0  B   ARP, Request who-has 192.168.80.150 tell 192.168.80.10, length 28\n"
            "eth0  Out ARP, Reply 192.168.80.202 is-at 02:00:00:00:00:0a, length 28\n");
}

TEST(TcpdumpApp, IsQuickWithQ) {
  FakeIo host = tcpdump({"-n", "-t", "-q", "-i", "eth0"});
  host.run();
  TcpRepr tcp;
  tcp.src_port = 60'866;
  tcp.dst_port = 80;
  host.frame(tcp_segment({kOurs, kTheirs, ip("192.168.80.10"), ip("192.168.80.150")}, tcp,
                         bytes_of("hello")));
  EXPECT_EQ(host.out, "IP 192.168.80.10.60866 > 192.168.80.150.80: tcp 5\n");
}

TEST(TcpdumpApp, ReadsTheCaptureThatItWrote) {
  FakeIo writer = tcpdump({"-i", "eth0", "-w", "/root/a.pcap"});
  writer.run();
  writer.advance(1_s);
  writer.frame(arp_request(kOurs, ip("192.168.80.10"), ip("192.168.80.150")));
  writer.signal(Signal::kInterrupt);
  EXPECT_THAT(writer.err, HasSubstr("1 packet captured\n"));
  FakeIo reader = tcpdump({"-n", "-r", "/root/a.pcap"});
  reader.files = writer.files;
  reader.run();
  EXPECT_EQ(reader.out,
            "08:00:01.000000 ARP, Request who-has 192.168.80.150 tell 192.168.80.10, length 28\n");
  EXPECT_EQ(reader.status, 0);
}

TEST(TcpdumpApp, RefusesInterfacesFiltersAndFilesThatAreNotThere) {
  FakeIo device = tcpdump({"-i", "eth9"});
  device.run();
  EXPECT_EQ(device.err, "tcpdump: eth9: No such device exists\n(No such device exists)\n");
  EXPECT_EQ(device.status, 1);
  FakeIo filter = tcpdump({"-i", "eth0", "badexpr"});
  filter.run();
  EXPECT_EQ(filter.err, "tcpdump: can't parse filter expression: syntax error\n");
  FakeIo file = tcpdump({"-i", "eth0", "-w", "/nodir/x"});
  file.run();
  EXPECT_EQ(file.err, "tcpdump: /nodir/x: No such file or directory\n");
}

}  // namespace
}  // namespace lvslab::apps
