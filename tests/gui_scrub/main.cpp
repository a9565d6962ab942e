// How long the window takes to show another moment of a long run, and how much memory it holds:
// `gui_scrub [RECORDS]`. Drags the time line of a window with every view open to moments at random
// and waits each time until all is drawn. Exit status 1 if it takes longer or holds more than a
// student should bear.
#include <fmt/format.h>
#include <ctime>

#include <QFile>
#include <QRandomGenerator>
#include <QTabWidget>
#include <algorithm>

#include "gui/widgets/event_panel.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/main_window.h"
#include "gui/widgets/topology_view.h"
#include "tests/gui/window_bench.h"

namespace {

using namespace lvslab;
using namespace lvslab::gui;

constexpr int kMoves = 400;
constexpr double kMostMs = 50, kMostMib = 300;

/// Processor time of this thread in milliseconds: what a move costs on a machine that is not busy
/// with something else.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Resident memory in MiB, from /proc/self/status.
double resident_mib() {
  QFile status(QStringLiteral("/proc/self/status"));
  if (!status.open(QIODevice::ReadOnly)) return 0;
  for (const QByteArray& line : status.readAll().split('\n')) {
    if (line.startsWith("VmRSS:"))
      return line.mid(6).trimmed().split(' ').front().toDouble() / 1024;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("lvslab-scrub"));
  const auto wanted = static_cast<Position>(argc > 1 ? QByteArray(argv[1]).toUInt() : 100'000);
  WindowBench bench;
  PlayModel& play = bench.play();
  bench.window().topology().set_reduced_motion(true);
  play.to_end();
  bench.settle();
  while (play.history().end() < wanted) {
    play.type("client", "ab -n 300 -c 10 http://192.168.80.150/", false);
    bench.settle();
  }
  bench.window().open_host(QStringLiteral("node01"));
  bench.window().tabs().setCurrentIndex(0);
  QRandomGenerator random(1);
  std::vector<double> times;
  for (int i = 0; i < kMoves; ++i) {
    const Position to = play.start() + random.bounded(play.history().end() - play.start());
    const double begin = cpu_ms();
    play.go_to(to);
    QCoreApplication::processEvents();  // what changed is drawn
    times.push_back(cpu_ms() - begin);
  }
  std::ranges::sort(times);
  const double p99 = times[times.size() * 99 / 100];
  const double mib = resident_mib();
  fmt::print(
      "{} records: scrub p50 {:.1f} ms, p99 {:.1f} ms, slowest {:.1f} ms; resident {:.0f} MiB\n",
      play.history().end(), times[times.size() / 2], p99, times.back(), mib);
  return p99 <= kMostMs && mib <= kMostMib ? 0 : 1;
}
