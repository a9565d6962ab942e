// Scenario files by path or by the name of a shipped one, and captures on disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/language.h"
#include "sim/lab/session.h"
#include "sim/scenario/model.h"
#include "sim/trace/pcapng.h"

namespace lvslab::cli {

/// Where the shipped scenarios are: $LVSLAB_SCENARIOS, else beside the sources.
std::string scenario_directory();
/// The .yaml files of that directory, sorted.
Result<std::vector<std::string>> shipped_scenarios();
/// `name` itself if there is such a file or it looks like a path; else the shipped one
/// ("dr-basic").
std::string resolve_scenario(const std::string& name);

/// Loads with the reason catalogue and libpcap at hand, so that all is checked.
std::expected<scenario::Scenario, std::vector<Error>> load_scenario(const std::string& name);
/// The same; complains about what is wrong.
std::optional<scenario::Scenario> load_or_complain(const std::string& name);

/// Where captures go: one .pcapng, or a directory of .pcap files.
struct CaptureTarget {
  std::string path;
  bool directory = false;
};
/// A trailing slash or an existing directory means a directory. Errors: it cannot be written, or it
/// ends in .pcap. Nothing is left behind.
Result<CaptureTarget> check_capture_target(const std::string& path);
/// Writes what the session has recorded; returns the files. Nothing half-written stays.
Result<std::vector<std::string>> write_captures(const CaptureTarget& target,
                                                const lab::Session& session, Language language);

/// Captures as a stream: pcapng to standard output while a run goes on.
class CaptureStream {
 public:
  /// Errors: standard output cannot be written.
  static Result<CaptureStream> open(const lab::Session& session, Language language);
  /// What was recorded since the last call, at once to whoever reads.
  Result<void> add(const lab::Session& session);
  Result<void> finish(const lab::Session& session);

 private:
  explicit CaptureStream(PcapngWriter writer) : writer_(std::move(writer)) {}
  PcapngWriter writer_;
};

/// Text to a file (whole or not at all), or to standard output if `path` is empty or "-".
Result<void> write_text(const std::string& path, std::string_view text);

}  // namespace lvslab::cli
