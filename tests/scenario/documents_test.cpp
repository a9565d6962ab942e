// The documents that are written from the loader's key table are the ones in docs/.
#include <nlohmann/json.hpp>
#include <regex>

#include "sim/scenario/keys.h"
#include "sim/scenario/schema.h"
#include "tests/scenario/golden.h"

namespace lvslab::scenario {
namespace {

TEST(ScenarioSchema, IsTheOneInDocs) {
  expect_golden(source_dir() / "docs/scenario.schema.json", json_schema());
}

TEST(ScenarioFormat, HasTheKeyTablesOfTheLoader) {
  const auto path = source_dir() / "docs/scenario-format.md";
  expect_golden(path, with_key_tables(read_text(path)));
}

TEST(ScenarioFormat, DescribesEveryObject) {
  const std::string document = read_text(source_dir() / "docs/scenario-format.md");
  for (const ObjectSpec* const object : all_objects()) {
    EXPECT_NE(document.find("<!-- keys: " + std::string(object->name) + " -->"), std::string::npos)
        << object->name;
  }
}

/// Follows "$ref" and collects every pattern of the schema.
void collect_patterns(const nlohmann::json& node, std::vector<std::string>& out) {
  if (node.is_object() && node.contains("pattern")) out.push_back(node["pattern"]);
  for (const auto& child : node) {
    if (child.is_structured()) collect_patterns(child, out);
  }
}

TEST(ScenarioSchema, HasPatternsThatCompileAndReferencesThatLead) {
  const auto schema = nlohmann::json::parse(json_schema());
  std::vector<std::string> patterns;
  collect_patterns(schema, patterns);
  EXPECT_GT(patterns.size(), 10U);
  for (const std::string& pattern : patterns) EXPECT_NO_THROW(std::regex{pattern}) << pattern;
  for (const ObjectSpec* const object : all_objects()) {
    for (const KeySpec& key : object->keys) {
      if (key.object == nullptr) continue;
      EXPECT_TRUE(schema["$defs"].contains(std::string(key.object->name))) << key.name;
    }
  }
}

}  // namespace
}  // namespace lvslab::scenario
