// The reader of DNS messages behind dissect().
#include <fmt/format.h>

#include "sim/wire/dissector.h"
#include "sim/wire/dns.h"

namespace lvslab::detail {

void read_dns(Dissector& d, Slice in) {
  const auto dns = DnsRepr::parse(in.of(d));
  if (!dns) {
    d.protocol("payload", fmt::format("{} bytes", in.size), in.at, in.size);
    return;
  }
  const std::string type = dns_type_name(dns->type);
  d.protocol("DNS",
             dns->response
                 ? fmt::format("answer {} {}: {}", type, dns->name, dns_code_name(dns->code))
                 : fmt::format("question {} {}", type, dns->name),
             in.at, in.size);
  d.field("query id", fmt::format("{}", dns->id), in.at, 2);
  d.field("flags",
          fmt::format("{}{}{}{}", dns->response ? "response" : "query",
                      dns->authoritative ? ", authoritative" : "",
                      dns->recursion_desired ? ", recursion desired" : "",
                      dns->recursion_available ? ", recursion available" : ""),
          in.at + 2, 2);
  d.field("response code",
          fmt::format("{} ({})", static_cast<int>(dns->code), dns_code_name(dns->code)), in.at + 3,
          1);
  const std::size_t question = in.at + DnsRepr::kLength;
  d.field("name", dns->name, question, dns->question_length() - 4);
  d.field("type", type, question + dns->question_length() - 4, 2);
  std::size_t at = question + dns->question_length();
  for (const Ipv4Addr addr : dns->answers) {
    d.field("answer", fmt::format("{}, for {} s", addr.to_string(), dns->ttl_s), at,
            DnsRepr::kAnswerLength);
    at += DnsRepr::kAnswerLength;
  }
}

}  // namespace lvslab::detail
