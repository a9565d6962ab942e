// nginx as a service of a host: its settings, its processes, its signals.
// Left out: a master that is killed (-9) takes its worker along; the real one leaves it behind.
#pragma once

#include <expected>
#include <string>

#include "sim/apps/nginx.h"
#include "sim/host/wiring.h"

namespace lvslab::host {

/// The settings of the host's nginx, or what is wrong with them.
std::expected<apps::NginxConf, apps::NginxProblem> nginx_conf_of(const Wiring& wiring);
/// What nginx prints about settings that it does not take, and its exit status.
command::Output nginx_refusal(const apps::NginxProblem& problem);

}  // namespace lvslab::host
