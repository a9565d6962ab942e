// sleep(1): ends after a given simulated time.
#pragma once

#include "sim/apps/app_io.h"

namespace lvslab::apps {

struct Sleep {
  SimDuration duration;

  void start(Step& step, AppIo& io) {
    if (duration.ns <= 0) {
      io.exit(step, 0);
    } else {
      io.set_timer(step, step.now() + duration);
    }
  }
  void on_timer(Step& step, AppIo& io) { io.exit(step, 0); }
};

}  // namespace lvslab::apps
