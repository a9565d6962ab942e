// Programs of the course note that a lab host does not have for real: yum, service, systemctl,
// httpd, journalctl, reboot and its like, modprobe. They print what the simulator prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lvslab::kernel {

/// The exit status of the stand-in `name`; nothing if there is none.
std::optional<int> run_stand_in(std::string_view name, int argc, char** argv);

/// What systemd does at boot: starts the services that are enabled, in a process of their own.
void start_enabled_services();

/// httpd: serves /var/www/html until it is killed; `ready` (if not negative) is closed once it
/// listens.
int run_httpd(int ready);

}  // namespace lvslab::kernel
