// The narrow waist between a lab and what runs it: the simulator, or later a real kernel. Hosts are
// named, typed lines are text, jobs and snapshots are numbers; nothing of a backend shows through.
//
// Models: loading a scenario, typing, faults, letting time pass, reading tables.
// Leaves out: the order of a scenario's set-up and timeline (session.h) and its expectations
// (expect.h). Viewers read the trace that the backend fills, and ask it nothing.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ids.h"
#include "sim/base/result.h"
#include "sim/base/tables.h"
#include "sim/base/time.h"
#include "sim/lab/storm.h"
#include "sim/scenario/model.h"
#include "sim/trace/trace.h"

namespace lvslab::lab {

/// A line typed on a host; numbered from 0 in the order of typing.
using Ticket = Id<struct TicketTag>;
using SnapshotId = Id<struct SnapshotTag>;

struct Capabilities {
  bool simulated_time = false;  ///< time passes in run() only, and costs nothing
  bool rewind = false;          ///< rewindable() is not null
  bool live_tables = false;     ///< tables() answers at any moment
  bool events = false;          ///< RunLimits::events counts single events
  bool reasons = false;         ///< the trace holds decisions
};

struct JobState {
  bool done = false;
  int status = 0;
  SimTime started, ended;
  std::string output;  ///< what reached the terminal so far, both streams in order
};

enum class StopReason : std::uint8_t {
  kTimeReached,  ///< now is RunLimits::until; everything that was due has happened
  kJobDone,      ///< one of RunLimits::jobs is done
  kEventLimit,   ///< RunLimits::events events were run
  kIdle,         ///< nothing will ever happen again by itself
  kStorm,        ///< frames go round for ever; RunStop::storm names them
  kInterrupted   ///< *RunLimits::stop is not 0
};

/// Whichever comes first ends a run.
struct RunLimits {
  SimTime until = SimTime::never();  ///< events at this very time are still run
  std::uint64_t events = UINT64_MAX;
  std::vector<Ticket> jobs{};
  const volatile std::sig_atomic_t* stop = nullptr;
};

struct RunStop {
  StopReason reason = StopReason::kIdle;
  std::uint64_t events = 0;  ///< how many were run
  Storm storm{};             ///< kStorm only
};

/// Backends that can go back in time.
class Rewindable {
 public:
  virtual ~Rewindable() = default;
  /// Keeps everything but the trace, whose owner cuts it (Trace::truncate) when going back.
  virtual SnapshotId snapshot() = 0;
  /// Back to a snapshot, which stays. False if it was forgotten.
  virtual bool restore(SnapshotId id) = 0;
  virtual void forget(SnapshotId id) = 0;
};

/// Backends whose hosts have real terminals. A console is a job like any other: its output is that
/// of its terminal, and it is done when its shell exits.
class Consoles {
 public:
  virtual ~Consoles() = default;
  /// A login shell on a terminal of that size. Errors: no such host, or it is down.
  virtual Result<Ticket> open_console(std::string_view host, std::uint16_t rows,
                                      std::uint16_t columns) = 0;
  virtual void press_keys(Ticket console, std::string_view keys) = 0;
  virtual void resize(Ticket console, std::uint16_t rows, std::uint16_t columns) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual Capabilities capabilities() const = 0;
  /// Null unless capabilities().rewind.
  virtual Rewindable* rewindable() = 0;
  /// Null unless hosts have real terminals.
  virtual Consoles* consoles() { return nullptr; }

  /// Builds the hosts of `scenario` and boots them; what was loaded before is gone. From now on
  /// records go to `sink`, which outlives the backend or the next load(); null: nobody records.
  /// Errors: what this backend cannot build.
  virtual Result<void> load(const scenario::Scenario& scenario, Trace* sink) = 0;

  /// Types a line. It may be done at once, or after run(). Errors: no such host, or it is down.
  virtual Result<Ticket> exec(std::string_view host, std::string_view line) = 0;
  virtual JobState job(Ticket ticket) const = 0;
  virtual bool job_done(Ticket ticket) const = 0;
  /// Ctrl-C on the terminal of a job; does nothing to one that is done.
  virtual void interrupt(Ticket ticket) = 0;

  virtual SimTime now() const = 0;
  virtual RunStop run(const RunLimits& limits) = 0;

  /// Errors: no such host or interface.
  virtual Result<void> apply(const scenario::Fault& fault) = 0;
  virtual bool is_up(std::string_view host) const = 0;
  /// The tables of a host as they are now. Errors: no such host.
  virtual Result<HostTables> tables(std::string_view host) = 0;
  /// Why the run since load() cannot be trusted: frames were not captured, the kernel died.
  virtual std::vector<Error> troubles() const { return {}; }
};

}  // namespace lvslab::lab
