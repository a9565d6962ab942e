// Going back: the nearest snapshot, and playing again from there.
#include <algorithm>

#include "sim/base/check.h"
#include "sim/lab/session.h"

namespace lvslab::lab {

bool Session::can_go_back() const { return !snapshots_.empty() && state_.step > 0; }

Result<void> Session::back(Stride stride) {
  if (snapshots_.empty()) return fail("this session keeps no snapshots, so it cannot go back");
  if (state_.step == 0) return fail("this is the beginning");
  if (stride == Stride::kEvent) return rewind_to(state_.step - 1, trace_);
  const Trace before = trace_;
  const auto target = last_stride_until(state_.step - 1, stride);
  if (!target) return std::unexpected(target.error());
  return rewind_to(*target, before);
}

Result<void> Session::go_to_time(SimTime at) {
  if (at > now()) return fail("this moment has not come yet");
  if (snapshots_.empty()) return fail("this session keeps no snapshots, so it cannot go back");
  Trace before = trace_;
  std::size_t nearest = snapshots_.size() - 1;
  while (nearest > 0 && snapshots_[nearest].at >= at) --nearest;
  restore(nearest);
  drop_snapshots_after(nearest);
  // What was typed until then is repeated at its steps; the rest is a matter of time alone.
  for (const Typed& typed : typed_) {
    if (typed.step < state_.step || typed.at > at) continue;
    if (auto replayed = replay_to(typed.step + 1); !replayed) return replayed;
  }
  replaying_ = true;
  play({.until = at, .entry = {}, .beyond_end = true});
  replaying_ = false;
  return check_replay(std::move(before));
}

Result<void> Session::go_to_record(std::size_t records) {
  if (records > trace_.size()) return fail("this has not happened yet");
  if (snapshots_.empty()) return fail("this session keeps no snapshots, so it cannot go back");
  if (records == trace_.size()) return {};
  Trace before = trace_;
  std::size_t nearest = snapshots_.size() - 1;
  while (nearest > 0 && snapshots_[nearest].mark.records > records) --nearest;
  restore(nearest);
  drop_snapshots_after(nearest);
  while (trace_.size() < records) {
    if (auto replayed = replay_to(state_.step + 1); !replayed) return replayed;
  }
  return check_replay(std::move(before));
}

// The last step up to `last` at which something of the kind happened; 0 if there is none. Only a
// replay tells, from snapshot to snapshot.
Result<std::uint64_t> Session::last_stride_until(std::uint64_t last, Stride stride) {
  for (std::size_t i = snapshots_.size(); i-- > 0;) {
    const std::uint64_t begin = snapshots_[i].state.step;
    if (begin >= last) continue;
    restore(i);
    std::uint64_t found = 0;
    while (state_.step < last) {
      if (auto replayed = replay_to(state_.step + 1); !replayed) {
        return std::unexpected(replayed.error());
      }
      if (was(stride, last_step_begin_)) found = state_.step;
    }
    if (found > 0) return found;
    last = begin;
  }
  return 0;
}

Result<void> Session::go_to_step(std::uint64_t step) {
  if (step > state_.step) return fail("this step has not been done yet");
  if (snapshots_.empty()) return fail("this session keeps no snapshots, so it cannot go back");
  return step == state_.step ? Result<void>{} : rewind_to(step, trace_);
}

Result<void> Session::rewind_to(std::uint64_t step, Trace before) {
  std::size_t nearest = snapshots_.size() - 1;
  while (snapshots_[nearest].state.step > step) --nearest;
  restore(nearest);
  drop_snapshots_after(nearest);
  if (auto replayed = replay_to(step); !replayed) return replayed;
  return check_replay(std::move(before));
}

void Session::drop_snapshots_after(std::size_t last) {
  while (snapshots_.size() > last + 1) {
    backend_.rewindable()->forget(snapshots_.back().id);
    snapshots_.pop_back();
  }
}

Result<void> Session::check_replay(Trace before) const {
  before.truncate(trace_.mark());
  if (before.digest() != trace_.digest()) {
    return fail("the replay differs from the first time: this is a mistake of the program");
  }
  return {};
}

void Session::restore(std::size_t snapshot) {
  const Snapshot& to = snapshots_[snapshot];
  const bool known = backend_.rewindable()->restore(to.id);
  LVSLAB_CHECK(known, "the backend forgot a snapshot that it was not told to forget");
  state_ = to.state;
  trace_.truncate(to.mark);
  last_step_begin_ = trace_.size();
}

// Plays on, silently, with what was typed, until `step` steps are done.
Result<void> Session::replay_to(std::uint64_t step) {
  replaying_ = true;
  while (state_.step < step) {
    const auto next = std::ranges::lower_bound(typed_, state_.step, {}, &Typed::step);
    if (next != typed_.end() && next->step == state_.step) {
      repeat(*next);
      continue;
    }
    const std::uint64_t goal = next == typed_.end() ? step : std::min(step, next->step);
    const PlayEnd end = play({.step = goal, .entry = {}, .beyond_end = true});
    if (end != PlayEnd::kReached && state_.step < step) {
      replaying_ = false;
      return fail(end == PlayEnd::kInterrupted ? "interrupted"
                                               : "the replay ended before the first time did");
    }
  }
  replaying_ = false;
  return {};
}

void Session::repeat(const Typed& typed) {
  if (typed.at > now()) play({.until = typed.at, .entry = {}, .beyond_end = true});
  if (typed.interrupts) {
    interrupt(*typed.interrupts);
  } else if (typed.fault) {
    static_cast<void>(strike(*typed.fault));
  } else {
    static_cast<void>(type(typed.host, typed.line));
  }
}

void Session::drop_future() {
  while (!typed_.empty() && typed_.back().step >= state_.step) typed_.pop_back();
}

}  // namespace lvslab::lab
