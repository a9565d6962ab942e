// The same scenario on two backends, held against each other: what differs, and both runs as
// ladders whose rows stand side by side.
//
// Models: playing both in a thread of its own, the comparison (sim/compare), the alignment of the
// two ladders, a row for each difference with the fields that differ. Leaves out: the rules of the
// comparison; pictures.
#pragma once

#include <QAbstractTableModel>
#include <QThread>
#include <csignal>
#include <memory>
#include <optional>
#include <vector>

#include "gui/models/session_worker.h"
#include "sim/base/language.h"
#include "sim/compare/compare.h"
#include "sim/compare/recording.h"
#include "sim/trace/ladder_rows.h"

namespace lvslab::gui {

/// One row of the two ladders; an index into the rows of each side, or nothing where it lacks this
/// row.
struct ComparedRow {
  std::optional<std::size_t> left, right;
  bool differs = false;
};

/// What became of a comparison.
struct ComparedRuns {
  scenario::Scenario scenario;
  std::optional<compare::Recording> sim, real;
  compare::Comparison comparison;
  LadderBuilder left, right;
  std::vector<ComparedRow> rows;
  std::optional<Error> error;
};

class CompareModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { kTime, kHost, kWhat, kSimulator, kKernel, kColumns };
  enum Role { kRowRole = Qt::UserRole };  ///< the row of the ladders; -1: none

  explicit CompareModel(BackendFactory factory, QObject* parent = nullptr);
  ~CompareModel() override;
  Q_DISABLE_COPY_MOVE(CompareModel)

  void start(const scenario::Scenario& scenario, const std::string& sim, const std::string& real);
  void cancel();
  bool busy() const { return thread_ != nullptr; }
  /// Nullptr before the first comparison.
  const ComparedRuns* runs() const { return runs_.get(); }
  void set_language(Language language);
  Language language() const { return language_; }
  /// One line that says how it ended.
  QString verdict() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 Q_SIGNALS:
  /// Started, ended, cancelled.
  void changed();

 private:
  void take(std::unique_ptr<ComparedRuns> runs);
  int ladder_row_of(const compare::Difference& difference) const;

  BackendFactory factory_;
  std::unique_ptr<QThread> thread_;
  std::unique_ptr<ComparedRuns> runs_, pending_;
  volatile std::sig_atomic_t stop_ = 0;
  Language language_ = Language::kEn;
};

}  // namespace lvslab::gui
