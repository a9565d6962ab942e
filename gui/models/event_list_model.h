// The event list: one row per record that says something, in the words of tcpdump and of the reason
// catalogue.
//
// Models: time, host, interface, from, to, protocol, summary, why; filters by libpcap expression,
// host, reason, conversation or one packet's whole story. Texts are made when a row is looked at,
// so that a long run costs a few bytes a row.
#pragma once

#include <QAbstractTableModel>
#include <optional>
#include <set>
#include <vector>

#include "sim/trace/frame_facts.h"
#include "sim/trace/packet_filter.h"
#include "sim/trace/text.h"

namespace lvslab::gui {

class PlayModel;

struct EventFilter {
  std::optional<PacketFilter> packets{};     ///< frames only, and those that match
  std::optional<FrameFacts> conversation{};  ///< frames of the same conversation only
  std::string host{};
  std::string words{};                ///< stands in a sentence, a summary or a reason's name
  bool switches = false;              ///< hops through switches, too
  bool tables = false;                ///< rows of tables, too
  std::set<std::uint32_t> records{};  ///< not empty: these only
};

class EventListModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { kTime, kHost, kDev, kFrom, kTo, kProtocol, kSummary, kWhy, kColumns };
  enum Role {
    kRecordRole = Qt::UserRole,
    kProtocolRole,  ///< int of Protocol; -1: no frame
    kEnvelopeRole,  ///< int of Envelope
    kKindRole,      ///< int of RecordKind
    kFutureRole,    ///< bool: after the position
    kFocusRole,     ///< bool: in focus
    kResetRole      ///< bool: a TCP RST
  };

  explicit EventListModel(PlayModel& play, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  const EventFilter& filter() const { return filter_; }
  void set_filter(EventFilter filter);
  /// Only what belongs to the story of this record; invalid: everything again.
  void follow(RecordId record);
  bool following() const { return !filter_.records.empty(); }

  RecordId record_at(int row) const;
  /// The row of `record`, or the last one before it; -1 if there is none.
  int row_of(RecordId record) const;
  std::span<const std::uint32_t> rows() const { return rows_; }

  /// What a record says in one line, and the decision that explains it (may be empty).
  /// The sendings and arrivals among the rows, as a trace of its own.
  Trace frames_shown() const;
  QString summary(RecordId record) const;
  QString short_summary(RecordId record) const;
  QString reason(RecordId record) const;

 private:
  void rebuild();
  void on_grew(quint32 from);
  void on_cut(quint32 to);
  void on_moved();
  bool accepts(RecordId record) const;
  QString cell(RecordId record, int column) const;
  QString tool_tip(RecordId record) const;
  RecordId explanation_of(RecordId record) const;

  PlayModel& play_;
  EventFilter filter_;
  std::vector<std::uint32_t> rows_;
  mutable Describer describer_;
};

}  // namespace lvslab::gui
