// What commands print: which words may differ, and which may not.
#include "sim/compare/output.h"
#include "tests/compare/bench.h"

namespace lvslab::compare {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// Two recordings of one page, in which the client had port 40001 and port 50123.
class Outputs : public testing::Test {
 protected:
  static Tape with_port(const Recording& recording, std::uint16_t port) {
    Tape tape(recording);
    for (Piece& piece : tape.pieces) {
      if (piece.bytes[12] != 8 || piece.bytes[13] != 0 || piece.bytes[23] != 6) continue;
      store_be16(piece.bytes.data() + (piece.bytes[29] == 10 ? 34 : 36), port);
    }
    return tape;
  }
  std::vector<LineDifference::Pair> differ(const std::string& sim_text,
                                           const std::string& real_text,
                                           const std::string& line = "cat") {
    lab::Entry ours;
    ours.text = line;
    ours.host = "client";
    ours.ended = SimTime{2'000'000'000};
    ours.output = sim_text;
    lab::Entry theirs = ours;
    theirs.output = real_text;
    return differing_lines({sim_side, ours}, {real_side, theirs});
  }

  Recording run = simulate(two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: curl -s http://192.168.80.20/}
)"));
  Recording sim = with_port(run, 40'001).wind();
  Recording real = with_port(run, 50'123).wind();
  Side sim_side{sim}, real_side{real};
};

TEST_F(Outputs, EphemeralPortsStandForTheirFlow) {
  EXPECT_THAT(differ("192.168.80.10:40001 x", "192.168.80.10:50123 x"), IsEmpty());
  EXPECT_THAT(differ("192.168.80.10:40001 x", "192.168.80.10:50124 x"), SizeIs(1));
  EXPECT_THAT(differ("192.168.80.20:80", "192.168.80.20:81"), SizeIs(1));
}

TEST_F(Outputs, ProcessIdsAreNotCompared) {
  EXPECT_THAT(differ("tcp 0 0 0.0.0.0:80 LISTEN 1001/httpd", "tcp 0 0 0.0.0.0:80 LISTEN 77/httpd",
                     "netstat -natp"),
              IsEmpty());
  EXPECT_THAT(differ("a 1001/httpd", "a 77/nginx", "netstat -natp"), SizeIs(1));
  EXPECT_THAT(differ("users:((\"httpd\",pid=9,fd=4))", "users:((\"httpd\",pid=12,fd=4))", "ss -ln"),
              IsEmpty());
}

TEST_F(Outputs, LengthsOfTimeHaveTheToleranceOfTimers) {
  EXPECT_THAT(differ("64 bytes: time=0.412 ms", "64 bytes: time=3.1 ms"), IsEmpty());
  EXPECT_THAT(differ("time 3005ms", "time 3120ms"), IsEmpty());
  EXPECT_THAT(differ("time 3005ms", "time 4120ms"), SizeIs(1));
  EXPECT_THAT(differ("rtt min/avg/max/mdev = 0.1/0.2/0.3/0.0 ms",
                     "rtt min/avg/max/mdev = 0.4/0.5/0.6/0.1 ms"),
              IsEmpty());
  EXPECT_THAT(differ("cache expires 299sec", "cache expires 298sec"), IsEmpty());
  EXPECT_THAT(differ("cache expires 299sec", "cache expires 297sec"), SizeIs(1));
}

TEST_F(Outputs, TimersOfAListingMayBeASecondOff) {
  EXPECT_THAT(differ("TCP 01:59 FIN_WAIT", "TCP 01:58 FIN_WAIT"), IsEmpty());
  EXPECT_THAT(differ("TCP 01:00 SYN_RECV", "TCP 00:59 SYN_RECV"), IsEmpty());
  EXPECT_THAT(differ("TCP 01:59 FIN_WAIT", "TCP 01:57 FIN_WAIT"), SizeIs(1));
  EXPECT_THAT(differ("TCP 01:59 FIN_WAIT", "TCP 01:59 ESTABLISHED"), SizeIs(1));
}

TEST_F(Outputs, NumbersWithoutAUnitAreCompared) {
  EXPECT_THAT(differ("3 packets transmitted, 3 received", "3 packets transmitted, 2 received"),
              SizeIs(1));
}

TEST_F(Outputs, ColumnsCountInALineThatIsPrintedAsItIs) {
  EXPECT_THAT(differ("a  b", "a b"), SizeIs(1));
}

TEST_F(Outputs, ListingsInHashOrderAreSets) {
  const std::string ab = "head\na 1\nb 2\n";
  const std::string ba = "head\nb 2\na 1\n";
  EXPECT_THAT(differ(ab, ba, "ipvsadm -lnc"), IsEmpty());
  EXPECT_THAT(differ(ab, ba, "ip neigh show dev eth0"), IsEmpty());
  EXPECT_THAT(differ(ab, ba, "ipvsadm -ln"), testing::Not(IsEmpty()));
  EXPECT_THAT(differ(ab, ba, "ip neigh | sort"), testing::Not(IsEmpty()));
  EXPECT_THAT(differ(ab, "head\nb 2\nc 3\n", "arp -n"), SizeIs(1));
  EXPECT_FALSE(lists_in_hash_order("arping -c 1 192.168.80.20"));
  EXPECT_FALSE(lists_in_hash_order("ipvsadm -ln --rate"));
}

TEST_F(Outputs, ServicesOfTheKernelsTableStandInAnyOrderWithTheirDestinationsInTheirs) {
  const std::string head = "IP Virtual Server version 1.2.1 (size=4096)\n";
  const std::string web =
      "TCP  0A000096:0050 rr  \n  -> 0A000003:0050      Route   1\n"
      "  -> 0A000002:0050      Route   2\n";
  const std::string sctp = "SCTP  0A010006:2328 wlc  \n  -> 0A000002:2328      Tunnel  1\n";
  const std::string turned =
      "TCP  0A000096:0050 rr  \n  -> 0A000002:0050      Route   2\n"
      "  -> 0A000003:0050      Route   1\n";
  const char* proc = "cat /proc/net/ip_vs";
  EXPECT_THAT(differ(head + web + sctp, head + sctp + web, proc), IsEmpty());
  EXPECT_THAT(differ(head + web + sctp, head + sctp + turned, proc), testing::Not(IsEmpty()));
  EXPECT_THAT(differ(head + web + sctp, head + web, proc), testing::Not(IsEmpty()));
  EXPECT_THAT(differ(head + web + sctp, web + sctp + head, proc), testing::Not(IsEmpty()));
  EXPECT_THAT(differ(web + sctp, sctp + web, "ipvsadm -ln --nosort"), IsEmpty());
  EXPECT_THAT(differ(web + sctp, sctp + web, "ipvsadm -ln"), testing::Not(IsEmpty()));
}

TEST(Listings, MissASocketInTimeWaitOnlyIfItsPortsWereDrawnAgain) {
  const auto scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: curl -s http://192.168.80.20/}
  - {at: 3s, on: client, run: curl -s http://192.168.80.20/}
  - {at: 5s, on: client, run: ss -tan}
  - {at: 5s, on: web, run: netstat -tan}
)");
  const Recording sim = simulate(scenario);
  const Recording real = with_ports_drawn_again(sim, "client", "web");
  std::string listed;
  Recording without = sim;
  for (std::size_t i = 0; i < sim.entries.size(); ++i) {
    if (real.entries[i].output == sim.entries[i].output) continue;
    listed += real.entries[i].output;
    without.entries[i].output = real.entries[i].output;
  }
  EXPECT_THAT(listed, testing::ContainsRegex("TIME.WAIT"));
  EXPECT_THAT(compare(scenario, sim, real).differences, IsEmpty());
  EXPECT_THAT(compare(scenario, real, sim).differences, IsEmpty());
  EXPECT_THAT(compare(scenario, sim, without).differences, testing::Not(IsEmpty()));
}

TEST_F(Outputs, ALineMoreIsADifference) {
  const auto lines = differ("a\nb\n", "a\nx\nb\n");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].sim, std::nullopt);
  EXPECT_EQ(lines[0].real, "x");
}

TEST(Entries, StatusAndDurationAreCompared) {
  const auto scenario = two_hosts(R"(
timeline:
  - {at: 1s, on: client, run: curl -s http://192.168.80.20/}
  - {at: 3s, on: client, run: ping -c 2 192.168.80.20}
)");
  const Recording sim = simulate(scenario);
  Recording real = simulate(scenario, "kernel");
  real.entries[2].status = 7;
  real.entries[3].ended = real.entries[3].ended + SimDuration{400'000'000};
  const Comparison comparison = compare(scenario, sim, real);
  std::vector<LineDifference::Kind> kinds;
  for (const Difference& one : comparison.differences) {
    if (const auto* line = std::get_if<LineDifference>(&one.what)) kinds.push_back(line->kind);
  }
  EXPECT_THAT(kinds,
              testing::ElementsAre(LineDifference::Kind::kStatus, LineDifference::Kind::kDuration));
}

}  // namespace
}  // namespace lvslab::compare
