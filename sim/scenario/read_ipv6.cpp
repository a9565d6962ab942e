// The IPv6 part of the drawing: addresses of NICs and routes of hosts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>

#include "sim/scenario/reader.h"

namespace lvslab::scenario {
namespace {

/// Why no NIC can have `address`; an empty text if one can.
std::string objection(Ipv6Prefix address) {
  if (address.len == 0) return "the prefix length 0 leaves no subnet";
  if (address.addr.is_any()) return ":: names no host";
  if (address.addr.is_loopback()) return "::1 belongs to lo";
  if (address.addr.is_multicast()) return "it is a multicast address";
  if (address.addr.is_link_local()) return "every NIC makes its link-local address by itself";
  if (address.len < 127 && address.addr == address.network()) return "it names the subnet itself";
  return "";
}

}  // namespace

void Reader::read_addresses6(const Fields& fields, Nic& nic) {
  for (const auto& [address, where] : fields.prefixes6("addresses6")) {
    if (const std::string why = objection(address); !why.empty()) {
      problems_.add(
          where, fmt::format("'{}' cannot be the address of a NIC: {}", address.to_string(), why));
    }
    nic.addresses6.push_back(address);
    nic.addresses6_where.push_back(where);
  }
}

void Reader::read_routes6(const Fields& fields, Host& host) {
  if (const auto gateway = fields.address6("gateway6")) {
    Route6 route;
    route.via = *gateway;
    route.where = fields.where("gateway6");
    check_next_hop6(route, route.where, host);
    host.routes6.push_back(std::move(route));
  }
  for (const YamlNode* const node : fields.objects("routes6")) {
    const Fields part(tree_, *node, kRoute6Keys, problems_);
    Route6 route;
    route.where = part.where();
    const auto to = part.prefix6("to");
    if (const auto dev = part.string("dev")) {
      route.dev = dev->value;
      if (route.dev != "lo" && host.find_nic(route.dev) == nullptr) {
        problems_.add(dev->where, fmt::format("host '{}' has no NIC '{}'", host.name, route.dev));
      }
    }
    if (const auto via = part.address6("via")) {
      route.via = *via;
      check_next_hop6(route, part.where("via"), host);
    } else if (!part.has("via") && !part.has("dev")) {
      problems_.add(route.where, "a route needs 'via', 'dev' or both");
    }
    if (!to) continue;
    route.dst = *to;
    const auto same = [&](const Route6& other) { return other.dst == route.dst; };
    if (std::ranges::any_of(host.routes6, same)) {
      problems_.add(route.where,
                    fmt::format("host '{}' has two routes to {}", host.name,
                                route.dst.len == 0 ? "default" : route.dst.to_string()));
    }
    host.routes6.push_back(std::move(route));
  }
}

void Reader::check_next_hop6(const Route6& route, Mark where, const Host& host) {
  if (route.via.is_link_local()) {
    if (!route.dev.empty()) return;
    problems_.add(where,
                  fmt::format("the next hop {} is link-local: it says nothing without the NIC",
                              route.via.to_string()),
                  "add 'dev: eth0'");
    return;
  }
  std::vector<Ipv6Prefix> own;
  for (const Nic& nic : host.nics) {
    if (route.dev.empty() || nic.name == route.dev) {
      own.insert(own.end(), nic.addresses6.begin(), nic.addresses6.end());
    }
  }
  if (std::ranges::find(own, route.via, &Ipv6Prefix::addr) != own.end()) {
    problems_.add(where, fmt::format("the next hop {} is host '{}' itself", route.via.to_string(),
                                     host.name));
    return;
  }
  const auto holds = [&](const Ipv6Prefix& subnet) { return subnet.contains(route.via); };
  if (std::ranges::any_of(own, holds)) return;
  std::vector<std::string> subnets;
  for (const Ipv6Prefix& address : own) {
    std::string subnet = Ipv6Prefix{address.network(), address.len}.to_string();
    if (std::ranges::find(subnets, subnet) == subnets.end()) subnets.push_back(std::move(subnet));
  }
  problems_.add(where,
                fmt::format("the next hop {} is outside the IPv6 subnets of host '{}'",
                            route.via.to_string(), host.name),
                subnets.empty() ? "it has no IPv6 address"
                                : fmt::format("its subnets are {}", fmt::join(subnets, ", ")));
}

void Reader::let_routers_forward6() {
  if (!uses_ipv6(scenario_)) return;
  for (Host& host : scenario_.hosts) {
    const auto is_told = [](const Sysctl& s) { return s.key == "net.ipv6.conf.all.forwarding"; };
    if (host.role != Role::kRouter || std::ranges::any_of(host.sysctls, is_told)) continue;
    host.sysctls.insert(host.sysctls.begin(), {"net.ipv6.conf.all.forwarding", "1", host.where});
  }
}

}  // namespace lvslab::scenario
