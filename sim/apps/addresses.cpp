#include "sim/apps/addresses.h"

namespace lvslab::apps {

std::vector<Ipv4Addr> find_addresses(Step& step, AppIo& io, std::string_view name,
                                     Versions versions) {
  std::vector<Ipv4Addr> found;
  const auto six = versions == Versions::kIpv4 ? std::unexpected(command::NameError::kUnknown)
                                               : io.resolve6(name);
  const bool is_address = Ipv6Addr::parse(name).has_value();
  if (six && (is_address || io.route(step, {.dst = *six}))) found.push_back(*six);
  if (versions == Versions::kIpv6 || is_address) return found;
  for (const Ipv4Addr addr : io.addresses_of(name)) found.push_back(addr);
  return found;
}

}  // namespace lvslab::apps
