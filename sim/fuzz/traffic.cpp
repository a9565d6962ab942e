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

std::string url(const Draft& draft, Dice& dice) {
  if (!draft.services.empty() && dice.percent(60)) {
    const VirtualService& service = dice.pick(draft.services);
    return service.port == 80 ? fmt::format("http://{}/", service.vip.to_string())
                              : fmt::format("http://{}:{}/", service.vip.to_string(), service.port);
  }
  return fmt::format("http://{}/", draft.any_web_address(dice).to_string());
}

void curl_once(Draft& draft, Dice& dice) {
  const auto host = asker(draft, dice);
  if (!host) return;
  const std::string where = url(draft, dice);
  switch (dice.below(4)) {
    case 0: draft.type(dice, *host, {fmt::format("curl -s -m 2 {}; echo $?", where)}, 2_s); break;
    case 1:
      draft.type(dice, *host,
                 {fmt::format("curl -s -m 2 -o /dev/null -w '%{{http_code}}\\n' {}", where)}, 2_s);
      break;
    default: draft.type(dice, *host, {fmt::format("curl -s -m 2 {}", where)}, 2_s);
  }
}

void curl_in_a_row(Draft& draft, Dice& dice) {
  const auto host = asker(draft, dice);
  if (!host) return;
  const int times = dice.between(2, 6);
  draft.type(
      dice, *host,
      {fmt::format("for i in $(seq 1 {}); do curl -s -m 1.3 {}; done", times, url(draft, dice))},
      1_s * times);
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
  const auto host = asker(draft, dice);
  if (!host || (draft.services.empty() && draft.web_servers.empty())) return;
  draft.type(dice, *host,
             {fmt::format("ab -n {} -c {} -s 2 {} | grep requests:", dice.between(2, 8),
                          dice.between(1, 2), url(draft, dice))},
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
