// What one run of a scenario leaves behind, whichever backend ran it: enough to hold two runs
// against each other without asking a backend anything more.
#pragma once

#include <csignal>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/tables.h"
#include "sim/lab/session.h"
#include "sim/trace/trace.h"

namespace lvslab::compare {

/// The tables of all hosts that were up at one moment.
struct TableSet {
  SimTime at{};
  std::map<std::string, HostTables> hosts{};
};

struct Recording {
  std::string backend;  ///< "simulator", "kernel": what reports call this side
  Trace trace{};
  std::vector<lab::Entry> entries{};  ///< lines that were typed, with what they printed
  /// At the end of the run.
  TableSet tables{};
  /// When a table expectation with a time was due: the tables of its host, by its index.
  std::map<std::size_t, HostTables> kept{};
  lab::PlayEnd end = lab::PlayEnd::kFinished;
  SimTime ended_at{};
  std::vector<Error> problems{};  ///< faults that the backend could not do
};

/// Takes the recording of a session that has been played.
Recording record(lab::Session& session, std::string backend_name);

/// Plays `scenario` to its end on `backend`. Errors: the backend cannot build it.
Result<Recording> play(lab::Backend& backend, const scenario::Scenario& scenario,
                       std::string backend_name, const volatile std::sig_atomic_t* stop = nullptr);

}  // namespace lvslab::compare
