// A file that appears under its name only when it is whole: written beside it under another name,
// then renamed (rename(2) is atomic within a directory). What is left after an error is nothing.
//
// A name that is there already and is no regular file (/dev/stdout, a FIFO) is written directly.
#pragma once

#include <cstdio>
#include <string>

#include "sim/base/result.h"
#include "sim/wire/bytes.h"

namespace lvslab {

class AtomicFile {
 public:
  AtomicFile() = default;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  /// Without commit(): removes what was written.
  ~AtomicFile();

  /// Errors: what open(2) says, with the name.
  static Result<AtomicFile> create(const std::string& path);

  /// The stream to write to; its error flag is looked at by commit().
  std::FILE* stream() { return stream_; }
  /// After a write by others through stream(): the error that it met.
  Result<void> check();
  /// Errors: what write(2) says; later writes fail, too.
  Result<void> write(Bytes bytes);
  /// Hands what is buffered to the system.
  Result<void> flush();
  /// Closes, and gives the file its name. Errors: the disk is full, and so on.
  Result<void> commit();

 private:
  std::unexpected<Error> failed(int error);
  void abandon();

  std::FILE* stream_ = nullptr;
  std::string path_;
  std::string temporary_;  ///< empty: path_ itself is written
  int first_error_ = 0;
};

}  // namespace lvslab
