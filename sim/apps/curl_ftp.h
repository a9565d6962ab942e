// Where curl stands in the dialogue of an ftp:// URL. What it says and does is in curl_ftp.cpp.
#pragma once

#include <string>
#include <vector>

#include "sim/core/ports.h"

namespace lvslab::apps {

/// What curl waits for an answer to (enum ftpstate), or does with the data connection.
enum class FtpStage : std::uint8_t {
  kNone,
  kGreeting,
  kUser,
  kPass,
  kPwd,
  kCwd,
  kEpsv,
  kPasv,
  kEprt,
  kPort,
  kDataConnect,  ///< to where PASV or EPSV said
  kType,
  kSize,
  kRetr,
  kAccept,    ///< the server says it begins; it still has to connect
  kTransfer,  ///< up to the end of the data connection
  kEnd,       ///< "226 Transfer complete."
  kQuit,
  kClosing  ///< the moment in which the farewell came is not over
};

struct CurlFtpState {
  FtpStage stage = FtpStage::kNone;
  std::string input;      ///< of the control connection: no whole line yet
  std::string last_line;  ///< of an answer of several lines: how it will end
  std::vector<std::string> directories;
  std::size_t entered = 0;  ///< of `directories`
  std::string file;
  SocketId listener, data;
  Endpoint data_target;
  std::vector<Endpoint> looked_up;  ///< targets before this one
  std::string early;                ///< data that came before the server announced it
  std::uint64_t received = 0;
  std::optional<std::uint64_t> size;
  bool by_epsv = false;
  bool told_perform = false;  ///< -v: "ftp_perform ends with"
  bool data_ended = false;
  bool usable = false;      ///< QUIT may be said
  std::string first_error;  ///< curl shows the first message that a transfer leaves
};

}  // namespace lvslab::apps
