// The scenarios that come with the program, and files that were opened.
//
// Models: where they are, what they say about themselves, what is wrong with them.
// Leaves out: the loader's rules (sim/lab/loading.h).
#pragma once

#include <QAbstractItemModel>
#include <QSortFilterProxyModel>
#include <QString>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/language.h"
#include "sim/scenario/model.h"

namespace lvslab::gui {

/// Scenarios by topic: a tree of two levels.
class LibraryModel : public QAbstractItemModel {
  Q_OBJECT

 public:
  /// kDifficultyRole: the number of a scenario::Difficulty, or -1.
  enum Role { kPathRole = Qt::UserRole, kSummaryRole, kDoneRole, kNameRole, kDifficultyRole };

  explicit LibraryModel(QString folder, QObject* parent = nullptr);

  void set_language(Language language);
  /// Scenarios whose checks all held.
  void set_done(const QStringList& names);
  QStringList done() const { return done_; }
  void add_done(const QString& name);
  /// The path of the scenario called `name`, or `name` itself if it is a file; empty if neither is.
  QString resolve(const QString& name) const;
  QModelIndex index_of(const QString& path) const;

  QModelIndex index(int row, int column, const QModelIndex& parent) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent) const override;
  int columnCount(const QModelIndex& parent) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  struct Entry {
    QString path, name;
    scenario::Text title, summary;
    std::optional<scenario::Difficulty> difficulty;
    bool broken = false;
  };
  struct Topic {
    std::string key;
    std::vector<Entry> entries;
  };
  void read();
  QString tip_of(const Entry& entry) const;
  static QString topic_title(const std::string& key);

  QString folder_;
  Language language_ = Language::kEn;
  QStringList done_;
  std::vector<Topic> topics_;
};

/// The same tree, the easiest of each topic first or in the order of names, with what is not
/// asked for left out. Topics without a lesson left go, too.
class LibraryFilter : public QSortFilterProxyModel {
  Q_OBJECT

 public:
  explicit LibraryFilter(LibraryModel& library, QObject* parent = nullptr);
  /// All of them without a value.
  void set_difficulty(std::optional<scenario::Difficulty> difficulty);
  /// Every word must stand in the title, the summary or the name.
  void set_words(const QString& words);
  void set_easiest_first(bool easiest_first);

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
  bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

 private:
  std::optional<scenario::Difficulty> difficulty_;
  QStringList words_;
  bool easiest_first_ = true;
};

}  // namespace lvslab::gui
