// Some hosts on one switch, each typed on as in a terminal.
#pragma once

#include <gmock/gmock.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sim/host/network.h"

namespace lvslab::host {

inline constexpr SimDuration kSecond{1'000'000'000};

/// Hosts a, b, c, ... with 10.0.0.1/24, 10.0.0.2/24, ... on eth0; they know each other's names.
class Lan {
 public:
  explicit Lan(int hosts = 2);
  explicit Lan(const std::vector<BootConfig>& boots);

  /// Types a line and lets time pass until it is done: what reached the terminal.
  std::string type(char host, std::string_view line);
  /// Types a line and goes on at once.
  JobId start(char host, std::string_view line);
  const Job& job(char host, JobId job) const { return network.job(id(host), job); }
  /// The exit status of the line typed last.
  int status() const { return status_; }
  void pass(SimDuration time);

  static NodeId id(char host) { return NodeId(static_cast<std::uint32_t>(host - 'a')); }
  /// The address of a host: "10.0.0.2" for b.
  static Ipv4Addr address(char host);
  void crash(char host) { network.crash(id(host), &trace, {}); }
  void power_off(char host) { network.power_off(id(host), &trace, {}); }
  void reboot(char host) { network.reboot(id(host), &trace, {}); }

  /// How often `host` decided so.
  int decided(char host, Reason reason) const;
  /// The reasons of a host's decisions and drops, in order, from the record `from` on.
  std::vector<Reason> reasons(char host, std::size_t from = 0) const;

  Network network{7};
  Trace trace;

 private:
  void build(const std::vector<BootConfig>& boots);
  int status_ = 0;
};

/// What a host on the switch of a Lan is made of.
BootConfig on_lan(char host);

}  // namespace lvslab::host
