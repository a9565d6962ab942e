// What a web server answers, byte by byte, and when it lets go of a connection.
#include <gmock/gmock.h>

#include "sim/base/calendar.h"
#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kGet =
    "GET / HTTP/1.1\r\nHost: 192.168.80.150\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";

struct HttpdTest : testing::Test {
  HttpdTest() : host(Httpd{}) {
    host.files["/var/www/html/index.html"] = "node02\n";
    host.run();
  }
  std::string answer_to(std::string_view request) {
    const std::uint32_t socket = host.accept();
    host.data(socket, request);
    return host.sockets[socket].sent;
  }
  Httpd& httpd() { return std::get<Httpd>(host.app); }
  FakeIo host;
};

TEST_F(HttpdTest, ListensOnPort80OfEveryAddress) {
  ASSERT_EQ(host.sockets.size(), 1U);
  EXPECT_EQ(host.sockets[0].local, (Endpoint{{}, 80}));
}

TEST_F(HttpdTest, AnswersAsApacheWithTheDateOfSimulatedTime) {
  EXPECT_EQ(answer_to(kGet),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 08:00:00 GMT\r\n"
            "Server: Apache/2.4.6 (CentOS)\r\nContent-Length: 7\r\n"
            "Content-Type: text/html; charset=UTF-8\r\n\r\nnode02\n");
  host.advance(61_s);
  EXPECT_THAT(answer_to(kGet), HasSubstr("Date: Thu, 01 Jan 2026 08:01:01 GMT\r\n"));
}

TEST_F(HttpdTest, SeesAFileThatWasChangedBetweenTwoRequests) {
  const std::uint32_t socket = host.accept();
  host.data(socket, kGet);
  host.files["/var/www/html/index.html"] = "changed\n";
  host.data(socket, kGet);
  EXPECT_THAT(host.sockets[socket].sent, EndsWith("\r\n\r\nchanged\n"));
}

TEST_F(HttpdTest, ClosesFirstAfterAnHttp10Request) {
  const std::uint32_t socket = host.accept();
  host.data(socket, "GET / HTTP/1.0\r\nHost: x\r\nUser-Agent: ApacheBench/2.3\r\n\r\n");
  EXPECT_THAT(host.sockets[socket].sent, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(host.sockets[socket].shut);
  EXPECT_FALSE(host.sockets[socket].closed) << "it lingers until the client is done, too";
  host.event(SocketEventKind::kPeerClosed, socket);
  EXPECT_TRUE(host.sockets[socket].closed);
  EXPECT_EQ(httpd().connections(), 0U);
}

TEST_F(HttpdTest, KeepsAnHttp10ConnectionWhenAskedTo) {
  const std::string answer = answer_to("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  EXPECT_THAT(answer,
              HasSubstr("\r\nKeep-Alive: timeout=5, max=100\r\nConnection: Keep-Alive\r\n"));
}

TEST_F(HttpdTest, LetsAnIdleConnectionGoAfterFiveSeconds) {
  const std::uint32_t socket = host.accept();
  host.data(socket, kGet);
  host.advance(4'999_ms);
  EXPECT_FALSE(host.sockets[socket].shut);
  host.advance(1_ms);
  EXPECT_TRUE(host.sockets[socket].shut);
  host.advance(2_s);
  EXPECT_TRUE(host.sockets[socket].closed) << "lingering ends after two seconds";
  EXPECT_EQ(httpd().connections(), 0U);
}

TEST_F(HttpdTest, LetsASilentClientGoAfterTwentySeconds) {
  const std::uint32_t silent = host.accept();
  const std::uint32_t half = host.accept();
  host.data(half, "GET / HT");
  host.advance(20_s);
  EXPECT_TRUE(host.sockets[silent].closed);
  EXPECT_EQ(host.sockets[silent].sent, "");
  EXPECT_THAT(host.sockets[half].sent, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(HttpdTest, AnswersPipelinedRequestsInOrder) {
  host.files["/var/www/html/a.txt"] = "A";
  host.files["/var/www/html/b.txt"] = "B";
  const std::string answer =
      answer_to("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_LT(answer.find("\r\n\r\nA"), answer.find("\r\n\r\nB"));
  EXPECT_EQ(httpd().requests, 2U);
}

TEST_F(HttpdTest, StreamsALargeFileAsTheSendBufferPermits) {
  const std::string large(1U << 20, 'x');
  host.files["/var/www/html/big"] = large;
  const std::uint32_t socket = host.accept();
  host.sockets[socket].room = 100'000;
  host.data(socket, "GET /big HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 12; ++i) {
    host.sockets[socket].room = 100'000;
    host.event(SocketEventKind::kWritable, socket);
  }
  EXPECT_THAT(host.sockets[socket].sent, HasSubstr("Content-Length: 1048576\r\n"));
  EXPECT_THAT(host.sockets[socket].sent, HasSubstr(large));
  EXPECT_THAT(host.sockets[socket].sent, EndsWith("node02\n"))
      << "the second answer waits its turn";
}

TEST_F(HttpdTest, HeadHasTheLengthButNoBody) {
  const std::string answer = answer_to("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpdTest, IgnoresTheBodyOfAPost) {
  const std::string answer = answer_to(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /GET / HTTP/1.1\r\nHost: "
      "x\r\n\r\n");
  EXPECT_EQ(httpd().requests, 2U);
  EXPECT_THAT(answer, Not(HasSubstr("400")));
}

TEST_F(HttpdTest, ShowsTheTestPageWhileThereIsNoIndex) {
  host.files.clear();
  EXPECT_THAT(answer_to(kGet), StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_THAT(answer_to("GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"),
              HasSubstr("<p>The requested URL /nope was not found on this server.</p>"));
}

struct Refusal {
  std::string request, status;
};

TEST_F(HttpdTest, RefusesWhatItCannotUnderstandAndCloses) {
  const std::vector<Refusal> refusals{
      {"nonsense\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported"},
      {"GET /" + std::string(9'000, 'a'), "414 Request-URI Too Long"},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(9'000, 'a') + "\r\n\r\n",
       "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "501 Not Implemented"},
  };
  for (const Refusal& refusal : refusals) {
    const std::string answer = answer_to(refusal.request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + refusal.status)) << refusal.request.substr(0, 40);
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_TRUE(host.sockets.back().shut);
  }
  EXPECT_THAT(answer_to("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(answer_to("GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpdTest, AnswersTheSameHoweverTheBytesAreCut) {
  std::string stream;
  for (int i = 0; i < 5; ++i) {
    stream += kGet;
    stream += "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  }
  const std::string whole = answer_to(stream);
  Prng random(42);
  for (int round = 0; round < 200; ++round) {
    const std::uint32_t socket = host.accept();
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t take = std::min<std::size_t>(1 + random.below(60), stream.size() - at);
      host.data(socket, std::string_view(stream).substr(at, take));
      at += take;
    }
    ASSERT_EQ(host.sockets[socket].sent, whole) << "round " << round;
    host.event(SocketEventKind::kPeerClosed, socket);
  }
}

TEST_F(HttpdTest, SurvivesGarbageAndForgetsEveryConnection) {
  Prng random(7);
  for (int round = 0; round < 500; ++round) {
    const std::uint32_t socket = host.accept();
    for (int piece = 0; piece < 4; ++piece) {
      std::string garbage;
      for (std::uint32_t i = random.below(200); i > 0; --i) {
        garbage += random.chance_ppm(100'000) ? "\r\n"[random.below(2)]
                                              : static_cast<char>(random.below(256));
      }
      host.data(socket, garbage);
    }
    host.event(random.chance_ppm(500'000) ? SocketEventKind::kPeerClosed : SocketEventKind::kError,
               socket);
  }
  EXPECT_EQ(httpd().connections(), 0U);
}

TEST_F(HttpdTest, AnIdleConnectionCosts32Bytes) {
  for (int i = 0; i < 4'096; ++i) host.data(host.accept(), kGet);
  EXPECT_LE(httpd().memory_bytes(), 4'096U * 32 + 4'096);
}

TEST(Httpd, SaysWhyItCannotStart) {
  FakeIo host{Httpd{}};
  host.refuse = Errno::kAddrInUse;
  host.run();
  EXPECT_THAT(host.err, StartsWith("(98)Address already in use: AH00072: make_sock: could not bind "
                                   "to address 0.0.0.0:80\n"));
  EXPECT_EQ(host.status, 1);
}

TEST(Calendar, KnowsTheDayOfTheWeekAndLeapYears) {
  const CivilTime start = civil_time({});
  EXPECT_EQ(start.weekday_name(), "Thu");
  EXPECT_EQ(start.year, 2026);
  EXPECT_EQ(start.hour, 8);
  const CivilTime leap = civil_time(SimTime{} + 86'400_s * 789);  // 29 February 2028
  EXPECT_EQ(leap.month, 2);
  EXPECT_EQ(leap.day, 29);
  EXPECT_EQ(leap.weekday_name(), "Tue");
}

}  // namespace
}  // namespace lvslab::apps
