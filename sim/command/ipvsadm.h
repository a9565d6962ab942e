// ipvsadm 1.31: what a student types, and every listing it prints.
//
// Models: -A -E -D -C -R -S -a -e -d -L/-l -Z --set with -t -u --sctp-service -f -6 -s -p -M -o -b
// -r -g -i -m -w -x -y --tun-*, --start-daemon and --stop-daemon with --syncid --sync-maxlen
// --mcast-*, and for listings -n -c --timeout --daemon --stats --rate --thresholds
// --persistent-conn --tun-info --sort
// --nosort --exact; popt's spelling rules. Leaves out, with a clear refusal: persistence
// engines, IPv6 servers of IPv4 services and the reverse (`-i`), IPv6 groups of sync daemons.
// Whether a scheduler exists is the kernel's affair. Source: ipvsadm 1.31 ipvsadm.c (parse_options,
// generic_opt_check, process_options, print_*), and net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_conn.c
// for the files of /proc/net.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/tables.h"
#include "sim/command/names.h"
#include "sim/command/output.h"

namespace lvslab::command {

/// `-b`: scheduler flags as the kernel's bits (IP_VS_SVC_F_SCHED1..3).
inline constexpr std::uint32_t kIpvsSchedFlag1 = 0x08;  ///< flag-1, sh-fallback, mh-fallback
inline constexpr std::uint32_t kIpvsSchedFlag2 = 0x10;  ///< flag-2, sh-port, mh-port
inline constexpr std::uint32_t kIpvsSchedFlag3 = 0x20;  ///< flag-3

/// `-r` and what goes with it.
struct IpvsServer {
  IpAddr addr;
  std::uint16_t port = 0;  ///< already the service's port with -g and -i, as the tool does it
  IpvsForward forward = IpvsForward::kRoute;
  IpvsTunnel tunnel;  ///< with -i
  std::int32_t weight = 1;
  std::uint32_t upper = 0, lower = 0;
  friend bool operator==(const IpvsServer&, const IpvsServer&) = default;
};

/// Seconds; 0 leaves a value as it is.
struct IpvsTimeouts {
  std::uint32_t tcp = 0, tcp_fin = 0, udp = 0;
  friend bool operator==(const IpvsTimeouts&, const IpvsTimeouts&) = default;
};

struct IpvsListing {
  bool numeric = false, connections = false, timeouts = false, stats = false, rate = false;
  bool thresholds = false, persistent_conn = false, unsorted = false, exact = false;
  bool tunnels = false;  ///< --tun-info
  bool daemons = false;  ///< --daemon
  friend bool operator==(const IpvsListing&, const IpvsListing&) = default;
};

/// A sync daemon: what --start-daemon says of it, and what --daemon lists. Zero: not given.
struct IpvsSyncDaemon {
  bool backup = false;
  ShortName interface{"eth0"};
  std::uint8_t sync_id = 0;
  std::uint16_t max_length = 0;  ///< bytes of a message
  Ipv4Addr group;
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;
  friend bool operator==(const IpvsSyncDaemon&, const IpvsSyncDaemon&) = default;
};

struct IpvsadmCommand {
  enum class Verb : std::uint8_t {
    kAddService,     ///< -A
    kEditService,    ///< -E
    kDeleteService,  ///< -D
    kClear,          ///< -C
    kRestore,        ///< -R: see parse_restore_lines()
    kSave,           ///< -S
    kAddServer,      ///< -a
    kEditServer,     ///< -e
    kDeleteServer,   ///< -d
    kList,           ///< -l, -L, or nothing at all
    kZero,           ///< -Z
    kSetTimeouts,    ///< --set
    kStartDaemon,    ///< --start-daemon
    kStopDaemon      ///< --stop-daemon
  };
  Verb verb = Verb::kList;
  std::optional<IpvsServiceKey> service;  ///< -t -u -f; protocol 0 with a firewall mark
  // -A and -E:
  std::string scheduler;  ///< "wlc" unless -s was given; empty for the other verbs
  bool persistent = false, one_packet = false;
  std::uint32_t timeout_s = 0;     ///< of the persistence: 360 unless given
  Ipv4Addr netmask{0xffff'ffffU};  ///< of IPv6: the prefix length, as bits
  std::uint32_t sched_flags = 0;
  // the rest:
  std::optional<IpvsServer> server;      ///< -a -e -d
  IpvsTimeouts timeouts;                 ///< --set
  std::optional<IpvsSyncDaemon> daemon;  ///< --start-daemon, --stop-daemon
  IpvsListing list;                      ///< -l, and `numeric` for -S
  friend bool operator==(const IpvsadmCommand&, const IpvsadmCommand&) = default;
};

/// Errors: the message and status of the tool (2, or 255 where it says so); -h and -v are Outputs
/// with status 0. Names in addresses are looked up in `names`.
Parsed<IpvsadmCommand> parse_ipvsadm(Args args, HostNames names = {});
std::string to_text(const IpvsadmCommand& command);

/// One line of `ipvsadm -R`'s input. After a line with `stop` the tool has exited; after other
/// errors it prints them and goes on. The exit status is that of the last line.
struct RestoreLine {
  Parsed<IpvsadmCommand> command;
  bool stop = false;
};
std::vector<RestoreLine> parse_restore_lines(std::string_view text, HostNames names = {});

/// ipvsadm-save and ipvsadm-restore, the scripts of the package: `ipvsadm -S`, and `ipvsadm -C`
/// before an `ipvsadm -R` that is spared the lines that begin with #. Other arguments than -n they
/// do not look at; ipvsadm-save refuses other options.
struct IpvsScriptCommand {
  bool restores = false;
  bool numeric = false;  ///< ipvsadm-save -n
  friend bool operator==(const IpvsScriptCommand&, const IpvsScriptCommand&) = default;
};
Parsed<IpvsScriptCommand> parse_ipvs_script(Args args);
std::string to_text(const IpvsScriptCommand& command);
/// `grep -v '^#'`.
std::string without_comments(std::string_view rules);

/// What the kernel answered (errno of setsockopt/netlink).
enum class IpvsErrno : std::uint8_t {
  kEperm = 1,          ///< not root
  kEnoent = 2,         ///< no such scheduler (-A -E) or destination (-e -d)
  kEsrch = 3,          ///< no such service, no such daemon
  kEnomem = 12,        ///< out of memory
  kEexist = 17,        ///< -A or -a of what is there, a daemon that runs
  kEnodev = 19,        ///< no such interface
  kEinval = 22,        ///< a port missing, an address that is not unicast, ...
  kErange = 34,        ///< a weight or threshold that cannot be
  kEafnosupport = 97,  ///< IPv6 on a host without it
  kEaddrinuse = 98,
  kEnetunreach = 101  ///< the interface of a sync master is down
};
/// The tool's message for a failed command (ipvs_strerror(), libipvs.c); status 255, for
/// listings 1.
Output ipvs_failure(IpvsadmCommand::Verb verb, IpvsErrno error);

/// The connection hash size that listings show.
inline constexpr std::uint32_t kIpvsTableSize = 4096;
/// Ticks per second of the kernel whose /proc/net/ip_vs we print (persistence timeouts are ticks).
inline constexpr std::uint32_t kIpvsHz = 100;

/// `-l` of any kind but --timeout. A listing of one service that is not there: use ipvs_failure().
std::string render_ipvs_list(const HostTables& tables, const IpvsadmCommand& command,
                             HostNames names = {});
/// `-l -c`: as /proc/net/ip_vs_conn orders the rows, remaining time in whole seconds, rounded down.
std::string render_ipvs_connections(const HostTables& tables, const IpvsListing& list,
                                    HostNames names = {});
/// `-l --timeout`.
std::string render_ipvs_timeouts(const IpvsTimeouts& timeouts);
/// `-l --daemon`: the master first.
std::string render_ipvs_daemons(std::span<const IpvsSyncDaemon> daemons);
/// `-S`: lines that `-R` reads, sorted as listings are.
std::string render_ipvs_save(const HostTables& tables, bool numeric, HostNames names = {});

/// /proc/net/ip_vs, /proc/net/ip_vs_conn, /proc/net/ip_vs_stats (hexadecimal, kernel order).
std::string render_proc_ip_vs(const HostTables& tables);
std::string render_proc_ip_vs_conn(const HostTables& tables);
std::string render_proc_ip_vs_stats(const IpvsCounters& totals);

/// "FIN_WAIT", "SYN_RECV", ...: ip_vs_state_name().
std::string_view ipvs_state_name(IpvsConnState state);

}  // namespace lvslab::command
