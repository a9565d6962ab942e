// The scenarios that come with the program, and files that were opened.
//
// Models: where they are, what they say about themselves, what is wrong with them.
// Leaves out: the loader's rules (sim/lab/loading.h).
#pragma once

#include <QAbstractItemModel>
#include <QString>
#include <string>
#include <vector>

#include "sim/base/language.h"
#include "sim/scenario/model.h"

namespace lvslab::gui {

/// Scenarios by topic: a tree of two levels.
class LibraryModel : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Role { kPathRole = Qt::UserRole, kSummaryRole, kDoneRole, kNameRole };

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
    bool broken = false;
  };
  struct Topic {
    std::string key;
    std::vector<Entry> entries;
  };
  void read();
  static QString topic_title(const std::string& key);

  QString folder_;
  Language language_ = Language::kEn;
  QStringList done_;
  std::vector<Topic> topics_;
};

}  // namespace lvslab::gui
