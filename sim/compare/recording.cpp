#include "sim/compare/recording.h"

#include <utility>

namespace lvslab::compare {

Recording record(lab::Session& session, std::string backend_name) {
  Recording recording{.backend = std::move(backend_name),
                      .trace = session.trace(),
                      .entries = session.entries(),
                      .kept = session.kept_tables(),
                      .ended_at = session.now(),
                      .problems = session.problems()};
  recording.tables.at = session.now();
  for (const scenario::Host& host : session.scenario().hosts) {
    if (!session.backend().is_up(host.name)) continue;
    if (auto tables = session.tables(host.name)) {
      recording.tables.hosts.emplace(host.name, *std::move(tables));
    }
  }
  return recording;
}

Result<Recording> play(lab::Backend& backend, const scenario::Scenario& scenario,
                       std::string backend_name, const volatile std::sig_atomic_t* stop) {
  lab::Session session(backend, scenario, {.stop = stop});
  if (auto started = session.start(); !started) return std::unexpected(started.error());
  const lab::PlayEnd end = session.run_to_end();
  Recording recording = record(session, std::move(backend_name));
  recording.end = end;
  return recording;
}

}  // namespace lvslab::compare
