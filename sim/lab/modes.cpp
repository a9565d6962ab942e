#include "sim/lab/modes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/lab/session.h"

namespace lvslab::lab {
namespace {

using scenario::Host;
using scenario::Nic;
using scenario::Scenario;

constexpr std::uint8_t kTcp = 6;

bool has(const Nic& nic, Ipv4Addr addr) {
  return std::ranges::find(nic.addresses, addr, &Ipv4Prefix::addr) != nic.addresses.end();
}

const Host* owner_of(const Scenario& scenario, Ipv4Addr addr) {
  for (const Host& host : scenario.hosts) {
    for (const Nic& nic : host.nics) {
      if (has(nic, addr)) return &host;
    }
  }
  return nullptr;
}

/// The NIC of `host` with an address in whose network `addr` is, and that address.
struct Attached {
  const Nic* nic = nullptr;
  Ipv4Prefix prefix;
};
std::optional<Attached> attached_to(const Host& host, Ipv4Addr addr) {
  for (const Nic& nic : host.nics) {
    for (const Ipv4Prefix& prefix : nic.addresses) {
      if (prefix.contains(addr)) return Attached{&nic, prefix};
    }
  }
  return std::nullopt;
}

Result<void> find_client(const Scenario& scenario, Balanced& balanced) {
  const auto client = std::ranges::find(scenario.hosts, scenario::Role::kClient, &Host::role);
  if (client == scenario.hosts.end()) {
    return std::unexpected(Error{"no host has the role client",
                                 {scenario.file, 0, 0},
                                 "give `role: client` to the host that sends the requests"});
  }
  balanced.client = client->name;
  for (const Nic& nic : client->nics) {
    if (nic.addresses.empty()) continue;
    balanced.client_addr = nic.addresses.front().addr;
    return {};
  }
  return std::unexpected(Error{fmt::format("{} has no address", client->name),
                               {scenario.file, client->where.line, client->where.column},
                               "give one of its NICs `addresses`"});
}

/// Takes over what `host` balances among other hosts, if those are more than so far.
void read_balanced(const Scenario& scenario, const Host& host, const HostTables& tables,
                   Balanced& balanced) {
  for (const IpvsServiceRow& service : tables.services) {
    if (service.key.protocol != kTcp || service.key.fwmark != 0) continue;
    if (!service.key.addr.is_v4()) continue;
    std::vector<Balanced::Server> servers;
    for (const IpvsDestRow& dest : tables.dests) {
      if (dest.service != service.key || dest.weight <= 0) continue;
      const Host* const server = owner_of(scenario, dest.addr.v4());
      if (server == nullptr || server == &host || server->name == balanced.client) continue;
      servers.push_back({server->name, dest.addr.v4(), dest.weight});
    }
    if (servers.size() <= balanced.servers.size()) continue;
    std::ranges::reverse(servers);  // the kernel lists the newest first
    balanced.servers = std::move(servers);
    balanced.director = host.name;
    balanced.vip = service.key.addr.v4();
    balanced.scheduler = std::string(service.scheduler.view());
  }
}

// --- set-up --------------------------------------------------------------------------------------

std::string page(std::uint32_t bytes) { return std::string(bytes > 0 ? bytes - 1 : 0, 'x') + "\n"; }

template <class T>
using Outcome = std::expected<T, scenario::Text>;

class SetUp {
 public:
  SetUp(const Scenario& scenario, const Balanced& balanced, IpvsForward mode,
        const ModeOptions& options)
      : made_(scenario), balanced_(balanced), mode_(mode), options_(options) {}

  Outcome<Scenario> make() {
    made_.timeline.clear();
    made_.expectations.clear();
    made_.ignores.clear();
    made_.until.reset();
    for (Host& host : made_.hosts) {
      if (host.name == balanced_.director) {
        set_up_director(host);
      } else if (const auto server =
                     std::ranges::find(balanced_.servers, host.name, &Balanced::Server::host);
                 server != balanced_.servers.end()) {
        if (auto done = set_up_server(host, *server); !done) return std::unexpected(done.error());
      } else if (host.role != scenario::Role::kRouter && host.name != balanced_.client) {
        host.setup.clear();  // a second director would claim the VIP
      }
    }
    return std::move(made_);
  }

 private:
  template <class... Args>
  static void type(Host& host, fmt::format_string<Args...> line, Args&&... args) {
    host.setup.push_back({fmt::format(line, std::forward<Args>(args)...), {}});
  }

  void limit_rate(Host& host) const {
    for (Nic& nic : host.nics) {
      if (nic.link.rate_bps == 0) nic.link.rate_bps = options_.rate_bps;
    }
  }

  void set_up_director(Host& host) {
    limit_rate(host);
    host.setup.clear();
    if (!owns(host, balanced_.vip)) {
      const auto attached = attached_to(host, balanced_.vip);
      if (attached) {
        type(host, "ip addr add {}/{} dev {}", balanced_.vip.to_string(), attached->prefix.len,
             attached->nic->name);
      } else {
        type(host, "ip addr add {}/32 dev lo", balanced_.vip.to_string());
      }
    }
    if (mode_ == IpvsForward::kMasq) {
      type(host, "sysctl -w net.ipv4.ip_forward=1");
      // On one LAN it would tell the servers that the client is their neighbour.
      for (const std::string& dev : with_all(host)) {
        type(host, "sysctl -w net.ipv4.conf.{}.send_redirects=0", dev);
      }
    }
    type(host, "yum install ipvsadm -y");
    type(host, "ipvsadm -A -t {}:80 -s {}", balanced_.vip.to_string(), balanced_.scheduler);
    const char flag = mode_ == IpvsForward::kMasq ? 'm' : mode_ == IpvsForward::kRoute ? 'g' : 'i';
    for (const Balanced::Server& server : balanced_.servers) {
      type(host, "ipvsadm -a -t {}:80 -r {}:80 -{} -w {}", balanced_.vip.to_string(),
           server.addr.to_string(), flag, server.weight);
    }
  }

  Outcome<void> set_up_server(Host& host, const Balanced::Server& server) {
    limit_rate(host);
    host.setup.clear();
    std::erase_if(host.files, [](const scenario::File& file) {
      return file.path == "/var/www/html/index.html";
    });
    host.files.push_back({"/var/www/html/index.html", page(options_.response_bytes), {}});
    if (mode_ == IpvsForward::kMasq) {
      if (auto done = route_through_director(host, server); !done) return done;
    } else {
      if (auto done = own_the_vip(host, server); !done) return done;
    }
    type(host, "yum install httpd -y");
    type(host, "service httpd start");
    return {};
  }

  /// What comes back must pass the director, even where the client is a neighbour.
  Outcome<void> route_through_director(Host& host, const Balanced::Server& server) {
    const auto attached = attached_to(*made_.find_host(balanced_.director), server.addr);
    if (!attached) return not_a_neighbour(server);
    const std::string via = attached->prefix.addr.to_string();
    type(host, "ip route replace default via {}", via);
    type(host, "ip route replace {}/32 via {}", balanced_.client_addr.to_string(), via);
    return {};
  }

  Outcome<void> own_the_vip(Host& host, const Balanced::Server& server) {
    type(host, "sysctl -w net.ipv4.conf.all.arp_ignore=1");
    type(host, "sysctl -w net.ipv4.conf.all.arp_announce=2");
    if (mode_ == IpvsForward::kTunnel) {
      type(host, "modprobe ipip");
      type(host, "ip addr add {}/32 dev tunl0", balanced_.vip.to_string());
      type(host, "ip link set tunl0 up");
      // Requests come out of the tunnel, and answers leave by a NIC.
      for (const char* dev : {"all", "tunl0"}) {
        type(host, "sysctl -w net.ipv4.conf.{}.rp_filter=0", dev);
      }
      return {};
    }
    if (!attached_to(*made_.find_host(balanced_.director), server.addr)) {
      return not_a_neighbour(server);
    }
    type(host, "ip addr add {}/32 dev lo", balanced_.vip.to_string());
    return {};
  }

  Outcome<void> not_a_neighbour(const Balanced::Server& server) const {
    const bool nat = mode_ == IpvsForward::kMasq;
    return std::unexpected(scenario::Text{
        fmt::format("{} ({}) is in no network of {}: {}", server.host, server.addr.to_string(),
                    balanced_.director,
                    nat ? "its answers would not come back through the director"
                        : "direct routing reaches neighbours only"),
        fmt::format("{}（{}）不在 {} 的任何网段内：{}", server.host, server.addr.to_string(),
                    balanced_.director,
                    nat ? "它的应答不会再经过负载均衡器" : "直接路由只能到达同一网段的主机")});
  }

  static bool owns(const Host& host, Ipv4Addr addr) {
    return std::ranges::any_of(host.nics, [&](const Nic& nic) { return has(nic, addr); });
  }
  static std::vector<std::string> with_all(const Host& host) {
    std::vector<std::string> devs = {"all"};
    for (const Nic& nic : host.nics) devs.push_back(nic.name);
    return devs;
  }

  Scenario made_;
  const Balanced& balanced_;
  IpvsForward mode_;
  const ModeOptions& options_;
};

}  // namespace

std::string_view mode_name(IpvsForward mode) {
  switch (mode) {
    case IpvsForward::kMasq: return "NAT";
    case IpvsForward::kRoute: return "DR";
    case IpvsForward::kTunnel: return "TUN";
    case IpvsForward::kLocal: break;
  }
  return "local";
}

Result<Balanced> find_balanced(Backend& backend, const Scenario& scenario) {
  Balanced balanced;
  if (auto found = find_client(scenario, balanced); !found) {
    return std::unexpected(found.error());
  }
  Session session(backend, scenario);
  if (auto started = session.start(); !started) return std::unexpected(started.error());
  // After every typed line, as a lab may delete its services at the end; and after the last event,
  // as keepalived types nothing.
  std::size_t seen = 0;
  for (bool over = false; !over;) {
    over = session.next(Stride::kEvent) != PlayEnd::kReached;
    if (!over && session.entries().size() == seen) continue;
    seen = session.entries().size();
    for (const Host& host : scenario.hosts) {
      if (const auto tables = session.tables(host.name)) {
        read_balanced(scenario, host, *tables, balanced);
      }
    }
  }
  if (!balanced.servers.empty()) return balanced;
  return std::unexpected(Error{"no host balances a TCP service among other hosts",
                               {scenario.file, 0, 0},
                               "`modes` needs a scenario with `ipvsadm -A -t` and `-a`"});
}

std::expected<Scenario, scenario::Text> set_up_for(const Scenario& scenario,
                                                   const Balanced& balanced, IpvsForward mode,
                                                   const ModeOptions& options) {
  return SetUp(scenario, balanced, mode, options).make();
}

}  // namespace lvslab::lab
