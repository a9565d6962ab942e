// What the window opens and writes: scenarios, captures, records, reports, pictures.
#include <QApplication>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QPainter>
#include <QProcess>
#include <QSvgGenerator>
#include <QThreadPool>
#include <QUndoStack>
#include <memory>

#include "gui/models/event_list_model.h"
#include "gui/models/play_model.h"
#include "gui/models/recorded_run.h"
#include "gui/models/recording_file.h"
#include "gui/models/words.h"
#include "gui/widgets/ladder_view.h"
#include "gui/widgets/main_window.h"
#include "gui/widgets/theme.h"
#include "gui/widgets/topology_view.h"
#include "gui/widgets/whole_file.h"
#include "sim/lab/html_report.h"
#include "sim/scenario/writer.h"
#include "sim/trace/pcap.h"
#include "sim/trace/pcapng.h"
#include "sim/trace/run_file.h"
#include "sim/trace/text.h"

namespace lvslab::gui {

namespace {

/// What is larger is read beside the window.
constexpr qint64 kReadAtOnce = 2 << 20;

}  // namespace

// What was captured elsewhere, by this program, tcpdump or Wireshark, and what was saved here.
void MainWindow::open_recording(const QString& path) {
  if (QFileInfo(path).size() <= kReadAtOnce) {
    return show_recording(path, read_recording(from_qt(path)));
  }
  notice(tr("%1 is being read…").arg(path));
  QThreadPool::globalInstance()->start([this, path, number = opening_] {
    const auto read = std::make_shared<ReadRecording>(read_recording(from_qt(path)));
    QMetaObject::invokeMethod(
        this,
        [this, path, number, read] {
          if (number == opening_) show_recording(path, std::move(*read));
        },
        Qt::QueuedConnection);
  });
}

void MainWindow::show_recording(const QString& path, ReadRecording read) {
  if (!read.run) return tell_unopened(read.run.error());
  drawn_->clear();
  path_ = path;
  play_->open_recorded(*read.run);
  if (read.cut_at_byte) {
    tell(tr("%1 is cut off or damaged at byte %2: what stands before it is shown.")
             .arg(path)
             .arg(*read.cut_at_byte));
  } else if (read.cut_at_line) {
    tell(tr("%1 is cut off or damaged at line %2: what stands before it is shown.")
             .arg(path)
             .arg(*read.cut_at_line));
  }
}

void MainWindow::ask_open() {
  const QString path = QFileDialog::getOpenFileName(
      this, tr("Open a scenario, a capture or a saved run"), QFileInfo(path_).path(),
      tr("Scenarios, captures and saved runs (*.yaml *.yml *.pcapng *.pcap *.cap *.jsonl)"));
  if (!path.isEmpty()) open(path);
}

bool MainWindow::export_capture(const QString& path) {
  return play_->has_scenario() && write_capture(path, play_->trace(), true);
}

// The filters of the event list choose the packets; what they left out cannot explain them.
bool MainWindow::export_shown(const QString& path) {
  if (!play_->has_scenario()) return false;
  return write_capture(path, event_model_->frames_shown(), false);
}

bool MainWindow::write_capture(const QString& path, const Trace& trace, bool comments) {
  const auto written =
      write_pcapng(from_qt(path), trace, {.language = language_, .comments = comments});
  if (written) {
    notice(tr("Written: %1").arg(path));
    return true;
  }
  tell(to_qt(written.error().to_string()));
  return false;
}

QString MainWindow::ask_capture_path() {
  const QString name = play_->has_scenario() ? to_qt(play_->scenario().name) : QString();
  return QFileDialog::getSaveFileName(this, tr("Export capture"), name + QStringLiteral(".pcapng"),
                                      tr("Captures (*.pcapng)"));
}

void MainWindow::ask_export() {
  const QString path = ask_capture_path();
  if (!path.isEmpty()) export_capture(path);
}

// As a file that can be played again, or as a list to read.
void MainWindow::ask_trace() {
  if (!play_->has_scenario()) return;
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Export every record"), to_qt(play_->scenario().name) + QStringLiteral(".jsonl"),
      tr("A run to play again (*.jsonl);;A list to read (*.trace)"));
  if (!path.isEmpty()) export_run(path);
}

bool MainWindow::export_run(const QString& path) {
  if (!play_->has_scenario()) return false;
  if (!path.endsWith(QLatin1String(".jsonl"))) {
    return write_bytes(path, dump_text(play_->trace(), language_));
  }
  return write_bytes(path,
                     run_file(play_->trace(), scenario::to_yaml(play_->scenario()), language_));
}

// One interface, as tcpdump on it would have written it.
void MainWindow::ask_interface_capture(const QString& host, const QString& nic) {
  const QString path = QFileDialog::getSaveFileName(this, tr("Export capture"),
                                                    QStringLiteral("%1-%2.pcap").arg(host, nic),
                                                    tr("Captures (*.pcap)"));
  if (path.isEmpty()) return;
  const NodeId node = play_->node(from_qt(host));
  for (const LinkRow& dev : play_->trace().node(node).devices) {
    if (to_qt(dev.name.view()) != nic) continue;
    const auto written = write_pcap(from_qt(path), play_->trace(), node, dev.dev);
    if (!written) return tell(to_qt(written.error().to_string()));
    return notice(tr("Written: %1").arg(path));
  }
}

bool MainWindow::export_report(const QString& path) {
  if (!play_->has_scenario() || play_->trace().size() == 0) return false;
  const bool kernel = play_->backend() == "kernel";
  const QString by = play_->recorded() ? tr("recording")
                     : kernel          ? tr("real kernel")
                                       : tr("simulator");
  return write_bytes(path, lab::html_report({.scenario = &play_->scenario(),
                                             .trace = &play_->trace(),
                                             .findings = play_->findings(),
                                             .checked = play_->checked(),
                                             .backend = from_qt(by),
                                             .end = play_->trace().records().back().at,
                                             .language = language_}));
}

void MainWindow::ask_report() {
  if (!play_->has_scenario()) return;
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Export a report"), to_qt(play_->scenario().name) + QStringLiteral(".html"),
      tr("Pages (*.html)"));
  if (!path.isEmpty()) export_report(path);
}

bool MainWindow::write_bytes(const QString& path, const std::string& text) {
  const bool ok = write_whole(path, QByteArray::fromStdString(text));
  if (ok) {
    notice(tr("Written: %1").arg(path));
  } else {
    tell(tr("Cannot write %1").arg(path));
  }
  return ok;
}

void MainWindow::open_in_wireshark() {
  if (!play_->has_scenario()) return;
  const QString path = QDir::temp().filePath(
      QStringLiteral("lvslab-%1.pcapng").arg(QCoreApplication::applicationPid()));
  if (!export_capture(path)) return;
  if (!QProcess::startDetached(QStringLiteral("wireshark"), {path})) {
    tell(tr("Wireshark is not installed. The capture is in %1").arg(path));
  }
}

void MainWindow::ask_picture() {
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Export picture"), QStringLiteral("topology.svg"), tr("Pictures (*.svg *.png)"));
  if (path.isEmpty()) return;
  const QSize size = topology_->content().size().toSize() * 2;
  if (path.endsWith(QLatin1String(".svg"))) {
    QSvgGenerator svg;
    svg.setFileName(path);
    svg.setSize(size);
    svg.setViewBox(QRect(QPoint(0, 0), size));
    QPainter painter(&svg);
    topology_->render_to(painter, QRectF(QPointF(0, 0), size));
    return;
  }
  QImage image(size, QImage::Format_RGB32);
  image.fill(theme().panel);
  QPainter painter(&image);
  topology_->render_to(painter, QRectF(QPointF(0, 0), size));
  painter.end();
  if (!image.save(path)) tell(tr("Cannot write %1").arg(path));
}

void MainWindow::ask_ladder_picture() {
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Export picture"), QStringLiteral("ladder.svg"), tr("Pictures (*.svg *.png)"));
  if (!path.isEmpty() && !ladder_->write_picture(path)) tell(tr("Cannot write %1").arg(path));
}

void MainWindow::ask_save_typed() {
  if (!play_->has_scenario()) return;
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Save what I typed as a scenario"),
      to_qt(play_->scenario().name) + QStringLiteral("-mine.yaml"), tr("Scenarios (*.yaml)"));
  if (path.isEmpty()) return;
  QObject::connect(
      play_.get(), &PlayModel::scenario_text_ready, this,
      [this, path](const QString& text) { write_bytes(path, from_qt(text)); },
      Qt::SingleShotConnection);
  play_->request_scenario_text();
}

}  // namespace lvslab::gui
