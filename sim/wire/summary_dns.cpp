#include <fmt/format.h>

#include <array>

#include "sim/wire/dns.h"
#include "sim/wire/summary_printer.h"

namespace lvslab::detail {

/// domain_print(), print-domain.c
bool TcpdumpPrinter::dns(Bytes in) {
  static constexpr std::array<std::string_view, 6> kCodes{"",          " FormErr", " ServFail",
                                                          " NXDomain", " NotImp",  " Refused"};
  const auto dns = DnsRepr::parse(in);
  if (!dns || static_cast<std::size_t>(dns->code) >= kCodes.size()) return false;
  const auto out = std::back_inserter(out_);
  if (!dns->response) {
    fmt::format_to(out, "{}{} {}? {}. ({})", dns->id, dns->recursion_desired ? "+" : "",
                   dns_type_name(dns->type), dns->name, in.size());
    return true;
  }
  fmt::format_to(out, "{}{}{}{} {}/0/0", dns->id, kCodes[static_cast<std::size_t>(dns->code)],
                 dns->authoritative ? "*" : "", dns->recursion_available ? "" : "-",
                 dns->answers.size());
  std::string_view between = " ";
  for (const Ipv4Addr addr : dns->answers) {
    out_ += between;
    if (style_.verbose > 0) out_ += dns->name + ". ";
    out_ += "A " + addr.to_string();
    between = ", ";
  }
  fmt::format_to(out, " ({})", in.size());
  return true;
}

}  // namespace lvslab::detail
