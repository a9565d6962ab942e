// Files that are written whole or not at all.
#pragma once

#include <QSaveFile>

namespace lvslab::gui {

/// False if it cannot be written: what stood at `path` stays.
inline bool write_whole(const QString& path, const QByteArray& bytes) {
  QSaveFile file(path);
  return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit();
}

}  // namespace lvslab::gui
