// The marks on the time line: commands, faults, failovers, and where expectations failed.
//
// Models: marks by position, kept up as the run grows. A failover is a VIP that appears at a host
// after another one had it. Leaves out: the picture.
#pragma once

#include <QObject>
#include <QString>
#include <map>
#include <vector>

#include "gui/models/history.h"
#include "sim/base/addr.h"

namespace lvslab::gui {

class PlayModel;

struct TimelineMark {
  enum class Kind : std::uint8_t { kCommand, kFault, kFailover, kDrop, kFailed };
  Kind kind = Kind::kCommand;
  Position position = 0;  ///< the end of its event
  QString text;
};

class TimelineModel : public QObject {
  Q_OBJECT

 public:
  explicit TimelineModel(PlayModel& play, QObject* parent = nullptr);

  /// In order.
  const std::vector<TimelineMark>& marks() const { return marks_; }
  /// The next mark after `from` (forward) or the last one before it; nullptr if there is none.
  const TimelineMark* neighbour(Position from, bool forward) const;
  QString kind_name(TimelineMark::Kind kind) const;

 Q_SIGNALS:
  void changed();

 private:
  void on_grew(quint32 from);
  void on_cut(quint32 to);
  void on_checked();
  void take(Position i);

  PlayModel& play_;
  std::vector<TimelineMark> marks_;
  std::map<Ipv4Addr, std::uint32_t> owner_;  ///< who last got an address, by node
};

}  // namespace lvslab::gui
