#include "sim/trace/pcapng.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/base/calendar.h"
#include "sim/trace/pcapng_blocks.h"
#include "sim/trace/text.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/ipv6.h"

namespace lvslab {
namespace {

constexpr std::uint32_t kNobody = 0xffff'ffffU;
/// A comment is a help for readers: what matters stands in its first lines.
constexpr std::uint32_t kMaxCommentLines = 40;
constexpr int kMaxCauses = 40;

bool carries(const TraceRecord& r) {
  return (r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived) &&
         r.frame.valid();
}

/// A record that begins the handling of an event.
bool begins_event(const TraceRecord& before, const TraceRecord& r) {
  return r.kind == RecordKind::kFrameReceived || r.kind == RecordKind::kCommand ||
         r.kind == RecordKind::kFault || r.kind == RecordKind::kNote || r.at != before.at ||
         r.node != before.node;
}

/// epb_flags: direction in bits 0 and 1, how it was addressed in bits 2 to 4.
std::uint32_t packet_flags(const TraceRecord& r, Bytes frame) {
  const std::uint32_t direction = r.kind == RecordKind::kFrameSent ? 2 : 1;
  const auto eth = EthernetRepr::parse(frame);
  if (!eth) return direction;
  const std::uint32_t reception = eth->dst.is_broadcast() ? 3 : eth->dst.is_multicast() ? 2 : 1;
  return direction | reception << 2;
}

void put_interface(std::vector<std::uint8_t>& out, const TraceNode& node, const LinkRow& link) {
  PcapngBlock block(out, pcapng::kInterface);
  block.put16(pcapng::kLinkEthernet);
  block.put16(0);
  block.put32(0);  // no snap length
  block.option(pcapng::kIfName, fmt::format("{}/{}", node.name, link.name.view()));
  block.option(pcapng::kIfDescription,
               fmt::format("{} of host {}, {}", link.name.view(), node.name, link.mac.to_string()));
  std::array<std::uint8_t, 6> mac{};
  store_mac(mac.data(), link.mac);
  block.option(pcapng::kIfMacAddr, mac);
  constexpr std::array<std::uint8_t, 1> kNanoseconds = {9};
  block.option(pcapng::kIfTsResol, kNanoseconds);
  block.end_options();
}

void put_names(std::vector<std::uint8_t>& out, std::span<const AddrName> names) {
  PcapngBlock block(out, pcapng::kNameResolution);
  for (const AddrName& entry : names) {
    const bool v4 = entry.addr.is_v4();
    std::vector<std::uint8_t> value(v4 ? 4 : 16);
    if (v4) {
      store_ipv4(value.data(), entry.addr.v4());
    } else {
      store_ipv6(value.data(), entry.addr.v6());
    }
    value.insert(value.end(), entry.name.begin(), entry.name.end());
    value.push_back(0);
    block.option(v4 ? pcapng::kNameIpv4 : pcapng::kNameIpv6, value);
  }
  block.option(pcapng::kNameEnd, Bytes{});
}

}  // namespace

Result<PcapngWriter> PcapngWriter::create(const std::string& path, const Trace& trace,
                                          const PcapngOptions& options) {
  auto file = AtomicFile::create(path);
  if (!file) return std::unexpected(file.error());
  PcapngWriter writer(std::move(*file));
  writer.language_ = options.language;
  writer.comments_ = options.comments;
  writer.number_interfaces(trace);
  std::vector<std::uint8_t> head;
  {
    PcapngBlock block(head, pcapng::kSectionHeader);
    block.put32(pcapng::kByteOrderMagic);
    block.put16(1);
    block.put16(0);
    block.put64(~std::uint64_t{0});  // section length unknown
    block.option(pcapng::kComment, "A run of LVS Lab: every host is simulated.");
    block.option(pcapng::kUserAppl, "lvslab");
    block.end_options();
  }
  for (const TraceNode& node : trace.nodes()) {
    if (node.is_switch) continue;
    for (const LinkRow& link : node.devices) put_interface(head, node, link);
  }
  if (!options.names.empty()) put_names(head, options.names);
  if (auto written = writer.file_.write(head); !written) return std::unexpected(written.error());
  return writer;
}

void PcapngWriter::number_interfaces(const Trace& trace) {
  std::uint32_t next = 0;
  for (const TraceNode& node : trace.nodes()) {
    const auto count = node.is_switch ? 0U : static_cast<std::uint32_t>(node.devices.size());
    first_interface_.push_back(next);
    interface_count_.push_back(count);
    next += count;
  }
}

// Interfaces of a host are numbered from 1 (lo) without gaps.
std::uint32_t PcapngWriter::interface_of(const TraceRecord& r) const {
  if (!r.node.valid() || r.node.value >= first_interface_.size()) return kNobody;
  if (!r.dev.valid() || r.dev.value > interface_count_[r.node.value]) return kNobody;
  return first_interface_[r.node.value] + r.dev.value - 1;
}

Result<void> PcapngWriter::add(const Trace& trace) {
  for (; seen_ < trace.size() && state_; ++seen_) {
    const TraceRecord& r = trace[RecordId(seen_)];
    if (seen_ > 0 && begins_event(trace[RecordId(seen_ - 1)], r)) {
      state_ = write_waiting(trace);
      event_begin_ = seen_;
      owners_.clear();
    }
    take(trace, RecordId(seen_));
  }
  return state_;
}

void PcapngWriter::take(const Trace& trace, RecordId id) {
  const TraceRecord& r = trace[id];
  if (carries(r) && interface_of(r) != kNobody) return await(trace, id);
  if (!comments_) return;
  std::uint32_t owner = r.cause.valid() ? waiting_of(r.cause) : kNobody;
  if (r.kind == RecordKind::kFrameDropped && r.frame.valid()) {
    // A frame that its own link lost is told at its sending.
    for (std::uint32_t i = 0; i < waiting_count_; ++i) {
      const TraceRecord& packet = trace[waiting_[i].record];
      if (packet.frame == r.frame && packet.kind == RecordKind::kFrameSent) owner = i;
    }
  }
  remember(id, owner);
  const bool tells = r.kind == RecordKind::kDecision || r.kind == RecordKind::kFrameDropped;
  if (tells && owner != kNobody) comment_on(trace, id, waiting_[owner]);
}

void PcapngWriter::remember(RecordId id, std::uint32_t waiting) {
  owners_.resize(id.value - event_begin_ + std::size_t{1}, kNobody);
  owners_.back() = waiting;
}

std::uint32_t PcapngWriter::waiting_of(RecordId id) const {
  if (id.value < event_begin_ || id.value - event_begin_ >= owners_.size()) return kNobody;
  return owners_[id.value - event_begin_];
}

void PcapngWriter::await(const Trace& trace, RecordId id) {
  if (waiting_count_ == waiting_.size()) waiting_.emplace_back();
  Waiting& packet = waiting_[waiting_count_];
  packet.record = id;
  packet.comment.clear();
  packet.comment_lines = 0;
  const bool received = trace[id].kind == RecordKind::kFrameReceived;
  if (comments_) {
    remember(id, received ? static_cast<std::uint32_t>(waiting_count_) : kNobody);
    const std::string_view label = language_ == Language::kZh ? "报文" : "packet";
    fmt::format_to(std::back_inserter(packet.comment), "{} {}", label,
                   packet_number(trace[id].frame));
    if (!received) explain_sending(trace, id, packet);
  }
  ++waiting_count_;
}

// The decisions of this host that led to a sending, first the earliest.
void PcapngWriter::explain_sending(const Trace& trace, RecordId sent, Waiting& packet) {
  std::array<RecordId, kMaxCauses> causes{};
  int count = 0;
  const NodeId node = trace[sent].node;
  for (RecordId at = trace[sent].cause; at.valid() && count < kMaxCauses; at = trace[at].cause) {
    const TraceRecord& r = trace[at];
    if (r.node != node || carries(r)) break;
    causes[static_cast<std::size_t>(count++)] = at;
    if (r.kind == RecordKind::kCommand) break;
  }
  while (count > 0) comment_on(trace, causes[static_cast<std::size_t>(--count)], packet);
}

void PcapngWriter::comment_on(const Trace& trace, RecordId id, Waiting& packet) {
  const TraceRecord& r = trace[id];
  const auto to = std::back_inserter(packet.comment);
  if (packet.comment_lines == kMaxCommentLines) return;
  ++packet.comment_lines;
  if (r.kind == RecordKind::kCommand) {
    fmt::format_to(to, "\n$ {}", trace.text(r.args[0]));
  } else if (r.reason != Reason::kNone) {
    fmt::format_to(to, "\n- {} [{}]", reason_sentence(trace, r, language_), info(r.reason).source);
  }
}

Result<void> PcapngWriter::write_waiting(const Trace& trace) {
  for (std::size_t i = 0; i < waiting_count_; ++i) {
    const Waiting& packet = waiting_[i];
    const TraceRecord& r = trace[packet.record];
    const Bytes frame = trace.frame(r.frame);
    const auto at = static_cast<std::uint64_t>(unix_ns(r.at));
    block_.clear();
    {
      PcapngBlock block(block_, pcapng::kEnhancedPacket);
      block.put32(interface_of(r));
      block.put32(static_cast<std::uint32_t>(at >> 32));
      block.put32(static_cast<std::uint32_t>(at));
      block.put32(static_cast<std::uint32_t>(frame.size()));
      block.put32(static_cast<std::uint32_t>(frame.size()));
      block.put_padded(frame);
      block.option32(pcapng::kEpbFlags, packet_flags(r, frame));
      if (!packet.comment.empty()) block.option(pcapng::kComment, packet.comment);
      block.end_options();
    }
    if (auto written = file_.write(block_); !written) return written;
  }
  waiting_count_ = 0;
  return {};
}

Result<void> PcapngWriter::finish(const Trace& trace) {
  if (auto added = add(trace); !added) return added;
  if (auto written = write_waiting(trace); !written) return written;
  return file_.commit();
}

Result<void> write_pcapng(const std::string& path, const Trace& trace,
                          const PcapngOptions& options) {
  auto writer = PcapngWriter::create(path, trace, options);
  if (!writer) return std::unexpected(writer.error());
  return writer->finish(trace);
}

}  // namespace lvslab
