// The key table in two other shapes: a JSON Schema (draft 2020-12) for editors, and the tables of
// docs/scenario-format.md.
#pragma once

#include <string>
#include <string_view>

namespace lvslab::scenario {

/// The text of docs/scenario.schema.json. What a schema cannot say (names that must exist, times
/// that must not decrease, subnets) is left to the loader.
std::string json_schema();

/// The key table of the object called `name` ("host", "nic", ...) in Markdown.
std::string key_table(std::string_view name);

/// `document` with what stands between each `<!-- keys: NAME -->` and `<!-- end -->` line replaced
/// by the key table of that name.
std::string with_key_tables(std::string_view document);

}  // namespace lvslab::scenario
