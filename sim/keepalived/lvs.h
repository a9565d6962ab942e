// The virtual servers of keepalived: which services and servers it puts into IPVS, and when it
// takes them out again.
//
// Models: servers added before any check (without alpha), removal and return by checkers,
// inhibit_on_failure, weights, quorum with hysteresis, the sorry server, groups, and that a service
// or server which is already there is taken for one's own, whatever its forwarding method.
// Leaves out: ha_suspend, tunnels with options, SNMP, mail.
// Source: check/ipwrapper.c, check/ipvswrapper.c of keepalived 2.2.7.
#pragma once

#include <cstdint>
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
  virtual Errno delete_service(Step& step, const ServiceRule& service) = 0;
  virtual Errno add_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno edit_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual Errno delete_server(Step& step, const ServiceRule& service, const ServerRule& server) = 0;
  virtual void flush(Step& step) = 0;
};

/// "[192.168.80.202]:tcp:80", as keepalived names a server.
std::string server_name(const VirtualServer& vs, const RealServer& rs);

class Lvs {
 public:
  void start(Step& step, const Configuration& conf, LvsPort& port);
  /// SIGHUP: what is in both configurations stays, with its state.
  void reload(Step& step, const Configuration& before, const Configuration& conf, LvsPort& port);
  void stop(Step& step, const Configuration& conf, LvsPort& port);

  /// A checker of this server came to another result (update_svr_checker_state()). False if the
  /// kernel refused the change: the checker keeps its state then.
  bool set_alive(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                 std::size_t rs, bool alive);
  bool is_alive(std::size_t vs, std::size_t rs) const { return services_[vs].servers[rs].alive; }
  std::uint32_t& failed_checkers(std::size_t vs, std::size_t rs) {
    return services_[vs].servers[rs].failed_checkers;
  }

 private:
  struct Server {
    bool alive = false;  ///< the checkers think so
    bool set = false;    ///< it is in the kernel's table
    std::uint32_t failed_checkers = 0;
  };
  struct Service {
    bool quorum_up = false;
    bool sorry_alive = false;
    std::vector<Server> servers;
  };
  enum class Command : std::uint8_t { kAdd, kDelete, kAddServer, kDeleteServer };

  bool command(Step& step, const Configuration& conf, LvsPort& port, Command what, std::size_t vs,
               const RealServer* rs, Server* state);
  void init_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs);
  void update_quorum(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                     bool init);
  void move_pool(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs, bool add);
  void stop_service(Step& step, const Configuration& conf, LvsPort& port, std::size_t vs,
                    bool stopping);

  std::vector<Service> services_;
};

}  // namespace lvslab::keepalived
