#include "gui/models/event_list_model.h"

#include <algorithm>
#include <map>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "sim/trace/why.h"

namespace lvslab::gui {
namespace {

bool is_frame(RecordKind kind) {
  return kind == RecordKind::kFrameSent || kind == RecordKind::kFrameReceived ||
         kind == RecordKind::kFrameDropped;
}

bool is_row(RecordKind kind) {
  return kind == RecordKind::kRowAdded || kind == RecordKind::kRowChanged ||
         kind == RecordKind::kRowRemoved;
}

}  // namespace

EventListModel::EventListModel(PlayModel& play, QObject* parent)
    : QAbstractTableModel(parent), play_(play), describer_(play.language()) {
  QObject::connect(&play, &PlayModel::grew, this, &EventListModel::on_grew);
  QObject::connect(&play, &PlayModel::was_cut, this, &EventListModel::on_cut);
  QObject::connect(&play, &PlayModel::moved, this, &EventListModel::on_moved);
  QObject::connect(&play, &PlayModel::focus_changed, this, &EventListModel::on_moved);
  QObject::connect(&play, &PlayModel::language_changed, this, [this] {
    describer_ = Describer(play_.language());
    rebuild();
  });
  rebuild();
}

int EventListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int EventListModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : kColumns;
}

QVariant EventListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const RecordId id = record_at(index.row());
  if (id.value >= play_.history().end()) return {};  // cut, and not yet told
  const TraceRecord& r = play_.trace()[id];
  switch (role) {
    case Qt::DisplayRole: return cell(id, index.column());
    case Qt::ToolTipRole: return tool_tip(id);
    case Qt::AccessibleTextRole: return cell(id, index.column());
    case kRecordRole: return id.value;
    case kKindRole: return static_cast<int>(r.kind);
    case kFutureRole: return id.value >= play_.position();
    case kFocusRole: return id == play_.focus();
    case kProtocolRole:
      if (!r.frame.valid() || !is_frame(r.kind)) return -1;
      return static_cast<int>(facts_of(play_.trace().frame(r.frame)).protocol);
    case kEnvelopeRole:
      if (!r.frame.valid() || !is_frame(r.kind)) return 0;
      return static_cast<int>(facts_of(play_.trace().frame(r.frame)).envelope);
    case kResetRole:
      return r.frame.valid() && is_frame(r.kind) && facts_of(play_.trace().frame(r.frame)).rst;
    default: return {};
  }
}

QVariant EventListModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case kTime: return tr("Time (s)");
    case kHost: return tr("Host");
    case kDev: return tr("Interface");
    case kFrom: return tr("From");
    case kTo: return tr("To");
    case kProtocol: return tr("Protocol");
    case kSummary: return tr("What happens");
    case kWhy: return tr("Why");
    default: return {};
  }
}

void EventListModel::set_filter(EventFilter filter) {
  filter_ = std::move(filter);
  rebuild();
}

void EventListModel::follow(RecordId record) {
  filter_.records.clear();
  if (record.valid()) {
    for (const WhyStep& step : why(play_.trace(), record))
      filter_.records.insert(step.record.value);
  }
  rebuild();
}

RecordId EventListModel::record_at(int row) const {
  if (row < 0 || static_cast<std::size_t>(row) >= rows_.size()) return {};
  return RecordId(rows_[static_cast<std::size_t>(row)]);
}

int EventListModel::row_of(RecordId record) const {
  if (!record.valid()) return -1;
  const auto after = std::ranges::upper_bound(rows_, record.value);
  return static_cast<int>(after - rows_.begin()) - 1;
}

// --- which rows ----------------------------------------------------------------------------------

bool EventListModel::accepts(RecordId id) const {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[id];
  if (!filter_.records.empty() && !filter_.records.contains(id.value)) return false;
  if (is_row(r.kind) && !filter_.tables) return false;
  if (r.kind == RecordKind::kExit && r.args[0] == 0) return false;
  const bool at_switch = r.node.valid() && trace.node(r.node).is_switch;
  if (at_switch && !filter_.switches && r.kind != RecordKind::kFrameDropped) return false;
  if (!filter_.host.empty() && (!r.node.valid() || trace.node(r.node).name != filter_.host)) {
    return false;
  }
  if (filter_.packets) {
    if (!is_frame(r.kind) || !r.frame.valid()) return false;
    if (!filter_.packets->matches(trace.frame(r.frame))) return false;
  }
  if (filter_.conversation) {
    if (!is_frame(r.kind) || !r.frame.valid()) return false;
    if (!same_conversation(*filter_.conversation, facts_of(trace.frame(r.frame)))) return false;
  }
  if (filter_.words.empty()) return true;
  const QString words = to_qt(filter_.words);
  return summary(id).contains(words, Qt::CaseInsensitive) ||
         reason(id).contains(words, Qt::CaseInsensitive) ||
         to_qt(info(r.reason).name).contains(words, Qt::CaseInsensitive);
}

void EventListModel::rebuild() {
  beginResetModel();
  rows_.clear();
  for (Position i = play_.start(); i < play_.history().end(); ++i) {
    if (accepts(RecordId(i))) rows_.push_back(i);
  }
  endResetModel();
}

void EventListModel::on_grew(quint32 from) {
  std::vector<std::uint32_t> added;
  for (Position i = std::max(from, play_.start()); i < play_.history().end(); ++i) {
    if (accepts(RecordId(i))) added.push_back(i);
  }
  if (added.empty()) return;
  const int first = static_cast<int>(rows_.size());
  beginInsertRows({}, first, first + static_cast<int>(added.size()) - 1);
  rows_.insert(rows_.end(), added.begin(), added.end());
  endInsertRows();
}

void EventListModel::on_cut(quint32 to) {
  const auto first = std::ranges::lower_bound(rows_, to) - rows_.begin();
  if (first == std::ssize(rows_)) return;
  beginRemoveRows({}, static_cast<int>(first), static_cast<int>(rows_.size()) - 1);
  rows_.resize(static_cast<std::size_t>(first));
  endRemoveRows();
  describer_ = Describer(play_.language());
}

void EventListModel::on_moved() {
  if (rows_.empty()) return;
  Q_EMIT dataChanged(index(0, 0), index(static_cast<int>(rows_.size()) - 1, kColumns - 1),
                     {kFutureRole, kFocusRole});
}

Trace EventListModel::frames_shown() const {
  Trace shown;
  for (const TraceNode& node : play_.trace().nodes()) shown.add_node(node);
  std::map<FrameId, FrameId> kept;
  for (const std::uint32_t row : rows_) {
    TraceRecord record = play_.trace()[RecordId(row)];
    const bool passed =
        record.kind == RecordKind::kFrameSent || record.kind == RecordKind::kFrameReceived;
    if (!passed || !record.frame.valid()) continue;
    const auto [at, is_new] = kept.try_emplace(record.frame);
    if (is_new) at->second = shown.add_frame(play_.trace().frame(record.frame));
    record.frame = at->second;
    record.cause = {};
    shown.append(record);
  }
  return shown;
}

// --- what they say -------------------------------------------------------------------------------

QString EventListModel::cell(RecordId id, int column) const {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[id];
  const bool frame = is_frame(r.kind) && r.frame.valid();
  switch (column) {
    case kTime: return time_text(r.at);
    case kHost: return r.node.valid() ? to_qt(trace.node(r.node).name) : QString();
    case kDev: return r.node.valid() ? to_qt(trace.dev_name(r.node, r.dev)) : QString();
    case kSummary: return short_summary(id);
    case kWhy: return reason(id);
    case kFrom:
    case kTo:
    case kProtocol: break;
    default: return {};
  }
  if (!frame) return column == kProtocol ? verb_of(r.kind) : QString();
  const FrameFacts facts = facts_of(trace.frame(r.frame));
  if (column == kProtocol) return to_qt(protocol_name(facts));
  if (!facts.has_ip) return to_qt((column == kFrom ? facts.src_mac : facts.dst_mac).to_string());
  return to_qt((column == kFrom ? facts.src : facts.dst).to_string());
}

QString EventListModel::summary(RecordId id) const {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[id];
  if (is_frame(r.kind) && r.frame.valid()) {
    const QString arrow = r.kind == RecordKind::kFrameSent       ? QStringLiteral("→ ")
                          : r.kind == RecordKind::kFrameReceived ? QStringLiteral("← ")
                                                                 : QStringLiteral("✕ ");
    return arrow + QStringLiteral("#%1 ").arg(packet_number(r.frame)) +
           to_qt(describer_.frame_line(trace, r.frame));
  }
  switch (r.kind) {
    case RecordKind::kDecision:
    case RecordKind::kFrameDropped: return to_qt(reason_sentence(trace, r, play_.language()));
    case RecordKind::kCommand: return QStringLiteral("$ ") + one_line(to_qt(trace.text(r.args[0])));
    case RecordKind::kOutput: return one_line(to_qt(trace.text(r.args[0])));
    case RecordKind::kFault: return to_qt(trace.text(r.args[0]));
    case RecordKind::kExit: return tr("exit status %1").arg(r.args[0]);
    case RecordKind::kNote: {
      if (r.args[0] >= play_.scenario().timeline.size()) return {};
      return to_qt(play_.scenario().timeline[r.args[0]].note.in(play_.language())).simplified();
    }
    case RecordKind::kRowAdded:
    case RecordKind::kRowChanged:
    case RecordKind::kRowRemoved: {
      const TableRow& row = trace.row(r.args[0]);
      return to_qt(table_name(row)) + u' ' + to_qt(row_text(trace, r.node, row));
    }
    default: return {};
  }
}

// Without what stands in the columns before it: the addresses of an IP packet, the word ARP.
QString EventListModel::short_summary(RecordId id) const {
  QString all = summary(id);
  const TraceRecord& r = play_.trace()[id];
  if (!is_frame(r.kind) || !r.frame.valid()) return all;
  const FrameFacts facts = facts_of(play_.trace().frame(r.frame));
  if (facts.envelope != Envelope::kNone) return all;
  const qsizetype number = all.indexOf(u' ', 2) + 1;
  if (facts.protocol == Protocol::kArp) return QString(all).remove(QStringLiteral("ARP, "));
  const qsizetype colon = all.indexOf(QStringLiteral(": "));
  if (!facts.has_ip || colon < 0) return all;
  const QString ports = facts.src_port == 0
                            ? QString()
                            : QStringLiteral("%1 > %2: ").arg(facts.src_port).arg(facts.dst_port);
  return all.left(number) + ports + all.mid(colon + 2);
}

// A frame is explained by the decision that it hangs from, within the same event.
RecordId EventListModel::explanation_of(RecordId id) const {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[id];
  if (r.kind == RecordKind::kFrameDropped || r.kind == RecordKind::kDecision) return id;
  if (r.kind != RecordKind::kFrameSent) return {};
  for (RecordId at = r.cause; at.valid(); at = trace[at].cause) {
    const TraceRecord& cause = trace[at];
    if (cause.node != r.node || cause.at != r.at) return {};
    if (cause.kind == RecordKind::kDecision && cause.reason != Reason::kNone) return at;
    if (cause.kind != RecordKind::kFrameSent) continue;
    return {};
  }
  return {};
}

QString EventListModel::reason(RecordId id) const {
  const RecordId by = explanation_of(id);
  if (!by.valid()) return {};
  const TraceRecord& r = play_.trace()[by];
  if (by == id && r.kind == RecordKind::kDecision) return to_qt(info(r.reason).source);
  return to_qt(reason_sentence(play_.trace(), r, play_.language()));
}

QString EventListModel::tool_tip(RecordId id) const {
  const TraceRecord& r = play_.trace()[id];
  QString text = summary(id);
  const QString why_text = reason(id);
  if (!why_text.isEmpty()) text += u'\n' + why_text;
  if (r.reason != Reason::kNone) text += u'\n' + to_qt(info(r.reason).source);
  return text;
}

}  // namespace lvslab::gui
