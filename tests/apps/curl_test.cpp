// Whole curl commands against a scripted server, their output against that of the real one.
#include <gmock/gmock.h>

#include "sim/apps/http_reader.h"
#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 23:00:00 GMT\r\n"
    "Server: Apache/2.4.6 (CentOS)\r\nContent-Length: 7\r\n"
    "Content-Type: text/html; charset=UTF-8\r\n\r\nnode03\n";

FakeIo curl(std::vector<std::string> args) {
  args.insert(args.begin(), "curl");
  const auto parsed = command::parse_curl(args);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().err);
  return FakeIo(Curl(*parsed));
}

TEST(CurlApp, PrintsThePageAndClosesFirst) {
  FakeIo host = curl({"http://192.168.80.150/"});
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  EXPECT_EQ(host.sockets[0].sent,
            "GET / HTTP/1.1\r\nHost: 192.168.80.150\r\nUser-Agent: curl/7.88.1\r\n"
            "Accept: */*\r\n\r\n");
  host.data(0, kResponse);
  EXPECT_EQ(host.out, "node03\n");
  EXPECT_EQ(host.err, "");
  EXPECT_TRUE(host.sockets[0].closed);
  EXPECT_EQ(host.status, 0);
}

TEST(CurlApp, TellsEverythingWithV) {
  FakeIo host = curl({"-v", "http://192.168.80.150/"});
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  host.data(0, kResponse);
  EXPECT_EQ(host.err,
            "*   Trying 192.168.80.150:80...\n"
            "* Connected to 192.168.80.150 (192.168.80.150) port 80 (#0)\n"
            "> GET / HTTP/1.1\n"
            "> Host: 192.168.80.150\n"
            "> User-Agent: curl/7.88.1\n"
            "> Accept: */*\n"
            "> \n"
            "< HTTP/1.1 200 OK\n"
            "< Date: Mon, 23 Nov 2026 23:00:00 GMT\n"
            "< Server: Apache/2.4.6 (CentOS)\n"
            "< Content-Length: 7\n"
            "< Content-Type: text/html; charset=UTF-8\n"
            "< \n"
            "* Connection #0 to host 192.168.80.150 left intact\n");
}

TEST(CurlApp, GivesUpAfterTheTimeOfM) {
  FakeIo host = curl({"-v", "-m", "2", "http://192.168.80.77/"});
  host.run();
  host.advance(10_s);
  EXPECT_EQ(host.err,
            "*   Trying 192.168.80.77:80...\n"
            "* Connection timed out after 2000 milliseconds\n"
            "* Closing connection 0\n"
            "curl: (28) Connection timed out after 2000 milliseconds\n");
  EXPECT_EQ(host.status, 28);
  EXPECT_TRUE(host.sockets[0].closed);
}

TEST(CurlApp, GivesUpAfterTheConnectTimeout) {
  FakeIo host = curl({"-v", "--connect-timeout", "2", "http://192.168.80.150/"});
  host.run();
  host.advance(10_s);
  EXPECT_EQ(host.err,
            "*   Trying 192.168.80.150:80...\n"
            "* ipv4 connect timeout after 2000ms, move on!\n"
            "* Failed to connect to 192.168.80.150 port 80 after 2000 ms: Timeout was reached\n"
            "* Closing connection 0\n"
            "curl: (28) Failed to connect to 192.168.80.150 port 80 after 2000 ms: Timeout was "
            "reached\n");
  EXPECT_EQ(host.status, 28);
}

TEST(CurlApp, AHandshakeThatTheKernelGaveUpIsATimeoutByStatusOnly) {
  FakeIo host = curl({"http://192.168.80.150/"});
  host.run();
  host.advance(127_s);
  host.event(SocketEventKind::kError, 0, {}, Errno::kTimedOut);
  EXPECT_EQ(host.err,
            "curl: (28) Failed to connect to 192.168.80.150 port 80 after 127000 ms: Couldn't "
            "connect to server\n");
  EXPECT_EQ(host.status, 28);
}

TEST(CurlApp, ReportsARefusedConnection) {
  FakeIo host = curl({"-v", "http://192.168.80.150:81/"});
  host.run();
  host.advance(5_ms);
  host.event(SocketEventKind::kError, 0, {}, Errno::kConnRefused);
  EXPECT_EQ(host.err,
            "*   Trying 192.168.80.150:81...\n"
            "* connect to 192.168.80.150 port 81 failed: Connection refused\n"
            "* Failed to connect to 192.168.80.150 port 81 after 5 ms: Couldn't connect to server\n"
            "* Closing connection 0\n"
            "curl: (7) Failed to connect to 192.168.80.150 port 81 after 5 ms: Couldn't connect to "
            "server\n");
  EXPECT_EQ(host.status, 7);
}

TEST(CurlApp, ReportsThatThereIsNoRoute) {
  FakeIo host = curl({"-v", "http://10.9.9.9/"});
  host.refuse = Errno::kNetUnreach;
  host.run();
  EXPECT_EQ(host.err,
            "*   Trying 10.9.9.9:80...\n"
            "* Immediate connect fail for 10.9.9.9: Network is unreachable\n"
            "* Failed to connect to 10.9.9.9 port 80 after 0 ms: Couldn't connect to server\n"
            "* Closing connection 0\n"
            "curl: (7) Failed to connect to 10.9.9.9 port 80 after 0 ms: Couldn't connect to "
            "server\n");
}

TEST(CurlApp, ReportsAPortThatIsTaken) {
  FakeIo host = curl({"--local-port", "40001", "http://192.168.80.150/"});
  host.refuse = Errno::kAddrInUse;
  host.run();
  EXPECT_EQ(host.err, "curl: (45) bind failed with errno 98: Address already in use\n");
  EXPECT_EQ(host.status, 45);
}

TEST(CurlApp, ReportsAnUnknownHostAndAMissingInterface) {
  FakeIo unknown = curl({"http://nohost/"});
  unknown.run();
  EXPECT_EQ(unknown.err, "curl: (6) Could not resolve host: nohost\n");
  EXPECT_EQ(unknown.status, 6);
  FakeIo missing = curl({"--interface", "eth9", "http://192.168.80.150/"});
  missing.run();
  EXPECT_EQ(missing.err, "curl: (45) Couldn't bind to 'eth9'\n");
}

TEST(CurlApp, BindsToAnInterfaceByName) {
  FakeIo host = curl({"--interface", "eth0", "http://192.168.80.150/"});
  host.run();
  EXPECT_EQ(host.sockets.at(0).dev, IfIndex(2));
}

TEST(CurlApp, TellsAnEmptyReplyFromAReset) {
  FakeIo empty = curl({"http://192.168.80.150/"});
  empty.run();
  empty.event(SocketEventKind::kConnected, 0);
  empty.event(SocketEventKind::kPeerClosed, 0);
  EXPECT_EQ(empty.err, "curl: (52) Empty reply from server\n");
  EXPECT_EQ(empty.status, 52);
  FakeIo reset = curl({"http://192.168.80.150/"});
  reset.run();
  reset.event(SocketEventKind::kConnected, 0);
  reset.event(SocketEventKind::kError, 0, {}, Errno::kConnReset);
  EXPECT_EQ(reset.err, "curl: (56) Recv failure: Connection reset by peer\n");
  EXPECT_EQ(reset.status, 56);
}

TEST(CurlApp, UsesOneConnectionForTwoUrlsOfAHost) {
  FakeIo host = curl({"-s", "http://192.168.80.150/", "http://192.168.80.150/"});
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  host.data(0, kResponse);
  host.data(0, kResponse);
  EXPECT_EQ(host.sockets.size(), 1U);
  EXPECT_EQ(host.out, "node03\nnode03\n");
  EXPECT_TRUE(host.exited);
}

TEST(CurlApp, ConnectsAnewWhenTheKeptConnectionDied) {
  FakeIo host = curl({"-s", "http://192.168.80.150/", "http://192.168.80.150/"});
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  host.data(0, kResponse);
  host.event(SocketEventKind::kPeerClosed, 0);
  ASSERT_EQ(host.sockets.size(), 2U);
  host.event(SocketEventKind::kConnected, 1);
  host.data(1, kResponse);
  EXPECT_EQ(host.out, "node03\nnode03\n");
}

TEST(CurlApp, WritesOutWhatItMeasured) {
  const char* format =
      "%{http_code} %{time_connect} %{time_total} "
      "%{local_ip}:%{local_port} %{size_download}\\n";
  FakeIo host = curl({"-s", "-o", "/dev/null", "-w", format, "http://192.168.80.150/"});
  host.run();
  host.advance(5'340_us);
  host.event(SocketEventKind::kConnected, 0);
  host.advance(6'138_us);
  host.data(0, kResponse);
  EXPECT_EQ(host.out, "200 0.005340 0.011478 192.168.80.10:37806 7\n");
  EXPECT_EQ(host.files.at("/dev/null"), "node03\n");
}

TEST(CurlApp, FailsOnAnErrorPageWithF) {
  FakeIo host = curl({"-f", "http://192.168.80.150/nope"});
  host.run();
  host.event(SocketEventKind::kConnected, 0);
  host.data(0, "HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nNot Found\n");
  EXPECT_EQ(host.out, "");
  EXPECT_EQ(host.err, "curl: (22) The requested URL returned error: 404\n");
  EXPECT_EQ(host.status, 22);
}

TEST(HttpReaderTest, ReadsEveryFormOfBodyInAnyPieces) {
  const std::vector<std::string> streams{
      "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: 1\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\nhello world"};
  Prng random(3);
  for (const std::string& stream : streams) {
    for (int round = 0; round < 100; ++round) {
      HttpReader reader;
      std::string body;
      reader.begin(false);
      for (std::size_t at = 0; at < stream.size();) {
        const std::size_t piece = std::min<std::size_t>(1 + random.below(9), stream.size() - at);
        std::size_t used = 0;
        while (used < piece) {
          used += reader.feed(std::string_view(stream).substr(at + used, piece - used), body);
        }
        at += piece;
      }
      EXPECT_EQ(reader.end(), HttpReader::State::kDone) << stream;
      EXPECT_EQ(body, "hello world");
      EXPECT_EQ(reader.status(), 200);
    }
  }
}

}  // namespace
}  // namespace lvslab::apps
