#include "sim/fuzz/shrink.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include "sim/fuzz/parts.h"
#include "sim/scenario/writer.h"

namespace lvslab::fuzz {

using namespace literals;
using scenario::Run;
using scenario::Scenario;

namespace {

class Shrinker {
 public:
  Shrinker(const Scenario& scenario, Judge& judge, std::uint32_t most)
      : best_(scenario), judge_(judge), most_(most) {
    asked_about_.insert(scenario::to_yaml(scenario));
  }

  Shrunk shrink() {
    for (bool smaller = true; smaller && !spent();) {
      smaller = false;
      for (std::size_t k = 0; k < static_cast<std::size_t>(PartKind::kCount); ++k) {
        smaller |= reduce(static_cast<PartKind>(k));
      }
    }
    simplify_cables();
    simplify_times();
    simplify_repetitions();
    simplify_macs();
    return {std::move(best_), asked_, !spent()};
  }

 private:
  bool spent() const { return asked_ >= most_; }

  /// Takes `candidate` if it still differs.
  bool try_out(Scenario candidate) {
    if (spent() || candidate.hosts.empty() ||
        !asked_about_.insert(scenario::to_yaml(candidate)).second)
      return false;
    ++asked_;
    if (!judge_.still_differs(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  /// ddmin for the parts of one kind: takes out all, halves, quarters, … down to single ones.
  bool reduce(PartKind kind) {
    bool smaller = false;
    std::vector<Part> parts = parts_of(best_, kind);
    for (std::size_t chunk = parts.size(); chunk > 0 && !spent();) {
      bool taken = false;
      // From the back: what happens last depends on what was before, not the other way round.
      for (std::size_t end = parts.size(); end > 0 && !spent();) {
        const std::size_t begin = end - std::min(end, chunk);
        if (try_out(without(best_, std::span(parts).subspan(begin, end - begin)))) {
          taken = true;
          parts = parts_of(best_, kind);
        }
        end = std::min(begin, parts.size());
      }
      smaller |= taken;
      if (parts.empty() || (chunk == 1 && !taken)) break;
      chunk = std::min((chunk + 1) / 2, parts.size());
    }
    return smaller;
  }

  /// Cables as a scenario has them if it says nothing: all of them, else one by one.
  void simplify_cables() {
    Scenario plain = best_;
    for (scenario::Switch& sw : plain.switches) sw.link = {};
    for (scenario::Host& host : plain.hosts) {
      for (scenario::Nic& nic : host.nics) nic.link = {};
    }
    if (plain == best_ || try_out(std::move(plain))) return;
    for (std::size_t h = 0; h < best_.hosts.size(); ++h) {
      for (std::size_t n = 0; n < best_.hosts[h].nics.size(); ++n) {
        Scenario candidate = best_;
        scenario::LinkProperties& link = candidate.hosts[h].nics[n].link;
        for (const SimDuration delay : {1_ms, SimDuration{link.delay.ms() * 1'000'000}}) {
          link.delay = delay;
          if (candidate == best_ || try_out(candidate)) break;
        }
      }
    }
  }

  void simplify_times() {
    for (std::size_t i = 0; i < best_.timeline.size(); ++i) {
      const auto after = best_.timeline[i].after;
      if (!after) continue;
      Scenario candidate = best_;
      candidate.timeline[i].after.reset();
      if (try_out(candidate)) continue;
      for (const SimDuration round : {1_s, SimDuration{after->seconds() * 1'000'000'000}}) {
        candidate.timeline[i].after = round;
        if (candidate == best_ || try_out(candidate)) break;
      }
    }
  }

  /// `seq 1 6` → `seq 1 1`, `ping -c 3` → `ping -c 1`, and the like.
  void simplify_repetitions() {
    for (std::size_t i = 0; i < best_.timeline.size(); ++i) {
      const Run* const run = std::get_if<Run>(&best_.timeline[i].action);
      const std::size_t lines = run == nullptr ? 0 : run->lines.size();
      for (std::size_t l = 0; l < lines; ++l) {
        for (const std::string_view before : {"seq 1 ", " -c ", " -n "}) lower(i, l, before);
      }
    }
  }

  /// The smallest of 1, 2, 3 and half of it in place of the number behind `before`.
  void lower(std::size_t item, std::size_t line, std::string_view before) {
    const std::string text = std::get<Run>(best_.timeline[item].action).lines[line].text;
    const std::size_t found = text.find(before);
    if (found == std::string::npos) return;
    const std::size_t at = found + before.size();
    int number = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error != std::errc{}) return;
    const std::string rest(end, text.data() + text.size());
    for (const int less : {1, 2, 3, number / 2}) {
      if (less >= number) continue;
      Scenario candidate = best_;
      std::get<Run>(candidate.timeline[item].action).lines[line].text =
          text.substr(0, at) + std::to_string(less) + rest;
      if (try_out(std::move(candidate))) return;
    }
  }

  /// The addresses that NICs have by their place, which need not be written.
  void simplify_macs() {
    Scenario candidate = best_;
    for (std::size_t h = 0; h < candidate.hosts.size(); ++h) {
      for (std::size_t n = 0; n < candidate.hosts[h].nics.size(); ++n) {
        candidate.hosts[h].nics[n].mac = scenario::default_mac(h, n);
      }
    }
    if (candidate != best_) try_out(std::move(candidate));
  }

  Scenario best_;
  Judge& judge_;
  std::uint32_t most_, asked_ = 0;
  std::set<std::string> asked_about_;
};

}  // namespace

Shrunk shrink(const Scenario& scenario, Judge& judge, std::uint32_t most) {
  return Shrinker(scenario, judge, most).shrink();
}

}  // namespace lvslab::fuzz
