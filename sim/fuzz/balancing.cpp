// IPVS in random labs: a director, its virtual address, the servers behind it, and what people
// forget about each.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {

using namespace literals;

namespace {

/// All but twos, which throws dice of its own; without the flags that look at ports, which kernels
/// draw.
constexpr std::array<std::string_view, 17> kSchedulers{"rr",
                                                       "rr",
                                                       "wrr",
                                                       "wrr",
                                                       "lc",
                                                       "wlc",
                                                       "fo",
                                                       "ovf",
                                                       "lblc",
                                                       "lblcr",
                                                       "dh",
                                                       "sh",
                                                       "mh",
                                                       "sed",
                                                       "nq",
                                                       "sh -b sh-fallback",
                                                       "mh -b mh-fallback"};

void start_web_server(Draft& draft, std::size_t host) {
  if (std::ranges::find(draft.web_servers, host) != draft.web_servers.end()) return;
  draft.web_servers.push_back(host);
  draft.set_up(host, "yum install httpd -y");
  draft.set_up(host, "service httpd start");
  draft.set_up(host, fmt::format("echo {} > /var/www/html/index.html", draft.host(host).name));
}

/// The VIP on a real server of direct routing, and the two ARP settings: all, or what somebody
/// remembered.
void prepare_direct_server(Draft& draft, Dice& dice, std::size_t host, Ipv4Addr vip) {
  if (dice.percent(80)) {
    for (const std::string_view place : {"eth0", "all"}) {
      draft.set_up(host, fmt::format("echo 1 > /proc/sys/net/ipv4/conf/{}/arp_ignore", place));
      if (dice.percent(10)) continue;
      draft.set_up(host, fmt::format("echo 2 > /proc/sys/net/ipv4/conf/{}/arp_announce", place));
    }
  }
  const std::uint32_t roll = dice.below(100);
  if (roll < 95) draft.own(host, {vip, static_cast<std::uint8_t>(roll < 90 ? 32 : 24)});
  if (roll < 82) {
    draft.set_up(host, fmt::format("ifconfig lo:1 {} netmask 255.255.255.255", vip.to_string()));
  } else if (roll < 90) {
    draft.set_up(host, fmt::format("ip addr add {}/32 dev lo", vip.to_string()));
  } else if (roll < 95) {
    draft.set_up(host, fmt::format("ifconfig lo:1 {} netmask 255.255.255.0", vip.to_string()));
  }
}

/// The virtual address at one of `others`, which becomes the director, and a service without
/// servers there; nothing if there is no place for it.
std::optional<VirtualService> begin_service(Draft& draft, Dice& dice,
                                            std::vector<std::size_t>& others) {
  for (std::size_t h = 1; h < draft.scenario.hosts.size(); ++h) others.push_back(h);
  if (others.size() < 2) return std::nullopt;
  const std::size_t director = dice.pick(others);
  std::erase(others, director);
  const Seat& seat = draft.first_seat(director);
  const auto vip = draft.free_address(dice, seat.segment);
  if (!vip) return std::nullopt;

  draft.own(director, {*vip, 32});
  VirtualService service;
  service.director = director;
  service.vip = *vip;
  service.port = dice.percent(90) ? 80 : 8080;
  service.option = fmt::format("-t {}:{}", vip->to_string(), service.port);
  auto& role = draft.scenario.hosts[director].role;
  if (role == scenario::Role::kHost) role = scenario::Role::kDirector;
  const std::string dev = draft.host(director).nics[seat.nic].name;
  const int len = dice.percent(60) ? draft.segments[seat.segment].subnet.len : 32;
  draft.set_up(director, dice.percent(70)
                             ? fmt::format("ifconfig {}:1 {}/{}", dev, vip->to_string(), len)
                             : fmt::format("ip addr add {}/{} dev {}", vip->to_string(), len, dev));
  draft.set_up(director, "yum install ipvsadm -y");
  return service;
}

void become_real_server(Draft& draft, std::size_t host) {
  auto& role = draft.scenario.hosts[host].role;
  if (role == scenario::Role::kHost) role = scenario::Role::kRealServer;
}

/// Direct routing, as the course builds it by hand.
void add_direct_routing(Draft& draft, Dice& dice) {
  std::vector<std::size_t> others;
  auto service = begin_service(draft, dice, others);
  if (!service) return;
  const std::size_t director = service->director;
  draft.set_up(director,
               fmt::format("ipvsadm -A {} -s {}", service->option, dice.pick(kSchedulers)));
  const int servers = dice.between(1, 4);
  for (int n = 0; n < servers && !others.empty(); ++n) {
    const std::size_t server = dice.percent(6) ? director : dice.pick(others);
    std::erase(others, server);
    const Ipv4Addr address = dice.pick(draft.seats_of(server)).address;
    const std::string weight =
        dice.percent(60) ? fmt::format(" -w {}", dice.between(0, 4)) : std::string();
    draft.set_up(director, fmt::format("ipvsadm -a {} -r {} -g{}", service->option,
                                       address.to_string(), weight));
    service->servers.push_back(address);
    if (server == director) continue;
    become_real_server(draft, server);
    prepare_direct_server(draft, dice, server, service->vip);
    if (dice.percent(88)) start_web_server(draft, server);
  }
  draft.services.push_back(std::move(*service));
}

/// Who has the address of a tunnel's far end as well may get its packets, and answers them as the
/// kernel that all hosts share. False if one of them has no ipip any more: it has rebooted.
bool load_ipip_at_namesakes(Draft& draft, std::size_t server, Ipv4Addr address) {
  for (std::size_t host = 0; host < draft.scenario.hosts.size(); ++host) {
    if (host == server || !draft.stays_on(host, address)) continue;
    if (std::ranges::count(draft.rebooted, host) != 0) return false;
    draft.tunnel_ends.push_back(host);
    draft.set_up(host, "modprobe ipip");
  }
  return true;
}

/// A service whose servers are prepared by `prepare`, with options that any method may have.
void add_service(Draft& draft, Dice& dice, std::string_view forward,
                 void (*prepare)(Draft&, Dice&, std::size_t server, const VirtualService&)) {
  std::vector<std::size_t> others;
  auto service = begin_service(draft, dice, others);
  if (!service) return;
  service->forward = forward;
  const std::size_t director = service->director;
  if (dice.percent(90)) draft.set_up(director, "echo 1 > /proc/sys/net/ipv4/ip_forward");
  const std::string persistence = dice.percent(20) ? " -p 60" : "";
  draft.set_up(director, fmt::format("ipvsadm -A {} -s {}{}", service->option,
                                     dice.pick(kSchedulers), persistence));
  const std::uint16_t port = forward == "-m" ? 80 : service->port;
  for (int n = dice.between(1, 3); n > 0 && !others.empty(); --n) {
    const std::size_t server = dice.pick(others);
    std::erase(others, server);
    const Ipv4Addr address = dice.pick(draft.seats_of(server)).address;
    if (forward == "-i" && !load_ipip_at_namesakes(draft, server, address)) continue;
    draft.set_up(director, fmt::format("ipvsadm -a {} -r {}:{} {} -w {}", service->option,
                                       address.to_string(), port, forward, dice.between(0, 3)));
    service->servers.push_back(address);
    become_real_server(draft, server);
    prepare(draft, dice, server, *service);
    if (dice.percent(92)) start_web_server(draft, server);
  }
  draft.services.push_back(std::move(*service));
}

/// The way back through the director: the one thing that NAT asks of a server.
void prepare_masqueraded_server(Draft& draft, Dice& dice, std::size_t server,
                                const VirtualService& service) {
  for (const Seat& seat : draft.seats_of(server)) {
    const Seat* gateway = draft.seat_in(service.director, seat.segment);
    if (gateway == nullptr || dice.percent(15)) continue;
    draft.set_up(server,
                 fmt::format("ip route replace default via {}", gateway->address.to_string()));
    return;
  }
}

/// The far end of the tunnel, with or without what the course says about ARP and rp_filter.
void prepare_tunnel_server(Draft& draft, Dice& dice, std::size_t server,
                           const VirtualService& service) {
  draft.tunnel_ends.push_back(server);
  draft.set_up(server, "modprobe ipip");
  if (dice.percent(85)) {
    draft.set_up(server, "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore");
    draft.set_up(server, "echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce");
  }
  draft.own(server, {service.vip, 32});
  if (dice.percent(10)) {
    draft.set_up(server,
                 fmt::format("ifconfig lo:1 {} netmask 255.255.255.255", service.vip.to_string()));
    return;  // tunl0 stays down
  }
  draft.set_up(
      server, fmt::format("ifconfig tunl0 {} netmask 255.255.255.255 up", service.vip.to_string()));
  if (dice.percent(30)) {
    draft.sysctl(server, "net.ipv4.conf.all.rp_filter", fmt::format("{}", dice.between(0, 2)));
  }
}

void add_masquerading(Draft& draft, Dice& dice) {
  add_service(draft, dice, "-m", prepare_masqueraded_server);
}

void add_tunnelling(Draft& draft, Dice& dice) {
  add_service(draft, dice, "-i", prepare_tunnel_server);
}

/// A service for whatever carries a mark.
void add_marked_service(Draft& draft, Dice& dice) {
  std::vector<std::size_t> others;
  auto service = begin_service(draft, dice, others);
  if (!service) return;
  const std::size_t director = service->director;
  const int mark = dice.between(1, 9);
  const bool masquerade = dice.percent(40);
  service->option = fmt::format("-f {}", mark);
  service->forward = masquerade ? "-m" : "-g";
  draft.set_up(director,
               fmt::format("iptables -t mangle -A PREROUTING -d {} -p tcp{} -j MARK --set-mark {}",
                           service->vip.to_string(), dice.percent(60) ? " --dport 80" : "", mark));
  if (masquerade) draft.set_up(director, "echo 1 > /proc/sys/net/ipv4/ip_forward");
  draft.set_up(director, fmt::format("ipvsadm -A {} -s {}{}", service->option,
                                     dice.pick(kSchedulers), dice.percent(25) ? " -p 60" : ""));
  for (int n = dice.between(1, 3); n > 0 && !others.empty(); --n) {
    const std::size_t server = dice.pick(others);
    std::erase(others, server);
    const Ipv4Addr address = dice.pick(draft.seats_of(server)).address;
    draft.set_up(director, fmt::format("ipvsadm -a {} -r {} {} -w {}", service->option,
                                       address.to_string(), service->forward, dice.between(0, 3)));
    service->servers.push_back(address);
    become_real_server(draft, server);
    if (masquerade) {
      prepare_masqueraded_server(draft, dice, server, *service);
    } else {
      prepare_direct_server(draft, dice, server, service->vip);
    }
    if (dice.percent(92)) start_web_server(draft, server);
  }
  draft.services.push_back(std::move(*service));
}

/// A director tells another host of its connections; that one may know the service as well.
void add_sync_daemon(Draft& draft, Dice& dice) {
  if (draft.services.empty()) return;
  VirtualService service = dice.pick(draft.services);
  const Seat& seat = draft.first_seat(service.director);
  std::vector<Seat> near;
  std::ranges::copy_if(draft.seats, std::back_inserter(near), [&](const Seat& other) {
    return other.segment == seat.segment && other.host != seat.host && other.host != 0;
  });
  if (near.empty()) return;
  const Seat backup = dice.pick(near);
  const std::string sync_id =
      dice.percent(50) ? fmt::format(" --syncid {}", dice.between(1, 3)) : "";
  draft.set_up(service.director, fmt::format("ipvsadm --start-daemon master --mcast-interface {}{}",
                                             draft.host(seat.host).nics[seat.nic].name, sync_id));
  draft.set_up(backup.host, "yum install ipvsadm -y");
  draft.set_up(backup.host, fmt::format("ipvsadm --start-daemon backup --mcast-interface {}{}",
                                        draft.host(backup.host).nics[backup.nic].name, sync_id));
  if (dice.percent(50)) {
    draft.set_up(backup.host, fmt::format("ipvsadm -A {} -s rr", service.option));
    for (const Ipv4Addr server : service.servers) {
      draft.set_up(backup.host, fmt::format("ipvsadm -a {} -r {} {}", service.option,
                                            server.to_string(), service.forward));
    }
  }
  service.director = backup.host;
  draft.services.push_back(std::move(service));
}

void add_web_servers(Draft& draft, Dice& dice) {
  for (int n = dice.between(1, 2); n > 0; --n) {
    start_web_server(draft, dice.below(draft.scenario.hosts.size()));
  }
}

void start_sctp_server(Draft& draft, Dice& dice, std::size_t server, Ipv4Addr address,
                       std::uint16_t port) {
  const std::string& name = draft.host(server).name;
  const std::string use =
      dice.percent(80) ? fmt::format("-c 'echo {}'", name) : std::string("> /tmp/said");
  draft.type_in_background(
      dice, server,
      fmt::format("timeout 15 ncat --sctp -l -k {} {} {}", address.to_string(), port, use));
}

/// Somebody asks, and stays until the server ends or five seconds are over. From one address: of
/// several a host would tell the other side all.
void ask_by_sctp(Draft& draft, Dice& dice, const VirtualService& service) {
  const auto host = draft.any_host(dice);
  if (!host || draft.stays_on(*host, service.vip)) return;
  const std::string ncat = fmt::format("timeout 5 ncat --sctp -w 4 -s {}",
                                       dice.pick(draft.seats_of(*host)).address.to_string());
  const std::string to = fmt::format("{} {}", service.vip.to_string(), service.port);
  draft.type(dice, *host,
             {dice.percent(70) ? fmt::format("{} --recv-only {}; echo $?", ncat, to)
                               : fmt::format("echo hello | {} {}; echo $?", ncat, to)},
             5_s);
}

/// An act about an SCTP service, after all else. The neighbours of the director's listings are the
/// questions: associations that stay would be asked by heartbeats at moments that kernels draw.
void add_sctp_act(Draft& draft, Dice& dice) {
  std::vector<std::size_t> others;
  auto service = begin_service(draft, dice, others);
  if (!service) return;
  constexpr std::uint16_t kPort = 9000;
  service->port = kPort;
  service->option = fmt::format("--sctp-service {}:{}", service->vip.to_string(), kPort);
  service->forward = std::array{"-g", "-m", "-i"}[dice.below(3)];
  const bool masquerade = service->forward == "-m";
  const bool tunnel = service->forward == "-i";
  const std::size_t director = service->director;
  if (masquerade) draft.set_up(director, "echo 1 > /proc/sys/net/ipv4/ip_forward");
  if (dice.percent(20)) draft.sysctl(director, "net.ipv4.vs.sloppy_sctp", "1");
  draft.set_up(director, fmt::format("ipvsadm -A {} -s {}{}", service->option,
                                     dice.pick(kSchedulers), dice.percent(20) ? " -p 60" : ""));
  draft.rhythm.act = 30_s;
  ++draft.rhythm.pauses;
  draft.wait(draft.rhythm.act);  // the act before is over
  for (int n = dice.between(1, 3); n > 0 && !others.empty(); --n) {
    const std::size_t server = dice.pick(others);
    std::erase(others, server);
    if (tunnel && std::ranges::count(draft.rebooted, server) != 0) continue;
    const Ipv4Addr address = dice.pick(draft.seats_of(server)).address;
    if (tunnel && !load_ipip_at_namesakes(draft, server, address)) continue;
    const std::uint16_t port = masquerade && dice.percent(50) ? kPort + 1 : kPort;
    draft.set_up(director,
                 fmt::format("ipvsadm -a {} -r {}:{} {} -w {}", service->option,
                             address.to_string(), port, service->forward, dice.between(0, 3)));
    become_real_server(draft, server);
    draft.set_up(server, "yum install ncat -y");
    if (masquerade) {
      prepare_masqueraded_server(draft, dice, server, *service);
    } else if (tunnel) {
      prepare_tunnel_server(draft, dice, server, *service);
    } else {
      prepare_direct_server(draft, dice, server, service->vip);
    }
    if (draft.up[server] && dice.percent(88)) {
      start_sctp_server(draft, dice, server, masquerade ? address : service->vip, port);
    }
  }
  for (int n = dice.between(2, 4); n > 0; --n) {
    ask_by_sctp(draft, dice, *service);
    if (!draft.up[director]) continue;
    draft.type(dice, director,
               {std::array{"ipvsadm -lnc", "ipvsadm -ln", "ipvsadm -ln --stats"}[dice.below(3)]},
               {});
  }
}

constexpr std::array kBalancing{
    Ingredient{"direct-routing", 65, add_direct_routing},
    Ingredient{"masquerading", 30, add_masquerading},
    Ingredient{"tunnelling", 20, add_tunnelling},
    Ingredient{"marked-service", 15, add_marked_service},
    Ingredient{"sync-daemon", 20, add_sync_daemon},
    Ingredient{"web-servers", 50, add_web_servers},
};

}  // namespace

std::span<const Ingredient> balancing() { return kBalancing; }

std::span<const Ingredient> endings() {
  static constexpr std::array kEndings{Ingredient{"sctp-act", 15, add_sctp_act}};
  return kEndings;
}

}  // namespace lvslab::fuzz
