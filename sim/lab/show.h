// A host's tables as the real tools list them: what `lvslab show`, the terminal stepper and table
// expectations print. docs/scenario-format.md says which tool each table is the listing of.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/base/tables.h"
#include "sim/scenario/model.h"

namespace lvslab::lab {

std::string render_table(scenario::TableKind table, const HostTables& tables);

/// The command that prints the same on a real host: "ipvsadm -ln".
std::string_view tool_of(scenario::TableKind table);

/// "local-route" → kLocalRoute; nothing for other words.
std::optional<scenario::TableKind> table_by_name(std::string_view name);

}  // namespace lvslab::lab
