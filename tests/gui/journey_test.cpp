// What a student does in the window, clicked and typed.
#include <gmock/gmock.h>

#include <QAbstractButton>
#include <QAccessible>
#include <QAction>
#include <QComboBox>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSlider>
#include <QTabWidget>
#include <QTableView>
#include <QTextBrowser>
#include <QTreeView>
#include <algorithm>

#include "gui/models/compare_model.h"
#include "gui/models/event_list_model.h"
#include "gui/models/library.h"
#include "gui/widgets/event_panel.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/inspector.h"
#include "gui/widgets/ladder_view.h"
#include "gui/widgets/lessons_panel.h"
#include "gui/widgets/start_page.h"
#include "gui/widgets/theme.h"
#include "gui/widgets/topology_view.h"
#include "gui/widgets/transport_bar.h"
#include "gui/widgets/why_panel.h"
#include "sim/backend/sim_backend.h"
#include "sim/trace/capture_reader.h"
#include "test_paths.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

using testing::HasSubstr;

std::string plain(const QTextBrowser* browser) { return browser->toPlainText().toStdString(); }

TEST(Journey, DrBasicFromTheFirstStepToAnExportedCapture) {
  WindowBench bench;
  MainWindow& window = bench.window();
  EXPECT_TRUE(window.windowTitle().contains(QStringLiteral("dr-basic")));

  // To the MAC rewrite: the director passes the client's packets on with another MAC.
  Until rewrite{.filter = PacketFilter::compile("tcp and ip[8] == 63").value()};
  rewrite.host = "node01";
  bench.play().run_until(rewrite);
  ASSERT_TRUE(bench.settle());
  const auto* rewrites = window.inspector().findChild<QLabel*>(QStringLiteral("rewrites"));
  ASSERT_NE(rewrites, nullptr);
  EXPECT_TRUE(rewrites->isVisible());
  EXPECT_THAT(rewrites->text().toStdString(), HasSubstr("destination: 02:00:00:00:02:00 →"));

  // Read why.
  EXPECT_THAT(plain(window.why().text()), HasSubstr("Direct routing"));
  EXPECT_THAT(plain(window.why().text()), HasSubstr("ip_vs_xmit.c"));

  // Step back with the key of the window.
  const Position there = bench.play().position();
  bench.press(Qt::Key_Left);
  EXPECT_LT(bench.play().position(), there);
  bench.press(Qt::Key_Right);
  EXPECT_EQ(bench.play().position(), there);

  // Type on the director.
  bench.press(Qt::Key_End);
  EXPECT_THAT(bench.type(QStringLiteral("node01"), QStringLiteral("ipvsadm -ln"))
                  .simplified()
                  .toStdString(),
              HasSubstr("-> 192.168.80.202:80 Route 1 0 3"));

  // Unplug node02 and watch a request fail.
  scenario::Fault fault;
  fault.kind = scenario::FaultKind::kLinkDown;
  fault.host = "node02";
  fault.nic = "eth0";
  bench.play().strike(fault);
  ASSERT_TRUE(bench.settle());
  bench.type(QStringLiteral("node01"), QStringLiteral("ip neigh flush dev eth0"));
  const QString answers = bench.type(
      QStringLiteral("client"),
      QStringLiteral(
          "for i in 1 2; do curl -s --connect-timeout 2 http://192.168.80.150/; done; echo $?"));
  EXPECT_THAT(answers.toStdString(), HasSubstr("node03"));
  EXPECT_FALSE(
      answers.section(QStringLiteral("connect-timeout"), 1).contains(QStringLiteral("node02")));

  // Switch the language: the window, its reasons, its menus.
  bench.press(Qt::Key_L, Qt::ControlModifier);
  EXPECT_EQ(window.tabs().tabText(0), QStringLiteral("事件"));

  // Export a capture, and read it with tshark.
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("dr.pcapng"));
  ASSERT_TRUE(window.export_capture(path));
  QProcess tshark;
  tshark.start(QStringLiteral("tshark"),
               {QStringLiteral("-n"), QStringLiteral("-r"), path, QStringLiteral("-Y"),
                QStringLiteral("tcp.flags.syn == 1")});
  ASSERT_TRUE(tshark.waitForFinished(60'000));
  EXPECT_EQ(tshark.exitCode(), 0);
  EXPECT_THAT(tshark.readAllStandardOutput().toStdString(), HasSubstr("192.168.80.150"));
}

TEST(Journey, TheLibraryOpensALessonAndEscapeLeadsBack) {
  WindowBench bench;
  MainWindow& window = bench.window();
  bench.press(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier);
  QTreeView* list = window.start().list();
  ASSERT_TRUE(list->isVisible());
  EXPECT_EQ(list->currentIndex().data(LibraryModel::kNameRole).toString(),
            QStringLiteral("dr-basic"));
  bench.press(Qt::Key_Escape);
  EXPECT_FALSE(list->isVisible());
  bench.press(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier);
  QTest::keyClick(list, Qt::Key_Down);
  const QString next = list->currentIndex().data(LibraryModel::kNameRole).toString();
  EXPECT_NE(next, QStringLiteral("dr-basic"));
  QTest::keyClick(list, Qt::Key_Return);
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.play().scenario().name, next.toStdString());
  EXPECT_FALSE(list->isVisible());
  ASSERT_GE(window.start().recent()->count(), 2);
  EXPECT_TRUE(window.start().recent()->item(0)->text().startsWith(next));
}

TEST(Journey, ASavedCapturePlaysInTheSameWindow) {
  WindowBench bench;
  MainWindow& window = bench.window();
  bench.press(Qt::Key_End);
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("mine.pcapng"));
  ASSERT_TRUE(window.export_capture(path));
  window.open_host(QStringLiteral("node01"));
  window.open(path);
  EXPECT_TRUE(window.windowTitle().contains(QStringLiteral("mine (recording)")));
  EXPECT_EQ(window.tabs().currentWidget(), &window.events()) << "no page that it has nothing for";
  bench.press(Qt::Key_Right);
  EXPECT_THAT(window.topology().packets_in_words().join(u' ').toStdString(),
              HasSubstr("who-has .150"));
  bench.press(Qt::Key_End);
  EXPECT_EQ(bench.play().position(), bench.play().history().end());
  HostPanel* panel = window.open_host(QStringLiteral("node01"));
  ASSERT_NE(panel, nullptr);
  EXPECT_FALSE(panel->input()->isEnabled()) << "nothing can be typed in a recording";
  EXPECT_FALSE(window.backend_choice().isEnabled());
  window.open(QStringLiteral("dr-basic"));
  ASSERT_TRUE(bench.settle());
  EXPECT_TRUE(window.backend_choice().isEnabled());

  QFile damaged(folder.filePath(QStringLiteral("damaged.pcapng")));
  ASSERT_TRUE(damaged.open(QIODevice::WriteOnly));
  damaged.write("not a capture at all, whatever its name says");
  damaged.close();
  window.open(damaged.fileName());
  EXPECT_EQ(bench.play().scenario().name, "dr-basic") << "what was open stays";
}

TEST(Journey, ADropIsSeenWithItsReason) {
  WindowBench bench(QStringLiteral("dr-server-dead"));
  bench.press(Qt::Key_End);
  ASSERT_TRUE(bench.play().finished());
  bool seen = false;
  for (Position i = bench.play().start(); i < bench.play().history().end() && !seen; ++i) {
    if (bench.play().trace()[RecordId(i)].kind != RecordKind::kFrameDropped) continue;
    bench.play().show(RecordId(i));
    seen = true;
  }
  ASSERT_TRUE(seen);
  EXPECT_THAT(plain(bench.window().why().text()), HasSubstr("dropped"));
}

TEST(Journey, TheEventListFiltersAndFollows) {
  WindowBench bench;
  bench.press(Qt::Key_End);
  EventPanel& events = bench.window().events();
  QAbstractItemModel* model = events.table()->model();
  const int all = model->rowCount();
  bench.press(Qt::Key_F, Qt::ControlModifier);
  QTest::keyClicks(events.filter_edit(), QStringLiteral("arp"));
  EXPECT_LT(model->rowCount(), all);
  EXPECT_GT(model->rowCount(), 3);
  events.clear_filters();
  EXPECT_EQ(model->rowCount(), all);
  const RecordId record = bench.window().event_model().record_at(all / 2);
  events.table()->setCurrentIndex(model->index(all / 2, 0));
  EXPECT_EQ(bench.play().focus(), record) << "a row is a moment";
}

TEST(Journey, TheListShowsOneConversation) {
  WindowBench bench;
  bench.press(Qt::Key_End);
  EventListModel& model = bench.window().event_model();
  bench.window().events().filter_edit()->setText(QStringLiteral("tcp"));
  bench.play().show(model.record_at(0));
  const FrameFacts first =
      facts_of(bench.play().trace().frame(bench.play().trace()[bench.play().focus()].frame));
  bench.window().events().clear_filters();
  const int all = model.rowCount();
  bench.press(Qt::Key_C);
  EXPECT_LT(model.rowCount(), all);
  ASSERT_GT(model.rowCount(), 8) << "both ways, at each hop";
  for (int row = 0; row < model.rowCount(); ++row) {
    const Trace& trace = bench.play().trace();
    const FrameId frame = trace[model.record_at(row)].frame;
    EXPECT_TRUE(same_conversation(first, facts_of(trace.frame(frame))));
  }
  bench.press(Qt::Key_Escape);
  EXPECT_EQ(model.rowCount(), all);
}

TEST(Journey, WhatTheListShowsIsExported) {
  WindowBench bench;
  bench.press(Qt::Key_End);
  bench.window().events().filter_edit()->setText(QStringLiteral("arp and arp[6:2] == 1"));
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("asked.pcapng"));
  ASSERT_TRUE(bench.window().export_shown(path));
  const Capture capture = read_capture(path.toStdString()).value();
  EXPECT_EQ(static_cast<int>(capture.frames.size()), bench.window().event_model().rowCount());
  for (const CapturedFrame& frame : capture.frames) {
    EXPECT_TRUE(facts_of(frame.bytes).label.starts_with("who-has"));
  }
}

TEST(Journey, TheLessonGradesItself) {
  WindowBench bench;
  auto* check = bench.window().lessons().findChild<QPushButton*>();
  QTest::mouseClick(check, Qt::LeftButton);
  ASSERT_TRUE(bench.settle());
  EXPECT_THAT(plain(bench.window().lessons().now()), HasSubstr("expectations hold."));
}

TEST(Journey, PacketsOnTheCanvasCanBeReadInWords) {
  WindowBench bench;
  bench.press(Qt::Key_Right);
  QTest::qWait(500);
  const QStringList words = bench.window().topology().packets_in_words();
  ASSERT_FALSE(words.isEmpty());
  EXPECT_THAT(words.front().toStdString(), HasSubstr("ARP who-has .150"));
}

TEST(Journey, SpaceRunsAndPauses) {
  WindowBench bench;
  bench.window().transport().speed()->setValue(4);
  QTest::keyClick(&bench.window(), Qt::Key_Space);
  EXPECT_TRUE(
      QTest::qWaitFor([&] { return bench.play().position() > bench.play().start() + 30; }, 10'000));
  EXPECT_TRUE(bench.play().playing());
  QTest::keyClick(&bench.window(), Qt::Key_Space);
  EXPECT_FALSE(bench.play().playing());
}

TEST(Journey, KeysThatALineUsesAreNotTheWindows) {
  WindowBench bench;
  HostPanel* panel = bench.window().open_host(QStringLiteral("client"));
  panel->focus_terminal();
  const Position before = bench.play().position();
  QTest::keyClicks(panel->input(), QStringLiteral("ping -c 1 node01 fw?"));
  EXPECT_EQ(panel->input()->text(), QStringLiteral("ping -c 1 node01 fw?"));
  EXPECT_EQ(bench.play().position(), before);
  QTest::keyClick(panel->input(), Qt::Key_C, Qt::ControlModifier);
  EXPECT_TRUE(panel->input()->text().isEmpty());
}

TEST(Journey, TheTerminalRecallsAndCompletes) {
  WindowBench bench;
  bench.type(QStringLiteral("node01"), QStringLiteral("ip addr"));
  HostPanel* panel = bench.window().open_host(QStringLiteral("node01"));
  QTest::keyClick(panel->input(), Qt::Key_Up);
  EXPECT_EQ(panel->input()->text(), QStringLiteral("ip addr"));
  QTest::keyClick(panel->input(), Qt::Key_Down);
  QTest::keyClicks(panel->input(), QStringLiteral("netst"));
  QTest::keyClick(panel->input(), Qt::Key_Tab);
  EXPECT_EQ(panel->input()->text(), QStringLiteral("netstat -natp"));
}

TEST(Journey, ALineThatHasNotEndedGoesOnUnderASecondPrompt) {
  WindowBench bench;
  HostPanel* panel = bench.window().open_host(QStringLiteral("node01"));
  const auto enter = [&](const QString& line) {
    QTest::keyClicks(panel->input(), line);
    QTest::keyClick(panel->input(), Qt::Key_Return);
  };
  enter(QStringLiteral("cat > /root/f <<EOF"));
  EXPECT_TRUE(panel->output()->toPlainText().endsWith(QStringLiteral("# cat > /root/f <<EOF\n")));
  enter(QStringLiteral("  indented"));
  EXPECT_TRUE(panel->output()->toPlainText().endsWith(QStringLiteral("<<EOF\n>   indented\n")));
  enter(QStringLiteral("EOF"));
  ASSERT_TRUE(bench.settle());
  EXPECT_TRUE(bench.type(QStringLiteral("node01"), QStringLiteral("cat /root/f"))
                  .endsWith(QStringLiteral("cat /root/f\n  indented\n")));
  enter(QStringLiteral("while true; do"));
  QTest::keyClick(panel->input(), Qt::Key_C, Qt::ControlModifier);
  EXPECT_FALSE(panel->output()->toPlainText().contains(QStringLiteral("while")));
}

TEST(Journey, TheLadderIsWrittenAsAPicture) {
  WindowBench bench;
  bench.press(Qt::Key_End);
  const QTemporaryDir folder;
  for (const char* name : {"ladder.svg", "ladder.png"}) {
    const QString path = folder.filePath(QString::fromLatin1(name));
    ASSERT_TRUE(bench.window().ladder().write_picture(path));
    EXPECT_GT(QFileInfo(path).size(), 4'000);
  }
  EXPECT_FALSE(bench.window().ladder().write_picture(QStringLiteral("/no/such/folder/a.png")));
}

TEST(Journey, WhereTheStudentDraggedAHostIsKept) {
  WindowBench bench;
  QMap<QString, QPointF> places = bench.window().topology().places();
  places[QStringLiteral("node01")] = QPointF(77, -88);
  bench.window().topology().set_places(places);
  Q_EMIT bench.window().topology().places_changed();
  bench.window().open(QStringLiteral("dr-basic"));
  bench.settle();
  EXPECT_EQ(bench.window().topology().places().value(QStringLiteral("node01")), QPointF(77, -88));
}

TEST(Journey, TwoRunsAreComparedSideBySide) {
  WindowOptions options = test_options();
  options.compared = {"simulator", "simulator"};
  WindowBench bench(QStringLiteral("dr-basic"), options);
  bench.window().tabs().setCurrentIndex(3);
  auto* page = bench.window().tabs().widget(3);
  QTest::mouseClick(page->findChild<QPushButton*>(), Qt::LeftButton);
  CompareModel& model = bench.window().compare_model();
  ASSERT_TRUE(QTest::qWaitFor([&] { return !model.busy() && model.runs() != nullptr; }, 20'000));
  EXPECT_EQ(model.rowCount(), 0) << "the simulator agrees with itself";
  EXPECT_THAT(model.verdict().toStdString(), HasSubstr("No difference"));
  ASSERT_FALSE(model.runs()->rows.empty());
  for (const ComparedRow& row : model.runs()->rows) {
    EXPECT_TRUE(row.left && row.right && !row.differs);
  }
}

/// A simulator whose real servers were never told to hide the VIP.
class Forgetful final : public lab::Backend {
 public:
  Result<void> load(const scenario::Scenario& scenario, Trace* sink) override {
    return sim_.load(scenario, sink);
  }
  lab::Capabilities capabilities() const override { return sim_.capabilities(); }
  lab::Rewindable* rewindable() override { return sim_.rewindable(); }
  Result<lab::Ticket> exec(std::string_view host, std::string_view line) override {
    return sim_.exec(host, line.find("arp_ignore") == std::string_view::npos ? line : "true");
  }
  lab::JobState job(lab::Ticket ticket) const override { return sim_.job(ticket); }
  bool job_done(lab::Ticket ticket) const override { return sim_.job_done(ticket); }
  void interrupt(lab::Ticket ticket) override { sim_.interrupt(ticket); }
  SimTime now() const override { return sim_.now(); }
  lab::RunStop run(const lab::RunLimits& limits) override { return sim_.run(limits); }
  Result<void> apply(const scenario::Fault& fault) override { return sim_.apply(fault); }
  bool is_up(std::string_view host) const override { return sim_.is_up(host); }
  Result<HostTables> tables(std::string_view host) override { return sim_.tables(host); }

 private:
  backend::SimBackend sim_;
};

TEST(Journey, WhatDiffersIsMarkedInBothLadders) {
  WindowOptions options = test_options();
  options.compared = {"simulator", "forgetful"};
  options.factory = [](const std::string& name) -> Result<std::unique_ptr<lab::Backend>> {
    if (name == "forgetful") return std::make_unique<Forgetful>();
    return std::make_unique<backend::SimBackend>();
  };
  WindowBench bench(QStringLiteral("dr-basic"), options);
  bench.window().tabs().setCurrentIndex(3);
  QTest::mouseClick(bench.window().tabs().widget(3)->findChild<QPushButton*>(), Qt::LeftButton);
  CompareModel& model = bench.window().compare_model();
  ASSERT_TRUE(QTest::qWaitFor([&] { return !model.busy() && model.runs() != nullptr; }, 20'000));
  EXPECT_GT(model.rowCount(), 0);
  EXPECT_THAT(model.verdict().toStdString(), HasSubstr("differences"));
  // Three hosts answer for the VIP there; here one does.
  int both = 0;
  int there_alone = 0;
  for (const ComparedRow& row : model.runs()->rows) {
    both += row.left && row.right && !row.differs ? 1 : 0;
    if (row.left || !row.right) continue;
    EXPECT_TRUE(row.differs);
    const LadderRow& arrow = model.runs()->right.rows()[*row.right];
    there_alone += arrow.facts.label == ".150 is-at" ? 1 : 0;
  }
  EXPECT_EQ(there_alone, 2);
  EXPECT_GT(both, 3) << "the first question at least is the same";
  const QModelIndex first = model.index(0, CompareModel::kWhat);
  EXPECT_FALSE(first.data().toString().isEmpty());
}

// --- what everybody can read ---------------------------------------------------------------------

TEST(Looks, TextStandsOutFromItsBackgroundInBothThemes) {
  for (const Theme* t : {&Theme::light(), &Theme::dark_one()}) {
    const auto enough = [&](const QColor& ink, const QColor& paper, const char* what) {
      EXPECT_GE(contrast(ink, paper), 4.5)
          << what << (t->dark ? " dark: " : " light: ") << ink.name().toStdString() << " on "
          << paper.name().toStdString();
    };
    for (const QColor& paper : {t->panel, t->raised, t->window, t->accent_soft}) {
      enough(t->text, paper, "text");
      enough(t->muted, paper, "muted");
      enough(t->accent, paper, "accent");
      enough(t->danger, paper, "danger");
    }
    enough(t->good, t->panel, "good");
    enough(t->changed_ink, t->changed, "changed");
    enough(t->text, t->used, "used");
    for (std::size_t p = 0; p < t->protocol_ink.size(); ++p) {
      enough(t->protocol_ink[p], t->panel, "protocol");
      enough(t->protocol_ink[p], t->accent_soft, "protocol, selected");
      enough(t->on_protocol, t->protocol_fill[p], "on protocol");
    }
    enough(t->on_protocol, t->accent, "badge");
    enough(t->on_protocol, t->danger, "badge, doubled");
  }
}

TEST(Looks, ContrastIsThatOfWcag) {
  EXPECT_NEAR(contrast(Qt::white, Qt::black), 21, 0.01);
  EXPECT_NEAR(contrast(QColor("#777777"), Qt::white), 4.48, 0.01);
}

TEST(Looks, WhatOneCanWorkHasANameAndATip) {
  WindowBench bench;
  bench.window().open_host(QStringLiteral("node01"));
  for (const QAbstractButton* button : bench.window().findChildren<QAbstractButton*>()) {
    if (!button->isVisible() || button->inherits("QTableCornerButton")) continue;
    if (button->inherits("QLineEditIconButton")) continue;  // a picture in a line
    const bool spoken = !button->text().isEmpty() || !button->accessibleName().isEmpty();
    EXPECT_TRUE(spoken) << button->objectName().toStdString();
    if (button->parent()->inherits("QTabBar") && button->text().isEmpty()) continue;  // scrollers
    EXPECT_FALSE(button->toolTip().isEmpty()) << button->text().toStdString();
  }
  for (const QAction* action : bench.window().actions()) {
    EXPECT_FALSE(action->text().isEmpty());
    EXPECT_FALSE(action->toolTip().isEmpty());
  }
}

TEST(Journey, TheWindowIsAsItWasLeft) {
  WindowBench bench;
  bench.window().transport().speed()->setValue(5);
  bench.window().transport().step_by()->setCurrentIndex(2);
  bench.window().tabs().setCurrentIndex(1);
  bench.window().resize(1111, 777);
  bench.window().set_dark(true);
  bench.window().close();
  MainWindow again(test_options());
  EXPECT_EQ(again.transport().speed()->value(), 5);
  EXPECT_EQ(again.transport().step_by()->currentIndex(), 2);
  EXPECT_EQ(again.tabs().currentIndex(), 1);
  EXPECT_EQ(again.size(), QSize(1111, 777));
  EXPECT_TRUE(theme().dark);
  again.set_dark(false);
}

// Whatever the Tab key reaches can be spoken.
TEST(Looks, EveryStopOfTheKeyboardHasAName) {
  WindowBench bench;
  bench.window().open_host(QStringLiteral("node01"));
  int stops = 0;
  for (const int tab : {0, 1, 2, 3, 4}) {
    bench.window().tabs().setCurrentIndex(tab);
    for (QWidget* widget : bench.window().findChildren<QWidget*>()) {
      if (!widget->isVisible() || (widget->focusPolicy() & Qt::TabFocus) == 0) continue;
      if (widget->inherits("QTabBar") || widget->inherits("QMenuBar")) continue;  // by their tabs
      QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
      ASSERT_NE(spoken, nullptr) << widget->metaObject()->className();
      EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty())
          << widget->metaObject()->className() << ' ' << widget->objectName().toStdString();
      ++stops;
    }
  }
  EXPECT_GT(stops, 40);
}

TEST(Looks, EveryTextIsTranslated) {
  QFile file(QStringLiteral(LVSLAB_SOURCE_DIR "/gui/translations/lvslab_zh.ts"));
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  const QString all = QString::fromUtf8(file.readAll());
  ASSERT_GT(all.count(QStringLiteral("<translation>")), 300);
  for (const QString& message : all.split(QStringLiteral("</message>"))) {
    EXPECT_FALSE(message.contains(QStringLiteral("unfinished"))) << message.toStdString();
  }
}

TEST(Looks, NothingIsLeftInEnglishWhenTheWindowSpeaksChinese) {
  WindowBench bench;
  bench.window().set_language(Language::kZh);
  QCoreApplication::processEvents();
  for (const QAction* action : bench.window().actions()) {
    if (action->text().contains(QStringLiteral("English"))) continue;
    EXPECT_TRUE(std::ranges::any_of(action->text(), [](QChar c) { return c.unicode() > 0x2e80; }))
        << action->text().toStdString();
  }
  EXPECT_EQ(bench.window().transport().step_action()->text(), QStringLiteral("前进一步"));
}

}  // namespace
}  // namespace lvslab::gui
