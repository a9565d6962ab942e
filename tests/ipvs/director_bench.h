// A director on the bench: packets in by hand, time moved by hand, verdicts out.
#pragma once

#include <optional>
#include <vector>

#include "sim/ipvs/director.h"
#include "sim/wire/build.h"

namespace lvslab::ipvs::test {

inline constexpr Ipv4Addr kVip{0xc0a85096}, kClient{0xc0a8500a};
inline constexpr Ipv4Addr k202{0xc0a850ca}, k204{0xc0a850cc}, k206{0xc0a850ce};
inline constexpr ServiceKey kWeb{.protocol = 6, .addr = kVip, .port = 80};
inline constexpr ServiceKey kDns{.protocol = 17, .addr = kVip, .port = 53};
inline constexpr std::uint8_t kSyn = tcp_flag::kSyn, kAck = tcp_flag::kAck,
                              kFin = tcp_flag::kFin | tcp_flag::kAck, kRst = tcp_flag::kRst;

/// All of it is plain values, so that a copy is a snapshot.
class DirectorBench {
 public:
  Director director;
  World world;
  TimerQueue timers;
  Trace trace;

  DirectorBench() { trace.add_node({"director", false, {}}); }

  Step step() { return Step(world, timers, &trace, NodeId(0)); }
  void service(SchedulerId scheduler, const ServiceKey& key = kWeb) {
    Step s = step();
    EXPECT_EQ(director.add_service(s, key, {.scheduler = scheduler}), Errno::kNone);
  }
  Errno add(Ipv4Addr server, std::int32_t weight = 1) {
    Step s = step();
    return director.add_dest(s, kWeb, {.addr = server, .port = 80, .weight = weight});
  }
  Errno add(const DestOptions& options, const ServiceKey& key = kWeb) {
    Step s = step();
    return director.add_dest(s, key, options);
  }
  void service(const ServiceOptions& options, const ServiceKey& key = kWeb) {
    Step s = step();
    EXPECT_EQ(director.add_service(s, key, options), Errno::kNone);
  }
  Errno edit(Ipv4Addr server, std::int32_t weight) {
    Step s = step();
    return director.edit_dest(s, kWeb, {.addr = server, .port = 80, .weight = weight});
  }
  Errno remove(Ipv4Addr server) {
    Step s = step();
    return director.delete_dest(s, kWeb, server, 80);
  }
  Errno remove_service(const ServiceKey& key = kWeb) {
    Step s = step();
    return director.delete_service(s, key);
  }

  /// A segment of a client to the service `to`.
  Verdict segment(std::uint16_t port, std::uint8_t flags, Ipv4Addr client = kClient,
                  const ServiceKey& to = kWeb, std::uint32_t mark = 0) {
    TcpRepr tcp;
    tcp.src_port = port;
    tcp.dst_port = to.port;
    tcp.flags = flags;
    return in(tcp_segment({{}, {}, client, to.addr}, tcp), mark);
  }
  /// An answer that passes the director on its way to the client; how it leaves.
  Ipv4Repr reply(std::uint16_t port, std::uint8_t flags, Endpoint from = {kVip, 80}) {
    TcpRepr tcp;
    tcp.src_port = from.port;
    tcp.dst_port = port;
    tcp.flags = flags;
    return pass_back(tcp_segment({{}, {}, from.addr, kClient}, tcp));
  }
  /// Any packet at the FORWARD hook; what left is in `passed`.
  Ipv4Repr pass_back(const std::vector<std::uint8_t>& ethernet) {
    Packet packet = packet_of(ethernet);
    Step s = step();
    last_answer = director.on_reply(s, packet).verdict;
    const Bytes bytes = world.frames.bytes(packet.frame);
    passed.assign(bytes.begin(), bytes.end());
    world.frames.release(packet.frame);
    return packet.ip;
  }
  AnswerVerdict last_answer = AnswerVerdict::kPass;
  std::vector<std::uint8_t> passed;
  /// A datagram of a client to the DNS service.
  Verdict datagram(std::uint16_t port, Ipv4Addr client = kClient) {
    return in(udp_datagram({{}, {}, client, kVip}, port, 53));
  }
  Verdict in(const std::vector<std::uint8_t>& ethernet, std::uint32_t mark = 0,
             bool foreign = false) {
    Packet packet = packet_of(ethernet);
    packet.mark = mark;
    Step s = step();
    const Verdict verdict = director.on_packet(s, packet, {.foreign = foreign});
    world.frames.release(packet.frame);
    return verdict;
  }
  /// A SYN whose flow connection tracking knows from before, or not.
  Verdict in_again(std::uint16_t port, bool tracked_before) {
    TcpRepr tcp;
    tcp.src_port = port;
    tcp.dst_port = 80;
    tcp.flags = kSyn;
    const Packet packet = packet_of(tcp_segment({{}, {}, kClient, kVip}, tcp));
    Step s = step();
    const Verdict verdict = director.on_packet(s, packet, {.tracked_before = tracked_before});
    world.frames.release(packet.frame);
    return verdict;
  }
  /// Handshake and end, as a director in direct routing sees them; who served it.
  Ipv4Addr whole_connection(std::uint16_t port, Ipv4Addr client = kClient) {
    const Verdict verdict = segment(port, kSyn, client);
    segment(port, kAck, client);
    segment(port, kFin, client);
    return verdict.next;
  }

  /// Moves time and lets the timers run that come due.
  void wait_s(std::int64_t seconds) { wait({seconds * 1'000'000'000}); }
  void wait(SimDuration time) {
    wait(time, [](Step&, const TimerEntry&) {});
  }
  /// The same; `other` gets the timers that are no connection's.
  template <class Other>
  void wait(SimDuration time, const Other& other) {
    const SimTime until = world.now + time;
    while (timers.next() <= until) {
      const TimerEntry due = timers.pop();
      world.now = due.at;
      Step s = step();
      if (due.kind == TimerKind::kIpvsConn) {
        director.on_timer(s, due.id);
      } else {
        other(s, due);
      }
    }
    world.now = until;
  }

  HostTables tables() {
    HostTables t;
    director.append_tables(world.names, world.now, t);
    return t;
  }
  IpvsDestRow dest(Ipv4Addr server) {
    for (const IpvsDestRow& row : tables().dests) {
      if (row.addr == IpAddr(server)) return row;
    }
    ADD_FAILURE() << "no server " << server.to_string();
    return {};
  }
  std::optional<IpvsConnRow> conn(std::uint16_t port) {
    for (const IpvsConnRow& row : tables().conns) {
      if (row.client_port == port) return row;
    }
    return std::nullopt;
  }
  /// The state of a connection and the seconds until it expires.
  std::pair<IpvsConnState, std::int64_t> state(std::uint16_t port) {
    const auto row = conn(port);
    if (!row) return {IpvsConnState::kNone, -1};
    return {row->state, (row->expires - world.now).seconds()};
  }
  Reason last_reason() const {
    for (std::uint32_t i = static_cast<std::uint32_t>(trace.size()); i-- > 0;) {
      const TraceRecord& r = trace[RecordId(i)];
      if (r.kind == RecordKind::kDecision) return r.reason;
    }
    return Reason::kNone;
  }

 private:
  Packet packet_of(const std::vector<std::uint8_t>& ethernet) {
    const Bytes bytes = Bytes(ethernet).subspan(EthernetRepr::kLength);
    Packet packet;
    packet.frame = world.frames.allocate(bytes.size());
    std::ranges::copy(bytes, world.frames.writable(packet.frame).begin());
    packet.ip = *Ipv4Repr::parse_header(bytes);
    packet.in_dev = IfIndex(2);
    return packet;
  }
};

}  // namespace lvslab::ipvs::test
