// One table of one host at the position of the window, as rows of words; what changed since the
// position before is marked, and so is the row that the packet in focus used.
//
// Models: addresses, links, neighbours, routes (main and local), rules, IPVS services with their
// servers, IPVS connections, virtual routers (of all hosts, the host's own first), sockets,
// sysctls.
// Leaves out: the folding of records into tables (sim/trace/fold.h).
#pragma once

#include <QAbstractTableModel>
#include <string>
#include <vector>

#include "gui/models/history.h"

namespace lvslab::gui {

class PlayModel;

enum class HostTable : std::uint8_t {
  kAddresses,
  kNeighbours,
  kRoutes,
  kLocalRoutes,
  kRules,
  kServices,
  kConnections,
  kVrrp,
  kSockets,
  kSysctls,
  kLinks
};
inline constexpr int kHostTables = 11;

class TablesModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Role { kChangedRole = Qt::UserRole, kUsedRole, kIndentRole };

  TablesModel(PlayModel& play, HostTable table, QObject* parent = nullptr);

  void set_host(const std::string& host);
  const std::string& host() const { return host_; }
  HostTable table() const { return table_; }
  /// "ARP", "Routes" in the window's language.
  static QString name_of(HostTable table);
  /// The command that lists the same on a real host.
  static QString command_of(HostTable table);
  /// Rows that changed in the last move.
  int changed_rows() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  struct Row {
    std::string key;
    QStringList cells;
    bool changed = false;
    bool used = false;
    bool indented = false;
  };
  void on_moved(quint32 from, quint32 to);
  void rebuild();
  std::vector<Row> rows_at(Position position) const;
  void fill(const HostTables& tables, std::vector<Row>& rows) const;
  void fill_routing(const HostTables& tables, std::vector<Row>& rows) const;
  void fill_ipvs(const HostTables& tables, std::vector<Row>& rows) const;
  void fill_vrrp(Position position, std::vector<Row>& rows) const;
  QString vip_text(const VrrpRow& row, Position position) const;
  void mark_used(std::vector<Row>& rows) const;
  void replace(std::vector<Row> rows);
  QStringList headers() const;

  PlayModel& play_;
  HostTable table_;
  std::string host_;
  std::vector<Row> rows_;
};

}  // namespace lvslab::gui
