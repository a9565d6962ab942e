// The screen of a terminal: what programs draw, what keys send, and how it is shown.
#include <gmock/gmock.h>

#include <QSignalSpy>
#include <QTest>

#include "gui/widgets/console_view.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

using testing::ElementsAre;

std::vector<std::string> text_of(const ScreenModel& screen) {
  std::vector<std::string> lines;
  for (int i = 0; i < screen.lines(); ++i) lines.push_back(screen.line_text(i).toStdString());
  return lines;
}

TEST(Screen, ShowsWhatIsPrintedAndWhereTheCursorIs) {
  ScreenModel screen(3, 20);
  screen.write("[root@node01 ~]# ls\r\nconf");
  EXPECT_THAT(text_of(screen), ElementsAre("[root@node01 ~]# ls", "conf", ""));
  EXPECT_EQ(screen.cursor(), QPoint(4, 1));
  screen.write("\x1b[?25l");
  EXPECT_EQ(screen.cursor(), std::nullopt) << "a program hid it";
}

TEST(Screen, KeepsTheLinesThatScrollAway) {
  ScreenModel screen(2, 10);
  screen.write("one\r\ntwo\r\nthree\r\nfour");
  EXPECT_THAT(text_of(screen), ElementsAre("one", "two", "three", "four"));
  EXPECT_EQ(screen.cursor(), QPoint(4, 3));
  screen.reset();
  EXPECT_THAT(text_of(screen), ElementsAre("", ""));
}

TEST(Screen, AnEditorLeavesNothingBehind) {
  ScreenModel screen(2, 10);
  screen.write("# vi\r\n\x1b[?1049h\x1b[H\x1b[2J~ text");
  EXPECT_THAT(text_of(screen), ElementsAre("~ text", ""));
  screen.write("\x1b[?1049l");
  EXPECT_THAT(text_of(screen), ElementsAre("# vi", ""));
}

TEST(Screen, ColoursAreThoseOfTheProgramOrTheTerminalsOwn) {
  ScreenModel screen(1, 20);
  screen.write("a\x1b[1;31mb\x1b[0;7mc\x1b[0;48;2;1;2;3md");
  EXPECT_EQ(screen.cell(0, 0).ink, std::nullopt);
  EXPECT_TRUE(screen.cell(0, 1).bold);
  EXPECT_NE(screen.cell(0, 1).ink, std::nullopt);
  EXPECT_NE(screen.cell(0, 2).ground, std::nullopt) << "reversed";
  EXPECT_EQ(screen.cell(0, 3).ground, 0x010203U);
}

TEST(Screen, ColoursByNumberCanBeRead) {
  ScreenModel screen(1, 20);
  const QColor ground(0x1b, 0x1d, 0x21);
  for (const char* sequence :
       {"31", "32", "33", "34", "35", "36", "37", "90", "91", "92", "93", "94", "95", "96", "97"}) {
    screen.reset();
    screen.write(QByteArray("\x1b[") + sequence + "mx");
    const auto ink = screen.cell(0, 0).ink;
    ASSERT_TRUE(ink) << sequence;
    EXPECT_GE(contrast(QColor(QRgb(*ink)), ground), 4.5) << sequence;
  }
}

TEST(Screen, WideLettersTakeTwoColumns) {
  ScreenModel screen(1, 10);
  screen.write("主a");
  EXPECT_EQ(screen.cell(0, 0).width, 2);
  EXPECT_EQ(screen.cell(0, 2).text, QStringLiteral("a"));
  EXPECT_EQ(screen.line_text(0), QStringLiteral("主a"));
}

TEST(Screen, KeysSendWhatXtermSends) {
  ScreenModel screen(2, 10);
  QByteArray sent;
  QObject::connect(&screen, &ScreenModel::keys, [&](const QByteArray& bytes) { sent += bytes; });
  const auto press = [&](int key, Qt::KeyboardModifiers held, const QString& text = {}) {
    sent.clear();
    EXPECT_TRUE(screen.press(key, held, text));
    return sent.toStdString();
  };
  EXPECT_EQ(press(Qt::Key_L, Qt::NoModifier, QStringLiteral("l")), "l");
  EXPECT_EQ(press(Qt::Key_L, Qt::ShiftModifier, QStringLiteral("L")), "L");
  EXPECT_EQ(press(0, Qt::NoModifier, QStringLiteral("主")), "主");
  EXPECT_EQ(press(Qt::Key_Return, Qt::NoModifier), "\r");
  EXPECT_EQ(press(Qt::Key_Backspace, Qt::NoModifier), "\x7f");
  EXPECT_EQ(press(Qt::Key_C, Qt::ControlModifier, QStringLiteral("\x03")), "\x03");
  EXPECT_EQ(press(Qt::Key_Up, Qt::NoModifier), "\x1b[A");
  EXPECT_EQ(press(Qt::Key_F1, Qt::NoModifier), "\x1bOP");
  EXPECT_EQ(press(Qt::Key_Delete, Qt::NoModifier), "\x1b[3~");
  screen.write("\x1b[?1h");
  EXPECT_EQ(press(Qt::Key_Up, Qt::NoModifier), "\x1bOA") << "an editor asked for that";
  EXPECT_FALSE(screen.press(Qt::Key_Shift, Qt::ShiftModifier, {}));
}

TEST(Screen, AnswersAProgramThatAsks) {
  ScreenModel screen(5, 10);
  const QSignalSpy keys(&screen, &ScreenModel::keys);
  screen.write("ab\x1b[6n");
  ASSERT_EQ(keys.count(), 1);
  EXPECT_EQ(keys[0][0].toByteArray(), QByteArray("\x1b[1;3R"));
}

TEST(Console, TakesAllKeysButTheOneThatLeaves) {
  ScreenModel screen(4, 20);
  ConsoleView view(screen);
  view.resize(400, 200);
  view.show();
  QByteArray sent;
  QObject::connect(&screen, &ScreenModel::keys, [&](const QByteArray& bytes) { sent += bytes; });
  QTest::keyClicks(&view, QStringLiteral("ls"));
  QTest::keyClick(&view, Qt::Key_Tab);
  QTest::keyClick(&view, Qt::Key_D, Qt::ControlModifier);
  EXPECT_EQ(sent, QByteArray("ls\t\x04"));
  sent.clear();
  QTest::keyClick(&view, Qt::Key_Backtab, Qt::ShiftModifier);
  EXPECT_EQ(sent, QByteArray());
}

TEST(Console, MarksWithTheMouseWhatIsCopied) {
  ScreenModel screen(4, 20);
  ConsoleView view(screen);
  view.resize(400, 200);
  view.show();
  screen.write("first line\r\nsecond line");
  const QFontMetricsF metrics(view.font());
  const auto at = [&](int line, int column) {
    return QPoint(static_cast<int>(6 + (column + 0.5) * metrics.horizontalAdvance(u'0')),
                  static_cast<int>(6 + (line + 0.5) * metrics.height()));
  };
  QTest::mousePress(view.viewport(), Qt::LeftButton, {}, at(0, 6));
  QTest::mouseMove(view.viewport(), at(1, 5));
  QMouseEvent move(QEvent::MouseMove, QPointF(at(1, 5)), view.mapToGlobal(QPointF(at(1, 5))),
                   Qt::LeftButton, Qt::LeftButton, {});
  QCoreApplication::sendEvent(view.viewport(), &move);
  EXPECT_EQ(view.marked(), QStringLiteral("line\nsecond"));
}

}  // namespace
}  // namespace lvslab::gui
