// modprobe and lsmod.
#include <fmt/format.h>

#include "sim/host/executor.h"

namespace lvslab::host {

using command::Output;

namespace {

/// The schedulers' modules, with their sizes in Debian's Linux 6.1.176 for amd64 (User-Mode Linux).
constexpr std::pair<std::string_view, std::uint32_t> kSchedulerSizes[] = {
    {"rr", 2'029},  {"wrr", 2'703},  {"lc", 1'687},    {"wlc", 1'753}, {"fo", 1'623},
    {"ovf", 1'625}, {"lblc", 5'448}, {"lblcr", 7'265}, {"dh", 2'882},  {"sh", 3'995},
    {"mh", 5'503},  {"sed", 1'753},  {"nq", 1'751},    {"twos", 1'900}};

/// IPVS, what it needs and what needs it. A scheduler is there while a service uses it.
std::vector<command::ModuleRow> ipvs_modules(const ipvs::Director* director) {
  if (director == nullptr) return {};
  std::vector<command::ModuleRow> modules;
  const bool ftp = director->has_ftp_helper();
  if (ftp) {
    const auto helped = static_cast<std::uint32_t>(director->helped_connections());
    modules.push_back({.name = "ip_vs_ftp", .size = 7'795, .uses = helped});
    modules.push_back({.name = "nf_nat", .size = 24'546, .uses = 1, .users = {"ip_vs_ftp"}});
  }
  command::ModuleRow core{.name = "ip_vs", .size = 162'529};
  for (const auto& [scheduler, size] : kSchedulerSizes) {
    const std::uint32_t services = director->services_with(scheduler);
    if (services == 0) continue;
    core.uses += 2 * services;
    core.users.push_back("ip_vs_" + std::string(scheduler));
    modules.push_back({.name = core.users.back(), .size = size, .uses = services});
  }
  if (ftp) {
    core.users.emplace_back("ip_vs_ftp");
    ++core.uses;
  }
  core.uses += static_cast<std::uint32_t>(core.users.size());
  command::ModuleRow tracking{.name = "nf_conntrack", .size = 99'163, .users = {"ip_vs"}};
  if (ftp) tracking.users.insert(tracking.users.begin(), "nf_nat");
  tracking.uses = static_cast<std::uint32_t>(tracking.users.size());
  modules.push_back(std::move(core));
  modules.push_back(std::move(tracking));
  return modules;
}

}  // namespace

CommandOutcome Executor::operator()(const command::ModprobeCommand& c) {
  for (const std::string& module : c.modules) {
    if (wiring_.load_module(step_, module)) continue;
    return command::failure(
        fmt::format("modprobe: FATAL: Module {} not found in directory /lib/modules/6.1.0", module),
        1);
  }
  return Output{};
}

CommandOutcome Executor::operator()(const command::LsmodCommand&) {
  return Output{.out = command::render_modules(ipvs_modules(wiring_.host().ipvs.peek()))};
}

}  // namespace lvslab::host
