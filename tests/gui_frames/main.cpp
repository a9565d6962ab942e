// How smooth the drawing moves with many hosts, and how soon a lab is there: `gui_frames [HOSTS]`.
// Opens a lab in which one host asks all others for an address again and again, plays it, and
// counts what each picture of the moving packets costs. Exit status 1 if one in a hundred takes
// longer than 60 a second leave time for, or if the first lab took too long to open.
#include <fmt/format.h>
#include <unistd.h>
#include <ctime>

#include <QEvent>
#include <QFile>
#include <algorithm>

#include "gui/widgets/main_window.h"
#include "gui/widgets/topology_view.h"
#include "tests/gui/window_bench.h"

namespace {

using namespace lvslab;
using namespace lvslab::gui;

constexpr int kSteps = 120, kDefaultHosts = 60;
constexpr double kMostFrameMs = 1'000.0 / 60, kMostStartMs = 2'000;

double clock_ms(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Milliseconds on the clock since this process began, from /proc/self/stat (in steps of 10 ms).
double since_start_ms() {
  QFile file(QStringLiteral("/proc/self/stat"));
  if (!file.open(QIODevice::ReadOnly)) return 0;
  // The fields after the name, which is in brackets; the 22nd of all is the start time.
  const QByteArray stat = file.readAll();
  const QList<QByteArray> fields = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
  const double began =
      fields.value(19).toDouble() * 1e3 / static_cast<double>(sysconf(_SC_CLK_TCK));
  return clock_ms(CLOCK_BOOTTIME) - began;
}

/// A client, a switch, and as many hosts as there is to be room for.
QByteArray lab_of(int hosts) {
  QByteArray yaml = "title: Many hosts\nswitches:\n  - name: lan\nhosts:\n";
  for (int i = 0; i < hosts; ++i) {
    yaml += fmt::format(
        "  - name: h{0}\n    role: {1}\n    nics:\n"
        "      - {{addresses: 10.0.0.{0}/24, switch: lan}}\n",
        i + 1,
        i == 0   ? "client"
        : i == 1 ? "director"
                 : "real_server");
  }
  yaml += "timeline:\n";
  for (int i = 1; i < hosts; ++i)
    yaml += fmt::format("  - on: h1\n    run: ping -c 1 h{}\n", i + 1);
  return yaml;
}

/// What it costs from one painting of a widget to the next.
class Painted : public QObject {
 public:
  void begin_flight() { last_ = -1; }
  const std::vector<double>& costs() const { return costs_; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Paint) {
      const double now = clock_ms(CLOCK_THREAD_CPUTIME_ID);
      if (last_ >= 0) costs_.push_back(now - last_);
      last_ = now;
    }
    return QObject::eventFilter(watched, event);
  }

 private:
  double last_ = -1;
  std::vector<double> costs_;
};

double percentile(std::vector<double> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[(values.size() - 1) * percent / 100];
}

}  // namespace

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("lvslab-frames"));
  WindowBench bench;
  QCoreApplication::processEvents();  // the first picture
  const double start_ms = since_start_ms();

  const int hosts = std::clamp(argc > 1 ? QByteArray(argv[1]).toInt() : kDefaultHosts, 2, 250);
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("many.yaml"));
  QFile file(path);
  if (!file.open(QIODevice::WriteOnly)) return 2;
  file.write(lab_of(hosts));
  file.close();
  bench.window().resize(1'920, 1'080);
  bench.window().open(path);
  if (!bench.settle()) return 2;
  Painted painted;
  bench.window().topology().viewport()->installEventFilter(&painted);
  const double clock_begin = clock_ms(CLOCK_MONOTONIC);
  for (int i = 0; i < kSteps; ++i) {
    bench.play().step(Stride::kEvent);
    bench.settle();
    painted.begin_flight();
    QTest::qWait(260);  // as long as a packet flies when one steps
  }
  const double seconds = (clock_ms(CLOCK_MONOTONIC) - clock_begin) / 1e3;
  const double p99 = percentile(painted.costs(), 99);
  fmt::print(
      "start: first lab ready after {:.0f} ms\n"
      "{} hosts: {} pictures of moving packets in {:.1f} s, processor time p50 {:.1f} ms, p99 "
      "{:.1f} "
      "ms, slowest {:.1f} ms\n",
      start_ms, hosts, painted.costs().size(), seconds, percentile(painted.costs(), 50), p99,
      percentile(painted.costs(), 100));
  return p99 <= kMostFrameMs && start_ms <= kMostStartMs && !painted.costs().empty() ? 0 : 1;
}
