#include "sim/trace/pcap.h"

#include <pcap/pcap.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "sim/base/calendar.h"
#include "sim/base/check.h"
#include "sim/trace/atomic_file.h"

namespace lvslab {
namespace {

constexpr int kSnapLength = 262'144;  // tcpdump's default
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// Gathers what pcap_dump(3) would write packet by packet: a savefile's record headers (32-bit
// numbers in the byte order of the machine, as libpcap wrote the head of the file) and the bytes.
class PacketBlocks {
 public:
  explicit PacketBlocks(AtomicFile& file) : file_(file) { bytes_.reserve(kGathered + kSnapLength); }

  Result<void> add(std::int64_t unix_ns, Bytes frame) {
    const auto length = static_cast<std::uint32_t>(frame.size());
    const std::array<std::uint32_t, 4> header = {static_cast<std::uint32_t>(unix_ns / kNsPerSecond),
                                                 static_cast<std::uint32_t>(unix_ns % kNsPerSecond),
                                                 length, length};
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof header + frame.size());
    std::memcpy(bytes_.data() + at, header.data(), sizeof header);
    if (!frame.empty()) std::memcpy(bytes_.data() + at + sizeof header, frame.data(), frame.size());
    return bytes_.size() < kGathered ? Result<void>{} : write();
  }
  Result<void> write() {
    const Result<void> done = file_.write(bytes_);
    bytes_.clear();
    return done;
  }

 private:
  static constexpr std::size_t kGathered = 65'536;

  AtomicFile& file_;
  std::vector<std::uint8_t> bytes_;
};

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
  Result<void> written;
  PacketBlocks blocks(*file);
  std::vector<std::uint8_t> buffer;
  trace.visit_frames_of(node, [&](const TraceRecord& r) {
    if (r.dev != dev || !r.frame.valid()) return true;
    written = blocks.add(unix_ns(r.at), trace.frame(r.frame, buffer));
    return written.has_value();
  });
  if (written) written = blocks.write();
  if (!written) return written;
  return file->commit();  // the dumper is the stream itself, which this closes
}

}  // namespace lvslab
