#include "sim/scenario/loader.h"

#include <filesystem>
#include <utility>

#include "sim/scenario/reader.h"
#include "sim/scenario/topology.h"

namespace lvslab::scenario {

void Reader::read_scenario() {
  const Fields fields(tree_, tree_.root(), kScenarioKeys, problems_);
  if (const auto name = fields.string("name")) scenario_.name = name->value;
  scenario_.title = fields.text("title");
  scenario_.summary = fields.text("summary");
  scenario_.lesson = fields.text("lesson");
  if (const auto level = fields.word("difficulty")) {
    scenario_.difficulty = static_cast<Difficulty>(*level);
  }
  if (const auto seed = fields.integer("seed")) {
    scenario_.seed = static_cast<std::uint64_t>(*seed);
  }
  scenario_.until = fields.time("until");
  if (const auto settle = fields.duration("settle")) scenario_.settle = *settle;
  for (const YamlNode* const node : fields.objects("switches")) read_switch(*node);
  check_uplinks();
  for (const YamlNode* const node : fields.objects("hosts")) read_host(*node);
  if (fields.has("hosts") && scenario_.hosts.empty() && problems_.none()) {
    problems_.add(fields.where("hosts"), "a scenario needs at least one host");
  }
  connect_cables();
  for (const YamlNode* const node : fields.objects("timeline")) read_item(*node);
  for (const YamlNode* const node : fields.objects("expect")) read_expectation(*node);
  for (const YamlNode* const node : fields.objects("compare")) read_ignore(*node);
}

std::expected<Scenario, std::vector<Error>> load_text(std::string text, const std::string& file,
                                                      const LoadOptions& options) {
  const auto tree = YamlTree::parse(std::move(text), file);
  if (!tree) return std::unexpected(tree.error());
  Scenario scenario;
  scenario.file = file;
  scenario.name = std::filesystem::path(file).stem().string();
  Problems problems(file);
  Reader(*tree, options, problems, scenario).read_scenario();
  for (const Finding& finding : find_duplicate_addresses(scenario)) {
    problems.add(finding.where, finding.message, finding.hint);
  }
  if (!problems.none()) return std::unexpected(problems.take());
  return scenario;
}

std::expected<Scenario, std::vector<Error>> load(const std::string& path,
                                                 const LoadOptions& options) {
  auto text = read_scenario_file(path);
  if (!text) return std::unexpected(std::vector{text.error()});
  return load_text(std::move(*text), path, options);
}

}  // namespace lvslab::scenario
