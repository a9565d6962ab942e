#include "kernel-backend/tables_sockets.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "kernel-backend/tables_proc.h"

namespace lvslab::kernel {
namespace {

/// tcp_states.h: the kernel tells half-open connections as SYN_RECV, but newer ones may not.
constexpr std::uint8_t kNewSynRecv = 12;

Ipv4Addr addr_of(const __be32* address) {
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), address, bytes.size());
  return load_ipv4(bytes.data());
}

IpAddr addr_of(std::uint8_t family, const __be32* address) {
  if (family == AF_INET) return addr_of(address);
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), address, bytes.size());
  return load_ipv6(bytes.data());
}

std::uint16_t port_of(__be16 port) {
  std::array<std::uint8_t, 2> bytes{};
  std::memcpy(bytes.data(), &port, bytes.size());
  return load_be16(bytes.data());
}

std::optional<TcpState> state_of(std::uint32_t number) {
  if (number == kNewSynRecv) return TcpState::kSynRecv;
  if (number < 1 || number > static_cast<std::uint32_t>(TcpState::kClosing)) return std::nullopt;
  return static_cast<TcpState>(number);
}

/// /proc prints an address as the number that its four bytes are in the machine's order.
Ipv4Addr proc_addr(std::uint32_t number) { return addr_of(&number); }

}  // namespace

std::optional<SocketSeen> parse_inet_diag(Bytes body, SocketProto proto) {
  if (body.size() < sizeof(inet_diag_msg)) return std::nullopt;
  const auto m = load_native<inet_diag_msg>(body);
  const auto state = state_of(m.idiag_state);
  if ((m.idiag_family != AF_INET && m.idiag_family != AF_INET6) || !state) return std::nullopt;
  SocketSeen seen;
  seen.inode = m.idiag_inode;
  SocketRow& row = seen.row;
  row.proto = proto;
  row.local = addr_of(m.idiag_family, m.id.idiag_src);
  row.local_port = port_of(m.id.idiag_sport);
  row.remote = addr_of(m.idiag_family, m.id.idiag_dst);
  row.remote_port = port_of(m.id.idiag_dport);
  row.state = *state;
  row.recv_q = m.idiag_rqueue;
  row.send_q = m.idiag_wqueue;
  row.id = m.id.idiag_cookie[0];
  return seen;
}

std::optional<SocketSeen> parse_proc_udp(std::string_view line) {
  Words words(line, " \t:");
  words.next();  // the slot of the hash
  SocketSeen seen;
  SocketRow& row = seen.row;
  row.proto = SocketProto::kUdp;
  row.local = proc_addr(words.number<std::uint32_t>(16));
  row.local_port = words.number<std::uint16_t>(16);
  row.remote = proc_addr(words.number<std::uint32_t>(16));
  row.remote_port = words.number<std::uint16_t>(16);
  const auto state = state_of(words.number<std::uint8_t>(16));
  row.send_q = words.number<std::uint32_t>(16);
  row.recv_q = words.number<std::uint32_t>(16);
  for (int skipped = 0; skipped < 5; ++skipped) words.next();  // timer, when, retries, uid, timeout
  seen.inode = words.number<std::uint32_t>(10);
  if (!words.good() || !state) return std::nullopt;
  row.state = *state;
  row.id =
      row.local.hash() * 31 + row.remote.hash() * 17 + row.local_port * 65'537U + row.remote_port;
  return seen;
}

// --- owners --------------------------------------------------------------------------------------

namespace {

/// The inode of "socket:[12345]".
std::optional<std::uint32_t> socket_inode(const std::string& link) {
  std::array<char, 64> text{};
  const ssize_t size = ::readlink(link.c_str(), text.data(), text.size());
  if (size <= 0) return std::nullopt;
  std::string_view target(text.data(), static_cast<std::size_t>(size));
  constexpr std::string_view kHead = "socket:[";
  if (!target.starts_with(kHead) || !target.ends_with(']')) return std::nullopt;
  target.remove_prefix(kHead.size());
  target.remove_suffix(1);
  Words word(target);
  const auto inode = word.number<std::uint32_t>(10);
  return word.good() ? std::optional(inode) : std::nullopt;
}

/// What netstat calls a program: the last part of argv[0]; a kernel thread has none.
ShortName program_of(const std::string& process) {
  const std::string command = read_proc_file(process + "/cmdline").value_or("");
  std::string_view name = std::string_view(command).substr(0, command.find('\0'));
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  return name;
}

}  // namespace

std::vector<SocketOwner> socket_owners(const std::string& proc) {
  std::vector<SocketOwner> owners;
  for (const Entry& entry : entries_of(proc)) {
    Words word(entry.name);
    const auto pid = word.number<std::uint32_t>(10);
    if (!word.good()) continue;
    const std::string process = proc + "/" + entry.name;
    std::optional<ShortName> program;
    for (const Entry& fd : entries_of(process + "/fd")) {
      const auto inode = socket_inode(process + "/fd/" + fd.name);
      if (!inode) continue;
      if (!program) program = program_of(process);
      Words number(fd.name);
      owners.push_back({*inode, pid, number.number<std::uint32_t>(10), *program});
    }
  }
  std::ranges::sort(owners, {},
                    [](const SocketOwner& o) { return std::tuple(o.inode, o.pid, o.fd); });
  return owners;
}

// --- asking --------------------------------------------------------------------------------------

namespace {

std::expected<std::vector<SocketSeen>, int> dump_sockets(NetlinkReader& diag, SocketProto proto,
                                                         std::uint8_t family) {
  inet_diag_req_v2 request{};
  request.sdiag_family = family;
  request.sdiag_protocol = static_cast<std::uint8_t>(proto);
  request.idiag_states = ~0U;
  const auto answer = diag.dump(SOCK_DIAG_BY_FAMILY, NetlinkBody(request));
  if (!answer) return std::unexpected(answer.error());
  std::vector<SocketSeen> seen;
  Bytes rest = *answer;
  NetlinkMessage message;
  while (next_message(rest, message)) {
    if (auto socket = parse_inet_diag(message.body, proto)) seen.push_back(*socket);
  }
  return seen;
}

std::vector<SocketSeen> udp_of_proc(const std::string& proc) {
  std::vector<SocketSeen> seen;
  const std::string text = read_proc_file(proc + "/net/udp").value_or("");
  std::string_view rest = text, line;
  while (next_line(rest, line)) {
    if (auto socket = parse_proc_udp(line)) seen.push_back(*socket);
  }
  return seen;
}

auto place_of(const SocketRow& r) {
  return std::tuple(r.proto, r.state != TcpState::kListen, r.local, r.local_port, r.remote,
                    r.remote_port);
}

}  // namespace

Result<void> read_sockets(NetlinkReader& diag, const std::string& proc,
                          const std::string& processes, HostTables& tables) {
  tables.sockets.clear();
  auto seen = dump_sockets(diag, SocketProto::kTcp, AF_INET);
  if (!seen) return fail(std::string("reading the TCP sockets: ") + std::strerror(seen.error()));
  const auto tcp6 = dump_sockets(diag, SocketProto::kTcp, AF_INET6);
  if (tcp6) seen->insert(seen->end(), tcp6->begin(), tcp6->end());
  const auto udp = dump_sockets(diag, SocketProto::kUdp, AF_INET);
  if (!udp && udp.error() != ENOENT && udp.error() != EOPNOTSUPP) {
    return fail(std::string("reading the UDP sockets: ") + std::strerror(udp.error()));
  }
  const std::vector<SocketSeen> udp_rows = udp ? *udp : udp_of_proc(proc);
  seen->insert(seen->end(), udp_rows.begin(), udp_rows.end());
  const auto udp6 = dump_sockets(diag, SocketProto::kUdp, AF_INET6);
  if (udp6) seen->insert(seen->end(), udp6->begin(), udp6->end());
  if (seen->empty()) return {};  // most hosts of a lab: nothing to look for
  const std::vector<SocketOwner> owners = socket_owners(processes);
  for (SocketSeen& socket : *seen) {
    const auto owner = std::ranges::lower_bound(owners, socket.inode, {}, &SocketOwner::inode);
    if (socket.inode != 0 && owner != owners.end() && owner->inode == socket.inode) {
      socket.row.pid = owner->pid;
      socket.row.program = owner->program;
      socket.row.fd = owner->fd;
    }
    tables.sockets.push_back(socket.row);
  }
  std::ranges::sort(tables.sockets, {}, place_of);
  return {};
}

}  // namespace lvslab::kernel
