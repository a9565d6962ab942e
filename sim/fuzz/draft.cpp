#include "sim/fuzz/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lvslab::fuzz {

using namespace literals;

std::size_t Draft::add_host(std::string name, scenario::Role role) {
  scenario::Host host;
  host.name = std::move(name);
  host.role = role;
  if (role == scenario::Role::kRouter) {
    host.sysctls.push_back({"net.ipv4.ip_forward", "1", {}});
  }
  scenario.hosts.push_back(std::move(host));
  up.push_back(true);
  return scenario.hosts.size() - 1;
}

std::optional<Ipv4Addr> Draft::free_address(Dice& dice, std::size_t segment) {
  Segment& place = segments[segment];
  const std::uint32_t room = place.subnet.broadcast().bits - place.subnet.network().bits - 1;
  if (place.taken.size() >= room) return std::nullopt;
  // Wide subnets are used near their beginning, as people do.
  const std::uint32_t span = std::min<std::uint32_t>(room, 250);
  for (std::uint32_t offset = dice.below(span);; ++offset) {
    const Ipv4Addr address{place.subnet.network().bits + 1 + offset % room};
    if (std::ranges::find(place.taken, address) != place.taken.end()) continue;
    place.taken.push_back(address);
    return address;
  }
}

void Draft::plug(Dice& dice, std::size_t host, std::size_t segment, bool addressed) {
  scenario::Host& owner = scenario.hosts[host];
  scenario::Nic nic;
  nic.name = fmt::format("eth{}", owner.nics.size());
  nic.mac = scenario::default_mac(host, owner.nics.size());
  nic.switch_name = segments[segment].name;
  nic.link.delay = 1_ms + 2_ms * cables_++ + dice.between(0_ms, 1_ms, 100_us);
  Seat seat{host, owner.nics.size(), segment, {}};
  if (const auto address = addressed ? free_address(dice, segment) : std::nullopt) {
    seat.address = *address;
    nic.addresses.push_back({*address, segments[segment].subnet.len});
    nic.addresses_where.emplace_back();
    own(host, {*address, 32});
    seats.push_back(seat);
  }
  owner.nics.push_back(std::move(nic));
}

const Seat* Draft::seat_in(std::size_t host, std::size_t segment) const {
  const auto found = std::ranges::find_if(
      seats, [&](const Seat& seat) { return seat.host == host && seat.segment == segment; });
  return found == seats.end() ? nullptr : &*found;
}

const Seat& Draft::first_seat(std::size_t host) const {
  return *std::ranges::find(seats, host, &Seat::host);
}

std::vector<Seat> Draft::seats_of(std::size_t host) const {
  std::vector<Seat> own;
  std::ranges::copy_if(seats, std::back_inserter(own),
                       [&](const Seat& seat) { return seat.host == host; });
  return own;
}

void Draft::set_up(std::size_t host, std::string line) {
  scenario.hosts[host].setup.push_back({std::move(line), {}});
}

void Draft::sysctl(std::size_t host, std::string key, std::string value) {
  auto& sysctls = scenario.hosts[host].sysctls;
  const auto same = std::ranges::find(sysctls, key, &scenario::Sysctl::key);
  if (same != sysctls.end()) {
    same->value = std::move(value);
  } else {
    sysctls.push_back({std::move(key), std::move(value), {}});
  }
}

std::optional<std::size_t> Draft::any_host(Dice& dice) const {
  std::vector<std::size_t> choices;
  for (std::size_t h = 0; h < up.size(); ++h) {
    if (up[h]) choices.push_back(h);
  }
  if (choices.empty()) return std::nullopt;
  return dice.pick(choices);
}

bool Draft::stays_on(std::size_t host, Ipv4Addr address) const {
  return std::ranges::any_of(owned_, [&](const Owned& owned) {
    return owned.host == host && owned.prefix.contains(address);
  });
}

Ipv4Addr Draft::any_address(Dice& dice) const {
  if (!services.empty() && dice.percent(25)) return dice.pick(services).vip;
  if (!extra_addresses.empty() && dice.percent(25)) return dice.pick(extra_addresses);
  const Seat& seat = dice.pick(seats);
  if (dice.percent(85)) return seat.address;
  const Ipv4Prefix& subnet = segments[seat.segment].subnet;
  switch (dice.below(4)) {
    case 0: return {subnet.network().bits + 1 + dice.below(14)};
    case 1: return {10U << 24 | 99U << 16 | dice.below(256)};  // nobody's network
    default: return {subnet.broadcast().bits - 1};
  }
}

Ipv4Addr Draft::any_web_address(Dice& dice) const {
  if (!services.empty() && dice.percent(75)) return dice.pick(services).vip;
  if (web_servers.empty() || dice.percent(15)) return any_address(dice);
  return dice.pick(seats_of(dice.pick(web_servers))).address;
}

std::string Draft::any_nic(Dice& dice, std::size_t host) const {
  return dice.pick(scenario.hosts[host].nics).name;
}

Ipv4Prefix Draft::any_prefix(Dice& dice) const {
  Ipv4Prefix prefix = dice.pick(segments).subnet;
  if (dice.percent(25)) prefix.len = static_cast<std::uint8_t>(prefix.len + dice.between(-1, 1));
  if (dice.percent(10)) prefix = {{10U << 24 | dice.below(4) << 16}, 16};
  prefix.addr = prefix.network();
  return prefix;
}

std::optional<SimTime> Draft::reserve(Dice& dice, SimDuration longest) {
  SimDuration gap = dice.between(rhythm.shortest, rhythm.longest, 100_ms);
  if (used_ + gap + longest <= rhythm.act) {
    used_ = used_ + gap + longest;
  } else {
    if (pauses_ == rhythm.pauses) return std::nullopt;
    ++pauses_;
    used_ = longest;
    // Longer than any socket stays in TIME_WAIT, and short enough that what IPVS keeps for two
    // minutes outlives one pause and not two.
    gap = dice.between(75_s, 85_s, 1_s);
  }
  if (!rhythm.on_the_second && (over_ + gap).ns % 1'000'000'000 == 0) gap = gap + 100_ms;
  const SimTime begin = over_ + gap;
  over_ = begin + longest;
  return begin + kBesideTheTick;
}

bool Draft::type(Dice& dice, std::size_t host, std::vector<std::string> lines,
                 SimDuration longest) {
  const auto at = reserve(dice, longest);
  if (!at) return false;
  scenario::TimelineItem item;
  item.at = at;
  scenario::Run run;
  run.host = scenario.hosts[host].name;
  for (std::string& line : lines) run.lines.push_back({std::move(line), {}});
  item.action = std::move(run);
  scenario.timeline.push_back(std::move(item));
  return true;
}

bool Draft::type_in_background(Dice& dice, std::size_t host, std::string line) {
  if (!type(dice, host, {std::move(line)}, {})) return false;
  std::get<scenario::Run>(scenario.timeline.back().action).background = true;
  return true;
}

void Draft::wait(SimDuration pause) {
  used_ = used_ + pause;
  over_ = over_ + pause;
}

bool Draft::strike(Dice& dice, scenario::Fault fault) {
  const auto at = reserve(dice, {});
  if (!at) return false;
  scenario::TimelineItem item;
  item.at = at;
  item.action = std::move(fault);
  scenario.timeline.push_back(std::move(item));
  return true;
}

}  // namespace lvslab::fuzz
