#include "tests/gui/window_bench.h"

#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSettings>

#include "gui/widgets/host_panel.h"
#include "sim/backend/sim_backend.h"
#include "test_paths.h"

namespace lvslab::gui {
namespace {

constexpr int kPatienceMs = 10'000;

}  // namespace

WindowOptions test_options() {
  return {.factory = [](const std::string&) -> Result<std::unique_ptr<lab::Backend>> {
            return std::make_unique<backend::SimBackend>();
          },
          .backends = {{"simulator", "Simulator"}},
          .compared = {"simulator", "simulator"},
          .scenario_folder = QStringLiteral(LVSLAB_SOURCE_DIR "/scenarios")};
}

WindowBench::WindowBench(const QString& scenario) {
  QSettings::setDefaultFormat(QSettings::IniFormat);
  QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings_.path());
  QSettings().setValue(QStringLiteral("language"), QStringLiteral("en"));
  QSettings().setValue(QStringLiteral("dark"), false);
  window_ = std::make_unique<MainWindow>(test_options());
  window_->show();
  window_->activateWindow();
  window_->open(scenario);
  settle();
}

WindowBench::~WindowBench() = default;

bool WindowBench::settle() {
  return QTest::qWaitFor([this] { return !play().busy() && play().history().end() > 0; },
                         kPatienceMs);
}

void WindowBench::press(Qt::Key key, Qt::KeyboardModifiers modifiers) {
  QTest::keyClick(window_.get(), key, modifiers);
  settle();
}

bool WindowBench::run_to(const char* reason, const char* host) {
  Until goal;
  goal.reason = *reason_by_name(reason);
  goal.host = host;
  play().run_until(goal);
  settle();
  const RecordId focus = play().focus();
  return focus.valid() && play().trace()[focus].reason == goal.reason;
}

QString WindowBench::type(const QString& host, const QString& line) {
  HostPanel* panel = window_->open_host(host);
  if (panel == nullptr) return {};
  QTest::keyClicks(panel->input(), line);
  QTest::keyClick(panel->input(), Qt::Key_Return);
  settle();
  return panel->output()->toPlainText();
}

}  // namespace lvslab::gui
