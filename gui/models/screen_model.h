// The screen of a terminal on a real host: what programs draw on it, and the keys that they get.
//
// Models: a terminal as xterm's descendants are, with colours, a second screen for editors, and the
// lines that scrolled away; libvterm does the work.
// Leaves out: the mouse, titles, blinking, and how it looks (console_view.h).
#pragma once

#include <QByteArray>
#include <QObject>
#include <QPoint>
#include <QString>
#include <memory>
#include <optional>

namespace lvslab::gui {

struct ScreenCell {
  QString text;   ///< empty: blank
  int width = 1;  ///< in columns
  bool bold = false, underline = false;
  std::optional<quint32> ink, ground;  ///< 0xRRGGBB; none: the terminal's own
};

class ScreenModel : public QObject {
  Q_OBJECT

 public:
  ScreenModel(int rows, int columns, QObject* parent = nullptr);
  ~ScreenModel() override;

  int rows() const;
  int columns() const;
  /// Those that scrolled away, the oldest first, and then the screen's.
  int lines() const;
  ScreenCell cell(int line, int column) const;
  /// Without blanks at its end.
  QString line_text(int line) const;
  /// x: column, y: line; none while a program hides it.
  std::optional<QPoint> cursor() const;

  /// What programs printed.
  void write(const QByteArray& bytes);
  void resize(int rows, int columns);
  /// Everything gone, as after being switched on.
  void reset();
  /// A key as Qt tells of it. False if a terminal has no such key.
  bool press(int key, Qt::KeyboardModifiers modifiers, const QString& text);
  void paste(const QString& text);

 Q_SIGNALS:
  void changed();
  /// What a key sends to the host, or an answer to a program that asked the terminal something.
  void keys(const QByteArray& bytes);

 private:
  struct Terminal;

  std::unique_ptr<Terminal> terminal_;
};

}  // namespace lvslab::gui
