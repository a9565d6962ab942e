#include "sim/base/table_diff.h"

#include <gmock/gmock.h>

namespace lvslab {
namespace {

using namespace literals;
using testing::ElementsAre;
using testing::IsEmpty;

NeighRow neigh(std::uint32_t ip, NeighState state) {
  return {.dev = IfIndex(2), .ip = Ipv4Addr{ip}, .mac = {7}, .state = state};
}

TEST(TableDiff, RowsComeChangeAndGo) {
  HostTables before, after;
  before.neighs = {neigh(1, NeighState::kReachable), neigh(2, NeighState::kStale),
                   neigh(3, NeighState::kStale)};
  after.neighs = {neigh(2, NeighState::kDelay), neigh(3, NeighState::kStale),
                  neigh(4, NeighState::kReachable)};
  EXPECT_THAT(changes_between(before, after),
              ElementsAre(RowChange{RowEvent::kRemoved, neigh(1, NeighState::kReachable)},
                          RowChange{RowEvent::kChanged, neigh(2, NeighState::kDelay)},
                          RowChange{RowEvent::kAdded, neigh(4, NeighState::kReachable)}));
}

TEST(TableDiff, WhatMovesByItselfIsNoChange) {
  HostTables before;
  before.links.push_back({.dev = IfIndex(2), .name = "eth0"});
  before.neighs.push_back(neigh(1, NeighState::kReachable));
  before.services.push_back({.scheduler = "rr"});
  before.dests.push_back({});
  before.conns.push_back({.expires = {60'000'000'000}});
  HostTables after = before;
  after.links[0].stats.rx_packets = 5;
  after.neighs[0].used = {5};
  after.services[0].counters.conns = 5;
  after.dests[0].counters.in_bytes = 5;
  after.conns[0].expires = after.conns[0].expires + 999_ms;
  EXPECT_THAT(changes_between(before, after), IsEmpty());
}

TEST(TableDiff, AConnectionWhoseTimerRestartedChanged) {
  HostTables before, after;
  before.conns.push_back({.expires = {60'000'000'000}});
  after.conns.push_back({.expires = {61'000'000'000}});
  EXPECT_THAT(changes_between(before, after),
              ElementsAre(RowChange{RowEvent::kChanged, after.conns[0]}));
}

TEST(TableDiff, IdenticalRulesAreOneRow) {
  HostTables before, after;
  before.rules = {RuleRow{.priority = 5}, RuleRow{.priority = 5}};
  after.rules = {RuleRow{.priority = 5}};
  EXPECT_THAT(changes_between(before, after), IsEmpty());
  EXPECT_THAT(changes_between({}, before),
              ElementsAre(RowChange{RowEvent::kAdded, RuleRow{.priority = 5}}));
}

}  // namespace
}  // namespace lvslab
