// Segments, hosts and routers of a random lab.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {

using scenario::Role;

namespace {

/// Subnets as labs use them; those of one lab are of different rows, so they never overlap.
constexpr std::array<std::array<Ipv4Prefix, 4>, 3> kSubnets{{
    {{{{0xc0a85000U}, 24}, {{0xc0a85000U}, 20}, {{0xc0a85040U}, 26}, {{0xc0a85080U}, 25}}},
    {{{{0x0a010000U}, 16}, {{0x0a010200U}, 24}, {{0x0a000000U}, 8}, {{0x0a010210U}, 28}}},
    {{{{0xac100500U}, 24}, {{0xac100000U}, 12}, {{0xac100508U}, 29}, {{0xac100600U}, 23}}},
}};

void draw_segments(Draft& draft, Dice& dice) {
  const std::uint32_t roll = dice.below(100);
  const int count = roll < 50 ? 1 : roll < 85 ? 2 : 3;
  std::array<std::size_t, 3> rows{0, 1, 2};
  std::swap(rows[0], rows[dice.below(3)]);
  std::swap(rows[1], rows[1 + dice.below(2)]);
  for (int s = 0; s < count; ++s) {
    const std::size_t column = dice.percent(60) ? 0 : dice.below(4);
    Segment segment;
    segment.name = count == 1 ? "lan" : fmt::format("net{}", s + 1);
    segment.subnet = kSubnets[rows[static_cast<std::size_t>(s)]][column];
    draft.scenario.switches.push_back({segment.name, {}, {}, {}});
    draft.segments.push_back(std::move(segment));
  }
}

/// Neighbouring segments are joined by one router each, or all of them by one.
void draw_routers(Draft& draft, Dice& dice) {
  const std::size_t segments = draft.segments.size();
  if (segments == 1) return;
  if (segments == 3 && dice.percent(50)) {
    const std::size_t router = draft.add_host("router", Role::kRouter);
    for (std::size_t s = 0; s < segments; ++s) draft.plug(dice, router, s);
    return;
  }
  for (std::size_t s = 0; s + 1 < segments; ++s) {
    const std::size_t router =
        draft.add_host(segments == 2 ? "router" : fmt::format("router{}", s + 1), Role::kRouter);
    draft.plug(dice, router, s);
    draft.plug(dice, router, s + 1);
  }
}

/// Addresses of the segment that no host may take: its routers come later.
bool has_room(const Draft& draft, std::size_t segment) {
  const Segment& place = draft.segments[segment];
  const std::size_t kept = draft.segments.size() > 1 ? 2 : 0;
  const std::uint32_t room = place.subnet.broadcast().bits - place.subnet.network().bits - 1;
  return place.taken.size() + kept < room;
}

void draw_hosts(Draft& draft, Dice& dice) {
  const int segments = static_cast<int>(draft.segments.size());
  const int count = dice.between(std::max(2, segments), segments == 1 ? 8 : 7 - segments);
  for (int h = 0; h < count; ++h) {
    // Every segment gets one, the others fall where they may.
    const auto segment =
        h < segments ? static_cast<std::size_t>(h) : dice.below(draft.segments.size());
    if (!has_room(draft, segment)) continue;
    const std::size_t host = h == 0 ? draft.add_host("client", Role::kClient)
                                    : draft.add_host(fmt::format("node{:02}", h), Role::kHost);
    draft.plug(dice, host, segment);
  }
}

/// A second leg: into another segment, beside the first one, or without a cable.
void draw_extra_nics(Draft& draft, Dice& dice) {
  for (std::size_t h = 0; h < draft.scenario.hosts.size(); ++h) {
    if (draft.host(h).role == Role::kRouter || !dice.percent(15)) continue;
    if (dice.percent(15)) {
      scenario::Nic nic;
      nic.name = fmt::format("eth{}", draft.host(h).nics.size());
      nic.mac = scenario::default_mac(h, draft.host(h).nics.size());
      draft.scenario.hosts[h].nics.push_back(std::move(nic));
    } else {
      draft.plug(dice, h, dice.below(draft.segments.size()), dice.percent(80));
    }
  }
}

/// The router of `segment` that lies nearest to `goal`, and its address there.
const Seat* next_hop(const Draft& draft, std::size_t segment, std::size_t goal) {
  const Seat* best = nullptr;
  for (const Seat& seat : draft.seats) {
    if (seat.segment != segment || draft.host(seat.host).role != Role::kRouter) continue;
    if (draft.seat_in(seat.host, goal) != nullptr) return &seat;
    // In a row of segments, the router that also reaches the one between.
    const bool between = std::ranges::any_of(draft.seats_of(seat.host), [&](const Seat& other) {
      return segment < goal ? other.segment > segment : other.segment < segment;
    });
    if (between) best = &seat;
  }
  return best;
}

void draw_routes(Draft& draft, Dice& dice) {
  for (std::size_t h = 0; h < draft.scenario.hosts.size(); ++h) {
    scenario::Host& host = draft.scenario.hosts[h];
    const std::size_t home = draft.first_seat(h).segment;
    const bool by_default = host.role != Role::kRouter && dice.percent(70);
    for (std::size_t goal = 0; goal < draft.segments.size(); ++goal) {
      if (draft.seat_in(h, goal) != nullptr) continue;
      const Seat* hop = nullptr;
      for (const Seat& own : draft.seats_of(h)) {
        if (hop == nullptr || own.segment == home) hop = next_hop(draft, own.segment, goal);
      }
      if (hop == nullptr || hop->host == h || dice.percent(8)) continue;  // a forgotten route
      scenario::Route route;
      route.via = hop->address;
      if (!by_default) {
        const Ipv4Prefix& subnet = draft.segments[goal].subnet;
        route.dst = {subnet.network(), subnet.len};
      }
      const auto same = [&](const scenario::Route& other) { return other.dst == route.dst; };
      if (std::ranges::none_of(host.routes, same)) host.routes.push_back(std::move(route));
    }
  }
}

}  // namespace

void draw_topology(Draft& draft) {
  Dice dice = draft.dice("topology");
  draw_segments(draft, dice);
  draw_hosts(draft, dice);
  draw_routers(draft, dice);
  Dice extra = draft.dice("extra-nics");
  draw_extra_nics(draft, extra);
  Dice routes = draft.dice("routes");
  draw_routes(draft, routes);
}

}  // namespace lvslab::fuzz
