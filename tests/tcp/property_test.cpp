// Whatever the wire does to segments, the program reads the same bytes in order, or a clean error.
#include <gtest/gtest.h>

#include "tests/tcp/tcp_bench.h"

namespace lvslab::tcp {
namespace {

std::string text_of(std::size_t length, std::uint32_t salt) {
  std::string out(length, '\0');
  for (std::size_t i = 0; i < length; ++i) {
    out[i] = static_cast<char>(mix64(i * 7919 + salt) & 0xff);
  }
  return out;
}

/// A program that sends `text` as room allows, then closes its side; closes wholly at the peer's
/// FIN.
class Talker {
 public:
  explicit Talker(std::string text) : text_(std::move(text)) {}

  void operator()(Step& step, End& end, const SocketEvent& event) {
    switch (event.kind) {
      case SocketEventKind::kConnected:
      case SocketEventKind::kAccepted:
      case SocketEventKind::kWritable: push(step, end, event.socket); break;
      case SocketEventKind::kPeerClosed:
        if (done_) close(step, end.stack, end.ports(), event.socket);
        peer_done_ = true;
        break;
      default: break;
    }
  }

 private:
  void push(Step& step, End& end, SocketId socket) {
    while (at_ < text_.size()) {
      const std::string_view rest = std::string_view(text_).substr(at_);
      const std::size_t n = send(step, end.stack, end.ports(), socket,
                                 {reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()});
      if (n == 0) return;
      at_ += n;
    }
    if (done_) return;
    done_ = true;
    if (peer_done_) {
      close(step, end.stack, end.ports(), socket);
    } else {
      shutdown_write(step, end.stack, end.ports(), socket);
    }
  }

  std::string text_;
  std::size_t at_ = 0;
  bool done_ = false, peer_done_ = false;
};

struct Weather {
  std::uint64_t seed = 1;
  std::uint32_t loss_ppm = 0, duplicate_ppm = 0, reorder_ppm = 0;
  bool sack = true;
};

void PrintTo(const Weather& w, std::ostream* out) {
  *out << "seed " << w.seed << " loss " << w.loss_ppm << " dup " << w.duplicate_ppm << " reorder "
       << w.reorder_ppm << (w.sack ? "" : " without SACK");
}

class AnyWeather : public ::testing::TestWithParam<Weather> {};

TEST_P(AnyWeather, BothStreamsArriveWholeAndInOrder) {
  const Weather& weather = GetParam();
  TcpBench bench(weather.seed);
  if (!weather.sack) {
    ASSERT_EQ(sysctl_set(bench.server().stack, "net.ipv4.tcp_sack", "0"), Errno::kNone);
  }
  Prng dice(weather.seed * 77);
  bool all_right = true;
  bench.keep_seen = false;
  bench.fate = [&](const Seen& s) {
    all_right = all_right && s.checksum_ok;
    Fate fate;
    if (dice.chance_ppm(weather.loss_ppm))
      fate.copies = 0;
    else if (dice.chance_ppm(weather.duplicate_ppm))
      fate.copies = 2;
    fate.delay = dice.chance_ppm(weather.reorder_ppm) ? 9_ms : 2_ms;
    return fate;
  };
  const std::string up = text_of(30'000 + weather.seed * 1111, 1);
  const std::string down = text_of(300'000 + weather.seed * 12'345, 2);
  bench.client().program = Talker(up);
  bench.server().program = Talker(down);
  bench.listen(80);
  const SocketId socket = bench.connect(80);
  bench.run_for(1500_s);
  const SocketId peer = bench.server().accepted;
  EXPECT_TRUE(bench.client().received[socket.value] == down);
  EXPECT_TRUE(bench.server().received[peer.value] == up);
  EXPECT_TRUE(all_right) << "a checksum was wrong";
  EXPECT_EQ(bench.client().count(SocketEventKind::kError), 0U);
  EXPECT_TRUE(bench.client().states().empty() && bench.server().states().empty())
      << "nothing remains after TIME_WAIT";
  EXPECT_EQ(bench.world.frames.in_use(), 0U) << "a frame was leaked";
  EXPECT_EQ(bench.client().stack.tables[0].extensions.in_use(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Seeds, AnyWeather,
    ::testing::Values(Weather{1}, Weather{2, 10'000}, Weather{3, 50'000}, Weather{4, 100'000},
                      Weather{5, 0, 100'000}, Weather{6, 0, 0, 100'000},
                      Weather{7, 20'000, 20'000, 50'000}, Weather{8, 50'000, 50'000, 200'000},
                      Weather{9, 150'000, 50'000, 100'000}, Weather{10, 20'000, 0, 0, false},
                      Weather{11, 50'000, 50'000, 50'000, false}, Weather{12, 5'000, 5'000, 5'000},
                      Weather{13, 30'000}, Weather{14, 80'000, 1'000, 300'000}));

TEST(AnyWeatherTrace, SameSeedSameDigest) {
  const auto digest = [] {
    TcpBench bench(5);
    Prng dice(9);
    bench.fate = [&](const Seen&) { return Fate{.copies = dice.chance_ppm(50'000) ? 0 : 1}; };
    bench.client().program = Talker(text_of(20'000, 1));
    bench.server().program = Talker(text_of(60'000, 2));
    bench.listen(80);
    bench.connect(80);
    bench.run_for(100_s);
    return bench.trace.digest();
  };
  EXPECT_EQ(digest(), digest());
}

TEST(DeadWire, EndsInATimeoutAfterAQuarterOfAnHour) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  bench.send(0, socket, "hello");
  bench.run_for(900_s);
  EXPECT_EQ(bench.client().count(SocketEventKind::kError), 0U);
  bench.run_for(200_s);
  ASSERT_EQ(bench.client().count(SocketEventKind::kError), 1U);
  EXPECT_EQ(bench.client().heard.back().error, Errno::kTimedOut);
  EXPECT_TRUE(bench.client().states().empty());
}

}  // namespace
}  // namespace lvslab::tcp
