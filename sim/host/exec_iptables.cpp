// iptables(8) applied to a host. Source: iptables/iptables.c; libiptc/libiptc.c.
#include <array>
#include <map>

#include "sim/host/executor.h"

namespace lvslab::host {

using command::IptablesError;
using command::Output;
using IptablesVerb = command::IptablesCommand::Verb;

namespace {

Output fail(IptablesError error, IptablesVerb verb) {
  return command::iptables_failure(error, verb);
}

bool is_called(const NfTable& table, std::string_view chain) {
  for (const NfChain& other : table.chains) {
    for (const NfCountedRule& counted : other.rules) {
      if (counted.rule.target.chain == chain) return true;
    }
  }
  return false;
}

/// The hooks at which a target may be reached, as bits of NfHook (struct xt_target: hooks, table).
struct TargetPlace {
  NfTargetKind kind;
  std::string_view table;
  unsigned hooks;
};
constexpr unsigned bit(NfHook hook) { return 1U << static_cast<unsigned>(hook); }
constexpr std::array kPlaces = {
    TargetPlace{NfTargetKind::kSnat, "nat", bit(NfHook::kPostrouting) | bit(NfHook::kInput)},
    TargetPlace{NfTargetKind::kDnat, "nat", bit(NfHook::kPrerouting) | bit(NfHook::kOutput)},
    TargetPlace{NfTargetKind::kMasquerade, "nat", bit(NfHook::kPostrouting)},
    TargetPlace{NfTargetKind::kRedirect, "nat", bit(NfHook::kPrerouting) | bit(NfHook::kOutput)},
    TargetPlace{NfTargetKind::kReject, "filter",
                bit(NfHook::kInput) | bit(NfHook::kForward) | bit(NfHook::kOutput)}};

/// Marks the chains that packets of one hook can reach, from `chain` on.
void mark_reachable(const NfTable& table, const NfChain& chain, unsigned hook,
                    std::map<std::string, unsigned>& hooks) {
  unsigned& seen = hooks[chain.name];
  if ((seen & hook) != 0) return;
  seen |= hook;
  for (const NfCountedRule& counted : chain.rules) {
    const NfTarget& target = counted.rule.target;
    if (target.kind != NfTargetKind::kChain) continue;
    if (const NfChain* called = table.find(target.chain)) {
      mark_reachable(table, *called, hook, hooks);
    }
  }
}

/// xt_check_target(): is every target in its table, and where its hooks are?
bool targets_fit(const NfTable& table) {
  std::map<std::string, unsigned> hooks;
  for (const NfChain& chain : table.chains) {
    if (!chain.built_in) continue;
    const auto hook = netfilter::hook_named(chain.name);
    if (hook) mark_reachable(table, chain, bit(*hook), hooks);
  }
  for (const NfChain& chain : table.chains) {
    for (const NfCountedRule& counted : chain.rules) {
      for (const TargetPlace& place : kPlaces) {
        if (counted.rule.target.kind != place.kind) continue;
        if (table.name != place.table || (hooks[chain.name] & ~place.hooks) != 0) return false;
      }
    }
  }
  return true;
}

/// No rule like that. If its target is a user's chain or comes from a module, iptables blames that
/// (legacy iptables: observed).
Output no_such_rule(const NfTarget& target, IptablesVerb verb) {
  switch (target.kind) {
    case NfTargetKind::kNone:
    case NfTargetKind::kAccept:
    case NfTargetKind::kDrop:
    case NfTargetKind::kReturn: return fail(IptablesError::kNoRule, verb);
    default: return fail(IptablesError::kNoChain, verb);
  }
}

Output change_rules(NfTable& table, NfChain& chain, const command::IptablesCommand& c) {
  const NfTarget& target = c.rule.target;
  if (target.kind == NfTargetKind::kChain && table.find(target.chain) == nullptr) {
    return command::failure("iptables v1.8.9 (legacy): Couldn't load target `" + target.chain +
                                "':No such file or directory\n\nTry `iptables -h' or 'iptables "
                                "--help' for more information.\n",
                            2);
  }
  std::vector<NfCountedRule>& rules = chain.rules;
  const auto at = [&](std::uint32_t number) {
    return rules.begin() + static_cast<std::ptrdiff_t>(number - 1);
  };
  const auto same = std::ranges::find(rules, c.rule, &NfCountedRule::rule);
  switch (c.verb) {
    case IptablesVerb::kAppend: rules.push_back({c.rule, {}}); return {};
    case IptablesVerb::kInsert:
      if (c.number > rules.size() + 1) return fail(IptablesError::kNumberTooBig, c.verb);
      rules.insert(at(c.number), {c.rule, {}});
      return {};
    case IptablesVerb::kReplace:
      if (c.number > rules.size()) return fail(IptablesError::kNumberTooBig, c.verb);
      *at(c.number) = {c.rule, {}};
      return {};
    case IptablesVerb::kDeleteNumber:
      if (c.number > rules.size()) return fail(IptablesError::kNumberTooBig, c.verb);
      rules.erase(at(c.number));
      return {};
    case IptablesVerb::kDelete:
      if (same == rules.end()) return no_such_rule(target, c.verb);
      rules.erase(same);
      return {};
    default: return same == rules.end() ? fail(IptablesError::kNoRule, c.verb) : Output{};
  }
}

Output delete_chains(NfTable& table, const std::string& name, IptablesVerb verb) {
  if (!name.empty()) {
    const NfChain* chain = table.find(name);
    if (chain == nullptr || chain->built_in) return fail(IptablesError::kNoChain, verb);
    if (!chain->rules.empty()) return fail(IptablesError::kNotEmpty, verb);
    if (is_called(table, name)) return fail(IptablesError::kInUse, verb);
  }
  std::erase_if(table.chains, [&](const NfChain& chain) {
    return !chain.built_in && (name.empty() || chain.name == name);
  });
  return {};
}

bool changes(IptablesVerb verb) {
  return verb != IptablesVerb::kList && verb != IptablesVerb::kListRules &&
         verb != IptablesVerb::kCheck;
}

}  // namespace

CommandOutcome Executor::operator()(const command::IptablesCommand& c) {
  netfilter::Netfilter& netfilter = wiring_.host().netfilter.get();
  if (c.table == "nat") netfilter.touch_nat();
  NfTable& table = *netfilter.find_table(c.table);
  netfilter.touch_table(table);
  Output outcome = apply(table, c);
  if (outcome.status == 0 && changes(c.verb)) {
    // A changed table is put in place of the old one, which takes the policies' counters with it.
    for (NfChain& chain : table.chains) chain.counters = {};
    netfilter.rules_changed();
  }
  return outcome;
}

Output Executor::apply(NfTable& table, const command::IptablesCommand& c) {
  NfChain* chain = c.chain.empty() ? nullptr : table.find(c.chain);
  if (c.verb == IptablesVerb::kNewChain) {
    if (chain != nullptr) return fail(IptablesError::kChainExists, c.verb);
    table.chains.push_back({.name = c.chain});
    return Output{};
  }
  if (c.verb == IptablesVerb::kDeleteChain) return delete_chains(table, c.chain, c.verb);
  if (!c.chain.empty() && chain == nullptr) return fail(IptablesError::kNoChain, c.verb);
  const auto each = [&](auto&& act) {
    for (NfChain& one : table.chains) {
      if (chain == nullptr || chain == &one) act(one);
    }
  };
  switch (c.verb) {
    case IptablesVerb::kList: return Output{.out = render_iptables_list(table, c)};
    case IptablesVerb::kListRules:
      return Output{.out = command::render_iptables_rules(table, c.chain)};
    case IptablesVerb::kFlush: each([](NfChain& one) { one.rules.clear(); }); return Output{};
    case IptablesVerb::kZero:
      each([](NfChain& one) {
        one.counters = {};
        for (NfCountedRule& counted : one.rules) counted.counters = {};
      });
      return Output{};
    case IptablesVerb::kPolicy:
      if (!chain->built_in) return fail(IptablesError::kBadPolicyChain, c.verb);
      chain->policy_drop = c.policy_drop;
      return Output{};
    default: {
      const NfTable before = table;
      Output outcome = change_rules(table, *chain, c);
      if (targets_fit(table)) return outcome;
      table = before;
      return fail(IptablesError::kInvalid, c.verb);
    }
  }
}

}  // namespace lvslab::host
