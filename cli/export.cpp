// lvslab export
#include <nlohmann/json.hpp>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "sim/lab/html_report.h"
#include "sim/scenario/topology.h"
#include "sim/scenario/writer.h"
#include "sim/trace/run_file.h"

namespace lvslab::cli {
namespace {

using scenario::Scenario;
using Json = nlohmann::ordered_json;

std::string dot_text(const Scenario& scenario) {
  std::string text =
      fmt::format("graph \"{}\" {{\n  rankdir=LR;\n  node [fontname=\"sans\"];\n", scenario.name);
  for (const scenario::Switch& one : scenario.switches) {
    text += fmt::format("  \"{}\" [shape=ellipse];\n", one.name);
  }
  for (const scenario::Host& host : scenario.hosts) {
    std::string label = host.name;
    for (const scenario::Nic& nic : host.nics) {
      for (const Ipv4Prefix& address : nic.addresses) {
        label += fmt::format("\\n{} {}", nic.name, address.to_string());
      }
      for (const Ipv6Prefix& address : nic.addresses6) {
        label += fmt::format("\\n{} {}", nic.name, address.to_string());
      }
    }
    text += fmt::format("  \"{}\" [shape=box, label=\"{}\\n({})\"];\n", host.name, label,
                        scenario::to_string(host.role));
  }
  for (const scenario::Cable& cable : scenario::cables_of(scenario)) {
    text += fmt::format("  \"{}\" -- \"{}\" [taillabel=\"{}\", headlabel=\"{}\"];\n",
                        cable.from.node, cable.to.node, cable.from.nic, cable.to.nic);
  }
  return text + "}\n";
}

std::string json_text(const Scenario& scenario) {
  Json json;
  json["name"] = scenario.name;
  json["title"] = {{"en", scenario.title.en}, {"zh", scenario.title.zh}};
  json["nodes"] = Json::array();
  for (const scenario::Placed& place : scenario::default_layout(scenario)) {
    Json node = {{"name", place.name}, {"x", place.x}, {"y", place.y}};
    if (const scenario::Host* host = scenario.find_host(place.name)) {
      node["kind"] = "host";
      node["role"] = scenario::to_string(host->role);
      node["nics"] = Json::array();
      for (const scenario::Nic& nic : host->nics) {
        Json addresses = Json::array();
        for (const Ipv4Prefix& address : nic.addresses) addresses.push_back(address.to_string());
        for (const Ipv6Prefix& address : nic.addresses6) addresses.push_back(address.to_string());
        node["nics"].push_back(
            {{"name", nic.name}, {"mac", nic.mac.to_string()}, {"addresses", addresses}});
      }
    } else {
      node["kind"] = "switch";
    }
    json["nodes"].push_back(std::move(node));
  }
  json["cables"] = Json::array();
  for (const scenario::Cable& cable : scenario::cables_of(scenario)) {
    json["cables"].push_back({{"from", cable.from.to_string()}, {"to", cable.to.to_string()}});
  }
  return json.dump(2) + "\n";
}

int finish(const Result<void>& written) {
  if (written) return kExitOk;
  complain(written.error());
  return kExitBadInput;
}

/// The run as a page. Errors: it cannot be written.
Result<void> write_report(const Terminal& terminal, const ExportOptions& options,
                          lab::Session& session) {
  const bool kernel = options.backend.starts_with("kernel");
  lab::HtmlReport report{.scenario = &session.scenario(),
                         .trace = &session.trace(),
                         .findings = lab::evaluate(session),
                         .checked = true,
                         .backend = std::string(kernel ? terminal.say("real kernel", "真实内核")
                                                       : terminal.say("simulator", "模拟器")),
                         .end = session.now(),
                         .language = terminal.language};
  return write_text(options.report, lab::html_report(report));
}

// What only a run can tell: its records, its captures, a report.
int export_run(const Terminal& terminal, const ExportOptions& options, Scenario scenario) {
  std::optional<CaptureTarget> capture;
  if (!options.pcap.empty()) {
    auto target = check_capture_target(options.pcap);
    if (!target) return finish(std::unexpected(target.error()));
    capture = *std::move(target);
  }
  auto backend = make_backend(options.backend);
  if (!backend) return finish(std::unexpected(backend.error()));
  lab::Session session(**backend, std::move(scenario), {.stop = &g_interrupted});
  if (auto started = session.start(); !started) return finish(started);
  const lab::PlayEnd end = session.run_to_end();
  int status = kExitOk;
  if (end == lab::PlayEnd::kInterrupted) status = kExitInterrupted;
  if (end == lab::PlayEnd::kStorm) {
    complain(Error{session.storm().to_string(), {}, {}});
    status = kExitStorm;
  }
  if (!options.report.empty()) {
    if (auto written = write_report(terminal, options, session); !written) return finish(written);
    if (options.report != "-") fmt::print("{}\n", options.report);
    if (!capture) return status;
  }
  if (capture) {
    const auto files = write_captures(*capture, session, terminal.language);
    if (!files) return finish(std::unexpected(files.error()));
    for (const std::string& file : *files) fmt::print("{}\n", file);
    return status;
  }
  const auto written = write_text(
      options.output,
      run_file(session.trace(), scenario::to_yaml(session.scenario()), terminal.language));
  return written ? status : finish(written);
}

}  // namespace

int export_command(const Terminal& terminal, const ExportOptions& options) {
  auto scenario = load_or_complain(options.file);
  if (!scenario) return kExitBadInput;
  if (!options.pcap.empty() || !options.report.empty() || options.format == "jsonl") {
    return export_run(terminal, options, *std::move(scenario));
  }
  if (options.format == "dot") return finish(write_text(options.output, dot_text(*scenario)));
  if (options.format == "json") return finish(write_text(options.output, json_text(*scenario)));
  return finish(write_text(options.output, scenario::to_yaml(*scenario)));
}

}  // namespace lvslab::cli
