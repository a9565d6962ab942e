// Packages, services and kernel parameters: yum/apt-get/dnf, service, systemctl, journalctl,
// sysctl.
//
// Models: install -y of known packages, start/stop/restart/status of known units, sysctl reading
// and writing by name, the system log by service. Leaves out: removal, repositories, unit files,
// sysctl.conf, following the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/command/output.h"

namespace lvslab::command {

struct PackageCommand {
  enum class Tool : std::uint8_t { kYum, kDnf, kAptGet, kApt };
  Tool tool = Tool::kYum;
  bool yes = false;  ///< -y; without it the tool would ask, and nobody answers
  std::vector<std::string> packages;
  friend bool operator==(const PackageCommand&, const PackageCommand&) = default;
};

struct ServiceCommand {
  enum class Tool : std::uint8_t { kService, kSystemctl };
  enum class Action : std::uint8_t {
    kStart,
    kStop,
    kRestart,
    kReload,
    kStatus,
    kEnable,
    kDisable,
    kIsActive
  };
  Tool tool = Tool::kService;
  Action action = Action::kStart;
  std::string name;  ///< without ".service"
  friend bool operator==(const ServiceCommand&, const ServiceCommand&) = default;
};

/// The system log: all of it, or what one service wrote.
struct JournalctlCommand {
  std::string unit;                   ///< -u, without ".service"; empty: everybody
  std::optional<std::uint32_t> last;  ///< -n
  friend bool operator==(const JournalctlCommand&, const JournalctlCommand&) = default;
};

struct SysctlCommand {
  struct Entry {
    std::string name;                  ///< with dots; a "/" in the text is turned into "."
    std::optional<std::string> value;  ///< write it; nothing: read
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  bool all = false, values_only = false, ignore_unknown = false, write_only = false, quiet = false;
  std::string pattern;  ///< -r
  std::vector<Entry> entries;
  friend bool operator==(const SysctlCommand&, const SysctlCommand&) = default;
};

Parsed<PackageCommand> parse_package(Args args);
Parsed<ServiceCommand> parse_service(Args args);
Parsed<JournalctlCommand> parse_journalctl(Args args);
Parsed<SysctlCommand> parse_sysctl(Args args);
std::string to_text(const PackageCommand& command);
std::string to_text(const ServiceCommand& command);
std::string to_text(const JournalctlCommand& command);
std::string to_text(const SysctlCommand& command);

/// What of /var/log/messages the command shows; "-- No entries --" if that is nothing. The lines of
/// a service are those whose sender's name begins with its name, whatever the case.
std::string render_journal(const JournalctlCommand& command, std::string_view messages);

/// The packages that an install command accepts, sorted.
std::vector<std::string_view> known_packages();
/// "net.ipv4.ip_forward = 1" lines (or bare values with -n).
std::string render_sysctl_line(const SysctlCommand& command, std::string_view name,
                               std::string_view value);
/// The message for a name that is not there: `sysctl: cannot stat /proc/sys/...`, status 1.
Output sysctl_unknown_key(std::string_view name);
/// The message for a value that the kernel refuses: `sysctl: setting key "...": Invalid argument`.
Output sysctl_invalid_value(std::string_view name);

}  // namespace lvslab::command
