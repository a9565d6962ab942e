// Programs that wait for an answer of a name server.
// Source: glibc 2.36 nss/getaddrinfo.c: gaih_inet(), rfc3484_sort(); sysdeps/unix/sysv/linux/
// check_pf.c: __check_pf().
#include <fmt/format.h>

#include <algorithm>

#include "sim/host/program_io.h"
#include "sim/host/wiring.h"

namespace lvslab::host {
namespace {

using apps::Resolver;
using command::NameError;

/// What a program wants to know before it does anything else.
struct WantedName {
  std::string_view name;
  Resolver::Families families = Resolver::Families::kBoth;
  std::string_view refusal;  ///< why it cannot be looked up by a name server here
};

constexpr std::string_view kNeedsNumeric =
    "asking name servers for the names of addresses that answer is not modelled; add -n";

std::optional<WantedName> wanted_name(const apps::App& app) {
  if (const auto* ping = std::get_if<apps::Ping>(&app)) {
    return WantedName{.name = ping->command.target,
                      .refusal = ping->command.numeric ? std::string_view{} : kNeedsNumeric};
  }
  if (const auto* traceroute = std::get_if<apps::Traceroute>(&app)) {
    return WantedName{.name = traceroute->command.target,
                      .refusal = traceroute->command.numeric ? std::string_view{} : kNeedsNumeric};
  }
  if (const auto* arping = std::get_if<apps::Arping>(&app)) {
    return WantedName{.name = arping->command.target, .families = Resolver::Families::kInet};
  }
  if (const auto* nc = std::get_if<apps::Nc>(&app)) {
    if (nc->command.numeric || nc->command.host.empty()) return std::nullopt;
    return WantedName{.name = nc->command.host};
  }
  if (const auto* ncat = std::get_if<apps::Ncat>(&app)) {
    if (ncat->command.numeric || ncat->command.host.empty()) return std::nullopt;
    return WantedName{.name = ncat->command.host};
  }
  if (const auto* ssh = std::get_if<apps::Ssh>(&app)) return WantedName{.name = ssh->host()};
  if (const auto* ab = std::get_if<apps::Ab>(&app)) {
    return WantedName{.name = ab->command.host, .families = Resolver::Families::kInet};
  }
  return std::nullopt;
}

/// Rule 1 of RFC 3484: what cannot be reached comes last. Rule 9, which puts the nearest address of
/// the own subnet first, counts only on hosts that have an IPv6 address as well (check_pf.c).
void sort_addresses(Step& step, Wiring& wiring, std::vector<Ipv4Addr>& addresses) {
  const auto unreachable = [&](Ipv4Addr addr) {
    return !wiring.route(step, {.dst = addr}).has_value();
  };
  std::ranges::stable_sort(addresses, {}, unreachable);
}

}  // namespace

std::vector<command::HostName> Wiring::host_names() const {
  const Userland* u = host_.user.peek();
  const std::string* text = u == nullptr ? nullptr : u->files.read("/etc/hosts");
  return command::parse_hosts_file(text == nullptr ? std::string_view{} : *text);
}

bool Wiring::asks_name_servers() const {
  const Userland* u = host_.user.peek();
  const std::string* text = u == nullptr ? nullptr : u->files.read("/etc/nsswitch.conf");
  return text != nullptr && apps::asks_name_servers(*text);
}

bool Wiring::look_up(Step& step, std::uint32_t app, std::string_view name,
                     apps::Resolver::Families families, LookupFor whom) {
  if (command::resolve_host(name, host_names()) || !asks_name_servers()) return false;
  Process& process = user().processes[app];
  if (process.names.find(name) != nullptr) return false;
  const auto conf = apps::ResolvConf::parse(read_file("/etc/resolv.conf").value_or(""));
  if (!conf) {
    program_prints(step, app, 2, "lvslab: " + conf.error() + "\n");
    process.names.learn(std::string(name), std::unexpected(NameError::kTryAgain));
    return false;
  }
  NameLookup& lookup = process.lookup.get();
  lookup = {.resolver = Resolver(std::string(name), families, *conf), .whom = whom};
  ProgramIo io(*this, app);
  lookup.resolver.start(step, io);
  if (lookup.resolver.answer()) {  // failed without asking
    process.names.learn(std::string(name), *lookup.resolver.answer());
    process.lookup.reset();
    return false;
  }
  lookup.timer.set(step.timers(), lookup.resolver.deadline(), TimerKind::kLookup, app);
  return true;
}

bool Wiring::look_up_first(Step& step, std::uint32_t app) {
  const Process& process = user().processes[app];
  const auto wanted = wanted_name(process.app);
  if (!wanted || !asks_name_servers()) return false;
  const bool traceroute = std::holds_alternative<apps::Traceroute>(process.app);
  const bool known = command::resolve_host(wanted->name, host_names()).has_value();
  if (!wanted->refusal.empty() && (!known || traceroute)) {
    program_prints(step, app, 2,
                   fmt::format("lvslab: {}: {}\n", process.name.view(), wanted->refusal));
    program_exits(app, 2);
    return true;
  }
  return look_up(step, app, wanted->name, wanted->families, LookupFor::kStart);
}

bool Wiring::tell_lookup(Step& step, std::uint32_t app, const apps::UdpNews& news) {
  Process& process = user().processes[app];
  NameLookup* lookup = process.lookup.peek();
  if (process.exited || lookup == nullptr || !lookup->resolver.owns(news.socket)) return false;
  ProgramIo io(*this, app);
  lookup->resolver.on_udp(step, io, news);
  go_on_with_name(step, app);
  return true;
}

void Wiring::run_lookup_timer(Step& step, std::uint32_t app) {
  Userland* u = host_.user.peek();
  if (u == nullptr || app >= u->processes.limit()) return;
  Process& process = u->processes[app];
  NameLookup* lookup = process.lookup.peek();
  if (process.pid == 0 || process.exited || lookup == nullptr) return;
  if (!lookup->timer.due(step.timers(), step.now(), TimerKind::kLookup, app)) return;
  step.set_cause(process.cause);
  ProgramIo io(*this, app);
  lookup->resolver.on_time(step, io);
  go_on_with_name(step, app);
}

void Wiring::go_on_with_name(Step& step, std::uint32_t app) {
  Process& process = user().processes[app];
  NameLookup& lookup = process.lookup.get();
  if (!lookup.resolver.answer()) {
    return lookup.timer.set(step.timers(), lookup.resolver.deadline(), TimerKind::kLookup, app);
  }
  Resolver::Answer answer = *lookup.resolver.answer();
  if (answer) {
    sort_addresses(step, *this, *answer);
    step.explain(Reason::kNameFound, {},
                 {arg(answer->front()), static_cast<std::uint32_t>(answer->size()), 0});
  } else {
    step.explain(Reason::kNameNotFound);
  }
  const LookupFor whom = lookup.whom;
  process.names.learn(lookup.resolver.name(), std::move(answer));
  process.lookup.reset();
  ProgramIo io(*this, app);
  if (whom == LookupFor::kStart) {
    apps::start(step, io, process.app);
  } else {
    apps::on_resolved(step, io, process.app);
  }
}

}  // namespace lvslab::host
