// Requests and questions that random labs send. Each is over after a known time, so that the next
// one finds the tables in a known state.
#include <fmt/format.h>

#include <array>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {

using namespace literals;

namespace {

/// Mostly the client, as in labs; sometimes anybody, the director itself included.
std::optional<std::size_t> asker(const Draft& draft, Dice& dice) {
  if (draft.up[0] && dice.percent(60)) return 0;
  return draft.any_host(dice);
}

/// Somebody, and the page that it asks another host for; nothing if there is nobody.
struct WebQuestion {
  std::size_t host = 0;
  std::string url;
};
std::optional<WebQuestion> web_question(const Draft& draft, Dice& dice) {
  const auto host = asker(draft, dice);
  std::uint16_t port = 80;
  Ipv4Addr address = draft.any_web_address(dice);
  if (!draft.services.empty() && dice.percent(60)) {
    const VirtualService& service = dice.pick(draft.services);
    address = service.vip;
    port = service.port;
  }
  if (!host || draft.stays_on(*host, address)) return std::nullopt;
  const std::string at = port == 80 ? "" : fmt::format(":{}", port);
  return WebQuestion{*host, fmt::format("http://{}{}/", address.to_string(), at)};
}

void curl_once(Draft& draft, Dice& dice) {
  const auto ask = web_question(draft, dice);
  if (!ask) return;
  switch (dice.below(4)) {
    case 0:
      draft.type(dice, ask->host, {fmt::format("curl -s -m 2 {}; echo $?", ask->url)}, 2_s);
      break;
    case 1:
      draft.type(dice, ask->host,
                 {fmt::format("curl -s -m 2 -o /dev/null -w '%{{http_code}}\\n' {}", ask->url)},
                 2_s);
      break;
    default: draft.type(dice, ask->host, {fmt::format("curl -s -m 2 {}", ask->url)}, 2_s);
  }
}

void curl_in_a_row(Draft& draft, Dice& dice) {
  const auto ask = web_question(draft, dice);
  if (!ask) return;
  const int times = dice.between(2, 6);
  draft.type(dice, ask->host,
             {fmt::format("for i in $(seq 1 {}); do curl -s -m 1.3 {}; done", times, ask->url)},
             1300_ms * times);
}

void ping_somebody(Draft& draft, Dice& dice) {
  const auto host = asker(draft, dice);
  if (!host) return;
  const std::string target = draft.any_address(dice).to_string();
  switch (dice.below(6)) {
    case 0: draft.type(dice, *host, {fmt::format("ping -c 1 -W 1 {}", target)}, 4_s); break;
    case 1:
      draft.type(dice, *host,
                 {fmt::format("ping -c 2 -W 1 -s {} {}", dice.between(16, 1472), target)}, 5_s);
      break;
    case 2:
      draft.type(dice, *host, {fmt::format("ping -c 1 -W 1 -t {} {}", dice.between(1, 3), target)},
                 4_s);
      break;
    case 3: {
      const Seat own = dice.pick(draft.seats_of(*host));
      draft.type(dice, *host,
                 {fmt::format("ping -c 1 -W 1 -I {} {}", own.address.to_string(), target)}, 4_s);
      break;
    }
    default:
      draft.type(dice, *host, {fmt::format("ping -c {} -W 1 {}", dice.between(2, 3), target)}, 6_s);
  }
}

void arping_somebody(Draft& draft, Dice& dice) {
  const auto host = draft.any_host(dice);
  if (!host) return;
  const Seat own = dice.pick(draft.seats_of(*host));
  const std::string& dev = draft.host(*host).nics[own.nic].name;
  const std::string target = draft.any_address(dice).to_string();
  switch (dice.below(5)) {
    case 0:
      draft.type(dice, *host, {fmt::format("arping -D -c 1 -I {} {}", dev, target)}, 2_s);
      break;
    case 1:
      draft.type(dice, *host,
                 {fmt::format("arping -U -c 1 -I {} {}", dev, own.address.to_string())}, 2_s);
      break;
    case 2:
      draft.type(dice, *host,
                 {fmt::format("arping -A -c 1 -I {} {}", dev, own.address.to_string())}, 2_s);
      break;
    default: draft.type(dice, *host, {fmt::format("arping -c 2 -I {} {}", dev, target)}, 3_s);
  }
}

void ab_small(Draft& draft, Dice& dice) {
  const auto ask = web_question(draft, dice);
  if (!ask) return;
  draft.type(dice, ask->host,
             {fmt::format("ab -n {} -c {} -s 2 {} | grep requests:", dice.between(2, 8),
                          dice.between(1, 2), ask->url)},
             5_s);
}

void route_get(Draft& draft, Dice& dice) {
  const auto host = draft.any_host(dice);
  if (!host) return;
  draft.type(dice, *host, {fmt::format("ip route get {}", draft.any_address(dice).to_string())},
             {});
}

constexpr std::array kTraffic{
    Ingredient{"curl", 12, curl_once},     Ingredient{"curl-in-a-row", 10, curl_in_a_row},
    Ingredient{"ping", 16, ping_somebody}, Ingredient{"arping", 5, arping_somebody},
    Ingredient{"ab", 4, ab_small},         Ingredient{"route-get", 5, route_get},
};

}  // namespace

std::span<const Ingredient> traffic() { return kTraffic; }

}  // namespace lvslab::fuzz
