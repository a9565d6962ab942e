#include "kernel-backend/tables_sysctl.h"

#include <algorithm>
#include <optional>

#include "kernel-backend/tables_proc.h"

namespace lvslab::kernel {
namespace {

bool is_second_name(std::string_view path) {
  return path.starts_with("net.ipv4.neigh.") &&
         (path.ends_with(".retrans_time") || path.ends_with(".base_reachable_time"));
}

void add_file(const std::string& file, const std::string& name, std::vector<SysctlRow>& rows) {
  if (is_second_name(name)) return;
  if (name == "net.ipv4.tcp_fastopen_key") return;  // drawn when a program first asks for it
  auto value = read_proc_file(file, true);
  if (!value) return;  // route/flush, which is there to be written only
  while (!value->empty() && value->back() == '\n') value->pop_back();
  rows.push_back({name, *std::move(value)});
}

void walk(const std::string& directory, const std::string& name, std::vector<SysctlRow>& rows) {
  for (const Entry& entry : entries_of(directory)) {
    std::string part = entry.name;
    std::ranges::replace(part, '.', '/');
    if (entry.is_directory) {
      walk(directory + "/" + entry.name, name + "." + part, rows);
    } else {
      add_file(directory + "/" + entry.name, name + "." + part, rows);
    }
  }
}

std::optional<std::string> value_in(const std::vector<SysctlRow>& rows, const std::string& path) {
  const auto row = std::ranges::lower_bound(rows, path, {}, &SysctlRow::path);
  if (row == rows.end() || row->path != path) return std::nullopt;
  return row->value;
}

/// "net.ipv4.conf.default.rp_filter" of "net.ipv4.conf.eth0.rp_filter"; of neigh that of lo, since
/// neigh/default is there in the first network namespace only. Empty for other paths.
std::string default_of(const std::string& path) {
  const std::string last = path.substr(path.rfind('.') + 1);
  if (path.starts_with("net.ipv4.conf.")) return "net.ipv4.conf.default." + last;
  if (path.starts_with("net.ipv4.neigh.")) return "net.ipv4.neigh.lo." + last;
  return {};
}

bool differs(const std::vector<SysctlRow>& fresh, const SysctlRow& row) {
  auto before = value_in(fresh, row.path);
  if (!before) before = value_in(fresh, default_of(row.path));
  return before && *before != row.value;
}

}  // namespace

std::vector<SysctlRow> read_sysctls(const std::string& proc) {
  std::vector<SysctlRow> rows;
  walk(proc + "/sys/net/ipv4", "net.ipv4", rows);
  add_file(proc + "/sys/net/core/somaxconn", "net.core.somaxconn", rows);
  std::ranges::sort(rows, {}, &SysctlRow::path);
  return rows;
}

std::vector<SysctlRow> changed_sysctls(const std::vector<SysctlRow>& fresh,
                                       const std::vector<SysctlRow>& now) {
  std::vector<SysctlRow> changed;
  for (const SysctlRow& row : now) {
    if (differs(fresh, row)) changed.push_back(row);
  }
  return changed;
}

void read_sysctl(const std::string& proc, const std::string& path,
                 const std::vector<SysctlRow>& fresh, std::vector<SysctlRow>& changed) {
  std::string file = path;
  std::ranges::replace(file, '.', '/');
  std::vector<SysctlRow> now;
  add_file(proc + "/sys/" + file, path, now);
  const auto old = std::ranges::lower_bound(changed, path, {}, &SysctlRow::path);
  const auto place = old != changed.end() && old->path == path ? changed.erase(old) : old;
  if (!now.empty() && differs(fresh, now[0])) changed.insert(place, now[0]);
}

}  // namespace lvslab::kernel
