// Who is master of which virtual router, at any moment of a run, from its trace alone.
//
// Models: one row for each host and virtual router that it takes part in: state, priority as
// configured and with the weights of what is tracked, the master it follows, the adverts it sent
// and heard, the addresses. Where decisions were recorded (the simulator), they say the state.
// Elsewhere (a real kernel, captures) packets do: who joined 224.0.0.18 takes part, who advertises
// is master, who hears adverts and sends none is backup.
// Leaves out: the names of instances and what is tracked, which stand in no record; members of a
// sync group that fail because of another one. Source: RFC 3768 §5 and §6, RFC 5798 §5 and §6.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/trace/trace.h"

namespace lvslab {

enum class VrrpPhase : std::uint8_t {
  kUnknown,  ///< no record says
  kBackup,
  kMaster,
  kFault,
  kStopped  ///< keepalived is not there any more, or the host is not
};

struct VrrpRow {
  NodeId node;
  IfIndex dev;
  std::uint8_t vrid = 0;
  VrrpPhase phase = VrrpPhase::kUnknown;
  std::uint8_t base_priority = 0;  ///< 0: not known
  std::uint8_t priority = 0;       ///< the effective one; 0: not known
  bool decided = false;            ///< a decision was recorded, which adverts do not overrule
  Ipv4Addr source;                 ///< of its own adverts; 0.0.0.0: it has sent none
  Ipv4Addr master;                 ///< 0.0.0.0: none is known
  std::uint32_t sent = 0, heard = 0;
  SimTime sent_at;                 ///< of its last advert
  SimTime started_at{-1};          ///< of what set `base_priority`
  SimDuration interval{};          ///< as its last advert said
  std::uint32_t address_list = 0;  ///< for addresses_of()
  bool operator==(const VrrpRow&) const = default;
};

/// The virtual router of the advert in a frame; 0 if there is none.
std::uint8_t vrrp_router_in(Bytes frame);

/// Folds a growing trace. Asking for any moment costs a search, not a fold.
class VrrpHistory {
 public:
  /// Takes in what `trace` has beyond what was taken in before.
  void advance(const Trace& trace);
  /// Forgets all from record `end` on.
  void cut(std::uint32_t end);

  /// The rows after the records before `position`, by node, interface and virtual router.
  /// `now`: the time there; where nothing else says so, a master that has been silent for longer
  /// than RFC 3768 §6.1 bears is none any more.
  std::vector<VrrpRow> at(std::uint32_t position, SimTime now) const;
  const std::vector<Ipv4Addr>& addresses_of(const VrrpRow& row) const {
    return address_lists_[row.address_list];
  }

 private:
  /// The row of one router as it is from record `from` on.
  struct Version {
    std::uint32_t from = 0;
    VrrpRow row;
  };
  using Line = std::vector<Version>;
  struct Member {
    NodeId node;
    IfIndex dev;
    std::uint32_t since = 0, until = UINT32_MAX;  ///< records
  };

  VrrpRow* find(NodeId node, std::uint8_t vrid);
  VrrpRow& open(const TraceRecord& record, std::uint8_t vrid);
  void on_decision(const Trace& trace, const TraceRecord& record);
  void on_frame(const Trace& trace, const TraceRecord& record);
  void on_advert(const TraceRecord& record, Ipv4Addr from, Bytes message);
  void on_report(const TraceRecord& record, Bytes message);
  void on_fault(const Trace& trace, const TraceRecord& record);
  Member* member(NodeId node, IfIndex dev);
  /// Without a valid `dev`: all of the host.
  void stop(NodeId node, IfIndex dev);
  std::uint32_t list_of(const std::vector<Ipv4Addr>& addresses);

  std::vector<Line> lines_;
  std::vector<Member> members_;  ///< who was in 224.0.0.18, and when
  std::vector<std::vector<Ipv4Addr>> address_lists_{{}};
  std::uint32_t end_ = 0;  ///< records taken in
};

}  // namespace lvslab
