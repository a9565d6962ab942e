// Colours for the YAML of scenario files: keys, comments, texts in quotes, numbers, blocks.
#pragma once

#include <QSyntaxHighlighter>

namespace lvslab::gui {

class YamlColours : public QSyntaxHighlighter {
 public:
  explicit YamlColours(QTextDocument* document) : QSyntaxHighlighter(document) {}

 protected:
  void highlightBlock(const QString& text) override;

 private:
  bool inside_block(const QString& text);
};

}  // namespace lvslab::gui
