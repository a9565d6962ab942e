// Pictures of the window for the documents: every view, in both languages, light and dark, in two
// sizes. `gui_shots FOLDER` writes them; docs/gui.md says how.
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QPushButton>
#include <QTabWidget>
#include <QToolButton>

#include "gui/models/compare_model.h"
#include "gui/widgets/console_view.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/main_window.h"
#include "gui/widgets/shell_panel.h"
#include "gui/widgets/theme.h"
#include "tests/gui/window_bench.h"

namespace {

using namespace lvslab;
using namespace lvslab::gui;

class Camera {
 public:
  Camera(WindowBench& bench, const QDir& folder, QString suffix)
      : bench_(bench), folder_(folder), suffix_(std::move(suffix)) {}

  void shoot(const QString& name) {
    QTest::qWait(600);  // until what moves has arrived
    const QString path =
        folder_.filePath(name + QLatin1Char('-') + suffix_ + QStringLiteral(".png"));
    const QImage image = bench_.window().grab().toImage().convertToFormat(QImage::Format_RGB32);
    image.save(path, "PNG", 0);  // smallest file
  }

 private:
  WindowBench& bench_;
  QDir folder_;
  QString suffix_;
};

// The backup has just taken over: its gratuitous ARPs are on their way.
void shoot_failover(WindowBench& bench, Camera& camera) {
  bench.window().open(QStringLiteral("ha-failover"));
  bench.settle();
  bench.run_to("vrrp-master-down", "node04");
  bench.window().open_host(QStringLiteral("node04"))->show_table(HostTable::kVrrp);
  bench.play().step(Stride::kFrame);
  bench.settle();
  camera.shoot(QStringLiteral("failover"));
}

// The real kernel's own shell, with a program that takes the whole screen.
void shoot_shell(WindowBench& bench, Camera& camera) {
  constexpr int kBootMs = 90'000;
  bench.window().open(QStringLiteral("dr-basic"));
  bench.settle();
  bench.window().tabs().setCurrentIndex(0);
  QComboBox& choice = bench.window().backend_choice();
  choice.setCurrentIndex(1);
  Q_EMIT choice.activated(1);
  if (!bench.settle(kBootMs)) return;
  bench.play().to_end();
  bench.settle(kBootMs);
  HostPanel* panel = bench.window().open_host(QStringLiteral("node01"));
  panel->show_table(HostTable::kConnections);
  panel->shell_choice()->click();
  QTest::qWait(1'000);
  QTest::keyClicks(&panel->shell()->view(), QStringLiteral("ipvsadm -ln\rip -c -br addr\r"));
  QTest::qWait(2'000);
  camera.shoot(QStringLiteral("shell"));
  choice.setCurrentIndex(0);
  Q_EMIT choice.activated(0);
  bench.settle();
}

// A file of a host in the editor that `vi` opens; the palette, and the handles of cables.
void shoot_drawing(WindowBench& bench, Camera& camera) {
  bench.window().action_of("draw").trigger();
  bench.type(QStringLiteral("node01"), QStringLiteral("vi /etc/hosts"));
  camera.shoot(QStringLiteral("drawing"));
  bench.window().action_of("draw").trigger();
}

void visit(const QDir& folder, Language language, bool dark, QSize size) {
  WindowBench bench;
  bench.window().resize(size);
  bench.window().set_language(language);
  bench.window().set_dark(dark);
  const QString suffix =
      QStringLiteral("%1-%2-%3")
          .arg(language == Language::kZh ? QStringLiteral("zh") : QStringLiteral("en"),
               dark ? QStringLiteral("dark") : QStringLiteral("light"))
          .arg(size.width());
  Camera camera(bench, folder, suffix);
  camera.shoot(QStringLiteral("start"));
  bench.window().show_start(true);
  camera.shoot(QStringLiteral("lessons"));
  bench.window().show_start(false);
  bench.run_to("arp-ignored", "node02");
  camera.shoot(QStringLiteral("arp"));
  // The third request: by then no ARP stands between the director's decision and the packet.
  Until rewrite{.filter =
                    PacketFilter::compile("tcp[tcpflags] == tcp-syn and ip[8] == 63").value()};
  rewrite.host = "node01";
  for (int request = 0; request < 3; ++request) {
    bench.play().run_until(rewrite);
    bench.settle();
  }
  camera.shoot(QStringLiteral("rewrite"));
  bench.window().tabs().setCurrentIndex(1);
  camera.shoot(QStringLiteral("ladder"));
  bench.window().open_host(QStringLiteral("node01"))->show_table(HostTable::kServices);
  bench.play().to_end();
  bench.settle();
  bench.type(QStringLiteral("node01"), QStringLiteral("ipvsadm -ln"));
  camera.shoot(QStringLiteral("host"));
  bench.play().check();
  bench.settle();
  camera.shoot(QStringLiteral("checked"));
  bench.window().tabs().setCurrentIndex(3);
  bench.window().tabs().widget(3)->findChild<QPushButton*>()->click();
  CompareModel& compared = bench.window().compare_model();
  const bool done = QTest::qWaitFor([&] { return !compared.busy() && compared.runs(); }, 120'000);
  if (done) camera.shoot(QStringLiteral("compare"));
  bench.window().open(QStringLiteral("dr-server-dead"));
  bench.settle();
  bench.play().to_end();
  bench.settle();
  bench.window().tabs().setCurrentIndex(0);
  camera.shoot(QStringLiteral("dead"));
  bench.window().open(QStringLiteral("dr-without-arp-hiding"));
  bench.settle();
  bench.run_to("arp-replied", "node02");  // for the VIP, which the director has, too
  camera.shoot(QStringLiteral("doubled"));
  shoot_failover(bench, camera);
  bench.window().open(QStringLiteral("dr-across-router"));
  bench.settle();
  bench.window().tabs().setCurrentIndex(2);
  camera.shoot(QStringLiteral("editor"));
  shoot_drawing(bench, camera);
  // The same lab as those see it who have only its capture.
  bench.play().to_end();
  bench.settle();
  const QTemporaryDir captures;
  const QString capture = captures.filePath(QStringLiteral("dr-across-router.pcapng"));
  bench.window().export_capture(capture);
  bench.window().open(capture);
  bench.play().run_until(rewrite);
  camera.shoot(QStringLiteral("recording"));
  shoot_shell(bench, camera);
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("lvslab-shots"));
  const QDir folder(argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral("shots"));
  folder.mkpath(QStringLiteral("."));
  const bool quick = argc > 2;
  visit(folder, Language::kEn, false, QSize(1280, 800));
  if (quick) return 0;
  visit(folder, Language::kZh, true, QSize(1280, 800));
  visit(folder, Language::kEn, true, QSize(1920, 1080));
  visit(folder, Language::kZh, false, QSize(1920, 1080));
  return 0;
}
