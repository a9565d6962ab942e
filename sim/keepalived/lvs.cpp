#include "sim/keepalived/lvs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lvslab::keepalived {
namespace {

/// The services that a virtual server stands for: itself, or the entries of its group.
std::vector<ServiceRule> rules_of(const Configuration& conf, const VirtualServer& vs) {
  ServiceRule rule{.protocol = vs.protocol,
                   .scheduler = vs.scheduler,
                   .flags = vs.scheduler_flags,
                   .persistence = vs.persistence_timeout.value_or(0),
                   .persistence_mask = vs.persistence_granularity};
  std::vector<ServiceRule> rules;
  const auto add = [&](Ipv4Addr addr, std::uint16_t port, std::uint32_t fwmark) {
    rule.addr = addr;
    rule.port = port;
    rule.fwmark = fwmark;
    rules.push_back(rule);
  };
  if (vs.group.empty()) {
    add(vs.addr, vs.port, vs.fwmark);
    return rules;
  }
  const VirtualServerGroup* group = conf.find_group(vs.group);
  if (group == nullptr) return rules;
  for (const GroupEntry& entry : group->entries) {
    if (entry.fwmark != 0) {
      add({}, 0, entry.fwmark);
      continue;
    }
    for (std::uint32_t bits = entry.first.bits; bits <= entry.last.bits; ++bits) {
      add({bits}, entry.port, 0);
      if (bits == 0xffff'ffffU) break;
    }
  }
  return rules;
}

std::string_view protocol_name(ServiceProtocol protocol) {
  switch (protocol) {
    case ServiceProtocol::kTcp: return "tcp";
    case ServiceProtocol::kUdp: return "udp";
    case ServiceProtocol::kSctp: return "sctp";
    case ServiceProtocol::kNone: return "none";
  }
  return "none";
}

std::string rule_name(const ServiceRule& rule) {
  if (rule.fwmark != 0) return fmt::format("FWM {}", rule.fwmark);
  return fmt::format("{}:{}:{}", rule.addr.to_string(), protocol_name(rule.protocol), rule.port);
}

/// ipvs_cmd_str() and ipvs_strerror(), with the numbers of <linux/ip_vs.h>.
struct CommandText {
  std::string_view name;
  int number;
};
constexpr std::array<CommandText, 4> kCommands{{{"IP_VS_SO_SET_ADD", 1154},
                                                {"IP_VS_SO_SET_DEL", 1156},
                                                {"IP_VS_SO_SET_ADDDEST", 1159},
                                                {"IP_VS_SO_SET_DELDEST", 1160}}};

std::string_view error_text(Errno error, std::size_t command) {
  constexpr std::size_t kAdd = 0, kAddServer = 2;
  if (error == Errno::kExist) {
    return command == kAdd ? "Service already exists" : "Destination already exists";
  }
  if (error == Errno::kNoEnt) {
    return command == kAdd         ? "Scheduler or persistence engine not found"
           : command >= kAddServer ? "No such destination"
                                   : "No such service";
  }
  if (error == Errno::kSrch) return "No such service";
  return "Invalid argument";
}

ServerRule server_rule(const ServiceRule& service, const RealServer& rs, bool inhibited) {
  const bool nat = rs.method == ForwardMethod::kNat;
  return {.addr = rs.addr,
          .port = nat ? (rs.port != 0 ? rs.port : service.port) : service.port,
          .weight = inhibited ? 0 : rs.weight.value_or(1),
          .method = rs.method.value_or(ForwardMethod::kNat),
          .upper_threshold = rs.upper_threshold,
          .lower_threshold = rs.lower_threshold};
}

bool is_same(const VirtualServer& a, const VirtualServer& b) {
  return a.group == b.group && a.fwmark == b.fwmark && a.addr == b.addr && a.port == b.port &&
         a.protocol == b.protocol;
}

bool is_same(const RealServer& a, const RealServer& b) {
  return a.addr == b.addr && a.port == b.port;
}

}  // namespace

std::string server_name(const VirtualServer& vs, const RealServer& rs) {
  return fmt::format("[{}]:{}:{}", rs.addr.to_string(), protocol_name(vs.protocol), rs.port);
}

// ipvs_cmd(), ipvs_talk(): a rule that is there already, or is gone already, is success.
bool Lvs::command(Step& step, const Configuration& conf, LvsPort& port, Command what,
                  std::size_t vs, const RealServer* rs, Server* state) {
  const bool inhibits = rs != nullptr && rs->inhibit_on_failure.value_or(false);
  const bool was_set = state != nullptr && state->set;
  bool ok = true;
  for (const ServiceRule& service : rules_of(conf, conf.virtual_servers[vs])) {
    Errno error = Errno::kNone;
    std::string name = rule_name(service);
    switch (what) {
      case Command::kAdd: error = port.add_service(step, service); break;
      case Command::kDelete: error = port.delete_service(step, service); break;
      case Command::kAddServer: {
        const ServerRule rule = server_rule(service, *rs, inhibits && state->failed_checkers > 0);
        error = inhibits && was_set ? port.edit_server(step, service, rule)
                                    : port.add_server(step, service, rule);
        name += fmt::format(" -> {}:{}", rule.addr.to_string(), rule.port);
        break;
      }
      case Command::kDeleteServer: {
        const ServerRule rule = server_rule(service, *rs, inhibits);
        error = inhibits ? port.edit_server(step, service, rule)
                         : port.delete_server(step, service, rule);
        name += fmt::format(" -> {}:{}", rule.addr.to_string(), rule.port);
        break;
      }
    }
    if (error == Errno::kNone) continue;
    const auto index = static_cast<std::size_t>(what);
    port.log(step, fmt::format("IPVS cmd {}({}) error: {}({}) ({})", kCommands[index].name,
                               kCommands[index].number, error_text(error, index),
                               static_cast<int>(error), name));
    const bool adds = what == Command::kAdd || what == Command::kAddServer;
    if (adds && error == Errno::kExist) {
      step.explain(Reason::kKeepalivedKeepsRule, {},
                   {arg(rs == nullptr ? service.addr : rs->addr), 0, 0});
    }
    ok = ok && (adds ? error == Errno::kExist : error == Errno::kNoEnt);
  }
  if (what == Command::kAddServer) state->set = true;
  if (what == Command::kDeleteServer && !inhibits) state->set = false;
  return ok;
}

// --- starting and stopping -----------------------------------------------------------------------

void Lvs::start(Step& step, const Configuration& conf, LvsPort& port) {
  services_.clear();
  if (conf.global.lvs_flush) port.flush(step);
  for (const VirtualServer& vs : conf.virtual_servers) {
    services_.emplace_back().servers.resize(vs.real_servers.size());
    for (std::size_t i = 0; i < vs.real_servers.size(); ++i) {
      for (const Checker& checker : vs.real_servers[i].checkers) {
        if (checker.alpha.value_or(false)) ++services_.back().servers[i].failed_checkers;
      }
    }
  }
  for (std::size_t vs = 0; vs < services_.size(); ++vs) init_service(step, conf, port, vs);
}

void Lvs::init_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs) {
  const VirtualServer& c = conf.virtual_servers[vs];
  command(step, conf, port, Command::kAdd, vs, nullptr, nullptr);
  for (std::size_t i = 0; i < c.real_servers.size(); ++i) {
    Server& server = services_[vs].servers[i];
    const RealServer& rs = c.real_servers[i];
    const bool inhibits = rs.inhibit_on_failure.value_or(false);
    if (server.set || (server.failed_checkers > 0 && !inhibits)) continue;
    command(step, conf, port, Command::kAddServer, vs, &rs, &server);
    server.alive = server.failed_checkers == 0;
  }
  update_quorum(step, conf, port, vs, true);
}

void Lvs::reload(Step& step, const Configuration& before, const Configuration& conf,
                 LvsPort& port) {
  std::vector<Service> old = std::move(services_);
  services_.clear();
  for (const VirtualServer& vs : conf.virtual_servers) {
    services_.emplace_back().servers.resize(vs.real_servers.size());
  }
  // What is no longer configured goes first (clear_diff_services()).
  for (std::size_t o = 0; o < old.size(); ++o) {
    const VirtualServer& was = before.virtual_servers[o];
    const auto now = std::ranges::find_if(conf.virtual_servers,
                                          [&](const auto& vs) { return is_same(vs, was); });
    std::swap(services_, old);
    if (now == conf.virtual_servers.end()) {
      port.log(step, fmt::format("Removing Virtual Server {}", was.name()));
      stop_service(step, before, port, o, false);
      std::swap(services_, old);
      continue;
    }
    for (std::size_t k = 0; k < was.real_servers.size(); ++k) {
      const bool kept = std::ranges::any_of(
          now->real_servers, [&](const auto& rs) { return is_same(rs, was.real_servers[k]); });
      if (kept || !services_[o].servers[k].set) continue;
      port.log(step,
               fmt::format("service {} no longer exist", server_name(was, was.real_servers[k])));
      command(step, before, port, Command::kDeleteServer, o, &was.real_servers[k],
              &services_[o].servers[k]);
    }
    std::swap(services_, old);
    Service& service = services_[static_cast<std::size_t>(now - conf.virtual_servers.begin())];
    service.quorum_up = old[o].quorum_up;
    service.sorry_alive = old[o].sorry_alive;
    for (std::size_t n = 0; n < now->real_servers.size(); ++n) {
      const auto& rs = now->real_servers[n];
      const auto match = std::ranges::find_if(
          was.real_servers, [&](const auto& other) { return is_same(rs, other); });
      if (match == was.real_servers.end()) continue;
      const auto k = static_cast<std::size_t>(match - was.real_servers.begin());
      service.servers[n] = old[o].servers[k];
      // Another weight or method is told to the kernel at once.
      if (!service.servers[n].set || (match->weight == rs.weight && match->method == rs.method)) {
        continue;
      }
      for (const ServiceRule& rule : rules_of(conf, *now)) {
        port.edit_server(step, rule, server_rule(rule, rs, !service.servers[n].alive));
      }
    }
  }
  for (std::size_t vs = 0; vs < services_.size(); ++vs) init_service(step, conf, port, vs);
}

void Lvs::stop(Step& step, const Configuration& conf, LvsPort& port) {
  if (conf.global.lvs_flush_on_stop) {
    port.flush(step);
  } else {
    for (std::size_t vs = 0; vs < services_.size(); ++vs) {
      stop_service(step, conf, port, vs, true);
    }
  }
  services_.clear();
}

// clear_service_vs(), clear_service_rs().
void Lvs::stop_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                       bool stopping) {
  const VirtualServer& c = conf.virtual_servers[vs];
  if (services_[vs].sorry_alive && c.sorry_server) {
    Server sorry{.alive = true, .set = true};
    command(step, conf, port, Command::kDeleteServer, vs, &*c.sorry_server, &sorry);
  }
  for (std::size_t i = 0; i < c.real_servers.size(); ++i) {
    Server& server = services_[vs].servers[i];
    RealServer rs = c.real_servers[i];
    const bool inhibited = rs.inhibit_on_failure.value_or(false) && !server.alive;
    if (server.set || stopping) {
      port.log(step,
               fmt::format("{} {}service {} from VS {}", stopping ? "Shutting down" : "Removing",
                           inhibited ? "(inhibited) " : "", server_name(c, rs), c.name()));
    }
    if (!server.set) continue;
    rs.inhibit_on_failure = false;
    command(step, conf, port, Command::kDeleteServer, vs, &rs, &server);
    const bool was_alive = std::exchange(server.alive, false);
    if (was_alive && (c.omega || !stopping) && !rs.notify_down.empty()) {
      port.run_script(step, rs.notify_down, "");
    }
  }
  command(step, conf, port, Command::kDelete, vs, nullptr, nullptr);
}

// --- what the checkers say -----------------------------------------------------------------------

// perform_svr_state().
bool Lvs::set_alive(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                    std::size_t rs, bool alive) {
  const VirtualServer& c = conf.virtual_servers[vs];
  const RealServer& server = c.real_servers[rs];
  Service& service = services_[vs];
  Server& state = service.servers[rs];
  if (state.alive == alive) return true;
  const bool inhibits = server.inhibit_on_failure.value_or(false);
  port.log(step, fmt::format("{}ing service {} {} VS {}",
                             alive ? (inhibits ? "Enabl" : "Add") : (inhibits ? "Disabl" : "Remov"),
                             server_name(c, server), inhibits ? "of" : (alive ? "to" : "from"),
                             c.name()));
  step.explain(alive ? Reason::kKeepalivedServerUp : Reason::kKeepalivedServerDown, {},
               {arg(server.addr), server.port, 0});
  if (service.quorum_up || !c.sorry_server || !service.sorry_alive) {
    if (!command(step, conf, port, alive ? Command::kAddServer : Command::kDeleteServer, vs,
                 &server, &state)) {
      return false;
    }
  }
  state.alive = alive;
  const Script& notify = alive ? server.notify_up : server.notify_down;
  if (!notify.empty()) port.run_script(step, notify, "");
  update_quorum(step, conf, port, vs, false);
  return true;
}

// update_quorum_state().
void Lvs::update_quorum(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                        bool init) {
  const VirtualServer& c = conf.virtual_servers[vs];
  Service& service = services_[vs];
  std::int64_t weight = 0;
  for (std::size_t i = 0; i < c.real_servers.size(); ++i) {
    if (service.servers[i].alive) weight += c.real_servers[i].weight.value_or(1);
  }
  const std::int64_t threshold =
      std::int64_t{c.quorum} + (service.quorum_up ? -1 : 1) * std::int64_t{c.hysteresis};
  Server sorry{.alive = service.sorry_alive, .set = service.sorry_alive};
  if (!service.quorum_up && weight >= threshold) {
    service.quorum_up = true;
    port.log(step, fmt::format("Gained quorum {}+{}={} <= {} for VS {}", c.quorum, c.hysteresis,
                               threshold, weight, c.name()));
    if (c.sorry_server && service.sorry_alive) {
      port.log(step, fmt::format("{} sorry server {} from VS {}",
                                 c.sorry_inhibit ? "Disabling" : "Removing",
                                 server_name(c, *c.sorry_server), c.name()));
      command(step, conf, port, Command::kDeleteServer, vs, &*c.sorry_server, &sorry);
      service.sorry_alive = false;
      move_pool(step, conf, port, vs, true);
    }
    if (!c.quorum_up.empty()) port.run_script(step, c.quorum_up, "");
    return;
  }
  const bool lost = service.quorum_up && (weight == 0 || weight < threshold);
  const bool starts_down = init && !service.quorum_up && c.sorry_server && !service.sorry_alive;
  if (!lost && !starts_down) return;
  service.quorum_up = false;
  port.log(step, fmt::format("{} {}-{}={} > {} for VS {}",
                             init ? "Starting with quorum down" : "Lost quorum", c.quorum,
                             c.hysteresis, threshold, weight, c.name()));
  step.explain(Reason::kKeepalivedQuorumLost, {},
               {arg(c.addr), c.quorum, static_cast<std::uint32_t>(weight)});
  if (c.sorry_server && !service.sorry_alive) {
    port.log(step,
             fmt::format("{} sorry server {} to VS {}", c.sorry_inhibit ? "Enabling" : "Adding",
                         server_name(c, *c.sorry_server), c.name()));
    move_pool(step, conf, port, vs, false);
    command(step, conf, port, Command::kAddServer, vs, &*c.sorry_server, &sorry);
    service.sorry_alive = true;
  }
  if (!c.quorum_down.empty()) port.run_script(step, c.quorum_down, "");
}

// perform_quorum_state().
void Lvs::move_pool(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                    bool add) {
  const VirtualServer& c = conf.virtual_servers[vs];
  port.log(step,
           fmt::format("{} the pool for VS {}",
                       add ? "Adding alive servers to" : "Removing alive servers from", c.name()));
  for (std::size_t i = 0; i < c.real_servers.size(); ++i) {
    Server& server = services_[vs].servers[i];
    if (!server.alive) continue;
    command(step, conf, port, add ? Command::kAddServer : Command::kDeleteServer, vs,
            &c.real_servers[i], &server);
  }
}

}  // namespace lvslab::keepalived
