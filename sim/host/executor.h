// Applies typed commands to a host: one overload per command. Those that take simulated time start
// a program; all others are done at once and return what the real tool prints.
#pragma once

#include <string>

#include "sim/command/command.h"
#include "sim/host/wiring.h"

namespace lvslab::host {

/// The interface of an alias: "eth0" for "eth0:1".
std::string without_alias(std::string_view name);

class Executor {
 public:
  Executor(Step& step, Wiring& wiring, JobId job, std::string* input, std::string line)
      : step_(step), wiring_(wiring), job_(job), input_(input), line_(std::move(line)) {}

  // net tools and iproute2
  CommandOutcome operator()(const command::IfconfigCommand& c);
  CommandOutcome operator()(const command::IpCommand& c);
  CommandOutcome operator()(const command::ArpCommand& c);
  CommandOutcome operator()(const command::RouteCommand& c);
  CommandOutcome operator()(const command::NetstatCommand& c);
  CommandOutcome operator()(const command::SsCommand& c);
  // IPVS
  CommandOutcome operator()(const command::IpvsadmCommand& c);
  CommandOutcome operator()(const command::IpvsScriptCommand& c);
  // netfilter
  CommandOutcome operator()(const command::IptablesCommand& c);
  command::Output apply(NfTable& table, const command::IptablesCommand& c);
  // kernel parameters, packages, services, processes
  CommandOutcome operator()(const command::SysctlCommand& c);
  CommandOutcome operator()(const command::PackageCommand& c);
  CommandOutcome operator()(const command::ServiceCommand& c);
  CommandOutcome operator()(const command::KillCommand& c);
  CommandOutcome operator()(const command::PidofCommand& c);
  CommandOutcome operator()(const command::JournalctlCommand& c);
  CommandOutcome operator()(const command::PsCommand& c);
  CommandOutcome operator()(const command::RebootCommand& c);
  CommandOutcome operator()(const command::ModprobeCommand& c);
  CommandOutcome operator()(const command::LsmodCommand& c);
  CommandOutcome operator()(const command::KeepalivedCommand& c);
  CommandOutcome operator()(const command::NginxCommand& c);
  // files
  CommandOutcome operator()(const command::LsCommand& c);
  CommandOutcome operator()(const command::MkdirCommand& c);
  CommandOutcome operator()(const command::TouchCommand& c);
  CommandOutcome operator()(const command::RmCommand& c);
  CommandOutcome operator()(const command::CdCommand& c);
  CommandOutcome operator()(const command::PwdCommand& c);
  // the shell
  CommandOutcome operator()(const command::EchoCommand& c);
  CommandOutcome operator()(const command::SeqCommand& c);
  CommandOutcome operator()(const command::DateCommand& c);
  CommandOutcome operator()(const command::ExportCommand& c);
  CommandOutcome operator()(const command::HostnameCommand& c);
  CommandOutcome operator()(const command::WaitCommand& c);
  CommandOutcome operator()(const command::JobsCommand& c);
  CommandOutcome operator()(const command::UnameCommand& c);
  CommandOutcome operator()(const command::WhoamiCommand& c);
  CommandOutcome operator()(const command::ClearCommand& c);
  CommandOutcome operator()(const command::ExitCommand& c);
  CommandOutcome operator()(const command::TestCommand& c);
  CommandOutcome operator()(const command::TrueCommand& c);
  CommandOutcome operator()(const command::FalseCommand& c);
  CommandOutcome operator()(const command::UnknownCommand& c);
  // programs that take time
  CommandOutcome operator()(const command::SleepCommand& c);
  CommandOutcome operator()(const command::CurlCommand& c);
  CommandOutcome operator()(const command::AbCommand& c);
  CommandOutcome operator()(const command::NcCommand& c);
  CommandOutcome operator()(const command::NcatCommand& c);
  CommandOutcome operator()(const command::TimeoutCommand& c);
  CommandOutcome operator()(const command::PingCommand& c);
  CommandOutcome operator()(const command::TracerouteCommand& c);
  CommandOutcome operator()(const command::ArpingCommand& c);
  CommandOutcome operator()(const command::TcpdumpCommand& c);
  CommandOutcome operator()(const command::SshCommand& c);
  CommandOutcome operator()(const command::ScpCommand& c);

  /// What is left of standard input.
  std::string take_input();
  /// cat, grep and the like: over files, or over standard input.
  CommandOutcome filter(const command::Command& c);
  /// sed -i: each file by itself.
  command::Output edit_in_place(const command::SedCommand& c);

 private:
  Started start(apps::App app, ShortName name);
  /// What cat(1) and the like say of a file that was found or not; empty if it can be read.
  std::string_view reading_problem(const std::string& name, bool found) const;

  // ip(8)
  command::Output change(const command::IpAddrChange& c);
  command::Output change(const command::IpAddrFlush& c, const command::IpCommand& whole);
  command::Output change(const command::IpLinkSet& c);
  command::Output change(const command::IpRouteChange& c);
  command::Output change(const command::IpRouteGet& c, const command::IpCommand& whole);
  command::Output change(const command::IpRouteFlush& c);
  command::Output change(const command::IpNeighChange& c);
  command::Output change(const command::IpNeighFlush& c, const command::IpCommand& whole);
  command::Output change(const command::IpAddr6Change& c);
  command::Output change(const command::IpRoute6Change& c);
  command::Output change(const command::IpRoute6Get& c);
  command::Output change(const command::IpNeigh6Change& c);
  command::Output change(const command::IpRuleChange& c);
  command::Output change(const command::IpRuleFlush& c);
  /// The interface, or nothing after an error of ip(8).
  IfIndex device(const std::string& name) const;
  /// For iproute2 "eth0:1" is eth0, in listings, too.
  IfIndex ip_device(const std::string& name) const;
  command::IpCommand of_interfaces(command::IpCommand command) const;

  command::Output ifconfig_action(const command::IfconfigCommand& c,
                                  const command::IfconfigAction& action);
  // ipvsadm(8)
  Ipv4Addr named(IpAddr addr);
  ipvs::ServiceKey named(const IpvsServiceKey& key);
  std::optional<command::IpvsErrno> address_error(const command::IpvsadmCommand& c) const;
  command::Output ipvsadm_restore(std::string_view rules);
  std::optional<command::Output> wrong_settings(std::string_view service) const;
  command::Output start_nginx();
  command::Output signal_nginx(const command::NginxCommand& c);
  command::Output service_action(const command::ServiceCommand& c);
  /// systemctl stop and restart of a service that does not end at once.
  CommandOutcome stop_and_wait(const command::ServiceCommand& c, std::uint32_t pid,
                               const std::string& message);

  Step& step_;
  Wiring& wiring_;
  JobId job_;
  std::string* input_;
  std::string line_;
};

/// What ip(8) says of the kernel's answer.
command::Output rtnetlink_answer(Errno error);

}  // namespace lvslab::host
