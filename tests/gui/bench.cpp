#include "tests/gui/bench.h"

#include <QTest>

#include "gui/models/words.h"
#include "sim/backend/sim_backend.h"
#include "sim/lab/loading.h"
#include "sim/trace/text.h"
#include "test_paths.h"

namespace lvslab::gui {
namespace {

Result<std::unique_ptr<lab::Backend>> simulator(const std::string& /*name*/) {
  return std::make_unique<backend::SimBackend>();
}

}  // namespace

Bench::Bench(const char* scenario) : play(simulator) {
  const auto loaded =
      lab::load_scenario(std::string(LVSLAB_SOURCE_DIR "/scenarios/") + scenario + ".yaml");
  play.open(loaded.value(), "simulator");
  settle();
}

bool Bench::settle() {
  return QTest::qWaitFor([this] { return !play.busy() && play.history().end() > 0; }, 10'000);
}

void Bench::step(Stride stride, int times) {
  for (int i = 0; i < times; ++i) {
    play.step(stride);
    settle();
  }
}

void Bench::to_end() {
  play.to_end();
  settle();
}

bool Bench::run_to(const char* reason, const char* host) {
  Until goal;
  goal.reason = reason_by_name(reason).value();
  goal.host = host;
  play.run_until(goal);
  settle();
  const RecordId focus = play.focus();
  return focus.valid() && play.trace()[focus].reason == goal.reason;
}

std::string Bench::sentence() const {
  return reason_sentence(play.trace(), play.trace()[play.focus()], Language::kEn);
}

void open_busy(Bench& bench, std::size_t records) {
  bench.to_end();
  while (bench.play.history().end() < records) {
    bench.play.type("client", "ab -n 500 -c 10 http://192.168.80.150/", false);
    bench.settle();
  }
}

}  // namespace lvslab::gui
