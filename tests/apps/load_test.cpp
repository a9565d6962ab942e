// ab and the load generators of the benchmarks.
#include <gmock/gmock.h>

#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;
using testing::HasSubstr;
using testing::SizeIs;

FakeIo ab(std::vector<std::string> args) {
  args.insert(args.begin(), "ab");
  const auto parsed = command::parse_ab(args);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().err);
  return FakeIo(Ab(*parsed));
}

constexpr std::string_view kClosing =
    "HTTP/1.1 200 OK\r\nServer: Apache/2.4.6 (CentOS)\r\nContent-Length: 7\r\n"
    "Connection: close\r\n\r\nnode03\n";
constexpr std::string_view kKeeping =
    "HTTP/1.1 200 OK\r\nServer: Apache/2.4.6 (CentOS)\r\nContent-Length: 7\r\n"
    "Keep-Alive: timeout=5, max=100\r\nConnection: Keep-Alive\r\n\r\nnode03\n";

TEST(AbApp, OpensAConnectionPerRequestAndLetsTheServerClose) {
  FakeIo host = ab({"-n", "3", "-c", "1", "http://192.168.80.150/"});
  host.run();
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_THAT(host.sockets, SizeIs(i + 1));
    host.advance(3_ms);
    host.event(SocketEventKind::kConnected, i);
    host.advance(4_ms);
    host.data(i, kClosing);
    EXPECT_FALSE(host.sockets[i].closed);
    host.event(SocketEventKind::kPeerClosed, i);
  }
  EXPECT_THAT(host.sockets[0].sent, testing::StartsWith("GET / HTTP/1.0\r\n"));
  EXPECT_THAT(host.out, HasSubstr("Benchmarking 192.168.80.150 (be patient)"));
  EXPECT_THAT(host.out, HasSubstr("Server Software:        Apache/2.4.6\n"));
  EXPECT_THAT(host.out, HasSubstr("Document Length:        7 bytes\n"));
  EXPECT_THAT(host.out, HasSubstr("Time taken for tests:   0.021 seconds\n"
                                  "Complete requests:      3\nFailed requests:        0\n"));
  EXPECT_THAT(host.out, HasSubstr("HTML transferred:       21 bytes\n"));
  EXPECT_THAT(host.out, HasSubstr("Connect:        3    3   0.0      3       3\n"
                                  "Processing:     4    4   0.0      4       4\n"
                                  "Waiting:        4    4   0.0      4       4\n"
                                  "Total:          7    7   0.0      7       7\n"));
  EXPECT_EQ(host.status, 0);
}

TEST(AbApp, KeepsConnectionsWithK) {
  FakeIo host = ab({"-k", "-n", "6", "-c", "2", "http://192.168.80.150/"});
  host.run();
  ASSERT_THAT(host.sockets, SizeIs(1));
  host.event(SocketEventKind::kConnected, 0);
  host.data(0, kKeeping);
  ASSERT_THAT(host.sockets, SizeIs(2)) << "the first request goes alone";
  host.event(SocketEventKind::kConnected, 1);
  for (int i = 0; i < 3; ++i) {
    host.data(1, kKeeping);
    if (i < 2) host.data(0, kKeeping);
  }
  EXPECT_THAT(host.sockets, SizeIs(2));
  EXPECT_THAT(host.out, HasSubstr("Keep-Alive requests:    6\n"));
  EXPECT_TRUE(host.exited);
}

TEST(AbApp, OpensAConnectionTooManyAtTheEnd) {
  FakeIo host = ab({"-n", "4", "-c", "2", "http://192.168.80.150/"});
  host.run();
  const auto answer = [&](std::uint32_t i) {
    host.data(i, kClosing);
    host.event(SocketEventKind::kPeerClosed, i);
  };
  host.event(SocketEventKind::kConnected, 0);
  answer(0);
  ASSERT_THAT(host.sockets, SizeIs(3));
  host.event(SocketEventKind::kConnected, 1);
  host.event(SocketEventKind::kConnected, 2);
  answer(1);
  answer(2);
  ASSERT_THAT(host.sockets, SizeIs(5)) << "three requests were begun, so two more connect";
  host.event(SocketEventKind::kConnected, 3);
  host.event(SocketEventKind::kConnected, 4);
  EXPECT_TRUE(host.sockets[4].sent.empty());
  answer(3);
  EXPECT_THAT(host.out, HasSubstr("Complete requests:      4\n"));
  EXPECT_TRUE(host.sockets[4].closed);
}

TEST(AbApp, CountsOtherLengthsAndStatusesApart) {
  FakeIo host = ab({"-n", "2", "http://192.168.80.150/"});
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  host.data(0, kClosing);
  host.event(SocketEventKind::kPeerClosed, 0);
  host.event(SocketEventKind::kConnected, 1);
  host.data(1, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
  host.event(SocketEventKind::kPeerClosed, 1);
  EXPECT_THAT(host.out, HasSubstr("Failed requests:        1\n"));
  EXPECT_THAT(host.out, HasSubstr("Non-2xx responses:      1\n"));
}

TEST(AbApp, EndsWhenTheServerRefuses) {
  FakeIo host = ab({"-n", "6", "http://192.168.80.150:81/"});
  host.run();
  host.event(SocketEventKind::kError, 0, {}, Errno::kConnRefused);
  EXPECT_THAT(host.out + host.err, HasSubstr("apr_socket_recv: Connection refused (111)\n"));
  EXPECT_EQ(host.status, 111);
}

TEST(AbApp, EndsWhenThereIsNoRoute) {
  FakeIo host = ab({"-n", "2", "http://10.9.9.9/"});
  host.refuse = Errno::kNetUnreach;
  host.run();
  EXPECT_THAT(host.out + host.err, HasSubstr("Test aborted after 10 failures\n\n"
                                             "apr_socket_connect(): Network is unreachable (101)"));
  EXPECT_EQ(host.status, 101);
}

TEST(AbApp, EndsWhenNothingHappensForTheTimeOfS) {
  FakeIo host = ab({"-n", "2", "-s", "1", "http://192.168.80.77/"});
  host.run();
  host.advance(1_s);
  EXPECT_TRUE(host.exited);
  EXPECT_THAT(host.out + host.err, HasSubstr("The timeout specified has expired"));
}

TEST(WebLoad, AClientRunsItsConnectionsOneAfterTheOther) {
  WebClient client;
  client.server = {ip("10.0.0.1"), 80};
  client.connections = 3;
  FakeIo host(client);
  host.run();
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_THAT(host.sockets, SizeIs(i + 1));
    host.event(SocketEventKind::kConnected, i);
    EXPECT_THAT(host.sockets[i].sent, SizeIs(100));
    host.data(i, std::string(300, 'x'));
    EXPECT_FALSE(host.sockets[i].closed);
    if (i == 1) {
      host.event(SocketEventKind::kError, i, {}, Errno::kConnReset);
    } else {
      host.data(i, std::string(100, 'x'));
      EXPECT_TRUE(host.sockets[i].closed);
    }
  }
  const auto& done = std::get<WebClient>(host.app);
  EXPECT_EQ(done.succeeded, 2U);
  EXPECT_EQ(done.failed, 1U);
  EXPECT_TRUE(done.done());
}

TEST(WebLoad, AClientOpensItsChainsApartAndHoldsConnections) {
  WebClient client;
  client.server = {ip("10.0.0.1"), 80};
  client.connections = 3;
  client.parallel = 2;
  client.delay = 1_ms;
  client.gap = 50_us;
  client.hold = 1_s;
  FakeIo host(client);
  host.run();
  EXPECT_THAT(host.sockets, SizeIs(0));
  host.advance(1_ms);
  EXPECT_THAT(host.sockets, SizeIs(1));
  host.advance(50_us);
  ASSERT_THAT(host.sockets, SizeIs(2));
  for (std::uint32_t i = 0; i < 2; ++i) {
    host.event(SocketEventKind::kConnected, i);
    host.data(i, std::string(400, 'x'));
  }
  host.advance(999_ms);
  EXPECT_FALSE(host.sockets[0].closed);
  host.advance(1_ms);
  EXPECT_TRUE(host.sockets[0].closed);
  EXPECT_TRUE(host.sockets[1].closed);
  EXPECT_THAT(host.sockets, SizeIs(3));
}

TEST(WebLoad, AServerAnswersWholeRequestsAndStreams) {
  WebServer server;
  server.response_bytes = 1U << 20;
  FakeIo host(server);
  host.run();
  const std::uint32_t socket = host.accept();
  host.data(socket, std::string(99, 'q'));
  EXPECT_EQ(host.sockets[socket].sent, "");
  host.sockets[socket].room = 87'380;
  host.data(socket, "q");
  while (host.sockets[socket].sent.size() < 1U << 20) {
    const std::size_t before = host.sockets[socket].sent.size();
    host.sockets[socket].room = 87'380;
    host.event(SocketEventKind::kWritable, socket);
    ASSERT_GT(host.sockets[socket].sent.size(), before);
  }
  host.event(SocketEventKind::kWritable, socket);
  EXPECT_THAT(host.sockets[socket].sent, SizeIs(1U << 20));
  EXPECT_EQ(host.sockets[socket].cookie, 0U);
  host.event(SocketEventKind::kPeerClosed, socket);
  EXPECT_TRUE(host.sockets[socket].closed);
}

TEST(WebLoad, DatagramsLeaveAtTheirPace) {
  UdpSource source;
  source.to = {ip("10.0.0.1"), 9};
  source.count = 3;
  source.gap = 10_us;
  FakeIo host(source);
  host.run();
  EXPECT_THAT(host.datagrams, SizeIs(1));
  host.advance(1_s);
  ASSERT_THAT(host.datagrams, SizeIs(3));
  EXPECT_EQ(host.datagrams[2].size, 64U);
}

TEST(Sleep, EndsAfterItsTime) {
  FakeIo host{Sleep{1'500_ms}};
  host.run();
  host.advance(1'499_ms);
  EXPECT_FALSE(host.exited);
  host.advance(1_ms);
  EXPECT_TRUE(host.exited);
}

TEST(Signals, EndAProgramThatDoesNotListen) {
  FakeIo host{Sleep{10_s}};
  host.run();
  host.signal(Signal::kInterrupt);
  EXPECT_EQ(host.status, 130);
}

}  // namespace
}  // namespace lvslab::apps
