// The files of /proc that labs read and write: /proc/sys and some of /proc/net.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/host/wiring.h"

namespace lvslab::host {

bool is_virtual(std::string_view path);
/// The content; nothing if there is no such file.
std::optional<std::string> read_virtual(const Wiring& wiring, std::string_view path);
/// The error text of open(2) for writing, or nothing.
std::optional<std::string> cannot_write_virtual(const Wiring& wiring, std::string_view path);
/// The error text of write(2), or nothing.
std::optional<std::string> write_virtual(Step& step, Wiring& wiring, std::string_view path,
                                         std::string_view text);
/// Names in a directory of /proc; nothing if it is not one.
std::optional<std::vector<std::string>> list_virtual(const Wiring& wiring, std::string_view path);

}  // namespace lvslab::host
