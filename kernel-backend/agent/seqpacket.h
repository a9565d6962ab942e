// Messages with descriptors between the agent and the first process of each lab host.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel-backend/os.h"

namespace lvslab::kernel {

struct Parcel {
  char kind = 0;
  std::string body;
  Fd fd;  ///< may be none
};

/// Sends a parcel; `fd` < 0: none goes with it. False if the other side is gone.
bool send_parcel(int socket, char kind, std::string_view body, int fd = -1);
/// The next parcel; nothing at the end (errno is 0), or with `wait` false if there is none now
/// (errno is EAGAIN).
std::optional<Parcel> receive_parcel(int socket, bool wait);

// Kinds of parcels.
namespace parcel {
inline constexpr char kReady = 'r';       ///< host: mounts are in place
inline constexpr char kConfigure = 'c';   ///< agent: interfaces are there
inline constexpr char kConfigured = 'd';  ///< host: body: error or empty; fd: capture socket
inline constexpr char kRun = 'e';         ///< agent: body: Exec
inline constexpr char kStarted = 's';     ///< host: body: job; fd: master of its terminal
inline constexpr char kFailed = 'f';      ///< host: body: job and error: it could not be started
inline constexpr char kSignal = 'k';      ///< agent: body: JobSignal
inline constexpr char kExited = 'x';      ///< host: body: JobExit
inline constexpr char kTables = 't';      ///< agent: body: question; host: the same, fd: the image
inline constexpr char kLook = 'l';        ///< agent: look for changed rows now
inline constexpr char kRows = 'w';        ///< host: body: RowNews without its host
}  // namespace parcel

}  // namespace lvslab::kernel
