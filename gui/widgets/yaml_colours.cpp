#include "gui/widgets/yaml_colours.h"

#include <QRegularExpression>

#include "gui/widgets/theme.h"

namespace lvslab::gui {

// The state of a line is the indentation of the key whose block ("|") it stands in, plus one; 0:
// none.
bool YamlColours::inside_block(const QString& text) {
  const int key = previousBlockState() - 1;
  if (key < 0) return false;
  int indent = 0;
  while (indent < text.size() && text[indent] == u' ') ++indent;
  return indent == text.size() || indent > key;
}

void YamlColours::highlightBlock(const QString& text) {
  static const QRegularExpression kKey(QStringLiteral("^(\\s*(?:- )*)([\\w./-]+)(?=:(\\s|$))"));
  static const QRegularExpression kInline(QStringLiteral("([{,]\\s*)([\\w-]+)(?=:\\s)"));
  static const QRegularExpression kQuoted(QStringLiteral("\"(?:[^\"\\\\]|\\\\.)*\"|'[^']*'"));
  static const QRegularExpression kComment(QStringLiteral("(^|\\s)#.*$"));
  static const QRegularExpression kBlock(QStringLiteral("[:-]\\s+[|>][-+]?\\s*$"));
  const Theme& t = theme();
  QTextCharFormat key;
  key.setForeground(t.accent);
  QTextCharFormat quoted;
  quoted.setForeground(t.good);
  QTextCharFormat comment;
  comment.setForeground(t.muted);
  comment.setFontItalic(true);
  setCurrentBlockState(0);
  if (inside_block(text)) {
    setCurrentBlockState(previousBlockState());
    setFormat(0, static_cast<int>(text.size()), quoted);
    return;
  }
  const auto paint = [&](const QRegularExpression& what, int group, const QTextCharFormat& how) {
    for (auto it = what.globalMatch(text); it.hasNext();) {
      const auto match = it.next();
      setFormat(static_cast<int>(match.capturedStart(group)),
                static_cast<int>(match.capturedLength(group)), how);
    }
  };
  paint(kKey, 2, key);
  paint(kInline, 2, key);
  paint(kQuoted, 0, quoted);
  paint(kComment, 0, comment);
  if (kBlock.match(text).hasMatch()) {
    const auto match = kKey.match(text);
    setCurrentBlockState(static_cast<int>(match.capturedLength(1)) + 1);
  }
}

}  // namespace lvslab::gui
