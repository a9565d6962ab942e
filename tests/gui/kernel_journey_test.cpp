// The window on a real kernel: the backend switched, the real tools typed, both sides compared.
#include <gmock/gmock.h>

#include <QComboBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QToolButton>
#include <algorithm>

#include "gui/models/compare_model.h"
#include "gui/widgets/console_view.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/shell_panel.h"
#include "kernel-backend/uml_kernel.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

using testing::HasSubstr;

constexpr int kBootMs = 90'000;

/// Why no kernel can be booted here; empty if one can.
std::string no_kernel() {
  const auto kernel = kernel::UmlKernel::boot({});
  return kernel ? "" : kernel.error().to_string();
}

TEST(KernelJourney, TheSameLabRunsOnTheRealKernelAndBack) {
  if (const std::string why = no_kernel(); !why.empty()) GTEST_SKIP() << why;
  WindowBench bench;
  QComboBox& choice = bench.window().backend_choice();
  choice.setCurrentIndex(1);
  Q_EMIT choice.activated(1);
  ASSERT_TRUE(bench.settle(kBootMs));
  EXPECT_EQ(bench.play().backend(), "kernel");
  bench.play().to_end();
  ASSERT_TRUE(bench.settle(kBootMs));
  EXPECT_GT(bench.play().history().end(), 300U) << "what was captured is in the trace";
  EXPECT_THAT(bench.type(QStringLiteral("node01"), QStringLiteral("uname -r; ipvsadm -ln"))
                  .simplified()
                  .toStdString(),
              HasSubstr("-> 192.168.80.204:80 Route 1 0 3"));
  const Position end = bench.play().position();
  bench.press(Qt::Key_Left);
  EXPECT_LT(bench.play().position(), end) << "going back needs no kernel that can";

  choice.setCurrentIndex(0);
  Q_EMIT choice.activated(0);
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.play().backend(), "simulator");
  EXPECT_TRUE(bench.play().capabilities().reasons);
}

/// What a host's shell shows.
QString shown(const ScreenModel& screen) {
  QString text;
  for (int i = 0; i < screen.lines(); ++i) text += screen.line_text(i) + u'\n';
  return text;
}

TEST(KernelJourney, AHostsShellTakesKeysAndWholeScreens) {
  if (const std::string why = no_kernel(); !why.empty()) GTEST_SKIP() << why;
  WindowBench bench;
  QComboBox& choice = bench.window().backend_choice();
  HostPanel* panel = bench.window().open_host(QStringLiteral("node01"));
  EXPECT_FALSE(panel->shell_choice()->isVisible()) << "a simulated host has no terminal";
  choice.setCurrentIndex(1);
  Q_EMIT choice.activated(1);
  ASSERT_TRUE(bench.settle(kBootMs));
  bench.play().to_end();
  ASSERT_TRUE(bench.settle(kBootMs));
  panel = bench.window().open_host(QStringLiteral("node01"));
  ASSERT_TRUE(panel->shell_choice()->isVisible());
  panel->shell_choice()->click();
  ASSERT_NE(panel->shell(), nullptr);
  ScreenModel& screen = panel->shell()->screen();
  const auto shows = [&](const char* text) {
    return QTest::qWaitFor([&] { return shown(screen).contains(QLatin1String(text)); }, kBootMs);
  };
  ASSERT_TRUE(shows("[root@node01 ~]#")) << shown(screen).toStdString();
  QTest::keyClicks(&panel->shell()->view(), QStringLiteral("echo $((6 * 7)); tput lines\r"));
  EXPECT_TRUE(shows("42\n")) << shown(screen).toStdString();
  EXPECT_TRUE(shows(QByteArray::number(screen.rows()).constData())) << shown(screen).toStdString();
  QTest::keyClicks(&panel->shell()->view(), QStringLiteral("less /etc/hosts\r"));
  EXPECT_TRUE(shows("192.168.80.201"));
  EXPECT_FALSE(shown(screen).contains(QLatin1String("tput"))) << "less has the screen alone";
  QTest::keyClicks(&panel->shell()->view(), QStringLiteral("q"));
  EXPECT_TRUE(shows("tput"));
  const SimTime before = bench.play().now();
  panel->shell()->view().setFocus();
  QTest::keyClicks(&panel->shell()->view(), QStringLiteral("sleep 2; echo a${X}woke\r"));
  EXPECT_TRUE(shows("awoke\n")) << "time passes while the shell has the keyboard";
  EXPECT_GE((bench.play().now() - before).ns, 2'000'000'000);
  EXPECT_TRUE(bench.play().at_end());
  QTest::keyClicks(&panel->shell()->view(), QStringLiteral("exit\r"));
  EXPECT_TRUE(shows("exit\n"));
  EXPECT_THAT(panel->output()->toPlainText().toStdString(), HasSubstr("echo $((6 * 7))"))
      << "the lines tell it, too";
  EXPECT_THAT(panel->output()->toPlainText().toStdString(), testing::Not(HasSubstr("\x1b")));
}

TEST(KernelJourney, ComparingDrBasicFindsNoDifference) {
  if (const std::string why = no_kernel(); !why.empty()) GTEST_SKIP() << why;
  WindowBench bench;
  bench.window().tabs().setCurrentIndex(3);
  QTest::mouseClick(bench.window().tabs().widget(3)->findChild<QPushButton*>(), Qt::LeftButton);
  CompareModel& model = bench.window().compare_model();
  ASSERT_TRUE(QTest::qWaitFor([&] { return !model.busy() && model.runs() != nullptr; }, kBootMs));
  EXPECT_EQ(model.rowCount(), 0) << model.verdict().toStdString();
  EXPECT_THAT(model.verdict().toStdString(), HasSubstr("No difference"));
  ASSERT_GT(model.runs()->rows.size(), 40U);
  const auto alone = std::ranges::count_if(model.runs()->rows, [](const ComparedRow& row) {
    return !row.left || !row.right || row.differs;
  });
  EXPECT_EQ(alone, 0) << "rows of one side only";
}

}  // namespace
}  // namespace lvslab::gui
