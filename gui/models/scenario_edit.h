// Edits of a scenario file as text: what is drawn on the canvas is written where a person would
// write it, and nothing else of the file changes: comments, order and spelling stay.
//
// Models: adding and removing hosts, switches and cables; words that may follow at
// a place, from the same table of keys that the loader reads by. Leaves out: loading (library.h);
// files whose hosts are written in one line ("hosts: [...]"), which are edited by hand.
#pragma once

#include <QStringList>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sim/scenario/model.h"

namespace lvslab::gui {

/// Replace `length` characters at `offset` (both of the text before) by `text`.
struct TextEdit {
  qsizetype offset = 0, length = 0;
  QString text;
};

/// `scenario` is what `text` loads as. Errors: the file is not written as a block.
Result<TextEdit> add_switch(const QString& text, const scenario::Scenario& scenario,
                            const QString& name);
/// With one NIC on `switch_name`; `address` may be empty.
Result<TextEdit> add_host(const QString& text, const scenario::Scenario& scenario,
                          const QString& name, scenario::Role role, const QString& switch_name,
                          const QString& address);
/// One more NIC of `host`, plugged into `switch_name`.
Result<TextEdit> add_cable(const QString& text, const scenario::Scenario& scenario,
                           const QString& host, const QString& switch_name, const QString& address);
/// A NIC of `host`, with its cable.
Result<TextEdit> remove_cable(const QString& text, const scenario::Scenario& scenario,
                              const QString& host, const QString& nic);
/// A host or a switch; what refers to it is then reported by the loader.
Result<TextEdit> remove_node(const QString& text, const scenario::Scenario& scenario,
                             const QString& name);

/// "node04": the first name like those of the scenario that is free.
QString free_name(const scenario::Scenario& scenario, bool is_switch);
/// An address that nobody has in the subnet of `switch_name`; empty if there is none.
QString free_address(const scenario::Scenario& scenario, const QString& switch_name);

struct Completion {
  QString word;  ///< "addresses: "
  QString doc;
};
/// What may stand at the end of `before`, the text up to the cursor: keys of the object that one is
/// in, or values of the key on the line. `scenario` (may be null) lends names of hosts and
/// switches.
std::vector<Completion> completions(const QString& before, const scenario::Scenario* scenario);

}  // namespace lvslab::gui
