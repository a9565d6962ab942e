#include "sim/compare/clock.h"

#include <algorithm>

namespace lvslab::compare {

TimeMap::TimeMap(std::vector<Knot> knots) : knots_{{}} {
  std::ranges::stable_sort(knots, [](const Knot& a, const Knot& b) { return a.sim < b.sim; });
  for (Knot knot : knots) {
    knot.real = std::max(knot.real, knots_.back().real);
    // What happens at one moment of the simulation may take a moment of the kernel: the last
    // counts.
    if (knot.sim == knots_.back().sim) {
      knots_.back() = knot;
    } else {
      knots_.push_back(knot);
    }
  }
}

SimTime TimeMap::to_real(SimTime sim) const {
  const auto after = std::ranges::upper_bound(knots_, sim, {}, &Knot::sim);
  if (after == knots_.begin()) return sim;
  const Knot& from = *std::prev(after);
  if (after == knots_.end()) return from.real + (sim - from.sim);
  const SimDuration passed = sim - from.sim;
  const SimDuration span = after->sim - from.sim;
  const SimDuration longer = (after->real - from.real) - span;
  // Microseconds times milliseconds: hours of both still fit.
  const std::int64_t share = longer.us() * passed.ms() / std::max<std::int64_t>(1, span.ms());
  return from.real + passed + SimDuration{share * 1'000};
}

}  // namespace lvslab::compare
