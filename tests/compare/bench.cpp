#include "tests/compare/bench.h"

#include <algorithm>

#include "sim/trace/packet_filter.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/tcp.h"

namespace lvslab::compare {

scenario::Scenario load(const std::string& text) {
  auto loaded = scenario::load_text(text, "test.yaml");
  if (loaded) return *std::move(loaded);
  for (const Error& error : loaded.error()) ADD_FAILURE() << error.to_string();
  return {};
}

scenario::Scenario two_hosts(const std::string& timeline) {
  return load(R"(
title: two hosts
switches:
  - name: lan
hosts:
  - name: client
    nics:
      - {addresses: 192.168.80.10/24, switch: lan}
  - name: web
    nics:
      - {addresses: 192.168.80.20/24, switch: lan}
    setup: [yum install httpd -y, service httpd start]
)" + timeline);
}

Recording simulate(const scenario::Scenario& scenario, const std::string& name) {
  backend::SimBackend backend;
  auto played = play(backend, scenario, name);
  if (played) return *std::move(played);
  ADD_FAILURE() << played.error().to_string();
  return {};
}

Tape::Tape(Recording recording) : rest(std::move(recording)) {
  rest.backend = "kernel";
  for (const TraceRecord& r : rest.trace.records()) {
    const bool frame = r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived;
    if (!frame || rest.trace.node(r.node).is_switch) continue;
    const Bytes bytes = rest.trace.frame(r.frame);
    Piece piece{r, {bytes.begin(), bytes.end()}};
    piece.record.cause = {};
    pieces.push_back(std::move(piece));
  }
}

Recording Tape::wind() const {
  Recording recording = rest;
  recording.trace = {};
  for (const TraceNode& node : rest.trace.nodes()) recording.trace.add_node(node);
  std::vector<Piece> ordered = pieces;
  std::ranges::stable_sort(ordered, {}, [](const Piece& piece) { return piece.record.at; });
  for (Piece& piece : ordered) {
    piece.record.frame = recording.trace.add_frame(piece.bytes);
    recording.trace.append(piece.record);
  }
  return recording;
}

std::size_t Tape::find(const std::string& host, RecordKind kind, const std::string& filter,
                       std::size_t n) const {
  const auto compiled = PacketFilter::compile(filter);
  EXPECT_TRUE(compiled.has_value()) << filter;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.record.kind != kind || rest.trace.node(piece.record.node).name != host) continue;
    if (compiled->matches(piece.bytes) && n-- == 0) return i;
  }
  ADD_FAILURE() << "no such frame: " << host << " " << filter;
  return 0;
}

void mend_checksums(std::vector<std::uint8_t>& frame) {
  const MutBytes packet = MutBytes(frame).subspan(EthernetRepr::kLength);
  auto ip = *Ipv4Repr::parse_header(packet);
  ip.emit(std::span<std::uint8_t, Ipv4Repr::kLength>(packet.data(), Ipv4Repr::kLength));
  if (ip.protocol != IpProto::kTcp) return;
  const MutBytes segment = packet.subspan(Ipv4Repr::kLength, ip.payload_length);
  store_be16(segment.data() + 16, 0);
  const std::uint64_t sum =
      std::uint64_t{sum_bytes(segment)} +
      pseudo_header_sum(ip.src, ip.dst, static_cast<std::uint8_t>(IpProto::kTcp), segment.size());
  store_be16(segment.data() + 16, checksum_of(sum));
}

FrameDifference only_frame(const Comparison& comparison) {
  std::vector<FrameDifference> frames;
  for (const Difference& one : comparison.differences) {
    if (const auto* frame = std::get_if<FrameDifference>(&one.what)) frames.push_back(*frame);
  }
  EXPECT_EQ(frames.size(), 1U);
  return frames.empty() ? FrameDifference{} : frames.front();
}

std::vector<std::string> field_names(const FrameDifference& frame) {
  std::vector<std::string> names;
  for (const FieldDifference& field : frame.fields) names.push_back(field.name);
  return names;
}

}  // namespace lvslab::compare
