#include "sim/trace/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace lvslab {
namespace {

constexpr int kNameTries = 100;

std::unexpected<Error> os_error(const std::string& path, int error) {
  return fail(fmt::format("cannot write {}: {}", path, std::strerror(error)));
}

/// A new file beside `path`; its name is put into `name`. -1 with errno if it cannot be made.
int open_beside(const std::string& path, std::string& name) {
  const std::size_t slash = path.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  for (int i = 0; i < kNameTries; ++i) {
    name = fmt::format("{}.{}.{}-{}.part", path.substr(0, base), path.substr(base), getpid(), i);
    const int fd = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/// A symbolic link is followed, so that the file it names is replaced and the link stays.
std::string resolve(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string resolved(real);
  std::free(real);  // NOLINT(cppcoreguidelines-no-malloc): realpath(3) allocates it
  return resolved;
}

}  // namespace

AtomicFile::AtomicFile(AtomicFile&& other) noexcept { *this = std::move(other); }

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  stream_ = std::exchange(other.stream_, nullptr);
  path_ = std::move(other.path_);
  temporary_ = std::exchange(other.temporary_, {});
  first_error_ = other.first_error_;
  return *this;
}

AtomicFile::~AtomicFile() { abandon(); }

void AtomicFile::abandon() {
  if (stream_ != nullptr) std::fclose(stream_);
  stream_ = nullptr;
  if (!temporary_.empty()) unlink(temporary_.c_str());
  temporary_.clear();
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  AtomicFile file;
  struct stat there{};
  const bool exists = stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) return os_error(path, EISDIR);
  int fd = -1;
  if (exists && !S_ISREG(there.st_mode)) {
    file.path_ = path;
    fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    file.path_ = exists ? resolve(path) : path;
    fd = open_beside(file.path_, file.temporary_);
  }
  if (fd < 0) {
    const int error = errno;
    file.temporary_.clear();
    return os_error(path, error);
  }
  file.stream_ = fdopen(fd, "wb");
  if (file.stream_ == nullptr) {
    const int error = errno;
    close(fd);
    return os_error(path, error);
  }
  std::setvbuf(file.stream_, nullptr, _IOFBF, std::size_t{1} << 16);
  return file;
}

std::unexpected<Error> AtomicFile::failed(int error) {
  if (first_error_ == 0) first_error_ = error != 0 ? error : EIO;
  return os_error(path_, first_error_);
}

Result<void> AtomicFile::write(Bytes bytes) {
  errno = 0;
  if (first_error_ != 0) return failed(first_error_);
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) != bytes.size()) return failed(errno);
  return {};
}

Result<void> AtomicFile::check() {
  if (std::ferror(stream_) != 0) return failed(errno);
  return {};
}

Result<void> AtomicFile::flush() {
  errno = 0;
  if (first_error_ != 0) return failed(first_error_);
  if (std::fflush(stream_) != 0 || std::ferror(stream_) != 0) return failed(errno);
  return {};
}

Result<void> AtomicFile::commit() {
  if (auto flushed = flush(); !flushed) {
    abandon();
    return flushed;
  }
  errno = 0;
  const int closed = std::fclose(std::exchange(stream_, nullptr));
  if (closed != 0 || (!temporary_.empty() && std::rename(temporary_.c_str(), path_.c_str()) != 0)) {
    const int error = errno;
    abandon();
    return failed(error);
  }
  temporary_.clear();
  return {};
}

}  // namespace lvslab
