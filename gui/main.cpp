// lvslab-gui: the window. The only file of the GUI that knows which backends there are.
#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>
#include <QSettings>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "gui/widgets/main_window.h"
#include "kernel-backend/kernel_backend.h"
#include "kernel-backend/uml_kernel.h"
#include "sim/backend/sim_backend.h"

namespace {

using namespace lvslab;

Result<std::unique_ptr<lab::Backend>> make_backend(const std::string& name) {
  if (name == "simulator") return std::make_unique<backend::SimBackend>();
  // Timers that fire as late as those of the kernel that it is compared with.
  if (name == "simulator-at-100-hz") {
    return std::make_unique<backend::SimBackend>(SimDuration{10'000'000});
  }
  if (name == "kernel") {
    return std::make_unique<kernel::KernelBackend>(
        [](const kernel::KernelBackend::Wanted& wanted) -> Result<std::unique_ptr<kernel::Kernel>> {
          return kernel::UmlKernel::boot({.seed = wanted.seed, .ipv6 = wanted.ipv6});
        });
  }
  return fail("there is no backend '" + name + "'");
}

QString scenario_folder() {
  const QString given = qEnvironmentVariable("LVSLAB_SCENARIOS");
  return given.isEmpty() ? QStringLiteral(LVSLAB_SCENARIO_DIR) : given;
}

// Qt ends a program that finds no screen with an abort; say it in words, and what to do.
void tell_no_display(QtMsgType type, const QMessageLogContext& /*context*/, const QString& text) {
  if (type != QtFatalMsg) return;
  std::fputs(
      "lvslab-gui: there is no display to open the window on.\n"
      "  On a machine with a screen, run it in a terminal of the desktop; over ssh: ssh -X.\n"
      "  The command line needs none: ./lvslab step dr-basic, or ./lvslab --help.\n",
      stderr);
  std::fprintf(stderr, "  Qt says: %s\n", qPrintable(text.section(u'\n', 0, 0)));
  std::_Exit(2);
}

// As large as it was asked to be (View menu), for a projector; the environment has the last word.
void take_size() {
  const int percent = QSettings().value(QStringLiteral("size"), 100).toInt();
  if (percent == 100 || qEnvironmentVariableIsSet("QT_SCALE_FACTOR")) return;
  qputenv("QT_SCALE_FACTOR", QByteArray::number(percent / 100.0));
}

// Help can be read without a screen.
bool wants_words_only(int argc, char** argv) {
  constexpr auto kWords = std::to_array<std::string_view>({"-h", "--help", "-v", "--version"});
  return std::ranges::any_of(std::span(argv, static_cast<std::size_t>(argc)), [&](const char* a) {
    return std::ranges::find(kWords, std::string_view(a)) != kWords.end();
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (wants_words_only(argc, argv)) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication::setOrganizationName(QStringLiteral("lvslab"));  // where settings are looked for
  QApplication::setApplicationName(QStringLiteral("lvslab-gui"));
  take_size();
  const QtMessageHandler usual = qInstallMessageHandler(tell_no_display);
  QApplication app(argc, argv);
  qInstallMessageHandler(usual);
  QApplication::setApplicationVersion(QStringLiteral(LVSLAB_VERSION));
  QCommandLineParser parser;
  parser.setApplicationDescription(QCoreApplication::translate(
      "main", "Watch a Linux Virtual Server lab, ask why, type, break it."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(
      QStringLiteral("FILE"),
      QCoreApplication::translate("main", "scenario file, or the name of a shipped one"),
      QStringLiteral("[FILE]"));
  parser.process(app);

  gui::MainWindow window({.factory = make_backend,
                          .backends = {{"simulator", QT_TRANSLATE_NOOP("Backend", "Simulator")},
                                       {"kernel", QT_TRANSLATE_NOOP("Backend", "Real kernel")}},
                          .compared = {"simulator-at-100-hz", "kernel"},
                          .scenario_folder = scenario_folder()});
  window.show();
  const QStringList files = parser.positionalArguments();
  if (files.isEmpty()) {
    window.open_first();
  } else {
    window.open(files.front());
  }
  return QApplication::exec();
}
