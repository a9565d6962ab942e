// The lessons, sorted and filtered, in the model and on their page.
#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QTreeView>

#include "gui/models/library.h"
#include "gui/widgets/start_page.h"
#include "test_paths.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

using scenario::Difficulty;
using testing::Contains;
using testing::Each;
using testing::IsEmpty;
using testing::Not;

constexpr auto kFolder = LVSLAB_SOURCE_DIR "/scenarios";

/// What a view of `model` lists under its topics, in order.
template <class Value>
std::vector<Value> listed(const QAbstractItemModel& model, int role) {
  std::vector<Value> values;
  for (int t = 0; t < model.rowCount(); ++t) {
    const QModelIndex topic = model.index(t, 0);
    for (int e = 0; e < model.rowCount(topic); ++e) {
      values.push_back(model.index(e, 0, topic).data(role).template value<Value>());
    }
  }
  return values;
}

TEST(LibraryFilter, ShowsOneDifficultyAndTopicsThatHaveIt) {
  LibraryModel library(QString::fromLatin1(kFolder));
  LibraryFilter filter(library);
  const QAbstractItemModelTester tester(&filter,
                                        QAbstractItemModelTester::FailureReportingMode::Fatal);
  const std::size_t all = listed<int>(filter, LibraryModel::kDifficultyRole).size();
  std::size_t parts = 0;
  for (const Difficulty one :
       {Difficulty::kBeginner, Difficulty::kIntermediate, Difficulty::kAdvanced}) {
    filter.set_difficulty(one);
    const auto levels = listed<int>(filter, LibraryModel::kDifficultyRole);
    EXPECT_THAT(levels, Not(IsEmpty()));
    EXPECT_THAT(levels, Each(static_cast<int>(one)));
    parts += levels.size();
    for (int t = 0; t < filter.rowCount(); ++t) EXPECT_GT(filter.rowCount(filter.index(t, 0)), 0);
  }
  EXPECT_EQ(parts, all) << "every shipped scenario says how hard it is";
}

TEST(LibraryFilter, PutsTheEasiestOfATopicFirstUnlessNamesAreWanted) {
  LibraryModel library(QString::fromLatin1(kFolder));
  LibraryFilter filter(library);
  for (int t = 0; t < filter.rowCount(); ++t) {
    const QModelIndex topic = filter.index(t, 0);
    int last = 0;
    for (int e = 0; e < filter.rowCount(topic); ++e) {
      const int level = filter.index(e, 0, topic).data(LibraryModel::kDifficultyRole).toInt();
      EXPECT_LE(last, level);
      last = level;
    }
  }
  filter.set_easiest_first(false);
  EXPECT_EQ(listed<QString>(filter, LibraryModel::kNameRole),
            listed<QString>(library, LibraryModel::kNameRole));
}

TEST(LibraryFilter, FindsWordsInTitlesSummariesAndNames) {
  LibraryModel library(QString::fromLatin1(kFolder));
  LibraryFilter filter(library);
  filter.set_words(QStringLiteral("riddle"));
  EXPECT_THAT(listed<QString>(filter, LibraryModel::kNameRole),
              testing::ElementsAre(QStringLiteral("ha-the-doubt")));
  library.set_language(Language::kZh);
  filter.set_words(QStringLiteral("存疑"));
  EXPECT_THAT(listed<QString>(filter, LibraryModel::kNameRole),
              testing::ElementsAre(QStringLiteral("ha-the-doubt")));
  filter.set_words(QStringLiteral("no such lesson"));
  EXPECT_EQ(filter.rowCount(), 0);
}

TEST(StartPageJourney, ALessonIsFoundByDifficultyAndByWord) {
  WindowBench bench;
  StartPage& page = bench.window().start();
  bench.press(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier);
  const QAbstractItemModel& shown = *page.list()->model();
  page.level()->setFocus();
  QTest::keyClick(page.level(), Qt::Key_Down);
  EXPECT_THAT(listed<int>(shown, LibraryModel::kDifficultyRole),
              Each(static_cast<int>(Difficulty::kBeginner)));
  EXPECT_THAT(page.level()->currentText().toStdString(), testing::HasSubstr("●○○ beginner"));
  QTest::keyClicks(page.words(), QStringLiteral("dr-basic"));
  EXPECT_THAT(listed<QString>(shown, LibraryModel::kNameRole),
              Contains(QStringLiteral("dr-basic")));
  EXPECT_TRUE(page.list()->isExpanded(shown.index(0, 0))) << "what was found is seen";
  const QString name =
      page.list()->model()->index(0, 0, shown.index(0, 0)).data(Qt::AccessibleTextRole).toString();
  EXPECT_TRUE(name.endsWith(QStringLiteral(", beginner"))) << name.toStdString();

  // The choice stays when the language changes.
  bench.press(Qt::Key_L, Qt::ControlModifier);
  QCoreApplication::processEvents();
  EXPECT_THAT(page.level()->currentText().toStdString(), testing::HasSubstr("入门"));
  EXPECT_THAT(listed<int>(shown, LibraryModel::kDifficultyRole),
              Each(static_cast<int>(Difficulty::kBeginner)));
}

TEST(StartPageJourney, ItOpensAtTheHeadingOfTheLessonThatIsOpen) {
  WindowBench bench;
  bench.press(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier);
  QCoreApplication::processEvents();
  const auto& list = *bench.window().start().list();
  const QRect heading = list.visualRect(list.currentIndex().parent());
  EXPECT_TRUE(list.viewport()->rect().contains(heading)) << heading.top();
  EXPECT_TRUE(list.viewport()->rect().contains(list.visualRect(list.currentIndex())));
}

}  // namespace
}  // namespace lvslab::gui
