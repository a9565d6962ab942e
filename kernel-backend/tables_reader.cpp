#include "kernel-backend/tables_reader.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "kernel-backend/tables_ipvs.h"
#include "kernel-backend/tables_proc.h"
#include "kernel-backend/tables_sockets.h"
#include "kernel-backend/tables_sysctl.h"
#include "sim/base/row_key.h"

namespace lvslab::kernel {
namespace {

constexpr TableSet kEventTables = kLinkTable | kAddrTable | kRouteTable | kRuleTable | kNeighTable;

std::string own_hostname() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

Result<int> subscribe() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  for (const int group : {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,
                          RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE}) {
    address.nl_groups |= 1U << (group - 1);
  }
  if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return fd;
  }
  const int error = errno;
  if (fd >= 0) ::close(fd);
  return fail(std::string("subscribing to changes: ") + std::strerror(error));
}

/// What was known of a connection and cannot be read better now. The forwarding method never
/// changes, and the destination that tells it may have gone. An expiry is told in whole seconds: as
/// long as two readings agree to less than one, the first stands.
void keep_known(const std::vector<IpvsConnRow>& before, std::vector<IpvsConnRow>& after) {
  std::map<RowKey<IpvsConnRow>, const IpvsConnRow*> known;
  for (const IpvsConnRow& row : before) known.emplace(key_of(row), &row);
  for (IpvsConnRow& row : after) {
    const auto seen = known.find(key_of(row));
    if (seen == known.end()) continue;
    if (seen->second->dest == row.dest) row.forward = seen->second->forward;
    const std::int64_t shift = (row.expires - seen->second->expires).ns;
    if (shift > -1'000'000'000 && shift < 1'000'000'000) row.expires = seen->second->expires;
  }
}

}  // namespace

TableSet tables_in_doubt(std::uint16_t message_type) {
  switch (message_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: return kLinkTable | kAddrTable | kRouteTable | kNeighTable;
    case RTM_NEWADDR:
    case RTM_DELADDR: return kAddrTable | kRouteTable;
    case RTM_NEWROUTE:
    case RTM_DELROUTE: return kRouteTable;
    case RTM_NEWRULE:
    case RTM_DELRULE: return kRuleTable;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: return kNeighTable;
    default: return 0;
  }
}

TableReader::TableReader(Vantage vantage, NetlinkReader route, NetlinkReader generic,
                         NetlinkReader diag)
    : vantage_(std::move(vantage)),
      route_(std::move(route)),
      generic_(std::move(generic)),
      diag_(std::move(diag)) {}

TableReader::TableReader(TableReader&& o) noexcept
    : vantage_(std::move(o.vantage_)),
      route_(std::move(o.route_)),
      generic_(std::move(o.generic_)),
      diag_(std::move(o.diag_)),
      events_fd_(std::exchange(o.events_fd_, -1)),
      ipvs_family_(o.ipvs_family_),
      own_fresh_(std::move(o.own_fresh_)),
      known_(std::move(o.known_)),
      unread_(o.unread_) {}

TableReader& TableReader::operator=(TableReader&& o) noexcept {
  std::swap(vantage_, o.vantage_);
  std::swap(route_, o.route_);
  std::swap(generic_, o.generic_);
  std::swap(diag_, o.diag_);
  std::swap(events_fd_, o.events_fd_);
  std::swap(ipvs_family_, o.ipvs_family_);
  std::swap(own_fresh_, o.own_fresh_);
  std::swap(known_, o.known_);
  std::swap(unread_, o.unread_);
  return *this;
}

TableReader::~TableReader() {
  if (events_fd_ >= 0) ::close(events_fd_);
}

Result<TableReader> TableReader::open(Vantage vantage) {
  auto route = NetlinkReader::open(NETLINK_ROUTE);
  if (!route) return std::unexpected(route.error());
  auto generic = NetlinkReader::open(NETLINK_GENERIC);
  if (!generic) return std::unexpected(generic.error());
  auto diag = NetlinkReader::open(NETLINK_SOCK_DIAG);
  if (!diag) return std::unexpected(diag.error());
  const auto events = subscribe();
  if (!events) return std::unexpected(events.error());
  TableReader reader(std::move(vantage), *std::move(route), *std::move(generic), *std::move(diag));
  reader.events_fd_ = *events;
  if (reader.vantage_.fresh == nullptr) reader.own_fresh_ = read_sysctls(reader.vantage_.proc);
  return reader;
}

Result<void> TableReader::refresh(SimTime now, TableSet wanted, HostTables& tables) {
  tables.hostname = vantage_.hostname.empty() ? own_hostname() : vantage_.hostname;
  tables.now = now;
  if (auto done = read_rtnetlink(route_, wanted, tables); !done) return done;
  if ((wanted & kSocketTable) != 0) {
    if (auto done = read_sockets(diag_, vantage_.proc, vantage_.processes, tables); !done) {
      return done;
    }
  }
  if ((wanted & kIpvsTable) != 0) {
    if (auto done = read_ipvs(generic_, ipvs_family_, tables); !done) return done;
  }
  if ((wanted & kConnTable) != 0) {
    const std::string text = read_proc_file(vantage_.proc + "/net/ip_vs_conn").value_or("");
    tables.conns = parse_ipvs_conns(text, now, tables.dests);
  }
  if ((wanted & kSysctlTable) != 0) {
    tables.sysctls = changed_sysctls(fresh(), read_sysctls(vantage_.proc));
  }
  return {};
}

Result<HostTables> TableReader::read(SimTime now, TableSet wanted) {
  HostTables tables;
  if ((wanted & kConnTable) != 0) wanted |= kIpvsTable;
  if (auto done = refresh(now, wanted, tables); !done) return std::unexpected(done.error());
  return tables;
}

// --- events --------------------------------------------------------------------------------------

void TableReader::apply_neigh(const NetlinkMessage& message, SimTime now,
                              std::vector<RowChange>& changes) {
  const auto row = parse_neigh(message.body, now);
  if (!row) return;
  HostTables after;
  after.neighs = known_.neighs;
  std::erase_if(after.neighs, [&](const NeighRow& r) { return key_of(r) == key_of(*row); });
  if (message.type == RTM_NEWNEIGH) after.neighs.push_back(*row);
  HostTables before;
  before.neighs = std::move(known_.neighs);
  const auto news = changes_between(before, after);
  changes.insert(changes.end(), news.begin(), news.end());
  known_.neighs = std::move(after.neighs);
}

TableSet TableReader::drain_events(SimTime now, std::vector<RowChange>& changes) {
  TableSet doubtful = 0;
  for (;;) {
    const auto datagram = receive_datagram(events_fd_, MSG_DONTWAIT);
    if (!datagram && datagram.error() == ENOBUFS) {
      doubtful |= kEventTables;  // some were lost: look at everything
      continue;
    }
    if (!datagram || datagram->empty()) return doubtful;
    Bytes rest = *datagram;
    NetlinkMessage message;
    while (next_message(rest, message)) {
      const TableSet about = tables_in_doubt(message.type);
      doubtful |= about;
      if (about == kNeighTable && (unread_ & kNeighTable) == 0) apply_neigh(message, now, changes);
    }
  }
}

Result<std::vector<RowChange>> TableReader::changes(SimTime now, TableSet polled,
                                                    const std::string& sysctl) {
  std::vector<RowChange> changes;
  const TableSet wanted = drain_events(now, changes) | polled | unread_;
  HostTables after = known_;
  if (auto done = refresh(now, wanted, after); !done) return std::unexpected(done.error());
  if (!sysctl.empty() && (wanted & kSysctlTable) == 0) {
    read_sysctl(vantage_.proc, sysctl, fresh(), after.sysctls);
  }
  keep_known(known_.conns, after.conns);
  const auto news = changes_between(known_, after);
  changes.insert(changes.end(), news.begin(), news.end());
  known_ = std::move(after);
  unread_ = 0;
  return changes;
}

}  // namespace lvslab::kernel
