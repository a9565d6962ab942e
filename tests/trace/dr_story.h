// The first answered SYN of a lab with direct routing, told by hand as a trace: client, node01
// (the director with the VIP), node02 (a real server that stays silent), node03 (the one that is
// chosen), and a switch between them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/trace/trace.h"
#include "sim/wire/build.h"

namespace lvslab::test {

inline constexpr NodeId kClient{0}, kNode01{1}, kNode02{2}, kNode03{3}, kSwitch{4};
inline constexpr IfIndex kEth0{2};
inline constexpr Ipv4Addr kVip{0xc0a85096}, kClientIp{0xc0a8500a}, kNode03Ip{0xc0a850cc};
inline constexpr MacAddr kClientMac{0x02'0000'00000aULL}, kNode01Mac{0x02'0000'000001ULL},
    kNode02Mac{0x02'0000'000002ULL}, kNode03Mac{0x02'0000'000003ULL};

/// Appends records the way a Step does: decisions chain, the rest hangs off the chain.
class Teller {
 public:
  Trace trace;

  Teller();
  RecordId command(NodeId node, std::string_view line);
  void decide(NodeId node, Reason reason, std::array<std::uint32_t, 3> args = {},
              FrameId frame = {});
  void drop(NodeId node, Reason reason, FrameId frame, std::array<std::uint32_t, 3> args = {});
  void row(NodeId node, RecordKind kind, const TableRow& row);
  /// A new frame leaves `node`; the record of its sending.
  RecordId send(NodeId node, const std::vector<std::uint8_t>& bytes);
  /// The switch takes in what `sent` put on the wire and sends it on to `ports` (port n + 1 leads
  /// to node n); the records of its sendings.
  std::vector<RecordId> pass(RecordId sent, const std::vector<NodeId>& to);
  /// What `sent` put on the wire arrives at `node`, and becomes the cause of what follows.
  RecordId receive(NodeId node, RecordId sent);

  void wait(SimDuration time) { now_ = now_ + time; }
  void set_cause(RecordId cause) { cause_ = cause; }
  FrameId frame_of(RecordId id) const { return trace[id].frame; }

 private:
  RecordId append(NodeId node, RecordKind kind, Reason reason, IfIndex dev,
                  std::array<std::uint32_t, 3> args, FrameId frame);
  SimTime now_;
  RecordId cause_;
};

struct DrStory {
  Teller teller;
  RecordId command, arp_request, syn, forwarded, answer;
  const Trace& trace() const { return teller.trace; }
};
DrStory dr_story();

}  // namespace lvslab::test
