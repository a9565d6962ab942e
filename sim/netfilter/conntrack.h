// Connection tracking of one host, and the mappings of its table nat.
//
// Modelled: TCP (tcp_flow.h), UDP, ICMP queries, any other protocol by its addresses; ICMP errors
// as RELATED; NEW, ESTABLISHED, INVALID and UNTRACKED; SNAT, DNAT, MASQUERADE and REDIRECT with the
// kernel's choice of address and port. Entries are forgotten when somebody looks and their time is
// over, so nothing runs by a timer.
// What IPVS's FTP helper made longer shifts the numbers of all that follows.
// Left out: expectations and helpers (nf_conntrack_ftp), zones, marks of connections, accounting,
// the limit of entries, the sysctls of net.netfilter; flows of an address that is deleted or of an
// interface that goes down while they are masqueraded. Source: net/netfilter/nf_conntrack_core.c:
// nf_conntrack_in(), __nf_conntrack_confirm();
//         nf_conntrack_proto_udp.c, nf_conntrack_proto_icmp.c, nf_conntrack_proto_generic.c;
//         nf_nat_core.c: nf_nat_setup_info(), get_unique_tuple(), nf_nat_packet();
//         nf_conntrack_seqadj.c.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/base/index_table.h"
#include "sim/base/netfilter.h"
#include "sim/base/slab.h"
#include "sim/core/rewrite.h"
#include "sim/core/step.h"
#include "sim/netfilter/tcp_flow.h"
#include "sim/netfilter/tuple.h"

namespace lvslab::netfilter {

/// Of what one side sends: segments up to number `position` are shifted by `before`, those behind
/// it by `after` (struct nf_ct_seqadj).
struct SequenceShift {
  std::uint32_t position = 0;
  std::int32_t before = 0, after = 0;

  /// nf_ct_seq_offset().
  std::int32_t of(std::uint32_t sequence) const;
  /// The same of a number that was shifted: what the other side acknowledges.
  std::int32_t of_shifted(std::uint32_t sequence) const;
};

/// struct nf_conn.
struct Flow {
  Tuple original, reply;   ///< what packets of either direction look like when they come in
  std::uint32_t born = 0;  ///< later flows have a higher number
  SimTime expires;         ///< counts once it is confirmed
  TcpFlow tcp;
  std::array<SequenceShift, 2> shifts;  ///< by Direction; counts if `shifted`
  SimTime stream_from;                  ///< UDP: from then on answers make it a stream
  IfIndex masquerade_dev;               ///< MASQUERADE: by which device it goes out
  bool live = false;                    ///< this slot of the table holds a flow
  bool confirmed = false;               ///< its first packet got through: it is in the table
  bool answered = false;                ///< IPS_SEEN_REPLY
  bool assured = false;                 ///< IPS_ASSURED
  bool shifted = false;                 ///< IPS_SEQ_ADJUST
  bool source_mapped = false, destination_mapped = false;  ///< IPS_SRC_NAT, IPS_DST_NAT
  bool source_done = false, destination_done = false;      ///< mappings are made, perhaps to itself

  const Tuple& tuple(Direction dir) const { return dir == Direction::kOriginal ? original : reply; }
  bool done(NatEnd end) const { return end == NatEnd::kSource ? source_done : destination_done; }
};

constexpr Direction direction_of(Tracking tracking) {
  return tracking == Tracking::kEstablishedReply || tracking == Tracking::kRelatedReply
             ? Direction::kReply
             : Direction::kOriginal;
}

constexpr bool is_related(const Packet& packet) {
  return packet.tracking == Tracking::kRelated || packet.tracking == Tracking::kRelatedReply;
}

class Conntrack {
 public:
  // --- the hooks ---------------------------------------------------------------------------------
  /// nf_conntrack_in(): finds the packet's flow or makes one, unconfirmed, and says in the packet
  /// what it is. Passes by what was seen already.
  void track(Step& step, Packet& packet);
  /// A packet on lo: it was tracked when it was sent, and was rewritten since.
  void track_again(Step& step, Packet& packet);
  /// nf_conntrack_confirm(): the packet got through, its flow is known from now on. False if
  /// another flow took its place meanwhile: the packet is to be dropped.
  bool confirm(Step& step, const Packet& packet);
  /// Takes a packet out of tracking: ip_vs_notrack().
  void untrack(Packet& packet);
  /// Unconfirmed flows of packets that are gone: forgets those that were made since `mark`.
  std::size_t unconfirmed() const { return unconfirmed_.size(); }
  void forget_unconfirmed(std::size_t mark);
  bool is_confirmed(const Packet& packet) const {
    return packet.flow.valid() && flows_[packet.flow.index].confirmed;
  }
  /// Bits of NfState: what -m conntrack and -m state see.
  std::uint8_t states_of(const Packet& packet) const;
  /// Forgets a flow that began with this tuple, if there is one (nf_ct_kill()).
  void forget(SimTime now, const Tuple& original);

  // --- nat ---------------------------------------------------------------------------------------
  /// The flow of a packet that has one.
  const Flow& flow_of(const Packet& packet) const { return flows_[packet.flow.index]; }
  /// nf_nat_setup_info(): maps one end of the packet's flow, which is new, into a range. `dev`: the
  /// device that MASQUERADE ties it to.
  void map(Step& step, const Packet& packet, NatEnd end, const NfNatRange& range, IfIndex dev = {});
  /// nf_nat_alloc_null_binding(): nobody wants it mapped; but its answers must be told apart.
  void map_to_itself(Step& step, const Packet& packet, NatEnd end);
  /// nf_nat_packet() and nf_nat_icmp_reply_translation(): rewrites what the flow's mapping asks for
  /// at a hook of `end`. False if the packet must be dropped.
  bool translate(Step& step, Packet& packet, NatEnd end);
  /// nf_nat_oif_changed(): a masqueraded flow that goes out by another device now is over.
  bool left_its_device(const Packet& packet, IfIndex out) const;
  void forget_flow_of(Packet& packet);
  /// ip_vs_update_conntrack(): answers will come from a real server. Only before it is confirmed.
  void expect_answers_from(const Packet& packet, Endpoint server);
  /// The same for a flow that a real server's packet began: answers go to the virtual address.
  void expect_answers_to(const Packet& packet, Endpoint virt);

  // --- what was rewritten in the middle of a stream (sim/netfilter/sequence_shift.cpp) -----------
  /// nf_ct_seqadj_set(): the segment with this number became so much longer.
  void note_growth(const Packet& packet, std::uint32_t sequence, std::int32_t by);
  /// nf_ct_seq_adjust(): shifts the numbers of a segment on its way out.
  void shift_numbers(Step& step, Packet& packet) const;

  /// nf_conntrack was switched off and on: what windows were seen counts no more.
  void lose_windows();
  /// /proc/net/nf_conntrack; times are counted in ticks of the kernel's clock, if it has one.
  std::string listing(SimTime now, SimDuration tick) const;
  std::size_t size() const { return index_.size() / 2; }

 private:
  struct Found {
    std::uint32_t flow = FlowId::kNone;
    Direction dir{};
  };
  Found find(SimTime now, const Tuple& tuple) const;
  bool is_taken(SimTime now, const Tuple& reply, std::uint32_t except) const;
  std::uint32_t make(const Tuple& original, const Tuple& reply);
  void take_out(std::uint32_t id);
  void set(Packet& packet, const Found& found) const;
  void relate(SimTime now, Packet& packet, Bytes message);
  void track_flow(Step& step, Packet& packet, const Tuple& tuple, Bytes transport);
  enum class Handled : std::uint8_t { kAccept, kInvalid, kReopen };
  Handled handle(SimTime now, Packet& packet, Bytes transport);
  Handled handle_tcp(SimTime now, Packet& packet, Bytes transport);
  Tuple unique_tuple(Step& step, const Tuple& wanted, const NfNatRange& range, std::uint32_t id,
                     NatEnd end);
  std::optional<Tuple> mapping_of_source(SimTime now, const Tuple& wanted,
                                         const NfNatRange& range) const;
  void draw_port(Step& step, Tuple& tuple, const NfNatRange& range, NatEnd end, std::uint32_t id);
  bool answers_clash(SimTime now, const Tuple& mapped, std::uint32_t id) const;
  void sweep(SimTime now);

  Slab<Flow, 16> flows_;
  IndexTable index_;      ///< both tuples of confirmed flows: 2 * flow + direction
  IndexTable by_source_;  ///< flows with a mapped source, by the source they began with
  std::vector<std::uint32_t> unconfirmed_;
  std::uint32_t births_ = 0;
  std::size_t sweep_at_ = 1'024;
};

}  // namespace lvslab::netfilter
