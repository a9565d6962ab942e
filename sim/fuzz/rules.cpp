#include "sim/fuzz/rules.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace lvslab::fuzz {
namespace {

/// Whom a rule is about: a host, its network, or a virtual address.
std::string any_peer(const Draft& draft, Dice& dice) {
  if (dice.percent(30)) return draft.any_prefix(dice).to_string();
  return draft.any_address(dice).to_string();
}

std::string any_protocol(Dice& dice) {
  switch (dice.below(6)) {
    case 0: return " -p icmp";
    case 1: return " -p tcp";
    case 2: return dice.percent(50) ? " -p tcp --syn" : " -p tcp --sport 80";
    case 3: return " -p tcp -m multiport --dports 80,8080";
    default: return " -p tcp --dport 80";
  }
}

std::string any_state(Dice& dice) {
  static constexpr std::array<std::string_view, 5> kStates{
      "-m state --state NEW", "-m state --state ESTABLISHED", "-m state --state INVALID",
      "-m conntrack --ctstate RELATED,ESTABLISHED", "-m conntrack --ctstate UNTRACKED"};
  return fmt::format(" {}", dice.pick(kStates));
}

std::string any_target(Dice& dice, bool tcp) {
  switch (dice.below(10)) {
    case 0:
    case 1: return " -j DROP";
    case 2: return " -j REJECT";
    case 3:
      return tcp ? " -j REJECT --reject-with tcp-reset"
                 : " -j REJECT --reject-with icmp-host-prohibited";
    case 4: return " -j RETURN";
    case 5: return {};  // only counts
    default: return " -j ACCEPT";
  }
}

}  // namespace

std::string any_filter_rule(const Draft& draft, Dice& dice, std::size_t host) {
  static constexpr std::array<std::string_view, 5> kChains{"INPUT", "INPUT", "FORWARD", "FORWARD",
                                                           "OUTPUT"};
  const std::string_view chain = dice.pick(kChains);
  std::string rule = fmt::format("{} {}", dice.percent(80) ? "-A" : "-I", chain);
  if (dice.percent(35)) {
    rule += fmt::format(" {} {}", dice.percent(50) ? "-s" : "-d", any_peer(draft, dice));
  }
  if (dice.percent(15)) {
    rule += fmt::format(" {} {}", chain == "OUTPUT" ? "-o" : "-i", draft.any_nic(dice, host));
  }
  std::string protocol = dice.percent(75) ? any_protocol(dice) : std::string();
  if (dice.percent(25)) protocol += any_state(dice);
  return rule + protocol + any_target(dice, protocol.starts_with(" -p tcp"));
}

std::string any_nat_rule(const Draft& draft, Dice& dice, std::size_t host) {
  const Seat own = dice.pick(draft.seats_of(host));
  const std::string dev = draft.any_nic(dice, host);
  const std::string address = own.address.to_string();
  const std::string other = draft.any_address(dice).to_string();
  switch (dice.below(6)) {
    case 0: return fmt::format("-t nat -A POSTROUTING -o {} -j MASQUERADE", dev);
    case 1:
      return fmt::format("-t nat -A POSTROUTING -s {} -o {} -j MASQUERADE",
                         draft.any_prefix(dice).to_string(), dev);
    case 2:
      return fmt::format("-t nat -A POSTROUTING -d {} -j SNAT --to-source {}", other, address);
    case 3:
      return fmt::format(
          "-t nat -A PREROUTING -d {} -p tcp --dport 80 -j DNAT --to-destination {}:80", address,
          other);
    case 4:
      return fmt::format("-t nat -A PREROUTING -i {} -p tcp --dport 8080 -j REDIRECT --to-ports 80",
                         dev);
    default:
      return fmt::format("-t nat -A OUTPUT -d {} -p tcp -j DNAT --to-destination {}", other,
                         draft.any_web_address(dice).to_string());
  }
}

std::string any_mark_rule(const Draft& draft, Dice& dice, std::size_t) {
  static constexpr std::array<std::string_view, 4> kChains{"PREROUTING", "INPUT", "FORWARD",
                                                           "POSTROUTING"};
  return fmt::format("-t mangle -A {} -d {}{} -j MARK --set-mark {}", dice.pick(kChains),
                     any_peer(draft, dice), dice.percent(50) ? any_protocol(dice) : "",
                     dice.between(1, 9));
}

std::string any_rule(const Draft& draft, Dice& dice, std::size_t host) {
  const std::uint32_t roll = dice.below(100);
  if (roll < 60) return any_filter_rule(draft, dice, host);
  if (roll < 90) return any_nat_rule(draft, dice, host);
  return any_mark_rule(draft, dice, host);
}

}  // namespace lvslab::fuzz
