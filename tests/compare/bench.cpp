#include "tests/compare/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

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

namespace {

/// A listing of sockets without those in TIME_WAIT, but for the one with `last`, which is `drawn`.
std::string listing_of_last(const std::string& listing, std::uint16_t last, std::uint16_t drawn) {
  const std::string port = fmt::format(":{}", last);
  std::istringstream lines(listing);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(port);
    const bool waits = line.find("TIME") != std::string::npos;
    if (waits && at == std::string::npos) continue;
    if (at != std::string::npos) line.replace(at, port.size(), fmt::format(":{}", drawn));
    out += line + '\n';
  }
  return out;
}

void keep_the_last(std::vector<SocketRow>& sockets, std::uint16_t last, std::uint16_t drawn) {
  std::erase_if(sockets, [&](const SocketRow& row) {
    return row.state == TcpState::kTimeWait && row.local_port != last && row.remote_port != last;
  });
  for (SocketRow& row : sockets) {
    if (row.local_port == last) row.local_port = drawn;
    if (row.remote_port == last) row.remote_port = drawn;
  }
}

}  // namespace

Recording with_ports_drawn_again(const Recording& recording, const std::string& client,
                                 const std::string& server) {
  constexpr std::size_t kSourcePort = 34;
  Tape tape(recording);
  const auto port_at = [](Piece& piece, std::size_t at) { return piece.bytes.data() + at; };
  Piece& syn = tape.pieces[tape.find(client, RecordKind::kFrameSent, "tcp[13] == 0x02")];
  const std::uint16_t drawn = load_be16(port_at(syn, kSourcePort));
  std::uint16_t last = drawn;
  for (Piece& piece : tape.pieces) {
    if (piece.bytes[12] != 8 || piece.bytes[13] != 0 || piece.bytes[23] != 6) continue;
    const bool from_client = is_ephemeral(load_be16(port_at(piece, kSourcePort)));
    std::uint8_t* port = port_at(piece, kSourcePort + (from_client ? 0 : 2));
    last = load_be16(port);
    store_be16(port, drawn);
    mend_checksums(piece.bytes);
  }
  for (const std::string& host : {client, server}) {
    keep_the_last(tape.rest.tables.hosts.at(host).sockets, last, drawn);
  }
  for (lab::Entry& entry : tape.rest.entries) {
    if (entry.output.find("TIME") == std::string::npos) continue;
    entry.output = listing_of_last(entry.output, last, drawn);
  }
  return tape.wind();
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
