// A lab::Session in a thread of its own. The window sends requests and takes updates, both values;
// nothing of the session is ever touched from outside, and nothing here waits for the window.
//
// Models: opening, playing until something happens, typing, breaking, checking, saving. Requests
// are done in order; cancel() ends the one that runs at its next event and forgets those that wait.
// Leaves out: what is shown (play_model.h).
#pragma once

#include <QObject>
#include <QThread>
#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gui/models/history.h"
#include "gui/models/until.h"
#include "sim/lab/backend.h"
#include "sim/lab/expect.h"

namespace lvslab::gui {

/// Makes a backend; called in the worker's thread. `name` is one of backend_names.
using BackendFactory =
    std::function<Result<std::unique_ptr<lab::Backend>>(const std::string& name)>;

// --- requests ------------------------------------------------------------------------------------

struct OpenRequest {
  scenario::Scenario scenario;
  std::string backend;
};
/// Plays until the goal is reached, or the scenario (without a goal in it: time) has ended.
struct PlayRequest {
  Until goal;
  bool to_end = false;  ///< to the scenario's end, whatever the goal
};
/// Types a line at `at`, a position of the past or the end, and plays until it is done.
struct TypeRequest {
  Position at = 0;
  std::string host, line;
};
/// Reads a file by `cat`, typed on the host as TypeRequest does.
struct ReadRequest {
  Position at = 0;
  std::string host, path;
};
struct InterruptRequest {
  std::string host;
};
struct StrikeRequest {
  Position at = 0;
  scenario::Fault fault;
};
/// Plays to the end and holds the run against the scenario's expectations.
struct CheckRequest {};
/// The scenario with what was typed, as the text of a file.
struct SaveRequest {};
/// A login shell on a terminal of that size, one a host; where there is one, its new size.
struct ConsoleRequest {
  std::string host;
  std::uint16_t rows = 0, columns = 0;
};
struct KeysRequest {
  std::string host, bytes;
};
/// Lets time pass for those who wait at a console, once the scenario has been played.
struct PassRequest {
  SimDuration span;
};

using Request = std::variant<OpenRequest, PlayRequest, TypeRequest, ReadRequest, InterruptRequest,
                             StrikeRequest, CheckRequest, SaveRequest, ConsoleRequest, KeysRequest,
                             PassRequest>;

// --- updates -------------------------------------------------------------------------------------

struct RunningLine {
  std::string host, line;
};

/// What a console printed since the last update.
struct ConsoleNews {
  std::string host, bytes;
  bool closed = false;  ///< its shell has ended
};

/// A file of a host as it was read; empty if there is none of that name.
struct FileText {
  std::string host, path, text;
};

/// What a request brought about, or so far.
struct Update {
  std::uint64_t request = 0;
  bool done = false;  ///< of the request: no more updates of it follow
  bool opened = false;
  std::optional<Trace::Mark> cut;  ///< before `chunk` is appended
  TraceChunk chunk;
  SimTime now;
  std::uint64_t steps = 0;
  bool finished = false;
  lab::PlayEnd end = lab::PlayEnd::kReached;
  lab::Storm storm;
  lab::Capabilities capabilities;
  bool has_consoles = false;
  std::vector<RunningLine> running;
  std::vector<ConsoleNews> consoles;
  std::optional<Error> error;
  std::optional<std::vector<lab::Finding>> findings;
  std::optional<std::string> saved;
  std::optional<FileText> file;
  std::optional<std::string> typed;  ///< as `saved`, after something was typed or broken
};

class SessionWorker : public QObject {
  Q_OBJECT

 public:
  explicit SessionWorker(BackendFactory factory);
  ~SessionWorker() override;
  SessionWorker(const SessionWorker&) = delete;
  SessionWorker& operator=(const SessionWorker&) = delete;

  /// The number of the request.
  std::uint64_t send(Request request);
  /// Ends what is being done, and forgets what was asked for.
  void cancel();
  /// Updates since the last call, in order.
  std::vector<Update> take();

 Q_SIGNALS:
  /// There is something to take().
  void ready();

 private:
  class Engine;

  std::unique_ptr<QThread> thread_;
  Engine* engine_ = nullptr;  // lives and dies in the thread
  std::mutex mutex_;
  std::vector<Update> inbox_;
  std::uint64_t last_request_ = 0;
  std::uint64_t cancelled_ = 0;
  volatile std::sig_atomic_t stop_ = 0;
};

}  // namespace lvslab::gui
