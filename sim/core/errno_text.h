// What strerror(3) of glibc 2.36 says about the errors that reach programs here.
#pragma once

#include <string_view>

#include "sim/core/ports.h"

namespace lvslab {

constexpr std::string_view errno_text(Errno error) {
  switch (error) {
    case Errno::kNone: return "Success";
    case Errno::kPerm: return "Operation not permitted";
    case Errno::kNoEnt: return "No such file or directory";
    case Errno::kAcces: return "Permission denied";
    case Errno::kAgain: return "Resource temporarily unavailable";
    case Errno::kExist: return "File exists";
    case Errno::kNoDev: return "No such device";
    case Errno::kInval: return "Invalid argument";
    case Errno::kPipe: return "Broken pipe";
    case Errno::kMsgSize: return "Message too long";
    case Errno::kAddrInUse: return "Address already in use";
    case Errno::kAddrNotAvail: return "Cannot assign requested address";
    case Errno::kNetDown: return "Network is down";
    case Errno::kNetUnreach: return "Network is unreachable";
    case Errno::kConnReset: return "Connection reset by peer";
    case Errno::kNotConn: return "Transport endpoint is not connected";
    case Errno::kTimedOut: return "Connection timed out";
    case Errno::kConnRefused: return "Connection refused";
    case Errno::kHostUnreach: return "No route to host";
    default: return "Unknown error";
  }
}

}  // namespace lvslab
