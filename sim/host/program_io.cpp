#include "sim/host/program_io.h"

#include <fmt/format.h>

#include "sim/base/calendar.h"
#include "sim/keepalived/coarse_clock.h"
#include "sim/wire/udp.h"

namespace lvslab::host {

void ProgramIo::print(Step& step, std::string_view text) {
  wiring_.program_prints(step, app_, 1, text);
}

void ProgramIo::print_error(Step& step, std::string_view text) {
  wiring_.program_prints(step, app_, 2, text);
}

void ProgramIo::exit(Step&, int status) { wiring_.program_exits(app_, status); }

void ProgramIo::set_timer(Step& step, SimTime at) {
  if (at == SimTime::never()) return process().timer.cancel();
  process().timer.set(step.timers(), at, TimerKind::kProcess, app_);
}

std::uint32_t ProgramIo::pid() const { return process().pid; }

std::expected<Ipv4Addr, command::NameError> ProgramIo::resolve(std::string_view name) const {
  if (const auto addr = command::resolve_host(name, wiring_.host_names())) return *addr;
  const apps::Resolver::Answer* told = process().names.find(name);
  if (told == nullptr) return std::unexpected(command::NameError::kUnknown);
  if (!*told) return std::unexpected(told->error());
  return (*told)->front();
}

// Name servers tell addresses of IPv4 alone.
std::expected<Ipv4Addr, command::NameError> ProgramIo::resolve6(std::string_view name) const {
  auto addr = Ipv6Addr::parse(name);
  if (!addr && has_ipv6()) {
    addr = command::find_host6(wiring_.read_file("/etc/hosts").value_or(""), name);
  }
  if (!addr) return std::unexpected(command::NameError::kUnknown);
  return wiring_.network().world().names.name_of(*addr);
}

Ipv4Addr ProgramIo::name_of_ipv6(Ipv6Addr addr) {
  return wiring_.network().world().names.name_of(addr);
}

bool ProgramIo::has_ipv6() const { return ip::has_ipv6(wiring_.host().ip); }

std::vector<Ipv4Addr> ProgramIo::addresses_of(std::string_view name) const {
  const apps::Resolver::Answer* told = process().names.find(name);
  if (told == nullptr || !*told) return AppIo::addresses_of(name);
  return **told;
}

bool ProgramIo::look_up(Step& step, std::string_view name) {
  return wiring_.look_up(step, app_, name, apps::Resolver::Families::kInet, LookupFor::kProgram);
}

void ProgramIo::append_file(Step& step, std::string_view path, std::string_view text) {
  if (!wiring_.cannot_write(path)) wiring_.write_redirected(step, path, text, true);
}

void Wiring::write_log(Step& step, std::string_view sender, std::string_view text) {
  const CivilTime t = civil_time(keepalived::coarse_clock(step.now()));
  user().files.write("/var/log/messages",
                     fmt::format("{} {:2} {:02}:{:02}:{:02} {} {}: {}\n", t.month_name(), t.day,
                                 t.hour, t.minute, t.second, host_.name, sender, text),
                     true);
}

void ProgramIo::log(Step& step, std::string_view text) {
  wiring_.write_log(step, fmt::format("{}[{}]", process().name.view(), process().pid), text);
}

std::optional<std::string> ProgramIo::name_of(Ipv4Addr addr) const {
  for (const command::HostName& known : wiring_.host_names()) {
    if (known.addr == shown(addr)) return known.name;
  }
  return std::nullopt;
}

std::optional<std::string> ProgramIo::read_file(std::string_view path) const {
  return wiring_.read_file(path);
}

std::vector<std::string> ProgramIo::list_directory(std::string_view path) const {
  return wiring_.user().files.list(wiring_.path_of(path));
}

bool ProgramIo::is_directory(std::string_view path) const {
  return wiring_.user().files.is_directory(wiring_.path_of(path));
}

void ProgramIo::run_command(Step& step, std::uint32_t ticket, std::string_view line) {
  wiring_.run_for_program(step, app_, ticket, line);
}

bool ProgramIo::write_file(Step& step, std::string_view path, std::string_view content) {
  if (wiring_.cannot_write(path)) return false;
  return !wiring_.write_redirected(step, path, content, false);
}

std::optional<LinkRow> ProgramIo::device(std::string_view name) const {
  const IfIndex dev = ip::device_index(wiring_.host().ip, name);
  if (!dev.valid()) return std::nullopt;
  return ip::link_row(wiring_.host().ip, dev);
}

bool ProgramIo::stdout_is_terminal() const {
  const JobId job = process().job;
  return job != 0 && wiring_.job(job).shell.output_is_terminal();
}

std::vector<LinkRow> ProgramIo::devices() const {
  const ip::Stack& stack = wiring_.host().ip;
  std::vector<LinkRow> rows;
  for (std::size_t i = 0; i < stack.devices.size(); ++i) {
    rows.push_back(ip::link_row(stack, IfIndex(static_cast<std::uint16_t>(i + 1))));
  }
  return rows;
}

bool ProgramIo::is_local(Ipv4Addr addr) const {
  return addr.names_ipv6() ? wiring_.is_local(addr) : ip::has_address(wiring_.host().ip, addr);
}

bool ProgramIo::is_broadcast(Ipv4Addr addr) const {
  const bool zero_net = (addr.bits >> 24) == 0;
  return !zero_net && ip::addr_type(wiring_.host().ip, addr) == ip::AddrType::kBroadcast;
}

std::optional<AddrRow> ProgramIo::address_of(IfIndex dev) const {
  for (const ip::InAddr& addr : wiring_.host().ip.addrs) {
    if (addr.dev == dev) return ip::addr_row(wiring_.host().ip, addr);
  }
  return std::nullopt;
}

std::expected<RouteAnswer, Errno> ProgramIo::route(Step& step, const IpSend& want) {
  return wiring_.route(step, want);
}

Errno ProgramIo::send_ip(Step& step, const IpSend& how, FrameRef message) {
  return wiring_.send(step, how, message);
}

void ProgramIo::listen_icmp(std::uint16_t identifier) { process().icmp_identifier = identifier; }

std::expected<std::uint32_t, Errno> ProgramIo::udp_open(Step& step, Endpoint local) {
  const auto socket = ip::udp_bind(step, wiring_.host().ip, AppId{app_}, local, {},
                                   {process().pid, process().name});
  if (!socket) return std::unexpected(socket.error());
  return socket->value;
}

void ProgramIo::udp_never_df(std::uint32_t socket) {
  ip::udp_never_df(wiring_.host().ip, SocketId{socket});
}

Errno ProgramIo::udp_send(Step& step, std::uint32_t socket, Endpoint to, std::uint8_t ttl,
                          std::span<const std::uint8_t> data) {
  return ip::udp_send(step, wiring_.host().ip, wiring_, SocketId{socket}, to, data, ttl);
}

Errno ProgramIo::udp_connect(Step& step, std::uint32_t socket, Endpoint remote) {
  return ip::udp_connect(step, wiring_.host().ip, SocketId{socket}, remote);
}

Errno ProgramIo::udp_reply(Step& step, const apps::UdpNews& question,
                           std::span<const std::uint8_t> data) {
  return ip::udp_send(step, wiring_.host().ip, wiring_, SocketId{question.socket}, question.from,
                      data, 0, question.to.addr);
}

void ProgramIo::udp_close(Step& step, std::uint32_t socket) {
  ip::udp_close(step, wiring_.host().ip, SocketId{socket});
}

Endpoint ProgramIo::udp_local(std::uint32_t socket) const {
  const ip::UdpSocket* found = ip::udp_socket(wiring_.host().ip, SocketId{socket});
  return found == nullptr ? Endpoint{} : found->local;
}

void ProgramIo::send_frame(Step& step, IfIndex dev, FrameRef frame) {
  wiring_.transmit(step, dev, frame);
}

void ProgramIo::tap(IfIndex dev) { wiring_.tap(process(), dev); }

}  // namespace lvslab::host
