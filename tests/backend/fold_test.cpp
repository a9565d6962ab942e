// What viewers fold from the records of a run is what the hosts themselves say, at any moment.
#include "sim/trace/fold.h"

#include <gmock/gmock.h>

#include "sim/lab/show.h"
#include "tests/backend/play.h"

namespace lvslab::backend {
namespace {

/// Counters, times and probes are no part of what a fold promises (fold.h).
HostTables comparable(HostTables tables) {
  for (NeighRow& row : tables.neighs) {
    row.used = row.confirmed = row.updated = {};
    row.probes = 0;
  }
  for (IpvsServiceRow& row : tables.services) row.counters = {};
  for (IpvsDestRow& row : tables.dests) row.counters = {};
  // Hash tables in the kernel: any order will do.
  std::ranges::sort(tables.neighs, {}, [](const NeighRow& r) { return std::pair(r.dev, r.ip); });
  // Routes to the same prefix: `ip route replace` and `prepend` put theirs elsewhere than `add`.
  std::ranges::sort(tables.routes, {}, [](const RouteRow& r) {
    return std::tuple(r.table, r.dst, r.metric, r.gateway, r.prefsrc);
  });
  std::ranges::sort(tables.sockets, {},
                    [](const SocketRow& r) { return std::pair(r.proto, r.id); });
  return tables;
}

/// The folds of all hosts of a lab, held against the hosts.
class Folds {
 public:
  explicit Folds(Lab& lab) : lab_(lab) {
    for (std::uint32_t h = 0; h < lab.session.scenario().hosts.size(); ++h) {
      folders_.emplace_back(lab.session.trace(), NodeId(h));
    }
  }

  void check() {
    for (std::size_t h = 0; h < folders_.size(); ++h) {
      folders_[h].advance(lab_.session.trace());
      compare(lab_.session.scenario().hosts[h].name, folders_[h].tables());
    }
  }

 private:
  void compare(const std::string& host, HostTables folded) {
    const HostTables real = comparable(*lab_.session.tables(host));
    folded = comparable(std::move(folded));
    folded.now = real.now;  // a viewer knows its moment
    const auto same = [&](auto rows, scenario::TableKind shown) {
      if (folded.*rows == real.*rows) return;
      ADD_FAILURE() << host << " at " << real.now.ns << " ns, folded:\n"
                    << lab::render_table(shown, folded) << "but in truth:\n"
                    << lab::render_table(shown, real);
    };
    using scenario::TableKind;
    EXPECT_EQ(folded.hostname, real.hostname);
    same(&HostTables::links, TableKind::kLink);
    same(&HostTables::addrs, TableKind::kAddr);
    same(&HostTables::routes, TableKind::kLocalRoute);
    same(&HostTables::rules, TableKind::kRule);
    same(&HostTables::neighs, TableKind::kArp);
    same(&HostTables::sockets, TableKind::kSocket);
    same(&HostTables::services, TableKind::kIpvs);
    same(&HostTables::dests, TableKind::kIpvs);
    same(&HostTables::conns, TableKind::kConn);
    same(&HostTables::sysctls, TableKind::kSysctl);
  }

  Lab& lab_;
  std::vector<Folder> folders_;
};

class FoldOfScenario : public testing::TestWithParam<std::string> {};

TEST_P(FoldOfScenario, IsWhatTheHostsSayThroughoutTheRun) {
  Lab lab(load_shipped(GetParam()));
  Folds folds(lab);
  folds.check();
  // Every step of the set-up and the first requests; later on now and then.
  for (int step = 1; lab.session.next() == lab::PlayEnd::kReached; ++step) {
    if (step < 500 ? step % 5 == 0 : step % 53 == 0) folds.check();
    if (HasFailure()) return;
  }
  folds.check();
}

INSTANTIATE_TEST_SUITE_P(Shipped, FoldOfScenario, testing::ValuesIn(shipped_names()),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Fold, FollowsWhateverIsTyped) {
  Lab lab(load_text(R"(
title: {en: t, zh: t}
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: lan}]
    setup: [yum install httpd -y, service httpd start]
)"));
  Folds folds(lab);
  for (const char* line : {"ip addr add 10.0.0.5/24 dev eth0",
                           "ip addr add 10.0.0.5/16 dev eth0",
                           "ip addr add 10.1.0.1/24 dev eth0 label eth0:7",
                           "ip addr del 10.0.0.1/24 dev eth0",
                           "ip addr add 10.0.0.1/24 dev eth0",
                           "ip addr add 10.9.0.1/24 dev eth0 scope link",
                           "ip addr add 10.8.0.1/24 dev eth0",
                           "sysctl -w net.ipv4.conf.eth0.promote_secondaries=1",
                           "ip addr del 10.0.0.5/16 dev eth0",
                           "ip route add 10.7.0.0/16 via 10.0.0.2",
                           "ip route append 10.7.0.0/16 via 10.0.0.3",
                           "ip route add 10.7.0.0/16 via 10.0.0.4 metric 5",
                           "ip route replace 10.7.0.0/16 via 10.0.0.9",
                           "ip route add blackhole 10.6.0.0/16",
                           "ip route add 10.5.0.0/16 via 10.0.0.2 table 7",
                           "ip rule add from 10.0.0.1 table 7",
                           "ip rule del prio 32766",
                           "ip neigh add 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0",
                           "ip neigh del 10.0.0.77 dev eth0",
                           "ping -c 1 b",
                           "ping -c 1 -W 1 10.0.0.99",
                           "ip neigh flush dev eth0",
                           "hostname renamed",
                           "sysctl -w net.ipv4.tcp_syn_retries=2",
                           "sysctl -w net.ipv4.vs.expire_nodest_conn=1",
                           "sysctl -w net.ipv4.vs.expire_nodest_conn=0",
                           "ip link set eth0 mtu 1400",
                           "ip link set eth0 arp off",
                           "ip link set eth0 arp on",
                           "ifconfig eth0 promisc",
                           "ifconfig eth0 down",
                           "ifconfig eth0 up",
                           "ipvsadm -A -t 10.0.0.1:80 -s rr",
                           "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -g",
                           "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3 -g -w 3",
                           "ipvsadm -e -t 10.0.0.1:80 -r 10.0.0.2 -g -w 9",
                           "ipvsadm -E -t 10.0.0.1:80 -s wrr",
                           "ipvsadm -A -u 10.0.0.1:53 -s lc",
                           "ipvsadm -d -t 10.0.0.1:80 -r 10.0.0.3",
                           "ipvsadm -Z",
                           "ipvsadm -D -u 10.0.0.1:53",
                           "ipvsadm -C",
                           "curl -s http://b/",
                           "curl -s http://b:81/",
                           "tcpdump -c 1 & curl -s http://b/; wait",
                           "reboot",
                           "hostname",
                           "poweroff"}) {
    lab.type("a", line);
    folds.check();
    ASSERT_FALSE(HasFailure()) << "after: " << line;
  }
}

}  // namespace
}  // namespace lvslab::backend
