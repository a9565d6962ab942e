#include <fmt/format.h>

#include "sim/wire/dissector.h"
#include "sim/wire/igmp.h"

namespace lvslab::detail {

namespace {

std::string_view record_text(std::uint8_t type) {
  if (type == IgmpRecord::kToExclude) return "joined, from any source";
  if (type == IgmpRecord::kToInclude) return "left";
  return "other";
}

}  // namespace

void read_igmp(Dissector& d, Slice in, const IpContext& /*ip*/) {
  const Bytes bytes = in.of(d);
  const auto report = IgmpReport::parse(bytes);
  if (!report) {
    if (report.error() == WireError::kUnsupported) {
      d.protocol("IGMP", fmt::format("type 0x{:02x}", bytes[0]), in.at, in.size);
    } else {
      d.malformed(fmt::format("IGMP is {}", to_string(report.error())), in.at, in.size);
    }
    return;
  }
  const std::size_t at = in.at;
  d.protocol("IGMP", fmt::format("version 3 report, {} record(s)", report->records.size()), at,
             report->length());
  d.field("type", fmt::format("0x{:02x} (version 3 membership report)", IgmpReport::kType), at, 1);
  d.field("checksum",
          checksum_text(load_be16(bytes.data() + 2), sum_bytes(bytes.first(report->length()))),
          at + 2, 2);
  d.field("record count", fmt::format("{}", report->records.size()), at + 6, 2);
  for (std::size_t i = 0; i < report->records.size(); ++i) {
    const IgmpRecord& record = report->records[i];
    const std::size_t from = at + IgmpReport::kLength + i * IgmpReport::kRecordLength;
    d.field("change", fmt::format("{} ({})", record.type, record_text(record.type)), from, 1);
    d.field("group", record.group.to_string(), from + 4, 4);
  }
}

}  // namespace lvslab::detail
