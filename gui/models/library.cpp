#include "gui/models/library.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <array>
#include <limits>

#include "gui/models/words.h"
#include "sim/lab/loading.h"

namespace lvslab::gui {
namespace {

/// Topics in the order of a course; the words that begin a scenario's name.
struct TopicRule {
  std::string_view key;
  std::array<std::string_view, 5> beginnings;
};
constexpr std::array<TopicRule, 7> kTopics = {
    {{"dr", {"dr-", "director-", "", "", ""}},
     {"nat", {"nat-", "masq-", "", "", ""}},
     {"tun", {"tun-", "ipip-", "gre-", "", ""}},
     {"schedulers", {"scheduler-", "", "", "", ""}},
     {"ha", {"ha-", "keepalived-", "vrrp-", "failover-", ""}},
     {"ip", {"arp-", "ip-", "route-", "tcp-", "net-"}},
     {"more", {"", "", "", "", ""}}}};

std::size_t topic_of(const QString& name) {
  const std::string text = name.toStdString();
  for (std::size_t i = 0; i + 1 < kTopics.size(); ++i) {
    for (const std::string_view beginning : kTopics[i].beginnings) {
      if (!beginning.empty() && text.starts_with(beginning)) return i;
    }
  }
  return kTopics.size() - 1;
}

constexpr quintptr kTopicId = ~quintptr{0};

}  // namespace

LibraryModel::LibraryModel(QString folder, QObject* parent)
    : QAbstractItemModel(parent), folder_(std::move(folder)) {
  read();
}

void LibraryModel::read() {
  std::array<Topic, kTopics.size()> topics;
  for (std::size_t i = 0; i < topics.size(); ++i) topics[i].key = kTopics[i].key;
  const QDir dir(folder_);
  for (const QFileInfo& file :
       dir.entryInfoList({QStringLiteral("*.yaml")}, QDir::Files, QDir::Name)) {
    Entry entry{.path = file.absoluteFilePath(), .name = file.completeBaseName()};
    if (const auto loaded = lab::load_scenario(from_qt(entry.path))) {
      entry.title = loaded->title;
      entry.summary = loaded->summary;
      entry.difficulty = loaded->difficulty;
    } else {
      entry.broken = true;
      entry.title.en = from_qt(entry.name);
    }
    topics[topic_of(entry.name)].entries.push_back(std::move(entry));
  }
  for (Topic& topic : topics) {
    if (!topic.entries.empty()) topics_.push_back(std::move(topic));
  }
}

void LibraryModel::set_language(Language language) {
  beginResetModel();
  language_ = language;
  endResetModel();
}

void LibraryModel::set_done(const QStringList& names) {
  done_ = names;
  if (topics_.empty()) return;
  for (int t = 0; t < static_cast<int>(topics_.size()); ++t) {
    const QModelIndex topic = index(t, 0, {});
    Q_EMIT dataChanged(index(0, 0, topic), index(rowCount(topic) - 1, 0, topic));
  }
}

void LibraryModel::add_done(const QString& name) {
  if (done_.contains(name)) return;
  set_done(done_ + QStringList{name});
}

QString LibraryModel::resolve(const QString& name) const {
  for (const Topic& topic : topics_) {
    for (const Entry& entry : topic.entries) {
      if (entry.name == name) return entry.path;
    }
  }
  return QFileInfo::exists(name) ? QFileInfo(name).absoluteFilePath() : QString();
}

QModelIndex LibraryModel::index_of(const QString& path) const {
  for (std::size_t t = 0; t < topics_.size(); ++t) {
    const auto& entries = topics_[t].entries;
    for (std::size_t e = 0; e < entries.size(); ++e) {
      if (entries[e].path == path) return createIndex(static_cast<int>(e), 0, t);
    }
  }
  return {};
}

QModelIndex LibraryModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column,
                     parent.isValid() ? static_cast<quintptr>(parent.row()) : kTopicId);
}

QModelIndex LibraryModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || child.internalId() == kTopicId) return {};
  return createIndex(static_cast<int>(child.internalId()), 0, kTopicId);
}

int LibraryModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(topics_.size());
  if (parent.internalId() != kTopicId || parent.column() != 0) return 0;
  return static_cast<int>(topics_[static_cast<std::size_t>(parent.row())].entries.size());
}

int LibraryModel::columnCount(const QModelIndex& /*parent*/) const { return 1; }

QVariant LibraryModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  if (index.internalId() == kTopicId) {
    const Topic& topic = topics_[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole || role == Qt::AccessibleTextRole) return topic_title(topic.key);
    return {};
  }
  const Entry& entry = topics_[index.internalId()].entries[static_cast<std::size_t>(index.row())];
  const bool done = done_.contains(entry.name);
  const QString title = to_qt(entry.title.in(language_));
  switch (role) {
    case Qt::DisplayRole: return title;
    case Qt::AccessibleTextRole: {
      QString words = done ? tr("%1 (done)").arg(title) : title;
      const QString level = difficulty_text(entry.difficulty);
      if (!level.isEmpty()) words += QStringLiteral(", ") + level.section(u' ', 1);
      return words;
    }
    case Qt::ToolTipRole:
      return entry.broken ? tr("%1 has mistakes; open it to see them").arg(entry.path)
                          : tip_of(entry);
    case kSummaryRole: return to_qt(entry.summary.in(language_));
    case kPathRole: return entry.path;
    case kNameRole: return entry.name;
    case kDoneRole: return done;
    case kDifficultyRole: return entry.difficulty ? static_cast<int>(*entry.difficulty) : -1;
    default: return {};
  }
}

QString LibraryModel::tip_of(const Entry& entry) const {
  const QString level = difficulty_text(entry.difficulty);
  const QString summary = to_qt(entry.summary.in(language_)).simplified();
  return level.isEmpty() ? summary : level + QStringLiteral("\n") + summary;
}

QString LibraryModel::topic_title(const std::string& key) {
  if (key == "dr") return tr("Direct routing (DR)");
  if (key == "nat") return tr("Address translation (NAT)");
  if (key == "tun") return tr("Tunnels (TUN)");
  if (key == "schedulers") return tr("Schedulers");
  if (key == "ha") return tr("High availability");
  if (key == "ip") return tr("ARP, IP and TCP");
  return tr("More");
}

// --- what is asked for ---------------------------------------------------------------------------

LibraryFilter::LibraryFilter(LibraryModel& library, QObject* parent)
    : QSortFilterProxyModel(parent) {
  setRecursiveFilteringEnabled(true);
  setSourceModel(&library);
  sort(0);
}

void LibraryFilter::set_difficulty(std::optional<scenario::Difficulty> difficulty) {
  difficulty_ = difficulty;
  invalidateFilter();
}

void LibraryFilter::set_words(const QString& words) {
  words_ = words.split(u' ', Qt::SkipEmptyParts);
  invalidateFilter();
}

void LibraryFilter::set_easiest_first(bool easiest_first) {
  easiest_first_ = easiest_first;
  invalidate();
}

bool LibraryFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
  if (!parent.isValid()) return false;  // a topic stays for the sake of its lessons
  const QModelIndex entry = sourceModel()->index(row, 0, parent);
  const int level = entry.data(LibraryModel::kDifficultyRole).toInt();
  if (difficulty_ && level != static_cast<int>(*difficulty_)) return false;
  return std::ranges::all_of(words_, [&](const QString& word) {
    return entry.data().toString().contains(word, Qt::CaseInsensitive) ||
           entry.data(LibraryModel::kSummaryRole).toString().contains(word, Qt::CaseInsensitive) ||
           entry.data(LibraryModel::kNameRole).toString().contains(word, Qt::CaseInsensitive);
  });
}

bool LibraryFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
  if (!left.parent().isValid() || !easiest_first_) return left.row() < right.row();
  const auto rank = [](const QModelIndex& index) {
    const int level = index.data(LibraryModel::kDifficultyRole).toInt();
    return level < 0 ? std::numeric_limits<int>::max() : level;
  };
  const int l = rank(left);
  const int r = rank(right);
  return l != r ? l < r : left.row() < right.row();
}

}  // namespace lvslab::gui
