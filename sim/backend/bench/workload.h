// The work that `lvslab bench` times: networks under load, built without a scenario, and the event
// queue alone. Nothing here reads a clock; whoever calls run() does.
//
// The web workload is that of the comparison programs: clients open connection after connection,
// send 100 bytes, get `response_bytes`, and close first; here through one DR director with four
// servers, all on one learning switch (1 Gbit/s, 25 us), neighbours known beforehand so that 10 000
// clients do not begin with as many broadcasts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/base/time.h"
#include "sim/trace/trace.h"

namespace lvslab::backend {

struct WebWork {
  std::uint32_t clients = 100;
  std::uint32_t connections = 10'000;  ///< in all; shared evenly, rounded down
  std::uint32_t response_bytes = 400;
  std::uint32_t parallel = 1;  ///< per client
  SimDuration hold{};          ///< between the response and the close
  bool director = true;        ///< false: the clients talk to one server directly
};

struct WorkCounts {
  std::uint64_t events = 0;
  std::uint64_t frames = 0;  ///< arrivals: one per frame and link
  std::uint64_t succeeded = 0, failed = 0;
  std::uint64_t bytes = 0;  ///< received by clients; UDP: datagrams received
};

class Workload {
 public:
  static Workload web(const WebWork& work);
  /// One flow of `count` datagrams of 64 bytes through one router, 5 us apart.
  static Workload udp(std::uint32_t count);
  /// Hosts that do nothing: built, booted and routed.
  static Workload idle(std::uint32_t hosts);
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  Workload(Workload&&) noexcept;
  Workload& operator=(Workload&&) noexcept;
  ~Workload();

  /// Records to `trace` from now on; it must outlive the workload.
  void record(Trace& trace);
  /// Until every connection has ended or, with a hold, all have their response; UDP: until the last
  /// datagram.
  void run();
  WorkCounts counts() const;

 private:
  struct State;
  explicit Workload(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The hold model: a queue with a constant number of pending events; one hold takes the earliest
/// and schedules another at a random distance.
class EventHold {
 public:
  explicit EventHold(std::uint32_t pending);
  ~EventHold();
  EventHold(const EventHold&) = delete;
  EventHold& operator=(const EventHold&) = delete;
  /// Returns the time of the last event, so that nothing can be optimised away.
  std::int64_t hold(std::uint32_t times);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lvslab::backend
