#include "kernel-backend/agent/boot.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "kernel-backend/agent/host_network.h"
#include "kernel-backend/agent/host_root.h"

namespace lvslab::kernel {
namespace {

constexpr const char* kModules = "/usr/lib/uml/modules/";

/// What a lab needs before anybody types anything; the kernel loads the rest by itself.
constexpr const char* kWanted[] = {
    "overlay",   "veth",  "bridge",   "sch_ingress", "cls_matchall", "act_mirred", "act_pedit",
    "sch_netem", "ip_vs", "ip_vs_rr", "udp_diag",    "ip_tables",    "ipip"};

/// Programs that stand in for what the lab does not install.
constexpr const char* kPrograms[] = {
    "usr/local/sbin/yum",       "usr/local/sbin/dnf",        "usr/local/sbin/service",
    "usr/local/sbin/systemctl", "usr/local/sbin/reboot",     "usr/local/sbin/poweroff",
    "usr/local/sbin/halt",      "usr/local/sbin/shutdown",   "usr/sbin/httpd",
    "usr/local/sbin/modprobe",  "usr/local/sbin/journalctl", "usr/local/sbin/ssh",
    "usr/local/sbin/scp",       "usr/local/sbin/sshd"};

std::string module_name(std::string_view path) {
  const std::size_t begin = path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1;
  std::string name(path.substr(begin, path.find(".ko", begin) - begin));
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

std::string release() {
  utsname name{};
  ::uname(&name);
  return name.release;
}

/// modules.dep: path and the paths that it depends on, those last that are to be loaded first.
/// modules.alias: what the kernel asks for when it needs a kind of device, a match or a target.
class ModuleIndex {
 public:
  Result<void> read() {
    directory_ = kModules + release() + "/";
    auto text = read_file(directory_ + "modules.dep");
    if (!text) return std::unexpected(text.error());
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::vector<std::string> paths;
      for (std::string word; words >> word;) paths.push_back(word);
      if (paths.empty()) continue;
      paths[0].pop_back();  // the colon
      by_name_[module_name(paths[0])] = std::move(paths);
    }
    return read_aliases();
  }

  Result<void> load(const std::string& name) {
    const auto alias = aliases_.find(module_name(name));
    const auto found = by_name_.find(alias != aliases_.end() ? alias->second : module_name(name));
    if (found == by_name_.end()) return fail("there is no module " + name);
    const std::vector<std::string>& paths = found->second;
    for (std::size_t i = paths.size(); i-- > 0;) {
      if (!loaded_.insert(paths[i]).second) continue;
      const Fd fd(::open((directory_ + paths[i]).c_str(), O_RDONLY | O_CLOEXEC));
      if (!fd.valid()) return os_failure(paths[i]);
      // ip_vs needs the IPv6 module to be there, also where a lab speaks IPv4 alone.
      const bool off = module_name(paths[i]) == "ipv6" && ::getenv(kWithIpv6) == nullptr;
      const char* parameters = off ? "disable=1" : "";
      if (::syscall(SYS_finit_module, fd.get(), parameters, 0) != 0 && errno != EEXIST) {
        return os_failure("module " + paths[i]);
      }
    }
    return {};
  }

 private:
  Result<void> read_aliases() {
    auto text = read_file(directory_ + "modules.alias");
    if (!text) return std::unexpected(text.error());
    std::istringstream lines(*text);
    for (std::string word, alias, module; lines >> word;) {
      if (word == "alias" && lines >> alias >> module) {
        aliases_[module_name(alias)] = module_name(module);
      }
      std::getline(lines, word);
    }
    return {};
  }

  std::string directory_;
  std::map<std::string, std::vector<std::string>> by_name_;
  std::map<std::string, std::string> aliases_;  ///< patterns are kept, but match only themselves
  std::set<std::string> loaded_;
};

/// A directory of the layer that hides the machine's own.
Result<void> hide(const std::string& path, mode_t mode) {
  const std::string whole = std::string(kStandIns) + path;
  if (auto done = make_directories(whole); !done) return done;
  ::chmod(whole.c_str(), mode);
  if (::setxattr(whole.c_str(), "trusted.overlay.opaque", "y", 1, 0) != 0) {
    return os_failure(whole);
  }
  return {};
}

/// The firewall that the simulator models is that of ip_tables; the machine may prefer nf_tables.
Result<void> prefer_ip_tables() {
  for (const char* name : {"iptables", "iptables-save", "iptables-restore"}) {
    const std::string link = std::string(kStandIns) + "/usr/sbin/" + name;
    if (::symlink("xtables-legacy-multi", link.c_str()) != 0) return os_failure(link);
  }
  return {};
}

/// Loading a tunnel's module would make its device on all hosts at once: hosts get theirs when
/// `modprobe` is typed there (net/ipv4/ip_tunnel.c: ip_tunnel_init_net()).
Result<void> keep_tunnels_apart() {
  return write_file("/proc/sys/net/core/fb_tunnels_only_for_init_net", "2");
}

Result<void> name_the_core() {
  auto processors = read_file("/proc/cpuinfo");
  if (!processors) return std::unexpected(processors.error());
  return write_file(kProcessors, *processors + "core id\t\t: 0\n\n");
}

}  // namespace

bool is_loaded(const std::string& module) {
  return ::access(("/sys/module/" + module_name(module)).c_str(), F_OK) == 0;
}

Result<void> lay_out_stand_ins() {
  const std::string base = kStandIns;
  const std::string target = base + "/usr/local/lib/lvslab/agent";
  if (auto done = make_directories(base + "/usr/local/lib/lvslab"); !done) return done;
  if (::link(kAgentCopy, target.c_str()) != 0) return os_failure(target);
  if (auto done = make_directories(base + "/usr/sbin"); !done) return done;
  for (const char* directory : {"/usr/local/sbin", "/usr/local/bin"}) {
    if (auto done = hide(directory, 0755); !done) return done;
  }
  for (const char* name : kPrograms) {
    const std::string link = base + "/" + name;
    if (::symlink("/usr/local/lib/lvslab/agent", link.c_str()) != 0) return os_failure(link);
  }
  if (auto done = hide("/root", 0700); !done) return done;
  if (auto done = hide("/home", 0755); !done) return done;
  if (auto done = hide("/tmp", 01777); !done) return done;
  if (auto done = hide("/var/www", 0755); !done) return done;
  if (auto done = hide("/srv/ftp", 0755); !done) return done;
  return hide("/etc/keepalived", 0755);
}

Result<void> load_module(const std::string& name) {
  ModuleIndex index;
  if (auto read = index.read(); !read) return read;
  return index.load(name);
}

Result<void> boot_kernel(const std::string& self) {
  if (auto done = mount_at("proc", "/proc", "proc", 0); !done) return done;
  if (auto done = mount_at("sysfs", "/sys", "sysfs", 0); !done) return done;
  if (auto done = mount_at("run", "/run", "tmpfs", MS_NOSUID, "mode=755,size=96m"); !done)
    return done;
  if (auto done = make_directories(kWorkDirectory); !done) return done;
  if (auto done = copy_program(self, kAgentCopy); !done) return done;
  if (auto done = name_the_core(); !done) return done;
  if (auto done = make_dev("/dev"); !done) return done;
  ModuleIndex modules;
  if (auto done = modules.read(); !done) return done;
  for (const char* name : kWanted) {
    if (auto done = modules.load(name); !done) return done;
  }
  if (::getenv(kWithIpv6) != nullptr) {
    if (auto done = modules.load("ip6_tunnel"); !done) return done;
  }
  for (const char* of : {"all", "default"}) {  // switches only pass on what hosts say
    static_cast<void>(
        write_file("/proc/sys/net/ipv6/conf/" + std::string(of) + "/disable_ipv6", "1"));
  }
  if (auto done = have_usual_buffers(); !done) return done;
  if (auto done = keep_tunnels_apart(); !done) return done;
  if (auto done = lay_out_stand_ins(); !done) return done;
  if (auto done = prefer_ip_tables(); !done) return done;
  // When memory or processes run out, it is not the agent's and the hosts' first processes that go.
  if (auto done = write_file("/proc/self/oom_score_adj", "-1000"); !done) return done;
  if (auto done = write_file("/proc/sys/kernel/threads-max", "800"); !done) return done;
  // Modules that the kernel asks for later: by this program, as "modprobe".
  const std::string loader = std::string(kWorkDirectory) + "/modprobe";
  if (::symlink(kAgentCopy, loader.c_str()) != 0) return os_failure(loader);
  return write_file("/proc/sys/kernel/modprobe", loader);
}

}  // namespace lvslab::kernel
