// What all parts of the simulated world share: time, pending events, frames in flight, chance.
// Hosts, links and switches live in their own rooms; sim/host joins them into one value.
#pragma once

#include "sim/base/prng.h"
#include "sim/base/time.h"
#include "sim/core/address_names.h"
#include "sim/core/event_queue.h"
#include "sim/core/frame_pool.h"

namespace lvslab {

struct World {
  SimTime now;
  EventQueue events;
  FramePool frames;
  Prng random{1};
  AddressNames names;  ///< of IPv6 addresses
};

}  // namespace lvslab
