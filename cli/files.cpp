#include "cli/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "cli/program.h"
#include "sim/command/close_match.h"
#include "sim/lab/loading.h"
#include "sim/trace/atomic_file.h"
#include "sim/trace/pcap.h"
#include "sim/trace/pcapng.h"

namespace lvslab::cli {
namespace fs = std::filesystem;

std::string scenario_directory() {
  const char* given = std::getenv("LVSLAB_SCENARIOS");
  return given != nullptr && *given != '\0' ? given : LVSLAB_SCENARIO_DIR;
}

Result<std::vector<std::string>> shipped_scenarios() {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator it(scenario_directory(), error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".yaml") files.push_back(it->path().string());
  }
  if (error) {
    return fail(fmt::format("cannot read {}: {}", scenario_directory(), error.message()), {},
                "LVSLAB_SCENARIOS=DIR names the directory of the scenarios");
  }
  std::ranges::sort(files);
  return files;
}

std::string resolve_scenario(const std::string& name) {
  std::error_code error;
  if (fs::exists(name, error) || name.find('/') != std::string::npos) return name;
  for (const std::string& candidate : {name, name + ".yaml"}) {
    const fs::path shipped = fs::path(scenario_directory()) / candidate;
    if (fs::is_regular_file(shipped, error)) return shipped.string();
  }
  return name;
}

namespace {

Error no_such_file(const std::string& name) {
  std::vector<std::string> known;
  if (const auto files = shipped_scenarios()) {
    for (const std::string& file : *files) known.push_back(fs::path(file).stem().string());
  }
  const std::string stem = fs::path(name).stem().string();
  const std::string close(command::close_match(stem, std::span<const std::string>(known)));
  return {"there is no such file",
          {.file = name},
          close.empty() ? "lvslab list names the scenarios that are here"
                        : fmt::format("did you mean '{}'?", close)};
}

}  // namespace

std::expected<scenario::Scenario, std::vector<Error>> load_scenario(const std::string& name) {
  const std::string file = resolve_scenario(name);
  std::error_code error;
  if (!fs::exists(file, error) && !error) return std::unexpected(std::vector{no_such_file(name)});
  return lab::load_scenario(file);
}

std::optional<scenario::Scenario> load_or_complain(const std::string& name) {
  auto loaded = load_scenario(name);
  if (loaded) return *std::move(loaded);
  complain(loaded.error());
  return std::nullopt;
}

// --- captures
// --------------------------------------------------------------------------------------

Result<CaptureTarget> check_capture_target(const std::string& path) {
  std::error_code error;
  CaptureTarget target{path, path.ends_with('/') || fs::is_directory(path, error)};
  if (target.directory) {
    fs::create_directories(path, error);
    if (error) return fail(fmt::format("cannot make the directory {}: {}", path, error.message()));
    const auto probe = AtomicFile::create((fs::path(path) / ".lvslab").string());
    if (!probe) return std::unexpected(probe.error());
    return target;
  }
  if (path.ends_with(".pcap")) {
    return fail(fmt::format("{}: a .pcap file holds one interface only", path), {},
                "write one FILE.pcapng, or DIR/ for a .pcap of each interface");
  }
  const auto probe = AtomicFile::create(path);
  if (!probe) return std::unexpected(probe.error());
  return target;
}

namespace {

/// Names of the lab's addresses: hosts by their interfaces, virtual services as VIP, VIP2 ...
class Names {
 public:
  Names(const scenario::Scenario& scenario, const Trace& trace) {
    for (const scenario::Host& host : scenario.hosts) {
      for (const scenario::Nic& nic : host.nics) {
        for (const Ipv4Prefix& address : nic.addresses) names_.try_emplace(address.addr, host.name);
        for (const Ipv6Prefix& address : nic.addresses6)
          names_.try_emplace(address.addr, host.name);
      }
    }
    int vips = 0;
    for (const TraceRecord& record : trace.records()) {
      if (record.kind != RecordKind::kRowAdded) continue;
      const TableRow row = trace.row(record.args[0]);
      const auto* service = std::get_if<IpvsServiceRow>(&row);
      if (service == nullptr || service->key.addr.is_any()) continue;
      const std::string name = vips == 0 ? "VIP" : fmt::format("VIP{}", vips + 1);
      if (names_.try_emplace(service->key.addr, name).second) ++vips;
    }
    for (const auto& [address, name] : names_) list_.push_back({address, name});
  }
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;
  ~Names() = default;
  std::span<const AddrName> list() const { return list_; }

 private:
  std::map<IpAddr, std::string> names_;
  std::vector<AddrName> list_;
};

}  // namespace

Result<void> write_capture(const std::string& path, const scenario::Scenario& scenario,
                           const Trace& trace, Language language) {
  const Names names(scenario, trace);
  return write_pcapng(path, trace, {.language = language, .comments = true, .names = names.list()});
}

Result<std::vector<std::string>> write_captures(const CaptureTarget& target,
                                                const lab::Session& session, Language language) {
  const Trace& trace = session.trace();
  if (!target.directory) {
    if (auto written = write_capture(target.path, session.scenario(), trace, language); !written) {
      return std::unexpected(written.error());
    }
    return std::vector{target.path};
  }
  std::vector<std::string> files;
  for (std::size_t n = 0; n < trace.nodes().size(); ++n) {
    for (const LinkRow& dev : trace.nodes()[n].devices) {
      const std::string name = fmt::format("{}-{}.pcap", trace.nodes()[n].name, dev.name.view());
      files.push_back((fs::path(target.path) / name).string());
      const NodeId node(static_cast<std::uint32_t>(n));
      if (auto written = write_pcap(files.back(), trace, node, dev.dev); !written) {
        return std::unexpected(written.error());
      }
    }
  }
  return files;
}

Result<CaptureStream> CaptureStream::open(const lab::Session& session, Language language) {
  const Names names(session.scenario(), session.trace());
  auto writer = PcapngWriter::create("/dev/stdout", session.trace(),
                                     {.language = language, .names = names.list()});
  if (!writer) return std::unexpected(writer.error());
  return CaptureStream(*std::move(writer));
}

Result<void> CaptureStream::add(const lab::Session& session) {
  if (auto added = writer_.add(session.trace()); !added) return added;
  return writer_.flush();
}

Result<void> CaptureStream::finish(const lab::Session& session) {
  return writer_.finish(session.trace());
}

Result<void> write_text(const std::string& path, std::string_view text) {
  if (path.empty() || path == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return {};
  }
  auto file = AtomicFile::create(path);
  if (!file) return std::unexpected(file.error());
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  if (auto written = file->write(bytes); !written) return written;
  return file->commit();
}

}  // namespace lvslab::cli
