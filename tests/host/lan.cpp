#include "tests/host/lan.h"

#include <gtest/gtest.h>

namespace lvslab::host {

Ipv4Addr Lan::address(char host) {
  return {0x0a00'0000U + static_cast<std::uint32_t>(host - 'a') + 1};
}

BootConfig on_lan(char host) {
  const auto number = static_cast<std::uint64_t>(host - 'a') + 1;
  return {.name = std::string(1, host),
          .nics = {{.name = "eth0",
                    .mac = {0x0200'0000'0000ULL + number},
                    .addresses = {{Lan::address(host), 24}}}},
          .routes = {},
          .sysctls = {}};
}

Lan::Lan(int hosts) {
  std::vector<BootConfig> boots;
  for (int i = 0; i < hosts; ++i) boots.push_back(on_lan(static_cast<char>('a' + i)));
  build(boots);
}

Lan::Lan(const std::vector<BootConfig>& boots) { build(boots); }

void Lan::build(const std::vector<BootConfig>& boots) {
  for (const BootConfig& boot : boots) network.add_host(boot);
  const NodeId lan = network.add_switch("lan");
  for (std::uint32_t h = 0; h < boots.size(); ++h) network.plug(NodeId(h), 0, lan, {});
  network.describe(trace);
  for (std::uint32_t h = 0; h < boots.size(); ++h) {
    network.files(NodeId(h)).write("/etc/hosts", hosts_file(network.boot_configs()), false);
    network.boot(NodeId(h), &trace);
  }
}

JobId Lan::start(char host, std::string_view line) { return network.type(id(host), line, &trace); }

std::string Lan::type(char host, std::string_view line) {
  const JobId typed = start(host, line);
  while (!job(host, typed).done) {
    if (network.next_event() == SimTime::never()) {
      ADD_FAILURE() << "never ends: " << line;
      break;
    }
    network.run_one(&trace);
  }
  status_ = job(host, typed).status;
  return job(host, typed).output;
}

void Lan::pass(SimDuration time) {
  const SimTime end = network.now() + time;
  while (network.next_event() <= end) network.run_one(&trace);
  network.advance_to(end);
}

std::vector<Reason> Lan::reasons(char host, std::size_t from) const {
  std::vector<Reason> reasons;
  for (const TraceRecord& r : trace.records().subspan(from)) {
    const bool decision = r.kind == RecordKind::kDecision || r.kind == RecordKind::kFrameDropped;
    if (decision && r.node == id(host)) reasons.push_back(r.reason);
  }
  return reasons;
}

int Lan::decided(char host, Reason reason) const {
  const auto all = reasons(host);
  return static_cast<int>(std::ranges::count(all, reason));
}

}  // namespace lvslab::host
