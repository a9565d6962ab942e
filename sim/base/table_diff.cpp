#include "sim/base/table_diff.h"

#include <cstdlib>
#include <map>

#include "sim/base/row_key.h"

namespace lvslab {
namespace {

template <class Row>
bool same(const Row& a, const Row& b) {
  return a == b;
}
bool same(const LinkRow& a, LinkRow b) {
  b.stats = a.stats;
  return a == b;
}
bool same(const NeighRow& a, const NeighRow& b) { return a.mac == b.mac && a.state == b.state; }
bool same(const IpvsServiceRow& a, IpvsServiceRow b) {
  b.counters = a.counters;
  return a == b;
}
bool same(const IpvsDestRow& a, IpvsDestRow b) {
  b.counters = a.counters;
  return a == b;
}
bool same(const IpvsConnRow& a, IpvsConnRow b) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (std::abs((b.expires - a.expires).ns) < kSecond) b.expires = a.expires;
  return a == b;
}

template <class Row>
std::map<RowKey<Row>, const Row*> index_of(const std::vector<Row>& rows) {
  std::map<RowKey<Row>, const Row*> index;
  for (const Row& row : rows) index[key_of(row)] = &row;
  return index;
}

template <class Row>
void compare(const std::vector<Row>& before, const std::vector<Row>& after,
             std::vector<RowChange>& changes) {
  if (before == after) return;
  const auto old_rows = index_of(before);
  const auto new_rows = index_of(after);
  for (const Row& row : before) {
    if (old_rows.at(key_of(row)) == &row && !new_rows.contains(key_of(row))) {
      changes.push_back({RowEvent::kRemoved, row});
    }
  }
  for (const Row& row : after) {
    if (new_rows.at(key_of(row)) != &row) continue;
    const auto old = old_rows.find(key_of(row));
    if (old == old_rows.end()) {
      changes.push_back({RowEvent::kAdded, row});
    } else if (!same(*old->second, row)) {
      changes.push_back({RowEvent::kChanged, row});
    }
  }
}

}  // namespace

std::vector<RowChange> changes_between(const HostTables& before, const HostTables& after) {
  std::vector<RowChange> changes;
  compare(before.links, after.links, changes);
  compare(before.addrs, after.addrs, changes);
  compare(before.routes, after.routes, changes);
  compare(before.addrs6, after.addrs6, changes);
  compare(before.routes6, after.routes6, changes);
  compare(before.rules, after.rules, changes);
  compare(before.neighs, after.neighs, changes);
  compare(before.sockets, after.sockets, changes);
  compare(before.services, after.services, changes);
  compare(before.dests, after.dests, changes);
  compare(before.conns, after.conns, changes);
  compare(before.sysctls, after.sysctls, changes);
  return changes;
}

}  // namespace lvslab
