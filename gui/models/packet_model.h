// A frame as a tree of layers and fields with their bytes, and what the host that sent it had
// changed in the frame that led to it.
//
// Models: name, value, former value; offset and length of every field. A field is compared with
// that of the same name in the same layer of the frame before; layers are counted from the
// innermost one, so that a tunnel's outer header counts as added. Leaves out: the dissection itself
// (sim/wire/dissect.h).
#pragma once

#include <QAbstractItemModel>
#include <string>
#include <vector>

#include "sim/trace/trace.h"
#include "sim/wire/dissect.h"

namespace lvslab::gui {

class PlayModel;

/// The frame that `sent` was made from on the same host: the one that led to it, or the packet that
/// waited for ARP until then; invalid if there is none.
RecordId received_before(const Trace& trace, RecordId sent);

class PacketModel : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Column { kName, kValue, kWas, kColumns };
  enum Role { kOffsetRole = Qt::UserRole, kLengthRole, kChangedRole, kAddedRole };

  explicit PacketModel(PlayModel& play, QObject* parent = nullptr);

  QModelIndex index(int row, int column, const QModelIndex& parent) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent) const override;
  int columnCount(const QModelIndex& parent) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  /// Empty without a frame in focus.
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  /// True for bytes that differ from the frame before, field by field.
  const std::vector<bool>& changed_bytes() const { return changed_bytes_; }
  /// "Packet 41 · TCP SYN · node01 eth0 sends"; "" without a frame.
  const QString& title() const { return title_; }
  /// "destination MAC 02:… → 02:…" for each change; empty if nothing was rewritten.
  const QStringList& rewrites() const { return rewrites_; }
  /// The innermost field that holds byte `offset`.
  QModelIndex field_at(std::size_t offset) const;

 private:
  struct Item {
    Field field;
    std::string path;  ///< "0:Ethernet/destination": layers counted from the innermost
    std::string was;
    bool changed = false;
    bool added = false;
    int parent = -1;
    std::vector<int> children;
    int row = 0;
  };
  static std::vector<Item> items_of(Bytes frame);
  void rebuild();
  void compare(const std::vector<Item>& before);
  void describe(RecordId record);

  PlayModel& play_;
  std::vector<Item> items_;
  std::vector<int> top_;
  std::vector<std::uint8_t> bytes_;
  std::vector<bool> changed_bytes_;
  QString title_;
  QStringList rewrites_;
};

}  // namespace lvslab::gui
