// Every command that a student can type, as one variant, and the way from words to it.
//
// Models: the tools listed by tool_names(). Leaves out: everything else, which is refused by name:
// a tool that Linux has but this lab does not model says so, an unknown word is "command not found"
// with what is close. Executing is not done here: the host applies a Command to its state.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/command/ab.h"
#include "sim/command/arping.h"
#include "sim/command/basic.h"
#include "sim/command/curl.h"
#include "sim/command/filters.h"
#include "sim/command/ifconfig.h"
#include "sim/command/ip.h"
#include "sim/command/iptables.h"
#include "sim/command/ipvsadm.h"
#include "sim/command/keepalived.h"
#include "sim/command/nc.h"
#include "sim/command/ncat.h"
#include "sim/command/net_tools.h"
#include "sim/command/nginx.h"
#include "sim/command/output.h"
#include "sim/command/ping.h"
#include "sim/command/sed.h"
#include "sim/command/service.h"
#include "sim/command/ss.h"
#include "sim/command/ssh.h"
#include "sim/command/tcpdump.h"
#include "sim/command/test.h"
#include "sim/command/timeout.h"
#include "sim/command/traceroute.h"

namespace lvslab::command {

/// A program named by its path that is not one of the tools ("./run.sh"): only the host knows
/// whether such a file is there.
struct UnknownCommand {
  std::vector<std::string> args;  ///< argv, never empty
  friend bool operator==(const UnknownCommand&, const UnknownCommand&) = default;
};
std::string to_text(const UnknownCommand& command);

using Command = std::variant<
    IfconfigCommand, IpCommand, ArpCommand, RouteCommand, NetstatCommand, SsCommand, SysctlCommand,
    PackageCommand, ServiceCommand, EchoCommand, LsCommand, HostnameCommand, TrueCommand,
    FalseCommand, SeqCommand, SleepCommand, DateCommand, MkdirCommand, TouchCommand, RmCommand,
    KillCommand, PidofCommand, PsCommand, ExportCommand, CdCommand, PwdCommand, WaitCommand,
    JobsCommand, TestCommand, UnameCommand, WhoamiCommand, RebootCommand, ClearCommand, ExitCommand,
    ModprobeCommand, LsmodCommand, CatCommand, GrepCommand, WcCommand, HeadCommand, TailCommand,
    TeeCommand, SortCommand, UniqCommand, CutCommand, SedCommand, IpvsadmCommand, IpvsScriptCommand,
    IptablesCommand, CurlCommand, AbCommand, NcCommand, NcatCommand, TimeoutCommand, SshCommand,
    ScpCommand, PingCommand, TracerouteCommand, ArpingCommand, TcpdumpCommand, KeepalivedCommand,
    JournalctlCommand, NginxCommand, UnknownCommand>;

/// argv → typed command. `args` must not be empty. A leading directory of a system tool
/// ("/sbin/ifconfig") is taken off. Errors: bad usage as the tool prints it; status 127 for a word
/// that is no tool ("bash: foo: command not found") or one that is not modelled.
Parsed<Command> parse_command(Args args);

/// Canonical command line; parse_command(words of to_text(c)) == c.
std::string to_text(const Command& command);

/// All modelled tools, sorted.
std::span<const std::string_view> tool_names();
/// True for a tool that Linux has and this lab does not model ("nft").
bool is_known_unmodelled(std::string_view tool);
/// `bash: foo: command not found` and what is close (or "not modelled"); status 127.
Output command_not_found(std::string_view name);

/// True for cat, grep, wc, head, tail, tee, sort, uniq, cut, sed.
bool is_filter(const Command& command);
/// The files a filter reads, as typed ("-" is standard input); empty: it reads standard input. For
/// tee always empty.
std::span<const std::string> input_files(const Command& command);
/// A filter over standard input alone. Requires is_filter(). tee's files are the host's to write.
Output run_filter(const Command& command, std::string_view input);
/// A filter over the texts of input_files() in that order. Requires is_filter().
Output run_filter(const Command& command, std::span<const NamedText> inputs);

}  // namespace lvslab::command
