#include "sim/scenario/name_service.h"

#include <algorithm>

namespace lvslab::scenario {

std::optional<std::string> nsswitch_conf(const Host& host) {
  const auto has = [&](std::string_view path) {
    return std::ranges::find(host.files, path, &File::path) != host.files.end();
  };
  if (!has("/etc/resolv.conf") || has("/etc/nsswitch.conf")) return std::nullopt;
  return "passwd: files\ngroup: files\nhosts: files dns\nprotocols: files\nservices: files\n";
}

}  // namespace lvslab::scenario
