// What a program learned of name servers, and what it is asking for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sim/apps/resolver.h"
#include "sim/core/timers.h"

namespace lvslab::host {

/// Who waits for a name: a program that has not begun yet, or one that is on its way.
enum class LookupFor : std::uint8_t { kStart, kProgram };

struct NameLookup {
  apps::Resolver resolver;
  LookupFor whom{};
  LazyTimer timer;
};

/// Answers that this process got; it does not ask again (curl keeps them for a minute).
class LearnedNames {
 public:
  void learn(const std::string& name, apps::Resolver::Answer answer) {
    names_.insert_or_assign(name, std::move(answer));
  }
  const apps::Resolver::Answer* find(std::string_view name) const {
    const auto it = names_.find(name);
    return it == names_.end() ? nullptr : &it->second;
  }

 private:
  std::map<std::string, apps::Resolver::Answer, std::less<>> names_;
};

}  // namespace lvslab::host
