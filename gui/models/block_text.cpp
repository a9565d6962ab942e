#include "gui/models/block_text.h"

#include <algorithm>

namespace lvslab::gui {

TextEdit joined(const QString& text, TextEdit a, TextEdit b) {
  if (b.offset < a.offset) std::swap(a, b);
  const qsizetype between = a.offset + a.length;
  return {a.offset, b.offset + b.length - a.offset,
          a.text + text.mid(between, b.offset - between) + b.text};
}

int indent_of(const QString& line) {
  int indent = 0;
  while (indent < line.size() && line[indent] == u' ') ++indent;
  return indent;
}

bool says_nothing(const QString& line) {
  const QString bare = line.trimmed();
  return bare.isEmpty() || bare.startsWith(u'#');
}

QString indented(const QStringList& lines, int indent) {
  QString out;
  for (const QString& line : lines) out += QString(indent, u' ') + line + u'\n';
  return out;
}

qsizetype Lines::offset(int line) const {
  qsizetype at = 0;
  for (int i = 1; i < line; ++i) at += lines_[i - 1].size() + 1;
  return std::min(at, size_);
}

// Comments and blank lines at the end of a block belong to what follows.
int Lines::block_end(int first, int indent) const {
  int end = first + 1;
  for (int line = first + 1; line <= count(); ++line) {
    if (says_nothing((*this)[line])) continue;
    if (indent_of((*this)[line]) < indent) break;
    end = line + 1;
  }
  return end;
}

int Lines::top_key(const QString& key) const {
  for (int line = 1; line <= count(); ++line) {
    if ((*this)[line].startsWith(key + u':')) return line;
  }
  return 0;
}

int Lines::item_key(const Item& item, const QString& key) const {
  for (int line = item.first; line < item.end; ++line) {
    QString text = (*this)[line];
    if (line == item.first) text.replace(text.indexOf(u'-'), 1, u' ');
    if (indent_of(text) == item.keys && text.trimmed().startsWith(key + u':')) return line;
  }
  return 0;
}

Result<Item> Lines::item_at(scenario::Mark mark) const {
  if (mark.line <= 0 || mark.line > count()) return fail("this host is not in the text");
  const QString& line = (*this)[mark.line];
  const int dash = indent_of(line);
  if (dash >= line.size() || line[dash] != u'-') {
    return fail("this part of the file is not written as a block; edit it by hand");
  }
  int keys = dash + 1;
  while (keys < line.size() && line[keys] == u' ') ++keys;
  const bool in_one_line = keys < line.size() && line[keys] == u'{';
  return Item{mark.line, block_end(mark.line, dash + 1), dash, keys, in_one_line};
}

TextEdit Lines::insert(int line, QString block) const {
  if (line > count() && !lines_.back().isEmpty()) block = u'\n' + block;
  return {offset(line), 0, block};
}

TextEdit Lines::remove(int first, int end) const {
  const qsizetype from = offset(first);
  return {from, offset(end) - from, {}};
}

}  // namespace lvslab::gui
