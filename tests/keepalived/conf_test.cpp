// What keepalived says of a configuration: tests/keepalived/conf/*.log is what the real one,
// version 2.2.7, printed for the file beside it (keepalived -t, with the interfaces lo and eth0).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/prng.h"
#include "sim/keepalived/read_conf.h"
#include "test_paths.h"

namespace lvslab::keepalived {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A host with lo and eth0, and the files of a folder.
class Folder : public ConfHost {
 public:
  explicit Folder(fs::path path) : path_(std::move(path)) {}
  std::optional<std::string> read(const std::string& name) const override {
    if (!fs::exists(path_ / name)) return std::nullopt;
    return text_of(path_ / name);
  }
  std::vector<std::string> matches(const std::string& pattern) const override {
    const std::size_t star = pattern.find('*');
    if (star == std::string::npos) return {pattern};
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path_)) {
      const std::string name = entry.path().filename();
      if (name.starts_with(pattern.substr(0, star)) && name.ends_with(pattern.substr(star + 1))) {
        found.push_back(name);
      }
    }
    std::ranges::sort(found);
    return found;
  }
  bool has_interface(const std::string& name) const override {
    return name == "lo" || name == "eth0";
  }

 private:
  fs::path path_;
};

/// One file, kept in memory.
class OneFile : public ConfHost {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  std::optional<std::string> read(const std::string& name) const override {
    return name == "keepalived.conf" ? std::optional(text_) : std::nullopt;
  }
  std::vector<std::string> matches(const std::string& pattern) const override { return {pattern}; }
  bool has_interface(const std::string& name) const override {
    return name == "lo" || name == "eth0";
  }

 private:
  std::string text_;
};

ReadConf read_text(const std::string& text) { return read_conf(OneFile(text), "keepalived.conf"); }

const fs::path kConf = fs::path(LVSLAB_SOURCE_DIR) / "tests/keepalived/conf";

class LikeTheRealOne : public testing::TestWithParam<std::string> {};

TEST_P(LikeTheRealOne, SaysOfAConfigurationWhatKeepalivedSays) {
  const std::string name = GetParam();
  const ReadConf got = read_conf(Folder(kConf), name + ".conf", {.testing = true});
  std::string said;
  for (const ConfMessage& message : got.messages) {
    if (message.kind == ConfMessage::Kind::kReported) said += logged(message) + "\n";
  }
  EXPECT_EQ(said, text_of(kConf / (name + ".log")));
}

INSTANTIATE_TEST_SUITE_P(Conf, LikeTheRealOne,
                         testing::Values("note", "mistakes", "braces", "words", "routers",
                                         "services"),
                         [](const auto& param) { return param.param; });

// The samples that come with keepalived; these are the ones that it has nothing to say against.
class Sample : public testing::TestWithParam<std::string> {};

TEST_P(Sample, IsReadWithoutAWordAgainstIt) {
  const fs::path folder = "/usr/share/doc/keepalived/samples";
  const std::string name = "keepalived.conf." + GetParam();
  if (!fs::exists(folder / name)) GTEST_SKIP() << "the package keepalived is not installed";
  const ReadConf got = read_conf(Folder(folder), name, {.testing = true});
  EXPECT_TRUE(got.conf.usable);
  for (const ConfMessage& message : got.messages) {
    EXPECT_NE(message.kind, ConfMessage::Kind::kReported) << located(message);
  }
}

INSTANTIATE_TEST_SUITE_P(Shipped, Sample,
                         testing::Values("HTTP_GET.port", "IPv6", "PING_CHECK", "SMTP_CHECK",
                                         "UDP_CHECK", "inhibit", "misc_check", "misc_check_arg",
                                         "quorum", "sample", "status_code", "virtual_server_group",
                                         "virtualhost", "vrrp.scripts"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

/// The same with every interface that a sample names.
class Machine : public Folder {
 public:
  using Folder::Folder;
  bool has_interface(const std::string&) const override { return true; }
};

TEST(Samples, AllLoadAndHaveNothingUnnamed) {
  const fs::path folder = "/usr/share/doc/keepalived/samples";
  if (!fs::exists(folder)) GTEST_SKIP() << "the package keepalived is not installed";
  std::size_t read = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("keepalived.conf.")) continue;
    const ReadConf got = read_conf(Machine(folder), name);
    EXPECT_TRUE(got.conf.usable) << name;
    for (const ConfMessage& message : got.messages) {
      EXPECT_FALSE(message.text.starts_with("Unknown keyword") && message.where.line > 5)
          << located(message);  // vrrp.lvs_syncd has a mistake in its lines 4 and 5
      if (message.kind == ConfMessage::Kind::kUnmodelled) {
        EXPECT_GT(message.where.line, 0) << message.text;
      }
    }
    ++read;
  }
  EXPECT_GE(read, 25U);
}

class Unmodelled : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(Unmodelled, IsNamed) {
  const fs::path folder = "/usr/share/doc/keepalived/samples";
  const std::string name = "keepalived.conf." + GetParam().first;
  if (!fs::exists(folder / name)) GTEST_SKIP() << "the package keepalived is not installed";
  const ReadConf got = read_conf(Folder(folder), name);
  const bool named = std::ranges::any_of(got.messages, [](const ConfMessage& message) {
    return message.kind == ConfMessage::Kind::kUnmodelled &&
           message.text.find(GetParam().second) != std::string::npos && message.where.line > 0;
  });
  EXPECT_TRUE(named) << GetParam().second;
}

INSTANTIATE_TEST_SUITE_P(Shipped, Unmodelled,
                         testing::Values(std::pair("IPv6", "IPv6"),
                                         std::pair("SMTP_CHECK", "SMTP_CHECK"),
                                         std::pair("SMTP_CHECK", "helo_name"),
                                         std::pair("PING_CHECK", "smtp_connect_timeout"),
                                         std::pair("vrrp", "smtp_alert"),
                                         std::pair("SSL_GET", "AH"),
                                         std::pair("vrrp.rules", "virtual_rules"),
                                         std::pair("vrrp.static_ipaddress", "static_ipaddress")),
                         [](const auto& param) {
                           std::string name = param.param.first + "_" + param.param.second;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(KeepalivedConf, TheNotesFileIsOneRouterAndOneService) {
  const ReadConf got = read_conf(Folder(kConf), "note.conf");
  ASSERT_EQ(got.conf.instances.size(), 1U);
  const VrrpInstance& vrrp = got.conf.instances[0];
  EXPECT_EQ(vrrp.want, VrrpState::kMaster);
  EXPECT_EQ(vrrp.vrid, 51);
  EXPECT_EQ(vrrp.priority, 100);
  EXPECT_EQ(vrrp.version, 2);
  ASSERT_EQ(vrrp.addresses.size(), 1U);
  EXPECT_EQ(vrrp.addresses[0].address.to_string(), "192.168.80.150/24");
  EXPECT_EQ(vrrp.addresses[0].label, "eth0:3");
  ASSERT_EQ(got.conf.virtual_servers.size(), 1U);
  const VirtualServer& vs = got.conf.virtual_servers[0];
  EXPECT_EQ(vs.name(), "[192.168.80.150]:tcp:80");
  EXPECT_EQ(vs.persistence_timeout, std::nullopt) << "0 is refused, so the service has none";
  ASSERT_EQ(vs.real_servers.size(), 2U);
  EXPECT_EQ(vs.real_servers[0].method, ForwardMethod::kDirectRoute);
  ASSERT_EQ(vs.real_servers[0].checkers.size(), 1U);
  EXPECT_EQ(vs.real_servers[0].checkers[0].retry, 3U);
}

TEST(KeepalivedConf, AMistakeIsGivenItsPlaceAndTheNearestWord) {
  const ReadConf got = read_text("vrrp_instance VI_1 {\n    interface eth0\n    priorty 100\n}\n");
  const auto advice =
      std::ranges::find(got.messages, ConfMessage::Kind::kAdvice, &ConfMessage::kind);
  ASSERT_NE(advice, got.messages.end());
  EXPECT_EQ(located(*advice), "keepalived.conf:3:5: did you mean 'priority'?");
}

TEST(KeepalivedConf, AKeywordThatIsNotModelledIsNamed) {
  const ReadConf got = read_text("vrrp_instance VI_1 {\n  use_vmac\n}\n");
  EXPECT_THAT(got.messages, Contains(testing::Field(&ConfMessage::text,
                                                    HasSubstr("'use_vmac' is not modelled"))));
}

TEST(KeepalivedConf, WhatIsTakenAndDoesNothingIsNamed) {
  const ReadConf got = read_text(R"(global_defs {
    enable_snmp_vrrp
    vrrp_priority -20
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    accept
    debug 3
    virtual_ipaddress { 192.168.80.150 }
}
)");
  std::vector<std::string> named;
  for (const ConfMessage& message : got.messages) {
    if (message.kind != ConfMessage::Kind::kUnmodelled) continue;
    named.push_back(located(message));
  }
  EXPECT_THAT(named, ElementsAre(HasSubstr(":2:5: 'enable_snmp_vrrp' is not modelled"),
                                 HasSubstr(":3:5: 'vrrp_priority' is not modelled"),
                                 HasSubstr(":9:5: 'debug' is not modelled")));
}

TEST(KeepalivedConf, WithoutAnInterfaceNothingStarts) {
  const ReadConf got = read_text(
      "vrrp_instance VI_1 {\n interface eth7\n virtual_router_id 1\n virtual_ipaddress {\n"
      "  10.0.0.1\n }\n}\n");
  EXPECT_FALSE(got.conf.usable);
  EXPECT_EQ(logged(got.messages.back()), "Non-existent interface specified in configuration");
}

TEST(KeepalivedConf, AFileThatIncludesItselfEnds) {
  const ReadConf got = read_text("include keepalived.conf\n");
  EXPECT_THAT(got.messages, testing::Not(IsEmpty()));
}

TEST(KeepalivedConf, AMissingFileIsSaidAndNothingStarts) {
  const ReadConf got = read_conf(Folder(kConf), "nowhere.conf");
  EXPECT_FALSE(got.conf.usable);
}

TEST(KeepalivedConf, TheSamplesOfThePackageLoad) {
  const fs::path samples = "/usr/share/doc/keepalived/samples";
  if (!fs::exists(samples)) GTEST_SKIP() << "the package keepalived is not installed";
  for (const auto& entry : fs::directory_iterator(samples)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("keepalived.conf")) continue;
    const ReadConf got = read_conf(Folder(samples), name);
    if (name.ends_with("lvs_syncd")) continue;  // the real one knows two of its lines no better
    for (const ConfMessage& message : got.messages) {
      EXPECT_THAT(message.text, testing::Not(HasSubstr("Unknown keyword")))
          << name << " " << logged(message);
    }
  }
}

/// Any bytes: cut, doubled and changed pieces of the files above.
TEST(KeepalivedConf, NoBytesMakeItCrashOrHang) {
  Prng random(7);
  std::vector<std::string> seeds;
  for (const auto& entry : fs::directory_iterator(kConf)) {
    if (entry.path().extension() == ".conf") seeds.push_back(text_of(entry.path()));
  }
  ASSERT_FALSE(seeds.empty());
  for (int round = 0; round < 400; ++round) {
    std::string text = seeds[random.below(static_cast<std::uint32_t>(seeds.size()))];
    for (std::uint32_t edits = random.below(8) + 1; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random.below(static_cast<std::uint32_t>(text.size()));
      const std::size_t length = random.below(40);
      switch (random.below(4)) {
        case 0: text.erase(at, length); break;
        case 1: text.insert(at, text.substr(at / 2, length)); break;
        case 2: text[at] = static_cast<char>(random.below(256)); break;
        default: text.insert(at, 1, "{}\"!#$~@\\\n"[random.below(10)]); break;
      }
    }
    read_text(text);
  }
}

}  // namespace
}  // namespace lvslab::keepalived
