#include "sim/compare/normal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "sim/base/digest.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/icmpv6.h"
#include "sim/wire/tcp.h"

namespace lvslab::compare {
namespace {

/// struct timeval of a 64-bit ping, at the start of what it sends (iputils ping_common.c).
constexpr std::size_t kPingTime = 16;

std::string bytes_of(Bytes frame, const Field& field) {
  const Bytes bytes = frame.subspan(field.offset, field.length);
  return {bytes.begin(), bytes.end()};
}

/// An HTTP message without the date of its Date: line.
std::string without_date(std::string message) {
  static constexpr std::string_view kDate = "\r\nDate: ";
  const std::size_t at = message.find(kDate);
  const std::size_t head = message.find("\r\n\r\n");
  if (at == std::string::npos || (head != std::string::npos && at > head)) return message;
  const std::size_t begin = at + kDate.size();
  const std::size_t end = std::min(message.find("\r\n", begin), message.size());
  message.replace(begin, end - begin, "(date)");
  return message;
}

bool is_ip(std::string_view protocol) { return protocol == "IPv4" || protocol == "IPv6"; }
bool is_icmp(std::string_view protocol) { return protocol == "ICMP" || protocol == "ICMPv6"; }

/// Walks through the fields of one frame, and knows where it is.
class Normaliser {
 public:
  Normaliser(const Flows& flows, const ReadFrame& read, SimTime at, Bytes frame)
      : flows_(flows), read_(read), at_(at), frame_(frame) {}

  NormalFrame run() {
    NormalFrame out;
    for (std::size_t i = 0; i < read_.fields.size(); ++i) {
      const Field& field = read_.fields[i];
      const bool contains = i + 1 < read_.fields.size() && read_.fields[i + 1].depth > field.depth;
      if (begins_protocol(field)) enter(field, out.shape);
      out.fields.push_back({.name = name_of(field),
                            .shown = field.value,
                            .value = contains && field.name != "HTTP" ? "" : value_of(field),
                            .offset = field.offset,
                            .length = field.length,
                            .depth = field.depth});
    }
    Digest digest;
    for (const NormalField& field : out.fields) {
      digest.add(std::string_view(field.name));
      digest.add(std::string_view(field.value));
    }
    out.digest = digest.value();
    return out;
  }

 private:
  /// Protocols stand at the depth of their layer; a packet in a packet begins a deeper one.
  bool begins_protocol(const Field& field) const {
    return is_ip(field.name) || field.depth <= layer_depth_;
  }

  void enter(const Field& field, std::string& shape) {
    protocol_ = field.name;
    layer_depth_ = field.depth;
    if (is_ip(field.name)) layer_ = next_layer_++;
    if (field.name == "ICMP" || field.name == "ICMPv6") icmp_type_ = frame_[field.offset];
    if (field.name == "malformed" || field.name == "padding") return;
    if (!shape.empty()) shape += ' ';
    shape += field.name;
  }

  std::string name_of(const Field& field) const {
    const std::string_view prefix = layer_ > 0 ? "inner " : "";
    if (field.name == protocol_) return fmt::format("{}{}", prefix, field.name);
    return fmt::format("{}{} {}", prefix, protocol_, field.name);
  }

  const Layer* layer() const {
    return layer_ < read_.layers.size() ? &read_.layers[layer_] : nullptr;
  }
  const Flow* flow() const {
    const Layer* here = layer();
    return here == nullptr || here->flow == Layer::kNoFlow ? nullptr : &flows_.flow(here->flow);
  }

  std::string value_of(const Field& field) const {
    if (field.name == "HTTP") return without_date(bytes_of(frame_, field));
    if (field.name.ends_with("checksum")) return checksum_of(field.value);
    if (protocol_ == "IPv4" && field.name == "identification") {
      return layer() != nullptr && layer()->zero_id ? "0" : "not 0";
    }
    // A hash with a random key, of a socket or of its addresses.
    if (field.name == "flow label") return field.value == "0x00000" ? "0" : "not 0";
    if (const Flow* here = flow()) {
      const bool mine = layer()->from_beginner;
      if (field.name == "query id") return query_of(*here, field);
      if (field.name == "source port") return port_of(*here, mine, field);
      if (field.name == "destination port") return port_of(*here, !mine, field);
      if (is_icmp(protocol_) && field.name == "identifier") return here->port_name;
      if (protocol_ == "TCP") return tcp_value(field, *layer());
      if (field.name == "verification tag") return tag_of(*here, mine, field);
      if (protocol_ == "SCTP chunk") return chunk_value(field, *layer());
    }
    if (protocol_ == "IPVS sync" && field.name == "client port") return client_port_of(field);
    if (protocol_ == "payload" && field.name == "payload") return payload_of(field);
    // What the dissector does not open.
    if (field.value == fmt::format("{} bytes", field.length)) return bytes_of(frame_, field);
    return field.value;
  }

  static std::string checksum_of(const std::string& text) {
    const std::size_t verdict = text.find(" (");
    if (verdict == std::string::npos) return text;
    if (text.find("wrong") != std::string::npos) return "wrong";
    return text.substr(verdict + 1);
  }

  /// Of an entry of a sync message.
  std::string client_port_of(const Field& field) const {
    const auto client = std::ranges::find_if(read_.fields, [&](const Field& other) {
      return other.name == "client" && other.offset > field.offset;
    });
    if (client == read_.fields.end()) return field.value;
    const std::uint8_t* ports = frame_.data() + field.offset;
    const std::uint8_t* addresses = frame_.data() + client->offset;
    const auto end = [&](std::size_t i) {
      return Peer{load_ipv4(addresses + 4 * i), load_be16(ports + 2 * i)};
    };
    const std::array servers{end(1), end(2)};  // virtual and real
    return flows_.port_name(end(0).addr, end(0).port, at_, servers);
  }

  static std::string port_of(const Flow& flow, bool beginner, const Field& field) {
    return beginner ? flow.port_name : field.value;
  }

  std::string query_of(const Flow& flow, const Field& field) const {
    const auto id = std::ranges::find(flow.query_ids, load_be16(frame_.data() + field.offset));
    return fmt::format("question {}", id - flow.query_ids.begin() + 1);
  }

  std::string tcp_value(const Field& field, const Layer& layer) const {
    const std::uint8_t* bytes = frame_.data() + field.offset;
    if (field.name == "sequence number") {
      return fmt::format("{}", load_be32(bytes) - layer.own_base);
    }
    if (field.name == "acknowledgment number") {
      const std::uint32_t ack = load_be32(bytes);
      return ack == 0 ? "0" : fmt::format("+{}", ack - layer.other_base);
    }
    if (field.name == "SACK") {
      std::string blocks;
      for (std::size_t i = 2; i + 4 <= field.length; i += 4) {
        blocks += fmt::format("{} ", load_be32(bytes + i) - layer.other_base);
      }
      return blocks;
    }
    if (field.name == "timestamps") {
      return load_be32(bytes + 6) == 0 ? "a value, echo 0" : "a value, an echo";
    }
    return field.value;
  }

  /// That of the receiver; or, reflected, that of the sender.
  std::string tag_of(const Flow& flow, bool mine, const Field& field) const {
    const std::uint32_t tag = load_be32(frame_.data() + field.offset);
    if (tag == 0) return "0";
    if (tag == flow.tag[mine ? 1 : 0]) return "the receiver's";
    return tag == flow.tag[mine ? 0 : 1] ? "the sender's" : "another";
  }

  std::string chunk_value(const Field& field, const Layer& layer) const {
    const std::uint8_t* bytes = frame_.data() + field.offset;
    if (field.name == "initiate tag") return load_be32(bytes) == 0 ? "0" : "a tag";
    if (field.name == "initial TSN" || field.name == "TSN") {
      return fmt::format("{}", load_be32(bytes) - layer.own_base);
    }
    if (field.name == "cumulative TSN ack" || field.name == "duplicate TSN") {
      return fmt::format("+{}", static_cast<std::int32_t>(load_be32(bytes) - layer.other_base));
    }
    if (field.name == "payload") return bytes_of(frame_, field);
    return field.value;  // of cookies, their length
  }

  std::string payload_of(const Field& field) const {
    std::string bytes = bytes_of(frame_, field);
    const bool echo = icmp_type_ == static_cast<std::uint8_t>(IcmpType::kEchoRequest) ||
                      icmp_type_ == static_cast<std::uint8_t>(IcmpType::kEchoReply) ||
                      icmp_type_ == static_cast<std::uint8_t>(Icmp6Type::kEchoRequest) ||
                      icmp_type_ == static_cast<std::uint8_t>(Icmp6Type::kEchoReply);
    if (echo && bytes.size() >= kPingTime) bytes.replace(0, kPingTime, "(time)");
    return bytes;
  }

  const Flows& flows_;
  const ReadFrame& read_;
  SimTime at_;
  Bytes frame_;
  std::string_view protocol_;
  int layer_depth_ = 0;
  std::size_t layer_ = 0, next_layer_ = 0;
  std::optional<std::uint8_t> icmp_type_;
};

}  // namespace

NormalFrame normalise(const Flows& flows, FrameId id, SimTime at, Bytes frame) {
  return Normaliser(flows, flows.frame(id), at, frame).run();
}

}  // namespace lvslab::compare
