// Words that may follow at a place of a scenario file, from the same table of keys that the loader
// reads by.
#pragma once

#include <QString>
#include <vector>

#include "sim/scenario/model.h"

namespace lvslab::gui {

struct Completion {
  QString word;  ///< "addresses: "
  QString doc;
};
/// What may stand at the end of `before`, the text up to the cursor: keys of the object that one is
/// in, or values of the key on the line. `scenario` (may be null) lends names of hosts and
/// switches.
std::vector<Completion> completions(const QString& before, const scenario::Scenario* scenario);

}  // namespace lvslab::gui
