// The story behind one packet.
#include "sim/trace/why.h"

#include <gmock/gmock.h>

#include "sim/trace/packets.h"
#include "tests/trace/dr_story.h"

namespace lvslab::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<RecordId> with_role(const std::vector<WhyStep>& steps, WhyRole role) {
  std::vector<RecordId> out;
  for (const WhyStep& step : steps) {
    if (step.role == role) out.push_back(step.record);
  }
  return out;
}

TEST(Why, GoesBackToTheCommandThatBeganIt) {
  const DrStory s = dr_story();
  const auto before = with_role(why(s.trace(), s.syn), WhyRole::kBefore);
  ASSERT_FALSE(before.empty());
  EXPECT_EQ(before.front(), s.command);
  EXPECT_THAT(before, Contains(s.arp_request)) << "the SYN had to wait for ARP";
}

TEST(Why, TellsWhatTheHostsThoughtThatHeardTheSameRequest) {
  const DrStory s = dr_story();
  const std::string text = render_why(s.trace(), s.syn, Language::kEn, false);
  EXPECT_THAT(text, HasSubstr("node02 receives packet 1 on eth0"));
  EXPECT_THAT(text, HasSubstr("node02: no virtual service"));
  EXPECT_THAT(text, HasSubstr("beside the way"));
}

TEST(Why, ShowsServiceSchedulerRewriteAndDirectAnswerWithTheirSources) {
  const DrStory s = dr_story();
  const std::string text = render_why(s.trace(), s.syn, Language::kEn, false);
  EXPECT_THAT(text, HasSubstr("$ curl http://192.168.80.150/"));
  EXPECT_THAT(text, HasSubstr("is a virtual service.  (net/netfilter/ipvs/ip_vs_core.c")) << text;
  EXPECT_THAT(text, HasSubstr("rr chose 192.168.80.204:80"));
  EXPECT_THAT(text, HasSubstr("destination MAC 02:00:00:00:00:01 -> 02:00:00:00:00:03"));
  EXPECT_THAT(text, HasSubstr("TTL 64 -> 63"));
  EXPECT_THAT(text, HasSubstr("node03 receives packet 4 on eth0"));
  EXPECT_THAT(text, HasSubstr("client receives packet 5 on eth0"));
  EXPECT_THAT(text, HasSubstr("<== asked about"));
}

TEST(Why, EndsWhenTheAnswerIsHome) {
  const DrStory s = dr_story();
  const auto after = with_role(why(s.trace(), s.syn), WhyRole::kAfter);
  EXPECT_THAT(after, Contains(s.answer));
  const RecordId last{static_cast<std::uint32_t>(s.trace().size() - 1)};
  ASSERT_EQ(s.trace()[last].kind, RecordKind::kFrameSent);
  EXPECT_THAT(after, Not(Contains(last))) << "the client's next segment is another story";
}

TEST(Why, OfTheForwardedCopyEndsAtTheSameClient) {
  const DrStory s = dr_story();
  const auto steps = why(s.trace(), s.forwarded);
  EXPECT_THAT(with_role(steps, WhyRole::kBefore), AllOf(Contains(s.command), Contains(s.syn)));
  const RecordId last{static_cast<std::uint32_t>(s.trace().size() - 1)};
  EXPECT_THAT(with_role(steps, WhyRole::kAfter), AllOf(Contains(s.answer), Not(Contains(last))));
}

TEST(Why, OfAnArpRequestEndsWithTheAnswerToIt) {
  const DrStory s = dr_story();
  const auto after = with_role(why(s.trace(), s.arp_request), WhyRole::kAfter);
  EXPECT_THAT(after, Not(Contains(s.syn)));
}

TEST(Why, SpeaksChineseToo) {
  const DrStory s = dr_story();
  const std::string text = render_why(s.trace(), s.syn, Language::kZh, false);
  EXPECT_THAT(text, HasSubstr("rr 选择 192.168.80.204:80"));
  EXPECT_THAT(text, HasSubstr("目的 MAC 02:00:00:00:00:01 -> 02:00:00:00:00:03"));
}

TEST(Why, ColoursOnlyWhenAsked) {
  const DrStory s = dr_story();
  EXPECT_THAT(render_why(s.trace(), s.syn, Language::kEn, false), Not(HasSubstr("\x1b[")));
  EXPECT_THAT(render_why(s.trace(), s.syn, Language::kEn, true), HasSubstr("\x1b[2m"));
}

TEST(Why, OfNothingIsNothing) {
  const DrStory s = dr_story();
  EXPECT_TRUE(why(s.trace(), RecordId{}).empty());
  EXPECT_EQ(render_why(s.trace(), RecordId{123'456}, Language::kEn, false), "");
}

TEST(Why, LeavesOutTheMiddleOfALongWay) {
  Teller t;
  t.command(kClient, "ping 192.168.80.150");
  RecordId sent = t.send(kClient, arp_request(kClientMac, kClientIp, kVip));
  for (int i = 0; i < 60; ++i) {
    const NodeId there = i % 2 == 0 ? kNode01 : kClient;
    t.wait(SimDuration{1'000'000});
    t.receive(there, sent);
    sent = t.send(there, arp_request(kClientMac, kClientIp, kVip));
  }
  const std::string text = render_why(t.trace, sent, Language::kEn, false);
  EXPECT_THAT(text, HasSubstr("steps left out"));
  EXPECT_THAT(text, AllOf(HasSubstr("$ ping"), HasSubstr("receives packet 60 on")));
  EXPECT_THAT(text, Not(HasSubstr("receives packet 20 on")));
}

TEST(Follow, IsATreeOfAllEffects) {
  const DrStory s = dr_story();
  const auto tree = follow(s.trace(), s.command);
  ASSERT_EQ(tree.size(), s.trace().size()) << "everything here began with one command";
  EXPECT_EQ(tree[0], (EffectStep{s.command, 0}));
  std::vector<std::uint32_t> depth_of(s.trace().size());
  for (const EffectStep& step : tree) {
    depth_of[step.record.value] = step.depth;
    const RecordId cause = s.trace()[step.record].cause;
    if (!cause.valid()) continue;
    EXPECT_EQ(step.depth, depth_of[cause.value] + 1);
  }
}

TEST(Follow, ListsNoMoreThanItsLimit) {
  const DrStory s = dr_story();
  EXPECT_EQ(follow(s.trace(), s.command, 7).size(), 7U);
  EXPECT_TRUE(follow(s.trace(), RecordId{}).empty());
}

TEST(FindMoment, IsTheLastThingThatAHostDidByThen) {
  const DrStory s = dr_story();
  const RecordId at = find_moment(s.trace(), kNode01, SimTime::never());
  EXPECT_EQ(at, s.forwarded);
  EXPECT_FALSE(find_moment(s.trace(), kNode01, SimTime{-1}).valid());
}

TEST(Packets, AreCountedWhereHostsSendThem) {
  const DrStory s = dr_story();
  PacketList list;
  list.update(s.trace());
  ASSERT_EQ(list.packets().size(), 6U) << "ARP request and reply, SYN twice, SYN-ACK, ACK";
  EXPECT_EQ(list.find(3)->sent, s.syn);
  EXPECT_EQ(list.find(4)->sent, s.forwarded);
  EXPECT_EQ(list.find(4)->node, kNode01);
  EXPECT_EQ(list.find(0), nullptr);
  EXPECT_EQ(list.find(7), nullptr);
  EXPECT_EQ(find_packet(s.trace(), 3), s.syn);
  EXPECT_EQ(find_packet(s.trace(), 7), std::nullopt);
  EXPECT_EQ(find_packet(s.trace(), 0), std::nullopt);
}

TEST(Packets, CarryTheirRecordsAndGrowWithTheTrace) {
  const DrStory s = dr_story();
  Trace growing;
  for (const TraceNode& node : s.trace().nodes()) growing.add_node(node);
  for (std::uint32_t i = 0; i < s.trace().frame_count(); ++i) {
    growing.add_frame(s.trace().frame(FrameId(i)));
  }
  PacketList list;
  for (const TraceRecord& r : s.trace().records()) {
    growing.append(r);
    list.update(growing);
  }
  PacketList whole;
  whole.update(s.trace());
  ASSERT_EQ(list.packets().size(), whole.packets().size());
  for (std::size_t i = 0; i < list.packets().size(); ++i) {
    EXPECT_EQ(list.packets()[i].records, whole.packets()[i].records);
  }
  EXPECT_GE(list.find(1)->records.size(), 8U) << "sent, flooded to three, heard by three";
}

}  // namespace
}  // namespace lvslab::test
