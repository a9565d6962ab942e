#include "sim/lab/ladder_columns.h"

namespace lvslab::lab {

std::vector<LadderColumn> ladder_columns(const scenario::Scenario& scenario) {
  std::vector<LadderColumn> columns;
  for (const scenario::Host& host : scenario.hosts) {
    if (host.nics.empty()) columns.push_back({host.name, "", true});
    for (const scenario::Nic& nic : host.nics) {
      columns.push_back({host.name, nic.name, host.nics.size() == 1});
    }
  }
  return columns;
}

}  // namespace lvslab::lab
