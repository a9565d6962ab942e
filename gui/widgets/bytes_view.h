// The bytes of a frame in hexadecimal and as text, with a field marked and rewritten bytes in
// colour.
#pragma once

#include <QAbstractScrollArea>
#include <vector>

namespace lvslab::gui {

class BytesView : public QAbstractScrollArea {
  Q_OBJECT

 public:
  explicit BytesView(QWidget* parent = nullptr);

  void set_bytes(std::vector<std::uint8_t> bytes, std::vector<bool> changed);
  void mark(std::size_t offset, std::size_t length);
  std::pair<std::size_t, std::size_t> marked() const { return {mark_begin_, mark_length_}; }
  QSize sizeHint() const override;

 Q_SIGNALS:
  void byte_chosen(quint64 offset);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  int per_line() const;
  int line_height() const;
  int hex_x(int column) const;
  int text_x(int column) const;
  void choose(std::size_t offset);
  void update_range();

  std::vector<std::uint8_t> bytes_;
  std::vector<bool> changed_;
  std::size_t mark_begin_ = 0, mark_length_ = 0;
};

}  // namespace lvslab::gui
