// Why the record in focus came about and what became of it: the story of sim/trace/why.h as rows, a
// heading for each host that did something and a sentence for each decision, with its source.
//
// Leaves out: the walk through causes, and the sentences (the reason catalogue's).
#pragma once

#include <QAbstractListModel>
#include <cstdint>
#include <vector>

#include "sim/trace/why.h"

namespace lvslab::gui {

class PlayModel;

class WhyModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum class Kind : std::uint8_t { kHost, kDecision, kDrop, kPacket, kCommand, kFault, kRow, kGap };
  enum Role {
    kKindRole = Qt::UserRole,
    kRecordRole,
    kSourceRole,
    kSubjectRole,
    kAsideRole,
    kHereRole
  };

  explicit WhyModel(PlayModel& play, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

  /// The record that the story is about.
  RecordId subject() const { return subject_; }
  /// The row that an answer to "why?" is read from: the subject's host; -1 if there is none.
  int subject_row() const;

 private:
  struct Row {
    Kind kind = Kind::kDecision;
    RecordId record;
    QString text;
    std::string_view source;
    bool subject = false;
    bool aside = false;
    bool here = false;  ///< of the event in focus
  };
  void rebuild();
  void add_step(const WhyStep& step);
  void thin_out();

  PlayModel& play_;
  RecordId subject_;
  std::uint32_t event_begin_ = 0, event_end_ = 0;  ///< of the subject's event
  std::vector<Row> rows_;
};

}  // namespace lvslab::gui
