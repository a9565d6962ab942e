// The packet in focus: what it is, what the host that sent it rewrote, its layers beside its bytes.
#pragma once

#include <QWidget>

class QLabel;
class QTreeView;

namespace lvslab::gui {

class BytesView;
class PacketModel;

class Inspector : public QWidget {
  Q_OBJECT

 public:
  explicit Inspector(PacketModel& model, QWidget* parent = nullptr);
  QTreeView* tree() const { return tree_; }
  BytesView* bytes() const { return bytes_; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void refresh();

  PacketModel& model_;
  QLabel* title_;
  QLabel* rewrites_;
  QLabel* empty_;
  QTreeView* tree_;
  BytesView* bytes_;
  bool marking_ = false;
};

}  // namespace lvslab::gui
