// What the drawing tells before anything runs.
#include "sim/scenario/topology.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "sim/scenario/loader.h"

namespace lvslab::scenario {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

Scenario drawing(const std::string& text) {
  auto loaded = load_text("title: t\n" + text, "x.yaml");
  EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().front().to_string());
  return loaded ? *loaded : Scenario{};
}

auto says(const std::string& text) { return Field(&Finding::message, HasSubstr(text)); }

constexpr const char* kTwoOnALan = R"(
switches: [{name: lan}]
hosts:
  - {name: a, role: client, nics: [{switch: lan}]}
  - {name: b, role: director, nics: [{switch: lan}]}
)";

TEST(Topology, OfTwoHostsAtOneSwitchIsFine) {
  EXPECT_THAT(find_topology_faults(drawing(kTwoOnALan)), IsEmpty());
}

TEST(Topology, NamesTheHostThatNoCableLeadsTo) {
  const auto findings =
      find_topology_faults(drawing(std::string(kTwoOnALan) + "  - {name: lonely}\n"));
  EXPECT_THAT(findings, ElementsAre(says("no path leads to host 'lonely'")));
  EXPECT_EQ(findings[0].severity, Finding::Severity::kWarning);
  EXPECT_EQ(findings[0].where.line, 7);
}

constexpr const char* kTwoLans = R"(
switches: [{name: left}, {name: right}]
hosts:
  - {name: a, nics: [{switch: left}]}
  - {name: b, nics: [{switch: left}]}
  - {name: mid, nics: [{switch: left}, {switch: right}], ROLE}
  - {name: c, nics: [{switch: right}]}
)";

std::string two_lans(const std::string& role) {
  std::string text = kTwoLans;
  return text.replace(text.find("ROLE"), 4, role);
}

TEST(Topology, NeedsAForwardingHostBetweenTwoNetworks) {
  EXPECT_THAT(find_topology_faults(drawing(two_lans("role: host"))),
              ElementsAre(says("no path leads to host 'c'")));
  EXPECT_THAT(find_topology_faults(drawing(two_lans("role: router"))), IsEmpty());
}

TEST(Topology, BelievesASetUpThatTurnsForwardingOn) {
  EXPECT_THAT(
      find_topology_faults(drawing(two_lans("setup: 'echo 1 > /proc/sys/net/ipv4/ip_forward'"))),
      IsEmpty());
}

TEST(Topology, BelievesACommandOfTheTimelineThatTurnsForwardingOn) {
  const auto lab = [](const std::string& host) {
    return two_lans("role: host") + "timeline:\n  - {on: " + host +
           ", run: sysctl -w net.ipv6.conf.all.forwarding=1}\n";
  };
  EXPECT_THAT(find_topology_faults(drawing(lab("mid"))), IsEmpty());
  EXPECT_THAT(find_topology_faults(drawing(lab("a"))),
              ElementsAre(says("no path leads to host 'c'")));
}

TEST(Topology, NamesALoopOfSwitchesWithItsWay) {
  const auto findings = find_topology_faults(drawing(R"(
switches:
  - {name: s1, uplinks: [s2]}
  - {name: s2, uplinks: [s3]}
  - {name: s3, uplinks: [s1]}
hosts:
  - {name: a, nics: [{switch: s1}]}
  - {name: b, nics: [{switch: s3}]}
)"));
  EXPECT_THAT(findings, ElementsAre(says("a loop of switches: s3 → s1 → s2 → s3")));
}

TEST(Topology, CallsTwoCablesBetweenTheSameSwitchesALoop) {
  const auto findings = find_topology_faults(drawing(R"(
switches: [{name: s1, uplinks: [s2]}, {name: s2, uplinks: [s1]}]
hosts: [{name: a, nics: [{switch: s1}]}]
)"));
  EXPECT_THAT(findings, ElementsAre(says("a loop of switches: s2 → s1 → s2")));
}

TEST(Topology, ATreeOfSwitchesHasNoLoop) {
  EXPECT_THAT(find_topology_faults(drawing(R"(
switches: [{name: s1, uplinks: [s3]}, {name: s2, uplinks: [s3]}, {name: s3}]
hosts:
  - {name: a, nics: [{switch: s1}]}
  - {name: b, nics: [{switch: s2}]}
)")),
              IsEmpty());
}

TEST(Topology, NamesSwitchesWithOneCableOrNone) {
  EXPECT_THAT(find_topology_faults(drawing(R"(
switches: [{name: lan}, {name: spare}]
hosts: [{name: a, nics: [{switch: lan}]}]
)")),
              ElementsAre(says("one-armed link: switch 'lan' has only one cable"),
                          says("nothing is plugged into switch 'spare'")));
}

TEST(Topology, NamesANicWithoutACable) {
  EXPECT_THAT(find_topology_faults(drawing("hosts: [{name: a, nics: [{name: eth0}]}]")),
              ElementsAre(says("a/eth0 has no cable")));
}

TEST(Topology, ACableBetweenTwoNicsConnectsThem) {
  const Scenario s = drawing(R"(
hosts:
  - {name: a, nics: [{peer: b/eth0}]}
  - {name: b, nics: [{name: eth0}]}
)");
  EXPECT_THAT(find_topology_faults(s), IsEmpty());
  EXPECT_EQ(s.hosts[1].nics[0].peer, (NicRef{"a", "eth0"}));
}

TEST(Topology, DuplicateAddressesAreErrorsAlsoInScenariosThatNoFileHolds) {
  Scenario s = drawing(kTwoOnALan);
  s.hosts[0].nics[0].addresses = s.hosts[1].nics[0].addresses = {*Ipv4Prefix::parse("10.0.0.1/8")};
  s.hosts[1].nics[0].mac = s.hosts[0].nics[0].mac;
  const auto findings = find_topology_faults(s);
  EXPECT_THAT(findings, ElementsAre(says("b/eth0 has the address 02:00:00:00:01:00 of a/eth0"),
                                    says("b/eth0 has the address 10.0.0.1 of a/eth0")));
  EXPECT_EQ(findings[0].severity, Finding::Severity::kError);
}

TEST(Topology, MacAddressesOfAFileAreStableAndNeverTheSame) {
  const Scenario s = drawing(two_lans("role: router"));
  EXPECT_EQ(s.hosts[0].nics[0].mac.to_string(), "02:00:00:00:01:00");
  EXPECT_EQ(s.hosts[2].nics[1].mac.to_string(), "02:00:00:00:03:01");
  EXPECT_EQ(default_mac(299, 2).to_string(), "02:00:00:01:2c:02");
}

Placed place_of(const std::vector<Placed>& places, const std::string& name) {
  const auto found = std::ranges::find(places, name, &Placed::name);
  return found == places.end() ? Placed{} : *found;
}

TEST(Layout, PutsClientsLeftDirectorsInTheMiddleAndRealServersRight) {
  const auto places = default_layout(drawing(R"(
switches: [{name: lan}]
hosts:
  - {name: rs1, role: real_server, nics: [{switch: lan}]}
  - {name: rs2, role: real_server, nics: [{switch: lan}]}
  - {name: lvs, role: director, nics: [{switch: lan}]}
  - {name: me, role: client, nics: [{switch: lan}]}
  - {name: alone}
)"));
  ASSERT_EQ(places.size(), 6U);
  EXPECT_LT(place_of(places, "me").x, place_of(places, "lan").x);
  EXPECT_LT(place_of(places, "lan").x, place_of(places, "lvs").x);
  EXPECT_LT(place_of(places, "lvs").x, place_of(places, "rs1").x);
  EXPECT_LT(place_of(places, "rs1").x, place_of(places, "alone").x);
  EXPECT_EQ(place_of(places, "rs1").x, place_of(places, "rs2").x);
  EXPECT_EQ(place_of(places, "rs1").y, -place_of(places, "rs2").y);
}

TEST(Layout, NeverPutsTwoNodesInOnePlace) {
  auto places = default_layout(drawing(two_lans("role: router")));
  std::ranges::sort(places, {}, [](const Placed& p) { return std::pair(p.x, p.y); });
  const auto same = [](const Placed& a, const Placed& b) { return a.x == b.x && a.y == b.y; };
  EXPECT_EQ(std::ranges::adjacent_find(places, same), places.end());
}

}  // namespace
}  // namespace lvslab::scenario
