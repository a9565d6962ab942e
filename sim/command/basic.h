// The small tools around the network tools: echo, cat, ls, seq, sleep, sysctl, service, yum ...
//
// Models: what a lab types, with the options named beside each struct. Leaves out: everything else,
// each with a refusal. Source: GNU coreutils 9.1, procps 4.0, bash 5.2 builtins, systemd 252.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct EchoCommand {  // -n -e -E
  std::vector<std::string> words;
  bool newline = true, escapes = false;
  friend bool operator==(const EchoCommand&, const EchoCommand&) = default;
};
struct LsCommand {  // -a -l -1 -d
  std::vector<std::string> paths;
  bool all = false, long_format = false, one_per_line = false, directory = false;
  friend bool operator==(const LsCommand&, const LsCommand&) = default;
};
struct HostnameCommand {  // -I -i -s -f, or a new name
  enum class Show : std::uint8_t { kName, kAllAddresses, kAddress, kShort, kFqdn };
  Show show = Show::kName;
  std::string new_name;  ///< empty: print
  friend bool operator==(const HostnameCommand&, const HostnameCommand&) = default;
};
struct TrueCommand {  // true, ":"
  friend bool operator==(const TrueCommand&, const TrueCommand&) = default;
};
struct FalseCommand {
  friend bool operator==(const FalseCommand&, const FalseCommand&) = default;
};
struct SeqCommand {  // -w -s; integers
  std::int64_t first = 1, step = 1, last = 1;
  bool equal_width = false;
  std::string separator = "\n";
  friend bool operator==(const SeqCommand&, const SeqCommand&) = default;
};
struct SleepCommand {  // N[.N][smhd]...
  SimDuration duration;
  friend bool operator==(const SleepCommand&, const SleepCommand&) = default;
};
struct DateCommand {  // +FORMAT, -u
  std::string format;
  bool utc = false;
  friend bool operator==(const DateCommand&, const DateCommand&) = default;
};
struct MkdirCommand {  // -p
  std::vector<std::string> paths;
  bool parents = false;
  friend bool operator==(const MkdirCommand&, const MkdirCommand&) = default;
};
struct TouchCommand {
  std::vector<std::string> paths;
  friend bool operator==(const TouchCommand&, const TouchCommand&) = default;
};
struct RmCommand {  // -r -f
  std::vector<std::string> paths;
  bool recursive = false, force = false;
  friend bool operator==(const RmCommand&, const RmCommand&) = default;
};
struct KillCommand {  // -9 -SIGNAL, pids, %job; killall and pkill -x: names
  int signal = 15;
  bool silent = false;  ///< pkill: says nothing if there is no such process
  std::vector<std::string> names;
  std::vector<std::uint32_t> pids;
  std::vector<std::uint32_t> jobs;
  friend bool operator==(const KillCommand&, const KillCommand&) = default;
};
struct PidofCommand {
  std::vector<std::string> names;
  friend bool operator==(const PidofCommand&, const PidofCommand&) = default;
};
struct PsCommand {  // none, ax, aux, -e, -ef
  enum class Layout : std::uint8_t { kPlain, kAx, kAux, kE, kEf };
  Layout layout = Layout::kPlain;
  friend bool operator==(const PsCommand&, const PsCommand&) = default;
};
struct ExportCommand {
  struct Entry {
    std::string name;
    std::optional<std::string> value;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::vector<Entry> entries;
  friend bool operator==(const ExportCommand&, const ExportCommand&) = default;
};
struct CdCommand {
  std::string path;  ///< empty: home
  friend bool operator==(const CdCommand&, const CdCommand&) = default;
};
struct PwdCommand {
  friend bool operator==(const PwdCommand&, const PwdCommand&) = default;
};
struct WaitCommand {  // without operands: all background jobs
  friend bool operator==(const WaitCommand&, const WaitCommand&) = default;
};
struct JobsCommand {
  friend bool operator==(const JobsCommand&, const JobsCommand&) = default;
};
struct UnameCommand {   // -r -n -s -m -a
  std::string letters;  ///< sorted subset of "amnrs"; empty: -s
  friend bool operator==(const UnameCommand&, const UnameCommand&) = default;
};
struct WhoamiCommand {
  friend bool operator==(const WhoamiCommand&, const WhoamiCommand&) = default;
};
struct RebootCommand {  // reboot; poweroff, halt and shutdown -h now power off
  bool power_off = false;
  friend bool operator==(const RebootCommand&, const RebootCommand&) = default;
};
struct ClearCommand {
  friend bool operator==(const ClearCommand&, const ClearCommand&) = default;
};
struct ExitCommand {
  std::optional<int> status;
  friend bool operator==(const ExitCommand&, const ExitCommand&) = default;
};
/// modprobe MODULE: ip_vs and its schedulers load by themselves, so this only succeeds or says that
/// there is no such module.
struct ModprobeCommand {
  std::vector<std::string> modules;
  friend bool operator==(const ModprobeCommand&, const ModprobeCommand&) = default;
};

/// lsmod: a line for each module.
struct LsmodCommand {
  friend bool operator==(const LsmodCommand&, const LsmodCommand&) = default;
};
struct ModuleRow {
  std::string name;
  std::uint32_t size = 0;
  std::uint32_t uses = 0;
  std::vector<std::string> users;  ///< modules that need it
};

/// "1", "0.5", "2m" as sleep(1) and timeout(1) read it; digits after the ninth decimal are cut off.
std::optional<SimDuration> parse_interval(std::string_view text);
/// "9", "KILL", "SIGKILL".
std::optional<int> parse_signal(std::string_view text);

Parsed<EchoCommand> parse_echo(Args args);
Parsed<LsCommand> parse_ls(Args args);
Parsed<HostnameCommand> parse_hostname(Args args);
Parsed<SeqCommand> parse_seq(Args args);
Parsed<SleepCommand> parse_sleep(Args args);
Parsed<DateCommand> parse_date(Args args);
Parsed<MkdirCommand> parse_mkdir(Args args);
Parsed<TouchCommand> parse_touch(Args args);
Parsed<RmCommand> parse_rm(Args args);
Parsed<KillCommand> parse_kill(Args args);
Parsed<PidofCommand> parse_pidof(Args args);
Parsed<KillCommand> parse_killall(Args args);  ///< killall, pkill
Parsed<PsCommand> parse_ps(Args args);
Parsed<ExportCommand> parse_export(Args args);
Parsed<CdCommand> parse_cd(Args args);
Parsed<PwdCommand> parse_pwd(Args args);
Parsed<WaitCommand> parse_wait(Args args);
Parsed<JobsCommand> parse_jobs(Args args);
Parsed<UnameCommand> parse_uname(Args args);
Parsed<WhoamiCommand> parse_whoami(Args args);
Parsed<RebootCommand> parse_reboot(Args args);
Parsed<ClearCommand> parse_clear(Args args);
Parsed<ExitCommand> parse_exit(Args args);
Parsed<ModprobeCommand> parse_modprobe(Args args);
Parsed<LsmodCommand> parse_lsmod(Args args);

std::string to_text(const EchoCommand& command);
std::string to_text(const LsCommand& command);
std::string to_text(const HostnameCommand& command);
std::string to_text(const TrueCommand& command);
std::string to_text(const FalseCommand& command);
std::string to_text(const SeqCommand& command);
std::string to_text(const SleepCommand& command);
std::string to_text(const DateCommand& command);
std::string to_text(const MkdirCommand& command);
std::string to_text(const TouchCommand& command);
std::string to_text(const RmCommand& command);
std::string to_text(const KillCommand& command);
std::string to_text(const PidofCommand& command);
std::string to_text(const PsCommand& command);
std::string to_text(const ExportCommand& command);
std::string to_text(const CdCommand& command);
std::string to_text(const PwdCommand& command);
std::string to_text(const WaitCommand& command);
std::string to_text(const JobsCommand& command);
std::string to_text(const UnameCommand& command);
std::string to_text(const WhoamiCommand& command);
std::string to_text(const RebootCommand& command);
std::string to_text(const ClearCommand& command);
std::string to_text(const ExitCommand& command);
std::string to_text(const ModprobeCommand& command);
std::string to_text(const LsmodCommand& command);
std::string render_modules(const std::vector<ModuleRow>& modules);

/// What echo prints.
std::string run_echo(const EchoCommand& command);
/// What seq prints. At most 1 000 000 numbers; more is refused by parse_seq.
std::string run_seq(const SeqCommand& command);

}  // namespace lvslab::command
