// Edits of a scenario file as text: hosts and switches that are drawn on the canvas are written
// where a person would write them, and nothing else of the file changes: comments, order and
// spelling stay.
//
// Models: adding and removing hosts and switches. Leaves out: cables (cable_edit.h); loading
// (library.h).
#pragma once

#include <QString>

#include "gui/models/block_text.h"

namespace lvslab::gui {

/// `scenario` is what `text` loads as. Errors: the file is not written as a block.
Result<TextEdit> add_switch(const QString& text, const scenario::Scenario& scenario,
                            const QString& name);
/// With one NIC on `switch_name`; `address` may be empty.
Result<TextEdit> add_host(const QString& text, const scenario::Scenario& scenario,
                          const QString& name, scenario::Role role, const QString& switch_name,
                          const QString& address);
/// A host or a switch; what refers to it is then reported by the loader.
Result<TextEdit> remove_node(const QString& text, const scenario::Scenario& scenario,
                             const QString& name);

/// "node04": the first name like those of the scenario that is free.
QString free_name(const scenario::Scenario& scenario, bool is_switch);

}  // namespace lvslab::gui
