// lvslab why, lvslab show
#include <algorithm>
#include <memory>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "sim/backend/sim_backend.h"
#include "sim/command/close_match.h"
#include "sim/lab/show.h"
#include "sim/scenario/names.h"
#include "sim/trace/packets.h"
#include "sim/trace/why.h"

namespace lvslab::cli {
namespace {

// Plays silently up to `until`, or to the end.
int play(lab::Session& session, std::optional<SimTime> until) {
  if (auto started = session.start(); !started) {
    complain(started.error());
    return kExitBadInput;
  }
  const lab::PlayEnd end = until ? session.run_until(*until) : session.run_to_end();
  if (end == lab::PlayEnd::kInterrupted) return kExitInterrupted;
  if (end == lab::PlayEnd::kStorm) {
    complain(Error{session.storm().to_string(), {}, {}});
    return kExitStorm;
  }
  return kExitOk;
}

std::optional<Error> unknown_host(const scenario::Scenario& scenario, const std::string& name) {
  if (scenario.find_host(name) != nullptr) return std::nullopt;
  std::vector<std::string> names;
  names.reserve(scenario.hosts.size());
  for (const scenario::Host& host : scenario.hosts) names.push_back(host.name);
  return Error{fmt::format("there is no host '{}' in {}", name, scenario.name),
               {},
               fmt::format("hosts: {}", fmt::join(names, ", "))};
}

Result<RecordId> record_asked_for(const lab::Session& session, const WhyOptions& options) {
  const Trace& trace = session.trace();
  if (options.packet) {
    const auto found = find_packet(trace, *options.packet);
    if (found) return *found;
    return fail(fmt::format("there is no packet {}: the run has packets 1 to {}", *options.packet,
                            trace.frame_count()));
  }
  const NodeId node = trace.find_node(options.host);
  const RecordId found = node.valid() ? find_moment(trace, node, *options.at) : RecordId();
  if (found.valid()) return found;
  return fail(fmt::format("{} has neither seen nor decided anything until {} s", options.host,
                          seconds(*options.at)));
}

}  // namespace

int why_command(const Terminal& terminal, const WhyOptions& options) {
  if (!options.packet && !(options.at && !options.host.empty())) {
    complain(Error{"say what to explain", {}, "--packet N, or --at TIME --host HOST"});
    return kExitBadInput;
  }
  auto scenario = load_or_complain(options.file);
  if (!scenario) return kExitBadInput;
  if (!options.host.empty()) {
    if (const auto error = unknown_host(*scenario, options.host)) {
      complain(*error);
      return kExitBadInput;
    }
  }
  backend::SimBackend backend;
  lab::Session session(backend, *std::move(scenario), {.stop = &g_interrupted});
  // Played to the end, for a story goes on after its packet.
  const int status = play(session, std::nullopt);
  if (status != kExitOk && status != kExitStorm) return status;
  const auto record = record_asked_for(session, options);
  if (!record) {
    complain(record.error());
    return kExitBadInput;
  }
  const std::string story =
      render_why(session.trace(), *record, terminal.language, terminal.colour);
  std::fwrite(story.data(), 1, story.size(), stdout);
  return status;
}

int show_command(const Terminal& /*terminal*/, const ShowOptions& options) {
  const auto table = lab::table_by_name(options.table);
  if (!table) {
    const std::string_view close = command::close_match(
        options.table, std::span<const std::string_view>(scenario::kTableNames));
    complain(Error{fmt::format("there is no table '{}'", options.table),
                   {},
                   close.empty() ? fmt::format("one of: {}", fmt::join(scenario::kTableNames, ", "))
                                 : fmt::format("did you mean '{}'?", close)});
    return kExitBadInput;
  }
  auto scenario = load_or_complain(options.file);
  if (!scenario) return kExitBadInput;
  if (const auto error = unknown_host(*scenario, options.host)) {
    complain(*error);
    return kExitBadInput;
  }
  auto backend = make_backend(options.backend);
  if (!backend) return complain(backend.error()), kExitBadInput;
  lab::Session session(**backend, *std::move(scenario), {.stop = &g_interrupted});
  if (const int status = play(session, options.at); status != kExitOk) return status;
  const auto tables = session.tables(options.host);
  if (!tables) {
    complain(tables.error());
    return kExitBadInput;
  }
  const std::string listing = lab::render_table(*table, *tables);
  std::fwrite(listing.data(), 1, listing.size(), stdout);
  return kExitOk;
}

}  // namespace lvslab::cli
