// Digests, dates, chance, errors and JSON strings.
#include <gtest/gtest.h>

#include <array>

#include "sim/base/boxed.h"
#include "sim/base/calendar.h"
#include "sim/base/digest.h"
#include "sim/base/json.h"
#include "sim/base/prng.h"
#include "sim/base/result.h"
#include "sim/base/tables.h"

namespace lvslab {
namespace {

std::uint64_t digest_of(std::string_view text) {
  Digest d;
  d.add(text);
  return d.value();
}

TEST(Digest, DependsOnEveryByteAndOnTheirOrder) {
  EXPECT_EQ(digest_of("abc"), digest_of("abc"));
  EXPECT_NE(digest_of("abc"), digest_of("acb"));
  EXPECT_NE(digest_of("abc"), digest_of("abcd"));
  EXPECT_NE(digest_of(""), Digest{}.value()) << "an empty text is something";
}

TEST(Digest, TellsWhereOneItemEndsAndTheNextBegins) {
  Digest a, b;
  a.add("ab");
  a.add("c");
  b.add("a");
  b.add("bc");
  EXPECT_NE(a, b);
  Digest zeros, more;
  zeros.add(std::array<std::uint8_t, 7>{});
  more.add(std::array<std::uint8_t, 8>{});
  EXPECT_NE(zeros, more);
}

TEST(Digest, IsTheSameOnEveryMachine) {
  Digest d;
  d.add(std::uint64_t{1});
  const std::uint64_t first = mix64(0x6c76'736c'6162'0001ULL ^ 1) + 0x9e37'79b9'7f4a'7c15ULL;
  EXPECT_EQ(d.value(), first);
}

TEST(Prng, RepeatsItselfFromItsSeed) {
  Prng a(1), b(1), c(2);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_EQ(a, b);
  EXPECT_NE(a.next(), c.next());
  EXPECT_EQ(Prng(0).next(), 0xe220'a839'7b1d'cdafULL) << "the published SplitMix64 sequence";
}

TEST(Prng, StaysBelowItsBoundAndIsFair) {
  Prng random(3);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) ++counts.at(random.below(10));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_FALSE(random.chance_ppm(0));
  EXPECT_TRUE(random.chance_ppm(1'000'000));
}

TEST(Calendar, BeginsOnAThursdayInJanuary) {
  const CivilTime zero = civil_time(SimTime{});
  EXPECT_EQ(zero, (CivilTime{.year = 2026, .month = 1, .day = 1, .weekday = 4, .hour = 8}));
  EXPECT_EQ(zero.weekday_name(), "Thu");
  EXPECT_EQ(zero.month_name(), "Jan");
}

TEST(Calendar, KnowsMonthEndsAndLeapYears) {
  const auto after_days = [](std::int64_t days) {
    const CivilTime c = civil_time(SimTime{days * 86'400 * 1'000'000'000});
    return std::array<std::int64_t, 3>{c.year, c.month, c.day};
  };
  using Date = std::array<std::int64_t, 3>;
  EXPECT_EQ(after_days(58), (Date{2026, 2, 28}));
  EXPECT_EQ(after_days(59), (Date{2026, 3, 1}));
  EXPECT_EQ(after_days(365), (Date{2027, 1, 1}));
  EXPECT_EQ(after_days(365 + 365 + 59), (Date{2028, 2, 29}));
}

TEST(Error, SaysWhereAndWhatToDo) {
  EXPECT_EQ((Error{"bad key", {"a.yaml", 3, 7}, "did you mean 'hosts'?"}).to_string(),
            "a.yaml:3:7: bad key (did you mean 'hosts'?)");
  EXPECT_EQ((Error{"no such file", {"a.yaml"}}).to_string(), "a.yaml: no such file");
  EXPECT_EQ((Error{"bad key"}).to_string(), "bad key");
}

TEST(ShortName, HoldsFifteenCharacters) {
  EXPECT_EQ(ShortName("eth0").view(), "eth0");
  EXPECT_EQ(ShortName("0123456789abcdef").view(), "0123456789abcde");
  EXPECT_TRUE(ShortName("").empty());
}

TEST(HostTables, NamesInterfaces) {
  HostTables t;
  t.links.push_back({.dev = IfIndex(2), .name = "eth0"});
  EXPECT_EQ(t.dev_name(IfIndex(2)), "eth0");
  EXPECT_EQ(t.dev_name(IfIndex(7)), "if7");
}

TEST(Boxed, IsCopiedWithItsOwner) {
  Boxed<int> box;
  EXPECT_EQ(box.peek(), nullptr);
  box.get() = 5;
  Boxed<int> copy = box;
  copy.get() = 6;
  EXPECT_EQ(*box.peek(), 5);
  box = copy;
  EXPECT_EQ(box.get(), 6);
  box.reset();
  EXPECT_FALSE(box.exists());
  EXPECT_TRUE(copy.exists());
}

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonString, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(json(""), R"("")");
  EXPECT_EQ(json("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json("a\nb\tc\rd"), R"("a\nb\tc\rd")");
  EXPECT_EQ(json(std::string_view("\0\x1b\x7f", 3)), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(json("中文 é 😀"), "\"中文 é 😀\"");
}

TEST(JsonString, ReplacesWhatIsNoUtf8) {
  const std::string replacement = "\"\xef\xbf\xbd\"";
  EXPECT_EQ(json("\xff"), replacement);
  EXPECT_EQ(json("\xc3"), replacement) << "cut short";
  EXPECT_EQ(json("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"") << "an overlong zero";
  EXPECT_EQ(json("\xc3(").substr(4), "(\"");
  EXPECT_EQ(json("\xed\xa0\x80").size(), 11U) << "half a surrogate pair: three replacements";
}

}  // namespace
}  // namespace lvslab
