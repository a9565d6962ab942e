// Where the hosts of a scenario look for names, on either backend.
#pragma once

#include <optional>
#include <string>

#include "sim/scenario/model.h"

namespace lvslab::scenario {

/// /etc/nsswitch.conf of a host that is given an /etc/resolv.conf and nothing of its own: it asks
/// the name servers there. Nothing for others: their names come from /etc/hosts alone.
std::optional<std::string> nsswitch_conf(const Host& host);

}  // namespace lvslab::scenario
