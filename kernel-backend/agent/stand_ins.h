// Programs of the course note that a lab host does not have for real: yum, service, systemctl,
// httpd, journalctl, reboot and its like, modprobe, ssh, scp and sshd. They print what the
// simulator prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lvslab::kernel {

/// The exit status of the stand-in `name`; nothing if there is none.
std::optional<int> run_stand_in(std::string_view name, int argc, char** argv);

/// What systemd does at boot: starts the services that are enabled, in a process of their own.
void start_enabled_services();

/// httpd: serves /var/www/html until it is killed; `ready` (if not negative) is closed once it
/// listens.
int run_httpd(int ready);

/// sshd: answers at port 22 until it is killed; `ready` as above.
int run_sshd(int ready);
int run_ssh(const std::vector<std::string>& words);
int run_scp(const std::vector<std::string>& words);

}  // namespace lvslab::kernel
