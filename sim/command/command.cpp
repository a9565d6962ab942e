#include "sim/command/command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/command/close_match.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

using Parser = Parsed<Command> (*)(Args);

template <auto parse>
Parsed<Command> parse_as(Args args) {
  auto parsed = parse(args);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  return Command(std::move(*parsed));
}
Parsed<TrueCommand> parse_true(Args) { return TrueCommand{}; }
Parsed<FalseCommand> parse_false(Args) { return FalseCommand{}; }
Parsed<IpvsadmCommand> parse_ipvsadm_numeric(Args args) { return parse_ipvsadm(args); }

struct Tool {
  std::string_view name;
  Parser parse;
};

// Sorted by name.
constexpr std::array kTools = {
    Tool{":", parse_as<parse_true>},
    Tool{"[", parse_as<parse_test>},
    Tool{"ab", parse_as<parse_ab>},
    Tool{"apt", parse_as<parse_package>},
    Tool{"apt-get", parse_as<parse_package>},
    Tool{"arp", parse_as<parse_arp>},
    Tool{"arping", parse_as<parse_arping>},
    Tool{"cat", parse_as<parse_cat>},
    Tool{"cd", parse_as<parse_cd>},
    Tool{"clear", parse_as<parse_clear>},
    Tool{"curl", parse_as<parse_curl>},
    Tool{"cut", parse_as<parse_cut>},
    Tool{"date", parse_as<parse_date>},
    Tool{"dnf", parse_as<parse_package>},
    Tool{"echo", parse_as<parse_echo>},
    Tool{"exit", parse_as<parse_exit>},
    Tool{"export", parse_as<parse_export>},
    Tool{"false", parse_as<parse_false>},
    Tool{"grep", parse_as<parse_grep>},
    Tool{"halt", parse_as<parse_reboot>},
    Tool{"head", parse_as<parse_head>},
    Tool{"hostname", parse_as<parse_hostname>},
    Tool{"ifconfig", parse_as<parse_ifconfig>},
    Tool{"init", parse_as<parse_reboot>},
    Tool{"ip", parse_as<parse_ip>},
    Tool{"iptables", parse_as<parse_iptables>},
    Tool{"iptables-legacy", parse_as<parse_iptables>},
    Tool{"ipvsadm", parse_as<parse_ipvsadm_numeric>},
    Tool{"ipvsadm-restore", parse_as<parse_ipvs_script>},
    Tool{"ipvsadm-save", parse_as<parse_ipvs_script>},
    Tool{"jobs", parse_as<parse_jobs>},
    Tool{"journalctl", parse_as<parse_journalctl>},
    Tool{"keepalived", parse_as<parse_keepalived>},
    Tool{"kill", parse_as<parse_kill>},
    Tool{"killall", parse_as<parse_killall>},
    Tool{"ls", parse_as<parse_ls>},
    Tool{"lsmod", parse_as<parse_lsmod>},
    Tool{"mkdir", parse_as<parse_mkdir>},
    Tool{"modprobe", parse_as<parse_modprobe>},
    Tool{"nc", parse_as<parse_nc>},
    Tool{"ncat", parse_as<parse_ncat>},
    Tool{"netstat", parse_as<parse_netstat>},
    Tool{"nginx", parse_as<parse_nginx>},
    Tool{"pidof", parse_as<parse_pidof>},
    Tool{"ping", parse_as<parse_ping>},
    Tool{"ping6", parse_as<parse_ping>},
    Tool{"pkill", parse_as<parse_killall>},
    Tool{"poweroff", parse_as<parse_reboot>},
    Tool{"ps", parse_as<parse_ps>},
    Tool{"pwd", parse_as<parse_pwd>},
    Tool{"reboot", parse_as<parse_reboot>},
    Tool{"rm", parse_as<parse_rm>},
    Tool{"route", parse_as<parse_route>},
    Tool{"scp", parse_as<parse_scp>},
    Tool{"sed", parse_as<parse_sed>},
    Tool{"seq", parse_as<parse_seq>},
    Tool{"service", parse_as<parse_service>},
    Tool{"shutdown", parse_as<parse_reboot>},
    Tool{"sleep", parse_as<parse_sleep>},
    Tool{"sort", parse_as<parse_sort>},
    Tool{"ss", parse_as<parse_ss>},
    Tool{"ssh", parse_as<parse_ssh>},
    Tool{"sysctl", parse_as<parse_sysctl>},
    Tool{"systemctl", parse_as<parse_service>},
    Tool{"tail", parse_as<parse_tail>},
    Tool{"tcpdump", parse_as<parse_tcpdump>},
    Tool{"tee", parse_as<parse_tee>},
    Tool{"test", parse_as<parse_test>},
    Tool{"timeout", parse_as<parse_timeout>},
    Tool{"touch", parse_as<parse_touch>},
    Tool{"traceroute", parse_as<parse_traceroute>},
    Tool{"true", parse_as<parse_true>},
    Tool{"uname", parse_as<parse_uname>},
    Tool{"uniq", parse_as<parse_uniq>},
    Tool{"wait", parse_as<parse_wait>},
    Tool{"wc", parse_as<parse_wc>},
    Tool{"whoami", parse_as<parse_whoami>},
    Tool{"yum", parse_as<parse_package>},
};
static_assert(std::ranges::is_sorted(kTools, {}, &Tool::name));

constexpr auto kToolNames = [] {
  std::array<std::string_view, kTools.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kTools[i].name;
  return names;
}();

constexpr auto kUnmodelled = std::to_array<std::string_view>({"alias",
                                                              "apachectl",
                                                              "arptables",
                                                              "awk",
                                                              "base64",
                                                              "bash",
                                                              "bg",
                                                              "brctl",
                                                              "bridge",
                                                              "chkconfig",
                                                              "chmod",
                                                              "chown",
                                                              "conntrack",
                                                              "cp",
                                                              "crontab",
                                                              "declare",
                                                              "depmod",
                                                              "df",
                                                              "dhclient",
                                                              "diff",
                                                              "dig",
                                                              "disown",
                                                              "dmesg",
                                                              "dpkg",
                                                              "du",
                                                              "ebtables",
                                                              "env",
                                                              "ethtool",
                                                              "eval",
                                                              "exec",
                                                              "fg",
                                                              "find",
                                                              "firewall-cmd",
                                                              "free",
                                                              "ftp",
                                                              "gcc",
                                                              "getenforce",
                                                              "gzip",
                                                              "haproxy",
                                                              "history",
                                                              "host",
                                                              "hostnamectl",
                                                              "httpd",
                                                              "id",
                                                              "ifdown",
                                                              "ifstat",
                                                              "iftop",
                                                              "ifup",
                                                              "insmod",
                                                              "iotop",
                                                              "iperf",
                                                              "iperf3",
                                                              "iptables-save",
                                                              "iwconfig",
                                                              "less",
                                                              "let",
                                                              "ln",
                                                              "local",
                                                              "lsblk",
                                                              "lsof",
                                                              "make",
                                                              "man",
                                                              "md5sum",
                                                              "mkfifo",
                                                              "more",
                                                              "mount",
                                                              "mtr",
                                                              "mv",
                                                              "mysql",
                                                              "nano",
                                                              "netcat",
                                                              "nft",
                                                              "nl",
                                                              "nmap",
                                                              "nmcli",
                                                              "nohup",
                                                              "nslookup",
                                                              "passwd",
                                                              "perl",
                                                              "pgrep",
                                                              "printf",
                                                              "python",
                                                              "python3",
                                                              "read",
                                                              "redis-cli",
                                                              "rev",
                                                              "rmmod",
                                                              "rpm",
                                                              "set",
                                                              "setenforce",
                                                              "sh",
                                                              "shift",
                                                              "source",
                                                              "stat",
                                                              "su",
                                                              "sudo",
                                                              "systemd-analyze",
                                                              "tac",
                                                              "tar",
                                                              "tc",
                                                              "telnet",
                                                              "timedatectl",
                                                              "top",
                                                              "tr",
                                                              "tracepath",
                                                              "trap",
                                                              "tree",
                                                              "ulimit",
                                                              "unset",
                                                              "unzip",
                                                              "useradd",
                                                              "vi",
                                                              "vim",
                                                              "vmstat",
                                                              "watch",
                                                              "wget",
                                                              "which",
                                                              "xargs"});
static_assert(std::ranges::is_sorted(kUnmodelled));

/// What does a similar thing here.
std::string_view substitute_for(std::string_view tool) {
  constexpr auto kSubstitutes = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"apachectl", "service httpd start"},
       {"awk", "cut, grep, sed"},
       {"bash", "the command itself"},
       {"bridge", "ip link"},
       {"chkconfig", "systemctl enable"},
       {"dig", "cat /etc/hosts"},
       {"env", "echo $NAME"},
       {"ethtool", "ip link"},
       {"firewall-cmd", "iptables"},
       {"host", "cat /etc/hosts"},
       {"hostnamectl", "hostname"},
       {"httpd", "service httpd start"},
       {"ifdown", "ifconfig eth0 down"},
       {"ifup", "ifconfig eth0 up"},
       {"less", "cat"},
       {"let", "v=$((v + 1))"},
       {"lsof", "ss -natp"},
       {"more", "cat"},
       {"mtr", "traceroute"},
       {"nano", "echo TEXT > FILE"},
       {"netcat", "nc"},
       {"nmcli", "ip addr, ip route"},
       {"nslookup", "cat /etc/hosts"},
       {"printf", "echo -e"},
       {"sh", "the command itself"},
       {"su", "the command itself: you are root"},
       {"sudo", "the command itself: you are root"},
       {"tac", "sort -r"},
       {"telnet", "nc, curl"},
       {"tr", "sed, cut"},
       {"tracepath", "traceroute"},
       {"vi", "echo TEXT > FILE; at the prompt of lvslab shell and step vi opens $EDITOR"},
       {"vim", "echo TEXT > FILE; at the prompt of lvslab shell and step vi opens $EDITOR"},
       {"watch", "for i in $(seq 1 5); do ...; sleep 1; done"},
       {"wget", "curl"}});
  for (const auto& [name, substitute] : kSubstitutes) {
    if (name == tool) return substitute;
  }
  return {};
}

/// "/sbin/ifconfig" → "ifconfig"; other paths stay.
std::string_view without_system_directory(std::string_view path) {
  for (const std::string_view directory :
       {"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"}) {
    if (path.starts_with(directory) && !path.substr(directory.size()).contains('/')) {
      return path.substr(directory.size());
    }
  }
  return path;
}

const Tool* find_tool(std::string_view name) {
  const auto found = std::ranges::lower_bound(kTools, name, {}, &Tool::name);
  return found != kTools.end() && found->name == name ? &*found : nullptr;
}

/// Tools for which "" is a name like any other; elsewhere it is a slip of an unset variable.
bool takes_empty_words(std::string_view tool) {
  constexpr std::array<std::string_view, 12> kNames = {"[",      "curl", "cut",      "echo",
                                                       "export", "grep", "hostname", "sed",
                                                       "seq",    "sort", "tcpdump",  "test"};
  return std::ranges::find(kNames, tool) != kNames.end();
}

template <class T>
concept Filter = requires(const T& command, std::span<const NamedText> inputs) {
  { run(command, inputs) } -> std::same_as<Output>;
};

}  // namespace

std::string to_text(const UnknownCommand& command) { return join_words(command.args); }

std::string to_text(const Command& command) {
  return std::visit([](const auto& typed) { return to_text(typed); }, command);
}

std::span<const std::string_view> tool_names() { return kToolNames; }

bool is_known_unmodelled(std::string_view tool) {
  return std::ranges::binary_search(kUnmodelled, tool);
}

Output command_not_found(std::string_view name) {
  if (is_known_unmodelled(name)) {
    const std::string_view substitute = substitute_for(name);
    const std::string hint = substitute.empty() ? "" : fmt::format(" (close: {})", substitute);
    return failure(fmt::format("lvslab: {} is not modelled{}\n", name, hint), 127);
  }
  std::string text = fmt::format("bash: {}: command not found\n", name);
  const auto near = close_matches(name, kToolNames);
  for (std::size_t i = 0; i < near.size(); ++i) {
    text += (i == 0 ? "lvslab: modelled commands close to it: " : ", ") + std::string(near[i]);
  }
  return failure(std::move(text), 127);
}

Parsed<Command> parse_command(Args args) {
  if (args.empty()) return Command(TrueCommand{});
  const std::string_view name = without_system_directory(args[0]);
  if (const Tool* tool = find_tool(name)) {
    const bool empty = std::ranges::any_of(args, [](const std::string& a) { return a.empty(); });
    if (empty && !takes_empty_words(name)) {
      return std::unexpected(not_modelled(name, "an empty argument"));
    }
    if (name == args[0]) return tool->parse(args);
    std::vector<std::string> plain(args.begin(), args.end());
    plain[0] = std::string(name);
    return tool->parse(plain);
  }
  if (name.contains('/')) {
    return Command(UnknownCommand{std::vector<std::string>(args.begin(), args.end())});
  }
  if (name != args[0] && !is_known_unmodelled(name)) {
    return std::unexpected(
        failure(fmt::format("bash: {}: No such file or directory\n", args[0]), 127));
  }
  return std::unexpected(command_not_found(name));
}

bool is_filter(const Command& command) {
  return std::visit([]<class T>(const T&) { return Filter<T>; }, command);
}

std::span<const std::string> input_files(const Command& command) {
  return std::visit(
      []<class T>(const T& typed) -> std::span<const std::string> {
        if constexpr (Filter<T> && !std::is_same_v<T, TeeCommand>) {
          return typed.files;
        } else {
          return {};
        }
      },
      command);
}

Output run_filter(const Command& command, std::span<const NamedText> inputs) {
  return std::visit(
      [&]<class T>(const T& typed) {
        if constexpr (Filter<T>) {
          return run(typed, inputs);
        } else {
          return not_modelled(to_text(typed), "reading standard input");
        }
      },
      command);
}

Output run_filter(const Command& command, std::string_view input) {
  const NamedText standard{.name = {}, .text = input, .problem = {}};
  return run_filter(command, std::span(&standard, 1));
}

}  // namespace lvslab::command
