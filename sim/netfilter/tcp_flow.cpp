#include "sim/netfilter/tcp_flow.h"

#include <algorithm>

namespace lvslab::netfilter {
namespace {

using State = TcpTrackState;

// The transitions, by direction, kind of segment and state. Two letters a state, as the kernel's
// table names them.
constexpr State sNO = State::kNone, sSS = State::kSynSent, sSR = State::kSynRecv,
                sES = State::kEstablished, sFW = State::kFinWait, sCW = State::kCloseWait,
                sLA = State::kLastAck, sTW = State::kTimeWait, sCL = State::kClose,
                sS2 = State::kSynSent2, sIV = State::kInvalid, sIG = State::kIgnored;
constexpr std::size_t kStates = 10, kKinds = 6;
static_assert(static_cast<std::size_t>(sS2) + 1 == kStates && sNO == State{});

using Row = std::array<State, kStates>;
constexpr std::array<std::array<Row, kKinds>, 2> kTransitions{{
    {{
        // none, SS, SR, ES, FW, CW, LA, TW, CL, S2: the original direction
        Row{sSS, sSS, sIG, sIG, sIG, sIG, sIG, sSS, sSS, sS2},  // SYN
        Row{sIV, sIV, sSR, sIV, sIV, sIV, sIV, sIV, sIV, sSR},  // SYN, ACK
        Row{sIV, sIV, sFW, sFW, sLA, sLA, sLA, sTW, sCL, sIV},  // FIN
        Row{sES, sIV, sES, sES, sCW, sCW, sTW, sTW, sCL, sIV},  // ACK
        Row{sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL},  // RST
        Row{sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV},
    }},
    {{
        // the reply direction
        Row{sIV, sS2, sIV, sIV, sIV, sIV, sIV, sSS, sIV, sS2},
        Row{sIV, sSR, sIG, sIG, sIG, sIG, sIG, sIG, sIG, sSR},
        Row{sIV, sIV, sFW, sFW, sLA, sLA, sLA, sTW, sCL, sIV},
        Row{sIV, sIG, sSR, sES, sCW, sCW, sTW, sTW, sCL, sIG},
        Row{sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL},
        Row{sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV},
    }},
}};

constexpr std::array<std::string_view, kStates> kNames = {
    "NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2"};

/// tcp_timeouts[], in seconds.
constexpr std::array<std::int64_t, kStates> kTimeouts = {0,  120, 60,  432'000, 120,
                                                         60, 30,  120, 10,      120};
constexpr std::int64_t kUnacknowledged = 300, kRepeated = 300;
constexpr std::uint8_t kMostRepeats = 3;  // nf_conntrack_tcp_max_retrans

constexpr bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}
constexpr bool after(std::uint32_t a, std::uint32_t b) { return before(b, a); }

std::uint32_t at_least_one(std::uint32_t window) { return std::max(window, 1U); }

/// tcp_options().
void read_options(TcpSide& side, const TcpRepr& tcp) {
  side.scales = tcp.window_scale.has_value();
  side.scale = std::min(tcp.window_scale.value_or(0), tcp_option::kMaxWindowScale);
  side.sack = tcp.sack_permitted;
}

/// tcp_in_window(), where the sender was not seen before, or begins anew.
void meet_sender(const TcpFlow& flow, Direction dir, const TcpSegment& segment, TcpSide& sender,
                 TcpSide& receiver, std::uint32_t sack) {
  const TcpRepr& tcp = segment.tcp;
  if (sender.max_window != 0) {
    const bool opens = (flow.state == State::kSynSent && dir == Direction::kOriginal) ||
                       (flow.state == State::kSynRecv && dir == Direction::kReply);
    if (!opens || !after(segment.end(), sender.end)) return;
    sender.end = sender.max_end = segment.end();
    sender.max_window = at_least_one(tcp.window);
    return read_options(sender, tcp);
  }
  if (tcp.has(tcp_flag::kSyn)) {
    sender.end = sender.max_end = segment.end();
    sender.max_window = at_least_one(tcp.window);
    read_options(sender, tcp);
    if (!sender.scales || !receiver.scales) sender.scale = receiver.scale = 0;
    return;
  }
  sender.end = segment.end();
  sender.max_window = at_least_one(std::uint32_t{tcp.window} << sender.scale);
  sender.max_end = segment.end() + sender.max_window;
  if (receiver.max_window == 0) receiver.end = receiver.max_end = sack;
}

/// Repeated ACKs without an answer shorten an entry's life.
void count_repeats(TcpFlow& flow, Direction dir, std::uint32_t seq, std::uint32_t ack,
                   std::uint32_t end, std::uint32_t window) {
  const bool same = flow.last_dir == dir && flow.last_seq == seq && flow.last_ack == ack &&
                    flow.last_end == end && flow.last_window == window;
  if (same) {
    if (flow.repeats < 0xff) ++flow.repeats;
    return;
  }
  flow.last_dir = dir;
  flow.last_seq = seq;
  flow.last_ack = ack;
  flow.last_end = end;
  flow.last_window = window;
  flow.repeats = 0;
}

/// tcp_in_window(): may the sender send this, as far as was seen? Learns from what it may.
bool in_window(TcpFlow& flow, Direction dir, const TcpSegment& segment) {
  const TcpRepr& tcp = segment.tcp;
  TcpSide& sender = flow.sides[index_of(dir)];
  TcpSide& receiver = flow.sides[index_of(other(dir))];
  std::uint32_t seq = tcp.seq, end = segment.end(), ack = tcp.ack, sack = tcp.ack;
  if (receiver.sack) {
    for (std::size_t i = 0; i < tcp.sack_count; ++i) {
      if (after(tcp.sacks[i].end, sack)) sack = tcp.sacks[i].end;
    }
  }
  ack -= static_cast<std::uint32_t>(segment.ack_shift);
  sack -= static_cast<std::uint32_t>(segment.ack_shift);
  const bool acks = tcp.has(tcp_flag::kAck), resets = tcp.has(tcp_flag::kRst);
  const bool first = sender.max_window == 0;
  meet_sender(flow, dir, segment, sender, receiver, sack);
  if (first && tcp.has(tcp_flag::kSyn) && !acks) return true;  // a simultaneous open
  if (!acks || (resets && ack == 0)) ack = sack = receiver.end;
  if (seq == end && (!resets || (seq == 0 && flow.state == State::kSynSent))) {
    seq = end = sender.end;  // without data the acknowledgment alone is looked at
  }
  constexpr std::uint32_t kAckWindow = 66'000;  // MAXACKWINCONST
  const bool fits = before(seq, sender.max_end + 1) &&
                    after(end, sender.end - receiver.max_window - 1) &&
                    before(sack, receiver.end + 1) &&
                    after(sack, receiver.end - std::max(sender.max_window, kAckWindow) - 1);
  if (!fits) return sender.liberal;
  const std::uint32_t window =
      tcp.has(tcp_flag::kSyn) ? tcp.window : std::uint32_t{tcp.window} << sender.scale;
  sender.max_window = std::max(sender.max_window, window + (sack - ack));
  if (after(end, sender.end)) {
    sender.end = end;
    sender.unacknowledged = true;
  }
  if (acks) {
    if (!sender.acked || after(ack, sender.max_ack)) sender.max_ack = ack;
    sender.acked = true;
  }
  if (receiver.max_window != 0 && after(end, sender.max_end)) {
    receiver.max_window += end - sender.max_end;
  }
  if (after(sack + window, receiver.max_end - 1)) {
    receiver.max_end = sack + window + (window == 0 ? 1U : 0U);
  }
  if (ack == receiver.end) receiver.unacknowledged = false;
  if (kind_of(tcp) == TcpFlagSet::kAck) count_repeats(flow, dir, seq, ack, end, window);
  return true;
}

/// What is believed of a segment that is let through unchecked; it may turn out to be right.
void take_note(TcpFlow& flow, Direction dir, const TcpSegment& segment) {
  flow.last_kind = kind_of(segment.tcp);
  flow.last_dir = dir;
  flow.last_seq = segment.tcp.seq;
  flow.last_end = segment.end();
  flow.last_window = segment.tcp.window;
  if (flow.last_kind != TcpFlagSet::kSyn || dir != Direction::kOriginal) return;
  TcpSide seen;
  read_options(seen, segment.tcp);
  flow.last_scales = seen.scales;
  flow.last_scale = seen.scale;
  flow.last_sack = seen.sack;
}

/// A SYN that was ignored is answered by SYN, ACK: client and server agree, and we follow.
bool catches_up(TcpFlow& flow, Direction dir, const TcpSegment& segment) {
  if (kind_of(segment.tcp) != TcpFlagSet::kSynAck || flow.last_kind != TcpFlagSet::kSyn ||
      flow.last_dir == dir || segment.tcp.ack != flow.last_end) {
    return false;
  }
  TcpSide& opener = flow.sides[index_of(flow.last_dir)];
  opener = {};
  opener.end = opener.max_end = flow.last_end;
  opener.max_window = at_least_one(flow.last_window);
  opener.scale = flow.last_scale;
  opener.scales = flow.last_scales;
  opener.sack = flow.last_sack;
  flow.sides[index_of(dir)] = {};
  flow.state = State::kSynSent;
  return true;
}

bool is_established(State state) { return state >= State::kEstablished && state < State::kFinWait; }

enum class Reset : std::uint8_t { kChecked, kBelieved, kInvalid, kKeepsState };

/// What a reset is worth: the TCP_CONNTRACK_CLOSE case of nf_conntrack_tcp_packet().
Reset weigh_reset(const TcpFlow& flow, Direction dir, const TcpSegment& segment, bool answered,
                  bool assured) {
  if (flow.state >= State::kFinWait && flow.state <= State::kClose) {
    return Reset::kBelieved;  // tcp_can_early_drop(): it is closing anyway
  }
  const TcpSide& peer = flow.sides[index_of(other(dir))];
  const std::uint32_t seq = segment.tcp.seq;
  if (peer.acked && flow.last_kind != TcpFlagSet::kSyn) {
    if (seq == 0 && !is_established(flow.state)) return Reset::kChecked;
    if (before(seq, peer.max_ack)) return Reset::kInvalid;
    if (!is_established(flow.state) || seq == peer.max_ack) return Reset::kChecked;
    const bool follows = flow.last_kind == TcpFlagSet::kAck && flow.last_dir == dir;
    if (follows && seq == flow.last_end) return Reset::kChecked;
    return Reset::kKeepsState;  // its receiver may challenge it
  }
  const bool answers_ignored = (answered && flow.last_kind == TcpFlagSet::kSyn) ||
                               (!assured && flow.last_kind == TcpFlagSet::kAck);
  return answers_ignored && segment.tcp.ack == flow.last_end ? Reset::kBelieved : Reset::kChecked;
}

SimDuration lifetime(const TcpFlow& flow, bool reset, bool answered) {
  std::int64_t seconds = kTimeouts[static_cast<std::size_t>(flow.state)];
  const bool unacknowledged = flow.sides[0].unacknowledged || flow.sides[1].unacknowledged;
  if (flow.repeats >= kMostRepeats) {
    seconds = std::min(seconds, kRepeated);
  } else if (reset) {
    seconds = kTimeouts[static_cast<std::size_t>(State::kClose)];
  } else if (unacknowledged) {
    seconds = std::min(seconds, kUnacknowledged);
  } else if (flow.last_window == 0) {
    seconds = std::min(seconds, kRepeated);
  }
  // Taken up in the middle, and nothing was heard of the other side yet.
  if (!answered && flow.state == State::kEstablished) {
    seconds = std::min(seconds, kUnacknowledged);
  }
  return {seconds * 1'000'000'000};
}

}  // namespace

std::string_view name_of(TcpTrackState state) { return kNames[static_cast<std::size_t>(state)]; }

TcpFlagSet kind_of(const TcpRepr& tcp) {
  if (tcp.has(tcp_flag::kRst)) return TcpFlagSet::kRst;
  if (tcp.has(tcp_flag::kSyn)) {
    return tcp.has(tcp_flag::kAck) ? TcpFlagSet::kSynAck : TcpFlagSet::kSyn;
  }
  if (tcp.has(tcp_flag::kFin)) return TcpFlagSet::kFin;
  return tcp.has(tcp_flag::kAck) ? TcpFlagSet::kAck : TcpFlagSet::kNone;
}

bool has_sane_flags(const TcpRepr& tcp) {
  using namespace tcp_flag;
  const auto flags = static_cast<std::uint8_t>(tcp.flags & (kFin | kSyn | kRst | kAck | kUrg));
  constexpr std::array<std::uint8_t, 9> kSane = {kSyn,        kSyn | kUrg, kSyn | kAck,        kRst,
                                                 kRst | kAck, kFin | kAck, kFin | kAck | kUrg, kAck,
                                                 kAck | kUrg};
  return std::ranges::find(kSane, flags) != kSane.end();
}

bool begin(TcpFlow& flow, const TcpSegment& segment) {
  const TcpRepr& tcp = segment.tcp;
  const State to = kTransitions[0][static_cast<std::size_t>(kind_of(tcp))][0];
  if (to == State::kInvalid) return false;
  flow = {};
  TcpSide& sender = flow.sides[0];
  sender.end = sender.max_end = segment.end();
  sender.max_window = at_least_one(tcp.window);
  if (to == State::kSynSent) {
    read_options(sender, tcp);
    return true;
  }
  sender.max_end += sender.max_window;
  for (TcpSide& side : flow.sides) side.sack = side.liberal = true;
  return true;
}

TcpTrackResult follow(TcpFlow& flow, Direction dir, const TcpSegment& segment, bool answered,
                      bool assured) {
  const TcpFlagSet kind = kind_of(segment.tcp);
  const State before = flow.state;
  TcpTrackResult result{.before = before};
  State to =
      kTransitions[index_of(dir)][static_cast<std::size_t>(kind)][static_cast<std::size_t>(before)];
  bool check = true;
  if (to == State::kSynSent && before >= State::kTimeWait) {
    const bool closed = flow.sides[0].closed_first || flow.sides[1].closed_first;
    if (closed || (flow.last_dir == dir && flow.last_kind == TcpFlagSet::kRst)) {
      result.verdict = TcpTrackVerdict::kReopen;
      return result;
    }
    to = State::kIgnored;
  }
  if (to == State::kIgnored) {
    if (!catches_up(flow, dir, segment)) {
      take_note(flow, dir, segment);
      result.verdict = TcpTrackVerdict::kIgnore;
      return result;
    }
    result.before = State::kSynSent;
    to = State::kSynRecv;
  } else if (to == State::kInvalid) {
    result.verdict = TcpTrackVerdict::kInvalid;
    return result;
  } else if (to == State::kClose && kind == TcpFlagSet::kRst) {
    switch (weigh_reset(flow, dir, segment, answered, assured)) {
      case Reset::kInvalid: result.verdict = TcpTrackVerdict::kInvalid; return result;
      case Reset::kBelieved: check = false; break;
      case Reset::kKeepsState: to = before; break;
      case Reset::kChecked: break;
    }
  }
  if (check && !in_window(flow, dir, segment)) {
    result.verdict = TcpTrackVerdict::kInvalid;
    return result;
  }
  flow.last_kind = kind;
  flow.last_dir = dir;
  if (to != result.before && to == State::kFinWait) flow.sides[index_of(dir)].closed_first = true;
  flow.state = to;
  const bool reset = kind == TcpFlagSet::kRst;
  result.lasts = lifetime(flow, reset, answered);
  result.forget = reset && !answered;
  result.as_before = !answered && kind == TcpFlagSet::kSyn && result.before == State::kSynSent;
  return result;
}

}  // namespace lvslab::netfilter
