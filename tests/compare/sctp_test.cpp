// An association and its like on a kernel that drew other tags, numbers, cookies and ports; what
// may not differ in it.
#include "sim/wire/sctp.h"
#include "tests/compare/bench.h"

namespace lvslab::compare {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kFrameOut = RecordKind::kFrameSent;
constexpr std::size_t kSctpAt = 34, kTagAt = 38, kChunkAt = 46;

/// One association at 2 s, in which the server says a word.
class OneAssociation : public testing::Test {
 protected:
  scenario::Scenario scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: web, run: "timeout 9 ncat --sctp -l -k 9000 -c 'echo word'", background: true}
  - {at: 2s, on: client, run: ncat --sctp --recv-only 192.168.80.20 9000}
)");
  Recording sim = simulate(scenario);
  Tape tape{sim};

  /// The first packet that `host` sends and that begins with such a chunk.
  std::vector<std::uint8_t>& first(const std::string& host, SctpChunkType type) {
    const int wanted = static_cast<int>(type);
    const std::string filter = "ip[9] == 132 and ip[32] == " + std::to_string(wanted);
    return tape.pieces[tape.find(host, kFrameOut, filter)].bytes;
  }
  static void change(std::vector<std::uint8_t>& frame, std::size_t at, std::uint32_t by) {
    store_be32(frame.data() + at, load_be32(frame.data() + at) + by);
    std::uint8_t* const packet = frame.data() + kSctpAt;
    store_be32(packet + SctpRepr::kChecksumAt, sctp_checksum({packet, frame.size() - kSctpAt}));
  }
  std::vector<std::string> fields() const {
    return field_names(only_frame(compare(scenario, sim, tape.wind())));
  }
};

TEST_F(OneAssociation, AgreesWithARunThatDrewOtherwise) {
  scenario::Scenario other = scenario;
  other.seed = 77;
  const Comparison comparison = compare(scenario, sim, simulate(other, "kernel"));
  EXPECT_THAT(comparison.differences, IsEmpty());
}

TEST_F(OneAssociation, SeesAnotherTag) {
  change(first("client", SctpChunkType::kCookieEcho), kTagAt, 1);
  EXPECT_THAT(fields(), ElementsAre("SCTP verification tag"));
}

TEST_F(OneAssociation, SeesANumberThatDoesNotFollow) {
  change(first("web", SctpChunkType::kData), kChunkAt + 4, 1);
  EXPECT_THAT(fields(), ElementsAre("SCTP chunk TSN"));
}

TEST_F(OneAssociation, SeesAnotherWindow) {
  change(first("web", SctpChunkType::kInitAck), kChunkAt + 8, 4);
  EXPECT_THAT(fields(), ElementsAre("SCTP chunk receiver window"));
}

TEST_F(OneAssociation, SeesAWrongChecksum) {
  first("client", SctpChunkType::kSack)[kSctpAt + SctpRepr::kChecksumAt] ^= 1;
  EXPECT_THAT(fields(), ElementsAre("SCTP checksum"));
}

}  // namespace
}  // namespace lvslab::compare
