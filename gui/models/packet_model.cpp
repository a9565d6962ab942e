#include "gui/models/packet_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "gui/models/field_words.h"
#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "sim/trace/frame_facts.h"
#include "sim/trace/same_packet.h"
#include "sim/trace/text.h"

namespace lvslab::gui {
namespace {

/// Records between the arrival of a packet and its sending, at most.
constexpr std::uint32_t kLongestWait = 4'000;

}  // namespace

RecordId received_before(const Trace& trace, RecordId sent) {
  if (trace[sent].kind != RecordKind::kFrameSent) return {};
  const TraceRecord& r = trace[sent];
  RecordId found;
  for (RecordId at = r.cause; at.valid() && !found.valid(); at = trace[at].cause) {
    const TraceRecord& cause = trace[at];
    if (cause.node != r.node || cause.at != r.at) break;
    if (cause.kind == RecordKind::kFrameReceived && cause.frame.valid()) found = at;
  }
  if (found.valid() && !seeks_neighbour(trace.frame(trace[found].frame))) return found;
  // It waited for the MAC address of the next host: the packet itself came earlier.
  const std::uint32_t oldest = sent.value > kLongestWait ? sent.value - kLongestWait : 0;
  for (std::uint32_t i = sent.value; i-- > oldest;) {
    const TraceRecord& in = trace[RecordId(i)];
    if (in.kind != RecordKind::kFrameReceived || in.node != r.node || !in.frame.valid()) continue;
    if (same_packet(trace.frame(in.frame), trace.frame(r.frame))) return RecordId(i);
  }
  return {};
}

PacketModel::PacketModel(PlayModel& play, QObject* parent)
    : QAbstractItemModel(parent), play_(play) {
  QObject::connect(&play, &PlayModel::focus_changed, this, &PacketModel::rebuild);
  QObject::connect(&play, &PlayModel::opened, this, &PacketModel::rebuild);
  QObject::connect(&play, &PlayModel::language_changed, this, &PacketModel::rebuild);
}

// --- the tree ------------------------------------------------------------------------------------

QModelIndex PacketModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  const std::vector<int>& list = parent.isValid() ? items_[parent.internalId()].children : top_;
  return createIndex(row, column, static_cast<quintptr>(list[static_cast<std::size_t>(row)]));
}

QModelIndex PacketModel::parent(const QModelIndex& child) const {
  if (!child.isValid()) return {};
  const int up = items_[child.internalId()].parent;
  if (up < 0) return {};
  return createIndex(items_[static_cast<std::size_t>(up)].row, 0, static_cast<quintptr>(up));
}

int PacketModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(top_.size());
  if (parent.column() != 0) return 0;
  return static_cast<int>(items_[parent.internalId()].children.size());
}

int PacketModel::columnCount(const QModelIndex& /*parent*/) const { return kColumns; }

QVariant PacketModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  return section == kName ? tr("Field") : section == kValue ? tr("Value") : tr("Was");
}

QVariant PacketModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Item& item = items_[index.internalId()];
  switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole:
      if (index.column() == kName) {
        // A layer is one line over all columns.
        if (item.field.depth == 0 && !item.field.value.empty()) {
          const QString line =
              field_word(item.field.name) + QStringLiteral("   ") + to_qt(item.field.value);
          return item.added ? line + QStringLiteral("   (%1)").arg(tr("added")) : line;
        }
        return field_word(item.field.name);
      }
      if (index.column() == kValue) return to_qt(item.field.value);
      if (item.added) return tr("added");
      return to_qt(item.was);
    case kOffsetRole: return static_cast<qulonglong>(item.field.offset);
    case kLengthRole: return static_cast<qulonglong>(item.field.length);
    case kChangedRole: return item.changed;
    case kAddedRole: return item.added;
    default: return {};
  }
}

QModelIndex PacketModel::field_at(std::size_t offset) const {
  int best = -1;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Field& f = items_[i].field;
    if (offset < f.offset || offset >= f.offset + f.length) continue;
    if (best < 0 || f.depth >= items_[static_cast<std::size_t>(best)].field.depth) {
      best = static_cast<int>(i);
    }
  }
  if (best < 0) return {};
  return createIndex(items_[static_cast<std::size_t>(best)].row, 0, static_cast<quintptr>(best));
}

// --- building it ---------------------------------------------------------------------------------

std::vector<PacketModel::Item> PacketModel::items_of(Bytes frame) {
  std::vector<Item> items;
  std::vector<int> open;
  std::map<std::string, int> layers;
  for (Field& field : dissect(frame)) {
    Item item{.field = std::move(field)};
    const auto depth = static_cast<std::size_t>(std::max(0, item.field.depth));
    open.resize(std::min(open.size(), depth));
    if (!open.empty()) item.parent = open.back();
    if (item.field.depth == 0) ++layers[item.field.name];
    items.push_back(std::move(item));
    open.push_back(static_cast<int>(items.size() - 1));
  }
  std::map<std::string, int> seen;
  std::map<std::string, int> same;
  for (Item& item : items) {
    if (item.parent < 0) {
      const int from_inside = layers[item.field.name] - ++seen[item.field.name];
      item.path = fmt::format("{}:{}", from_inside, item.field.name);
    } else {
      const std::string path =
          items[static_cast<std::size_t>(item.parent)].path + "/" + item.field.name;
      item.path = fmt::format("{}#{}", path, same[path]++);
    }
  }
  return items;
}

void PacketModel::rebuild() {
  beginResetModel();
  items_.clear();
  top_.clear();
  bytes_.clear();
  changed_bytes_.clear();
  title_.clear();
  rewrites_.clear();
  const Trace& trace = play_.trace();
  const RecordId focus = play_.focus();
  if (focus.valid() && focus.value < trace.size() && trace[focus].frame.valid()) {
    const Bytes frame = trace.frame(trace[focus].frame);
    bytes_.assign(frame.begin(), frame.end());
    changed_bytes_.assign(bytes_.size(), false);
    items_ = items_of(frame);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      auto& list =
          items_[i].parent < 0 ? top_ : items_[static_cast<std::size_t>(items_[i].parent)].children;
      items_[i].row = static_cast<int>(list.size());
      list.push_back(static_cast<int>(i));
    }
    const RecordId before = received_before(trace, focus);
    const bool forwarded = before.valid() && trace[before].frame != trace[focus].frame;
    if (forwarded) compare(items_of(trace.frame(trace[before].frame)));
    describe(focus);
  }
  endResetModel();
}

// Only what was forwarded is compared: an answer shares no more than its ends with the question.
void PacketModel::compare(const std::vector<Item>& before) {
  const auto find = [&](const std::string& path) {
    return std::ranges::find(before, path, &Item::path);
  };
  const auto value_of = [](const std::vector<Item>& items, std::string_view name) {
    const auto at = std::ranges::find_if(
        items, [&](const Item& i) { return i.field.name == name && i.field.depth > 0; });
    return at == items.end() ? std::string() : at->field.value;
  };
  // The same packet keeps its identification, whatever else is rewritten.
  if (value_of(before, "identification") != value_of(items_, "identification")) {
    const bool wrapped = items_.size() > before.size();
    if (!wrapped || value_of(before, "source port") != value_of(items_, "source port")) return;
  }
  for (Item& item : items_) {
    const auto was = find(item.path);
    if (was == before.end()) {
      item.added = item.field.depth == 0;
      if (item.added) rewrites_ << tr("%1 added").arg(field_word(item.field.name));
      continue;
    }
    if (was->field.value == item.field.value || item.field.depth == 0) continue;
    item.changed = true;
    item.was = was->field.value;
    for (std::size_t b = 0; b < item.field.length; ++b)
      changed_bytes_[item.field.offset + b] = true;
    // Checksums follow from the rest; the tree marks them, too.
    if (item.field.depth == 1 && item.field.name.find("checksum") == std::string::npos) {
      rewrites_ << tr("%1: %2 → %3")
                       .arg(field_word(item.field.name), to_qt(item.was), to_qt(item.field.value));
    }
    for (int up = item.parent; up >= 0; up = items_[static_cast<std::size_t>(up)].parent) {
      items_[static_cast<std::size_t>(up)].changed = true;
    }
  }
}

void PacketModel::describe(RecordId record) {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[record];
  const FrameFacts facts = facts_of(trace.frame(r.frame));
  title_ = tr("Packet %1 · %2 %3 · %4 %5 %6")
               .arg(packet_number(r.frame))
               .arg(to_qt(protocol_name(facts)), to_qt(facts.label), to_qt(trace.node(r.node).name),
                    to_qt(trace.dev_name(r.node, r.dev)), verb_of(r.kind));
}

}  // namespace lvslab::gui
