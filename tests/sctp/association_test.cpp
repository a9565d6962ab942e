// Two SCTP stacks on a wire: what they send, and when, as observed on Linux 6.1.176 with
// ncat --sctp (times without the lateness of its timer wheel).
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/sctp/stack.h"

namespace lvslab::sctp {
namespace {

using namespace lvslab::literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Type = SctpChunkType;
using Kind = SocketEventKind;

constexpr Endpoint kHere{{0x0a000001}, 0}, kThere{{0x0a000002}, 9000};
constexpr SimDuration kOneWay = 1_ms;

struct Packed {
  SimTime at;
  int from = 0;
  std::uint16_t ip_id = 0;
  std::vector<std::uint8_t> bytes;  ///< from the common header on
  std::vector<std::string> chunks;
  bool lost = false;
};

/// One host of the wire.
class Side final : public IpOutput, public SocketEvents {
 public:
  using Send = std::function<void(const IpSend&, FrameRef)>;
  Side(Ipv4Addr addr, Send send) : addr_(addr), send_(std::move(send)) { stack.secret = addr.bits; }
  std::expected<RouteAnswer, Errno> route(Step&, const IpSend& want) override {
    if (no_route) return std::unexpected(Errno::kNetUnreach);
    return RouteAnswer{.src = want.src.is_any() ? addr_ : want.src};
  }
  Errno send(Step&, const IpSend& how, FrameRef segment) override {
    send_(how, segment);
    return Errno::kNone;
  }
  void confirm(Step&, Ipv4Addr) override { ++confirmed; }
  bool is_local(Ipv4Addr addr) const override { return addr == addr_; }
  std::vector<Ipv4Addr> addresses() const override { return {addr_}; }
  void on_socket(Step& step, AppId, const SocketEvent& event) override {
    heard.push_back(event.kind);
    if (event.kind == Kind::kError) error = event.error;
    if (event.kind == Kind::kAccepted) accepted = event.socket;
    if (event.kind == Kind::kData) text.append(event.data.begin(), event.data.end());
    if (program) program(step, event);
  }
  Ports ports() { return {*this, *this}; }

  Stack stack;
  TimerQueue timers;
  std::function<void(Step&, const SocketEvent&)> program;
  std::vector<Kind> heard;
  std::string text;
  Errno error = Errno::kNone;
  SocketId accepted;
  bool no_route = false;
  int confirmed = 0;

 private:
  Ipv4Addr addr_;
  Send send_;
};

class Wire : public testing::Test {
 protected:
  static constexpr AppId kApp{3};

  Wire() {
    for (int i : {0, 1}) {
      side_[i] = std::make_unique<Side>(
          i == 0 ? kHere.addr : kThere.addr,
          [this, i](const IpSend& how, FrameRef frame) { put(i, how, frame); });
    }
  }
  Side& client() { return *side_[0]; }
  Side& server() { return *side_[1]; }
  Step step(int i) { return {world, side_[i]->timers, nullptr, NodeId(0)}; }

  void listen() {
    Step s = step(1);
    ASSERT_TRUE(sctp::listen(s, server().stack, server().ports(), kApp, {{}, kThere.port}));
  }
  SocketId connect(std::uint16_t port = 40'000) {
    Step s = step(0);
    const auto socket =
        sctp::connect(s, client().stack, client().ports(), kApp, {{}, port}, kThere);
    EXPECT_TRUE(socket);
    return socket.value_or(SocketId{});
  }
  void send(int i, SocketId socket, std::string_view text) {
    Step s = step(i);
    EXPECT_TRUE(sctp::send(s, side_[i]->stack, side_[i]->ports(), socket,
                           {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  }
  void close(int i, SocketId socket) {
    Step s = step(i);
    sctp::close(s, side_[i]->stack, side_[i]->ports(), socket);
  }

  void run_for(SimDuration time) {
    const SimTime until = world.now + time;
    for (;;) {
      SimTime next = std::min(client().timers.next(), server().timers.next());
      if (!wire_.empty()) next = std::min(next, wire_.begin()->first);
      if (next > until) break;
      world.now = std::max(world.now, next);
      if (!wire_.empty() && wire_.begin()->first <= world.now) {
        arrive();
      } else {
        const int i = client().timers.next() <= world.now ? 0 : 1;
        const TimerEntry due = side_[i]->timers.pop();
        Step s = step(i);
        on_timer(s, side_[i]->stack, side_[i]->ports(), due.id);
      }
    }
    world.now = until;
  }

  /// "0.003 > COOKIE ECHO": time, who sent it, and what.
  std::vector<std::string> story() const {
    std::vector<std::string> lines;
    for (const Packed& packet : seen) {
      std::string line =
          std::to_string(packet.at.ns / 1'000'000) + (packet.from == 0 ? " >" : " <");
      for (const std::string& chunk : packet.chunks) line += " " + chunk;
      lines.push_back(line);
    }
    return lines;
  }
  /// Raw chunks of somebody who claims to be the client.
  void inject(std::uint32_t tag, const std::vector<std::uint8_t>& chunks) {
    std::vector<std::uint8_t> bytes(SctpRepr::kLength + chunks.size());
    std::ranges::copy(chunks, bytes.begin() + SctpRepr::kLength);
    SctpRepr{40'000, kThere.port, tag}.emit(bytes);
    deliver(0, bytes);
  }
  static std::vector<std::uint8_t> bare(Type type) {
    return {static_cast<std::uint8_t>(type), 0, 0, 4};
  }

  World world;
  std::vector<Packed> seen;
  std::function<bool(const Packed&)> loses = [](const Packed&) { return false; };

 private:
  void put(int from, const IpSend& how, FrameRef frame) {
    const Bytes bytes = world.frames.bytes(frame);
    EXPECT_TRUE(sctp_checksum_ok(bytes));
    EXPECT_EQ(how.tos, 2);
    Packed packet{.at = world.now, .from = from, .ip_id = how.id};
    packet.bytes.assign(bytes.begin(), bytes.end());
    Bytes rest = bytes.subspan(SctpRepr::kLength);
    while (const auto chunk = take_sctp_chunk(rest)) {
      packet.chunks.emplace_back(name_of(chunk->type));
    }
    world.frames.release(frame);
    packet.lost = loses(packet);
    if (!packet.lost) wire_.emplace(world.now + kOneWay, std::pair(from, packet.bytes));
    seen.push_back(std::move(packet));
  }
  void arrive() {
    const auto [from, bytes] = wire_.begin()->second;
    wire_.erase(wire_.begin());
    deliver(from, bytes);
  }
  void deliver(int from, const std::vector<std::uint8_t>& bytes) {
    Packet packet;
    packet.frame = world.frames.allocate(Ipv4Repr::kLength + bytes.size());
    std::ranges::copy(bytes, world.frames.writable(packet.frame).begin() + Ipv4Repr::kLength);
    packet.ip.src = from == 0 ? kHere.addr : kThere.addr;
    packet.ip.dst = from == 0 ? kThere.addr : kHere.addr;
    packet.ip.protocol = IpProto::kSctp;
    packet.ip.payload_length = static_cast<std::uint16_t>(bytes.size());
    const int to = 1 - from;
    Step s = step(to);
    receive(s, side_[to]->stack, side_[to]->ports(), packet);
    EXPECT_EQ(world.frames.in_use(), 0U);
  }

  std::unique_ptr<Side> side_[2];
  std::multimap<SimTime, std::pair<int, std::vector<std::uint8_t>>> wire_;
};

/// The server says a few words to whoever comes, and ends it.
class Greeter : public Wire {
 protected:
  Greeter() {
    server().program = [this](Step& s, const SocketEvent& event) {
      if (event.kind != Kind::kAccepted) return;
      const std::array<std::uint8_t, 4> words{'r', 's', '1', '\n'};
      sctp::send(s, server().stack, server().ports(), event.socket, words);
      sctp::close(s, server().stack, server().ports(), event.socket);
    };
    listen();
  }
};

TEST_F(Greeter, TalksAsLinuxDoes) {
  connect();
  run_for(10_s);
  EXPECT_THAT(story(), ElementsAre("0 > INIT", "1 < INIT ACK", "2 > COOKIE ECHO", "3 < COOKIE ACK",
                                   "3 < DATA", "4 > SACK", "5 < SHUTDOWN", "6 > SHUTDOWN ACK",
                                   "7 < SHUTDOWN COMPLETE"));
  EXPECT_THAT(client().heard, ElementsAre(Kind::kConnected, Kind::kData, Kind::kPeerClosed));
  EXPECT_EQ(client().text, "rs1\n");
}

TEST_F(Greeter, PacketsHaveTheSizesOfLinux) {
  connect();
  run_for(1_s);
  std::vector<std::size_t> sizes;
  for (const Packed& packet : seen) sizes.push_back(packet.bytes.size() + 34);
  EXPECT_THAT(sizes, ElementsAre(82, 306, 278, 50, 66, 62, 54, 50, 50));
}

// The first DATA is confirmed at once, with what has not been read yet missing from the window.
TEST_F(Greeter, FirstSackTellsOfUnreadBytes) {
  connect();
  run_for(1_s);
  const auto sack = std::ranges::find(seen, std::vector<std::string>{"SACK"}, &Packed::chunks);
  ASSERT_NE(sack, seen.end());
  const auto repr = SctpSack::parse(Bytes(sack->bytes).subspan(16));
  EXPECT_EQ(repr->window, 106'496U - 4U);
}

// The client numbers its packets from the first, the server only what its own socket sends.
TEST_F(Greeter, CountsIdentificationsAsTheSocketsOfLinux) {
  connect();
  run_for(1_s);
  EXPECT_EQ(seen[0].ip_id, 0);
  EXPECT_EQ(seen[1].ip_id, 0);
  EXPECT_EQ(seen[2].ip_id, 1);
  EXPECT_EQ(seen[3].ip_id, 0);
  EXPECT_EQ(static_cast<std::uint16_t>(seen[6].ip_id - seen[4].ip_id), 1);
}

TEST_F(Greeter, DataThatMeetsAShutdownIsConfirmedInOnePacket) {
  client().program = [this](Step& s, const SocketEvent& event) {
    if (event.kind == Kind::kConnected) {
      sctp::close(s, client().stack, client().ports(), event.socket);
    }
  };
  connect();
  run_for(1_s);
  EXPECT_THAT(story(), ElementsAre("0 > INIT", "1 < INIT ACK", "2 > COOKIE ECHO", "3 < COOKIE ACK",
                                   "3 < DATA", "4 > SHUTDOWN", "4 > SHUTDOWN SACK",
                                   "5 < SHUTDOWN ACK", "6 > SHUTDOWN COMPLETE"));
}

TEST_F(Wire, NobodyListensIsAnAbortAndConnectionRefused) {
  connect();
  run_for(1_s);
  EXPECT_THAT(story(), ElementsAre("0 > INIT", "1 < ABORT"));
  EXPECT_EQ(client().error, Errno::kConnRefused);
}

TEST_F(Wire, InitsAreRepeatedEightTimes) {
  loses = [](const Packed&) { return true; };
  connect();
  run_for(1'000_s);
  EXPECT_THAT(story(),
              ElementsAre("0 > INIT", "3000 > INIT", "9000 > INIT", "21000 > INIT", "45000 > INIT",
                          "93000 > INIT", "153000 > INIT", "213000 > INIT", "273000 > INIT"));
  EXPECT_EQ(client().error, Errno::kTimedOut);
}

TEST_F(Wire, WithoutARouteItTriesToo) {
  client().no_route = true;
  connect();
  run_for(1'000_s);
  EXPECT_EQ(client().error, Errno::kTimedOut);
}

TEST_F(Wire, ALostCookieAckIsAnsweredAgain) {
  listen();
  int acks = 0;
  loses = [&](const Packed& p) { return p.chunks.front() == "COOKIE ACK" && ++acks == 1; };
  connect();
  run_for(10_s);
  EXPECT_THAT(story(), ElementsAre("0 > INIT", "1 < INIT ACK", "2 > COOKIE ECHO", "3 < COOKIE ACK",
                                   "3002 > COOKIE ECHO", "3003 < COOKIE ACK"));
  EXPECT_THAT(client().heard, ElementsAre(Kind::kConnected));
  EXPECT_THAT(server().heard, ElementsAre(Kind::kAccepted));
}

/// An association that is up, the first story of it forgotten.
class Associated : public Wire {
 protected:
  Associated() {
    listen();
    socket = connect();
    run_for(100_ms);
    seen.clear();
  }
  SocketId socket;
};

TEST_F(Associated, EverySecondPacketIsConfirmedAtOnceAndOthersAfter200Ms) {
  send(0, socket, "one");
  run_for(900_ms);
  send(0, socket, "two");
  run_for(1_s);
  send(0, socket, "three");
  run_for(50_ms);
  send(0, socket, "four");  // Nagle: it waits for the SACK
  run_for(1_s);
  EXPECT_THAT(story(), ElementsAre("100 > DATA", "101 < SACK", "1000 > DATA", "1201 < SACK",
                                   "2000 > DATA", "2201 < SACK", "2202 > DATA", "2403 < SACK"));
  EXPECT_EQ(server().text, "onetwothreefour");
}

TEST_F(Associated, ASackThatWaitsTravelsWithData) {
  send(0, socket, "one");
  run_for(900_ms);
  send(0, socket, "two");
  run_for(100_ms);
  send(1, server().accepted, "answer");
  run_for(100_ms);
  EXPECT_EQ(story()[3], "1100 < SACK DATA");
}

TEST_F(Associated, LongMessagesAreCutAndPutTogether) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += static_cast<char>('a' + i % 26);
  send(0, socket, text);
  run_for(5_s);
  EXPECT_EQ(server().text, text);
  EXPECT_EQ(server().heard.back(), Kind::kData);
  EXPECT_EQ(seen[0].bytes.size(), 1'480U);
  EXPECT_EQ(seen[3].at, seen[0].at);  // four packets fit the first window
  EXPECT_GT(seen[4].at, seen[0].at);
}

TEST_F(Associated, LostDataIsSentAgainAndOthersHeldBack) {
  int packets = 0;
  loses = [&](const Packed& p) { return p.chunks.front() == "DATA" && ++packets == 2; };
  send(0, socket, std::string(6'000, 'x'));
  run_for(10_s);
  EXPECT_EQ(server().text.size(), 6'000U);
}

TEST_F(Associated, ThreeReportsBringALostPacketBackBeforeItsTime) {
  int packets = 0;
  loses = [&](const Packed& p) { return p.chunks.front() == "DATA" && ++packets == 5; };
  send(0, socket, std::string(60'000, 'x'));
  run_for(500_ms);
  EXPECT_EQ(server().text.size(), 60'000U);
}

TEST_F(Associated, ADeadPeerIsGivenUpAfterTenRetransmissions) {
  loses = [](const Packed&) { return true; };
  send(0, socket, "hello");
  run_for(1'000_s);
  EXPECT_EQ(client().error, Errno::kTimedOut);
  std::vector<std::string> kinds;
  for (const Packed& packet : seen) {
    if (packet.from == 0) kinds.push_back(packet.chunks.front());
  }
  EXPECT_EQ(kinds.back(), "ABORT");
  EXPECT_GE(std::ranges::count(kinds, "DATA"), 5);
}

TEST_F(Associated, AbortEndsItForTheOther) {
  inject(0xdead'beef, bare(Type::kAbort));
  EXPECT_THAT(server().heard, ElementsAre(Kind::kAccepted));  // not with that tag
  server().stack = {};                                        // it has rebooted
  seen.clear();
  send(0, socket, "hello?");
  run_for(1_s);
  EXPECT_THAT(story(), ElementsAre("100 > DATA", "101 < ABORT"));
  EXPECT_EQ(client().error, Errno::kConnReset);
}

TEST_F(Associated, SilenceIsBrokenByHeartbeats) {
  run_for(36_s);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen[0].chunks, std::vector<std::string>{"HEARTBEAT"});
  EXPECT_EQ(seen[0].bytes.size() + 34, 106U);
  EXPECT_EQ(seen[1].chunks, std::vector<std::string>{"HEARTBEAT ACK"});
  EXPECT_GE(seen[0].at.ns, 31'500'000'000);
  EXPECT_LE(seen[0].at.ns, 34'600'000'000);
}

TEST_F(Associated, BothSidesMayEndItAtOnce) {
  close(0, socket);
  close(1, server().accepted);
  run_for(10_s);
  EXPECT_THAT(story(), ElementsAre("100 > SHUTDOWN", "100 < SHUTDOWN", "101 < SHUTDOWN ACK",
                                   "101 > SHUTDOWN ACK", "102 > SHUTDOWN COMPLETE",
                                   "102 < SHUTDOWN COMPLETE"));
}

TEST_F(Associated, ALostShutdownIsRepeated) {
  int packets = 0;
  loses = [&](const Packed&) { return ++packets <= 2; };
  close(0, socket);
  run_for(60_s);
  EXPECT_THAT(story(), ElementsAre("100 > SHUTDOWN", "3100 > SHUTDOWN", "9100 > SHUTDOWN",
                                   "9101 < SHUTDOWN ACK", "9102 > SHUTDOWN COMPLETE"));
}

TEST_F(Wire, WhatComesOutOfTheBlueIsAnsweredByItsKind) {
  listen();
  const auto answer_to = [this](Type type) {
    seen.clear();
    inject(77, bare(type));
    return seen.empty() ? std::string("nothing") : seen.front().chunks.front();
  };
  EXPECT_EQ(answer_to(Type::kSack), "ABORT");
  EXPECT_EQ(answer_to(Type::kHeartbeat), "ABORT");
  EXPECT_EQ(answer_to(Type::kShutdownAck), "SHUTDOWN COMPLETE");
  EXPECT_EQ(load_be32(seen.front().bytes.data() + SctpRepr::kTagAt), 77U);  // reflected
  for (const Type silent :
       {Type::kAbort, Type::kShutdownComplete, Type::kCookieAck, Type::kInitAck}) {
    EXPECT_EQ(answer_to(silent), "nothing");
  }
}

TEST_F(Wire, AnInitAckThatNobodyAskedForIsAborted) {
  inject(77, bare(Type::kInitAck));
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().chunks.front(), "ABORT");
}

TEST_F(Wire, ALoopbackAddressSpeaksToNobodyElse) {
  Step s = step(0);
  const Ipv4Addr loopback{0x7f000001};
  Side alone(loopback, [](const IpSend&, FrameRef) { FAIL() << "nothing is sent"; });
  for (const Ipv4Addr local : {Ipv4Addr{}, loopback}) {
    const auto socket = sctp::connect(s, alone.stack, alone.ports(), kApp, {local, 0}, kThere);
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error(), Errno::kNetUnreach);
  }
}

TEST_F(Wire, AForgedOrOldCookieIsIgnored) {
  listen();
  std::vector<std::uint8_t> echo;
  loses = [&](const Packed& p) {
    if (p.chunks.front() == "COOKIE ECHO") echo = p.bytes;
    return p.chunks.front() == "COOKIE ECHO";
  };
  connect();
  run_for(1_s);
  ASSERT_FALSE(echo.empty());
  const std::uint32_t tag = load_be32(echo.data() + SctpRepr::kTagAt);
  std::vector<std::uint8_t> chunk(echo.begin() + SctpRepr::kLength, echo.end());
  chunk[30] ^= 1;
  inject(tag, chunk);
  EXPECT_THAT(server().heard, IsEmpty());
  chunk[30] ^= 1;
  run_for(61_s);
  inject(tag, chunk);
  EXPECT_THAT(server().heard, IsEmpty());
}

TEST_F(Wire, APortCanBeListenedOnOnce) {
  listen();
  Step s = step(1);
  const auto again = sctp::listen(s, server().stack, server().ports(), kApp, kThere);
  EXPECT_EQ(again.error(), Errno::kAddrInUse);
  const auto foreign = sctp::listen(s, server().stack, server().ports(), kApp, {kHere.addr, 1});
  EXPECT_EQ(foreign.error(), Errno::kAddrNotAvail);
}

TEST_F(Associated, AHeartbeatThatWasNeverSentIsNotTakenForARoundTrip) {
  const auto& there = server().stack.tables.front().sockets[1];
  const SimDuration rto = there.rto;
  for (const int first : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
    std::vector<std::uint8_t> ack = bare(Type::kHeartbeatAck);
    ack[3] = 60;
    ack.resize(60, static_cast<std::uint8_t>(first));  // the time, and all else
    inject(there.my_tag, ack);
    EXPECT_EQ(there.rto, rto) << first;
  }
}

TEST_F(Associated, AnyBytesAreSurvived) {
  Prng prng(5);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> bytes(prng.below(80));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(prng.below(16));
    if (bytes.size() >= 4 && prng.below(2) == 0) {
      bytes[2] = 0;
      bytes[3] = static_cast<std::uint8_t>(bytes.size());
    }
    inject(static_cast<std::uint32_t>(prng.below(3)), bytes);
    if (server().stack.tables.front().sockets.in_use() > 0) {
      inject(server().stack.tables.front().sockets[1].my_tag, bytes);
    }
  }
  run_for(10_s);
}

}  // namespace
}  // namespace lvslab::sctp
