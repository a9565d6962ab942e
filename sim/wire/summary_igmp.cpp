#include <fmt/format.h>

#include <array>

#include "sim/wire/igmp.h"
#include "sim/wire/summary_printer.h"

namespace lvslab::detail {

/// igmp_print() and print_igmpv3_report(), print-igmp.c; other messages by their number.
bool TcpdumpPrinter::igmp(Bytes in, std::size_t length) {
  static constexpr std::array<std::string_view, 6> kTypes{"is_in", "is_ex", "to_in",
                                                          "to_ex", "allow", "block"};
  const auto out = std::back_inserter(out_);
  if (length < 1 || in.empty()) return truncated("igmp");
  if (in[0] != IgmpReport::kType) {
    fmt::format_to(out, "igmp-{}", in[0]);
    return true;
  }
  out_ += "igmp v3 report";
  if (length < IgmpReport::kLength || in.size() < IgmpReport::kLength) {
    fmt::format_to(out, " [invalid len {}]", length);
    return true;
  }
  const std::size_t count = load_be16(in.data() + 6);
  fmt::format_to(out, ", {} group record(s)", count);
  if (style_.verbose == 0) return true;
  const auto report = IgmpReport::parse(in);
  if (!report) return truncated("igmp");
  for (const IgmpRecord& record : report->records) {
    const bool known = record.type >= 1 && record.type <= kTypes.size();
    fmt::format_to(out, " [gaddr {}{} {{ }}]", name_of(record.group),
                   known ? fmt::format(" {}", kTypes[record.type - 1U])
                         : fmt::format(" [v3-report-#{}]", record.type));
  }
  return true;
}

}  // namespace lvslab::detail
