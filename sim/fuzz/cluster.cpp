// Clusters of directors with keepalived: who is in them, and what their keepalived.conf says.
//
// Leaves out what the microseconds of two processes decide: two masters that refuse each other's
// adverts put off their own (sim/keepalived, docs/fidelity.md), so wherever that may happen
// vrrp_lower_prio_no_advert is set.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {

using scenario::Role;

namespace {

constexpr Ipv4Prefix kFront{{0xc0a85000U}, 24};
constexpr Ipv4Prefix kBack{{0x0a000000U}, 24};

/// What all keepalived.conf of a cluster agree on.
struct Shared {
  bool masquerade =
      false;             ///< servers in a network of their own, whose gateway is a virtual address
  bool refused = false;  ///< somebody's adverts may be refused
  bool unicast = false;
  int version = 2;
  std::string advert_int;
  std::string authentication;  ///< the password; empty: none
  Ipv4Addr second_vip;         ///< 0.0.0.0: none
  Ipv4Addr gateway;            ///< of the servers
  std::string garp;            ///< lines of vrrp_instance
  std::string service;         ///< the block virtual_server
};

/// One director's part in it.
struct Part {
  std::size_t host = 0;
  bool master = false;
  int priority = 100;
  bool nopreempt = false;
  int preempt_delay = 0;
  std::string password;
};

void line(std::string& text, int depth, std::string_view words) {
  text.append(4 * static_cast<std::size_t>(depth), ' ');
  text += words;
  text += '\n';
}

std::string checker(Dice& dice) {
  std::string text;
  if (dice.percent(50)) {
    line(text, 2, "TCP_CHECK {");
  } else {
    line(text, 2, "HTTP_GET {");
    line(text, 3, "url {");
    line(text, 4, "path /");
    if (dice.percent(80)) line(text, 4, "status_code 200");
    line(text, 3, "}");
  }
  line(text, 3, fmt::format("connect_timeout {}", dice.between(1, 3)));
  if (dice.percent(60)) line(text, 3, fmt::format("retry {}", dice.between(0, 3)));
  line(text, 3, fmt::format("delay_before_retry {}", dice.between(1, 3)));
  line(text, 2, "}");
  return text;
}

/// The block virtual_server: the same for every director.
std::string service_block(const Draft& draft, Dice& dice, const Shared& shared) {
  static constexpr std::array<std::string_view, 6> kAlgorithms{"rr",  "wrr", "lc",
                                                               "wlc", "sh",  "nq"};
  const Cluster& cluster = draft.cluster;
  std::string text;
  line(text, 0, fmt::format("virtual_server {} 80 {{", cluster.vip.to_string()));
  line(text, 1, fmt::format("delay_loop {}", dice.between(2, 6)));
  line(text, 1, fmt::format("lb_algo {}", dice.pick(kAlgorithms)));
  line(text, 1, fmt::format("lb_kind {}", shared.masquerade ? "NAT" : "DR"));
  line(text, 1, "protocol TCP");
  if (dice.percent(20)) line(text, 1, "persistence_timeout 50");
  if (dice.percent(15)) line(text, 1, "alpha");
  if (dice.percent(10)) line(text, 1, "omega");
  if (dice.percent(15)) line(text, 1, "quorum 2");
  const bool sorry = cluster.servers.size() > 1 && dice.percent(25);
  if (sorry) {
    line(text, 1,
         fmt::format("sorry_server {} 80",
                     draft.first_seat(cluster.servers.back()).address.to_string()));
  }
  const std::size_t servers = cluster.servers.size() - (sorry ? 1 : 0);
  const std::string same = checker(dice);
  for (std::size_t s = 0; s < servers; ++s) {
    line(text, 1,
         fmt::format("real_server {} 80 {{",
                     draft.first_seat(cluster.servers[s]).address.to_string()));
    line(text, 2, fmt::format("weight {}", dice.between(1, 3)));
    if (dice.percent(20)) line(text, 2, "inhibit_on_failure");
    if (dice.percent(90)) text += dice.percent(75) ? same : checker(dice);
    line(text, 1, "}");
  }
  line(text, 0, "}");
  return text;
}

std::string instance_block(const Draft& draft, const Shared& shared, const Part& part) {
  std::string text;
  line(text, 0, "vrrp_instance VI_1 {");
  line(text, 1, part.master ? "state MASTER" : "state BACKUP");
  line(text, 1, "interface eth0");
  line(text, 1, "virtual_router_id 51");
  line(text, 1, fmt::format("priority {}", part.priority));
  line(text, 1, "advert_int " + shared.advert_int);
  if (shared.version == 3) line(text, 1, "version 3");
  if (part.nopreempt) line(text, 1, "nopreempt");
  if (part.preempt_delay > 0) line(text, 1, fmt::format("preempt_delay {}", part.preempt_delay));
  text += shared.garp;
  if (!part.password.empty()) {
    line(text, 1, "authentication {");
    line(text, 2, "auth_type PASS");
    line(text, 2, "auth_pass " + part.password);
    line(text, 1, "}");
  }
  if (shared.unicast) {
    line(text, 1, "unicast_src_ip " + draft.first_seat(part.host).address.to_string());
    line(text, 1, "unicast_peer {");
    for (const std::size_t other : draft.cluster.directors) {
      if (other == part.host) continue;
      line(text, 2, draft.first_seat(other).address.to_string());
    }
    line(text, 1, "}");
  }
  line(text, 1, "virtual_ipaddress {");
  line(text, 2, fmt::format("{}/24 dev eth0 label eth0:1", draft.cluster.vip.to_string()));
  if (!shared.second_vip.is_any()) {
    line(text, 2, fmt::format("{}/32 dev eth0", shared.second_vip.to_string()));
  }
  if (shared.masquerade) {
    line(text, 2, fmt::format("{}/24 dev eth1", shared.gateway.to_string()));
  }
  line(text, 1, "}");
  line(text, 0, "}");
  return text;
}

std::string conf(const Draft& draft, Dice& dice, const Shared& shared, const Part& part,
                 bool sync_daemon) {
  std::string text;
  line(text, 0, "global_defs {");
  line(text, 1, "router_id " + draft.host(part.host).name);
  if (shared.refused) {
    line(text, 1, "vrrp_lower_prio_no_advert true");
    line(text, 1, "vrrp_garp_lower_prio_repeat 0");
  }
  if (sync_daemon) line(text, 1, "lvs_sync_daemon eth0 VI_1");
  if (dice.percent(10)) line(text, 1, "lvs_flush");
  line(text, 0, "}");
  return text + instance_block(draft, shared, part) + shared.service;
}

void draw_members(Draft& draft, Dice& dice, Shared& shared) {
  shared.masquerade = dice.percent(25);
  draft.scenario.switches.push_back({"lan", {}, {}, {}});
  draft.segments.push_back({"lan", kFront, {}});
  if (shared.masquerade) {
    draft.scenario.switches.push_back({"back", {}, {}, {}});
    draft.segments.push_back({"back", kBack, {}});
  }
  draft.plug(dice, draft.add_host("client", Role::kClient), 0);
  for (int d = dice.percent(80) ? 2 : 3; d > 0; --d) {
    const std::size_t first = draft.cluster.directors.size();
    const std::size_t director = draft.add_host(fmt::format("lb{}", first + 1),
                                                first == 0 ? Role::kDirector : Role::kBackup);
    draft.plug(dice, director, 0);
    if (shared.masquerade) draft.plug(dice, director, 1);
    draft.cluster.directors.push_back(director);
  }
  for (int s = dice.between(1, 3); s > 0; --s) {
    const std::size_t server =
        draft.add_host(fmt::format("web{}", draft.cluster.servers.size() + 1), Role::kRealServer);
    draft.plug(dice, server, shared.masquerade ? 1 : 0);
    draft.cluster.servers.push_back(server);
  }
  draft.cluster.vip = *draft.free_address(dice, 0);
  if (dice.percent(25)) shared.second_vip = *draft.free_address(dice, 0);
  if (shared.masquerade) shared.gateway = *draft.free_address(dice, 1);
}

void prepare_servers(Draft& draft, Dice& dice, const Shared& shared) {
  for (const std::size_t server : draft.cluster.servers) {
    if (shared.masquerade) {
      scenario::Route route;
      route.via = shared.gateway;
      draft.scenario.hosts[server].routes.push_back(std::move(route));
    } else {
      draft.set_up(server, "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore");
      draft.set_up(server, "echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce");
      draft.set_up(server, fmt::format("ifconfig lo:1 {} netmask 255.255.255.255",
                                       draft.cluster.vip.to_string()));
      draft.own(server, {draft.cluster.vip, 32});
    }
    draft.set_up(server, "yum install httpd -y");
    if (dice.percent(40)) draft.set_up(server, "systemctl enable httpd");
    if (dice.percent(92)) draft.set_up(server, "service httpd start");
    draft.set_up(server,
                 fmt::format("echo {} > /var/www/html/index.html", draft.host(server).name));
    draft.web_servers.push_back(server);
  }
}

/// VRRP as all of them speak it.
void draw_protocol(Dice& dice, Shared& shared) {
  shared.version = dice.percent(30) ? 3 : 2;
  static constexpr std::array<std::string_view, 4> kWhole{"1", "1", "2", "3"};
  static constexpr std::array<std::string_view, 4> kFine{"0.5", "1", "1.5", "2"};
  shared.advert_int = shared.version == 3 ? dice.pick(kFine) : dice.pick(kWhole);
  if (shared.version == 2 && dice.percent(60)) shared.authentication = "1111";
  shared.unicast = dice.percent(15);
  shared.refused = dice.percent(50);
  if (dice.percent(25))
    line(shared.garp, 1, fmt::format("garp_master_delay {}", dice.between(1, 4)));
  if (dice.percent(15))
    line(shared.garp, 1, fmt::format("garp_master_repeat {}", dice.between(1, 3)));
  if (dice.percent(15))
    line(shared.garp, 1, fmt::format("garp_master_refresh {}", dice.between(5, 9)));
}

/// No two directors have one priority: their timers would run out together.
void draw_directors(Draft& draft, Dice& dice, const Shared& shared) {
  std::array<int, 6> priorities{40, 80, 100, 150, 200, 250};
  for (std::size_t i = priorities.size(); i > 1; --i) {
    std::swap(priorities[i - 1], priorities[dice.below(i)]);
  }
  const bool sync_daemon = dice.percent(15);
  draft.cluster.synced = sync_daemon;
  const bool all_backup = dice.percent(50);
  for (std::size_t d = 0; d < draft.cluster.directors.size(); ++d) {
    Part part;
    part.host = draft.cluster.directors[d];
    part.priority = priorities[d];
    part.master = !all_backup && d == 0;
    part.nopreempt = dice.percent(part.master ? 8 : 25);
    if (!part.master && dice.percent(20)) part.preempt_delay = dice.between(1, 8);
    part.password = shared.authentication;
    if (!part.password.empty() && shared.refused && d > 0 && dice.percent(12)) {
      part.password = "1112";
    }
    scenario::Host& host = draft.scenario.hosts[part.host];
    host.files.push_back(
        {"/etc/keepalived/keepalived.conf", conf(draft, dice, shared, part, sync_daemon), {}});
    draft.set_up(part.host, "yum install keepalived ipvsadm -y");
    if (dice.percent(40)) draft.set_up(part.host, "systemctl enable keepalived");
    if (shared.masquerade) draft.sysctl(part.host, "net.ipv4.ip_forward", "1");
    draft.own(part.host, {draft.cluster.vip, 32});
  }
}

/// A TCP_CHECK measures nothing but handshakes. Whether the one before took longer than this one
/// decides whether a timeout goes by that one (tcp_init_metrics()), and they are equal but for
/// a fraction of a microsecond: chance, that four timeouts later makes a tenth of a second.
void forget_round_trips(Draft& draft) {
  for (std::size_t h = 0; h < draft.scenario.hosts.size(); ++h) {
    draft.sysctl(h, "net.ipv4.tcp_no_metrics_save", "1");
  }
}

}  // namespace

void draw_cluster(Draft& draft) {
  Dice dice = draft.dice("cluster");
  Shared shared;
  draw_members(draft, dice, shared);
  draw_protocol(dice, shared);
  Dice services = draft.dice("cluster-service");
  shared.service = service_block(draft, services, shared);
  Dice servers = draft.dice("cluster-servers");
  prepare_servers(draft, servers, shared);
  Dice directors = draft.dice("cluster-directors");
  draw_directors(draft, directors, shared);
  draft.cluster.calm = shared.refused;
  keep_neighbours(draft);
  if (shared.service.find("TCP_CHECK") != std::string::npos) forget_round_trips(draft);
}

}  // namespace lvslab::fuzz
