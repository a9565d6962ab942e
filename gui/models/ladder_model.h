// The run as a time-sequence diagram: a column for each interface of a host, a row for each thing
// that happened, an arrow from the interface that sent a packet to those that got it, whatever
// switches lay between.
//
// Models: arrows (with retransmissions and resets marked), packets that were lost on the way,
// drops, commands. Leaves out: the picture; and loopback traffic.
#pragma once

#include <QObject>
#include <QString>
#include <string>
#include <vector>

#include "gui/models/play_model.h"
#include "sim/trace/ladder_rows.h"

namespace lvslab::gui {

class LadderModel : public QObject {
  Q_OBJECT

 public:
  explicit LadderModel(PlayModel& play, QObject* parent = nullptr);

  struct Column : LadderColumn {
    QString addresses;
  };
  const std::vector<Column>& columns() const { return columns_; }
  const std::vector<LadderRow>& rows() const { return builder_.rows(); }
  /// The row of `record` or the last one before it; -1 if there is none.
  int row_of(RecordId record) const { return builder_.row_of(play_.trace(), record); }
  /// What a row says: "SYN", "✕ reason", "$ curl …".
  QString text_of(const LadderRow& row) const;
  /// In words, for tooltips: packet, time, ends.
  QString words_of(const LadderRow& row) const;
  /// True for a packet that reached nobody, and no longer can.
  bool is_lost(const LadderRow& row) const;

 Q_SIGNALS:
  void changed();

 private:
  void rebuild();
  void on_grew(quint32 from);
  void on_cut(quint32 to);

  PlayModel& play_;
  std::vector<Column> columns_;
  LadderBuilder builder_;
};

}  // namespace lvslab::gui
