#include "gui/models/why_model.h"

#include <algorithm>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "sim/trace/frame_facts.h"
#include "sim/trace/text.h"

namespace lvslab::gui {
namespace {

/// Of a long story so many rows around the subject are told.
constexpr std::ptrdiff_t kRowsBefore = 40, kRowsAfter = 30;

}  // namespace

WhyModel::WhyModel(PlayModel& play, QObject* parent) : QAbstractListModel(parent), play_(play) {
  QObject::connect(&play, &PlayModel::focus_changed, this, &WhyModel::rebuild);
  QObject::connect(&play, &PlayModel::opened, this, &WhyModel::rebuild);
  QObject::connect(&play, &PlayModel::language_changed, this, &WhyModel::rebuild);
}

int WhyModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

QVariant WhyModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const Row& row = rows_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole: return row.text;
    case Qt::ToolTipRole:
    case kSourceRole: return to_qt(row.source);
    case kKindRole: return static_cast<int>(row.kind);
    case kRecordRole: return row.record.value;
    case kSubjectRole: return row.subject;
    case kAsideRole: return row.aside;
    case kHereRole: return row.here;
    default: return {};
  }
}

int WhyModel::subject_row() const {
  const auto found = std::ranges::find_if(rows_, [](const Row& r) { return r.here; });
  return found == rows_.end() ? -1 : static_cast<int>(found - rows_.begin());
}

void WhyModel::rebuild() {
  beginResetModel();
  rows_.clear();
  subject_ = play_.focus();
  const Trace& trace = play_.trace();
  if (subject_.valid() && subject_.value < trace.size()) {
    const std::vector<WhyStep> steps = why(trace, subject_);
    event_end_ = play_.history().end_of_event(subject_);
    event_begin_ = play_.history().event_begin(event_end_);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const TraceRecord& r = trace[steps[i].record];
      bool begins = i == 0;
      if (!begins) {
        const TraceRecord& last = trace[steps[i - 1].record];
        begins = r.node != last.node || r.at != last.at;
      }
      if (begins && r.node.valid()) {
        const QString name = to_qt(trace.node(r.node).name);
        rows_.push_back({.kind = Kind::kHost,
                         .record = steps[i].record,
                         .text = name + QStringLiteral("  ·  ") + time_text(r.at) + tr(" s"),
                         .aside = steps[i].role == WhyRole::kAside});
      }
      add_step(steps[i]);
    }
  }
  thin_out();
  endResetModel();
}

void WhyModel::add_step(const WhyStep& step) {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[step.record];
  Row row{.record = step.record,
          .subject = step.role == WhyRole::kSubject,
          .aside = step.role == WhyRole::kAside};
  row.here = step.record.value >= event_begin_ && step.record.value < event_end_ &&
             r.node == trace[subject_].node;
  const auto packet = [&](const QString& words) {
    const FrameFacts facts = facts_of(trace.frame(r.frame));
    return words.arg(packet_number(r.frame))
        .arg(to_qt(protocol_name(facts)), to_qt(facts.label), to_qt(trace.dev_name(r.node, r.dev)));
  };
  switch (r.kind) {
    case RecordKind::kDecision:
    case RecordKind::kFrameDropped:
      row.kind = r.kind == RecordKind::kDecision ? Kind::kDecision : Kind::kDrop;
      row.text = to_qt(reason_sentence(trace, r, play_.language()));
      row.source = info(r.reason).source;
      break;
    case RecordKind::kFrameSent:
      row.kind = Kind::kPacket;
      row.text = packet(tr("sends packet %1 (%2 %3) on %4"));
      break;
    case RecordKind::kFrameReceived:
      row.kind = Kind::kPacket;
      row.text = packet(tr("receives packet %1 (%2 %3) on %4"));
      break;
    case RecordKind::kCommand:
      row.kind = Kind::kCommand;
      row.text = QStringLiteral("$ ") + one_line(to_qt(trace.text(r.args[0])));
      break;
    case RecordKind::kFault:
      row.kind = Kind::kFault;
      row.text = to_qt(trace.text(r.args[0]));
      break;
    case RecordKind::kRowAdded:
    case RecordKind::kRowChanged:
    case RecordKind::kRowRemoved: {
      row.kind = Kind::kRow;
      const TableRow& what = trace.row(r.args[0]);
      row.text = verb_of(r.kind) + QStringLiteral(": ") + to_qt(row_text(trace, r.node, what));
      break;
    }
    default: return;
  }
  rows_.push_back(std::move(row));
}

// A packet late in a connection has a long past.
void WhyModel::thin_out() {
  const std::ptrdiff_t subject = std::max(0, subject_row());
  if (std::ssize(rows_) - subject > kRowsAfter) {
    const std::ptrdiff_t gone = std::ssize(rows_) - subject - kRowsAfter;
    rows_.resize(static_cast<std::size_t>(subject + kRowsAfter));
    rows_.push_back({.kind = Kind::kGap, .record = {}, .text = tr("… %1 more").arg(gone)});
  }
  if (subject <= kRowsBefore) return;
  const std::ptrdiff_t gone = subject - kRowsBefore;
  rows_.erase(rows_.begin(), rows_.begin() + gone);
  rows_.insert(rows_.begin(),
               {.kind = Kind::kGap, .record = {}, .text = tr("… %1 earlier steps").arg(gone)});
}

}  // namespace lvslab::gui
