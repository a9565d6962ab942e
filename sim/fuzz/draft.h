// A random lab while it is being drawn: the scenario so far, and what later ingredients want to
// know about it (who is plugged in where, who serves what, who is down).
//
// Models: the calendar of a lab that two kernels must agree on. What happens falls into acts; a
// pause lies between them, after which sockets and half-open connections of IPVS are gone for
// certain, and finished ones are still there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/fuzz/dice.h"
#include "sim/scenario/model.h"

namespace lvslab::fuzz {

/// A switch and the subnet of the hosts that are plugged into it.
struct Segment {
  std::string name;
  Ipv4Prefix subnet;
  std::vector<Ipv4Addr> taken;
};

/// A NIC in a segment, and its first address.
struct Seat {
  std::size_t host = 0, nic = 0, segment = 0;
  Ipv4Addr address;
};

/// What an ipvsadm of the lab set up, as far as later commands want to name it.
struct VirtualService {
  std::size_t director = 0;
  std::string option;  ///< "-t 192.168.80.150:80"
  Ipv4Addr vip;
  std::uint16_t port = 80;
  std::vector<Ipv4Addr> servers;
  std::string forward = "-g";
};

/// Directors with keepalived, and what they share.
struct Cluster {
  std::vector<std::size_t> directors, servers;
  Ipv4Addr vip;
  bool synced = false;  ///< with lvs_sync_daemon
  bool calm = false;    ///< two masters may hear each other without answering each time
};

/// How close together the items of a timeline are.
struct Rhythm {
  SimDuration shortest{200'000'000}, longest{900'000'000};  ///< between two items, in 100 ms
  SimDuration act{12'000'000'000};
  int pauses = 2;
  /// Whether an item may begin in the first tick of a second: time(2) may still tell the second
  /// before then.
  bool on_the_second = true;
};

class Draft {
 public:
  Draft(std::uint64_t seed, std::uint64_t index) : seed_(seed), index_(index) {}

  Dice dice(std::string_view ingredient) const { return {seed_, index_, ingredient}; }

  // --- the drawing -----------------------------------------------------------------------------
  /// Adds a host and returns its index.
  std::size_t add_host(std::string name, scenario::Role role);
  /// Plugs a new NIC of `host` into `segment`, with a free address of its subnet if there is one
  /// and `addressed`. Its cable has a delay of its own, so that no two answers to one question
  /// arrive together.
  void plug(Dice& dice, std::size_t host, std::size_t segment, bool addressed = true);
  /// A free address of the subnet; nothing if all are taken.
  std::optional<Ipv4Addr> free_address(Dice& dice, std::size_t segment);
  const scenario::Host& host(std::size_t index) const { return scenario.hosts[index]; }
  const Seat* seat_in(std::size_t host, std::size_t segment) const;
  const Seat& first_seat(std::size_t host) const;
  std::vector<Seat> seats_of(std::size_t host) const;

  // --- set-up ----------------------------------------------------------------------------------
  void set_up(std::size_t host, std::string line);
  void sysctl(std::size_t host, std::string key, std::string value);

  // --- what ingredients ask for ----------------------------------------------------------------
  /// A host that is up; nothing if none is.
  std::optional<std::size_t> any_host(Dice& dice) const;
  /// An address that is worth asking for: of a host, a virtual one, or nobody's.
  Ipv4Addr any_address(Dice& dice) const;
  /// The address of a web server or a service, mostly.
  Ipv4Addr any_web_address(Dice& dice) const;
  /// "eth0" or another NIC of the host.
  std::string any_nic(Dice& dice, std::size_t host) const;
  /// A prefix that a careless person might write: of a segment, or one bit off.
  Ipv4Prefix any_prefix(Dice& dice) const;

  /// `host` has the prefix: an address, or all of a subnet on lo.
  void own(std::size_t host, Ipv4Prefix prefix) { owned_.push_back({host, prefix}); }
  /// A packet from `host` to `address` would stay on it. Such requests are left out: on lo all
  /// happens in no time, and what a program does between two packets (the simulator's do everything
  /// at once) shows in the order of frames and in windows.
  bool stays_on(std::size_t host, Ipv4Addr address) const;

  // --- the timeline ----------------------------------------------------------------------------
  /// The lines are typed on `host`, when what came before is over. They take at most `longest`.
  /// False (and nothing is added) if the lab has no time left.
  bool type(Dice& dice, std::size_t host, std::vector<std::string> lines, SimDuration longest);
  /// The line is typed and goes on beside what comes later.
  bool type_in_background(Dice& dice, std::size_t host, std::string line);
  bool strike(Dice& dice, scenario::Fault fault);
  /// Nothing happens for this long.
  void wait(SimDuration pause);

  scenario::Scenario scenario;
  std::vector<Segment> segments;
  std::vector<Seat> seats;
  std::vector<VirtualService> services;
  std::vector<std::size_t> web_servers;
  std::vector<Ipv4Addr> extra_addresses;  ///< on aliases and on lo
  std::vector<bool> up;                   ///< by host
  /// Servers with a tunl0, and hosts that have rebooted: no host is ever both. It would be without
  /// ipip; a kernel that all hosts share is not.
  std::vector<std::size_t> tunnel_ends, rebooted;
  std::vector<scenario::NicRef> unplugged;
  Cluster cluster;
  Rhythm rhythm;

 private:
  /// Every item begins this long after a tick of a kernel with HZ=100. curl's limits are whole ms
  /// of its own clock, up to 0.7 ms early or 0.5 ms late; six of them in a row stay between two
  /// ticks. What takes a multiple of 0.1 ms here, as cables do, and some µs more in a kernel, ends
  /// 90 µs before a tick at the latest, or after it.
  static constexpr SimDuration kBesideTheTick{5'610'000};

  /// When the next item begins; nothing if the lab is over.
  std::optional<SimTime> reserve(Dice& dice, SimDuration longest);

  struct Owned {
    std::size_t host = 0;
    Ipv4Prefix prefix;
  };
  std::vector<Owned> owned_;
  std::uint64_t seed_, index_;
  std::int64_t cables_ = 0;
  SimDuration used_{};           ///< of this act
  SimTime over_{1'000'000'000};  ///< all that was typed so far; the set-up takes no second
  int pauses_ = 0;
};

/// An ingredient of random labs. It adds what it can, or nothing where the lab has no place for it.
struct Ingredient {
  std::string_view name;
  std::uint32_t weight;  ///< in percent of the labs, or (on the timeline) against its neighbours
  void (*add)(Draft& draft, Dice& dice);
};

}  // namespace lvslab::fuzz
