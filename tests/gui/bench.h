// A PlayModel on the simulator for tests of models: opened, stepped and waited for.
#pragma once

#include <QString>

#include "gui/models/play_model.h"

namespace lvslab::gui {

class Bench {
 public:
  explicit Bench(const char* scenario = "dr-basic");

  PlayModel play;

  /// Until the worker has nothing to do. False after ten seconds.
  bool settle();
  void step(Stride stride = Stride::kFrame, int times = 1);
  void to_end();
  /// To the next decision of this reason at `host`; false if it never comes.
  bool run_to(const char* reason, const char* host);
  std::string sentence() const;  ///< of the record in focus
};

/// An hour of a busy web service, so to say: a trace of at least `records` records.
void open_busy(Bench& bench, std::size_t records);

}  // namespace lvslab::gui
