// One interface of a recorded run as a classic .pcap file with nanosecond time stamps, written by
// libpcap. Time stamps are dates: simulated time zero is kEpochSeconds of sim/base/calendar.h.
//
// Left out: which way a frame went and why; see pcapng.h.
#pragma once

#include <string>

#include "sim/base/result.h"
#include "sim/trace/trace.h"

namespace lvslab {

/// Writes what passed `dev` of `node` in both directions, as tcpdump on it would have seen it.
/// Errors: the file cannot be written; then nothing is left under `path`.
Result<void> write_pcap(const std::string& path, const Trace& trace, NodeId node, IfIndex dev);

}  // namespace lvslab
