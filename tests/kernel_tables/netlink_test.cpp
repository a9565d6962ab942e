// The netlink client against a kernel that is played by the other end of a socket pair.
#include <gmock/gmock.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "kernel-backend/tables_netlink.h"

namespace lvslab::kernel {
namespace {

using testing::ElementsAre;

class NetlinkClient : public testing::Test {
 protected:
  NetlinkClient() {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    kernel_ = pair[0];
    reader_.emplace(NetlinkReader::over(pair[1]));
  }
  void TearDown() override { ::close(kernel_); }

  struct Part {
    std::uint16_t type = RTM_NEWLINK, flags = NLM_F_MULTI;
    std::uint32_t sequence = 1;
    std::vector<std::uint8_t> body{};
  };
  static void put(std::vector<std::uint8_t>& datagram, const Part& part) {
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + part.body.size());
    head.nlmsg_type = part.type;
    head.nlmsg_flags = part.flags;
    head.nlmsg_seq = part.sequence;
    const std::size_t at = datagram.size();
    datagram.resize(at + sizeof head);
    std::memcpy(datagram.data() + at, &head, sizeof head);
    datagram.insert(datagram.end(), part.body.begin(), part.body.end());
    datagram.resize((datagram.size() + 3) / 4 * 4);
  }
  void kernel_sends(const std::vector<Part>& parts) {
    std::vector<std::uint8_t> datagram;
    for (const Part& part : parts) put(datagram, part);
    kernel_sends_bytes(datagram);
  }
  void kernel_sends_bytes(const std::vector<std::uint8_t>& bytes) {
    ASSERT_EQ(::send(kernel_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  static Part done(std::uint32_t sequence = 1, std::uint16_t flags = NLM_F_MULTI) {
    return {NLMSG_DONE, flags, sequence, {0, 0, 0, 0}};
  }

  /// The first byte of the body of each message; or {255, errno}.
  std::vector<int> dump() {
    const auto answer = reader_->dump(RTM_GETLINK, NetlinkBody(ifinfomsg{}));
    if (!answer) return {255, answer.error()};
    std::vector<int> firsts;
    Bytes rest = *answer;
    NetlinkMessage message;
    while (next_message(rest, message))
      firsts.push_back(message.body.empty() ? -1 : message.body[0]);
    return firsts;
  }

  int kernel_ = -1;
  std::optional<NetlinkReader> reader_;
};

TEST_F(NetlinkClient, PutsTheDatagramsOfADumpTogether) {
  kernel_sends({{.body = {1}}, {.body = {2, 0, 0, 0, 0}}});
  kernel_sends({{.body = std::vector<std::uint8_t>(100'000, 3)}});
  kernel_sends({done()});
  EXPECT_THAT(dump(), ElementsAre(1, 2, 3));
}

TEST_F(NetlinkClient, AsksAgainWhenAChangeInterruptedTheDump) {
  kernel_sends({{.body = {1}}});
  kernel_sends({{.flags = NLM_F_MULTI | NLM_F_DUMP_INTR, .body = {2}}, done()});
  kernel_sends({{.sequence = 2, .body = {7}}, done(2)});
  EXPECT_THAT(dump(), ElementsAre(7));
}

TEST_F(NetlinkClient, TakesATableThatNeverStandsStillAsItIs) {
  for (std::uint32_t i = 1; i <= NetlinkReader::kDumpTries; ++i) {
    kernel_sends({{.flags = NLM_F_MULTI | NLM_F_DUMP_INTR,
                   .sequence = i,
                   .body = {static_cast<std::uint8_t>(i)}},
                  done(i)});
  }
  EXPECT_THAT(dump(), ElementsAre(NetlinkReader::kDumpTries));
}

TEST_F(NetlinkClient, AnOldAnswerIsNotTakenForThisOne) {
  kernel_sends({{.sequence = 99, .body = {9}}, done(99)});
  kernel_sends({{.body = {1}}, done()});
  EXPECT_THAT(dump(), ElementsAre(1));
}

TEST_F(NetlinkClient, TellsTheErrorOfTheKernel) {
  kernel_sends({{NLMSG_ERROR, 0, 1, {static_cast<std::uint8_t>(-EPERM), 0xff, 0xff, 0xff}}});
  EXPECT_THAT(dump(), ElementsAre(255, EPERM));
}

TEST_F(NetlinkClient, TellsAnErrorThatEndsADump) {
  kernel_sends({{.body = {1}}});
  kernel_sends(
      {{NLMSG_DONE, NLM_F_MULTI, 1, {static_cast<std::uint8_t>(-ENOMEM), 0xff, 0xff, 0xff}}});
  EXPECT_THAT(dump(), ElementsAre(255, ENOMEM));
}

TEST_F(NetlinkClient, RefusesAMessageThatIsCutShort) {
  std::vector<std::uint8_t> datagram;
  put(datagram, {.body = {1, 2, 3, 4, 5, 6, 7, 8}});
  datagram.resize(datagram.size() - 4);
  kernel_sends_bytes(datagram);
  EXPECT_THAT(dump(), ElementsAre(255, EPROTO));
}

TEST_F(NetlinkClient, ASingleAnswerNeedsNoEnd) {
  kernel_sends({{.flags = 0, .body = {5}}});
  const auto answer = reader_->ask(RTM_GETLINK, 0, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->size(), sizeof(nlmsghdr) + 4);
}

TEST(NetlinkAttributes, NestedOnesAreFoundUnderTheirPlainType) {
  NetlinkBody body(std::uint32_t{0});
  const std::size_t nest = body.begin(3);
  body.attribute(1, std::uint16_t{7});
  body.end(nest);
  body.attribute(2, std::uint32_t{9});
  AttributeTable<4> outer, inner;
  ASSERT_TRUE(outer.parse(body.bytes().subspan(4)));
  EXPECT_EQ(outer.number<std::uint32_t>(2), 9U);
  ASSERT_TRUE(inner.parse(outer.bytes(3)));
  EXPECT_EQ(inner.number<std::uint16_t>(1), 7U);
  EXPECT_FALSE(inner.has(2));
  EXPECT_EQ(inner.number<std::uint64_t>(2), 0U);
}

TEST(NetlinkAttributes, ALengthThatLiesIsNoticed) {
  const std::vector<std::uint8_t> too_long{9, 0, 1, 0, 1, 2, 3, 4};
  const std::vector<std::uint8_t> too_short{3, 0, 1, 0, 1, 2, 3, 4};
  AttributeTable<4> table;
  EXPECT_FALSE(table.parse(too_long));
  EXPECT_FALSE(table.parse(too_short));
  EXPECT_TRUE(table.parse({}));
}

}  // namespace
}  // namespace lvslab::kernel
