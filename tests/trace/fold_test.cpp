// The tables of a host, folded from records, against a model that knows nothing of keys.
#include "sim/trace/fold.h"

#include <gmock/gmock.h>

#include "sim/base/prng.h"
#include "tests/trace/dr_story.h"

namespace lvslab::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Fold, BeginsWithTheInterfacesOfTheStart) {
  const DrStory s = dr_story();
  const HostTables t = fold(s.trace(), 0, kClient);
  EXPECT_EQ(t.hostname, "client");
  ASSERT_THAT(t.links, SizeIs(2));
  EXPECT_EQ(t.links[1].name, ShortName("eth0"));
  EXPECT_EQ(t.links[1].stats, LinkStats{});
}

TEST(Fold, CountsFramesAtHostsAndNotAtTheSwitch) {
  const DrStory s = dr_story();
  const HostTables t = fold(s.trace(), kClient);
  const LinkStats& eth0 = t.links[1].stats;
  EXPECT_EQ(eth0.tx_packets, 3U) << "ARP request, SYN, ACK";
  EXPECT_EQ(eth0.tx_bytes, 42U + 58U + 54U);
  EXPECT_EQ(eth0.rx_packets, 2U) << "ARP reply, SYN-ACK";
  EXPECT_EQ(eth0.rx_bytes, 42U + 58U);
  EXPECT_EQ(t.links[0].stats, LinkStats{});
}

TEST(Fold, DoesNotCountWhatReachedADeadHost) {
  Teller t;
  const RecordId sent = t.send(kClient, arp_request(kClientMac, kClientIp, kVip));
  t.receive(kNode01, sent);
  t.drop(kNode01, Reason::kHostNotRunning, t.frame_of(sent));
  EXPECT_EQ(fold(t.trace, kNode01).links[1].stats, LinkStats{});
}

TEST(Fold, ShowsAMomentInTheMiddle) {
  const DrStory s = dr_story();
  EXPECT_THAT(fold(s.trace(), 1, kClient).neighs, IsEmpty());
  const HostTables before = fold(s.trace(), s.arp_request.value, kClient);
  ASSERT_THAT(before.neighs, SizeIs(1));
  EXPECT_EQ(before.neighs[0].state, NeighState::kIncomplete);
  const HostTables after = fold(s.trace(), s.syn.value, kClient);
  ASSERT_THAT(after.neighs, SizeIs(1));
  EXPECT_EQ(after.neighs[0].state, NeighState::kReachable);
  EXPECT_EQ(after.now, SimTime{4'000'000});
  EXPECT_THAT(fold(s.trace(), kNode01).conns, SizeIs(1));
}

TEST(Fold, KeepsTheCountersOfALinkThatChanges) {
  Teller t;
  t.send(kClient, arp_request(kClientMac, kClientIp, kVip));
  LinkRow row = t.trace.node(kClient).devices[1];
  row.mtu = 1400;
  t.row(kClient, RecordKind::kRowChanged, row);
  EXPECT_EQ(fold(t.trace, kClient).links[1].stats.tx_packets, 1U);
  t.row(kClient, RecordKind::kRowRemoved, row);
  EXPECT_THAT(fold(t.trace, kClient).links, SizeIs(1));
  t.row(kClient, RecordKind::kRowAdded, row);
  EXPECT_EQ(fold(t.trace, kClient).links[1].stats, LinkStats{}) << "the host booted again";
  EXPECT_EQ(fold(t.trace, kClient).links[1].mtu, 1400U);
}

TEST(Fold, ListsDestinationsNewestFirstWithinTheirService) {
  Teller t;
  const IpvsServiceKey web{.addr = kVip, .port = 80};
  const IpvsServiceKey other{.addr = kVip, .port = 443};
  t.row(kNode01, RecordKind::kRowAdded, IpvsServiceRow{.key = web});
  t.row(kNode01, RecordKind::kRowAdded, IpvsServiceRow{.key = other});
  for (const std::uint32_t host : {1U, 2U, 3U}) {
    t.row(kNode01, RecordKind::kRowAdded, IpvsDestRow{.service = web, .addr = Ipv4Addr{host}});
    t.row(kNode01, RecordKind::kRowAdded,
          IpvsDestRow{.service = other, .addr = Ipv4Addr{host + 10}});
  }
  t.row(kNode01, RecordKind::kRowChanged,
        IpvsDestRow{.service = web, .addr = Ipv4Addr{1}, .weight = 5});
  std::vector<std::uint32_t> order;
  for (const IpvsDestRow& d : fold(t.trace, kNode01).dests) order.push_back(d.addr.v4().bits);
  EXPECT_THAT(order, ElementsAre(3, 2, 1, 13, 12, 11));
}

TEST(Fold, TellsRoutesApartThatDifferInMetricOnly) {
  Teller t;
  t.row(kClient, RecordKind::kRowAdded, RouteRow{.gateway = {1}, .dev = kEth0, .metric = 0});
  t.row(kClient, RecordKind::kRowAdded, RouteRow{.gateway = {1}, .dev = kEth0, .metric = 10});
  EXPECT_THAT(fold(t.trace, kClient).routes, SizeIs(2));
  t.row(kClient, RecordKind::kRowRemoved, RouteRow{.gateway = {1}, .dev = kEth0, .metric = 0});
  ASSERT_THAT(fold(t.trace, kClient).routes, SizeIs(1));
  EXPECT_EQ(fold(t.trace, kClient).routes[0].metric, 10U);
}

/// A table as a list that is searched from its start.
template <class Row, class Same>
void model_change(std::vector<Row>& rows, RecordKind kind, const Row& row, Same same) {
  const auto at = std::ranges::find_if(rows, [&](const Row& r) { return same(r, row); });
  if (kind == RecordKind::kRowRemoved) {
    if (at != rows.end()) rows.erase(at);
  } else if (at != rows.end()) {
    *at = row;
  } else {
    rows.push_back(row);
  }
}

/// Random changes of neighbours, sysctls, sockets and connections of one host.
class RandomRows {
 public:
  explicit RandomRows(std::uint64_t seed) : random_(seed) {}

  TableRow next(HostTables& model, RecordKind kind) {
    const std::uint32_t key = random_.below(6);
    const std::uint32_t value = random_.below(100);
    switch (random_.below(4)) {
      case 0: {
        const NeighRow row{.dev = IfIndex(static_cast<std::uint16_t>(2 + key % 2)),
                           .ip = Ipv4Addr{key / 2},
                           .mac = {value}};
        model_change(model.neighs, kind, row,
                     [](auto& a, auto& b) { return a.dev == b.dev && a.ip == b.ip; });
        return row;
      }
      case 1: {
        SysctlRow row{"path" + std::to_string(key), std::to_string(value)};
        model_change(model.sysctls, kind, row, [](auto& a, auto& b) { return a.path == b.path; });
        return row;
      }
      case 2: {
        const SocketRow row{.proto = key % 2 == 0 ? SocketProto::kTcp : SocketProto::kUdp,
                            .local_port = static_cast<std::uint16_t>(value),
                            .id = key / 2};
        model_change(model.sockets, kind, row,
                     [](auto& a, auto& b) { return a.proto == b.proto && a.id == b.id; });
        return row;
      }
      default: {
        const IpvsConnRow row{.client = Ipv4Addr{key / 2},
                              .client_port = static_cast<std::uint16_t>(key % 2),
                              .expires = SimTime{value}};
        model_change(model.conns, kind, row, [](auto& a, auto& b) {
          return a.client == b.client && a.client_port == b.client_port;
        });
        return row;
      }
    }
  }
  RecordKind kind() {
    constexpr std::array kKinds = {RecordKind::kRowAdded, RecordKind::kRowChanged,
                                   RecordKind::kRowRemoved};
    return kKinds[random_.below(3)];
  }

 private:
  Prng random_;
};

std::vector<SysctlRow> by_path(std::vector<SysctlRow> rows) {
  std::ranges::sort(rows, {}, &SysctlRow::path);
  return rows;
}

class FoldProperty : public ::testing::TestWithParam<int> {};

TEST_P(FoldProperty, EqualsAModelAfterEveryChange) {
  Teller t;
  RandomRows rows(static_cast<std::uint64_t>(GetParam()));
  Folder folder(t.trace, kNode01);
  HostTables model;
  HostTables elsewhere;
  for (int i = 0; i < 400; ++i) {
    const RecordKind kind = rows.kind();
    t.row(kNode01, kind, rows.next(model, kind));
    const RecordKind other = rows.kind();
    t.row(kNode02, other, rows.next(elsewhere, other));
    folder.advance(t.trace);
    const HostTables folded = folder.tables();
    ASSERT_EQ(folded.neighs, model.neighs);
    ASSERT_EQ(folded.sysctls, by_path(model.sysctls));
    ASSERT_EQ(folded.sockets, model.sockets);
    ASSERT_EQ(folded.conns, model.conns);
  }
  EXPECT_EQ(fold(t.trace, kNode01).conns, model.conns) << "at once as step by step";
}

INSTANTIATE_TEST_SUITE_P(Seeds, FoldProperty, ::testing::Range(1, 9));

TEST(Folder, ACopyIsABookmark) {
  const DrStory s = dr_story();
  Folder folder(s.trace(), kClient);
  folder.advance(s.trace(), s.arp_request.value);
  const Folder bookmark = folder;
  folder.advance(s.trace());
  EXPECT_EQ(bookmark.position(), s.arp_request.value);
  EXPECT_EQ(bookmark.tables().neighs[0].state, NeighState::kIncomplete);
  EXPECT_EQ(folder.tables().neighs[0].state, NeighState::kReachable);
}

}  // namespace
}  // namespace lvslab::test
