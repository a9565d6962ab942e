// Frames that a kernel sends otherwise: dropped, added, reordered, changed, late.
#include <algorithm>
#include <map>

#include "tests/compare/bench.h"

namespace lvslab::compare {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = FrameDifference::Kind;

constexpr auto kSent = RecordKind::kFrameSent;
constexpr auto kReceived = RecordKind::kFrameReceived;
constexpr std::size_t kTtl = 22, kTcpWindow = 48, kArpSenderIp = 28;

/// One page fetched at 1 s.
class OnePage : public testing::Test {
 protected:
  scenario::Scenario scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: curl -s http://192.168.80.20/}
)");
  Recording sim = simulate(scenario);
  Tape tape{sim};
  Comparison compare_with_tape() const { return compare(scenario, sim, tape.wind()); }
};

TEST_F(OnePage, AgreesWithItself) {
  const Comparison comparison = compare_with_tape();
  EXPECT_TRUE(comparison.agrees());
  ASSERT_EQ(comparison.interfaces.size(), 2U);
  EXPECT_EQ(comparison.interfaces[0].name.to_string(), "client/eth0");
  EXPECT_GT(comparison.interfaces[0].agreed, 8U);
  EXPECT_EQ(comparison.lines_agreed, 3U);
  EXPECT_GT(comparison.rows_agreed, 10U);
}

TEST_F(OnePage, AgreesWithARunThatDrewOtherPortsAndNumbers) {
  scenario::Scenario other = scenario;
  other.seed = 77;
  const Comparison comparison = compare(scenario, sim, simulate(other, "kernel"));
  EXPECT_THAT(comparison.differences, IsEmpty());
}

TEST_F(OnePage, LacksAFrameThatTheKernelDidNotSend) {
  tape.pieces.erase(tape.pieces.begin() +
                    static_cast<std::ptrdiff_t>(tape.find("web", kSent, "tcp[13] == 0x12")));
  const FrameDifference frame = only_frame(compare_with_tape());
  EXPECT_EQ(frame.kind, Kind::kMissing);
  EXPECT_EQ(frame.conversation, "TCP 192.168.80.10:#1 > 192.168.80.20:80");
  EXPECT_TRUE(frame.out);
}

TEST_F(OnePage, FindsAFrameThatOnlyTheKernelSent) {
  const std::size_t syn = tape.find("client", kSent, "tcp[13] == 2");
  Piece again = tape.pieces[syn];
  again.record.at = again.record.at + SimDuration{400'000'000};
  tape.pieces.push_back(again);
  const FrameDifference frame = only_frame(compare_with_tape());
  EXPECT_EQ(frame.kind, Kind::kExtra);
  EXPECT_FALSE(frame.sim.valid());
}

TEST_F(OnePage, NamesTheFieldThatDiffers) {
  auto& bytes = tape.pieces[tape.find("web", kReceived, "tcp[13] == 2")].bytes;
  bytes[kTtl] = 63;
  mend_checksums(bytes);
  const Comparison comparison = compare_with_tape();
  const FrameDifference frame = only_frame(comparison);
  EXPECT_EQ(frame.kind, Kind::kField);
  ASSERT_THAT(field_names(frame), ElementsAre("IPv4 time to live"));
  EXPECT_EQ(frame.fields[0].sim, "64");
  EXPECT_EQ(frame.fields[0].real, "63");
  EXPECT_EQ(frame.fields[0].sim_offset, kTtl);
}

TEST_F(OnePage, TellsABrokenChecksumFromARightOne) {
  tape.pieces[tape.find("web", kReceived, "tcp[13] == 2")].bytes[kTtl] = 63;
  EXPECT_THAT(field_names(only_frame(compare_with_tape())),
              ElementsAre("IPv4 time to live", "IPv4 header checksum"));
}

TEST_F(OnePage, KeepsFieldDifferencesOfAllSegmentsApart) {
  auto& first = tape.pieces[tape.find("client", kSent, "tcp[13] == 2")].bytes;
  first[kTcpWindow] ^= 1;
  mend_checksums(first);
  auto& second = tape.pieces[tape.find("client", kSent, "tcp[13] == 0x11")].bytes;
  second[kTcpWindow] ^= 1;
  mend_checksums(second);
  const Comparison comparison = compare_with_tape();
  ASSERT_EQ(comparison.differences.size(), 2U);
  for (const Difference& one : comparison.differences) {
    EXPECT_THAT(field_names(std::get<FrameDifference>(one.what)), ElementsAre("TCP window"));
  }
}

TEST_F(OnePage, SeesPayloadThatDiffersByOneByte) {
  auto& bytes = tape.pieces[tape.find("web", kReceived, "tcp[13] == 0x18")].bytes;
  bytes.back() ^= 1;
  bytes[70] ^= 1;
  mend_checksums(bytes);
  EXPECT_THAT(field_names(only_frame(compare_with_tape())), ElementsAre("HTTP", "HTTP first line"));
}

TEST_F(OnePage, ComparesFirstSequenceNumbersNot) {
  // All of the client's numbers a thousand higher, and what the server confirms as well.
  for (Piece& piece : tape.pieces) {
    if (piece.bytes[12] != 8 || piece.bytes[13] != 0) continue;
    const bool from_client = piece.bytes[29] == 10;
    std::uint8_t* number = piece.bytes.data() + (from_client ? 38 : 42);
    store_be32(number, load_be32(number) + 1'000);
    mend_checksums(piece.bytes);
  }
  EXPECT_THAT(compare_with_tape().differences, IsEmpty());
}

TEST_F(OnePage, SeesASequenceNumberThatDoesNotFollow) {
  auto& bytes = tape.pieces[tape.find("client", kSent, "tcp[13] == 0x18")].bytes;
  store_be32(bytes.data() + 38, load_be32(bytes.data() + 38) + 1);
  mend_checksums(bytes);
  EXPECT_THAT(field_names(only_frame(compare_with_tape())), ElementsAre("TCP sequence number"));
}

TEST_F(OnePage, TellsAZeroIdFromACountingOne) {
  auto& bytes = tape.pieces[tape.find("web", kSent, "tcp[13] == 0x12")].bytes;
  ASSERT_EQ(load_be16(bytes.data() + 18), 0) << "Linux sends a SYN-ACK with DF and id 0";
  bytes[19] = 7;
  mend_checksums(bytes);
  EXPECT_THAT(field_names(only_frame(compare_with_tape())), ElementsAre("IPv4 identification"));
}

TEST_F(OnePage, TakesAZeroIdForOneOfACountThatPassesIt) {
  constexpr std::size_t kId = 18;
  const auto number_of = [](Piece& piece) { return piece.bytes.data() + kId; };
  Piece& syn = tape.pieces[tape.find("client", kSent, "tcp[13] == 2")];
  const std::uint16_t drawn = load_be16(number_of(syn));
  for (const int first : {0, 0xffff, 0xfffd}) {
    Tape other(sim);
    bool has_zero = false;
    for (Piece& piece : other.pieces) {
      if (piece.bytes[12] != 8 || piece.bytes[13] != 0 || piece.bytes[29] != 10) continue;
      const std::uint16_t id = load_be16(number_of(piece));
      store_be16(number_of(piece), static_cast<std::uint16_t>(id - drawn + first));
      has_zero = has_zero || load_be16(number_of(piece)) == 0;
      mend_checksums(piece.bytes);
    }
    EXPECT_TRUE(has_zero) << first;
    EXPECT_THAT(compare(scenario, sim, other.wind()).differences, IsEmpty()) << first;
  }
}

TEST_F(OnePage, MindsTheOrderInsideAConversation) {
  Piece& ack = tape.pieces[tape.find("web", kReceived, "tcp[13] == 0x10")];
  Piece& push = tape.pieces[tape.find("web", kReceived, "tcp[13] == 0x18")];
  std::swap(ack.bytes, push.bytes);
  EXPECT_EQ(only_frame(compare_with_tape()).kind, Kind::kReordered);
}

TEST_F(OnePage, MindsTheOrderOfCauseAndEffectBetweenConversations) {
  // The SYN leaves before the answer to the ARP question is there.
  const Piece& reply = tape.pieces[tape.find("client", kReceived, "arp[7] == 2")];
  Piece& syn = tape.pieces[tape.find("client", kSent, "tcp[13] == 2")];
  syn.record.at = reply.record.at - SimDuration{50'000};
  const FrameDifference frame = only_frame(compare_with_tape());
  EXPECT_EQ(frame.kind, Kind::kReordered);
  EXPECT_EQ(frame.conversation, "TCP 192.168.80.10:#1 > 192.168.80.20:80");
}

TEST_F(OnePage, MindsNoOrderOfWhatHasNothingToDoWithEachOther) {
  // The server's question for the client and the client's for the server are two exchanges.
  for (Piece& piece : tape.pieces) {
    piece.record.at = piece.record.at + SimDuration{piece.bytes[13] == 6 ? 30'000 : 60'000};
  }
  EXPECT_THAT(compare_with_tape().differences, IsEmpty());
}

TEST_F(OnePage, NamesTheSenderOfAnArpQuestionAsTheDifference) {
  auto& bytes = tape.pieces[tape.find("client", kSent, "arp[7] == 1")].bytes;
  bytes[kArpSenderIp + 3] = 11;
  const FrameDifference frame = only_frame(compare_with_tape());
  EXPECT_EQ(frame.kind, Kind::kField);
  EXPECT_THAT(field_names(frame), ElementsAre("ARP sender IP"));
}

/// Nobody answers: ARP retries, then SYNs that are sent again.
class NoAnswer : public testing::Test {
 protected:
  scenario::Scenario scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: curl -s http://192.168.80.20/}
  - {at: 2s, fault: link-down, target: web/eth0}
  - {at: 3s, on: client, run: curl -s -m 20 http://192.168.80.20/}
)");
  Recording sim = simulate(scenario);
  Tape tape{sim};
  Piece& second_retry() { return tape.pieces[tape.find("client", kSent, "tcp[13] == 2", 3)]; }
  Comparison compare_with_tape() const { return compare(scenario, sim, tape.wind()); }
};

TEST_F(NoAnswer, ARetransmissionMayBeAnEighthOfItsTimerLate) {
  second_retry().record.at = second_retry().record.at + SimDuration{200'000'000};
  EXPECT_THAT(compare_with_tape().differences, IsEmpty());
}

TEST_F(NoAnswer, ARetransmissionInTheWrongSecondIsADifference) {
  second_retry().record.at = second_retry().record.at + SimDuration{1'000'000'000};
  const FrameDifference frame = only_frame(compare_with_tape());
  EXPECT_EQ(frame.kind, Kind::kField);
  EXPECT_THAT(field_names(frame), ElementsAre("time"));
}

TEST_F(NoAnswer, AKernelTimerIsNeverEarly) {
  second_retry().record.at = second_retry().record.at - SimDuration{200'000'000};
  EXPECT_THAT(field_names(only_frame(compare_with_tape())), ElementsAre("time"));
}

TEST(NobodyThere, AnArpRetryMayBeTicksLateButNotHalfASecond) {
  const auto scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: ping -c 1 192.168.80.77}
)");
  const Recording sim = simulate(scenario);
  Tape tape(sim);
  Piece& retry = tape.pieces[tape.find("client", kSent, "arp", 1)];
  retry.record.at = retry.record.at + SimDuration{40'000'000};
  EXPECT_THAT(compare(scenario, sim, tape.wind()).differences, IsEmpty());
  retry.record.at = retry.record.at + SimDuration{460'000'000};
  EXPECT_THAT(field_names(only_frame(compare(scenario, sim, tape.wind()))), ElementsAre("time"));
}

TEST(Pings, AgreeWhateverTheirIdentifierAndTimeStamp) {
  const auto scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: ping -c 2 192.168.80.20}
)");
  const Recording sim = simulate(scenario);
  Tape tape(sim);
  for (Piece& piece : tape.pieces) {
    if (piece.bytes[23] != 1 || piece.bytes[12] != 8 || piece.bytes[13] != 0) continue;
    piece.bytes[38] ^= 0x55;  // the identifier
    piece.bytes[42] ^= 0x55;  // the time; the checksum of ICMP covers both
    store_be16(piece.bytes.data() + 36, 0);
    store_be16(piece.bytes.data() + 36, internet_checksum(Bytes(piece.bytes).subspan(34)));
  }
  const Comparison comparison = compare(scenario, sim, tape.wind());
  EXPECT_THAT(comparison.differences, IsEmpty());

  auto& bytes = tape.pieces[tape.find("web", kReceived, "icmp")].bytes;
  bytes[60] ^= 1;
  store_be16(bytes.data() + 36, 0);
  store_be16(bytes.data() + 36, internet_checksum(Bytes(bytes).subspan(34)));
  EXPECT_THAT(field_names(only_frame(compare(scenario, sim, tape.wind()))), ElementsAre("payload"));
}

// No connection counts the answers, and they have no DF: their numbers leap.
TEST(Pings, MayHaveOneAnswerWhoseIdHitsZeroButNotAllOfThem) {
  const auto scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: ping -c 2 192.168.80.20}
)");
  const Recording sim = simulate(scenario);
  for (const int zeros : {1, 2}) {
    Tape tape(sim);
    std::map<std::uint16_t, std::uint16_t> id_of;
    for (Piece& piece : tape.pieces) {
      const bool is_answer = piece.bytes[12] == 8 && piece.bytes[13] == 0 && piece.bytes[23] == 1 &&
                             piece.bytes[34] == 0;
      if (!is_answer) continue;
      std::uint8_t* const id = piece.bytes.data() + 18;
      ASSERT_EQ(piece.bytes[20] & 0x40, 0) << "Linux answers without DF";
      id_of.emplace(load_be16(id), id_of.empty() ? 0x1234 : 0);
      store_be16(id, zeros == 2 ? std::uint16_t{0} : id_of[load_be16(id)]);
      mend_checksums(piece.bytes);
    }
    ASSERT_EQ(id_of.size(), 2U);
    const auto differences = compare(scenario, sim, tape.wind()).differences;
    if (zeros == 1) {
      EXPECT_THAT(differences, IsEmpty());
    } else {
      EXPECT_THAT(differences, Not(IsEmpty()));
    }
  }
}

/// A host joins a group less than a second before the end; its second report comes at a moment
/// drawn by lot.
class GroupJoinedAtTheEnd : public testing::Test {
 protected:
  scenario::Scenario scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: ipvsadm --start-daemon backup --mcast-interface eth0}
settle: 990ms
)");
  Recording sim = simulate(scenario);
  Tape tape{sim};
  void lose_report(std::size_t n) {
    const std::size_t received = tape.find("web", kReceived, "igmp", n);
    tape.pieces.erase(tape.pieces.begin() + static_cast<std::ptrdiff_t>(received));
    const std::size_t sent = tape.find("client", kSent, "igmp", n);
    tape.pieces.erase(tape.pieces.begin() + static_cast<std::ptrdiff_t>(sent));
  }
  bool agrees() const {
    const Comparison comparison = compare(scenario, sim, tape.wind());
    return std::ranges::none_of(comparison.interfaces,
                                [](const InterfaceResult& one) { return one.different > 0; });
  }
};

TEST_F(GroupJoinedAtTheEnd, NeedNotBeToldOfTwice) {
  lose_report(1);
  EXPECT_TRUE(agrees());
}

TEST_F(GroupJoinedAtTheEnd, MustBeToldOfOnce) {
  lose_report(1);
  lose_report(0);
  EXPECT_FALSE(agrees());
}

TEST(AnswersThatNeverLeft, BeginWithWhateverNumberTheyWereGiven) {
  const auto scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: 'arp -s 192.168.80.20 02:00:00:00:02:00'}
  - {at: 1s, on: client, run: echo 8 > /proc/sys/net/ipv4/conf/all/arp_ignore}
  - {at: 1s, on: client, run: curl -s -m 12 http://192.168.80.20/}
)");
  constexpr std::size_t kQuotedSequence = 66;
  const Recording sim = simulate(scenario);
  Tape tape(sim);
  const auto draw_another = [](std::vector<std::uint8_t>& bytes) {
    store_be32(bytes.data() + kQuotedSequence, load_be32(bytes.data() + kQuotedSequence) + 1'000);
    store_be16(bytes.data() + 36, 0);
    store_be16(bytes.data() + 36, internet_checksum(Bytes(bytes).subspan(34)));
  };
  const auto sequence = [&](std::size_t n) {
    return load_be32(tape.pieces[tape.find("web", kSent, "icmp", n)].bytes.data() +
                     kQuotedSequence);
  };
  std::size_t last = 1;
  while (last < 10 && sequence(last) == sequence(0)) ++last;
  ASSERT_LT(last, 10U) << "no second answer was quoted";
  for (const RecordKind way : {kSent, kReceived}) {
    draw_another(tape.pieces[tape.find("web", way, "icmp", last)].bytes);
  }
  EXPECT_THAT(compare(scenario, sim, tape.wind()).differences, IsEmpty());
}

}  // namespace
}  // namespace lvslab::compare
