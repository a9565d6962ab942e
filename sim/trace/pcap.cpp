#include "sim/trace/pcap.h"

#include <pcap/pcap.h>

#include <memory>

#include "sim/base/calendar.h"
#include "sim/base/check.h"
#include "sim/trace/atomic_file.h"

namespace lvslab {
namespace {

constexpr int kSnapLength = 262'144;  // tcpdump's default
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

bool passed(const TraceRecord& r, NodeId node, IfIndex dev) {
  return (r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived) &&
         r.node == node && r.dev == dev && r.frame.valid();
}

}  // namespace

Result<void> write_pcap(const std::string& path, const Trace& trace, NodeId node, IfIndex dev) {
  auto file = AtomicFile::create(path);
  if (!file) return std::unexpected(file.error());
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> handle(
      pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapLength, PCAP_TSTAMP_PRECISION_NANO),
      pcap_close);
  LVSLAB_CHECK(handle != nullptr, "libpcap has no memory for a handle");
  pcap_dumper_t* dumper = pcap_dump_fopen(handle.get(), file->stream());
  if (dumper == nullptr) return fail("cannot write " + path + ": " + pcap_geterr(handle.get()));
  for (const TraceRecord& r : trace.records()) {
    if (!passed(r, node, dev)) continue;
    const Bytes frame = trace.frame(r.frame);
    pcap_pkthdr header{};
    // With nanosecond precision libpcap keeps nanoseconds in tv_usec.
    header.ts.tv_sec = unix_ns(r.at) / kNsPerSecond;
    header.ts.tv_usec = unix_ns(r.at) % kNsPerSecond;
    header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
    pcap_dump(reinterpret_cast<u_char*>(dumper), &header, frame.data());
    if (auto fine = file->check(); !fine) return fine;  // it tells nobody
  }
  return file->commit();  // the dumper is the stream itself, which this closes
}

}  // namespace lvslab
