// Packet fields have names in the window's language; addresses, numbers and protocols stay.
#include "gui/models/field_words.h"

#include <gmock/gmock.h>

#include <QDir>
#include <QFile>
#include <QLabel>
#include <QRegularExpression>
#include <QTreeView>
#include <algorithm>

#include "gui/widgets/inspector.h"
#include "test_paths.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

bool is_chinese(const QString& text) {
  return std::ranges::any_of(text, [](QChar c) { return c.script() == QChar::Script_Han; });
}

/// Every name that the readers of packets give to a field.
QStringList names_in_the_readers() {
  const QDir folder(QStringLiteral(LVSLAB_SOURCE_DIR "/sim/wire"));
  const QRegularExpression call(QStringLiteral("d\\.(?:field|part)\\(\\s*\"([^\"]+)\""));
  QStringList names;
  for (const QString& file : folder.entryList({QStringLiteral("dissect*.cpp")})) {
    QFile source(folder.filePath(file));
    if (!source.open(QIODevice::ReadOnly)) return {};
    auto found = call.globalMatch(QString::fromUtf8(source.readAll()));
    while (found.hasNext()) names << found.next().captured(1);
  }
  return names;
}

TEST(FieldWords, EveryFieldHasAChineseName) {
  WindowBench bench;
  bench.window().set_language(Language::kZh);
  const QStringList names = names_in_the_readers();
  EXPECT_GT(names.size(), 50);
  for (const QString& name : names) {
    EXPECT_TRUE(is_chinese(field_word(name.toStdString()))) << name.toStdString();
  }
  EXPECT_EQ(field_word("TCP"), QStringLiteral("TCP"));
  bench.window().set_language(Language::kEn);
  for (const QString& name : names) EXPECT_EQ(field_word(name.toStdString()), name);
}

TEST(FieldWords, TheInspectorAndWhatWasRewrittenSpeakIt) {
  WindowBench bench;
  Until rewrite{.filter = PacketFilter::compile("tcp and ip[8] == 63").value()};
  rewrite.host = "node01";
  bench.play().run_until(rewrite);
  ASSERT_TRUE(bench.settle());
  bench.press(Qt::Key_L, Qt::ControlModifier);
  const auto* rewrites = bench.window().inspector().findChild<QLabel*>(QStringLiteral("rewrites"));
  ASSERT_NE(rewrites, nullptr);
  EXPECT_TRUE(rewrites->text().contains(QStringLiteral("生存时间：64 → 63")))
      << rewrites->text().toStdString();
  const auto* tree = bench.window().inspector().findChild<QTreeView*>();
  ASSERT_NE(tree, nullptr);
  const QAbstractItemModel* model = tree->model();
  EXPECT_TRUE(model->index(0, 0).data().toString().startsWith(QStringLiteral("Ethernet")));
  EXPECT_EQ(model->index(0, 0, model->index(0, 0)).data().toString(), QStringLiteral("目的地址"));
}

}  // namespace
}  // namespace lvslab::gui
