#include "gui/models/compare_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "gui/models/words.h"
#include "sim/lab/ladder_columns.h"
#include "sim/lab/show.h"

namespace lvslab::gui {
namespace {

LadderBuilder ladder_of(const scenario::Scenario& scenario, const Trace& trace) {
  LadderBuilder ladder(lab::ladder_columns(scenario), false);
  for (Position i = 0; i < trace.size(); ++i) ladder.take(trace, i);
  return ladder;
}

/// Frames by sender, kind, label and addresses; what is typed by its text. Ports, which a kernel
/// draws by lot, may differ.
std::string key_of(const LadderRow& row, const Trace& trace) {
  const std::string text =
      row.kind == LadderRow::Kind::kArrow
          ? fmt::format("{}|{}|{}|{}", static_cast<int>(row.facts.protocol), row.facts.label,
                        row.facts.src.to_string(), row.facts.dst.to_string())
          : std::string(trace.text(trace[row.record].args[0]));
  return fmt::format("{}|{}|{}", static_cast<int>(row.kind), row.from, text);
}

/// Records of the frames that differ, and of those that one side alone has.
struct Differing {
  std::set<std::uint32_t> sim, real, sim_alone, real_alone;

  explicit Differing(const compare::Comparison& comparison) {
    using Kind = compare::FrameDifference::Kind;
    for (const compare::Difference& difference : comparison.differences) {
      const auto* frame = std::get_if<compare::FrameDifference>(&difference.what);
      if (frame == nullptr) continue;
      if (frame->sim.valid()) sim.insert(frame->sim.value);
      if (frame->real.valid()) real.insert(frame->real.value);
      if (frame->kind == Kind::kMissing) sim_alone.insert(frame->sim.value);
      if (frame->kind == Kind::kExtra) real_alone.insert(frame->real.value);
    }
  }
};

// The n-th row of a kind stands beside the n-th of the same kind: what hosts do at the same time
// may come in another order, which is no difference.
std::vector<ComparedRow> aligned(const ComparedRuns& runs) {
  const auto& left = runs.left.rows();
  const auto& right = runs.right.rows();
  const Differing differing(runs.comparison);
  std::map<std::string, std::deque<std::size_t>> waiting;
  for (std::size_t j = 0; j < right.size(); ++j) {
    if (differing.real_alone.contains(right[j].record.value)) continue;
    waiting[key_of(right[j], runs.real->trace)].push_back(j);
  }
  std::vector<std::optional<std::size_t>> partner(left.size());
  std::vector<std::optional<std::size_t>> taken(right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (differing.sim_alone.contains(left[i].record.value)) continue;
    std::deque<std::size_t>& same = waiting[key_of(left[i], runs.sim->trace)];
    if (same.empty()) continue;
    partner[i] = same.front();
    taken[same.front()] = i;
    same.pop_front();
  }
  // What the right side alone has stands below the row that it follows there.
  std::map<std::size_t, std::vector<std::size_t>> below;
  std::size_t after = 0;
  for (std::size_t j = 0; j < right.size(); ++j) {
    if (taken[j]) {
      after = *taken[j] + 1;
    } else {
      below[after].push_back(j);
    }
  }
  std::vector<ComparedRow> rows;
  for (std::size_t i = 0; i <= left.size(); ++i) {
    for (const std::size_t j : below[i]) rows.push_back({std::nullopt, j, true});
    if (i == left.size()) break;
    const bool differs = !partner[i] || differing.sim.contains(left[i].record.value) ||
                         differing.real.contains(right[*partner[i]].record.value);
    rows.push_back({i, partner[i], differs});
  }
  return rows;
}

}  // namespace

CompareModel::CompareModel(BackendFactory factory, QObject* parent)
    : QAbstractTableModel(parent), factory_(std::move(factory)) {}

CompareModel::~CompareModel() {
  stop_ = 1;
  if (thread_ != nullptr) thread_->wait();
}

// The thread looks at this between events; until then it is busy, and nobody waits for it.
void CompareModel::cancel() { stop_ = 1; }

void CompareModel::start(const scenario::Scenario& scenario, const std::string& sim,
                         const std::string& real) {
  if (busy()) return;
  stop_ = 0;
  pending_ = std::make_unique<ComparedRuns>();
  ComparedRuns& runs = *pending_;
  runs.scenario = scenario;
  const auto play = [this](const scenario::Scenario& what, const std::string& name,
                           ComparedRuns& into) -> std::optional<compare::Recording> {
    auto backend = factory_(name);
    if (!backend) {
      into.error = backend.error();
      return std::nullopt;
    }
    auto recording = compare::play(**backend, what, name, &stop_);
    if (recording) return *std::move(recording);
    into.error = recording.error();
    return std::nullopt;
  };
  thread_.reset(QThread::create([this, &runs, play, sim, real] {
    runs.sim = play(runs.scenario, sim, runs);
    if (runs.sim && stop_ == 0) runs.real = play(runs.scenario, real, runs);
    if (!runs.sim || !runs.real || stop_ != 0) return;
    runs.comparison = compare::compare(runs.scenario, *runs.sim, *runs.real);
    runs.left = ladder_of(runs.scenario, runs.sim->trace);
    runs.right = ladder_of(runs.scenario, runs.real->trace);
    runs.rows = aligned(runs);
  }));
  QObject::connect(thread_.get(), &QThread::finished, this, [this] {
    thread_->wait();
    thread_.reset();
    if (stop_ == 0) return take(std::move(pending_));
    pending_.reset();
    Q_EMIT changed();
  });
  thread_->start();
  Q_EMIT changed();
}

void CompareModel::take(std::unique_ptr<ComparedRuns> runs) {
  beginResetModel();
  runs_ = std::move(runs);
  endResetModel();
  Q_EMIT changed();
}

void CompareModel::set_language(Language language) {
  language_ = language;
  Q_EMIT headerDataChanged(Qt::Horizontal, 0, kColumns - 1);
  Q_EMIT changed();
}

QString CompareModel::verdict() const {
  if (busy()) return tr("Both runs are being played…");
  if (runs_ == nullptr) return {};
  if (runs_->error) return to_qt(runs_->error->to_string());
  std::uint64_t agreed = 0;
  for (const auto& one : runs_->comparison.interfaces) agreed += one.agreed;
  if (runs_->comparison.differences.empty()) {
    return tr("✓ No difference: %1 frames, %2 lines and %3 rows of tables agree.")
        .arg(agreed)
        .arg(runs_->comparison.lines_agreed)
        .arg(runs_->comparison.rows_agreed);
  }
  return tr("✕ %1 differences; %2 frames, %3 lines and %4 rows of tables agree.")
      .arg(runs_->comparison.differences.size())
      .arg(agreed)
      .arg(runs_->comparison.lines_agreed)
      .arg(runs_->comparison.rows_agreed);
}

// --- the list of differences ---------------------------------------------------------------------

int CompareModel::rowCount(const QModelIndex& parent) const {
  if (parent.isValid() || runs_ == nullptr) return 0;
  return static_cast<int>(runs_->comparison.differences.size());
}

int CompareModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : kColumns;
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case kTime: return tr("Time (s)");
    case kHost: return tr("Host");
    case kWhat: return tr("What differs");
    case kSimulator: return tr("Simulator");
    case kKernel: return tr("Real kernel");
    default: return {};
  }
}

namespace {

struct DifferenceWords {
  QString what, sim, real;
};

/// Fills the words of one difference.
class Wording {
 public:
  explicit Wording(DifferenceWords& out) : out_(out) {}

  void operator()(const compare::FrameDifference& d) const {
    using Kind = compare::FrameDifference::Kind;
    out_.what = to_qt(d.dev) + QStringLiteral(" · ") + to_qt(d.conversation);
    const QString there = QStringLiteral("✓");
    switch (d.kind) {
      case Kind::kMissing:
        out_.sim = there;
        out_.real = QStringLiteral("—");
        return;
      case Kind::kExtra:
        out_.sim = QStringLiteral("—");
        out_.real = there;
        return;
      case Kind::kReordered: out_.sim = out_.real = CompareModel::tr("another order"); return;
      case Kind::kField: fields(d.fields); return;
    }
  }
  void operator()(const compare::LineDifference& d) const {
    out_.what = QStringLiteral("$ ") + to_qt(d.line);
    out_.sim = to_qt(d.sim);
    out_.real = to_qt(d.real);
    for (const auto& pair : d.lines) {
      if (pair.sim == pair.real) continue;
      out_.sim += to_qt(pair.sim.value_or("—")) + u'\n';
      out_.real += to_qt(pair.real.value_or("—")) + u'\n';
    }
    out_.sim = out_.sim.trimmed();
    out_.real = out_.real.trimmed();
  }
  void operator()(const compare::RowDifference& d) const {
    out_.what = to_qt(lab::tool_of(d.table)) + QStringLiteral(": ") + to_qt(d.key);
    out_.sim = to_qt(d.sim.value_or("—"));
    out_.real = to_qt(d.real.value_or("—"));
    if (!d.fields.empty()) fields(d.fields);
  }
  void operator()(const compare::RunDifference& d) const {
    out_.what = CompareModel::tr("the run itself");
    out_.sim = to_qt(d.sim);
    out_.real = to_qt(d.real);
  }

 private:
  void fields(const std::vector<compare::FieldDifference>& fields) const {
    QStringList sim;
    QStringList real;
    for (const compare::FieldDifference& f : fields) {
      sim << to_qt(f.name) + QStringLiteral(": ") + to_qt(f.sim);
      real << to_qt(f.name) + QStringLiteral(": ") + to_qt(f.real);
    }
    out_.sim = sim.join(QStringLiteral("; "));
    out_.real = real.join(QStringLiteral("; "));
  }
  DifferenceWords& out_;
};

}  // namespace

QVariant CompareModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const compare::Difference& d =
      runs_->comparison.differences[static_cast<std::size_t>(index.row())];
  if (role == kRowRole) return ladder_row_of(d);
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != Qt::AccessibleTextRole)
    return {};
  DifferenceWords words;
  std::visit(Wording(words), d.what);
  QString text;
  switch (index.column()) {
    case kTime: text = time_text(d.at); break;
    case kHost: text = to_qt(d.host); break;
    case kWhat: text = words.what; break;
    case kSimulator: text = words.sim; break;
    case kKernel: text = words.real; break;
    default: break;
  }
  return role == Qt::DisplayRole ? text.section(u'\n', 0, 0) : text;
}

// A frame's own row, else the first one at or after its time.
int CompareModel::ladder_row_of(const compare::Difference& d) const {
  const auto* frame = std::get_if<compare::FrameDifference>(&d.what);
  const auto& left = runs_->left.rows();
  const auto& right = runs_->right.rows();
  for (std::size_t row = 0; row < runs_->rows.size(); ++row) {
    const ComparedRow& r = runs_->rows[row];
    if (frame == nullptr) {
      if (r.left && left[*r.left].at >= d.at) return static_cast<int>(row);
      continue;
    }
    if (r.left && frame->sim.valid() && left[*r.left].record >= frame->sim)
      return static_cast<int>(row);
    if (r.right && !frame->sim.valid() && right[*r.right].record >= frame->real) {
      return static_cast<int>(row);
    }
  }
  return runs_->rows.empty() ? -1 : static_cast<int>(runs_->rows.size()) - 1;
}

}  // namespace lvslab::gui
