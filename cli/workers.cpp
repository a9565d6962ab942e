#include "cli/workers.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "cli/program.h"

namespace lvslab::cli {
namespace {

/// What stands before each text on a worker's pipe.
struct Head {
  std::uint64_t piece = 0;
  std::uint64_t length = 0;
  bool begun = false;  ///< no result yet, only "this is what I do now"
};

bool write_all(int fd, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool send(int fd, std::uint64_t piece, bool begun, const std::string& text) {
  const Head head{piece, text.size(), begun};
  return write_all(fd, &head, sizeof head) && write_all(fd, text.data(), text.size());
}

/// The number of the next piece, seen by all processes.
class Counter {
 public:
  explicit Counter(std::uint64_t first) {
    void* const page =
        mmap(nullptr, sizeof *next_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) next_ = new (page) std::atomic<std::uint64_t>(first);
  }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  ~Counter() {
    if (next_ != nullptr) munmap(next_, sizeof *next_);
  }
  bool valid() const { return next_ != nullptr; }
  std::uint64_t take() { return next_->fetch_add(1); }
  std::uint64_t peek() const { return next_->load(); }
  /// Nobody takes a piece below `end` any more.
  void skip_to(std::uint64_t end) { next_->store(end); }

 private:
  std::atomic<std::uint64_t>* next_ = nullptr;
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

struct Worker {
  pid_t pid = -1;
  int pipe = -1;
  std::string bytes;
  std::optional<std::uint64_t> doing;
};

class Pool {
 public:
  Pool(const Shares& shares, Counter& counter) : shares_(shares), counter_(counter) {}

  Result<void> run() {
    const auto wanted = std::min<std::uint64_t>(std::max(1U, shares_.processes), shares_.count);
    for (std::uint64_t n = 0; n < wanted; ++n) {
      if (auto started = start(); !started) return started;
    }
    while (!workers_.empty()) {
      wait_for_bytes();
      if (const std::size_t gone = reap(); gone > 0 && work_is_left()) {
        for (std::size_t n = 0; n < gone; ++n) {
          if (auto started = start(); !started) return started;
        }
      }
    }
    return {};
  }

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (const Worker& worker : workers_) {  // only after an error
      kill(worker.pid, SIGTERM);
      waitpid(worker.pid, nullptr, 0);
      close(worker.pipe);
    }
  }

 private:
  std::uint64_t end() const { return shares_.first + shares_.count; }
  bool work_is_left() const { return g_interrupted == 0 && counter_.peek() < end(); }

  Result<void> start() {
    int ends[2];
    if (pipe(ends) != 0) return fail(fmt::format("no pipe: {}", std::strerror(errno)));
    std::fflush(stdout);
    std::fflush(stderr);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
      close(ends[0]);
      close(ends[1]);
      return fail(fmt::format("no process: {}", std::strerror(errno)));
    }
    if (pid == 0) {
      close(ends[0]);
      for (const Worker& other : workers_) close(other.pipe);
      // Nobody reads what an orphan finds.
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() == parent) work(ends[1]);
      std::fflush(nullptr);
      _exit(0);
    }
    close(ends[1]);
    workers_.push_back({pid, ends[0], {}, {}});
    return {};
  }

  void work(int out) {
    while (work_is_left()) {
      const std::uint64_t piece = counter_.take();
      if (piece >= end()) return;
      if (!send(out, piece, true, {}) || !send(out, piece, false, shares_.work(piece))) return;
    }
  }

  void wait_for_bytes() {
    std::vector<pollfd> waiting;
    waiting.reserve(workers_.size());
    for (const Worker& worker : workers_) waiting.push_back({worker.pipe, POLLIN, 0});
    if (poll(waiting.data(), waiting.size(), -1) <= 0) return;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      char buffer[65'536];
      const ssize_t size = ::read(workers_[i].pipe, buffer, sizeof buffer);
      if (size > 0) {
        workers_[i].bytes.append(buffer, static_cast<std::size_t>(size));
        take_messages(workers_[i]);
      } else if (size == 0) {
        close(workers_[i].pipe);
        workers_[i].pipe = -1;
      }
    }
  }

  void take_messages(Worker& worker) {
    for (Head head; worker.bytes.size() >= sizeof head;) {
      std::memcpy(&head, worker.bytes.data(), sizeof head);
      if (worker.bytes.size() < sizeof head + head.length) return;
      const std::string text = worker.bytes.substr(sizeof head, head.length);
      worker.bytes.erase(0, sizeof head + head.length);
      if (head.begun) {
        worker.doing = head.piece;
      } else {
        worker.doing.reset();
        if (!shares_.done(head.piece, text)) counter_.skip_to(end());
      }
    }
  }

  /// Takes away the workers that have ended; returns how many of them died over their work.
  std::size_t reap() {
    std::size_t died = 0;
    for (const Worker& worker : workers_) {
      if (worker.pipe >= 0) continue;
      int status = 0;
      while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) continue;
      if (!worker.doing || g_interrupted != 0) continue;
      ++died;
      shares_.died(*worker.doing, WIFSIGNALED(status)
                                      ? fmt::format("signal {} ({})", WTERMSIG(status),
                                                    strsignal(WTERMSIG(status)))
                                      : fmt::format("exit status {}", WEXITSTATUS(status)));
    }
    std::erase_if(workers_, [](const Worker& worker) { return worker.pipe < 0; });
    return died;
  }

  const Shares& shares_;
  Counter& counter_;
  std::vector<Worker> workers_;
};

}  // namespace

Result<void> share_out(const Shares& shares) {
  Counter counter(shares.first);
  if (!counter.valid()) return fail(fmt::format("no memory: {}", std::strerror(errno)));
  return Pool(shares, counter).run();
}

}  // namespace lvslab::cli
