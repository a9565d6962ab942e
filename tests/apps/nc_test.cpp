// nc: a client, a server and a look at ports, over TCP and UDP.
#include <gmock/gmock.h>

#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;
using testing::SizeIs;

constexpr bool kEnds = true, kTerminal = false;

FakeIo nc(std::vector<std::string> args, std::string input = {}, bool input_ends = kEnds) {
  args.insert(args.begin(), "nc");
  const auto parsed = command::parse_nc(args);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().err);
  return FakeIo(Nc(*parsed, std::move(input), input_ends));
}

void datagram(FakeIo& host, std::uint32_t socket, std::string_view text, Errno error = {}) {
  Step step = host.step();
  on_udp(
      step, host, host.app,
      {.socket = socket, .from = {ip("10.0.0.9"), 4000}, .data = bytes_of(text), .error = error});
}

TEST(NcClient, SendsItsInputAndPrintsWhatComesUntilBothSidesHaveEnded) {
  FakeIo host = nc({"10.0.0.1", "80"}, "hello\n");
  host.run();
  ASSERT_THAT(host.sockets, SizeIs(1));
  host.event(SocketEventKind::kConnected, 0);
  EXPECT_EQ(host.sockets[0].sent, "hello\n");
  EXPECT_TRUE(host.sockets[0].nagle) << "nc leaves Nagle's algorithm on";
  EXPECT_FALSE(host.sockets[0].shut) << "without -N the end of the input is not told";
  host.data(0, "answer\n");
  EXPECT_FALSE(host.exited);
  host.event(SocketEventKind::kPeerClosed, 0);
  EXPECT_EQ(host.out, "answer\n");
  EXPECT_TRUE(host.sockets[0].closed);
  EXPECT_EQ(host.status, 0);
}

TEST(NcClient, WaitsForTheTerminalAfterThePeerHasClosed) {
  FakeIo host = nc({"10.0.0.1", "80"}, "", kTerminal);
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  host.event(SocketEventKind::kPeerClosed, 0);
  host.advance(60_s);
  EXPECT_FALSE(host.exited);
}

TEST(NcClient, TellsTheEndOfItsInputWithN) {
  FakeIo host = nc({"-N", "10.0.0.1", "80"}, "hello\n");
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  EXPECT_TRUE(host.sockets[0].shut);
  EXPECT_FALSE(host.exited);
}

TEST(NcClient, SendsTheRestWhenThereIsRoom) {
  FakeIo host = nc({"-N", "10.0.0.1", "80"}, std::string(20'000, 'x'));
  host.run();
  host.sockets[0].room = 5'000;
  host.event(SocketEventKind::kConnected, 0);
  EXPECT_THAT(host.sockets[0].sent, SizeIs(5'000));
  EXPECT_FALSE(host.sockets[0].shut);
  host.sockets[0].room = SIZE_MAX;
  host.event(SocketEventKind::kWritable, 0);
  EXPECT_THAT(host.sockets[0].sent, SizeIs(20'000));
  EXPECT_TRUE(host.sockets[0].shut);
}

TEST(NcClient, EndsAfterASilenceOfW) {
  FakeIo host = nc({"-w", "2", "10.0.0.1", "80"}, "hello\n");
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  host.advance(1500_ms);
  host.data(0, "one\n");
  host.advance(1500_ms);
  EXPECT_FALSE(host.exited) << "data has come since";
  host.advance(1_s);
  EXPECT_TRUE(host.sockets[0].closed);
  EXPECT_EQ(host.status, 0);
}

TEST(NcClient, QuitsSomeTimeAfterTheEndOfItsInputWithQ) {
  FakeIo at_once = nc({"-q", "0", "10.0.0.1", "80"}, "x");
  at_once.run();
  at_once.event(SocketEventKind::kConnected, 0);
  EXPECT_EQ(at_once.status, 0);
  FakeIo later = nc({"-q", "3", "10.0.0.1", "80"}, "x");
  later.run();
  later.event(SocketEventKind::kConnected, 0);
  later.advance(2_s);
  later.data(0, "y");
  EXPECT_FALSE(later.exited);
  later.advance(1_s);
  EXPECT_EQ(later.status, 0);
}

TEST(NcClient, SaysWhyItCannotConnectOnlyWhenAsked) {
  FakeIo quiet = nc({"10.0.0.1", "80"});
  quiet.run();
  quiet.event(SocketEventKind::kError, 0, {}, Errno::kConnRefused);
  EXPECT_EQ(quiet.err, "");
  EXPECT_EQ(quiet.status, 1);
  FakeIo loud = nc({"-v", "10.0.0.1", "80"});
  loud.run();
  loud.event(SocketEventKind::kError, 0, {}, Errno::kConnRefused);
  EXPECT_EQ(loud.err, "nc: connect to 10.0.0.1 port 80 (tcp) failed: Connection refused\n");
  FakeIo patient = nc({"-v", "-w", "1", "10.0.0.1", "80"});
  patient.run();
  patient.advance(1_s);
  EXPECT_EQ(patient.err,
            "nc: connect to 10.0.0.1 port 80 (tcp) timed out: Operation now in progress\n");
  EXPECT_TRUE(patient.sockets[0].closed);
  EXPECT_EQ(patient.status, 1);
}

TEST(NcClient, LooksAtOnePortAfterTheOtherWithZ) {
  FakeIo host = nc({"-v", "-z", "10.0.0.1", "79-81"});
  host.run();
  host.event(SocketEventKind::kError, 0, {}, Errno::kConnRefused);
  host.event(SocketEventKind::kConnected, 1);
  host.event(SocketEventKind::kError, 2, {}, Errno::kConnRefused);
  EXPECT_EQ(host.err,
            "nc: connect to 10.0.0.1 port 79 (tcp) failed: Connection refused\n"
            "Connection to 10.0.0.1 80 port [tcp/http] succeeded!\n"
            "nc: connect to 10.0.0.1 port 81 (tcp) failed: Connection refused\n");
  EXPECT_TRUE(host.sockets[1].closed);
  EXPECT_EQ(host.status, 0) << "one of them is open";
}

TEST(NcServer, TakesOnePeerAndEndsWithIt) {
  FakeIo host = nc({"-l", "-p", "8080"}, "welcome\n");
  host.run();
  ASSERT_THAT(host.sockets, SizeIs(1));
  EXPECT_EQ(host.sockets[0].local, (Endpoint{{}, 8080}));
  const std::uint32_t peer = host.accept();
  EXPECT_TRUE(host.sockets[0].closed) << "nobody else can connect";
  EXPECT_EQ(host.sockets[peer].sent, "welcome\n");
  host.data(peer, "hello\n");
  host.event(SocketEventKind::kPeerClosed, peer);
  EXPECT_EQ(host.out, "hello\n");
  EXPECT_TRUE(host.sockets[peer].closed);
  EXPECT_EQ(host.status, 0);
}

TEST(NcServer, TakesPeersOneAfterTheOtherWithK) {
  FakeIo host = nc({"-l", "-k", "80"}, "", kTerminal);
  host.run();
  const std::uint32_t first = host.accept();
  const std::uint32_t second = host.accept();
  host.data(second, "two\n");
  host.event(SocketEventKind::kPeerClosed, second);
  host.data(first, "one\n");
  EXPECT_EQ(host.out, "one\n") << "the second one has to wait";
  host.event(SocketEventKind::kPeerClosed, first);
  EXPECT_EQ(host.out, "one\ntwo\n");
  EXPECT_TRUE(host.sockets[second].closed);
  EXPECT_FALSE(host.exited);
  EXPECT_FALSE(host.sockets[0].closed);
}

TEST(NcServer, SaysThatThePortIsTaken) {
  FakeIo host = nc({"-l", "80"});
  host.refuse = Errno::kAddrInUse;
  host.run();
  EXPECT_EQ(host.err, "nc: Address already in use\n");
  EXPECT_EQ(host.status, 1);
}

TEST(NcServer, NamesWhoComesWithV) {
  FakeIo host = nc({"-v", "-n", "-l", "80"});
  host.run();
  EXPECT_EQ(host.err, "Listening on 0.0.0.0 80\n");
  FakeIo named = nc({"-v", "-l", "80"});
  named.run();
  EXPECT_EQ(named.err, "nc: getnameinfo: Temporary failure in name resolution\n");
}

TEST(NcUdp, SendsAndPrintsDatagrams) {
  FakeIo host = nc({"-u", "-w", "1", "10.0.0.1", "53"}, "question");
  host.run();
  ASSERT_THAT(host.datagrams, SizeIs(1));
  EXPECT_EQ(host.datagrams[0].size, 8U);
  EXPECT_EQ(host.udp_remotes[0], (Endpoint{ip("10.0.0.1"), 53}));
  datagram(host, 0, "answer\n");
  host.advance(1_s);
  EXPECT_EQ(host.out, "answer\n");
  EXPECT_EQ(host.status, 0);
}

TEST(NcUdp, EndsWhenThePortIsRefusedAndTheInputIsOver) {
  FakeIo host = nc({"-u", "10.0.0.1", "54"}, "question");
  host.run();
  datagram(host, 0, {}, Errno::kConnRefused);
  EXPECT_EQ(host.status, 0);
}

TEST(NcUdp, TestsAPortWithFewBytesAndSomePatience) {
  FakeIo open = nc({"-u", "-v", "-z", "-w", "1", "10.0.0.1", "53"});
  open.run();
  EXPECT_THAT(open.datagrams, SizeIs(2));
  open.advance(1_s);
  EXPECT_THAT(open.datagrams, SizeIs(3));
  EXPECT_EQ(open.err, "Connection to 10.0.0.1 53 port [udp/domain] succeeded!\n");
  EXPECT_EQ(open.status, 0);
  FakeIo closed = nc({"-u", "-v", "-z", "10.0.0.1", "54"});
  closed.run();
  datagram(closed, 0, {}, Errno::kConnRefused);
  closed.advance(1_s);
  EXPECT_EQ(closed.err, "");
  EXPECT_EQ(closed.status, 1);
}

TEST(NcUdp, AServerTalksToTheFirstWhoSends) {
  FakeIo host = nc({"-u", "-l", "53"}, "", kTerminal);
  host.run();
  datagram(host, 0, "a");
  EXPECT_EQ(host.udp_remotes[0], (Endpoint{ip("10.0.0.9"), 4000}));
  datagram(host, 0, "b");
  EXPECT_EQ(host.out, "ab");
  FakeIo keeps = nc({"-u", "-k", "-l", "53"}, "", kTerminal);
  keeps.run();
  datagram(keeps, 0, "c");
  EXPECT_THAT(keeps.udp_remotes, SizeIs(0)) << "everybody may send";
  EXPECT_EQ(keeps.out, "c");
}

}  // namespace
}  // namespace lvslab::apps
