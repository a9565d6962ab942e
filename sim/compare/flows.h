// Names for what a kernel draws by lot, so that two runs can be held against each other: ephemeral
// ports, echo identifiers and ids of DNS questions are numbered in the order in which they appear,
// sequence numbers (TSNs of SCTP) count from the first one of their side, verification tags are
// those of one side or the other.
//
// A flow is what one program on one host has with another: a TCP connection, an SCTP association, a
// UDP or echo exchange of one 4-tuple. A port is ephemeral if it is the port of the side that
// began, and lies in Linux's default net.ipv4.ip_local_port_range; all other ports are compared as
// numbers. A tuple that a new SYN with another sequence number, or an INIT with another tag, uses
// again is another flow.
//
// Leaves out: which flow a rewritten (NAT) one came from; a range of ports that was changed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "sim/trace/trace.h"
#include "sim/wire/dissect.h"
#include "sim/wire/ipv6.h"
#include "sim/wire/sctp.h"

namespace lvslab::compare {

/// ip_local_port_range as the kernel sets it (net/ipv4/af_inet.c: inet_init_net()).
constexpr bool is_ephemeral(std::uint16_t port) { return port >= 32'768 && port <= 60'999; }

struct Flow {
  IpProto protocol{};
  IpAddr src, dst;                           ///< `src` began
  std::uint16_t src_port = 0, dst_port = 0;  ///< echo: the identifier and 0
  std::string name;                          ///< "TCP 192.168.80.10:#1 > 192.168.80.150:80"
  std::string port_name;                     ///< of `src`: "#1" if it is ephemeral, else "5000"
  SimTime begun;
  std::vector<std::uint16_t> query_ids;  ///< of DNS questions, in the order of their appearance
  /// The sequence number that either side began with last, `src`'s first; as soon as it is known. A
  /// half-open connection that was reset begins again with another answer to the same SYN.
  std::array<std::optional<std::uint32_t>, 2> base{};
  /// SCTP: the verification tag that either side wants to see, `src`'s first; as soon as it is
  /// known.
  std::array<std::optional<std::uint32_t>, 2> tag{};
};

/// One IP header of a frame: the packet itself, then what is in a tunnel or quoted by an error.
struct Layer {
  static constexpr std::uint32_t kNoFlow = 0xffff'ffffU;
  std::size_t at = 0;  ///< first byte of the header
  std::uint32_t flow = kNoFlow;
  std::uint32_t own_base = 0, other_base = 0;  ///< what sequence numbers count from here
  bool from_beginner = true;                   ///< sent by Flow::src
  bool zero_id = false;  ///< the identification is 0, and not because a count passes it
};

/// Reports of IPv6 multicast listeners: what a kernel says by itself, at moments drawn by lot.
/// The simulator sends none, and nobody looks at them.
inline constexpr std::string_view kListenerReports = "multicast listener reports";

/// A frame, read once.
struct ReadFrame {
  std::vector<Field> fields;
  std::vector<Layer> layers;
  std::string conversation;  ///< what it belongs to at any interface that it passes
};

/// The other end of a connection, as a listing tells it.
struct Peer {
  IpAddr addr;
  std::uint16_t port = 0;
  bool operator==(const Peer&) const = default;
};

class Flows {
 public:
  /// Reads all frames that hosts sent or received.
  explicit Flows(const Trace& trace);

  /// Of a frame that a host sent or received.
  const ReadFrame& frame(FrameId id) const { return frames_.at(id.value); }
  const Flow& flow(std::uint32_t index) const { return flows_[index]; }
  /// The name of a port in a listing that was printed at `at`: "#2 to 192.168.80.150:80" if a flow
  /// from `addr` had it until then, the port's number if it is not ephemeral, else "#?".
  /// A port that was used towards several servers has the name of its flow to the first of `peers`
  /// that it had one to, if the listing tells whom it is connected to; one that was drawn again
  /// that of the last flow which `host`, whose listing it is, took part in.
  std::string port_name(IpAddr addr, std::uint16_t port, SimTime at,
                        std::span<const Peer> peers = {}, NodeId host = {}) const;
  /// The latest flow between two ends that had begun until `at`, whoever began it; of those that
  /// `host` took part in, if there is any.
  const Flow* flow_between(const Peer& one, const Peer& other, SimTime at, NodeId host = {}) const;
  /// True if the flow called `name` has lost its ports: the same ones were drawn again until `at`.
  bool ports_drawn_again(std::string_view name, SimTime at) const;

 private:
  /// What tells packets of one flow from others.
  struct Tuple {
    IpProto protocol{};
    IpAddr src, dst;
    std::uint16_t src_port = 0, dst_port = 0;
    auto operator<=>(const Tuple&) const = default;
    Tuple reversed() const { return {protocol, dst, src, dst_port, src_port}; }
  };
  struct Packet {
    Tuple tuple;
    std::uint8_t flags = 0;  ///< of TCP; 0 if a quote does not hold them
    std::uint32_t seq = 0, ack = 0;
    bool whole = false;  ///< flags and ack are there
    /// SCTP: INIT or INIT ACK, if one is there.
    std::optional<SctpInit> init{};
    bool answers = false;  ///< it is an INIT ACK
    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
    bool operator==(const Packet&) const = default;
  };
  /// The identifications of one side of a flow.
  struct Ids {
    struct Zero {
      Packet packet;
      ReadFrame* frame = nullptr;
      std::size_t layer = 0;
    };
    std::uint16_t last = 0;
    bool counts_divisible = false;    ///< a packet without DF had another number than 0
    std::optional<Packet> counted{};  ///< what has 0 because a count came to it
    std::vector<Zero> zeros{};        ///< what has had 0 since the last other number
  };

  void read(Bytes frame, SimTime at, ReadFrame& out);
  void learn_query(std::uint16_t id, const ReadFrame& read);
  void read_layer(Bytes packet, bool quoted, SimTime at, ReadFrame& out, Layer& layer);
  bool is_zero_id(const Packet& packet, const Ipv4Repr& ip, ReadFrame& out, const Layer& layer);
  std::optional<Packet> packet_of(const Tuple& ends, Bytes rest) const;
  std::uint32_t find_or_begin(const Packet& packet, SimTime at);
  std::uint32_t begin(const Tuple& tuple, SimTime at);
  void learn_bases(const Packet& packet, bool quoted, Layer& layer);
  void learn_association(const Packet& packet, Layer& layer);
  bool begins_anew(const Packet& packet, const Flow& flow) const;
  std::string conversation_of(Bytes frame, const ReadFrame& read) const;
  const Flow* latest(const Peer& from, SimTime at, std::optional<Peer> to, NodeId host) const;

  std::vector<Flow> flows_;
  std::map<Tuple, std::uint32_t> by_tuple_;  ///< the latest flow of a tuple, either way round
  std::map<std::tuple<IpProto, IpAddr, IpAddr, std::uint16_t>, std::uint32_t> numbers_;
  std::map<std::string, std::uint32_t> names_;
  std::map<std::pair<std::uint32_t, bool>, Ids> ids_;     ///< by flow and side
  std::map<std::uint32_t, ReadFrame> frames_;             ///< by FrameId
  std::set<std::pair<std::uint32_t, NodeId>> took_part_;  ///< flow, host
};

}  // namespace lvslab::compare
