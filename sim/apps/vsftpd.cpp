#include "sim/apps/vsftpd.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/apps/as_bytes.h"

namespace lvslab::apps {
namespace {

constexpr std::uint32_t kFtpBacklog = 32;  // VSFTP_LISTEN_BACKLOG
constexpr std::uint16_t kFirstUserPort = 1'024;
constexpr std::string_view kNotPermitted = "550 Permission denied.";

/// Commands that anonymous users are not allowed, or that are left out here.
constexpr std::array<std::string_view, 27> kForbidden = {
    "LIST", "MDTM", "STAT", "HELP", "ABOR", "STOR", "STOU", "APPE", "MKD",
    "XMKD", "RMD",  "XRMD", "DELE", "RNFR", "RNTO", "SITE", "PASV", "EPSV",
    "PORT", "EPRT", "ALLO", "REIN", "ACCT", "SMNT", "PBSZ", "PROT", "PASS"};

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

/// Whole text as a number up to `most`.
std::optional<std::uint32_t> whole_number(std::string_view text, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "192,168,80,10,156,64".
std::optional<Endpoint> read_port_argument(std::string_view text) {
  const auto parts = parts_of(text, ',');
  if (parts.size() != 6) return std::nullopt;
  std::array<std::uint32_t, 6> n{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    const auto number = whole_number(parts[i], 255);
    if (!number) return std::nullopt;
    n[i] = *number;
  }
  return Endpoint{{n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]},
                  static_cast<std::uint16_t>(n[4] << 8 | n[5])};
}

/// "|1|192.168.80.10|40000|".
std::optional<Endpoint> read_eprt_argument(std::string_view text) {
  const auto parts = parts_of(text, '|');
  if (parts.size() != 5 || !parts[0].empty() || !parts[4].empty()) return std::nullopt;
  const auto addr = Ipv4Addr::parse(parts[2]);
  const auto port = whole_number(parts[3], 65'535);
  if (!addr || !port) return std::nullopt;
  return Endpoint{*addr, static_cast<std::uint16_t>(*port)};
}

std::string comma_text(Endpoint at) {
  const std::uint32_t a = at.addr.bits;
  return fmt::format("{},{},{},{},{},{}", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff,
                     at.port >> 8, at.port & 0xff);
}

}  // namespace

void Vsftpd::start(Step& step, AppIo& io) {
  const auto listener = io.tcp().listen(step, io.id(), {{}, conf_.port}, kFtpBacklog);
  if (!listener) {
    io.print_error(step, "500 OOPS: could not bind listening IPv4 socket\n");
    return io.exit(step, 2);
  }
  listener_ = *listener;
}

Vsftpd::Session* Vsftpd::find(SocketId socket) {
  const auto it = std::ranges::find_if(sessions_, [&](const Session& s) {
    return s.control == socket || (s.data.valid() && s.data == socket) ||
           (s.listener.valid() && s.listener == socket);
  });
  return it == sessions_.end() ? nullptr : &*it;
}

void Vsftpd::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (event.kind == SocketEventKind::kAccepted && event.listener == listener_) {
    Session& session = sessions_.emplace_back();
    session.control = event.socket;
    session.local = io.tcp().local(event.socket);
    session.remote = io.tcp().remote(event.socket);
    wait_for(step, session, FtpWait::kCommand);
    reply(step, io, session, "220 " + conf_.banner);
    return arm(step, io);
  }
  const bool accepted = event.kind == SocketEventKind::kAccepted;
  Session* session = find(accepted ? event.listener : event.socket);
  if (session == nullptr) return;
  if (event.socket != session->control) {
    on_data_event(step, io, *session, event);
  } else if (event.kind == SocketEventKind::kData) {
    session->input += as_text(event.data);
    serve(step, io, *session);
  } else if (event.kind == SocketEventKind::kPeerClosed) {
    session->peer_done = true;
    serve(step, io, *session);
  } else if (event.kind == SocketEventKind::kError) {
    session->control = {};
    hang_up(step, io, *session);
  }
  forget_ended(step, io);
}

void Vsftpd::on_timer(Step& step, AppIo& io) {
  for (Session& session : sessions_) {
    if (session.over || session.deadline > step.now()) continue;
    if (session.wait == FtpWait::kCommand) {
      reply(step, io, session, "421 Timeout.");
      hang_up(step, io, session);
    } else if (session.wait == FtpWait::kClient || session.wait == FtpWait::kConnect) {
      end_transfer(step, io, session, "425 Failed to establish connection.");
    }
  }
  forget_ended(step, io);
}

// --- the dialogue --------------------------------------------------------------------------------

void Vsftpd::serve(Step& step, AppIo& io, Session& session) {
  while (!session.over && session.wait == FtpWait::kCommand) {
    const std::size_t end = session.input.find('\n');
    if (end == std::string::npos) break;
    std::string line = session.input.substr(0, end);
    session.input.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    wait_for(step, session, FtpWait::kCommand);
    obey(step, io, session, line);
  }
  if (session.peer_done && session.wait == FtpWait::kCommand) hang_up(step, io, session);
}

void Vsftpd::obey(Step& step, AppIo& io, Session& session, std::string_view line) {
  const std::size_t blank = line.find(' ');
  const std::string verb = upper_case(line.substr(0, blank));
  const std::string argument(blank == std::string_view::npos ? "" : line.substr(blank + 1));
  if (verb.empty()) return;
  if (verb == "QUIT") {
    reply(step, io, session, "221 Goodbye.");
    return hang_up(step, io, session);
  }
  if (verb == "FEAT") {
    const std::string_view passive = conf_.passive ? " EPSV\r\n MDTM\r\n PASV\r\n" : " MDTM\r\n";
    return reply(step, io, session,
                 fmt::format("211-Features:\r\n{}{} REST STREAM\r\n SIZE\r\n TVFS\r\n211 End",
                             conf_.active ? " EPRT\r\n" : "", passive));
  }
  if (verb == "OPTS") {
    const bool utf8 = upper_case(argument) == "UTF8 ON";
    return reply(step, io, session,
                 utf8 ? "200 Always in UTF8 mode." : "501 Option not understood.");
  }
  if (!session.logged_in) {
    if (!obey_before_login(step, io, session, verb, argument)) {
      reply(step, io, session, "530 Please login with USER and PASS.");
    }
    return;
  }
  if (!obey_about_data(step, io, session, verb, argument)) {
    obey_simple(step, io, session, verb, argument);
  }
}

bool Vsftpd::obey_before_login(Step& step, AppIo& io, Session& session, std::string_view verb,
                               std::string_view argument) {
  if (verb == "USER") {
    const std::string user = upper_case(argument);
    const bool anonymous = user == "FTP" || user == "ANONYMOUS";
    session.user = anonymous ? std::string(argument) : "";
    if (!anonymous) {
      reply(step, io, session, "530 This FTP server is anonymous only.");
    } else if (conf_.no_password) {
      log_in(step, io, session);
    } else {
      reply(step, io, session, "331 Please specify the password.");
    }
    return true;
  }
  if (verb != "PASS") return false;
  if (session.user.empty()) {
    reply(step, io, session, "503 Login with USER first.");
  } else {
    log_in(step, io, session);
  }
  return true;
}

void Vsftpd::log_in(Step& step, AppIo& io, Session& session) {
  session.logged_in = true;
  reply(step, io, session, "230 Login successful.");
}

bool Vsftpd::obey_about_data(Step& step, AppIo& io, Session& session, std::string_view verb,
                             const std::string& argument) {
  if (conf_.passive && (verb == "PASV" || verb == "EPSV")) {
    listen_for_data(step, io, session, verb, argument);
  } else if (conf_.active && (verb == "PORT" || verb == "EPRT")) {
    take_target(step, io, session, verb, argument);
  } else if (verb == "RETR" || verb == "NLST") {
    if (!session.listener.valid() && session.target.port == 0) {
      reply(step, io, session, "425 Use PORT or PASV first.");
    } else if (verb == "RETR") {
      retrieve(step, io, session, argument);
    } else {
      list_names(step, io, session, argument);
    }
  } else {
    return false;
  }
  return true;
}

void Vsftpd::obey_simple(Step& step, AppIo& io, Session& session, std::string_view verb,
                         const std::string& argument) {
  if (verb == "PWD" || verb == "XPWD") {
    reply(step, io, session, fmt::format("257 \"{}\" is the current directory", session.directory));
  } else if (verb == "CWD" || verb == "XCWD") {
    change_directory(step, io, session, argument);
  } else if (verb == "CDUP" || verb == "XCUP") {
    change_directory(step, io, session, "..");
  } else if (verb == "TYPE") {
    const std::string type = upper_case(argument);
    const bool binary = type == "I" || type == "L8" || type == "L 8";
    const bool ascii = type == "A" || type == "A N";
    reply(step, io, session,
          binary  ? "200 Switching to Binary mode."
          : ascii ? "200 Switching to ASCII mode."
                  : "500 Unrecognised TYPE command.");
  } else if (verb == "SYST") {
    reply(step, io, session, "215 UNIX Type: L8");
  } else if (verb == "NOOP") {
    reply(step, io, session, "200 NOOP ok.");
  } else if (verb == "SIZE") {
    size_of(step, io, session, argument);
  } else if (verb == "REST") {
    session.restart = whole_number(argument, 0x7fff'ffff).value_or(0);
    reply(step, io, session, fmt::format("350 Restart position accepted ({}).", session.restart));
  } else if (verb == "USER") {
    const std::string user = upper_case(argument);
    reply(step, io, session,
          user == "FTP" || user == "ANONYMOUS" ? "331 Any password will do."
                                               : "530 Can't change from guest user.");
  } else if (std::ranges::find(kForbidden, verb) != kForbidden.end()) {
    reply(step, io, session, kNotPermitted);
  } else {
    reply(step, io, session, "500 Unknown command.");
  }
}

// --- files ---------------------------------------------------------------------------------------

/// The name as the client sees it, from its root on; nothing lies above that.
std::string Vsftpd::path_in(const Session& session, std::string_view name) const {
  const std::string whole =
      name.starts_with('/') ? std::string(name) : session.directory + "/" + std::string(name);
  std::vector<std::string_view> steps;
  for (const std::string_view part : parts_of(whole, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      steps.push_back(part);
    } else if (!steps.empty()) {
      steps.pop_back();
    }
  }
  std::string path;
  for (const std::string_view part : steps) path += fmt::format("/{}", part);
  return path.empty() ? "/" : path;
}

std::string Vsftpd::real_path(const Session& session, std::string_view name) const {
  const std::string path = path_in(session, name);
  return path == "/" ? conf_.root : conf_.root + path;
}

void Vsftpd::change_directory(Step& step, AppIo& io, Session& session, const std::string& name) {
  if (!io.is_directory(real_path(session, name))) {
    return reply(step, io, session, "550 Failed to change directory.");
  }
  session.directory = path_in(session, name);
  reply(step, io, session, "250 Directory successfully changed.");
}

void Vsftpd::size_of(Step& step, AppIo& io, Session& session, const std::string& name) {
  const std::string path = real_path(session, name);
  const auto text = io.is_directory(path) ? std::nullopt : io.read_file(path);
  reply(step, io, session,
        text ? fmt::format("213 {}", text->size()) : "550 Could not get file size.");
}

void Vsftpd::retrieve(Step& step, AppIo& io, Session& session, const std::string& name) {
  const std::size_t restart = std::exchange(session.restart, 0);
  const std::string path = real_path(session, name);
  auto text = io.is_directory(path) ? std::nullopt : io.read_file(path);
  if (!text) return reply(step, io, session, "550 Failed to open file.");
  session.opening =
      fmt::format("150 Opening BINARY mode data connection for {} ({} bytes).", name, text->size());
  session.closing = "226 Transfer complete.";
  session.content = text->substr(std::min(restart, text->size()));
  open_data(step, io, session);
}

void Vsftpd::list_names(Step& step, AppIo& io, Session& session, const std::string& name) {
  const std::string path = real_path(session, name);
  session.content.clear();
  if (io.is_directory(path)) {
    for (const std::string& entry : io.list_directory(path)) {
      if (!entry.starts_with('.')) session.content += entry + "\r\n";
    }
  } else if (io.read_file(path)) {
    session.content = name + "\r\n";
  }
  session.opening = "150 Here comes the directory listing.";
  session.closing = "226 Directory send OK.";
  open_data(step, io, session);
}

// --- data connections ----------------------------------------------------------------------------

// A connection that was never accepted goes with its listener, by a reset.
void Vsftpd::forget_data(Step& step, AppIo& io, Session& session) {
  if (session.listener.valid() && session.data.valid()) {
    io.tcp().abort(step, std::exchange(session.data, SocketId{}));
  }
  for (SocketId* socket : {&session.data, &session.listener}) {
    if (socket->valid()) io.tcp().close(step, *socket);
    *socket = {};
  }
  session.target = {};
}

// vsf_privop_pasv_listen(): a port of the range by lot.
void Vsftpd::listen_for_data(Step& step, AppIo& io, Session& session, std::string_view verb,
                             const std::string& argument) {
  const bool extended = verb == "EPSV";
  if (extended && !argument.empty()) {
    if (upper_case(argument) == "ALL") return reply(step, io, session, "200 EPSV ALL ok.");
    if (argument != "1") return reply(step, io, session, "522 Bad network protocol.");
  }
  forget_data(step, io, session);
  constexpr int kTries = 9;
  Endpoint at = session.local;
  for (int i = 0; i < kTries && !session.listener.valid(); ++i) {
    const std::uint32_t count = std::uint32_t{conf_.last_port} - conf_.first_port + 1;
    at.port = static_cast<std::uint16_t>(conf_.first_port + step.random().below(count));
    session.listener = io.tcp().listen(step, io.id(), at, 1).value_or(SocketId{});
  }
  if (!session.listener.valid()) {
    reply(step, io, session, "500 OOPS: vsf_sysutil_bind");
    return hang_up(step, io, session);
  }
  if (extended) {
    return reply(step, io, session,
                 fmt::format("229 Entering Extended Passive Mode (|||{}|)", at.port));
  }
  if (!conf_.passive_addr.is_any()) at.addr = conf_.passive_addr;
  reply(step, io, session, fmt::format("227 Entering Passive Mode ({}).", comma_text(at)));
}

void Vsftpd::take_target(Step& step, AppIo& io, Session& session, std::string_view verb,
                         const std::string& argument) {
  const bool extended = verb == "EPRT";
  forget_data(step, io, session);
  const auto target = extended ? read_eprt_argument(argument) : read_port_argument(argument);
  if (!target) {
    return reply(step, io, session,
                 extended ? "500 Bad EPRT command." : "500 Illegal PORT command.");
  }
  const bool own = target->addr == session.remote.addr && target->port >= kFirstUserPort;
  if (!own && !conf_.any_target) {
    return reply(step, io, session, fmt::format("500 Illegal {} command.", verb));
  }
  session.target = *target;
  reply(step, io, session,
        fmt::format("200 {} command successful. Consider using {}.", verb,
                    extended ? "EPSV" : "PASV"));
}

/// The client may have connected already, or will; or it is for the server to connect.
void Vsftpd::open_data(Step& step, AppIo& io, Session& session) {
  session.sent = 0;
  if (session.listener.valid()) {
    wait_for(step, session, FtpWait::kClient);
    if (session.data.valid()) begin_transfer(step, io, session);
    return;
  }
  const Endpoint from{session.local.addr, conf_.from_port_20 ? conf_.data_port : std::uint16_t{0}};
  const auto socket = io.tcp().connect_sharing_port(step, io.id(), from, session.target);
  if (!socket) return end_transfer(step, io, session, "425 Failed to establish connection.");
  session.data = *socket;
  wait_for(step, session, FtpWait::kConnect);
}

void Vsftpd::begin_transfer(Step& step, AppIo& io, Session& session) {
  const bool stranger = io.tcp().remote(session.data).addr != session.remote.addr;
  if (session.listener.valid() && stranger && !conf_.any_peer) {
    return end_transfer(step, io, session, "425 Security: Bad IP connecting.");
  }
  io.tcp().prefer_throughput(session.data);
  reply(step, io, session, session.opening);
  pump(step, io, session);
}

void Vsftpd::pump(Step& step, AppIo& io, Session& session) {
  wait_for(step, session, FtpWait::kRoom);
  if (session.sent < session.content.size()) {
    const std::string_view rest = std::string_view(session.content).substr(session.sent);
    session.sent += io.tcp().send(step, session.data, as_bytes(rest));
    if (session.sent < session.content.size()) return;
  }
  wait_for(step, session, FtpWait::kEnd);
  if (io.tcp().close_and_wait(step, session.data)) return;
  session.data = {};
  end_transfer(step, io, session, session.closing);
}

void Vsftpd::end_transfer(Step& step, AppIo& io, Session& session, std::string_view text) {
  if (session.data.valid()) io.tcp().close(step, session.data);
  session.data = {};
  reply(step, io, session, text);
  forget_data(step, io, session);
  session.content.clear();
  wait_for(step, session, FtpWait::kCommand);
  serve(step, io, session);
}

void Vsftpd::on_data_event(Step& step, AppIo& io, Session& session, const SocketEvent& event) {
  switch (event.kind) {
    case SocketEventKind::kAccepted:
      if (session.data.valid()) {  // one is enough
        io.tcp().close(step, event.socket);
        return;
      }
      session.data = event.socket;
      if (session.wait == FtpWait::kClient) begin_transfer(step, io, session);
      return;
    case SocketEventKind::kConnected:
      if (session.wait == FtpWait::kConnect) begin_transfer(step, io, session);
      return;
    case SocketEventKind::kWritable:
      if (session.wait == FtpWait::kRoom) pump(step, io, session);
      return;
    case SocketEventKind::kFinAcked:
      if (session.wait == FtpWait::kEnd) end_transfer(step, io, session, session.closing);
      return;
    case SocketEventKind::kError: {
      session.data = {};
      if (session.wait == FtpWait::kConnect) {
        end_transfer(step, io, session, "425 Failed to establish connection.");
      } else if (session.wait == FtpWait::kRoom || session.wait == FtpWait::kEnd) {
        end_transfer(step, io, session, "426 Failure writing network stream.");
      }
      return;
    }
    case SocketEventKind::kData:
    case SocketEventKind::kPeerClosed: return;
  }
}

// --- sessions ------------------------------------------------------------------------------------

void Vsftpd::reply(Step& step, AppIo& io, const Session& session, std::string_view text) {
  if (session.control.valid()) {
    io.tcp().send(step, session.control, as_bytes(fmt::format("{}\r\n", text)));
  }
}

void Vsftpd::hang_up(Step& step, AppIo& io, Session& session) {
  if (session.over) return;
  forget_data(step, io, session);
  if (session.control.valid()) io.tcp().close(step, session.control);
  session.control = {};
  session.over = true;
}

void Vsftpd::wait_for(Step& step, Session& session, FtpWait what) const {
  session.wait = what;
  switch (what) {
    case FtpWait::kCommand: session.deadline = step.now() + conf_.idle; break;
    case FtpWait::kClient: session.deadline = step.now() + conf_.accept; break;
    case FtpWait::kConnect: session.deadline = step.now() + conf_.connect; break;
    default: session.deadline = SimTime::never(); break;
  }
}

void Vsftpd::forget_ended(Step& step, AppIo& io) {
  std::erase_if(sessions_, &Session::over);
  arm(step, io);
}

void Vsftpd::arm(Step& step, AppIo& io) {
  SimTime first = SimTime::never();
  for (const Session& session : sessions_) first = std::min(first, session.deadline);
  io.set_timer(step, first);
}

}  // namespace lvslab::apps
