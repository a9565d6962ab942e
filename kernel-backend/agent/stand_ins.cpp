#include "kernel-backend/agent/stand_ins.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip_vs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "kernel-backend/agent/boot.h"
#include "kernel-backend/agent/host_process.h"
#include "kernel-backend/agent/host_root.h"
#include "kernel-backend/agent/netlink.h"
#include "kernel-backend/agent/system_log.h"
#include "kernel-backend/os.h"
#include "sim/command/nginx.h"
#include "sim/command/service.h"
#include "sim/command/vsftpd.h"

namespace lvslab::kernel {
namespace {

constexpr const char* kPackages = "/var/lib/lvslab/packages/";
constexpr const char* kEnabled = "/etc/systemd/system/multi-user.target.wants/";

using Words = std::vector<std::string>;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// sshd is there on every system.
bool is_installed(const std::string& service) {
  return service == "sshd" || exists(kPackages + service);
}

void say(FILE* to, const std::string& text) { ::fputs(text.c_str(), to); }

// --- packages ------------------------------------------------------------------------------------

int yum(const Words& words) {
  Words packages;
  std::string verb;
  for (const std::string& word : words) {
    if (word.starts_with("-")) continue;
    if (verb.empty())
      verb = word;
    else
      packages.push_back(word);
  }
  if (verb != "install" || packages.empty()) {
    say(stderr, "yum: this stand-in knows `yum install PACKAGE -y`\n");
    return 2;
  }
  std::string text, installed;
  static_cast<void>(
      make_directories(std::string(kPackages, sizeof("/var/lib/lvslab/packages") - 1)));
  for (const std::string& package : packages) {
    if (exists(kPackages + package)) {
      text += "Package " + package + " is already installed.\n";
      continue;
    }
    static_cast<void>(write_file(kPackages + package, ""));
    installed += "  " + package + "\n";
    if (package == "httpd") static_cast<void>(make_directories("/var/www/html"));
    if (package == "vsftpd") {
      static_cast<void>(make_directories(std::string(command::kVsftpdRoot)));
      const std::string conf(command::kVsftpdConf);
      if (!exists(conf)) {
        static_cast<void>(write_file(conf, std::string(command::default_vsftpd_conf())));
      }
    }
    if (package == "nginx") {
      for (const char* path : {"/etc/nginx/conf.d", "/var/log/nginx", "/var/lib/nginx"}) {
        static_cast<void>(make_directories(path));
      }
      const char* conf = "/etc/nginx/nginx.conf";
      if (!exists(conf)) {
        static_cast<void>(write_file(conf, std::string(command::default_nginx_conf())));
      }
    }
  }
  if (installed.empty()) {
    say(stdout, text + "Nothing to do.\n");
  } else {
    say(stdout, text + "Installed:\n" + installed + "\nComplete!\n");
  }
  return 0;
}

// --- services ------------------------------------------------------------------------------------

std::string pid_file(const std::string& service) { return "/run/" + service + ".pid"; }

/// The process of a service; 0 if it does not run.
pid_t running(const std::string& service) {
  const auto text = read_file(pid_file(service));
  if (!text) return 0;
  const pid_t pid = static_cast<pid_t>(::strtol(text->c_str(), nullptr, 10));
  return pid > 1 && ::kill(pid, 0) == 0 ? pid : 0;
}

void detach_from_terminal() {
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(null, fd);
  if (null > 2) ::close(null);
  if (::chdir("/") != 0) _exit(1);
}

constexpr int kReadyFd = 3;
constexpr const char* kHttpdPath = "/usr/sbin/httpd";
constexpr const char* kSshdPath = "/usr/local/sbin/sshd";

/// Returns when `program` listens, or has failed to.
void start_server(const std::string& service, const char* program) {
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ready[0]);
    detach_from_terminal();
    ::dup2(ready[1], kReadyFd);  // the server closes it once it listens
    ::execl(program, program, "-DFOREGROUND", "--ready", nullptr);
    _exit(127);
  }
  ::close(ready[1]);
  static_cast<void>(write_file(pid_file(service), std::to_string(pid) + "\n"));
  char byte = 0;
  while (::read(ready[0], &byte, 1) < 0 && errno == EINTR) {
  }
  ::close(ready[0]);
}

int httpd(const Words& words) {
  const auto says = [&](const char* word) { return std::ranges::find(words, word) != words.end(); };
  if (says("-DFOREGROUND")) return run_httpd(says("--ready") ? kReadyFd : -1);
  start_server("httpd", kHttpdPath);
  return 0;
}

int sshd(const Words& words) {
  const auto says = [&](const char* word) { return std::ranges::find(words, word) != words.end(); };
  return run_sshd(says("--ready") ? kReadyFd : -1);
}

/// Does a process have a TCP socket that listens?
bool listens(pid_t pid) {
  std::string inodes;  // "socket:[1234]" of all its files
  const std::string files = "/proc/" + std::to_string(pid) + "/fd/";
  constexpr int kFiles = 8;
  for (int fd = 0; fd < kFiles; ++fd) {
    char target[64]{};
    if (::readlink((files + std::to_string(fd)).c_str(), target, sizeof target - 1) > 0) {
      inodes += target;
    }
  }
  std::istringstream table(read_file("/proc/net/tcp").value_or(""));
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::vector<std::string> columns;
    for (std::string word; words >> word;) columns.push_back(word);
    constexpr std::size_t kState = 3, kInode = 9;
    if (columns.size() <= kInode || columns[kState] != "0A") continue;
    if (inodes.find("[" + columns[kInode] + "]") != std::string::npos) return true;
  }
  return false;
}

/// vsftpd stays in the foreground and does not tell when it is ready; what it complains of goes to
/// its standard output.
int start_vsftpd() {
  static_cast<void>(make_directories("/run/vsftpd/empty"));  // secure_chroot_dir
  int said[2];
  if (::pipe2(said, O_CLOEXEC | O_NONBLOCK) != 0) return 1;
  const std::string conf(command::kVsftpdConf);
  const pid_t pid = ::fork();
  if (pid == 0) {
    detach_from_terminal();
    for (const int fd : {1, 2}) ::dup2(said[1], fd);
    ::execl("/usr/sbin/vsftpd", "/usr/sbin/vsftpd", conf.c_str(), nullptr);
    _exit(127);
  }
  ::close(said[1]);
  constexpr useconds_t kLook = 1'000;
  int status = 0;
  while (!listens(pid)) {
    if (::waitpid(pid, &status, WNOHANG) == pid) {
      char text[512];
      const ssize_t length = ::read(said[0], text, sizeof text);
      if (length > 0) say(stderr, std::string(text, static_cast<std::size_t>(length)));
      return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    ::usleep(kLook);
  }
  static_cast<void>(write_file(pid_file("vsftpd"), std::to_string(pid) + "\n"));
  return 0;
}

int run_program(Words words) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int start(const std::string& service) {
  if (running(service) != 0) return 0;
  if (service == "httpd" || service == "sshd") {
    start_server(service, service == "httpd" ? kHttpdPath : kSshdPath);
    return 0;
  }
  // A daemon that writes /run/SERVICE.pid; -D as in CentOS' /etc/sysconfig/keepalived.
  if (service == "keepalived") return run_program({"/usr/sbin/keepalived", "-D"});
  if (service == "dnsmasq") {
    return run_program({"/usr/sbin/dnsmasq", "-u", "root", "-x", pid_file(service)});
  }
  if (service == "nginx") return run_program({"/usr/sbin/nginx"});
  if (service == "vsftpd") return start_vsftpd();
  return run_program({service});
}

void stop(const std::string& service) {
  const pid_t pid = running(service);
  if (pid == 0) return;
  ::kill(pid, SIGTERM);
  constexpr useconds_t kLook = 10'000;
  for (int i = 0; i < 1'000 && ::kill(pid, 0) == 0; ++i) ::usleep(kLook);
  ::unlink(pid_file(service).c_str());
}

std::string description(const std::string& service) {
  if (service == "httpd") return "The Apache HTTP Server";
  if (service == "nginx") return "The nginx HTTP and reverse proxy server";
  if (service == "sshd") return "OpenSSH server daemon";
  if (service == "vsftpd") return "vsftpd FTP server";
  if (service == "dnsmasq") return "dnsmasq - A lightweight DHCP and caching DNS server";
  return service;
}

int status_of(const std::string& service) {
  const pid_t pid = running(service);
  std::string text = "● " + service + ".service - " + description(service) + "\n   Active: ";
  text += pid != 0 ? "active (running)\n Main PID: " + std::to_string(pid) + " (" + service + ")\n"
                   : "inactive (dead)\n";
  say(stdout, text);
  return pid != 0 ? 0 : 3;
}

int unknown_service(const std::string& action, const std::string& service) {
  if (action == "status") {
    say(stderr, "Unit " + service + ".service could not be found.\n");
    return 4;
  }
  say(stderr, "Failed to " + action + " " + service + ".service: Unit " + service +
                  ".service not found.\nlvslab: install it first: yum install " + service +
                  " -y\n");
  return 5;
}

int service_action(const std::string& action, const std::string& service) {
  if (action == "is-active") {
    const bool active = running(service) != 0;
    say(stdout, active ? "active\n" : "inactive\n");
    return active ? 0 : 3;
  }
  if (!is_installed(service)) return unknown_service(action, service);
  if (action == "start") return start(service);
  if (action == "stop") return stop(service), 0;
  if (action == "restart") return stop(service), start(service);
  if (action == "status") return status_of(service);
  if (action == "enable") {
    static_cast<void>(
        make_directories(std::string(kEnabled, std::string_view(kEnabled).size() - 1)));
    static_cast<void>(write_file(kEnabled + service + ".service", ""));
    return 0;
  }
  if (action == "disable") return ::unlink((kEnabled + service + ".service").c_str()), 0;
  if (action == "reload") {
    const pid_t pid = running(service);
    const bool ignores = service == "httpd" || service == "sshd";
    if (pid != 0) return ignores ? 0 : ::kill(pid, SIGHUP);
    say(stderr,
        "Job for " + service + ".service invalid: unit " + service + ".service is not active.\n");
    return 1;
  }
  say(stderr, "Unknown command verb '" + action + "'.\n");
  return 1;
}

std::string unit_name(std::string name) {
  if (name.ends_with(".service")) name.resize(name.size() - 8);
  return name;
}

int service(const Words& words) {
  if (words.size() != 2) {
    say(stderr, "Usage: service SERVICE COMMAND\n");
    return 1;
  }
  say(stderr, "Redirecting to /bin/systemctl " + words[1] + " " + words[0] + ".service\n");
  return service_action(words[1], unit_name(words[0]));
}

int systemctl(const Words& words) {
  Words plain;
  std::ranges::copy_if(words, std::back_inserter(plain),
                       [](const std::string& w) { return !w.starts_with("-"); });
  if (plain.size() == 1 && plain[0] == "daemon-reload") return 0;
  if (plain.size() < 2) {
    say(stderr, "systemctl: this stand-in knows `systemctl ACTION SERVICE`\n");
    return 1;
  }
  int status = 0;
  for (std::size_t i = 1; i < plain.size(); ++i) {
    status = std::max(status, service_action(plain[0], unit_name(plain[i])));
  }
  return status;
}

// --- the log
// --------------------------------------------------------------------------------------

int journalctl(const Words& words) {
  std::vector<std::string> line{"journalctl"};
  line.insert(line.end(), words.begin(), words.end());
  const auto wanted = command::parse_journalctl(line);
  if (!wanted) {
    say(stdout, wanted.error().out);
    say(stderr, wanted.error().err);
    return wanted.error().status;
  }
  const auto messages = read_file(kMessagesFile);
  say(stdout, command::render_journal(*wanted, messages ? *messages : ""));
  return 0;
}

// --- power ---------------------------------------------------------------------------------------

/// The kernel ends the first process of this pid namespace, which the agent takes for what it is.
/// Where that is not allowed (on the machine's own kernel), the first process ends itself.
int power(bool off) {
  ::fflush(stdout);
  ::reboot(off ? RB_POWER_OFF : RB_AUTOBOOT);
  if (::kill(1, SIGRTMIN + (off ? kPowerOffSignal : kRebootSignal)) == 0) {
    for (;;) ::pause();
  }
  ::perror("reboot");
  return 1;
}

int shutdown_or_halt(std::string_view name, const Words& words) {
  if (name == "reboot") return power(std::ranges::find(words, "-p") != words.end());
  const bool again = name == "shutdown" && std::ranges::find(words, "-r") != words.end();
  return power(!again);
}

// --- modules -------------------------------------------------------------------------------------

/// A device that comes with a module, and takes packets from any sender.
struct ModuleDevice {
  std::string module, device, kind;
};
const ModuleDevice kModuleDevices[] = {{"ipip", "tunl0", "ipip"},
                                       {"ip6_tunnel", "ip6tnl0", "ip6tnl"}};

/// Makes the device as loading its module does on a machine of its own.
int make_device(const ModuleDevice& of) {
  if (interface_index(of.device) != 0) return 0;
  const std::string failed = "modprobe: ERROR: could not insert '" + of.module + "': ";
  if (exists(kOnMachineMark)) {
    say(stderr,
        failed + "Operation not permitted\nlvslab: on the machine's own kernel it would make a " +
            of.device + " for the machine as well\n");
    return 1;
  }
  auto socket = NetlinkSocket::open();
  if (!socket) return 1;
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.fixed(ifinfomsg{});
  request.text(IFLA_IFNAME, of.device);
  const std::size_t info = request.begin(IFLA_LINKINFO);
  request.text(IFLA_INFO_KIND, of.kind);
  if (of.kind == "ip6tnl") {
    const std::size_t data = request.begin(IFLA_INFO_DATA);
    request.attribute(IFLA_IPTUN_PROTO, std::uint8_t{IPPROTO_IPV6});
    request.end(data);
  }
  request.end(info);
  const auto made = socket->talk(request, of.device);
  if (!made) {
    say(stderr, failed + made.error().message + "\n");
    return 1;
  }
  // Its link-local address would be drawn by lot.
  static_cast<void>(write_file("/proc/sys/net/ipv6/conf/" + of.device + "/addr_gen_mode", "1"));
  return 0;
}

/// The FTP helper serves all hosts of a kernel. Loading it is not allowed on a host; but the kernel
/// loads what it takes for a scheduler (net/netfilter/ipvs/ip_vs_sched.c: ip_vs_scheduler_get()).
int load_ftp_helper() {
  const std::string failed = "modprobe: ERROR: could not insert 'ip_vs_ftp': ";
  if (exists(kOnMachineMark)) {
    say(stderr, failed +
                    "Operation not permitted\nlvslab: on the machine's own kernel it would change "
                    "the machine's services as well\n");
    return 1;
  }
  ip_vs_service_user service{};
  service.protocol = IPPROTO_TCP;
  service.fwmark = ~0U;
  ::strcpy(service.sched_name, "ftp");
  const Fd socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  ::setsockopt(socket.get(), IPPROTO_IP, IP_VS_SO_SET_ADD, &service, sizeof service);
  if (is_loaded("ip_vs_ftp")) return 0;
  say(stderr, failed + "No such device\n");
  return 1;
}

/// On a host (`modprobe ipip`), where loading is not allowed but has been done; or called by the
/// kernel itself outside of all hosts.
int modprobe(const Words& words) {
  int status = 0;
  for (const std::string& module : words) {
    if (module.starts_with("-")) continue;
    const auto* const device = std::ranges::find(kModuleDevices, module, &ModuleDevice::module);
    if (device != std::end(kModuleDevices)) {
      status = std::max(status, make_device(*device));
      continue;
    }
    if (is_loaded(module)) continue;
    if (const auto loaded = load_module(module); !loaded) {
      const bool known =
          loaded.error().message.find("Operation not permitted") != std::string::npos;
      if (known && module == "ip_vs_ftp") status = std::max(status, load_ftp_helper());
      if (known) continue;
      say(stderr,
          "modprobe: FATAL: Module " + module + " not found in directory /lib/modules/6.1.0\n");
      status = 1;
    }
  }
  return status;
}

}  // namespace

void start_enabled_services() {
  for (const std::string service : kServices) {
    if (!exists(kEnabled + service + ".service") || !is_installed(service)) continue;
    if (::fork() != 0) continue;
    ::syscall(SYS_close_range, 3U, ~0U, 0U);  // a service has no file open that it did not open
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    detach_from_terminal();
    _exit(start(service));
  }
}

std::optional<int> run_stand_in(std::string_view name, int argc, char** argv) {
  const Words words(argv + 1, argv + argc);
  if (name == "yum" || name == "dnf") return yum(words);
  if (name == "service") return service(words);
  if (name == "systemctl") return systemctl(words);
  if (name == "httpd") return httpd(words);
  if (name == "journalctl") return journalctl(words);
  if (name == "sshd") return sshd(words);
  if (name == "ssh") return run_ssh(words);
  if (name == "scp") return run_scp(words);
  if (name == "modprobe") return modprobe(words);
  for (const std::string_view known : {"reboot", "poweroff", "halt", "shutdown"}) {
    if (name == known) return shutdown_or_halt(name, words);
  }
  return std::nullopt;
}

}  // namespace lvslab::kernel
