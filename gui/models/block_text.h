// A scenario file as lines of text: where its blocks begin and end, and edits of them.
//
// Models: block style with items of lists ("  - name: lan"). Leaves out: what the words mean
// (sim/scenario), and lists in one line ("hosts: [...]"), which a person edits.
#pragma once

#include <QStringList>

#include "sim/base/result.h"
#include "sim/scenario/model.h"

namespace lvslab::gui {

/// Replace `length` characters at `offset` (both of the text before) by `text`.
struct TextEdit {
  qsizetype offset = 0, length = 0;
  QString text;
};

/// Two edits of different places of `text` as one.
TextEdit joined(const QString& text, TextEdit a, TextEdit b);

int indent_of(const QString& line);
/// Blank, or a comment.
bool says_nothing(const QString& line);
/// `lines` with `indent` blanks before each, as lines of a text.
QString indented(const QStringList& lines, int indent);

/// An item of a list ("  - name: node01"): its lines, and the column of its dash and of its keys.
struct Item {
  int first = 0, end = 0;
  int dash = 0, keys = 0;
  bool in_one_line = false;  ///< "- {name: node01}"
};

/// A text by lines (from 1, as marks count).
class Lines {
 public:
  explicit Lines(const QString& text) : lines_(text.split(u'\n')), size_(text.size()) {}

  int count() const { return static_cast<int>(lines_.size()); }
  const QString& operator[](int line) const { return lines_[line - 1]; }
  /// Where `line` begins; one past the last line, where that ends.
  qsizetype offset(int line) const;
  /// Errors: there is no item, or its list is not written as a block.
  Result<Item> item_at(scenario::Mark mark) const;
  /// The line of a key of the whole file ("hosts:"); 0 if there is none.
  int top_key(const QString& key) const;
  /// The line of `key` within `item`; 0 if there is none.
  int item_key(const Item& item, const QString& key) const;

  /// `block`, whole lines, before `line`, which may be one past the last.
  TextEdit insert(int line, QString block) const;
  /// Without [first, end).
  TextEdit remove(int first, int end) const;

 private:
  int block_end(int first, int indent) const;

  QStringList lines_;
  qsizetype size_;
};

}  // namespace lvslab::gui
