#include "gui/models/timeline_model.h"

#include <algorithm>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "sim/trace/ladder_rows.h"
#include "sim/trace/text.h"

namespace lvslab::gui {

TimelineModel::TimelineModel(PlayModel& play, QObject* parent) : QObject(parent), play_(play) {
  QObject::connect(&play, &PlayModel::grew, this, &TimelineModel::on_grew);
  QObject::connect(&play, &PlayModel::was_cut, this, &TimelineModel::on_cut);
  QObject::connect(&play, &PlayModel::was_checked, this, &TimelineModel::on_checked);
  QObject::connect(&play, &PlayModel::language_changed, this, [this] {
    on_cut(0);
    if (play_.has_scenario()) on_grew(0);
    if (play_.checked()) on_checked();
  });
}

QString TimelineModel::kind_name(TimelineMark::Kind kind) const {
  switch (kind) {
    case TimelineMark::Kind::kCommand: return tr("command");
    case TimelineMark::Kind::kFault: return tr("fault");
    case TimelineMark::Kind::kFailover: return tr("failover");
    case TimelineMark::Kind::kDrop: return tr("drop");
    case TimelineMark::Kind::kFailed: return tr("failed expectation");
  }
  return {};
}

void TimelineModel::take(Position i) {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[RecordId(i)];
  const QString host = r.node.valid() ? to_qt(trace.node(r.node).name) : QString();
  const auto add = [&](TimelineMark::Kind kind, const QString& text) {
    marks_.push_back({kind, i + 1, host + QStringLiteral(": ") + text});
  };
  switch (r.kind) {
    case RecordKind::kCommand:
      if (i >= play_.start())
        add(TimelineMark::Kind::kCommand, one_line(to_qt(trace.text(r.args[0]))));
      return;
    case RecordKind::kFault: add(TimelineMark::Kind::kFault, to_qt(trace.text(r.args[0]))); return;
    case RecordKind::kFrameDropped:
      if (!is_loss(r)) return;
      add(TimelineMark::Kind::kDrop, to_qt(reason_sentence(trace, r, play_.language())));
      return;
    case RecordKind::kRowAdded: {
      const TableRow changed = trace.row(r.args[0]);
      const auto* row = std::get_if<AddrRow>(&changed);
      if (row == nullptr || row->dev == kLoopback) return;
      const auto [at, first] = owner_.try_emplace(row->local.addr, r.node.value);
      if (first || at->second == r.node.value) return;
      at->second = r.node.value;
      add(TimelineMark::Kind::kFailover,
          tr("takes over %1").arg(to_qt(row->local.addr.to_string())));
      return;
    }
    default: return;
  }
}

void TimelineModel::on_grew(quint32 from) {
  const std::size_t before = marks_.size();
  for (Position i = from; i < play_.history().end(); ++i) take(i);
  if (marks_.size() != before) Q_EMIT changed();
}

void TimelineModel::on_cut(quint32 to) {
  std::erase_if(marks_, [to](const TimelineMark& mark) {
    return mark.position > to || mark.kind == TimelineMark::Kind::kFailed;
  });
  if (to == 0) owner_.clear();
  Q_EMIT changed();
}

// An expectation fails at the end, unless it is one of a command: then where that was typed.
void TimelineModel::on_checked() {
  std::erase_if(marks_,
                [](const TimelineMark& m) { return m.kind == TimelineMark::Kind::kFailed; });
  for (const lab::Finding& finding : play_.findings()) {
    if (finding.passed) continue;
    const QString why = to_qt(finding.why.in(play_.language()));
    marks_.push_back({TimelineMark::Kind::kFailed, play_.history().end(),
                      why.isEmpty() ? to_qt(finding.what.in(play_.language())) : why});
  }
  std::ranges::stable_sort(marks_, {}, &TimelineMark::position);
  Q_EMIT changed();
}

const TimelineMark* TimelineModel::neighbour(Position from, bool forward) const {
  if (forward) {
    const auto next = std::ranges::upper_bound(marks_, from, {}, &TimelineMark::position);
    return next == marks_.end() ? nullptr : &*next;
  }
  const auto at = std::ranges::lower_bound(marks_, from, {}, &TimelineMark::position);
  return at == marks_.begin() ? nullptr : &*(at - 1);
}

}  // namespace lvslab::gui
