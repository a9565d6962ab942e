// Whatever is opened: the window says what is wrong with it, and what was open stays.
#include <gmock/gmock.h>

#include <QFile>
#include <QFileInfo>
#include <QLabel>
#include <QListWidget>
#include <QMessageBox>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>

#include "gui/models/words.h"
#include "gui/widgets/scenario_editor.h"
#include "gui/widgets/start_page.h"
#include "gui/widgets/topology_view.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class BadInput : public testing::Test {
 protected:
  QString file(const char* name, const QByteArray& bytes) {
    const QString path = folder_.filePath(QString::fromLatin1(name));
    QFile out(path);
    EXPECT_TRUE(out.open(QIODevice::WriteOnly));
    out.write(bytes);
    return path;
  }
  /// What the window says below the drawing, and in boxes, which are closed.
  std::string said() {
    QStringList words;
    for (const QLabel* label : bench_.window().findChildren<QLabel*>()) {
      if (label->text().startsWith(QStringLiteral("ⓘ"))) words << label->text();
    }
    for (QMessageBox* box : bench_.window().findChildren<QMessageBox*>()) {
      words << box->text();
      box->close();
    }
    return words.join(u'\n').toStdString();
  }
  /// The lab that was open, and a step further to see that it lives.
  /// Whichever part of a recording there is, `name` is told of.
  void open_beginnings_of(const QString& whole, const char* name) {
    QFile in(whole);
    ASSERT_TRUE(in.open(QIODevice::ReadOnly));
    const QByteArray bytes = in.readAll();
    for (const qsizetype part : {bytes.size() / 2, bytes.size() - 3, qsizetype{60}, qsizetype{7}}) {
      bench_.window().open(file(name, bytes.first(part)));
      bench_.settle();
      EXPECT_THAT(said(), HasSubstr(name)) << part << " of " << bytes.size();
      if (bench_.play().recorded()) bench_.window().open(QStringLiteral("dr-basic"));
      bench_.settle();
    }
  }
  void expect_lab_lives() {
    ASSERT_TRUE(bench_.settle());
    EXPECT_EQ(bench_.play().scenario().name, "dr-basic");
    const Position before = bench_.play().position();
    bench_.press(Qt::Key_Right);
    EXPECT_GT(bench_.play().position(), before);
  }

  QTemporaryDir folder_;
  WindowBench bench_;
};

TEST_F(BadInput, AFileThatIsNotThere) {
  bench_.window().open(folder_.filePath(QStringLiteral("gone.yaml")));
  EXPECT_THAT(said(), HasSubstr("gone.yaml"));
  expect_lab_lives();
}

TEST_F(BadInput, AFolder) {
  bench_.window().open(folder_.path());
  EXPECT_THAT(said(), HasSubstr("it is a folder"));
  expect_lab_lives();
}

TEST_F(BadInput, ABinaryFile) {
  const QString text = bench_.window().editor().text()->toPlainText();
  for (const QByteArray& bytes : {QByteArray("\x7f"
                                             "ELF\0\0\1\2",
                                             8),
                                  QByteArray("title: \xff\xfe\n"), QByteArray(9 << 20, 'x')}) {
    bench_.window().open(file("program.yaml", bytes));
    EXPECT_THAT(said(), AnyOf(HasSubstr("it is not text in UTF-8"), HasSubstr("too large")));
    EXPECT_EQ(bench_.window().editor().text()->toPlainText(), text);
  }
  expect_lab_lives();
}

TEST_F(BadInput, ABrokenScenarioIsShownWithWhatIsWrongBesideIt) {
  bench_.window().open(file("broken.yaml", "title: t\nhosts:\n  - nmae: a\n"));
  EXPECT_THAT(said(), HasSubstr("has mistakes"));
  const ScenarioEditor& editor = bench_.window().editor();
  EXPECT_EQ(bench_.window().tabs().currentWidget(), &editor);
  EXPECT_THAT(editor.problems()->item(0)->text().toStdString(), HasSubstr("3:5"));
  EXPECT_TRUE(editor.text()->toPlainText().contains(QStringLiteral("nmae")));
  bench_.window().topology().setFocus();
  expect_lab_lives();
}

TEST_F(BadInput, AnEmptyScenario) {
  bench_.window().open(file("empty.yaml", ""));
  EXPECT_THAT(said(), HasSubstr("has mistakes"));
  EXPECT_GT(bench_.window().editor().problems()->count(), 0);
}

TEST_F(BadInput, NoCapture) {
  bench_.window().open(file("no.pcapng", "not a capture at all, whatever its name says"));
  EXPECT_THAT(said(), HasSubstr("no.pcapng"));
  expect_lab_lives();
}

TEST_F(BadInput, ACaptureOfNothing) {
  bench_.window().open(file("empty.pcap", ""));
  EXPECT_THAT(said(), HasSubstr("empty.pcap"));
  expect_lab_lives();
}

TEST_F(BadInput, ACaptureThatWasCutShort) {
  bench_.press(Qt::Key_End);
  const QString whole = folder_.filePath(QStringLiteral("whole.pcapng"));
  ASSERT_TRUE(bench_.window().export_capture(whole));
  open_beginnings_of(whole, "cut.pcapng");
  expect_lab_lives();
}

TEST_F(BadInput, AListOfRecordsHoldsNoRun) {
  bench_.window().open(file("run.jsonl", "{\"record\":0,\"time\":0.0,\"kind\":\"note\"}\n"));
  EXPECT_THAT(said(), HasSubstr("run.jsonl:1:1: this is no recorded run"));
  bench_.window().open(file("run.trace", "0.000000000 client runs ip addr\n"));
  EXPECT_THAT(said(), HasSubstr("save the run as .jsonl"));
  expect_lab_lives();
}

TEST_F(BadInput, ASavedRunThatWasCutShort) {
  bench_.press(Qt::Key_End);
  const QString whole = folder_.filePath(QStringLiteral("whole.jsonl"));
  ASSERT_TRUE(bench_.window().export_run(whole));
  open_beginnings_of(whole, "cut.jsonl");
  expect_lab_lives();
}

TEST_F(BadInput, ALargeCaptureIsReadBesideTheWindow) {
  // A question by ARP, again and again, in the classic format.
  QByteArray bytes = QByteArray::fromHex("d4c3b2a1020004000000000000000000ffff000001000000");
  const QByteArray frame = QByteArray::fromHex(
      "01000000000000002a0000002a000000ffffffffffff02000000010008060001080006040001"
      "02000000010064500a0a0000000000000a500a01");
  for (int i = 0; i < 40'000; ++i) bytes += frame;
  const QString path = file("large.pcap", bytes);
  bench_.window().open(path);
  EXPECT_FALSE(bench_.play().recorded()) << "it is not waited for";
  EXPECT_TRUE(QTest::qWaitFor([&] { return bench_.play().recorded(); }, 60'000));
  // One that was given up while it was read does not come up later.
  bench_.window().open(path);
  bench_.window().open(QStringLiteral("dr-basic"));
  QTest::qWait(1'000);
  expect_lab_lives();
}

TEST_F(BadInput, ACaptureUnderAnotherNameIsKnownByItsBeginning) {
  bench_.press(Qt::Key_End);
  const QString whole = folder_.filePath(QStringLiteral("mine.pcapng"));
  ASSERT_TRUE(bench_.window().export_capture(whole));
  const QString other = folder_.filePath(QStringLiteral("mine.dump"));
  ASSERT_TRUE(QFile::rename(whole, other));
  bench_.window().open(other);
  EXPECT_TRUE(bench_.play().recorded());
}

TEST(BadStart, WithoutAnythingToOpenThereIsTheLibrary) {
  WindowBench bench(QStringLiteral("/no/such/lab.yaml"));
  EXPECT_TRUE(bench.window().start().isVisible());
  for (QMessageBox* box : bench.window().findChildren<QMessageBox*>()) {
    EXPECT_TRUE(box->text().contains(QStringLiteral("/no/such/lab.yaml")));
    box->close();
  }
}

TEST(BadStart, WhatWasOpenLastMayBeDamagedSince) {
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("last.pcapng"));
  WindowBench bench;
  QFile damaged(path);
  ASSERT_TRUE(damaged.open(QIODevice::WriteOnly));
  damaged.write("cut");
  damaged.close();
  QSettings().setValue(QStringLiteral("file"), path);
  MainWindow again(test_options());
  again.show();
  again.open_first();
  EXPECT_TRUE(QTest::qWaitFor([&] { return again.play().history().end() > 0; }, 10'000));
  EXPECT_EQ(again.play().scenario().name, "dr-basic");
}

}  // namespace
}  // namespace lvslab::gui
