// What the readers behind dissect() share. Not for use outside this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/wire/dissect.h"
#include "sim/wire/ipv6.h"

namespace lvslab::detail {

/// Collects fields. Positions are offsets into the frame.
class Dissector {
 public:
  explicit Dissector(Bytes frame) : frame_(frame) {}

  Bytes frame() const { return frame_; }
  std::vector<Field> take() { return std::move(fields_); }

  void protocol(std::string_view name, std::string value, std::size_t at, std::size_t length) {
    add(name, std::move(value), at, length, base_);
  }
  void field(std::string_view name, std::string value, std::size_t at, std::size_t length) {
    add(name, std::move(value), at, length, base_ + 1);
  }
  void part(std::string_view name, std::string value, std::size_t at, std::size_t length) {
    add(name, std::move(value), at, length, base_ + 2);
  }
  /// `at` to the end of `in` is not what it should be.
  void malformed(std::string why, std::size_t at, std::size_t length) {
    add("malformed", std::move(why), at, length, base_);
  }

  /// Runs `read` with everything one level deeper: a packet inside a packet.
  template <class Read>
  void quoted(Read read) {
    ++base_;
    read();
    --base_;
  }
  /// Quotes of quotes end here; Linux never makes them (RFC 1122 §3.2.2).
  bool too_deep() const { return base_ >= 4; }

 private:
  void add(std::string_view name, std::string value, std::size_t at, std::size_t length,
           int depth) {
    fields_.push_back({std::string(name), std::move(value), at, length, depth});
  }

  Bytes frame_;
  std::vector<Field> fields_;
  int base_ = 0;
};

/// Bytes of the frame that a reader may look at.
struct Slice {
  std::size_t at = 0;
  std::size_t size = 0;
  Bytes of(const Dissector& d) const { return d.frame().subspan(at, size); }
  Slice from(std::size_t skip) const { return {at + skip, size - skip}; }
  Slice first(std::size_t n) const { return {at, n < size ? n : size}; }
};

/// What transport readers need of the IP header.
struct IpContext {
  IpAddr src, dst;
  std::size_t length = 0;  ///< bytes of payload the header claims; a quote may hold fewer
  bool fragment = false;   ///< the checksum covers more than is here
};

void read_ipv4(Dissector& d, Slice in);
void read_ipv6(Dissector& d, Slice in);
/// What an IP packet carries: by the reader of its protocol, or as so many bytes.
void read_ip_payload(Dissector& d, Slice payload, IpProto protocol, bool later_fragment,
                     const IpContext& ip);
std::string_view ip_protocol_name(IpProto protocol);  ///< "unknown" if there is no reader
/// A whole packet inside of another, one level deeper; its first byte tells its version.
void read_carried(Dissector& d, Slice in);
void read_icmp(Dissector& d, Slice in, const IpContext& ip);
void read_icmp6(Dissector& d, Slice in, const IpContext& ip);
void read_udp(Dissector& d, Slice in, const IpContext& ip);
void read_tcp(Dissector& d, Slice in, const IpContext& ip);
void read_sctp(Dissector& d, Slice in, const IpContext& ip);
void read_igmp(Dissector& d, Slice in, const IpContext& ip);
void read_vrrp(Dissector& d, Slice in, const IpContext& ip);
void read_ipvs_sync(Dissector& d, Slice in);
void read_dns(Dissector& d, Slice in);
void read_payload(Dissector& d, Slice in, std::uint16_t src_port, std::uint16_t dst_port);

/// "0x1c46 (correct)", or "0x1c46 (wrong, should be 0x1234)". `sum` covers the field as well.
std::string checksum_text(std::uint16_t value, std::uint64_t sum);
/// The same for a packet of which a part is missing.
std::string unverifiable(std::uint16_t value);

}  // namespace lvslab::detail
