#include "tests/gui/window_bench.h"

#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSettings>

#include "gui/widgets/host_panel.h"
#include "kernel-backend/kernel_backend.h"
#include "kernel-backend/uml_kernel.h"
#include "sim/backend/sim_backend.h"
#include "test_paths.h"

namespace lvslab::gui {
namespace {

Result<std::unique_ptr<lab::Backend>> make_backend(const std::string& name) {
  if (name == "simulator") return std::make_unique<backend::SimBackend>();
  if (name == "simulator-at-100-hz") {
    return std::make_unique<backend::SimBackend>(SimDuration{10'000'000});
  }
  return std::make_unique<kernel::KernelBackend>(
      [](const kernel::KernelBackend::Wanted& wanted) -> Result<std::unique_ptr<kernel::Kernel>> {
        return kernel::UmlKernel::boot({.seed = wanted.seed, .ipv6 = wanted.ipv6});
      });
}

}  // namespace

WindowOptions test_options() {
  return {.factory = make_backend,
          .backends = {{"simulator", "Simulator"}, {"kernel", "Real kernel"}},
          .compared = {"simulator-at-100-hz", "kernel"},
          .scenario_folder = QStringLiteral(LVSLAB_SOURCE_DIR "/scenarios")};
}

WindowBench::WindowBench(const QString& scenario, WindowOptions options) {
  QSettings::setDefaultFormat(QSettings::IniFormat);
  QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings_.path());
  QSettings().setValue(QStringLiteral("language"), QStringLiteral("en"));
  QSettings().setValue(QStringLiteral("dark"), false);
  window_ = std::make_unique<MainWindow>(std::move(options));
  window_->show();
  window_->activateWindow();
  window_->open(scenario);
  settle();
}

WindowBench::~WindowBench() = default;

bool WindowBench::settle(int patience_ms) {
  return QTest::qWaitFor([this] { return !play().busy() && play().history().end() > 0; },
                         patience_ms);
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
