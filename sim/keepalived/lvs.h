// The virtual servers of keepalived: which services and servers it puts into IPVS, and when it
// takes them out again.
//
// Models: servers added before any check (without alpha), removal and return by checkers,
// inhibit_on_failure, weights and what checkers make of them, quorum with hysteresis, the sorry
// server, groups, what a reload changes, and that a service or server which is already there is
// taken for one's own, whatever its forwarding method.
// Leaves out: ha_suspend, tunnels with options, SNMP, mail.
// Source: check/ipwrapper.c, check/ipvswrapper.c of keepalived 2.2.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/keepalived/conf.h"

namespace lvslab::keepalived {

/// A service as the kernel is told of it.
struct ServiceRule {
  Ipv4Addr addr;
  std::uint16_t port = 0;
  std::uint32_t fwmark = 0;
  ServiceProtocol protocol = ServiceProtocol::kTcp;
  std::string scheduler;
  std::vector<std::string> flags;
  std::uint32_t persistence = 0;  ///< seconds; 0: none
  Ipv4Addr persistence_mask{0xffff'ffff};
  bool operator==(const ServiceRule&) const = default;
};

struct ServerRule {
  Ipv4Addr addr;
  std::uint16_t port = 0;
  int weight = 1;
  ForwardMethod method = ForwardMethod::kNat;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
};

class LvsPort {
 public:
  virtual ~LvsPort() = default;
  virtual void log(Step& step, std::string_view text) = 0;
  virtual void run_script(Step& step, const Script& script, std::string_view arguments) = 0;
  // What setsockopt(2) returns: kExist, kNoEnt, ...
  virtual Errno add_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno edit_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno delete_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno add_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno edit_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno delete_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual void flush(Step& step) = 0;
};

/// "[192.168.80.202]:tcp:80", as keepalived names a server.
std::string server_name(const VirtualServer& vs, const RealServer& rs);

/// A server of a configuration.
struct ServerPlace {
  std::size_t vs = 0, rs = 0;
};
/// Where the server (`vs`, `rs`) of `conf` stands in `before`.
std::optional<ServerPlace> find_server(const Configuration& before, const Configuration& conf,
                                       std::size_t vs, std::size_t rs);

/// What the checkers of a server make of it: how many say that it is dead, and what they add to its
/// weight.
struct CheckedServer {
  std::uint32_t failed = 0;
  std::int64_t weight = 0;
};
using CheckedServers = std::vector<std::vector<CheckedServer>>;  ///< by virtual and real server

class Lvs {
 public:
  void start(Step& step, const Configuration& conf, LvsPort& port);
  /// SIGHUP: what is in both configurations stays, with its state.
  void reload(Step& step, const Configuration& before, const Configuration& conf, LvsPort& port,
              const CheckedServers& checked);
  void stop(Step& step, const Configuration& conf, LvsPort& port);

  /// A checker of this server came to another result (update_svr_checker_state()). False if the
  /// kernel refused the change: the checker keeps its state then.
  bool set_alive(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                 std::size_t rs, bool alive);
  /// The services in the words of the data file (dump_vs()).
  std::string data(const Configuration& conf) const;
  /// The weight of a server as its checkers have made it (update_svr_wgt()).
  std::int64_t weight(std::size_t vs, std::size_t rs) const {
    return services_[vs].servers[rs].weight;
  }
  void set_weight(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                  std::size_t rs, std::int64_t weight, bool updates_quorum = true);
  /// A failed checker takes its share of the weight back; the kernel hears of it later.
  void forget_weight(std::size_t vs, std::size_t rs, std::int64_t share) {
    services_[vs].servers[rs].weight -= share;
  }
  bool is_alive(std::size_t vs, std::size_t rs) const { return services_[vs].servers[rs].alive; }
  std::uint32_t& failed_checkers(std::size_t vs, std::size_t rs) {
    return services_[vs].servers[rs].failed_checkers;
  }

 private:
  struct Server {
    bool alive = false;     ///< the checkers think so
    bool set = false;       ///< it is in the kernel's table
    bool reloaded = false;  ///< it was there before the last reload
    std::uint32_t failed_checkers = 0;
    std::int64_t weight = 1;      ///< effective_weight: may lie outside of what the kernel takes
    std::int64_t weight_was = 0;  ///< before the last reload
  };
  struct Service {
    bool alive = false;     ///< the kernel has it
    bool reloaded = false;  ///< it was there before the last reload
    bool quorum_up = false;
    bool sorry_alive = false;
    std::vector<Server> servers;
    std::vector<GroupEntry> new_entries;  ///< of its group, since the last reload
  };
  enum class Command : std::uint8_t {
    kAdd,
    kDelete,
    kEdit,
    kAddServer,
    kDeleteServer,
    kEditServer
  };

  bool command(Step& step, const Configuration& conf, LvsPort& port, Command what, std::size_t vs,
               const RealServer* rs = nullptr, Server* state = nullptr);
  bool talk(Step& step, LvsPort& port, Command what, const ServiceRule& service,
            const ServerRule* server);
  void init_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs);
  void keep_servers(Step& step, const Configuration& before, const Configuration& conf,
                    LvsPort& port, const Service& old, std::size_t was, std::size_t now);
  void remove_entries(Step& step, const Configuration& before, const Configuration& conf,
                      LvsPort& port, std::size_t was, std::size_t now);
  void add_entries(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs);
  void stop_server(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                   std::size_t rs, bool stopping);
  void update_quorum(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                     bool init);
  void move_pool(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs, bool add);
  void stop_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                    bool stopping);

  std::vector<Service> services_;
};

}  // namespace lvslab::keepalived
