// Netlink as a reader of tables needs it: messages and attributes taken apart with every length
// checked, and dumps that are whole.
//
// Leaves out: requests that change something. Source: include/uapi/linux/netlink.h;
// net/netlink/af_netlink.c: netlink_dump().
#pragma once

#include <linux/netlink.h>

#include <array>
#include <cstring>
#include <expected>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/wire/ipv6.h"

namespace lvslab::kernel {

/// A number in the machine's byte order, as netlink carries most; zero if `in` is shorter.
template <class T>
T load_native(Bytes in) {
  T value{};
  if (in.size() >= sizeof value) std::memcpy(&value, in.data(), sizeof value);
  return value;
}

struct NetlinkMessage {
  std::uint16_t type = 0, flags = 0;
  std::uint32_t sequence = 0;
  Bytes body;  ///< borrowed from what it was parsed from
};

/// Takes the first message off `in`. False at the end of `in`, or if its head lies about its length
/// (then `in` is not empty).
bool next_message(Bytes& in, NetlinkMessage& message);

/// One attribute: its type without NLA_F_NESTED and the like, and what it holds.
struct NetlinkAttribute {
  std::uint16_t type = 0;
  Bytes value;
};
/// Takes the first attribute off `in`; false as next_message().
bool next_attribute(Bytes& in, NetlinkAttribute& attribute);

/// Zero unless it is an Ethernet address: a tunnel device has one of four bytes.
inline MacAddr ethernet_address(Bytes value) {
  return value.size() == 6 ? load_mac(value.data()) : MacAddr{};
}

/// The attributes of one message by type. Absent ones read as zero and empty.
template <std::size_t N>
class AttributeTable {
 public:
  /// False if the attributes do not fit into `in`. Types from N on are skipped.
  bool parse(Bytes in) {
    NetlinkAttribute a;
    while (next_attribute(in, a)) {
      if (a.type < N) values_[a.type] = a.value;
    }
    return in.empty();
  }
  Bytes bytes(std::size_t type) const { return values_[type]; }
  bool has(std::size_t type) const { return values_[type].data() != nullptr; }
  template <class T>
  T number(std::size_t type) const {
    return load_native<T>(values_[type]);
  }
  std::uint16_t be16(std::size_t type) const {
    return values_[type].size() >= 2 ? load_be16(values_[type].data()) : std::uint16_t{0};
  }
  Ipv4Addr ipv4(std::size_t type) const {
    return values_[type].size() >= 4 ? load_ipv4(values_[type].data()) : Ipv4Addr{};
  }
  Ipv6Addr ipv6(std::size_t type) const {
    return values_[type].size() >= 16 ? load_ipv6(values_[type].data()) : Ipv6Addr{};
  }
  MacAddr mac(std::size_t type) const { return ethernet_address(bytes(type)); }
  /// Without the terminating zero.
  std::string_view text(std::size_t type) const {
    const std::string_view all(reinterpret_cast<const char*>(values_[type].data()),
                               values_[type].size());
    return all.substr(0, all.find('\0'));
  }

 private:
  std::array<Bytes, N> values_{};
};

/// The body of a request: a fixed part, then attributes.
class NetlinkBody {
 public:
  template <class T>
  explicit NetlinkBody(const T& fixed) {
    append(&fixed, sizeof fixed);
  }
  template <class T>
  NetlinkBody& attribute(std::uint16_t type, const T& value) {
    return attribute(type, &value, sizeof value);
  }
  NetlinkBody& attribute(std::uint16_t type, const void* value, std::size_t size);
  /// Those added until end() stand inside of this one.
  std::size_t begin(std::uint16_t type);
  void end(std::size_t nest);
  Bytes bytes() const { return bytes_; }

 private:
  void append(const void* data, std::size_t size);
  std::vector<std::uint8_t> bytes_;
};

/// A socket of one netlink protocol, bound to the network namespace in which it was opened: it
/// answers for that namespace wherever the process goes afterwards.
class NetlinkReader {
 public:
  /// `protocol`: NETLINK_ROUTE, NETLINK_GENERIC, NETLINK_SOCK_DIAG.
  static Result<NetlinkReader> open(int protocol);
  /// Over a datagram socket that is there already, and will be closed.
  static NetlinkReader over(int fd) { return NetlinkReader(fd); }
  NetlinkReader(const NetlinkReader&) = delete;
  NetlinkReader& operator=(const NetlinkReader&) = delete;
  NetlinkReader(NetlinkReader&& other) noexcept;
  NetlinkReader& operator=(NetlinkReader&& other) noexcept;
  ~NetlinkReader();

  /// All messages of the answer, head and body, without the closing NLMSG_DONE; walk them with
  /// next_message(). With NLM_F_DUMP in `flags` every part is awaited, and a dump that a change
  /// interrupted is asked for again (after kDumpTries as it is: the tables never stand still).
  /// Errors: the errno of the kernel, or EPROTO for an answer that makes no sense.
  std::expected<std::vector<std::uint8_t>, int> ask(std::uint16_t type, std::uint16_t flags,
                                                    Bytes body);
  std::expected<std::vector<std::uint8_t>, int> dump(std::uint16_t type, const NetlinkBody& body) {
    return ask(type, NLM_F_DUMP, body.bytes());
  }

  static constexpr int kDumpTries = 8;

 private:
  explicit NetlinkReader(int fd) : fd_(fd) {}
  enum class Part : std::uint8_t { kMore, kWhole, kInterrupted };
  /// One datagram of the answer.
  std::expected<Part, int> take_part(bool dumping, std::vector<std::uint8_t>& answer);

  int fd_ = -1;
  std::uint32_t sequence_ = 0;
  bool interrupted_ = false;
};

/// One whole datagram from `fd`; empty if none waits and `flags` has MSG_DONTWAIT. Those that other
/// processes sent are left out. Errors: errno, ENOBUFS if the kernel had to drop some.
std::expected<std::vector<std::uint8_t>, int> receive_datagram(int fd, int flags);

}  // namespace lvslab::kernel
