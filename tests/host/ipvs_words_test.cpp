// docs/ipvs.md lists every option, scheduler and sysctl of IPVS. Each row is typed here, and each
// word of the real tool has to have one.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "sim/command/ipvsadm_usage.h"
#include "test_paths.h"
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Row = std::vector<std::string>;

constexpr std::string_view kModelled = "modelled", kRefused = "refused";

std::string page() {
  std::ifstream file(LVSLAB_SOURCE_DIR "/docs/ipvs.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The rows of the table below a heading, cell by cell.
std::vector<Row> rows_below(std::string_view heading) {
  std::istringstream text(page());
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("#")) inside = line.ends_with(heading);
    if (!inside || !line.starts_with("| ") || line.starts_with("| ---")) continue;
    Row row;
    std::size_t at = 2;
    for (std::size_t end = 0; (end = line.find(" |", at)) != std::string::npos; at = end + 3) {
      row.push_back(line.substr(at, end - at));
    }
    rows.push_back(std::move(row));
  }
  EXPECT_GT(rows.size(), 2U) << "no table below '" << heading << "'";
  if (!rows.empty()) rows.erase(rows.begin());  // its head
  return rows;
}

std::string without_ticks(std::string text) {
  std::erase(text, '`');
  return text;
}

/// Types it, and compares what comes with what the page says.
void expect_said(Lan& lan, const std::string& line, std::string_view here, std::string_view told) {
  const std::string output = lan.type('a', line);
  if (here == kModelled) {
    EXPECT_EQ(lan.status(), 0) << line << "\n" << output;
  } else {
    EXPECT_EQ(here, kRefused) << line;
    EXPECT_THAT(output, HasSubstr(told)) << line;
    EXPECT_NE(lan.status(), 0) << line;
  }
}

TEST(IpvsWords, EachOptionDoesWhatThePageSays) {
  BootConfig boot = on_lan('a');
  boot.ipv6 = true;
  Lan lan({boot});
  for (const Row& row : rows_below("Options of ipvsadm")) {
    ASSERT_EQ(row.size(), 4U) << row[0];
    expect_said(lan, without_ticks(row[1]), row[2], row[3]);
  }
}

TEST(IpvsWords, EachOptionOfTheToolIsOnThePage) {
  const std::string usage = command::ipvsadm_usage("ipvsadm");
  std::set<std::string> missing;
  const std::regex option("--[a-z0-9][a-z0-9-]*");
  const std::string text = page();
  for (std::sregex_iterator it(usage.begin(), usage.end(), option), end; it != end; ++it) {
    if (!text.contains("`" + it->str() + "`")) missing.insert(it->str());
  }
  EXPECT_THAT(missing, IsEmpty());
}

TEST(IpvsWords, EachSchedulerCanBeChosen) {
  Lan lan(1);
  lan.type('a', "ipvsadm -A -t 10.0.0.9:80 -s rr");
  for (const Row& row : rows_below("Schedulers")) {
    const std::string name = without_ticks(row[0]);
    expect_said(lan, "ipvsadm -E -t 10.0.0.9:80 -s " + name, row[1], "");
    EXPECT_THAT(lan.type('a', "ipvsadm -ln"), HasSubstr("10.0.0.9:80 " + name));
  }
}

TEST(IpvsWords, EachSysctlIsOnThePageWithItsDefault) {
  Lan lan(1);
  std::string listed;
  for (const Row& row : rows_below("Sysctls: net.ipv4.vs")) {
    listed += "net.ipv4.vs." + without_ticks(row[0]) + " = " + row[1] + "\n";
  }
  std::string real = lan.type('a', "sysctl -a | grep net.ipv4.vs.");
  std::ranges::replace(real, '\t', ' ');
  EXPECT_EQ(listed, real);
}

TEST(IpvsWords, EachSysctlDoesWhatThePageSays) {
  Lan lan(1);
  for (const Row& row : rows_below("Sysctls: net.ipv4.vs")) {
    ASSERT_EQ(row.size(), 5U) << row[0];
    const std::string name = "net.ipv4.vs." + without_ticks(row[0]);
    expect_said(lan, "sysctl -w " + name + "='" + row[2] + "'", row[3], "not modelled");
  }
}

// A test that holds a row has to be there.
TEST(IpvsWords, WhatHoldsARowExists) {
  const std::string text = page();
  const std::regex file("tests/[a-z_/]+[.a-z-]+\\.(cpp|yaml)");
  for (std::sregex_iterator it(text.begin(), text.end(), file), end; it != end; ++it) {
    EXPECT_TRUE(std::filesystem::exists(LVSLAB_SOURCE_DIR "/" + it->str())) << it->str();
  }
  const std::regex scenario("`((dr|nat|tun|scheduler|udp)-[a-z-]+|persistence|thresholds)`");
  for (std::sregex_iterator it(text.begin(), text.end(), scenario), end; it != end; ++it) {
    const std::string path = LVSLAB_SOURCE_DIR "/scenarios/" + (*it)[1].str() + ".yaml";
    EXPECT_TRUE(std::filesystem::exists(path)) << path;
  }
}

}  // namespace
}  // namespace lvslab::host
