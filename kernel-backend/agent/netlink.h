// rtnetlink, as much of it as building a lab takes: requests that the kernel acknowledges.
// Source: include/uapi/linux/rtnetlink.h, if_link.h, pkt_sched.h.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// A request under construction: head, fixed part, attributes.
class NetlinkRequest {
 public:
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);

  template <class T>
  NetlinkRequest& fixed(const T& part) {
    append(&part, sizeof part);
    return *this;
  }
  NetlinkRequest& attribute(std::uint16_t type, const void* data, std::size_t size);
  template <class T>
  NetlinkRequest& attribute(std::uint16_t type, const T& value) {
    return attribute(type, &value, sizeof value);
  }
  NetlinkRequest& text(std::uint16_t type, std::string_view value);
  /// Attributes until the matching end() stand inside this one.
  std::size_t begin(std::uint16_t type);
  void end(std::size_t nest);

  const std::vector<char>& bytes();

 private:
  void append(const void* data, std::size_t size);
  std::vector<char> bytes_;
};

class NetlinkSocket {
 public:
  /// In the caller's network namespace.
  static Result<NetlinkSocket> open();
  /// Sends, and waits for the acknowledgement. Errors: the kernel's errno, after `what`.
  Result<void> talk(NetlinkRequest& request, std::string_view what);

 private:
  Fd fd_;
  std::uint32_t sequence_ = 0;
};

/// if_nametoindex(3) in the caller's namespace; 0 if there is none.
unsigned interface_index(std::string_view name);

}  // namespace lvslab::kernel
