// SCTP services: which packets begin an entry, every state against those of Linux 6.1, what NAT
// does to a packet, and what backups are told.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "sim/base/state_names.h"
#include "sim/ipvs/packet_fields.h"
#include "sim/wire/sctp.h"
#include "test_paths.h"
#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

using State = std::pair<IpvsConnState, std::int64_t>;
using enum IpvsConnState;
using Type = SctpChunkType;

constexpr ServiceKey kCall{.protocol = 132, .addr = kVip, .port = 9000};
constexpr Endpoint kCaller{kClient, 40'000}, kCalled{kVip, 9000}, kCallServer{k202, 9001};

std::vector<std::uint8_t> one_chunk(Type type, std::size_t value = 16) {
  return sctp_chunk(type, 0, std::vector<std::uint8_t>(value));
}

/// A director with one server.
struct CallBench : DirectorBench {
  explicit CallBench(IpvsForward forward, const ServiceOptions& options = {}) {
    service(options, kCall);
    add({.addr = kCallServer.addr, .port = kCallServer.port, .forward = forward}, kCall);
  }
  Verdict from_client(const std::vector<std::uint8_t>& chunks, Endpoint client = kCaller) {
    return in(sctp_packet({{}, {}, client.addr, kVip}, {client.port, kCalled.port, 1}, chunks));
  }
  void from_server(const std::vector<std::uint8_t>& chunks, Endpoint from = kCallServer) {
    pass_back(sctp_packet({{}, {}, from.addr, kClient}, {from.port, kCaller.port, 1}, chunks));
  }
  State now() { return state(kCaller.port); }
};

struct RecordedStep {
  std::string who, from, event, to;
};

std::vector<RecordedStep> recorded_steps() {
  std::ifstream in(std::string(LVSLAB_SOURCE_DIR) + "/tests/ipvs/golden/sctp_states.txt");
  std::vector<RecordedStep> all;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    RecordedStep& r = all.emplace_back();
    words >> r.who >> r.from >> r.event >> r.to;
  }
  return all;
}

IpvsConnState state_called(const std::string& name) {
  for (const IpvsConnState state : kSctpStates) {
    if (name_of(state) == name) return state;
  }
  ADD_FAILURE() << "no state " << name;
  return kNone;
}

TEST(SctpStates, AreThoseOfTheKernelForEveryChunk) {
  const std::map<std::string, ConnDirection> directions{{"client", ConnDirection::kInput},
                                                        {"server", ConnDirection::kOutput},
                                                        {"client-only", ConnDirection::kInputOnly}};
  const std::map<std::string, SctpEvent> events{{"data", SctpEvent::kData},
                                                {"init", SctpEvent::kInit},
                                                {"init-ack", SctpEvent::kInitAck},
                                                {"cookie-echo", SctpEvent::kCookieEcho},
                                                {"cookie-ack", SctpEvent::kCookieAck},
                                                {"shutdown", SctpEvent::kShutdown},
                                                {"shutdown-ack", SctpEvent::kShutdownAck},
                                                {"shutdown-complete", SctpEvent::kShutdownComplete},
                                                {"error", SctpEvent::kError},
                                                {"abort", SctpEvent::kAbort}};
  const std::vector<RecordedStep> all = recorded_steps();
  EXPECT_EQ(all.size(), 338U);
  for (const RecordedStep& r : all) {
    EXPECT_EQ(
        name_of(next_sctp_state(state_called(r.from), directions.at(r.who), events.at(r.event))),
        r.to)
        << r.who << " sends " << r.event << " in " << r.from;
  }
}

TEST(SctpStates, ChunksThatAreNoStepCountAsData) {
  for (const int type : {0, 3, 4, 5, 12, 13, 15, 64, 192, 255}) {
    const auto sign = read_sctp_sign(
        Bytes(sctp_packet({}, {1, 2, 3}, one_chunk(Type{static_cast<std::uint8_t>(type)})))
            .subspan(EthernetRepr::kLength + Ipv4Repr::kLength));
    ASSERT_TRUE(sign);
    EXPECT_EQ(sign->event, SctpEvent::kData) << type;
  }
}

TEST(SctpStates, AnAbortBehindACookieCountsAsOne) {
  CallBench bench(IpvsForward::kMasq);
  bench.from_client(one_chunk(Type::kInit));
  bench.from_server(one_chunk(Type::kInitAck));
  std::vector<std::uint8_t> both = one_chunk(Type::kCookieEcho, 5);  // padded to 8
  const std::vector<std::uint8_t> abort = one_chunk(Type::kAbort, 0);
  both.insert(both.end(), abort.begin(), abort.end());
  bench.from_client(both);
  EXPECT_EQ(bench.now(), State(kSctpClosed, 61));
}

// As listed by ipvsadm -lnc while ncat --sctp talked through a director.
TEST(SctpEntry, FollowsAnAssociationThroughNat) {
  CallBench bench(IpvsForward::kMasq);
  bench.from_client(one_chunk(Type::kInit));
  EXPECT_EQ(bench.now(), State(kSctpInit1, 4));
  bench.from_server(one_chunk(Type::kInitAck));
  EXPECT_EQ(bench.now(), State(kSctpCookieSent, 61));
  bench.from_client(one_chunk(Type::kCookieEcho));
  EXPECT_EQ(bench.now(), State(kSctpCookieReplied, 61));
  EXPECT_EQ(bench.dest(k202).active, 0U);
  bench.from_server(one_chunk(Type::kCookieAck));
  EXPECT_EQ(bench.now(), State(kEstablished, 900));
  EXPECT_EQ(bench.dest(k202).active, 1U);
  bench.from_server(one_chunk(Type::kShutdown));
  EXPECT_EQ(bench.now(), State(kSctpShutdownSent, 61));
  EXPECT_EQ(bench.dest(k202).inactive, 1U);
  bench.from_client(one_chunk(Type::kShutdownAck));
  bench.from_server(one_chunk(Type::kShutdownComplete));
  EXPECT_EQ(bench.now(), State(kSctpClosed, 61));
}

TEST(SctpEntry, SeesTheClientAloneWithDirectRouting) {
  CallBench bench(IpvsForward::kRoute);
  EXPECT_EQ(bench.from_client(one_chunk(Type::kInit)).kind, VerdictKind::kDirectRoute);
  bench.from_client(one_chunk(Type::kCookieEcho));
  EXPECT_EQ(bench.now(), State(kEstablished, 900));
  bench.from_client(one_chunk(Type::kShutdownAck));
  EXPECT_EQ(bench.now(), State(kSctpClosed, 61));
}

TEST(SctpSchedule, OnlyAnInitBeginsAnEntry) {
  CallBench bench(IpvsForward::kMasq);
  EXPECT_EQ(bench.from_client(one_chunk(Type::kData)).kind, VerdictKind::kAccept);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsNotInit);
  EXPECT_FALSE(bench.conn(kCaller.port));
  EXPECT_EQ(bench.from_client(one_chunk(Type::kInit)).kind, VerdictKind::kMasquerade);
}

TEST(SctpSchedule, SloppyTakesAnythingButAnAbort) {
  CallBench bench(IpvsForward::kMasq);
  bench.director.sysctls().sloppy_sctp = 1;
  EXPECT_EQ(bench.from_client(one_chunk(Type::kAbort)).kind, VerdictKind::kAccept);
  EXPECT_EQ(bench.from_client(one_chunk(Type::kData)).kind, VerdictKind::kMasquerade);
  EXPECT_EQ(bench.now(), State(kEstablished, 900));
}

TEST(SctpSchedule, APacketWithoutAChunkIsDropped) {
  CallBench bench(IpvsForward::kMasq);
  EXPECT_EQ(bench.from_client({}).kind, VerdictKind::kDrop);
  EXPECT_EQ(bench.from_client({1, 0, 0}).kind, VerdictKind::kDrop);
}

TEST(SctpSchedule, AnInitTakesThePlaceOfAClosedEntry) {
  for (const int mode : {1, 0}) {
    CallBench bench(IpvsForward::kMasq);
    bench.director.sysctls().conn_reuse_mode = mode;
    bench.from_client(one_chunk(Type::kInit));
    bench.from_client(one_chunk(Type::kAbort));
    EXPECT_EQ(bench.now(), State(kSctpClosed, 61));
    bench.from_client(one_chunk(Type::kInit));
    EXPECT_EQ(bench.now().first, mode == 1 ? kSctpInit1 : kSctpInit);
  }
}

TEST(SctpSchedule, AConnectionOfATemplateIsNotReused) {
  CallBench bench(IpvsForward::kMasq, {.persistent = true, .timeout_s = 60});
  bench.from_client(one_chunk(Type::kInit));
  bench.from_client(one_chunk(Type::kAbort));
  bench.from_client(one_chunk(Type::kInit));
  EXPECT_EQ(bench.now().first, kSctpInit);
}

TEST(SctpTemplate, IsAssuredOnceTheClientGotThrough) {
  CallBench bench(IpvsForward::kMasq, {.persistent = true, .timeout_s = 60});
  const auto template_state = [&bench] { return bench.state(0).first; };
  bench.from_client(one_chunk(Type::kInit));
  EXPECT_NE(template_state(), kAssured);
  bench.from_server(one_chunk(Type::kInitAck));
  bench.from_client(one_chunk(Type::kCookieEcho));
  bench.from_server(one_chunk(Type::kCookieAck));
  EXPECT_EQ(template_state(), kAssured);
}

TEST(SctpNat, AnswersGetThePortBackAndANewChecksum) {
  CallBench bench(IpvsForward::kMasq);
  const Verdict verdict = bench.from_client(one_chunk(Type::kInit));
  EXPECT_EQ(verdict.next, k202);
  EXPECT_EQ(verdict.port, kCallServer.port);
  bench.from_server(one_chunk(Type::kInitAck));
  const Bytes sctp = Bytes(bench.passed).subspan(Ipv4Repr::kLength);
  EXPECT_EQ(load_be16(sctp.data()), kCalled.port);
  EXPECT_TRUE(sctp_checksum_ok(sctp));
}

TEST(SctpNat, AStrangersAnswerIsRefusedIfToldSoButNotAnAbort) {
  CallBench bench(IpvsForward::kMasq);
  bench.director.sysctls().nat_icmp_send = 1;
  bench.from_server(one_chunk(Type::kData));
  EXPECT_EQ(bench.last_answer, AnswerVerdict::kPortUnreachable);
  bench.from_server(one_chunk(Type::kAbort));
  EXPECT_EQ(bench.last_answer, AnswerVerdict::kPass);
}

TEST(SctpSync, StatesHaveTheKernelsNumbers) {
  Conn conn;
  conn.protocol = 132;
  for (std::size_t number = 0; number < kSctpStates.size(); ++number) {
    conn.state = kSctpStates[number];
    EXPECT_EQ(sync_entry(conn).state, number);
  }
}

TEST(SctpSync, BackupsHearOfTheEndAtOnce) {
  for (const IpvsConnState state : kSctpStates) {
    Conn conn;
    conn.protocol = 132;
    conn.state = state;
    const bool told = state == kSctpShutdownSent || state == kSctpShutdownReceived ||
                      state == kSctpShutdownAckSent || state == kSctpClosed;
    EXPECT_EQ(sync_needed(conn, {}, 1, false, SimTime{}), told) << name_of(state);
  }
}

}  // namespace
}  // namespace lvslab::ipvs::test
