// Tables of both runs, row by row; declarations of known differences; what is reported.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/compare/report.h"
#include "sim/compare/rows.h"
#include "tests/compare/bench.h"

namespace lvslab::compare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kTimeline = R"(
timeline:
  - {at: 1s, on: client, run: curl -s http://192.168.80.20/}
  - {at: 1s, on: client, run: ip neigh}
until: 30s
)";

/// What changes in the kernel's tables or outputs, with `known` declared.
class Tables : public testing::Test {
 protected:
  explicit Tables(std::string_view known = "")
      : scenario(two_hosts(std::string(kTimeline) + std::string(known))),
        sim(simulate(scenario)),
        real(simulate(scenario, "kernel")) {}

  HostTables& client() { return real.tables.hosts.at("client"); }
  Comparison compared() const { return compare(scenario, sim, real); }
  std::vector<std::string> fields() const {
    std::vector<std::string> names;
    for (const Difference& one : compared().differences) {
      const auto& row = std::get<RowDifference>(one.what);
      if (row.fields.empty()) names.emplace_back(row.sim ? "missing" : "extra");
      for (const FieldDifference& field : row.fields) names.push_back(field.name);
    }
    return names;
  }

  scenario::Scenario scenario;
  Recording sim, real;
};

TEST_F(Tables, OfTheSameRunAgree) { EXPECT_THAT(fields(), IsEmpty()); }

TEST_F(Tables, NameTheValueThatDiffers) {
  client().links[1].mtu = 1400;
  EXPECT_THAT(fields(), ElementsAre("MTU"));
}

TEST_F(Tables, MissAndFindRows) {
  client().addrs.pop_back();
  RouteRow route;
  route.dev = client().links[1].dev;
  client().routes.push_back(route);
  EXPECT_THAT(fields(), testing::UnorderedElementsAre("missing", "extra"));
}

TEST_F(Tables, CompareNoInterfaceNumbers) {
  for (LinkRow& row : client().links)
    row.dev = IfIndex(static_cast<std::uint16_t>(row.dev.value + 7));
  for (AddrRow& row : client().addrs)
    row.dev = IfIndex(static_cast<std::uint16_t>(row.dev.value + 7));
  for (RouteRow& row : client().routes)
    row.dev = IfIndex(static_cast<std::uint16_t>(row.dev.value + 7));
  for (NeighRow& row : client().neighs)
    row.dev = IfIndex(static_cast<std::uint16_t>(row.dev.value + 7));
  EXPECT_THAT(fields(), IsEmpty());
}

TEST_F(Tables, LeaveReachableOrStaleToChanceBetween15And50Seconds) {
  // Confirmed at 1 s, looked at 29 s later.
  ASSERT_THAT(client().neighs, SizeIs(1));
  NeighRow& row = client().neighs[0];
  row.state = row.state == NeighState::kStale ? NeighState::kReachable : NeighState::kStale;
  EXPECT_THAT(fields(), IsEmpty());
  row.state = NeighState::kDelay;  // it was stale, and then used
  EXPECT_THAT(fields(), IsEmpty());
  row.state = NeighState::kFailed;
  EXPECT_THAT(fields(), ElementsAre("state"));
}

TEST(Neighbours, LeaveAsMuchToChanceAsTheTimerOfTheStateIsLate) {
  const auto differ_after = [](std::string_view until) {
    const auto scenario = two_hosts(fmt::format(
        "timeline: [{{at: 1s, on: client, run: curl -s http://192.168.80.20/}}]\nuntil: {}\n",
        until));
    const Recording sim = simulate(scenario);
    Recording real = sim;
    real.tables.hosts.at("client").neighs.at(0).state = NeighState::kReachable;
    return compare(scenario, sim, real).differences.size();
  };
  EXPECT_EQ(differ_after("50s"), 0U);
  EXPECT_EQ(differ_after("52s"), 1U);
}

TEST_F(Tables, LeaveNothingToChanceRightAfterTheConfirmation) {
  // ip neigh at 1 s.
  std::string& listing = real.entries.back().output;
  const std::size_t at = listing.find("REACHABLE");
  ASSERT_NE(at, std::string::npos) << listing;
  listing.replace(at, 9, "STALE");
  EXPECT_THAT(compared().differences, SizeIs(1));
}

TEST_F(Tables, CountServersByTheirPlaceInTheList) {
  const auto dest = [](const char* addr) {
    IpvsDestRow row;
    row.service = {6, Ipv4Addr{1}, 80, 0};
    row.addr = *Ipv4Addr::parse(addr);
    return row;
  };
  sim.tables.hosts.at("client").dests = {dest("10.0.0.1"), dest("10.0.0.2")};
  client().dests = {dest("10.0.0.2"), dest("10.0.0.1")};
  EXPECT_THAT(fields(), ElementsAre("place in the list", "place in the list"));
}

TEST_F(Tables, AllowAnExpiryToBeASecondOff) {
  IpvsConnRow row;
  row.expires = SimTime{90'000'000'000};
  sim.tables.hosts.at("client").conns = {row};
  row.expires = SimTime{90'900'000'000};
  client().conns = {row};
  EXPECT_THAT(fields(), IsEmpty());
  client().conns[0].expires = SimTime{95'000'000'000};
  EXPECT_THAT(fields(), ElementsAre("expires in"));
}

/// A run that ends `after` a SYN that nobody answers, and the same without the client's socket.
Comparison compared_without_new_socket(std::string_view until) {
  const auto scenario = two_hosts(fmt::format(R"(
timeline:
  - {{at: 1s, on: client, run: curl -s http://192.168.80.20/}}
  - {{at: 2s, on: web, run: iptables -A INPUT -p tcp -j DROP}}
  - {{at: 3s, on: client, run: curl -s http://192.168.80.20/ &}}
until: {}
)",
                                              until));
  const Recording sim = simulate(scenario);
  Recording real = sim;
  EXPECT_EQ(std::erase_if(real.tables.hosts.at("client").sockets,
                          [](const SocketRow& row) { return row.state == TcpState::kSynSent; }),
            1U);
  return compare(scenario, sim, real);
}

TEST(SynSent, MayOpenAfterTheTableWasRead) {
  EXPECT_THAT(compared_without_new_socket("3.1s").differences, IsEmpty());
}

TEST(SynSent, IsMissedWhenItsSynIsLongAgo) {
  EXPECT_THAT(compared_without_new_socket("3.5s").differences, SizeIs(1));
}

constexpr std::string_view kTwoPages = R"(
timeline:
  - {at: 1s, on: client, run: curl -s http://192.168.80.20/}
  - {at: 3s, on: client, run: curl -s http://192.168.80.20/}
until: 30s
)";

TEST(TimeWait, GivesWayToAConnectionThatDrewTheSamePorts) {
  const auto scenario = two_hosts(std::string(kTwoPages));
  const Recording sim = simulate(scenario);
  const Recording real = with_ports_drawn_again(sim, "client", "web");
  const auto waiting = [](const Recording& run) {
    std::ptrdiff_t count = 0;
    for (const auto& [host, tables] : run.tables.hosts) {
      count += std::ranges::count(tables.sockets, TcpState::kTimeWait, &SocketRow::state);
    }
    return count;
  };
  ASSERT_EQ(waiting(sim), 2);
  ASSERT_EQ(waiting(real), 1);
  EXPECT_THAT(compare(scenario, sim, real).differences, IsEmpty());
  EXPECT_THAT(compare(scenario, real, sim).differences, IsEmpty());
}

/// `other` as if the lines of `sim` had been typed, and their ports drawn by lot.
Recording typed_as(const Recording& sim, Recording other) {
  for (std::size_t i = 0; i < other.entries.size(); ++i) {
    other.entries[i].text = sim.entries[i].text;
  }
  return other;
}

TEST(TimeWait, StaysWhereTheSynThatDrewItsPortsNeverCame) {
  const auto two_tries = [](int second) {
    return two_hosts(fmt::format(R"(
timeline:
  - {{at: 1s, on: client, run: curl -s -0 --local-port 40000 http://192.168.80.20/}}
  - {{at: 2s, fault: reboot, target: client}}
  - {{at: 2s, fault: link-down, target: web/eth0}}
  - {{at: 2s, on: client, run: ip neigh add 192.168.80.20 lladdr 02:00:00:00:02:00 dev eth0}}
  - {{at: 3s, on: client, run: curl -s -m 1 --local-port {} http://192.168.80.20/}}
  - {{at: 5s, on: web, run: ss -tan}}
until: 6s
)",
                                 second));
  };
  const auto apart = two_tries(40'001), twice = two_tries(40'000);
  const Recording sim = simulate(apart);
  const Recording real = typed_as(sim, simulate(twice));
  const std::vector<SocketRow>& sockets = real.tables.hosts.at("web").sockets;
  ASSERT_EQ(std::ranges::count(sockets, TcpState::kTimeWait, &SocketRow::state), 1);
  EXPECT_THAT(compare(apart, sim, real).differences, IsEmpty());
  EXPECT_THAT(compare(apart, real, sim).differences, IsEmpty());
}

TEST(TimeWait, IsMissedWhereNothingTookItsPlace) {
  const auto scenario = two_hosts(std::string(kTwoPages));
  const Recording sim = simulate(scenario);
  for (const bool first : {true, false}) {
    Recording real = sim;
    for (auto& [host, tables] : real.tables.hosts) {
      auto& sockets = tables.sockets;
      auto gone = std::ranges::find(sockets, TcpState::kTimeWait, &SocketRow::state);
      if (gone == sockets.end()) continue;
      if (!first)
        gone = std::find_if(gone + 1, sockets.end(),
                            [](const SocketRow& row) { return row.state == TcpState::kTimeWait; });
      ASSERT_NE(gone, sockets.end());
      sockets.erase(gone);
    }
    EXPECT_THAT(compare(scenario, sim, real).differences, SizeIs(1));
  }
}

/// A client asks both services of a director, from these ports.
scenario::Scenario two_services(int first, int second) {
  return load(fmt::format(R"(
title: two services
switches:
  - name: lan
hosts:
  - name: client
    nics:
      - {{addresses: 192.168.80.10/24, switch: lan}}
  - name: node01
    nics:
      - {{addresses: 192.168.80.201/24, switch: lan}}
    setup:
      - ifconfig eth0:1 192.168.80.150/24
      - yum install ipvsadm -y
      - ipvsadm -A -t 192.168.80.150:80
      - ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202
      - ipvsadm -A -t 192.168.80.150:22
      - ipvsadm -a -t 192.168.80.150:22 -r 192.168.80.202
  - name: web
    nics:
      - {{addresses: 192.168.80.202/24, switch: lan}}
    setup:
      - ip addr add 192.168.80.150/32 dev lo
      - echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
      - yum install httpd -y
      - service httpd start
timeline:
  - {{at: 1s, on: client, run: curl -s --local-port {} http://192.168.80.150/}}
  - {{at: 2s, fault: reboot, target: client}}
  - {{at: 3s, on: client, run: curl -s -m 1 --local-port {} http://192.168.80.150:22/}}
  - {{at: 5s, on: node01, run: ipvsadm -lnc}}
until: 6s
)",
                          first, second));
}

TEST(IpvsEntries, BelongToTheFlowToTheirServiceWhereAPortWasDrawnForTwo) {
  const auto apart = two_services(40'000, 40'001), twice = two_services(40'000, 40'000);
  const Recording sim = simulate(apart);
  const Recording real = typed_as(sim, simulate(twice));
  ASSERT_THAT(real.tables.hosts.at("node01").conns, SizeIs(2));
  EXPECT_THAT(compare(apart, sim, real).differences, IsEmpty());
  EXPECT_THAT(compare(apart, real, sim).differences, IsEmpty());
}

class Known : public Tables {
 protected:
  Known()
      : Tables(R"(
compare:
  - ignore: {packets: {at: client/eth0, filter: arp, field: time}}
    why: {en: a slow switch, zh: 交换机慢}
  - ignore: {output: {on: client, line: ip neigh, has: 192.168.80.20}}
    why: chance
  - ignore: {table: {host: client, table: link, has: mtu 1400}}
    why: this kernel has another MTU
)") {}
};

TEST_F(Known, DifferencesAreNotReported) {
  client().links[1].mtu = 1400;
  real.entries.back().output = "192.168.80.20 dev eth0 FAILED\n";
  Tape tape(real);
  Piece& question = tape.pieces[tape.find("client", RecordKind::kFrameSent, "arp")];
  question.record.at = question.record.at - SimDuration{300'000'000};
  real = tape.wind();
  const Comparison comparison = compared();
  EXPECT_THAT(comparison.differences, IsEmpty());
  for (const IgnoreResult& one : comparison.ignored) EXPECT_EQ(one.hidden, 1U) << one.index;
  EXPECT_TRUE(comparison.agrees());
}

TEST_F(Known, DifferencesThatAreGoneFail) {
  client().links[1].mtu = 1400;
  const Comparison comparison = compared();
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_FALSE(comparison.agrees());
  const std::string report = report_text(scenario, sim, real, comparison, {});
  EXPECT_THAT(report, HasSubstr("this declaration hides no difference; take it out"));
}

TEST_F(Known, DifferencesHideOnlyWhatTheyName) {
  client().links[1].mtu = 1500;
  client().links[1].tx_queue_len = 7;
  EXPECT_THAT(compared().differences, SizeIs(1));
}

TEST_F(Tables, AreReportedWithTheFramesSideBySide) {
  Tape tape(real);
  auto& bytes = tape.pieces[tape.find("web", RecordKind::kFrameSent, "tcp[13] == 0x12")].bytes;
  bytes[22] = 63;
  mend_checksums(bytes);
  real = tape.wind();
  const Comparison comparison = compared();
  const std::string report = report_text(scenario, sim, real, comparison, {});
  EXPECT_THAT(report, HasSubstr("client/eth0: 14 packets agree\n"));
  EXPECT_THAT(report, HasSubstr("web/eth0 out: the packet differs (TCP 192.168.80.10:#1 > "
                                "192.168.80.20:80)"));
  EXPECT_THAT(report, HasSubstr("    IPv4 time to live: 64 | 63\n"));
  EXPECT_THAT(report, HasSubstr("  *   22  time to live: 64"));
  EXPECT_THAT(report, HasSubstr("simulator: web reaches 192.168.80.10 directly on eth0"));
  const std::string zh =
      report_text(scenario, sim, real, comparison, {.language = Language::kZh, .colour = false});
  EXPECT_THAT(zh, HasSubstr("报文内容不同"));
}

TEST_F(Tables, AreReportedAsJsonLines) {
  client().links[1].mtu = 1400;
  std::istringstream lines(report_jsonl(scenario, sim, real, compared(), Language::kEn));
  std::vector<std::string> kinds;
  nlohmann::json last;
  for (std::string line; std::getline(lines, line);) {
    last = nlohmann::json::parse(line);
    kinds.push_back(last["kind"]);
  }
  EXPECT_THAT(kinds, ElementsAre("interface", "interface", "row", "summary"));
  EXPECT_EQ(last["agrees"], false);
  EXPECT_EQ(last["differences"], 1);
}

TEST(Runs, ThatEndOtherwiseDiffer) {
  const auto scenario = two_hosts("");
  const Recording sim = simulate(scenario);
  Recording real = sim;
  real.end = lab::PlayEnd::kInterrupted;
  real.tables.hosts.erase("web");
  EXPECT_THAT(compare(scenario, sim, real).differences, SizeIs(2));
}

}  // namespace
}  // namespace lvslab::compare
