// Cables as text: what is drawn between two nodes is written where a person would write it, and
// nothing else of the file changes.
//
// Models: a NIC at a switch, two NICs with a cable between them (`peer`), uplinks of switches.
#pragma once

#include <QString>
#include <string>

#include "gui/models/block_text.h"

namespace lvslab::gui {

/// A cable between two nodes: hosts get one more NIC for it, with a free address on a switch whose
/// subnet is known. `scenario` is what `text` loads as. Errors: there are no such nodes, they are
/// one, two switches that are joined already, or the file is not written as a block.
Result<TextEdit> add_cable(const QString& text, const scenario::Scenario& scenario,
                           const QString& from, const QString& to);
/// A cable of `node`: of a host that of the NIC `end`, with the NIC (and the one at its other end);
/// of a switch that to the switch `end`.
Result<TextEdit> remove_cable(const QString& text, const scenario::Scenario& scenario,
                              const QString& node, const QString& end);
/// The switches at the other ends of the cables of `name`, a switch, by name.
QStringList neighbours_of_switch(const scenario::Scenario& scenario, const QString& name);

/// "- {name: eth0, addresses: 10.0.0.1/24, switch: lan}"; `address` may be empty.
QString nic_on_switch(const QString& name, const QString& switch_name, const QString& address);
/// An address that nobody has in the subnet of `switch_name`; empty if there is none.
QString free_address(const scenario::Scenario& scenario, const QString& switch_name);

}  // namespace lvslab::gui
