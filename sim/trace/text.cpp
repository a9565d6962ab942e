#include "sim/trace/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "sim/wire/ethernet.h"
#include "sim/wire/ipv6.h"
#include "sim/wire/tcp.h"

namespace lvslab {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// A verb in both languages.
struct Word {
  std::string_view en, zh;
  std::string_view in(Language language) const { return language == Language::kZh ? zh : en; }
};

Word verb_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::kFrameSent: return {"sends", "发出"};
    case RecordKind::kFrameReceived: return {"receives", "收到"};
    case RecordKind::kFrameDropped: return {"drops", "丢弃"};
    case RecordKind::kDecision: return {"decides", "判定"};
    case RecordKind::kRowAdded: return {"adds", "新增"};
    case RecordKind::kRowChanged: return {"changes", "变更"};
    case RecordKind::kRowRemoved: return {"removes", "删除"};
    case RecordKind::kCommand: return {"runs", "执行"};
    case RecordKind::kOutput: return {"prints", "输出"};
    case RecordKind::kExit: return {"exits", "退出"};
    case RecordKind::kFault: return {"suffers", "故障"};
    case RecordKind::kNote: return {"notes", "旁注"};
  }
  return {};
}

bool has_frame(const TraceRecord& r) { return r.frame.valid(); }

/// Output as one line: newlines become "\n", so that a record stays a line.
void append_one_line(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if ((c >= 0 && c < 0x20 && c != '\t') || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
}

using Segment = TcpSequenceTracker::Segment;

/// The addresses, ports and numbers of a TCP segment with ACK, if the frame carries one.
std::optional<Segment> segment_of(Bytes frame) {
  const auto eth = EthernetRepr::parse(frame);
  if (!eth) return {};
  Bytes tcp = frame.subspan(EthernetRepr::kLength);
  IpAddr src, dst;
  if (eth->ethertype == EtherType::kIpv4) {
    const auto ip = Ipv4Repr::parse_header(tcp);
    if (!ip || ip->protocol != IpProto::kTcp || ip->fragment_offset != 0) return {};
    src = ip->src, dst = ip->dst;
    tcp = tcp.subspan(std::min<std::size_t>(ip->header_length, tcp.size()));
  } else if (eth->ethertype == EtherType::kIpv6) {
    const auto ip = Ipv6Repr::parse_header(tcp);
    if (!ip || ip->protocol != IpProto::kTcp) return {};
    src = ip->src, dst = ip->dst;
    tcp = tcp.subspan(Ipv6Repr::kLength);
  } else {
    return {};
  }
  if (tcp.size() < TcpRepr::kLength || (tcp[13] & tcp_flag::kAck) == 0) return {};
  return Segment{src,
                 dst,
                 load_be16(&tcp[0]),
                 load_be16(&tcp[2]),
                 load_be32(&tcp[4]),
                 load_be32(&tcp[8]),
                 (tcp[13] & tcp_flag::kSyn) != 0};
}

}  // namespace

std::string seconds_text(SimTime at) {
  return fmt::format("{}.{:09}", at.ns / kNsPerSecond, at.ns % kNsPerSecond);
}

std::string micros_text(SimTime at) {
  return fmt::format("{}.{:06d}", at.ns / 1'000'000'000, at.ns / 1'000 % 1'000'000);
}

std::string seconds_text(SimDuration length) {
  const bool back = length.ns < 0;
  const std::int64_t ns = back ? -length.ns : length.ns;
  return fmt::format("{}{}.{:09}", back ? '-' : '+', ns / kNsPerSecond, ns % kNsPerSecond);
}

std::string_view kind_name(RecordKind kind) {
  switch (kind) {
    case RecordKind::kFrameSent: return "frame-sent";
    case RecordKind::kFrameReceived: return "frame-received";
    case RecordKind::kFrameDropped: return "frame-dropped";
    case RecordKind::kDecision: return "decision";
    case RecordKind::kRowAdded: return "row-added";
    case RecordKind::kRowChanged: return "row-changed";
    case RecordKind::kRowRemoved: return "row-removed";
    case RecordKind::kCommand: return "command";
    case RecordKind::kOutput: return "output";
    case RecordKind::kExit: return "exit";
    case RecordKind::kFault: return "fault";
    case RecordKind::kNote: return "note";
  }
  return "unknown";
}

// The tracker learns from frames in the order of their first sending, as tcpdump would have.
void Describer::hear_up_to(const Trace& trace, FrameId frame) {
  for (; heard_ <= frame.value; ++heard_) {
    const Bytes bytes = trace.frame(FrameId(heard_));
    const std::optional<Segment> segment = segment_of(bytes);
    if (segment) tracker_.base_of(*segment);
  }
}

std::string Describer::frame_line(const Trace& trace, FrameId frame) {
  if (frame.value > heard_) hear_up_to(trace, FrameId(frame.value - 1));
  std::string line = tcpdump_line(trace.frame(frame), {}, tracker_);
  hear_up_to(trace, frame);
  return line;
}

void Describer::append_what(const Trace& trace, const TraceRecord& r, std::string& out) {
  const auto to = std::back_inserter(out);
  switch (r.kind) {
    case RecordKind::kFrameSent:
    case RecordKind::kFrameReceived:
      if (!has_frame(r)) return;
      fmt::format_to(to, " #{} {}", packet_number(r.frame), frame_line(trace, r.frame));
      return;
    case RecordKind::kFrameDropped:
      if (has_frame(r)) fmt::format_to(to, " #{}", packet_number(r.frame));
      [[fallthrough]];
    case RecordKind::kDecision:
      if (r.reason == Reason::kNone) return;
      fmt::format_to(to, " [{}] {}", info(r.reason).name, reason_sentence(trace, r, language_));
      return;
    case RecordKind::kRowAdded:
    case RecordKind::kRowChanged:
    case RecordKind::kRowRemoved: {
      const TableRow& row = trace.row(r.args[0]);
      fmt::format_to(to, " {} {}", table_name(row), row_text(trace, r.node, row));
      return;
    }
    case RecordKind::kCommand:
    case RecordKind::kOutput:
    case RecordKind::kFault:
      out += ' ';
      append_one_line(out, trace.text(r.args[0]));
      return;
    case RecordKind::kExit:
    case RecordKind::kNote: fmt::format_to(to, " {}", r.args[0]); return;
  }
}

void Describer::text(const Trace& trace, RecordId id, std::string& out) {
  const TraceRecord& r = trace[id];
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "{}.{:09}", r.at.ns / kNsPerSecond, r.at.ns % kNsPerSecond);
  if (r.node.valid()) fmt::format_to(to, " {}", trace.node(r.node).name);
  if (r.node.valid() && r.dev.valid()) fmt::format_to(to, " {}", trace.dev_name(r.node, r.dev));
  fmt::format_to(to, " {}", verb_of(r.kind).in(language_));
  append_what(trace, r, out);
}

std::string describe(const Trace& trace, RecordId id, Language language) {
  std::string out;
  Describer(language).text(trace, id, out);
  return out;
}

std::string dump_text(const Trace& trace, Language language) {
  std::string out;
  Describer describer(language);
  for (std::uint32_t i = 0; i < trace.size(); ++i) {
    describer.text(trace, RecordId(i), out);
    out += '\n';
  }
  return out;
}

}  // namespace lvslab
