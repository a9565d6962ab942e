// The drawing: switches, hosts, NICs, cables.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sim/scenario/names.h"
#include "sim/scenario/reader.h"

namespace lvslab::scenario {
namespace {

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

/// RFC 1123 §2.1, starting with a letter so that a name is never taken for an address.
bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && is_letter(name.front()) && is_alnum(name.back()) &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-'; });
}

/// What dev_valid_name() (net/core/dev.c) takes and "eth0:1" labels do not collide with.
bool is_nic_name(std::string_view name) {
  return !name.empty() && name.size() <= 15 && is_letter(name.front()) && name != "lo" &&
         name != "all" && name != "default" &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

template <class Parts>
std::vector<std::string_view> names_of(const Parts& parts) {
  std::vector<std::string_view> names;
  for (const auto& part : parts) names.push_back(part.name);
  return names;
}

/// Why no NIC can have `address`; an empty text if one can.
std::string address_objection(Ipv4Prefix address) {
  const Ipv4Addr addr = address.addr;
  if (address.len == 0) return "the prefix length 0 leaves no subnet";
  if (addr.is_any() || (addr.bits >> 24) == 0) return "addresses from 0.0.0.0/8 name no host";
  if (addr.is_loopback()) return "127.0.0.0/8 belongs to lo";
  if (addr.is_multicast()) return "it is a multicast address";
  if ((addr.bits >> 28) == 0xf) return "addresses from 240.0.0.0/4 are reserved";
  if (address.len > 30) return "";
  if (addr == address.network()) return "it names the subnet itself";
  if (addr == address.broadcast()) return "it is the subnet's broadcast address";
  return "";
}

}  // namespace

void Reader::check_node_name(const Located& name, std::string_view what) {
  if (!is_host_name(name.value)) {
    problems_.add(name.where, fmt::format("'{}' cannot be the name of {}", name.value, what),
                  "letters, digits and '-', starting with a letter");
  } else if (name.value == "localhost") {
    problems_.add(name.where, "every host calls itself 'localhost': choose another name");
  }
  if (const auto [twin, fresh] = node_names_.emplace(name.value, name.where); !fresh) {
    problems_.add(name.where,
                  fmt::format("the name '{}' is taken (line {})", name.value, twin->second.line));
  }
}

void Reader::read_link(const Fields& owner, LinkProperties& link) const {
  const YamlNode* const node = owner.object("link");
  if (node == nullptr) return;
  const Fields fields(tree_, *node, kLinkKeys, problems_);
  if (const auto delay = fields.duration("delay")) link.delay = *delay;
  if (const auto jitter = fields.duration("jitter")) link.jitter = *jitter;
  if (const auto rate = fields.rate("rate")) link.rate_bps = *rate;
  if (const auto loss = fields.share("loss")) link.loss_ppm = *loss;
  if (const auto twice = fields.share("duplicate")) link.duplicate_ppm = *twice;
  if (const auto mtu = fields.integer("mtu")) link.mtu = static_cast<std::uint32_t>(*mtu);
}

void Reader::read_switch(const YamlNode& node) {
  const Fields fields(tree_, node, kSwitchKeys, problems_);
  Switch made;
  made.where = fields.where();
  if (const auto name = fields.string("name")) {
    check_node_name(*name, "a switch");
    made.name = name->value;
  }
  read_link(fields, made.link);
  for (Located& uplink : fields.strings("uplinks")) {
    made.uplinks.push_back({std::move(uplink.value), uplink.where});
  }
  scenario_.switches.push_back(std::move(made));
}

void Reader::check_uplinks() {
  for (const Switch& from : scenario_.switches) {
    for (const Uplink& uplink : from.uplinks) {
      if (scenario_.find_switch(uplink.to) == nullptr) {
        problems_.add(uplink.where, fmt::format("there is no switch '{}'", uplink.to),
                      did_you_mean(uplink.to, names_of(scenario_.switches)));
      } else if (uplink.to == from.name) {
        problems_.add(uplink.where, fmt::format("switch '{}' is plugged into itself", from.name));
      }
    }
  }
}

void Reader::read_host(const YamlNode& node) {
  const Fields fields(tree_, node, kHostKeys, problems_);
  Host host;
  host.where = fields.where();
  if (const auto name = fields.string("name")) {
    check_node_name(*name, "a host");
    host.name = name->value;
  }
  if (const auto role = fields.word("role")) host.role = static_cast<Role>(*role);
  for (const YamlNode* const nic : fields.objects("nics")) {
    host.nics.push_back(read_nic(*nic, host.nics.size(), host));
  }
  read_routes(fields, host);
  read_routes6(fields, host);
  read_sysctls(fields, host);
  read_files(fields, host);
  host.setup = fields.lines("setup");
  check_commands(host.setup);
  scenario_.hosts.push_back(std::move(host));
}

Nic Reader::read_nic(const YamlNode& node, std::size_t position, const Host& host) {
  const Fields fields(tree_, node, kNicKeys, problems_);
  Nic nic;
  nic.where = fields.where();
  nic.attach_where = nic.where;
  nic.name = fmt::format("eth{}", position);
  if (const auto name = fields.string("name")) {
    nic.name = name->value;
    if (!is_nic_name(nic.name)) {
      problems_.add(name->where, fmt::format("'{}' cannot be the name of a NIC", nic.name),
                    "at most 15 letters, digits, '-' or '_': eth0");
    }
  }
  if (host.find_nic(nic.name) != nullptr) {
    problems_.add(fields.where("name"),
                  fmt::format("host '{}' has two NICs named '{}'", host.name, nic.name));
  }
  nic.mac = fields.mac("mac").value_or(default_mac(scenario_.hosts.size(), position));
  read_addresses(fields, nic);
  read_addresses6(fields, nic);
  if (const auto name = fields.string("switch")) {
    nic.switch_name = name->value;
    nic.attach_where = name->where;
    const Switch* const found = scenario_.find_switch(name->value);
    if (found != nullptr) nic.link = found->link;
  }
  if (auto peer = fields.nic("peer")) {
    nic.peer = std::move(peer);
    nic.attach_where = fields.where("peer");
    if (!nic.switch_name.empty()) {
      problems_.add(nic.attach_where, "a NIC has one cable: 'switch' or 'peer', not both");
    }
  }
  read_link(fields, nic.link);
  return nic;
}

void Reader::read_addresses(const Fields& fields, Nic& nic) {
  for (const auto& [address, where] : fields.prefixes("addresses")) {
    if (const std::string objection = address_objection(address); !objection.empty()) {
      problems_.add(where, fmt::format("'{}' cannot be the address of a NIC: {}",
                                       address.to_string(), objection));
    }
    nic.addresses.push_back(address);
    nic.addresses_where.push_back(where);
  }
}

void Reader::read_routes(const Fields& fields, Host& host) {
  if (const auto gateway = fields.address("gateway")) {
    Route route;
    route.via = *gateway;
    route.where = fields.where("gateway");
    check_next_hop(route, route.where, host);
    host.routes.push_back(std::move(route));
  }
  for (const YamlNode* const node : fields.objects("routes")) {
    std::optional<Route> route = read_route(*node, host);
    if (!route) continue;
    const auto same = [&](const Route& other) { return other.dst == route->dst; };
    if (std::ranges::any_of(host.routes, same)) {
      problems_.add(route->where,
                    fmt::format("host '{}' has two routes to {}", host.name,
                                route->dst.len == 0 ? "default" : route->dst.to_string()));
    }
    host.routes.push_back(std::move(*route));
  }
}

std::optional<Route> Reader::read_route(const YamlNode& node, const Host& host) {
  const Fields fields(tree_, node, kRouteKeys, problems_);
  Route route;
  route.where = fields.where();
  const auto to = fields.prefix("to");
  if (const auto dev = fields.string("dev")) {
    route.dev = dev->value;
    if (route.dev != "lo" && host.find_nic(route.dev) == nullptr) {
      problems_.add(dev->where, fmt::format("host '{}' has no NIC '{}'", host.name, route.dev),
                    did_you_mean(route.dev, names_of(host.nics)));
    }
  }
  if (const auto via = fields.address("via")) {
    route.via = *via;
    check_next_hop(route, fields.where("via"), host);
  } else if (!fields.has("via") && !fields.has("dev")) {
    problems_.add(route.where, "a route needs 'via', 'dev' or both");
  }
  if (!to) return std::nullopt;
  route.dst = *to;
  return route;
}

void Reader::check_next_hop(const Route& route, Mark where, const Host& host) {
  std::vector<std::string> subnets;
  for (const Nic& nic : host.nics) {
    if (!route.dev.empty() && nic.name != route.dev) continue;
    for (const Ipv4Prefix& own : nic.addresses) {
      if (own.contains(route.via) && own.addr != route.via) return;
      if (own.addr == route.via) {
        problems_.add(where, fmt::format("the next hop {} is host '{}' itself",
                                         route.via.to_string(), host.name));
        return;
      }
      subnets.push_back(Ipv4Prefix{own.network(), own.len}.to_string());
    }
  }
  const std::string hint = subnets.empty()
                               ? "it has no address"
                               : fmt::format("its subnets are {}", fmt::join(subnets, ", "));
  problems_.add(where,
                fmt::format("the next hop {} is outside the subnets of host '{}'",
                            route.via.to_string(), host.name),
                hint);
}

void Reader::read_sysctls(const Fields& fields, Host& host) {
  if (fields.has("sysctls")) {
    for (auto& [key, value] : fields.settings("sysctls")) {
      const bool plain = std::ranges::all_of(
          key.value, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
      if (!plain || key.value.find('.') == std::string::npos || key.value.ends_with('.')) {
        problems_.add(key.where, fmt::format("'{}' is not the name of a sysctl", key.value),
                      "write net.ipv4.conf.eth0.arp_ignore");
      }
      host.sysctls.push_back({std::move(key.value), std::move(value), key.where});
    }
  }
  const bool told = std::ranges::any_of(
      host.sysctls, [](const Sysctl& s) { return s.key == "net.ipv4.ip_forward"; });
  if (host.role == Role::kRouter && !told) {
    host.sysctls.insert(host.sysctls.begin(), {"net.ipv4.ip_forward", "1", host.where});
  }
}

void Reader::read_files(const Fields& fields, Host& host) {
  for (auto& [path, content] : fields.settings("files")) {
    if (!path.value.starts_with('/') || path.value.ends_with('/') ||
        path.value.find("/../") != std::string::npos) {
      problems_.add(path.where, fmt::format("'{}' is not the absolute path of a file", path.value),
                    "write /var/www/html/index.html");
    } else if (path.value.starts_with("/proc/")) {
      problems_.add(path.where, fmt::format("'{}' is the kernel's, not a file", path.value),
                    "use 'sysctls', or echo in 'setup'");
    }
    host.files.push_back({std::move(path.value), std::move(content), path.where});
  }
}

void Reader::connect_cables() {
  let_routers_forward6();
  for (std::size_t h = 0; h < scenario_.hosts.size(); ++h) {
    for (std::size_t n = 0; n < scenario_.hosts[h].nics.size(); ++n) {
      const Nic& nic = scenario_.hosts[h].nics[n];
      if (!nic.switch_name.empty()) connect_switch(nic);
      if (nic.peer) connect_peer(h, n);
    }
  }
}

void Reader::connect_switch(const Nic& nic) {
  if (scenario_.find_switch(nic.switch_name) != nullptr) return;
  problems_.add(nic.attach_where, fmt::format("there is no switch '{}'", nic.switch_name),
                did_you_mean(nic.switch_name, names_of(scenario_.switches)));
}

void Reader::connect_peer(std::size_t host, std::size_t nic) {
  Nic& mine = scenario_.hosts[host].nics[nic];
  const NicRef me{scenario_.hosts[host].name, mine.name};
  const NicRef& wanted = *mine.peer;
  if (!check_interface(wanted, mine.attach_where, false)) return;
  if (wanted == me) {
    problems_.add(mine.attach_where, fmt::format("{} is plugged into itself", me.to_string()));
    return;
  }
  const auto owner = std::ranges::find(scenario_.hosts, wanted.host, &Host::name);
  Nic& theirs = *std::ranges::find(owner->nics, wanted.nic, &Nic::name);
  if (theirs.switch_name.empty() && !theirs.peer) theirs.peer = me;
  if (theirs.peer != me) {
    problems_.add(mine.attach_where,
                  fmt::format("{} has another cable already (line {})", wanted.to_string(),
                              theirs.attach_where.line),
                  theirs.switch_name.empty() ? fmt::format("to {}", theirs.peer->to_string())
                                             : fmt::format("to switch '{}'", theirs.switch_name));
  }
}

bool Reader::check_host(std::string_view name, Mark where) {
  if (scenario_.find_host(name) != nullptr) return true;
  const bool is_switch = scenario_.find_switch(name) != nullptr;
  problems_.add(where, fmt::format("there is no host '{}'", name),
                is_switch ? "it is a switch" : did_you_mean(name, names_of(scenario_.hosts)));
  return false;
}

bool Reader::check_interface(const NicRef& ref, Mark where, bool with_loopback) {
  if (!check_host(ref.host, where)) return false;
  const Host& host = *scenario_.find_host(ref.host);
  if (host.find_nic(ref.nic) != nullptr || (with_loopback && ref.nic == "lo")) return true;
  std::string hint = did_you_mean(ref.nic, names_of(host.nics));
  if (hint.empty() && !host.nics.empty()) {
    hint = fmt::format("it has {}", fmt::join(names_of(host.nics), ", "));
  }
  problems_.add(where, fmt::format("host '{}' has no NIC '{}'", ref.host, ref.nic), hint);
  return false;
}

}  // namespace lvslab::scenario
