// Writing a lab in the window: files of hosts, drawing, undo, saving, what outlives a crash.
#include <gmock/gmock.h>

#include <QAction>
#include <QContextMenuEvent>
#include <QDropEvent>
#include <QFile>
#include <QFileInfo>
#include <QLineEdit>
#include <QLineF>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUrl>

#include "gui/models/words.h"
#include "gui/widgets/file_panel.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/palette_bar.h"
#include "gui/widgets/scenario_editor.h"
#include "gui/widgets/topology_view.h"
#include "test_paths.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

using testing::HasSubstr;

// --- vi ------------------------------------------------------------------------------------------

FilePanel* vi(WindowBench& bench, const QString& host, const QString& path) {
  bench.type(host, QStringLiteral("vi ") + path);
  return bench.window().open_host(host)->file();
}

TEST(Vi, OpensTheFileOfAHostAndWritesItBack) {
  WindowBench bench(QStringLiteral("ha-failover"));
  const QString node = QStringLiteral("node01");
  const QString path = QStringLiteral("/etc/keepalived/keepalived.conf");
  bench.press(Qt::Key_End);
  FilePanel* file = vi(bench, node, path);
  ASSERT_NE(file, nullptr);
  ASSERT_TRUE(file->isVisible());
  EXPECT_THAT(file->text()->toPlainText().toStdString(), HasSubstr("vrrp_instance"));
  QTest::keyClicks(file->text(), QStringLiteral("# fwn? 'mine'\\t\t"));
  QTest::keyClick(file->text(), Qt::Key_Return);
  EXPECT_TRUE(bench.window().open_host(node)->has_unsaved_file());
  QTest::keyClick(file->text(), Qt::Key_S, Qt::ControlModifier);
  ASSERT_TRUE(bench.settle());
  EXPECT_FALSE(bench.window().open_host(node)->has_unsaved_file());
  QTest::keyClick(file->text(), Qt::Key_Escape);
  EXPECT_FALSE(file->isVisible());
  const QString shown = bench.type(node, QStringLiteral("head -n 2 ") + path);
  EXPECT_THAT(shown.toStdString(), HasSubstr("\n# fwn? 'mine'\\t\t\n"));
}

TEST(Vi, BeginsAFileThatIsNotThere) {
  WindowBench bench;
  const QString node = QStringLiteral("node01");
  FilePanel* file = vi(bench, node, QStringLiteral("/root/notes"));
  ASSERT_NE(file, nullptr);
  EXPECT_TRUE(file->text()->toPlainText().isEmpty());
  QTest::keyClicks(file->text(), QStringLiteral("remember"));
  QTest::keyClick(file->text(), Qt::Key_S, Qt::ControlModifier);
  bench.settle();
  QTest::keyClick(file->text(), Qt::Key_Escape);
  EXPECT_THAT(bench.type(node, QStringLiteral("cat /root/notes")).toStdString(),
              HasSubstr("cat /root/notes\nremember"));
}

TEST(Vi, ThrowsChangesAwayOnlyWhenAskedTwice) {
  WindowBench bench;
  FilePanel* file = vi(bench, QStringLiteral("node01"), QStringLiteral("/etc/hosts"));
  ASSERT_NE(file, nullptr);
  QTest::keyClicks(file->text(), QStringLiteral("x"));
  QTest::keyClick(file->text(), Qt::Key_Escape);
  EXPECT_TRUE(file->isVisible()) << "the first Esc warns";
  QTest::keyClick(file->text(), Qt::Key_Escape);
  EXPECT_FALSE(file->isVisible());
  EXPECT_THAT(bench.type(QStringLiteral("node01"), QStringLiteral("cat /etc/hosts")).toStdString(),
              testing::Not(HasSubstr("x127")));
}

TEST(Vi, KeepsWhatWasNotWrittenWhenTheLabBeginsAnew) {
  WindowBench bench;
  const QString node = QStringLiteral("node01"), path = QStringLiteral("/etc/hosts");
  FilePanel* file = vi(bench, node, path);
  ASSERT_NE(file, nullptr);
  QTest::keyClicks(file->text(), QStringLiteral("half a thought "));
  bench.window().open(QStringLiteral("dr-server-dead"));
  ASSERT_TRUE(bench.settle());
  file = vi(bench, node, path);
  EXPECT_THAT(file->text()->toPlainText().toStdString(), testing::Not(HasSubstr("thought")))
      << "it is another lab's";
  bench.window().open(QStringLiteral("dr-basic"));
  ASSERT_TRUE(bench.settle());
  file = vi(bench, node, path);
  EXPECT_THAT(file->text()->toPlainText().toStdString(), HasSubstr("half a thought "));
  EXPECT_TRUE(bench.window().open_host(node)->has_unsaved_file());
}

TEST(Vi, AFolderIsRefusedInWords) {
  WindowBench bench;
  vi(bench, QStringLiteral("node01"), QStringLiteral("/etc"));
  EXPECT_EQ(bench.window().open_host(QStringLiteral("node01"))->file(), nullptr);
}

// --- drawing -------------------------------------------------------------------------------------

/// A lab of one's own, with comments.
class Drawing : public testing::Test {
 protected:
  void SetUp() override {
    path_ = folder_.filePath(QStringLiteral("mine.yaml"));
    ASSERT_TRUE(window().start_new(path_));
    bench_.settle();
  }
  MainWindow& window() { return bench_.window(); }
  QString text() { return window().editor().text()->toPlainText(); }
  QStringList nodes() { return window().topology().places().keys(); }
  void drop(const QString& kind, const QPointF& scene) {
    QMimeData what;
    what.setData(QString::fromLatin1(PaletteBar::kMime), kind.toLatin1());
    const QPointF at = window().topology().mapFromScene(scene);
    QWidget* canvas = window().topology().viewport();
    QDragEnterEvent enter(at.toPoint(), Qt::CopyAction, &what, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(canvas, &enter);
    EXPECT_TRUE(enter.isAccepted());
    QDropEvent event(at, Qt::CopyAction, &what, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(canvas, &event);
    bench_.settle();
  }
  QPoint on_screen(const QString& node, QPointF off = {}) {
    return window().topology().mapFromScene(window().topology().places().value(node) + off);
  }
  /// With the mouse, from the handle of `node` to the middle of `other`.
  void pull(const QString& node, const QString& other) {
    window().topology().fit();
    ASSERT_TRUE(nodes().contains(node) && nodes().contains(other));
    QWidget* canvas = window().topology().viewport();
    QPoint from = on_screen(node);
    // The handle stands at the right edge of the card, which is found from outside in.
    for (QPoint at = from + QPoint(400, 0); at.x() > from.x(); at.rx() -= 1) {
      if (window().topology().itemAt(at) != window().topology().itemAt(from)) continue;
      from = at - QPoint(6, 0);
      break;
    }
    const QPoint to = on_screen(other);
    QTest::mousePress(canvas, Qt::LeftButton, {}, from);
    for (int i = 1; i <= 4; ++i) {
      QMouseEvent move(QEvent::MouseMove, QPointF(from + (to - from) * i / 4),
                       canvas->mapToGlobal(QPointF(from + (to - from) * i / 4)), Qt::LeftButton,
                       Qt::LeftButton, Qt::NoModifier);
      QApplication::sendEvent(canvas, &move);
    }
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, to);
    bench_.settle();
  }
  /// An entry of a submenu of the context menu of `node`.
  void choose(const QString& node, const QString& menu, const QString& entry) {
    Q_EMIT window().topology().menu_wanted(node, QPoint(10, 10));
    QAction* chosen = nullptr;
    for (QMenu* one : window().findChildren<QMenu*>()) {
      if (one->title() != menu) continue;
      for (QAction* action : one->actions()) {
        if (action->text() == entry) chosen = action;
      }
    }
    ASSERT_NE(chosen, nullptr) << menu.toStdString() << " has no " << entry.toStdString();
    chosen->trigger();
    for (QMenu* one : window().findChildren<QMenu*>()) one->close();
    bench_.settle();
  }

  QTemporaryDir folder_;
  QString path_;
  WindowBench bench_;
};

TEST_F(Drawing, WhatIsDroppedStandsThereAndInTheTextBetweenTheComments) {
  const QString before = text();
  drop(QStringLiteral("real_server"), {40, 200});
  EXPECT_TRUE(nodes().contains(QStringLiteral("node02")));
  const QPointF stands = window().topology().places().value(QStringLiteral("node02"));
  EXPECT_LT(QLineF(stands, QPointF(40, 200)).length(), 3) << "but for the pixels";
  EXPECT_TRUE(text().contains(QStringLiteral("  - name: node02\n    role: real_server\n")));
  for (const QString& line : before.split(u'\n')) EXPECT_TRUE(text().contains(line));
  drop(QStringLiteral("switch"), {300, 200});
  EXPECT_TRUE(nodes().contains(QStringLiteral("lan1")));
}

TEST_F(Drawing, ACableIsPulledFromAHostToASwitch) {
  drop(QStringLiteral("switch"), {0, 260});
  pull(QStringLiteral("client"), QStringLiteral("lan1"));
  EXPECT_TRUE(text().contains(QStringLiteral("- {name: eth1, switch: lan1}")))
      << text().toStdString();
}

TEST_F(Drawing, ACableIsPulledFromHostToHostAndFromSwitchToSwitch) {
  drop(QStringLiteral("switch"), {0, 260});
  pull(QStringLiteral("client"), QStringLiteral("node01"));
  EXPECT_TRUE(text().contains(QStringLiteral("- {name: eth1, peer: node01/eth1}\n")))
      << text().toStdString();
  EXPECT_TRUE(text().contains(QStringLiteral("- {name: eth1}\n"))) << text().toStdString();
  pull(QStringLiteral("lan1"), QStringLiteral("lan"));
  EXPECT_TRUE(text().contains(QStringLiteral("  - name: lan1\n    uplinks: lan\n")))
      << text().toStdString();
  const QString joined = text();
  pull(QStringLiteral("lan"), QStringLiteral("lan1"));
  EXPECT_EQ(text(), joined) << "one cable between two switches is enough";
}

TEST_F(Drawing, TheMenuOfASwitchAddsAndRemovesItsCables) {
  drop(QStringLiteral("switch"), {0, 260});
  const QString before = text();
  choose(QStringLiteral("lan1"), QStringLiteral("New cable to"), QStringLiteral("lan"));
  EXPECT_TRUE(text().contains(QStringLiteral("uplinks: lan"))) << text().toStdString();
  choose(QStringLiteral("lan"), QStringLiteral("Remove a cable"), QStringLiteral("lan1"));
  EXPECT_EQ(text(), before);
}

TEST_F(Drawing, UndoAndRedoOfTheDrawingRunTheLabAgain) {
  const QString before = text();
  drop(QStringLiteral("director"), {40, 200});
  const QString after = text();
  window().topology().setFocus();
  bench_.press(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(text(), before);
  EXPECT_FALSE(nodes().contains(QStringLiteral("node02")));
  window().action_of("redo").trigger();
  bench_.settle();
  EXPECT_EQ(text(), after);
  EXPECT_TRUE(nodes().contains(QStringLiteral("node02")));
}

TEST_F(Drawing, WhereAHostWasDraggedIsUndone) {
  TopologyView& view = window().topology();
  const QMap<QString, QPointF> before = view.places();
  view.setFocus();
  QTest::keyClick(&view, Qt::Key_Tab);  // to the first node
  const QString chosen = view.chosen();
  ASSERT_FALSE(chosen.isEmpty());
  EXPECT_TRUE(view.viewport()->accessibleName().contains(chosen)) << "it is spoken";
  QTest::keyClick(&view, Qt::Key_Right, Qt::AltModifier);
  EXPECT_GT(view.places().value(chosen).x(), before.value(chosen).x());
  window().action_of("undo").trigger();
  EXPECT_EQ(view.places(), before);
}

TEST_F(Drawing, DeleteRemovesWhatTheKeyboardIsOn) {
  TopologyView& view = window().topology();
  drop(QStringLiteral("host"), {40, 200});
  view.setFocus();
  for (int i = 0; i < 6 && view.chosen() != QStringLiteral("node02"); ++i) {
    QTest::keyClick(&view, Qt::Key_Tab);
  }
  ASSERT_EQ(view.chosen(), QStringLiteral("node02"));
  bench_.press(Qt::Key_Delete);
  EXPECT_FALSE(nodes().contains(QStringLiteral("node02")));
  EXPECT_FALSE(text().contains(QStringLiteral("node02")));
}

TEST_F(Drawing, TabGoesFromNodeToNodeAndOn) {
  TopologyView& view = window().topology();
  view.setFocus();
  QStringList chosen;
  for (int i = 0; i < 3; ++i) {
    QTest::keyClick(&view, Qt::Key_Tab);
    chosen << view.chosen();
  }
  chosen.sort();
  EXPECT_EQ(chosen, nodes());
  QTest::keyClick(&view, Qt::Key_Tab);
  EXPECT_FALSE(view.hasFocus());
}

TEST_F(Drawing, TheMenuOfAHostComesByKeyboardToo) {
  TopologyView& view = window().topology();
  view.setFocus();
  QTest::keyClick(&view, Qt::Key_Tab);
  const QString chosen = view.chosen();  // the menu takes the focus
  ASSERT_FALSE(chosen.isEmpty());
  QString asked;
  QObject::connect(&view, &TopologyView::menu_wanted, &view,
                   [&](const QString& host, const QPoint&) { asked = host; });
  QContextMenuEvent key(QContextMenuEvent::Keyboard, QPoint(1, 1),
                        view.viewport()->mapToGlobal(QPoint(1, 1)));
  QApplication::sendEvent(view.viewport(), &key);
  EXPECT_EQ(asked, chosen);
  asked.clear();
  for (QMenu* menu : window().findChildren<QMenu*>()) menu->close();
  QTest::keyClick(&view, Qt::Key_F10, Qt::ShiftModifier);
  EXPECT_EQ(asked, chosen);
}

// --- files ---------------------------------------------------------------------------------------

void drop_file(QWidget* on, const QString& path) {
  QMimeData what;
  what.setUrls({QUrl::fromLocalFile(path)});
  what.setText(path);
  QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &what, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(on, &enter);
  EXPECT_TRUE(enter.isAccepted()) << on->metaObject()->className();
  QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &what, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(on, &drop);
}

TEST(Files, AFileDroppedAnywhereIsOpened) {
  WindowBench bench;
  MainWindow& window = bench.window();
  const QString text = window.editor().text()->toPlainText();
  const auto drop_on = [&](QWidget* on, const char* name) {
    drop_file(on, QStringLiteral(LVSLAB_SOURCE_DIR "/scenarios/%1.yaml").arg(QLatin1String(name)));
    bench.settle();
    EXPECT_EQ(bench.play().scenario().name, name);
  };
  drop_on(&window, "nat-basic");
  drop_on(window.topology().viewport(), "dr-basic");
  drop_on(window.editor().text()->viewport(), "nat-basic");
  drop_on(window.open_host(QStringLiteral("node01"))->input(), "dr-basic");
  EXPECT_EQ(window.editor().text()->toPlainText(), text) << "dr-basic again, with no path in it";
}

TEST(Files, ATextIsSavedUnderAnotherName) {
  WindowBench bench;
  MainWindow& window = bench.window();
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("mine.yaml"));
  window.editor().text()->insertPlainText(QStringLiteral("# my version\n"));
  ASSERT_TRUE(window.save_text_as(path));
  EXPECT_FALSE(window.editor().is_modified());
  EXPECT_EQ(window.editor().path(), path);
  QFile file(path);
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  EXPECT_TRUE(file.readAll().startsWith("# my version\n"));
  EXPECT_FALSE(window.save_text_as(QStringLiteral("/no/such/folder/mine.yaml")));
}

TEST(Files, TheSizeForAProjectorIsKept) {
  WindowBench bench;
  bench.window().action_of("larger").trigger();
  bench.window().action_of("larger").trigger();
  bench.window().action_of("smaller").trigger();
  EXPECT_EQ(QSettings().value(QStringLiteral("size")).toInt(), 125);
}

TEST(Files, WhatWasTypedIsKeptWhileOneTypes) {
  QString kept;
  {
    WindowBench bench;
    bench.press(Qt::Key_End);
    bench.type(QStringLiteral("client"), QStringLiteral("ping -c 1 192.168.80.150"));
    kept = bench.window().kept_path();
    EXPECT_TRUE(bench.window().action_of("reopen-typed").isEnabled());
  }  // gone without a word
  ASSERT_TRUE(QFileInfo::exists(kept));
  WindowBench bench(kept);
  bench.press(Qt::Key_End);
  bool pinged = false;
  const Trace& trace = bench.play().trace();
  for (const TraceRecord& r : trace.records()) {
    pinged = pinged || (r.kind == RecordKind::kCommand &&
                        trace.text(r.args[0]) == "ping -c 1 192.168.80.150");
  }
  EXPECT_TRUE(pinged);
  EXPECT_TRUE(QFile::remove(kept));
}

TEST(Files, WhatWasWrittenIsADraftWhenAnotherFileOpens) {
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("mine.yaml"));
  WindowBench bench;
  MainWindow& window = bench.window();
  ASSERT_TRUE(window.save_text_as(path));
  window.editor().text()->insertPlainText(QStringLiteral("# at once\n"));
  window.open(QStringLiteral("nat-basic"));
  ASSERT_TRUE(bench.settle());
  window.open(path);
  ASSERT_TRUE(bench.settle());
  EXPECT_TRUE(window.editor().offers_draft());
  QFile::remove(ScenarioEditor::draft_of(path));
}

}  // namespace
}  // namespace lvslab::gui
