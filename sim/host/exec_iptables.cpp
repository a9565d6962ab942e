// iptables(8) applied to a host. Source: iptables/iptables.c; libiptc/libiptc.c.
#include "sim/host/executor.h"

namespace lvslab::host {

using command::IptablesError;
using command::Output;
using Verb = command::IptablesCommand::Verb;

namespace {

Output fail(IptablesError error, Verb verb) { return command::iptables_failure(error, verb); }

bool is_called(const NfTable& table, std::string_view chain) {
  for (const NfChain& other : table.chains) {
    for (const NfCountedRule& counted : other.rules) {
      if (counted.rule.target.chain == chain) return true;
    }
  }
  return false;
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
    case Verb::kAppend: rules.push_back({c.rule, {}}); return {};
    case Verb::kInsert:
      if (c.number > rules.size() + 1) return fail(IptablesError::kNumberTooBig, c.verb);
      rules.insert(at(c.number), {c.rule, {}});
      return {};
    case Verb::kReplace:
      if (c.number > rules.size()) return fail(IptablesError::kNumberTooBig, c.verb);
      *at(c.number) = {c.rule, {}};
      return {};
    case Verb::kDeleteNumber:
      if (c.number > rules.size()) return fail(IptablesError::kNumberTooBig, c.verb);
      rules.erase(at(c.number));
      return {};
    case Verb::kDelete:
      if (same == rules.end()) return fail(IptablesError::kNoRule, c.verb);
      rules.erase(same);
      return {};
    default: return same == rules.end() ? fail(IptablesError::kNoRule, c.verb) : Output{};
  }
}

Output delete_chains(NfTable& table, const std::string& name, Verb verb) {
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

}  // namespace

CommandOutcome Executor::operator()(const command::IptablesCommand& c) {
  NfTable& table = *wiring_.host().netfilter.get().find_table(c.table);
  NfChain* chain = c.chain.empty() ? nullptr : table.find(c.chain);
  if (c.verb == Verb::kNewChain) {
    if (chain != nullptr) return fail(IptablesError::kChainExists, c.verb);
    table.chains.push_back({.name = c.chain});
    return Output{};
  }
  if (c.verb == Verb::kDeleteChain) return delete_chains(table, c.chain, c.verb);
  if (!c.chain.empty() && chain == nullptr) return fail(IptablesError::kNoChain, c.verb);
  const auto each = [&](auto&& act) {
    for (NfChain& one : table.chains) {
      if (chain == nullptr || chain == &one) act(one);
    }
  };
  switch (c.verb) {
    case Verb::kList: return Output{.out = render_iptables_list(table, c)};
    case Verb::kListRules: return Output{.out = command::render_iptables_rules(table, c.chain)};
    case Verb::kFlush: each([](NfChain& one) { one.rules.clear(); }); return Output{};
    case Verb::kZero:
      each([](NfChain& one) {
        one.counters = {};
        for (NfCountedRule& counted : one.rules) counted.counters = {};
      });
      return Output{};
    case Verb::kPolicy:
      if (!chain->built_in) return fail(IptablesError::kBadPolicyChain, c.verb);
      chain->policy_drop = c.policy_drop;
      return Output{};
    default: return change_rules(table, *chain, c);
  }
}

}  // namespace lvslab::host
