#include "sim/base/tables.h"

namespace lvslab {

std::string HostTables::dev_name(IfIndex dev) const {
  for (const LinkRow& link : links) {
    if (link.dev == dev) return std::string(link.name.view());
  }
  return "if" + std::to_string(dev.value);
}

}  // namespace lvslab
