// Writing scenarios: edits from the canvas keep what a person wrote, completion knows the schema,
// and problems stand where the loader sees them.
#include <gmock/gmock.h>

#include <QFile>
#include <QListWidget>
#include <QTemporaryDir>
#include <QToolButton>

#include "gui/models/cable_edit.h"
#include "gui/models/completion.h"
#include "gui/models/library.h"
#include "gui/models/scenario_edit.h"
#include "gui/models/words.h"
#include "gui/widgets/scenario_editor.h"
#include "gui/widgets/topology_view.h"
#include "sim/lab/loading.h"
#include "test_paths.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

constexpr const char* kLab = R"(# A lab of two.
title: two hosts   # keep me
switches:
  - name: lan

hosts:
  # the asker
  - name: a
    role: client
    nics:
      - {name: eth0, addresses: 10.0.0.1/24, switch: lan}  # and me

  - name: b
    nics:
      - {name: eth0, addresses: 10.0.0.2/24, switch: lan}

# what happens
timeline:
  - {on: a, run: ping -c 1 10.0.0.2}
)";

scenario::Scenario load(const QString& text) {
  return lab::load_scenario_text(from_qt(text), "lab.yaml").value();
}

QString edited(QString text, const Result<TextEdit>& edit) {
  EXPECT_TRUE(edit.has_value());
  return text.replace(edit->offset, edit->length, edit->text);
}

TEST(ScenarioEdit, AHostIsWrittenAfterTheLastAndLoads) {
  const QString text = QString::fromUtf8(kLab);
  const scenario::Scenario lab = load(text);
  const QString name = free_name(lab, false);
  const QString address = free_address(lab, QStringLiteral("lan"));
  EXPECT_EQ(name, QStringLiteral("node01"));
  EXPECT_EQ(address, QStringLiteral("10.0.0.205/24"));
  const QString after = edited(
      text, add_host(text, lab, name, scenario::Role::kRealServer, QStringLiteral("lan"), address));
  const scenario::Scenario now = load(after);
  ASSERT_EQ(now.hosts.size(), 3U);
  EXPECT_EQ(now.hosts[2].role, scenario::Role::kRealServer);
  EXPECT_EQ(now.hosts[2].nics[0].switch_name, "lan");
  for (const QString& line : text.split(u'\n')) EXPECT_TRUE(after.contains(line));
  EXPECT_LT(after.indexOf(name), after.indexOf(QStringLiteral("# what happens")));
}

TEST(ScenarioEdit, SwitchesCablesAndRemovalsKeepTheRest) {
  QString text = QString::fromUtf8(kLab);
  text = edited(text, add_switch(text, load(text), QStringLiteral("lan2")));
  ASSERT_EQ(load(text).switches.size(), 2U);
  text = edited(text, add_cable(text, load(text), QStringLiteral("a"), QStringLiteral("lan2")));
  const scenario::Scenario wired = load(text);
  ASSERT_EQ(wired.hosts[0].nics.size(), 2U);
  EXPECT_EQ(wired.hosts[0].nics[1].name, "eth1");
  text = edited(text, remove_node(text, load(text), QStringLiteral("b")));
  const scenario::Scenario left = load(text);
  EXPECT_EQ(left.hosts.size(), 1U);
  EXPECT_TRUE(text.contains(QStringLiteral("# keep me")));
  EXPECT_TRUE(text.contains(QStringLiteral("# and me")));
  EXPECT_TRUE(text.contains(QStringLiteral("# what happens")));
}

TEST(ScenarioEdit, EveryShippedScenarioTakesAHostAndASwitch) {
  LibraryModel library(QStringLiteral(LVSLAB_SOURCE_DIR "/scenarios"));
  for (int t = 0; t < library.rowCount({}); ++t) {
    const QModelIndex topic = library.index(t, 0, {});
    for (int row = 0; row < library.rowCount(topic); ++row) {
      const QString path = library.index(row, 0, topic).data(LibraryModel::kPathRole).toString();
      QFile file(path);
      ASSERT_TRUE(file.open(QIODevice::ReadOnly));
      QString text = QString::fromUtf8(file.readAll());
      const scenario::Scenario before = load(text);
      text = edited(text, add_switch(text, before, QStringLiteral("lan99")));
      text = edited(text, add_host(text, load(text), QStringLiteral("node99"),
                                   scenario::Role::kHost, QStringLiteral("lan99"), {}));
      EXPECT_EQ(load(text).hosts.size(), before.hosts.size() + 1) << path.toStdString();
    }
  }
}

TEST(ScenarioEdit, WhatIsWrittenInOneLineIsLeftToThePerson) {
  const QString text = QStringLiteral(
      "title: t\nswitches: [{name: lan}]\nhosts: [{name: a, nics: [{switch: lan}]}]\n");
  EXPECT_FALSE(add_switch(text, load(text), QStringLiteral("x")).has_value());
  EXPECT_FALSE(remove_node(text, load(text), QStringLiteral("a")).has_value());
}

QStringList words_at(const QString& before, const scenario::Scenario* lab = nullptr) {
  QStringList words;
  for (const Completion& one : completions(before, lab)) words << one.word;
  return words;
}

TEST(Completion, OffersTheKeysOfTheObjectOneIsIn) {
  EXPECT_TRUE(words_at(QStringLiteral("ti")).contains(QStringLiteral("title: ")));
  EXPECT_TRUE(words_at(QStringLiteral("hosts:\n  - na")).contains(QStringLiteral("name: ")));
  EXPECT_TRUE(
      words_at(QStringLiteral("hosts:\n  - name: a\n    ro")).contains(QStringLiteral("role: ")));
  EXPECT_TRUE(words_at(QStringLiteral("hosts:\n  - name: a\n    nics:\n      - {name: eth0, sw"))
                  .contains(QStringLiteral("switch: ")));
  EXPECT_FALSE(words_at(QStringLiteral("hosts:\n  - na")).contains(QStringLiteral("title: ")));
}

TEST(Completion, OffersValuesAndNamesOfTheLab) {
  const scenario::Scenario lab = load(QString::fromUtf8(kLab));
  EXPECT_TRUE(words_at(QStringLiteral("hosts:\n  - name: a\n    role: re"), &lab)
                  .contains(QStringLiteral("real_server")));
  EXPECT_EQ(words_at(QStringLiteral("timeline:\n  - on: "), &lab),
            (QStringList{QStringLiteral("a"), QStringLiteral("b")}));
  EXPECT_TRUE(words_at(QStringLiteral("hosts:\n  - nics:\n      - switch: l"), &lab)
                  .contains(QStringLiteral("lan")));
}

TEST(Editor, ProblemsAreListedWhereTheyStandAndUndoMendsThem) {
  WindowBench bench;
  ScenarioEditor& editor = bench.window().editor();
  ASSERT_TRUE(editor.scenario().has_value());
  editor.text()->go_to(7, 1);
  editor.text()->insertPlainText(QStringLiteral("nmae: x\n"));
  EXPECT_TRUE(QTest::qWaitFor([&] { return !editor.scenario().has_value(); }, 5'000));
  EXPECT_TRUE(editor.problems()->item(0)->text().contains(QStringLiteral("7:1")))
      << editor.problems()->item(0)->text().toStdString();
  editor.text()->undo();
  EXPECT_TRUE(QTest::qWaitFor([&] { return editor.scenario().has_value(); }, 5'000));
}

TEST(Editor, AnEditOfTheCanvasRunsAndCanBeUndone) {
  WindowBench bench;
  ScenarioEditor& editor = bench.window().editor();
  const QString before = editor.text()->toPlainText();
  const scenario::Scenario& lab = *editor.scenario();
  ASSERT_TRUE(
      editor.apply_edit(add_host(before, lab, QStringLiteral("node09"), scenario::Role::kRealServer,
                                 QStringLiteral("lan"), free_address(lab, QStringLiteral("lan")))));
  ASSERT_TRUE(bench.settle());
  EXPECT_TRUE(bench.window().topology().places().contains(QStringLiteral("node09")));
  editor.text()->undo();
  EXPECT_EQ(editor.text()->toPlainText(), before);
}

TEST(Editor, ADraftSurvivesACrashAndIsOfferedAgain) {
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("lab.yaml"));
  QFile file(path);
  ASSERT_TRUE(file.open(QIODevice::WriteOnly));
  file.write(kLab);
  file.close();
  {
    ScenarioEditor editor;
    ASSERT_TRUE(editor.open(path));
    editor.text()->insertPlainText(QStringLiteral("# half a thought\n"));
    EXPECT_TRUE(
        QTest::qWaitFor([&] { return QFile::exists(ScenarioEditor::draft_of(path)); }, 5'000));
  }  // gone without saving
  ScenarioEditor again;
  again.show();
  ASSERT_TRUE(again.open(path));
  QToolButton* restore = nullptr;
  for (QToolButton* button : again.findChildren<QToolButton*>()) {
    if (button->text() == QStringLiteral("Restore it")) restore = button;
  }
  ASSERT_NE(restore, nullptr);
  EXPECT_TRUE(restore->isVisible());
  QTest::mouseClick(restore, Qt::LeftButton);
  EXPECT_TRUE(again.text()->toPlainText().startsWith(QStringLiteral("# half a thought")));
  ASSERT_TRUE(again.save());
  EXPECT_FALSE(QFile::exists(ScenarioEditor::draft_of(path)));
}

}  // namespace
}  // namespace lvslab::gui
