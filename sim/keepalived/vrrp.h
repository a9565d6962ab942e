// The VRRP state machine of keepalived: one router for each vrrp_instance, and the sync groups.
//
// Models: init, backup, master and fault; the election by priority and address; preemption, its
// delay and nopreempt; the master-down timer with skew; priority 0; adverts that are refused and
// why; gratuitous ARPs at once, again after garp_master_delay, and on hearing a lower priority;
// tracked interfaces and scripts with and without weight; sync groups.
// Leaves out: VMACs, IPv6, AH, BFD, tracked files and processes.
// Source: RFC 3768 §6, RFC 5798 §6; vrrp/vrrp.c, vrrp/vrrp_scheduler.c, vrrp/vrrp_sync.c of
// keepalived 2.2.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/step.h"
#include "sim/keepalived/conf.h"
#include "sim/wire/ipv4.h"
#include "sim/wire/vrrp.h"

namespace lvslab::keepalived {

/// How long a backup hears nothing before it becomes master, in whole microseconds as keepalived
/// counts:  adverts * interval + (256 - priority) * 1 s / 256           RFC 3768 §6.1 (version 2)
///          adverts * interval + (256 - priority) * interval / 256      RFC 5798 §6.1 (version 3)
/// Source: VRRP_MS_DOWN_TIMER(), VRRP_TIMER_SKEW(), include/vrrp.h.
SimDuration master_down_interval(std::uint8_t version, std::uint32_t adverts,
                                 SimDuration advert_int, std::uint8_t priority);
SimDuration skew_time(std::uint8_t version, SimDuration advert_int, std::uint8_t priority);

/// A VRRP message as a socket hands it over.
struct ReceivedAdvert {
  Ipv4Repr ip;
  Bytes message;  ///< from the VRRP header on; valid during the call only
};

/// Why an advert is not listened to. Each has keepalived's own words for the log.
enum class AdvertFault : std::uint8_t {
  kNone,
  kLength,
  kTtl,
  kVersion,
  kAuthType,
  kPassword,
  kInterval,
  kType,
  kAddressCount,
  kChecksum,
  kMulticast,
  kAddresses,
  kPeer
};

/// What vrrp_check_packet() finds first. `check_addresses`: false while the master is known and
/// skip_check_adv_addr is set.
AdvertFault fault_of(const ReceivedAdvert& advert, const VrrpInstance& conf, bool check_addresses);

/// What keepalived logs of it.
std::string fault_text(AdvertFault fault, const ReceivedAdvert& advert, const VrrpInstance& conf);

/// When a router turns to the sync daemon of IPVS.
enum class SyncTurn : std::uint8_t {
  kBegin,  ///< it starts, or was read anew, as a backup
  kGoOn,   ///< it was read anew while it is the master
  kBecomeMaster,
  kLeaveMaster,
  kEndAsMaster,
  kEndAsBackup
};

/// What a router does to its host.
class VrrpPort {
 public:
  virtual ~VrrpPort() = default;
  virtual void log(Step& step, std::string_view text) = 0;
  /// What is logged with -D only.
  virtual void log_detail(Step& step, std::string_view text) = 0;
  virtual void announce_source(Step& step, const VrrpInstance& conf) = 0;
  virtual void send_advert(Step& step, const VrrpInstance& conf, std::uint8_t priority) = 0;
  /// The virtual addresses and routes of the instance.
  virtual void take_addresses(Step& step, const VrrpInstance& conf) = 0;
  virtual void give_addresses(Step& step, const VrrpInstance& conf) = 0;
  /// `times` gratuitous ARPs for each address.
  virtual void announce(Step& step, const VrrpInstance& conf, std::uint32_t times) = 0;
  virtual void run_script(Step& step, const Script& script, std::string_view arguments) = 0;
  virtual bool is_up(const std::string& interface) const = 0;
  /// The address that adverts of this instance come from.
  virtual Ipv4Addr source_of(const VrrpInstance& conf) const = 0;
  /// The sync daemon of IPVS follows the state of its instance.
  virtual void sync_daemon(Step& step, const VrrpInstance& conf, SyncTurn turn) = 0;
};

/// What a router counts (vrrp_stats). It goes on through a reload.
struct VrrpStats {
  std::uint64_t adverts_received = 0, adverts_sent = 0;
  std::uint64_t became_master = 0, released_master = 0;
  std::uint64_t bad_length = 0, bad_ttl = 0, bad_type = 0, bad_addresses = 0;
  std::uint64_t bad_auth_type = 0, other_auth_type = 0, bad_password = 0;
  std::uint64_t zeros_received = 0, zeros_sent = 0;
};

/// Counts an advert that was looked at, as vrrp_check_packet() does.
void count_advert(VrrpStats& stats, const ReceivedAdvert& advert, AdvertFault fault);

struct VrrpRouter {
  std::size_t conf = 0;  ///< index into Configuration::instances
  VrrpState state = VrrpState::kInit;
  VrrpState want = VrrpState::kBackup;
  std::uint8_t base_priority = 0;
  std::uint8_t priority = 0;  ///< with the weights of what is tracked
  SimDuration master_advert_int{};
  SimDuration down_timer{};
  SimTime deadline = SimTime::never();  ///< the next advert, or the end of the master
  std::optional<SimTime> preempt_at;    ///< preempt_delay runs until then
  bool has_addresses = false;
  std::uint32_t faults = 0;           ///< tracked things without weight that are down
  std::uint32_t scripts_to_come = 0;  ///< tracked scripts that have not run yet
  Ipv4Addr master;
  std::uint8_t master_priority = 0;
  SimTime last_transition;
  SimTime announce_at = SimTime::never();        ///< the second burst
  std::uint64_t announce_turn = 0;               ///< of bursts at the same moment the earlier made
  SimTime announce_lower_at = SimTime::never();  ///< the second burst after a lower priority
  SimTime refresh_at = SimTime::never();
  RecordId cause;  ///< the record that set the deadline
  VrrpStats stats;
};

struct VrrpGroup {
  std::size_t conf = 0;
  VrrpState state = VrrpState::kInit;
};

/// Whether a script has run.
enum class ScriptInit : std::uint8_t {
  kFirst,             ///< not yet: who tracks it without weight waits for it
  kFirstAfterReload,  ///< not yet, but nobody waits
  kDone
};

/// A tracked script: when it runs, and what its last runs said.
struct VrrpScriptState {
  std::size_t conf = 0;
  SimTime run_at = SimTime::never();
  bool running = false;
  ScriptInit init = ScriptInit::kFirst;
  bool up = true;            ///< kDone: what it comes to
  int last_status = 0;       ///< its exit status
  std::uint32_t result = 0;  ///< 0 .. rise + fall - 1, as keepalived counts
};

class Vrrp {
 public:
  /// Builds the routers, and says which are in FAULT from the beginning: the last step of reading a
  /// usable configuration, which outlives this (vrrp_complete_init()).
  void prepare(Step& step, const Configuration& conf, VrrpPort& port);
  /// Begins with the routers that were prepared.
  void start(Step& step, const Configuration& conf, VrrpPort& port);
  /// SIGHUP, before anything is read: masters say once more that they are there.
  void before_reload(Step& step, const Configuration& conf, VrrpPort& port);
  /// Keeps what it can of a running configuration (SIGHUP).
  void reload(Step& step, const Configuration& before, const Configuration& conf, VrrpPort& port);
  /// SIGTERM: masters leave with priority 0 and take their addresses along.
  void stop(Step& step, const Configuration& conf, VrrpPort& port);

  /// The earliest of all deadlines.
  SimTime next() const;
  /// Does whatever is due at now.
  void on_time(Step& step, const Configuration& conf, VrrpPort& port);
  void on_advert(Step& step, const Configuration& conf, VrrpPort& port,
                 const std::string& interface, const ReceivedAdvert& advert);
  void on_interface(Step& step, const Configuration& conf, VrrpPort& port,
                    const std::string& interface, bool up);
  /// The scripts that are due; each is then reported by script_ended().
  /// Somebody took an address away. A master whose address it was starts again as backup.
  void on_address_removed(Step& step, const Configuration& conf, VrrpPort& port,
                          const std::string& interface, Ipv4Addr address);
  std::vector<std::size_t> take_due_scripts(SimTime now, const Configuration& conf);
  void script_ended(Step& step, const Configuration& conf, VrrpPort& port, std::size_t script,
                    int status);

  /// The routers in the words of the data file (dump_vrrp_data()).
  std::string data(const Configuration& conf, const VrrpPort& port) const;
  /// What they have counted, in the words of the statistics file (vrrp_print_stats()).
  std::string statistics(const Configuration& conf) const;

  const std::vector<VrrpRouter>& routers() const { return routers_; }
  bool is_master(const Configuration& conf, const std::string& instance) const;

 private:
  struct Context;  ///< what every step of the machine needs
  void make_scripts(Step& step, const Configuration& conf, VrrpPort& port);
  std::vector<VrrpRouter> routers_;
  std::vector<VrrpGroup> groups_;
  std::vector<VrrpScriptState> scripts_;
  /// A script as it was, with its name, and rise and fall of then.
  struct KeptScript {
    std::string name;
    std::uint32_t rise = 1, fall = 1;
    VrrpScriptState state;
  };
  std::uint64_t turns_ = 0;                              ///< second bursts that were put off
  std::optional<std::vector<KeptScript>> kept_scripts_;  ///< only while it reads anew
  std::vector<std::string> masters_;  ///< while it reads anew: the instances that are master
  std::vector<std::string> known_;    ///< those that go on in a reload, without being told of
  std::vector<std::string> faulty_;   ///< those that were in FAULT before it, likewise
};

std::string_view to_string(VrrpState state);  ///< "MASTER", as in keepalived's log

}  // namespace lvslab::keepalived
