// A scenario as plain values: the drawing (switches, hosts, cables), what is typed on each host
// before and during the lab, the faults, and what should be seen. docs/scenario-format.md describes
// the file that it is read from.
//
// Models: everything a scenario file can say, after validation, with every default filled in.
// Leaves out: the run itself. Names are resolved by the reader of this model; the loader has made
// sure that every name in it stands for something.
//
// Values compare by what they say, not by where in the file they say it: a Mark equals every Mark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/ipv6.h"
#include "sim/base/language.h"
#include "sim/base/result.h"
#include "sim/base/time.h"

namespace lvslab::scenario {

/// Line and column (1-based) of a part in its file; 0 where there is no file.
struct Mark {
  int line = 0;
  int column = 0;
  constexpr bool operator==(const Mark&) const { return true; }
};

using lvslab::Language;

/// A text for people. Either language may be empty.
struct Text {
  std::string en, zh;
  bool empty() const { return en.empty() && zh.empty(); }
  /// The text in `language`, or in the other one where it is missing.
  const std::string& in(Language language) const {
    const bool zh_first = language == Language::kZh;
    const std::string& wanted = zh_first ? zh : en;
    return wanted.empty() ? (zh_first ? en : zh) : wanted;
  }
  bool operator==(const Text&) const = default;
};

// --- the drawing -------------------------------------------------------------------------------

/// Properties of one cable. A cable to a switch has them in both directions; on a cable between
/// two NICs each direction has those of the NIC that sends.
struct LinkProperties {
  SimDuration delay{100'000};       ///< propagation, one way; 100 us
  SimDuration jitter{};             ///< each frame is delayed by up to this much more
  std::uint64_t rate_bps = 0;       ///< bits per second; 0: no limit
  std::uint32_t loss_ppm = 0;       ///< lost frames per million
  std::uint32_t duplicate_ppm = 0;  ///< repeated frames per million
  std::uint32_t mtu = 1500;         ///< of the NIC, in bytes of IP packet
  bool operator==(const LinkProperties&) const = default;
};

struct NicRef {
  std::string host, nic;
  std::string to_string() const { return host + "/" + nic; }
  bool operator==(const NicRef&) const = default;
};

/// A cable from a switch to another one.
struct Uplink {
  std::string to;
  Mark where;
  bool operator==(const Uplink&) const = default;
};

struct Switch {
  std::string name;
  LinkProperties link;  ///< of its uplinks, and the default of the cables plugged into it
  std::vector<Uplink> uplinks;
  Mark where;
  bool operator==(const Switch&) const = default;
};

struct Nic {
  std::string name;  ///< "eth0"
  MacAddr mac;       ///< as written, or default_mac()
  std::vector<Ipv4Prefix> addresses;
  std::vector<Ipv6Prefix> addresses6;
  std::string switch_name;     ///< empty if `peer` is set
  std::optional<NicRef> peer;  ///< the other end of a cable without a switch; set at both ends
  LinkProperties link;
  Mark where;
  std::vector<Mark> addresses_where, addresses6_where;
  Mark attach_where;
  bool operator==(const Nic&) const = default;
};

/// A route in table main. `via` is 0.0.0.0 for an on-link route; then `dev` is set.
struct Route {
  Ipv4Prefix dst{{}, 0};
  Ipv4Addr via;
  std::string dev;
  Mark where;
  bool operator==(const Route&) const = default;
};

/// The same for IPv6. `via` is :: for an on-link route.
struct Route6 {
  Ipv6Prefix dst{{}, 0};
  Ipv6Addr via;
  std::string dev;
  Mark where;
  bool operator==(const Route6&) const = default;
};

/// "net.ipv4.conf.eth0.arp_ignore" and its value, written before any command of the set-up.
struct Sysctl {
  std::string key, value;
  Mark where;
  bool operator==(const Sysctl&) const = default;
};

struct File {
  std::string path, content;
  Mark where;
  bool operator==(const File&) const = default;
};

/// One line typed at a prompt.
struct CommandLine {
  std::string text;
  Mark where;
  bool operator==(const CommandLine&) const = default;
};

/// What a host is for in the lab: it decides where the drawing puts it, and nothing else; only a
/// router starts with net.ipv4.ip_forward=1, and where IPv6 is used with
/// net.ipv6.conf.all.forwarding=1 (which then stand in `sysctls`).
enum class Role : std::uint8_t { kClient, kDirector, kBackup, kRealServer, kRouter, kHost };

struct Host {
  std::string name;
  Role role = Role::kHost;
  std::vector<Nic> nics;
  std::vector<Route> routes;
  std::vector<Route6> routes6;
  std::vector<Sysctl> sysctls;
  std::vector<File> files;
  std::vector<CommandLine> setup;
  Mark where;
  bool operator==(const Host&) const = default;

  const Nic* find_nic(std::string_view name) const;
};

/// The MAC address of the `nic`-th interface of the `host`-th host (both from 0) where the file
/// gives none: 02:00:00:00:HH:NN, HH = host + 1, NN = nic. From the 256th host on, the byte before
/// HH counts on.
constexpr MacAddr default_mac(std::size_t host, std::size_t nic) {
  return {0x0200'0000'0000ULL | (static_cast<std::uint64_t>(host) + 1) << 8 | (nic & 0xff)};
}

// --- what happens ------------------------------------------------------------------------------

/// What the lines of one timeline item should print, all of their output together.
struct OutputExpectation {
  std::optional<int> status;          ///< exit status of the last line
  std::optional<std::string> output;  ///< standard output and error, exactly
  std::vector<std::string> has, lacks;
  std::optional<std::string> matches;  ///< ECMAScript regular expression, found in a line
  std::optional<std::uint32_t> lines;
  Text why;
  Mark where;
  bool operator==(const OutputExpectation&) const = default;
};

/// Lines typed one after the other on a host.
struct Run {
  std::string host;
  std::vector<CommandLine> lines;
  bool background = false;  ///< the next item does not wait for it
  std::optional<OutputExpectation> expect;
  bool operator==(const Run&) const = default;
};

enum class FaultKind : std::uint8_t {
  kLinkDown,   ///< the cable is pulled out: no carrier at both ends
  kLinkUp,     ///< and plugged in again
  kLoss,       ///< from now on the cable loses `ppm` frames in a million
  kDelay,      ///< from now on it has this delay and jitter
  kDuplicate,  ///< from now on it repeats `ppm` frames in a million
  kCrash,      ///< the kernel of the host stops at once; its cables keep their carrier
  kReboot,     ///< the host starts anew: files and packages stay, what the kernel was told is gone
  kPowerOff,   ///< the host stops, and its cables lose their carrier
};

struct Fault {
  FaultKind kind = FaultKind::kLinkDown;
  std::string host;
  std::string nic;  ///< empty for faults of a whole host
  std::uint32_t ppm = 0;
  SimDuration delay{}, jitter{};
  bool operator==(const Fault&) const = default;
};

/// An item starts when the one before has finished (unless that runs in the background), and not
/// before `at`, and `after` later than the end of the one before.
struct TimelineItem {
  std::optional<SimTime> at;
  std::optional<SimDuration> after;
  Text note;
  std::variant<Run, Fault> action;
  Mark where;
  bool operator==(const TimelineItem&) const = default;
};

// --- what should be seen -----------------------------------------------------------------------

struct CountBounds {
  std::optional<std::uint64_t> count, at_least, at_most;
  bool holds(std::uint64_t n) const {
    return (!count || n == *count) && (!at_least || n >= *at_least) && (!at_most || n <= *at_most);
  }
  bool operator==(const CountBounds&) const = default;
};

enum class Direction : std::uint8_t { kAny, kIn, kOut };

/// Frames that pass an interface ("lo" has one, too) in [from, until].
struct PacketExpectation {
  NicRef at;
  Direction direction = Direction::kAny;
  std::string filter;  ///< pcap-filter(7)
  CountBounds bounds;
  SimTime from{};
  std::optional<SimTime> until;
  bool operator==(const PacketExpectation&) const = default;
};

enum class TableKind : std::uint8_t {
  kArp,
  kRoute,
  kLocalRoute,
  kAddr,
  kLink,
  kRule,
  kIpvs,
  kConn,
  kSocket,
  kSysctl
};

/// The listing of a host's table at `at`, or at the end of the run.
struct TableExpectation {
  std::string host;
  TableKind table = TableKind::kArp;
  std::optional<SimTime> at;
  std::vector<std::string> has, lacks;
  std::optional<std::uint32_t> lines;
  bool operator==(const TableExpectation&) const = default;
};

/// How often a decision was made, by `host` or (empty) by anybody.
struct ReasonExpectation {
  std::string host;
  std::string code;  ///< name in the reason catalogue: "arp-ignored"
  CountBounds bounds;
  bool operator==(const ReasonExpectation&) const = default;
};

struct Expectation {
  std::variant<PacketExpectation, TableExpectation, ReasonExpectation> check;
  Text why;  ///< printed where it fails
  Mark where;
  bool operator==(const Expectation&) const = default;
};

// --- what may differ from a real kernel ---------------------------------------------------------

/// Frames at an interface that `lvslab compare` may find different.
struct IgnoredPackets {
  NicRef at;
  Direction direction = Direction::kAny;
  std::string filter;  ///< pcap-filter(7); matches the frame of either side
  std::string field;   ///< "TCP window": only where nothing else differs; empty: whatever does
  bool operator==(const IgnoredPackets&) const = default;
};

/// Lines of the outputs of a typed line.
struct IgnoredOutput {
  std::string host;
  std::string line;  ///< stands in what was typed
  std::string has;   ///< stands in the line of the output, of either side; empty: any line
  bool operator==(const IgnoredOutput&) const = default;
};

/// Rows of a table.
struct IgnoredTable {
  std::string host;
  TableKind table = TableKind::kArp;
  std::string has;  ///< stands in the row, of either side; empty: any row
  bool operator==(const IgnoredTable&) const = default;
};

/// A difference that is known, and why it is not looked at. It is an error if there is none.
struct Ignore {
  std::variant<IgnoredPackets, IgnoredOutput, IgnoredTable> what;
  Text why;
  Mark where;
  bool operator==(const Ignore&) const = default;
};

// --- the whole ---------------------------------------------------------------------------------

/// What one should know already: nothing; the basics of the topic; all of it.
enum class Difficulty : std::uint8_t { kBeginner, kIntermediate, kAdvanced };

struct Scenario {
  std::string file;  ///< as given to the loader; no part of the comparison
  std::string name;  ///< the file's name without its extension, if the file gives none
  Text title, summary, lesson;
  std::optional<Difficulty> difficulty;
  std::uint64_t seed = 1;
  /// The run ends at this time. Without it: `settle` after the last item has finished.
  std::optional<SimTime> until;
  SimDuration settle{1'000'000'000};
  std::vector<Switch> switches;
  std::vector<Host> hosts;
  std::vector<TimelineItem> timeline;
  std::vector<Expectation> expectations;
  std::vector<Ignore> ignores;  ///< the key `compare`

  bool operator==(const Scenario& other) const;

  Location location(Mark mark) const { return {file, mark.line, mark.column}; }
  const Host* find_host(std::string_view name) const;
  const Switch* find_switch(std::string_view name) const;
};

// --- names in files ----------------------------------------------------------------------------

std::string_view to_string(Role role);              ///< "real_server"
std::string_view to_string(Difficulty difficulty);  ///< "beginner"
std::string_view to_string(FaultKind kind);         ///< "link-down"
std::string_view to_string(Direction dir);          ///< "any"
std::string_view to_string(TableKind table);        ///< "local-route"
/// True if a NIC of any host has an IPv6 address: then all hosts have IPv6.
bool uses_ipv6(const Scenario& scenario);
/// True for faults of a cable, whose target is HOST/NIC.
bool is_link_fault(FaultKind kind);

}  // namespace lvslab::scenario
