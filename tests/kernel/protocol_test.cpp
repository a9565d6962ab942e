// The messages between launcher and agent, and what becomes of garbage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "kernel-backend/protocol/framing.h"

namespace lvslab::kernel {
namespace {

Lab a_lab() {
  Lab lab;
  lab.id = 7;
  lab.hosts.push_back({"a", {{"eth0", 0x0200'0000'0001, 1500, {{0x0a00'0001, 24}}}}, {}, {}, {}});
  lab.switches = {"lan"};
  lab.cables.resize(1);
  lab.cables[0].ends[1] = {true, 0, 0};
  lab.cables[0].from[0].delay_ns = 100'000;
  return lab;
}

TEST(Codec, BringsBackWhatWasSent) {
  Lab back;
  ASSERT_TRUE(decode(encoded(a_lab()), back));
  EXPECT_EQ(encoded(back), encoded(a_lab()));
  EXPECT_EQ(back.hosts[0].nics[0].addresses[0].addr, 0x0a00'0001U);
}

TEST(Codec, RefusesEveryTruncation) {
  const std::string whole = encoded(a_lab());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Lab back;
    EXPECT_FALSE(decode(std::string_view(whole).substr(0, size), back)) << size;
  }
  Lab back;
  EXPECT_FALSE(decode(whole + "x", back)) << "nor may anything be left over";
}

TEST(Codec, BelievesNoLength) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = encoded(a_lab());
    for (int i = 0; i < 4; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    Lab back;
    static_cast<void>(decode(bytes, back));
    CapturedFrame frame;
    static_cast<void>(decode(bytes, frame));
  }
}

TEST(FrameReader, TakesMessagesInAnyPieces) {
  const std::string stream = framed(MessageKind::kHello, Hello{1, "6.1"}) +
                             framed(MessageKind::kReply, Reply{3, "", "data"});
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    FrameReader reader;
    std::vector<MessageKind> kinds;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(std::string_view(stream).substr(at, piece));
      while (auto message = reader.next()) kinds.push_back(message->kind);
    }
    EXPECT_THAT(kinds, testing::ElementsAre(MessageKind::kHello, MessageKind::kReply));
  }
}

TEST(FrameReader, GivesUpAtGarbage) {
  FrameReader reader;
  reader.feed("Kernel panic - not syncing: Attempted to kill init!\n");
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.error(), "what came is no message");
  reader.feed(framed(MessageKind::kHello, Hello{}));
  EXPECT_FALSE(reader.next()) << "nothing that follows can be trusted";
}

TEST(FrameReader, RefusesAnotherVersionAndLengthsBeyondAllMeasure) {
  std::string other = framed(MessageKind::kHello, Hello{});
  other[4] = 99;
  FrameReader reader;
  reader.feed(other);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.error(), "the other side speaks another version");

  std::string huge = framed(MessageKind::kHello, Hello{});
  huge[11] = 0x7f;
  FrameReader second;
  second.feed(huge);
  EXPECT_FALSE(second.next());
  EXPECT_EQ(second.error(), "a message claims to be longer than any may be");
}

}  // namespace
}  // namespace lvslab::kernel
