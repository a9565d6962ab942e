// The terminal of a host as the trace tells it: what was typed and printed there up to the
// position.
//
// Models: prompts, lines, outputs, exit statuses that are not 0; words to complete.
// Leaves out: typing itself (PlayModel::type).
#pragma once

#include <QObject>
#include <QStringList>
#include <string>

#include "gui/models/history.h"

namespace lvslab::gui {

class PlayModel;

class TerminalModel : public QObject {
  Q_OBJECT

 public:
  explicit TerminalModel(PlayModel& play, QObject* parent = nullptr);

  void set_host(const std::string& host);
  const std::string& host() const { return host_; }
  QString prompt() const;
  const QString& text() const { return text_; }
  /// What was typed by hand on this host, oldest first.
  const QStringList& history() const { return history_; }
  void remember(const QString& line);
  /// What may follow at the end of `line`: whole lines.
  QStringList completions(const QString& line) const;

 Q_SIGNALS:
  void changed();

 private:
  void rebuild();
  void write(Position i, QString& out) const;

  PlayModel& play_;
  std::string host_;
  QString text_;
  QStringList history_;
};

}  // namespace lvslab::gui
