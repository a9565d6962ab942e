#include "sim/keepalived/lvs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace lvslab::keepalived {
namespace {

ServiceRule rule_of(const VirtualServer& vs) {
  return {.protocol = vs.protocol,
          .scheduler = vs.scheduler,
          .flags = vs.scheduler_flags,
          .persistence = vs.persistence_timeout.value_or(0),
          .persistence_mask = vs.persistence_granularity};
}

void append_rules(const VirtualServer& vs, const GroupEntry& entry,
                  std::vector<ServiceRule>& rules) {
  ServiceRule rule = rule_of(vs);
  rule.fwmark = entry.fwmark;
  if (rule.fwmark != 0) return rules.push_back(rule);
  rule.port = entry.port;
  for (std::uint32_t bits = entry.first.bits; bits <= entry.last.bits; ++bits) {
    rule.addr = {bits};
    rules.push_back(rule);
    if (bits == 0xffff'ffffU) break;
  }
}

std::vector<ServiceRule> rules_of(const VirtualServer& vs, std::span<const GroupEntry> entries) {
  std::vector<ServiceRule> rules;
  for (const GroupEntry& entry : entries) append_rules(vs, entry, rules);
  return rules;
}

std::span<const GroupEntry> entries_of(const Configuration& conf, const VirtualServer& vs) {
  const VirtualServerGroup* group = conf.find_group(vs.group);
  return group == nullptr ? std::span<const GroupEntry>{} : group->entries;
}

/// The services that a virtual server stands for: itself, or the entries of its group.
std::vector<ServiceRule> rules_of(const Configuration& conf, const VirtualServer& vs) {
  if (!vs.group.empty()) return rules_of(vs, entries_of(conf, vs));
  ServiceRule rule = rule_of(vs);
  rule.addr = vs.addr;
  rule.port = vs.port;
  rule.fwmark = vs.fwmark;
  return {rule};
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
constexpr std::array<CommandText, 6> kCommands{{{"IP_VS_SO_SET_ADD", 1154},
                                                {"IP_VS_SO_SET_DEL", 1156},
                                                {"IP_VS_SO_SET_EDIT", 1155},
                                                {"IP_VS_SO_SET_ADDDEST", 1159},
                                                {"IP_VS_SO_SET_DELDEST", 1160},
                                                {"IP_VS_SO_SET_EDITDEST", 1161}}};

std::string_view error_text(Errno error, std::size_t command) {
  constexpr std::size_t kAdd = 0, kAddServer = 3;
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

/// real_weight(): what the kernel takes of a weight.
int real_weight(std::int64_t weight) {
  constexpr std::int64_t kLimit = 0x7fff'ffff;  // IPVS_WEIGHT_LIMIT
  return static_cast<int>(std::clamp<std::int64_t>(weight, 0, kLimit));
}

ServerRule server_rule(const ServiceRule& service, const RealServer& rs, std::int64_t weight) {
  const bool nat = rs.method == ForwardMethod::kNat;
  return {.addr = rs.addr,
          .port = nat ? (rs.port != 0 ? rs.port : service.port) : service.port,
          .weight = real_weight(weight),
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

/// Like that of a server: "[192.168.80.150]:tcp:80", or "[192.168.80.150]:tcp:80-192.168.80.160".
std::string entry_name(const VirtualServer& vs, const GroupEntry& entry, std::string_view mark) {
  if (entry.fwmark != 0) return fmt::format("{}{}", mark, entry.fwmark);
  std::string name =
      fmt::format("[{}]:{}:{}", entry.first.to_string(), protocol_name(vs.protocol), entry.port);
  if (entry.first != entry.last) name += "-" + entry.last.to_string();
  return name;
}

}  // namespace

std::optional<ServerPlace> find_server(const Configuration& before, const Configuration& conf,
                                       std::size_t vs, std::size_t rs) {
  const VirtualServer& service = conf.virtual_servers[vs];
  const auto was = std::ranges::find_if(before.virtual_servers,
                                        [&](const auto& v) { return is_same(v, service); });
  if (was == before.virtual_servers.end()) return std::nullopt;
  const auto server = std::ranges::find_if(was->real_servers, [&](const auto& other) {
    return is_same(other, service.real_servers[rs]);
  });
  if (server == was->real_servers.end()) return std::nullopt;
  return ServerPlace{static_cast<std::size_t>(was - before.virtual_servers.begin()),
                     static_cast<std::size_t>(server - was->real_servers.begin())};
}

std::string server_name(const VirtualServer& vs, const RealServer& rs) {
  return fmt::format("[{}]:{}:{}", rs.addr.to_string(), protocol_name(vs.protocol), rs.port);
}

// ipvs_talk(): a rule that is there already, or is gone already, is success.
bool Lvs::talk(Step& step, LvsPort& port, Command what, const ServiceRule& service,
               const ServerRule* server) {
  Errno error = Errno::kNone;
  switch (what) {
    case Command::kAdd: error = port.add_service(step, service); break;
    case Command::kDelete: error = port.delete_service(step, service); break;
    case Command::kEdit: error = port.edit_service(step, service); break;
    case Command::kAddServer: error = port.add_server(step, service, *server); break;
    case Command::kDeleteServer: error = port.delete_server(step, service, *server); break;
    case Command::kEditServer:
      error = port.edit_server(step, service, *server);
      // Somebody took it away: it comes back, as it is to be (ipvs_talk(): observed).
      if (error == Errno::kNoEnt) error = port.add_server(step, service, *server);
      break;
  }
  if (error == Errno::kNone) return true;
  std::string name = rule_name(service);
  if (server != nullptr) name += fmt::format(" -> {}:{}", server->addr.to_string(), server->port);
  const auto index = static_cast<std::size_t>(what);
  port.log(step, fmt::format("IPVS cmd {}({}) error: {}({}) ({})", kCommands[index].name,
                             kCommands[index].number, error_text(error, index),
                             static_cast<int>(error), name));
  const bool adds = what == Command::kAdd || what == Command::kAddServer;
  if (adds && error == Errno::kExist) {
    step.explain(Reason::kKeepalivedKeepsRule, {},
                 {arg(server == nullptr ? service.addr : server->addr), 0, 0});
  }
  const bool deletes = what == Command::kDelete || what == Command::kDeleteServer;
  return (adds && error == Errno::kExist) || (deletes && error == Errno::kNoEnt);
}

// ipvs_cmd().
bool Lvs::command(Step& step, const Configuration& conf, LvsPort& port, Command what,
                  std::size_t vs, const RealServer* rs, Server* state) {
  std::int64_t weight = state == nullptr ? 0 : state->weight;
  const bool inhibits = rs != nullptr && rs->inhibit_on_failure.value_or(false);
  if (what == Command::kDeleteServer && inhibits) {
    weight = 0;
    what = Command::kEditServer;
  } else if (what == Command::kAddServer && inhibits && state->set) {
    what = Command::kEditServer;
  } else if (what == Command::kAddServer) {
    if (!state->set && inhibits && state->failed_checkers > 0) weight = 0;
    state->set = true;
  } else if (what == Command::kDeleteServer) {
    state->set = false;
  }
  bool ok = true;
  for (const ServiceRule& service : rules_of(conf, conf.virtual_servers[vs])) {
    if (rs == nullptr) {
      ok = talk(step, port, what, service, nullptr) && ok;
      continue;
    }
    const ServerRule rule = server_rule(service, *rs, weight);
    ok = talk(step, port, what, service, &rule) && ok;
  }
  return ok;
}

// --- starting and stopping -----------------------------------------------------------------------

void Lvs::start(Step& step, const Configuration& conf, LvsPort& port) {
  services_.clear();
  if (conf.global.lvs_flush) port.flush(step);
  for (const VirtualServer& vs : conf.virtual_servers) {
    services_.emplace_back().servers.resize(vs.real_servers.size());
    for (std::size_t i = 0; i < vs.real_servers.size(); ++i) {
      Server& server = services_.back().servers[i];
      server.weight = vs.real_servers[i].weight.value_or(1);
      for (const Checker& checker : vs.real_servers[i].checkers) {
        if (checker.alpha.value_or(false)) ++server.failed_checkers;
      }
    }
  }
  for (std::size_t vs = 0; vs < services_.size(); ++vs) init_service(step, conf, port, vs);
}

// init_service_vs(), init_service_rs().
void Lvs::init_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs) {
  const VirtualServer& c = conf.virtual_servers[vs];
  Service& service = services_[vs];
  if (!service.alive) {
    command(step, conf, port, Command::kAdd, vs);
  } else {
    for (const ServiceRule& rule : rules_of(c, service.new_entries)) {
      talk(step, port, Command::kAdd, rule, nullptr);
    }
  }
  for (std::size_t i = 0; i < c.real_servers.size(); ++i) {
    Server& server = service.servers[i];
    if (server.reloaded) {
      // Told as a change from the weight before.
      const std::int64_t weight = std::exchange(server.weight, server.weight_was);
      set_weight(step, conf, port, vs, i, weight, false);
      continue;
    }
    const RealServer& rs = c.real_servers[i];
    const bool inhibits = rs.inhibit_on_failure.value_or(false);
    if (server.set || (server.failed_checkers > 0 && !inhibits)) continue;
    command(step, conf, port, Command::kAddServer, vs, &rs, &server);
    server.alive = server.failed_checkers == 0;
  }
  if (service.alive) add_entries(step, conf, port, vs);
  service.alive = true;
  update_quorum(step, conf, port, vs, true);
}

// clear_diff_services(): what is no longer configured goes first, the rest keeps its state.
void Lvs::reload(Step& step, const Configuration& before, const Configuration& conf, LvsPort& port,
                 const CheckedServers& checked) {
  std::vector<Service> old = std::exchange(services_, {});
  for (std::size_t vs = 0; vs < conf.virtual_servers.size(); ++vs) {
    const VirtualServer& c = conf.virtual_servers[vs];
    services_.emplace_back().servers.resize(c.real_servers.size());
    for (std::size_t rs = 0; rs < c.real_servers.size(); ++rs) {
      Server& server = services_[vs].servers[rs];
      server.failed_checkers = checked[vs][rs].failed;
      server.weight = c.real_servers[rs].weight.value_or(1) + checked[vs][rs].weight;
    }
  }
  for (std::size_t was = 0; was < old.size(); ++was) {
    const VirtualServer& c = before.virtual_servers[was];
    const auto found =
        std::ranges::find_if(conf.virtual_servers, [&](const auto& v) { return is_same(v, c); });
    const auto now = static_cast<std::size_t>(found - conf.virtual_servers.begin());
    if (found == conf.virtual_servers.end()) {
      port.log(step, c.group.empty() ? fmt::format("Removing Virtual Server {}", c.name())
                                     : fmt::format("Removing Virtual Server Group [{}]", c.group));
      std::swap(services_, old);
      stop_service(step, before, port, was, false);
      std::swap(services_, old);
      continue;
    }
    services_[now].alive = old[was].alive;
    services_[now].reloaded = true;
    services_[now].quorum_up = old[was].quorum_up;
    services_[now].sorry_alive = old[was].sorry_alive;
    std::swap(services_, old);
    remove_entries(step, before, conf, port, was, now);
    std::swap(services_, old);
    for (const GroupEntry& entry : entries_of(conf, *found)) {
      const auto& entries = entries_of(before, c);
      if (std::ranges::find(entries, entry) != entries.end()) continue;
      services_[now].new_entries.push_back(entry);
    }
    if (rule_of(c) != rule_of(*found)) command(step, conf, port, Command::kEdit, now);
    std::swap(services_, old);
    for (std::size_t rs = 0; rs < c.real_servers.size(); ++rs) {
      const bool kept = std::ranges::any_of(found->real_servers, [&](const auto& other) {
        return is_same(other, c.real_servers[rs]);
      });
      if (kept) continue;
      port.log(step, fmt::format("service {} no longer exist", server_name(c, c.real_servers[rs])));
      stop_server(step, before, port, was, rs, false);
    }
    std::swap(services_, old);
    keep_servers(step, before, conf, port, old[was], was, now);
  }
  for (std::size_t vs = 0; vs < services_.size(); ++vs) init_service(step, conf, port, vs);
}

// clear_diff_vsg().
void Lvs::remove_entries(Step& step, const Configuration& before, const Configuration& conf,
                         LvsPort& port, std::size_t was, std::size_t now) {
  const VirtualServer& c = before.virtual_servers[was];
  const auto left = entries_of(conf, conf.virtual_servers[now]);
  for (const GroupEntry& entry : entries_of(before, c)) {
    if (std::ranges::find(left, entry) != left.end()) continue;
    port.log(step, fmt::format("VS [{}] in group {} no longer exists", entry_name(c, entry, ""),
                               c.group));
    for (const ServiceRule& rule : rules_of(c, std::span(&entry, 1))) {
      for (std::size_t rs = 0; rs < c.real_servers.size(); ++rs) {
        const Server& server = services_[was].servers[rs];
        const ServerRule dest = server_rule(rule, c.real_servers[rs], server.weight);
        if (server.alive) talk(step, port, Command::kDeleteServer, rule, &dest);
      }
      talk(step, port, Command::kDelete, rule, nullptr);
    }
  }
}

// sync_service_vsg().
void Lvs::add_entries(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs) {
  const VirtualServer& c = conf.virtual_servers[vs];
  for (const GroupEntry& entry : std::exchange(services_[vs].new_entries, {})) {
    port.log(step,
             fmt::format("VS [{}] added into group {}", entry_name(c, entry, "FWM "), c.group));
    for (const ServiceRule& rule : rules_of(c, std::span(&entry, 1))) {
      for (std::size_t rs = 0; rs < c.real_servers.size(); ++rs) {
        const Server& server = services_[vs].servers[rs];
        const bool inhibited = c.real_servers[rs].inhibit_on_failure.value_or(false);
        if (!server.reloaded || !(server.alive || (inhibited && server.set))) continue;
        const std::int64_t weight = server.alive ? server.weight : 0;
        const ServerRule dest = server_rule(rule, c.real_servers[rs], weight);
        talk(step, port, Command::kAddServer, rule, &dest);
      }
    }
  }
}

// clear_diff_rs(), the end of migrate_checkers().
void Lvs::keep_servers(Step& step, const Configuration& before, const Configuration& conf,
                       LvsPort& port, const Service& old, std::size_t was, std::size_t now) {
  const VirtualServer& c = conf.virtual_servers[now];
  for (std::size_t k = 0; k < old.servers.size(); ++k) {
    const RealServer& was_rs = before.virtual_servers[was].real_servers[k];
    const auto found = std::ranges::find_if(
        c.real_servers, [&](const auto& other) { return is_same(other, was_rs); });
    if (found == c.real_servers.end()) continue;
    const auto rs = static_cast<std::size_t>(found - c.real_servers.begin());
    Server& server = services_[now].servers[rs];
    const std::int64_t weight = server.weight;
    server.alive = old.servers[k].alive;
    server.set = old.servers[k].set;
    server.weight = server.weight_was = old.servers[k].weight;
    server.reloaded = true;
    if (server.failed_checkers == 0 && !server.alive) {
      set_alive(step, conf, port, now, rs, true);
    } else if (server.failed_checkers > 0 &&
               server.set != found->inhibit_on_failure.value_or(false)) {
      command(step, conf, port, server.set ? Command::kDeleteServer : Command::kAddServer, now,
              &*found, &server);
    }
    if (found->method != was_rs.method) {
      command(step, conf, port, Command::kEditServer, now, &*found, &server);
    }
    server.weight = weight;
  }
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

// clear_service_vs().
void Lvs::stop_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                       bool stopping) {
  const VirtualServer& c = conf.virtual_servers[vs];
  if (services_[vs].sorry_alive && c.sorry_server) {
    Server sorry{.alive = true, .set = true};
    command(step, conf, port, Command::kDeleteServer, vs, &*c.sorry_server, &sorry);
  }
  for (std::size_t i = 0; i < c.real_servers.size(); ++i) {
    stop_server(step, conf, port, vs, i, stopping);
  }
  command(step, conf, port, Command::kDelete, vs);
}

// clear_service_rs().
void Lvs::stop_server(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                      std::size_t index, bool stopping) {
  const VirtualServer& c = conf.virtual_servers[vs];
  Server& server = services_[vs].servers[index];
  RealServer rs = c.real_servers[index];
  const bool inhibited = rs.inhibit_on_failure.value_or(false) && !server.alive;
  if (server.set || stopping) {
    port.log(step,
             fmt::format("{} {}service {} from VS {}", stopping ? "Shutting down" : "Removing",
                         inhibited ? "(inhibited) " : "", server_name(c, rs), c.name()));
  }
  if (!server.set) return;
  rs.inhibit_on_failure = false;
  command(step, conf, port, Command::kDeleteServer, vs, &rs, &server);
  const bool was_alive = std::exchange(server.alive, false);
  if (was_alive && (c.omega || !stopping) && !rs.notify_down.empty()) {
    port.run_script(step, rs.notify_down, "");
  }
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

// update_svr_wgt(): the kernel hears of it now if the server is in use.
void Lvs::set_weight(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                     std::size_t rs, std::int64_t weight, bool updates_quorum) {
  const VirtualServer& c = conf.virtual_servers[vs];
  Service& service = services_[vs];
  Server& server = service.servers[rs];
  const int was = real_weight(std::exchange(server.weight, weight)), now = real_weight(weight);
  if (was == now) return;
  port.log(step,
           fmt::format("Changing weight from {} to {} for {}active service {} of VS {}", was, now,
                       server.alive ? "" : "in", server_name(c, c.real_servers[rs]), c.name()));
  if (server.set && server.alive &&
      (service.quorum_up || !c.sorry_server || !service.sorry_alive)) {
    command(step, conf, port, Command::kEditServer, vs, &c.real_servers[rs], &server);
  }
  if (updates_quorum) update_quorum(step, conf, port, vs, false);
}

// update_quorum_state().
void Lvs::update_quorum(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                        bool init) {
  const VirtualServer& c = conf.virtual_servers[vs];
  Service& service = services_[vs];
  std::int64_t weight = 0;
  for (std::size_t i = 0; i < c.real_servers.size(); ++i) {
    if (service.servers[i].alive) weight += real_weight(service.servers[i].weight);
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
