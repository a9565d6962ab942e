// The catalogue of reasons is complete: what a student reads has both languages and a source.
#include "sim/trace/reason.h"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "sim/trace/text.h"

namespace lvslab {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

/// The names between braces.
std::set<std::string> placeholders(std::string_view text) {
  std::set<std::string> names;
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const std::size_t end = text.find('}', at);
    names.emplace(end == std::string_view::npos ? "unclosed" : text.substr(at + 1, end - at - 1));
  }
  return names;
}

bool has_han(std::string_view text) {
  // CJK unified ideographs are U+4E00 to U+9FFF: three bytes, the first 0xe4 to 0xe9.
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0xe4 && byte <= 0xe9) return true;
  }
  return false;
}

TEST(Reasons, HaveUniqueKebabCaseNames) {
  std::set<std::string_view> names;
  for (const ReasonInfo& r : all_reasons()) {
    EXPECT_THAT(std::string(r.name), MatchesRegex("[a-z][a-z0-9]*(-[a-z0-9]+)*"));
    EXPECT_TRUE(names.insert(r.name).second) << r.name << " is there twice";
    EXPECT_EQ(reason_by_name(r.name), r.code);
  }
  EXPECT_EQ(all_reasons().size() + 1, static_cast<std::size_t>(Reason::kCount));
  EXPECT_EQ(reason_by_name("no-such-reason"), std::nullopt);
}

TEST(Reasons, HaveASentenceInBothLanguagesAndASource) {
  for (const ReasonInfo& r : all_reasons()) {
    SCOPED_TRACE(r.name);
    EXPECT_GT(r.en.size(), 20U);
    EXPECT_EQ(r.en.back(), '.');
    EXPECT_FALSE(has_han(r.en));
    EXPECT_TRUE(has_han(r.zh));
    EXPECT_TRUE(r.zh.ends_with("。"));
    EXPECT_THAT(std::string(r.source),
                AnyOf(HasSubstr(".c: "), HasSubstr(".h: "), HasSubstr("RFC "), HasSubstr("IEEE ")));
  }
}

TEST(Reasons, MentionOnlyArgumentsThatTheyHaveAndTheSameInBothLanguages) {
  for (const ReasonInfo& r : all_reasons()) {
    SCOPED_TRACE(r.name);
    std::set<std::string> en = placeholders(r.en);
    std::set<std::string> zh = placeholders(r.zh);
    std::set<std::string> known{"node", "dev"};
    for (std::size_t i = 0; i < 3; ++i) {
      if (r.args[i] == ArgKind::kMacLow) {
        ASSERT_GT(i, 0U);
        EXPECT_EQ(r.args[i - 1], ArgKind::kMacHigh) << "half a MAC";
      } else if (r.args[i] != ArgKind::kNone) {
        known.insert(std::to_string(i));
      }
    }
    for (const auto& name : en) EXPECT_TRUE(known.contains(name)) << "en: {" << name << "}";
    for (const auto& name : zh) EXPECT_TRUE(known.contains(name)) << "zh: {" << name << "}";
    for (const char* number : {"0", "1", "2"}) {
      EXPECT_EQ(en.contains(number), zh.contains(number)) << "{" << number << "} in one language";
    }
  }
}

TEST(Reasons, DoNotRepeatTheUnitThatAnArgumentBringsAlong) {
  for (const ReasonInfo& r : all_reasons()) {
    for (std::size_t i = 0; i < 3; ++i) {
      if (r.args[i] != ArgKind::kMs) continue;
      const std::string unit = "{" + std::to_string(i) + "} ms";
      EXPECT_THAT(std::string(r.en), Not(HasSubstr(unit))) << r.name;
      EXPECT_THAT(std::string(r.zh), Not(HasSubstr(unit))) << r.name;
    }
  }
}

TEST(Reasons, LeaveNoPlaceholderInTheirSentences) {
  Trace trace;
  trace.add_node({"node01", false, {{.dev = IfIndex(2), .name = "eth0"}}});
  trace.add_text("a text");
  for (const ReasonInfo& r : all_reasons()) {
    TraceRecord record{.node = NodeId(0), .dev = IfIndex(2), .reason = r.code};
    for (const Language language : {Language::kEn, Language::kZh}) {
      EXPECT_THAT(reason_sentence(trace, record, language), Not(HasSubstr("{"))) << r.name;
    }
  }
}

}  // namespace
}  // namespace lvslab
