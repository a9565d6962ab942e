// A student's visit to the lessons about high availability, in the window alone: who is master,
// why, what tells the others, and what the doubt at the end of the course note comes from.
#include <gmock/gmock.h>

#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTableView>
#include <QTextBrowser>
#include <QTreeView>
#include <algorithm>

#include "gui/models/event_list_model.h"
#include "gui/models/library.h"
#include "gui/models/tables_model.h"
#include "gui/widgets/event_panel.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/inspector.h"
#include "gui/widgets/lessons_panel.h"
#include "gui/widgets/start_page.h"
#include "gui/widgets/topology_view.h"
#include "gui/widgets/why_panel.h"
#include "tests/gui/window_bench.h"

namespace lvslab::gui {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kHost = 0, kState = 2, kPriority = 3, kEffective = 4, kMaster = 5, kVips = 7;

class Visit {
 public:
  Visit() = default;

  MainWindow& window() { return bench_.window(); }
  PlayModel& play() { return bench_.play(); }
  WindowBench& bench() { return bench_; }

  /// Looks the lesson up by a word on the page of all lessons, and opens the first one shown.
  void open_lesson(const QString& word) {
    bench_.press(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier);
    QTest::keyClicks(window().start().words(), word);
    QTreeView* list = window().start().list();
    const QModelIndex topic = list->model()->index(0, 0);
    list->setCurrentIndex(list->model()->index(0, 0, topic));
    QTest::keyClick(list, Qt::Key_Return);
    EXPECT_TRUE(bench_.settle());
  }

  /// What the menu of a host offers, clicked.
  void choose(const QString& host, const QString& entry) {
    Q_EMIT window().topology().menu_wanted(host, window().mapToGlobal(QPoint(400, 200)));
    auto* menu = window().findChild<QMenu*>(QString(), Qt::FindDirectChildrenOnly);
    for (QMenu* one : window().findChildren<QMenu*>()) {
      if (one->isVisible()) menu = one;
    }
    ASSERT_NE(menu, nullptr);
    const QList<QAction*> actions = menu->actions();
    const auto found = std::ranges::find(actions, entry, &QAction::text);
    ASSERT_NE(found, actions.end()) << entry.toStdString();
    (*found)->trigger();
    menu->close();
    EXPECT_TRUE(bench_.settle());
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  }

  /// A cell of the VRRP table of `host`, in the row of `of`.
  std::string vrrp(const char* host, const char* of, int column) {
    HostPanel* panel = window().open_host(QString::fromLatin1(host));
    panel->show_table(HostTable::kVrrp);
    const TablesModel& table = panel->table(HostTable::kVrrp);
    for (int row = 0; row < table.rowCount(); ++row) {
      if (table.index(row, kHost).data().toString() != QLatin1String(of)) continue;
      return table.index(row, column).data().toString().toStdString();
    }
    return "no row";
  }

  std::string why() { return window().why().text()->toPlainText().toStdString(); }

  /// Plays up to a packet at a host, and says what is in focus there.
  bool run_to_packet(const char* filter, const char* host) {
    Until goal{.filter = PacketFilter::compile(filter).value()};
    goal.host = host;
    play().run_until(goal);
    bench_.settle();
    const RecordId focus = play().focus();
    if (!focus.valid()) return false;
    const TraceRecord& r = play().trace()[focus];
    return r.frame.valid() && goal.filter->matches(play().trace().frame(r.frame));
  }

  /// Clicks the sentence under Why that holds `words`.
  void click_why(const QString& words) {
    const QString html = window().why().text()->toHtml();
    const qsizetype at = html.indexOf(words);
    ASSERT_GE(at, 0) << words.toStdString() << " in " << why();
    const qsizetype link = html.lastIndexOf(QStringLiteral("href=\"r:"), at);
    ASSERT_GE(link, 0);
    const QString url = html.mid(link + 6).section(u'"', 0, 0);
    Q_EMIT window().why().text()->anchorClicked(QUrl(url));
    EXPECT_TRUE(bench_.settle());
  }

 private:
  WindowBench bench_;
};

TEST(FailoverJourney, TheMasterLosesItsCableAndTheBackupTakesOver) {
  Visit visit;
  visit.open_lesson(QStringLiteral("ha-failover"));
  ASSERT_EQ(visit.play().scenario().name, "ha-failover");

  // The lesson as it is: run it, and let it grade itself.
  auto* check = visit.window().lessons().findChild<QPushButton*>();
  QTest::mouseClick(check, Qt::LeftButton);
  ASSERT_TRUE(visit.bench().settle(30'000));
  EXPECT_THAT(visit.window().lessons().now()->toPlainText().toStdString(),
              HasSubstr("expectations hold."));
  visit.bench().press(Qt::Key_End);

  // Who is master? The table says it of both, on either host.
  EXPECT_EQ(visit.vrrp("node01", "node01", kState), "MASTER");
  EXPECT_EQ(visit.vrrp("node01", "node04", kState), "BACKUP");
  EXPECT_EQ(visit.vrrp("node04", "node04", kPriority), "50");
  EXPECT_EQ(visit.vrrp("node04", "node04", kMaster), "node01");
  EXPECT_EQ(visit.vrrp("node01", "node01", kVips), "192.168.80.150 ✓");
  EXPECT_EQ(visit.vrrp("node04", "node04", kVips), "192.168.80.150");
  EXPECT_THAT(visit.window().topology().host_in_words(QStringLiteral("node01")).toStdString(),
              HasSubstr("VIP 192.168.80.150: answers ARP"));

  // Break the link, and ask why.
  const Position before = visit.play().position();
  visit.choose(QStringLiteral("node01"), QStringLiteral("Unplug eth0"));
  EXPECT_EQ(visit.vrrp("node01", "node01", kState), "FAULT") << "keepalived sees its own card";
  ASSERT_TRUE(visit.bench().run_to("vrrp-master-down", "node04"));
  EXPECT_THAT(visit.why(), AllOf(HasSubstr("has heard no acceptable advert of virtual router 51"),
                                 HasSubstr("it becomes MASTER"), HasSubstr("RFC 3768")));
  EXPECT_EQ(visit.vrrp("node04", "node04", kState), "MASTER");

  // The gratuitous ARP that tells everybody, and the VIP that moved.
  ASSERT_TRUE(visit.run_to_packet("arp[14:4] == 0xc0a85096 and arp[24:4] == 0xc0a85096", "node04"));
  QTest::qWait(300);
  EXPECT_THAT(visit.window().topology().packets_in_words().join(u'\n').toStdString(),
              HasSubstr("my .150"));
  EXPECT_EQ(visit.vrrp("node04", "node04", kVips), "192.168.80.150 ✓");
  EXPECT_THAT(visit.window().topology().host_in_words(QStringLiteral("node04")).toStdString(),
              HasSubstr("VIP 192.168.80.150: answers ARP"));
  EXPECT_THAT(visit.bench()
                  .type(QStringLiteral("client"), QStringLiteral("curl -s http://192.168.80.150/"))
                  .toStdString(),
              testing::ContainsRegex("\nnode0[23]\n"));

  // Repair: the priority decides.
  visit.choose(QStringLiteral("node01"), QStringLiteral("Plug eth0 in"));
  ASSERT_TRUE(visit.bench().run_to("vrrp-yields", "node04"));
  EXPECT_THAT(visit.why(), HasSubstr("gives up being MASTER"));
  EXPECT_EQ(visit.vrrp("node01", "node01", kState), "MASTER");
  EXPECT_EQ(visit.vrrp("node04", "node04", kState), "BACKUP");
  EXPECT_EQ(visit.vrrp("node01", "node04", kMaster), "node01");

  // The table goes along, back and forth.
  const Position after = visit.play().position();
  visit.play().go_to(before);
  EXPECT_EQ(visit.vrrp("node04", "node04", kState), "BACKUP");
  EXPECT_EQ(visit.vrrp("node04", "node04", kEffective), "50");
  visit.play().restart();
  EXPECT_EQ(visit.vrrp("node04", "node04", kState), "no row") << "keepalived does not run yet";
  visit.play().go_to(after);
  EXPECT_EQ(visit.vrrp("node01", "node01", kState), "MASTER");
}

TEST(FailoverJourney, TheDoubtFromTheFailedRequestToItsCause) {
  Visit visit;
  visit.open_lesson(QStringLiteral("riddle"));
  ASSERT_EQ(visit.play().scenario().name, "ha-the-doubt");
  visit.bench().press(Qt::Key_End);
  ASSERT_TRUE(visit.play().finished());

  // The request that failed: the list, filtered by what the client last sent.
  HostPanel* client = visit.window().open_host(QStringLiteral("client"));
  EXPECT_THAT(client->output()->toPlainText().toStdString(), HasSubstr("curl -s -m 4"));
  QLineEdit* filter = visit.window().events().filter_edit();
  filter->setText(QStringLiteral("tcp[tcpflags] & tcp-rst != 0 and src host 192.168.80.10"));
  QAbstractItemModel* list = visit.window().events().table()->model();
  ASSERT_GT(list->rowCount(), 0);
  visit.window().events().table()->setCurrentIndex(list->index(0, 0));

  // Why a RST? Nobody on the client asked that server anything.
  EXPECT_THAT(visit.why(), AllOf(HasSubstr("RST"), HasSubstr("192.168.80.20")));
  // And why did that server answer itself? node04 rewrote the destination: it forwards by NAT.
  visit.click_why(QStringLiteral("destination to 192.168.80.20"));
  const TraceRecord& nat = visit.play().trace()[visit.play().focus()];
  EXPECT_EQ(visit.play().trace().node(nat.node).name, "node04");
  EXPECT_EQ(info(nat.reason).name, "ipvs-masquerading");

  // The tables of both directors, at this moment: the same service, two ways.
  const auto ways = [&](const char* host) {
    HostPanel* panel = visit.window().open_host(QString::fromLatin1(host));
    const TablesModel& table = panel->table(HostTable::kServices);
    QStringList texts;
    for (int row = 0; row < table.rowCount(); ++row) texts << table.index(row, 1).data().toString();
    return texts.join(u' ').toStdString();
  };
  EXPECT_THAT(ways("node04"), AllOf(HasSubstr("Masq"), Not(HasSubstr("Route"))));
  EXPECT_THAT(ways("node01"), AllOf(HasSubstr("Route"), Not(HasSubstr("Masq"))));

  // The cause: keepalived found rules in node01's table and left them as they were.
  visit.window().events().clear_filters();
  visit.bench().press(Qt::Key_Home);
  ASSERT_TRUE(visit.bench().run_to("keepalived-keeps-rule", "node01"));
  EXPECT_THAT(visit.why(), HasSubstr("how it forwards stays as it was"));
}

TEST(FailoverJourney, TheReportOfAVisitIsHandedIn) {
  Visit visit;
  visit.open_lesson(QStringLiteral("riddle"));
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("doubt.html"));
  // A page is too long to be printed where it lacks something.
  const auto says = [&](const QString& words) {
    QFile file(path);
    EXPECT_TRUE(file.open(QIODevice::ReadOnly));
    return QString::fromUtf8(file.readAll()).contains(words);
  };
  ASSERT_TRUE(visit.window().export_report(path));
  EXPECT_TRUE(says(QStringLiteral("This run was not checked.")));
  visit.play().check();
  ASSERT_TRUE(visit.bench().settle(30'000));
  visit.bench().press(Qt::Key_L, Qt::ControlModifier);  // in the language of the window
  ASSERT_TRUE(visit.window().export_report(path));
  for (const char* words : {"由模拟器运行", "✓ 全部", "笔记末尾的“存疑”", "接管 192.168.80.150",
                            "client 用 RST 应答"}) {
    EXPECT_TRUE(says(QString::fromUtf8(words))) << words;
  }
  EXPECT_FALSE(visit.window().export_report(QStringLiteral("/no/such/folder/r.html")));
}

}  // namespace
}  // namespace lvslab::gui
