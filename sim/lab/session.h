// A session plays a scenario on a backend: set-up, timeline, end, as docs/scenario-format.md says;
// and lets somebody step, go back, and type in between.
//
// Models: a run as a sequence of numbered steps. One step is one typed line, one fault, or one
// event of the backend; time that only passes is no step. The same scenario, and the same lines
// typed at the same steps, give the same trace. Going back restores the nearest snapshot and plays
// again up to the wanted step, without telling the listener; the trace is then checked to be the
// same as before. A line typed in the past starts a branch: what had been typed later is dropped.
// Leaves out: expectations (expect.h).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/lab/backend.h"
#include "sim/scenario/model.h"
#include "sim/trace/trace.h"

namespace lvslab::lab {

/// A foreground command that takes longer in simulated time is interrupted (Ctrl-C), so that a run
/// of `ping` without a count ends.
inline constexpr SimDuration kLongestCommand{3'600'000'000'000};

/// A line that was typed, and what came of it.
struct Entry {
  enum class Origin : std::uint8_t { kSetup, kTimeline, kTyped };
  Origin origin = Origin::kTyped;
  std::size_t item = 0;  ///< kSetup: index of the host; kTimeline: of the item
  std::size_t line = 0;  ///< index within the set-up or the item
  std::string host{}, text{};
  std::uint64_t step = 0;  ///< the step that typed it
  SimTime started{}, ended{};
  bool background = false;
  bool done = false;
  bool refused = false;      ///< the host was down, so nothing was typed; status 255
  bool interrupted = false;  ///< Ctrl-C
  bool unfinished = false;   ///< it took longer than kLongestCommand, or would never have ended
  int status = 0;
  std::string output{};
  Ticket ticket{};
};

/// Hears what a session does, as it happens; not during a replay.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_typed(const Entry& entry) { static_cast<void>(entry); }
  virtual void on_done(const Entry& entry) { static_cast<void>(entry); }
  /// A timeline item begins: its note is due, or its fault strikes.
  virtual void on_item(const scenario::TimelineItem& item, SimTime at) {
    static_cast<void>(item);
    static_cast<void>(at);
  }
  /// Now and then during long runs.
  virtual void on_progress(SimTime now, std::uint64_t steps) {
    static_cast<void>(now);
    static_cast<void>(steps);
  }
};

struct SessionOptions {
  /// A snapshot every so many steps, more rarely as a run grows; 0: none, and so no way back.
  std::uint64_t snapshot_every = 0;
  /// Ends the run here in place of the scenario's `until` and `settle`.
  std::optional<SimTime> until{};
  /// Ctrl-C: looked at between events.
  const volatile std::sig_atomic_t* stop = nullptr;
};

/// What a step is looked for by.
enum class Stride : std::uint8_t {
  kEvent,    ///< any step
  kFrame,    ///< a frame was sent, received or dropped
  kDecision  ///< a decision was made
};

enum class PlayEnd : std::uint8_t {
  kReached,      ///< the goal
  kFinished,     ///< the scenario is over
  kStorm,        ///< storm() names it; nothing can be played after it
  kInterrupted,  ///< SessionOptions::stop
};

class Session {
 public:
  /// `backend` outlives the session and is used by nobody else. `listener` may be null.
  Session(Backend& backend, scenario::Scenario scenario, SessionOptions options = {},
          Listener* listener = nullptr);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  /// Loads the scenario into the backend; must succeed before anything else. Errors: the backend's.
  Result<void> start();

  // --- playing ---------------------------------------------------------------------------------
  PlayEnd run_to_end();
  /// Plays until something of the kind happens.
  PlayEnd next(Stride stride = Stride::kEvent);
  /// One event, line or fault, beyond the scenario's end, too, but nothing that is due after
  /// `limit`: kReached may mean either.
  PlayEnd next_event(SimTime limit);
  /// Plays until `at` (what is due then has happened), beyond the scenario's end, too.
  PlayEnd run_until(SimTime at);
  /// Plays until this line is done, beyond the scenario's end, too. kFinished: it never will be.
  PlayEnd run_until_done(std::size_t entry);
  /// The same, but no further than `limit`: kReached may mean either.
  PlayEnd run_until_done(std::size_t entry, SimTime limit);

  // --- typing ----------------------------------------------------------------------------------
  /// Types a line now: an index into entries(). Errors: no such host.
  Result<std::size_t> type(std::string_view host, std::string_view line);
  void interrupt(std::size_t entry);
  /// Breaks or mends something now, as a timeline item would. Errors: the backend's; then nothing
  /// has changed.
  Result<void> strike(const scenario::Fault& fault);

  // --- going back ------------------------------------------------------------------------------
  bool can_go_back() const;
  /// To the last step before this one at which something of the kind happened, or to the start.
  /// Errors: no snapshots; or the replay differed from the first time (a broken backend).
  Result<void> back(Stride stride = Stride::kEvent);
  /// To where `step` steps have been done; step <= steps().
  Result<void> go_to_step(std::uint64_t step);
  /// Back to a moment, at <= now(): everything that was due then has happened, nothing later.
  Result<void> go_to_time(SimTime at);
  /// Back to the first step after which the trace has at least `records` records; no more than it
  /// has now.
  Result<void> go_to_record(std::size_t records);

  // --- reading ---------------------------------------------------------------------------------
  const scenario::Scenario& scenario() const { return scenario_; }
  const Trace& trace() const { return trace_; }
  SimTime now() const { return backend_.now(); }
  std::uint64_t steps() const { return state_.step; }
  /// The records of the last step are those from here on.
  std::size_t last_step_begin() const { return last_step_begin_; }
  /// The scenario is over: its expectations can be held against what happened.
  bool finished() const { return state_.phase == Phase::kFinished; }
  SimTime finished_at() const { return state_.finished_at; }
  const std::vector<Entry>& entries() const { return state_.entries; }
  const Storm& storm() const { return state_.storm; }
  Result<HostTables> tables(std::string_view host) { return backend_.tables(host); }
  /// The tables that a table expectation with `at` asks for, kept when their time had come; by the
  /// index of the expectation.
  const std::map<std::size_t, HostTables>& kept_tables() const { return state_.kept; }
  /// Faults that the backend could not do.
  const std::vector<Error>& problems() const { return state_.problems; }
  Backend& backend() { return backend_; }

  /// The scenario with what was typed as items of its timeline, at the same times. Lines that were
  /// interrupted run on in it.
  scenario::Scenario to_scenario() const;

 private:
  enum class Phase : std::uint8_t { kSetup, kTimeline, kClosing, kFinished };

  /// A fault that somebody struck by hand.
  struct Struck {
    scenario::Fault fault;
    SimTime at;
  };

  /// A line of a background item that is due at once.
  struct PendingLine {
    std::size_t item = 0, line = 0;
  };

  /// Everything that going back must bring back, besides backend and trace.
  struct State {
    Phase phase = Phase::kSetup;
    std::size_t item = 0;                ///< kSetup: host; kTimeline: item that runs or comes next
    std::size_t line = 0;                ///< of its lines: the one that comes next
    std::optional<std::size_t> waiting;  ///< the entry that the script waits for
    std::vector<PendingLine> pending;
    std::vector<std::size_t> open;  ///< entries that are not done
    std::vector<SimTime> begun;     ///< by timeline item: when those that have begun did
    SimTime free_at;                ///< when the last item in the foreground ended
    SimTime last_end;               ///< when the last item of any kind ended
    SimTime finished_at;
    std::uint64_t step = 0;
    std::vector<Entry> entries;
    std::vector<Struck> struck;
    std::map<std::size_t, HostTables> kept;
    std::vector<Error> problems;
    Storm storm;
  };
  struct Snapshot {
    SnapshotId id;
    State state;
    SimTime at;
    Trace::Mark mark;
  };
  /// What somebody typed, interrupted or broke, to be repeated in a replay.
  struct Typed {
    std::uint64_t step = 0;
    SimTime at;
    std::string host, line;
    std::optional<std::size_t> interrupts{};  ///< an entry
    std::optional<scenario::Fault> fault{};   ///< neither: `line` was typed
  };
  struct Goal {
    SimTime until = SimTime::never();
    std::uint64_t step = UINT64_MAX;
    std::optional<std::size_t> entry;
    bool beyond_end = false;
  };

  // Playing (session.cpp).
  PlayEnd play(const Goal& goal);
  std::optional<PlayEnd> play_once(const Goal& goal);
  std::optional<PlayEnd> on_time_reached(const Goal& goal);
  RunLimits limits_for(const Goal& goal, std::optional<SimTime> due) const;
  void take_snapshot_if_due();
  bool was(Stride stride, std::size_t first_record) const;
  SimTime next_keep() const;
  void keep_tables();

  // What the scenario does next (script.cpp).
  std::optional<SimTime> script_due();
  void script_act();
  void begin_item(const scenario::TimelineItem& item);
  const scenario::Run* run_of(std::size_t item) const;
  std::size_t begin_line(Entry entry);
  void collect_done();
  void finish_entry(std::size_t index);
  void item_line_ended(const Entry& entry);
  SimTime end_time() const;
  /// When the first of the entries that somebody waits for has taken too long.
  SimTime give_up_time(const Goal& goal) const;
  void give_up(const Goal& goal);
  bool is_awaited(std::size_t entry, const Goal& goal) const;

  // Going back (rewind.cpp).
  void restore(std::size_t snapshot);
  Result<void> replay_to(std::uint64_t step);
  /// `before`: the trace that the replay must reproduce, as far as it goes.
  Result<void> rewind_to(std::uint64_t step, Trace before);
  Result<void> check_replay(Trace before) const;
  void drop_snapshots_after(std::size_t last);
  Result<std::uint64_t> last_stride_until(std::uint64_t last, Stride stride);
  void repeat(const Typed& typed);
  void drop_future();

  Backend& backend_;
  scenario::Scenario scenario_;
  SessionOptions options_;
  Listener* listener_;
  Trace trace_;
  State state_;
  std::deque<Snapshot> snapshots_;
  std::uint64_t snapshot_every_ = 0;
  std::vector<Typed> typed_;
  bool replaying_ = false;
  std::size_t last_step_begin_ = 0;
};

}  // namespace lvslab::lab
