#include "gui/models/ladder_model.h"

#include <algorithm>

#include "gui/models/words.h"
#include "sim/lab/ladder_columns.h"
#include "sim/trace/text.h"

namespace lvslab::gui {

LadderModel::LadderModel(PlayModel& play, QObject* parent) : QObject(parent), play_(play) {
  QObject::connect(&play, &PlayModel::opened, this, &LadderModel::rebuild);
  QObject::connect(&play, &PlayModel::grew, this, &LadderModel::on_grew);
  QObject::connect(&play, &PlayModel::was_cut, this, &LadderModel::on_cut);
  QObject::connect(&play, &PlayModel::language_changed, this, &LadderModel::changed);
}

void LadderModel::rebuild() {
  columns_.clear();
  for (const LadderColumn& column : lab::ladder_columns(play_.scenario())) {
    QStringList addresses;
    for (const scenario::Nic& nic : play_.scenario().find_host(column.host)->nics) {
      if (nic.name != column.dev) continue;
      for (const Ipv4Prefix& address : nic.addresses) addresses << to_qt(address.addr.to_string());
      for (const Ipv6Prefix& address : nic.addresses6) addresses << to_qt(address.addr.to_string());
    }
    columns_.push_back({column, addresses.join(QStringLiteral(", "))});
  }
  on_cut(0);
}

void LadderModel::on_grew(quint32 from) {
  const std::size_t before = rows().size();
  for (Position i = std::max(from, play_.start()); i < play_.history().end(); ++i) {
    builder_.take(play_.trace(), i);
  }
  if (rows().size() != before) Q_EMIT changed();
}

// From the beginning again: an arrow that stays may have lost an end.
void LadderModel::on_cut(quint32 to) {
  builder_ = LadderBuilder({columns_.begin(), columns_.end()});
  for (Position i = play_.start(); i < std::min(to, play_.history().end()); ++i) {
    builder_.take(play_.trace(), i);
  }
  Q_EMIT changed();
}

// A frame is under way for a second at most, whatever the cable.
bool LadderModel::is_lost(const LadderRow& row) const {
  constexpr SimDuration kLongestFlight{1'000'000'000};
  if (row.kind != LadderRow::Kind::kArrow || !row.to.empty()) return false;
  return play_.trace().records().back().at - row.at > kLongestFlight ||
         play_.history().dropped_on_wire(row.record);
}

QString LadderModel::text_of(const LadderRow& row) const {
  const TraceRecord& r = play_.trace()[row.record];
  switch (row.kind) {
    case LadderRow::Kind::kArrow: {
      QString text = to_qt(row.facts.label);
      if (text.isEmpty()) text = to_qt(protocol_name(row.facts));
      if (row.facts.envelope != Envelope::kNone)
        text = to_qt(protocol_name(row.facts)) + u' ' + text;
      if (row.again) text += QStringLiteral(" ↻");
      return text;
    }
    case LadderRow::Kind::kDrop:
      return QStringLiteral("✕ ") + to_qt(reason_sentence(play_.trace(), r, play_.language()));
    case LadderRow::Kind::kCommand:
      return QStringLiteral("$ ") + one_line(to_qt(play_.trace().text(r.args[0])));
    case LadderRow::Kind::kFault:
      return QStringLiteral("⚡ ") + to_qt(play_.trace().text(r.args[0]));
  }
  return {};
}

QString LadderModel::words_of(const LadderRow& row) const {
  QString words = time_text(row.at) + tr(" s") + u'\n' + text_of(row);
  if (row.kind != LadderRow::Kind::kArrow) return words;
  words += QStringLiteral("\n#%1 %2").arg(row.number).arg(to_qt(protocol_name(row.facts)));
  if (row.facts.has_ip) {
    words += QStringLiteral("\n%1 → %2")
                 .arg(to_qt(row.facts.src.to_string()), to_qt(row.facts.dst.to_string()));
  }
  if (row.again) words += u'\n' + tr("sent again");
  if (row.to.empty()) {
    words += u'\n' + (is_lost(row) ? tr("it reached nobody") : tr("it is on its way"));
  }
  return words;
}

}  // namespace lvslab::gui
