// The system log of a host: what programs send to /dev/log becomes lines of /var/log/messages, as
// rsyslog of CentOS writes them. The lab host has no other log daemon.
#pragma once

#include <string>
#include <string_view>

#include "kernel-backend/os.h"
#include "sim/base/result.h"

namespace lvslab::kernel {

inline constexpr const char* kMessagesFile = "/var/log/messages";

/// "<30>Jan  1 08:00:00 Keepalived[7]: text" of `host` → "Jan  1 08:00:00 node01 Keepalived[7]:
/// text\n".
std::string log_line(std::string_view message, std::string_view host);

class SystemLog {
 public:
  Result<void> open(std::string host);
  int fd() const { return socket_.get(); }  ///< readable: collect()
  void collect();

 private:
  Fd socket_;
  std::string host_;
};

}  // namespace lvslab::kernel
