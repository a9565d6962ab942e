// curl and ftp:// URLs. Source: curl 7.88.1 lib/ftp.c, lib/pingpong.c; RFC 959, RFC 2428.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/apps/as_bytes.h"
#include "sim/apps/curl.h"
#include "sim/core/errno_text.h"

namespace lvslab::apps {
namespace {

using command::CurlCode;
using command::CurlError;
using namespace lvslab::literals;

constexpr SimDuration kAcceptLimit = 60_s;  // DEFAULT_ACCEPT_TIMEOUT
/// What getnameinfo() is not asked for, of an IPv4 socket whose address is read as one of IPv6.
constexpr std::string_view kOddNote =
    "sa_addr inet_ntop() failed with errno 97: Address family not supported by protocol";

/// The three digits that an answer begins with; 0: it does not.
int code_of(std::string_view line) {
  int code = 0;
  if (line.size() < 3) return 0;
  const std::string_view digits = line.substr(0, 3);
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), code);
  return error == std::errc{} && end == digits.end() ? code : 0;
}

/// The numbers of "(10,0,0,2,175,165)", from wherever they begin.
std::optional<Endpoint> address_in_pasv(std::string_view line) {
  for (std::size_t at = 4; at < line.size(); ++at) {
    std::array<unsigned, 6> n{};
    const char* from = line.data() + at;
    const char* const end = line.data() + line.size();
    std::size_t count = 0;
    while (count < n.size()) {
      const auto [next, error] = std::from_chars(from, end, n[count]);
      if (error != std::errc{} || n[count] > 255) break;
      from = next;
      if (++count < n.size() && (from == end || *from++ != ',')) break;
    }
    if (count != n.size()) continue;
    return Endpoint{{n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]},
                    static_cast<std::uint16_t>(n[4] << 8 | n[5])};
  }
  return std::nullopt;
}

/// The port of "(|||55409|)".
std::optional<std::uint16_t> port_in_epsv(std::string_view line) {
  const std::size_t open = line.find('(');
  if (open == std::string_view::npos || open + 4 >= line.size()) return std::nullopt;
  const char mark = line[open + 1];
  if (line[open + 2] != mark || line[open + 3] != mark) return std::nullopt;
  std::uint16_t port = 0;
  const char* const from = line.data() + open + 4;
  const auto [end, error] = std::from_chars(from, line.data() + line.size(), port);
  if (error != std::errc{} || end == line.data() + line.size() || *end != mark) return std::nullopt;
  return port;
}

/// The path that a 257 has in quotes.
std::optional<std::string> quoted_path(std::string_view line) {
  const std::size_t open = line.find('"');
  const std::size_t close = line.find('"', open + 1);
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  return std::string(line.substr(open + 1, close - open - 1));
}

/// -P: "-", "192.168.80.10:40000-40010", "eth0", ":40000".
struct PortWish {
  std::string host;
  std::uint32_t first = 0, last = 0;
};
PortWish read_wish(std::string_view text) {
  PortWish wish;
  const std::size_t colon = text.find(':');
  wish.host = text == "-" ? "" : std::string(text.substr(0, colon));
  if (colon == std::string_view::npos) return wish;
  text.remove_prefix(colon + 1);
  const auto number = [](std::string_view digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value <= 65'535 ? value : 0;
  };
  const std::size_t dash = text.find('-');
  wish.first = number(text.substr(0, dash));
  wish.last = dash == std::string_view::npos ? wish.first : number(text.substr(dash + 1));
  if (wish.last < wish.first) wish.first = wish.last = 0;
  return wish;
}

}  // namespace

// --- the dialogue --------------------------------------------------------------------------------

void Curl::ftp_begin(Step& step, AppIo& io) {
  ftp_ = {};
  ftp_.stage = FtpStage::kGreeting;
  const std::string path = url_.path.substr(0, url_.path.find('?')).substr(1);
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t slash = path.find('/', at);
    if (slash == std::string::npos) break;
    if (slash > at) ftp_.directories.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  ftp_.file = path.substr(path.rfind('/') + 1);
  phase_ = Phase::kFtp;
  arm(step, io);
}

void Curl::ftp_say(Step& step, AppIo& io, FtpStage stage, std::string_view line) {
  verbose(step, io, fmt::format("> {}\r\n", line));
  ftp_.stage = stage;
  const std::string text = fmt::format("{}\r\n", line);
  transfer_.size_request += text.size();
  io.tcp().send(step, socket_, as_bytes(text));
}

void Curl::ftp_on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (event.socket != socket_) return ftp_on_data_socket(step, io, event);
  switch (event.kind) {
    case SocketEventKind::kData: return ftp_read(step, io, as_text(event.data));
    case SocketEventKind::kPeerClosed:
    case SocketEventKind::kError: {
      const bool reset = event.kind == SocketEventKind::kError;
      if (reset) socket_ = {};
      if (ftp_.stage == FtpStage::kClosing && !reset) return;  // after the farewell
      if (ftp_.stage == FtpStage::kQuit || ftp_.stage == FtpStage::kClosing) {
        close_socket(step, io);
        ftp_ = {};
        return run(step, io);
      }
      const int number = reset ? static_cast<int>(event.error) : 0;
      return ftp_done(
          step, io,
          {CurlCode::kRecvError, fmt::format("response reading failed (errno: {})", number)},
          false);
    }
    default: return;
  }
}

void Curl::ftp_read(Step& step, AppIo& io, std::string_view data) {
  ftp_.input += data;
  for (;;) {
    const std::size_t end = ftp_.input.find('\n');
    if (end == std::string::npos || phase_ != Phase::kFtp) return;
    std::string line = ftp_.input.substr(0, end);
    ftp_.input.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    transfer_.size_header += line.size() + 2;
    if (ftp_.stage != FtpStage::kQuit) verbose(step, io, fmt::format("< {}\r\n", line));
    const int code = code_of(line);
    if (code == 0 || line.size() < 4 || line[3] != ' ') continue;  // more lines follow
    transfer_.response_code = code;
    ftp_answer(step, io, code, line);
  }
}

void Curl::ftp_answer(Step& step, AppIo& io, int code, std::string_view line) {
  switch (ftp_.stage) {
    case FtpStage::kGreeting:
    case FtpStage::kUser:
    case FtpStage::kPass:
    case FtpStage::kPwd:
    case FtpStage::kCwd: return ftp_answer_to_login(step, io, code, line);
    case FtpStage::kEpsv:
    case FtpStage::kPasv:
    case FtpStage::kEprt:
    case FtpStage::kPort: return ftp_answer_about_data(step, io, code, line);
    case FtpStage::kQuit:
      // What else comes at this moment is read before the connection is closed.
      ftp_.stage = FtpStage::kClosing;
      return io.set_timer(step, step.now());
    default: return ftp_answer_to_transfer(step, io, code, line);
  }
}

void Curl::ftp_answer_to_login(Step& step, AppIo& io, int code, std::string_view line) {
  const bool positive = code / 100 == 2;
  switch (ftp_.stage) {
    case FtpStage::kGreeting:
      if (code != 220) {
        return ftp_done(
            step, io,
            {CurlCode::kWeirdServerReply,
             fmt::format("Got a {:03} ftp-server response when 220 was expected", code)},
            false);
      }
      return ftp_say(step, io, FtpStage::kUser, "USER anonymous");
    case FtpStage::kUser:
      if (code == 331) return ftp_say(step, io, FtpStage::kPass, "PASS ftp@example.com");
      [[fallthrough]];
    case FtpStage::kPass:
      if (!positive) {
        return ftp_done(step, io,
                        {CurlCode::kLoginDenied, fmt::format("Access denied: {:03}", code)}, false);
      }
      return ftp_say(step, io, FtpStage::kPwd, "PWD");
    case FtpStage::kPwd:
      if (const auto path = code == 257 ? quoted_path(line) : std::nullopt) {
        transfer_.ftp_entry_path = *path;
        verbose(step, io, fmt::format("* Entry path is '{}'\n", *path));
      }
      if (ftp_.directories.empty()) {
        verbose(step, io, "* Request has same path as previous transfer\n");
      }
      return ftp_enter(step, io);
    default: break;
  }
  if (!positive) {
    return ftp_done(
        step, io,
        {CurlCode::kRemoteAccessDenied, "Server denied you to change to the given directory"},
        true);
  }
  ++ftp_.entered;
  ftp_enter(step, io);
}

/// The next directory of the path, or the data connection.
void Curl::ftp_enter(Step& step, AppIo& io) {
  if (ftp_.entered < ftp_.directories.size()) {
    ftp_say(step, io, FtpStage::kCwd, "CWD " + ftp_.directories[ftp_.entered]);
  } else {
    ftp_ask_for_data(step, io);
  }
  if (std::exchange(ftp_.told_perform, true)) return;
  verbose(step, io,
          fmt::format("* ftp_perform ends with SECONDARY: {}\n", ftp_.listener.valid() ? 1 : 0));
}

// --- the data connection -------------------------------------------------------------------------

void Curl::ftp_ask_for_data(Step& step, AppIo& io) {
  if (!command.ftp_port.empty()) return ftp_listen(step, io);
  if (command.no_epsv) {
    ftp_ask_pasv(step, io);
  } else {
    ftp_.by_epsv = true;
    ftp_say(step, io, FtpStage::kEpsv, "EPSV");
  }
  verbose(step, io, "* Connect data stream passively\n");
}

void Curl::ftp_ask_pasv(Step& step, AppIo& io) {
  ftp_.by_epsv = false;
  ftp_say(step, io, FtpStage::kPasv, "PASV");
}

// ftp_state_use_port(): listens where the server shall connect to.
void Curl::ftp_listen(Step& step, AppIo& io) {
  const PortWish wish = read_wish(command.ftp_port);
  Endpoint at = io.tcp().local(socket_);
  if (const auto device = io.device(wish.host)) {
    const auto addr = io.address_of(device->dev);
    if (addr) at.addr = addr->local.addr;
  } else if (!wish.host.empty()) {
    const auto addr = io.resolve(wish.host);
    if (!addr) {
      return ftp_done(
          step, io,
          {CurlCode::kFtpPortFailed,
           fmt::format("failed to resolve the address provided to PORT: {}", wish.host)},
          true);
    }
    at.addr = *addr;
  }
  constexpr std::uint32_t kFirstFree = 32'768, kFree = 28'232, kTries = 64;
  for (std::uint32_t i = 0; !ftp_.listener.valid(); ++i) {
    if (wish.first == 0 ? i == kTries : wish.first + i > wish.last) {
      return ftp_done(step, io, {CurlCode::kFtpPortFailed, "bind() failed, we ran out of ports!"},
                      true);
    }
    at.port = static_cast<std::uint16_t>(wish.first == 0 ? kFirstFree + step.random().below(kFree)
                                                         : wish.first + i);
    ftp_.listener = io.tcp().listen(step, io.id(), at, 1).value_or(SocketId{});
  }
  ftp_.data_target = at;
  ftp_say_where(step, io, !command.no_eprt);
}

void Curl::ftp_say_where(Step& step, AppIo& io, bool extended) {
  const Endpoint at = ftp_.data_target;
  const std::string addr = at.addr.to_string();
  if (extended) {
    ftp_say(step, io, FtpStage::kEprt, fmt::format("EPRT |1|{}|{}|", addr, at.port));
  } else {
    std::string commas = addr;
    std::ranges::replace(commas, '.', ',');
    ftp_say(step, io, FtpStage::kPort,
            fmt::format("PORT {},{},{}", commas, at.port >> 8, at.port & 0xff));
  }
  if (ftp_.first_error.empty()) {
    verbose(step, io, fmt::format("* {}\n", kOddNote));
    ftp_.first_error = kOddNote;
  }
}

void Curl::ftp_answer_about_data(Step& step, AppIo& io, int code, std::string_view line) {
  const bool positive = code / 100 == 2;
  if (ftp_.stage == FtpStage::kEprt && !positive) {
    verbose(step, io, "* disabling EPRT usage\n");
    return ftp_say_where(step, io, false);
  }
  if (ftp_.stage == FtpStage::kPort && !positive) {
    return ftp_done(step, io, {CurlCode::kFtpPortFailed, "Failed to do PORT"}, true);
  }
  if (ftp_.stage == FtpStage::kEprt || ftp_.stage == FtpStage::kPort) {
    verbose(step, io, "* Connect data stream actively\n");
    return ftp_data_ready(step, io);
  }
  ftp_.data_target = {remote_, 0};
  if (ftp_.stage == FtpStage::kEpsv) {
    const auto port = code == 229 ? port_in_epsv(line) : std::nullopt;
    if (!port) {
      verbose(step, io, "* Failed EPSV attempt. Disabling EPSV\n");
      return ftp_ask_pasv(step, io);
    }
    ftp_.data_target.port = *port;
    return ftp_connect_data(step, io);
  }
  const auto target = code == 227 ? address_in_pasv(line) : std::nullopt;
  if (!target) {
    return ftp_done(
        step, io,
        {CurlCode::kFtpWeirdPasvReply, fmt::format("Bad PASV/EPSV response: {:03}", code)}, true);
  }
  ftp_.data_target.port = target->port;
  if (command.believes_pasv) {
    ftp_.data_target.addr = target->addr;
  } else {
    verbose(step, io,
            fmt::format("* Skip {} for data connection, re-use {} instead\n",
                        target->addr.to_string(), url_.host));
  }
  ftp_connect_data(step, io);
}

void Curl::ftp_connect_data(Step& step, AppIo& io) {
  const Endpoint to = ftp_.data_target;
  const bool other = to.addr != remote_;
  const std::string addr = to.addr.to_string();
  // Numbers are looked up, too: what was asked for before is remembered, with its port.
  if (std::ranges::find(ftp_.looked_up, to) != ftp_.looked_up.end()) {
    verbose(step, io,
            fmt::format("* Hostname {} was found in DNS cache\n", other ? addr : url_.host));
  }
  ftp_.looked_up.push_back(to);
  verbose(step, io,
          fmt::format("* Connecting to {} ({}) port {}\n*   Trying {}:{}...\n",
                      other ? addr : url_.host, addr, to.port, addr, to.port));
  ftp_.stage = FtpStage::kDataConnect;
  const auto socket = io.tcp().connect(step, io.id(), {}, to, {});
  if (!socket) {
    return ftp_data_failed(step, io,
                           command::curl_verbose_address_immediate_fail(
                               io.shown(to.addr), errno_text(socket.error())));
  }
  ftp_.data = *socket;
}

void Curl::ftp_data_failed(Step& step, AppIo& io, std::string_view told) {
  ftp_.data = {};
  const CurlError why = command::curl_could_not_connect(url_, since_start(step));
  verbose(step, io, told);
  if (ftp_.by_epsv) {
    verbose(step, io, fmt::format("* {}\n* Failed EPSV attempt. Disabling EPSV\n", why.message));
    return ftp_ask_pasv(step, io);
  }
  ftp_done(step, io, why, false);
}

void Curl::ftp_data_ready(Step& step, AppIo& io) {
  ftp_say(step, io, FtpStage::kType, command.list_only ? "TYPE A" : "TYPE I");
}

void Curl::ftp_on_data_socket(Step& step, AppIo& io, const SocketEvent& event) {
  const bool data = ftp_.data.valid() && event.socket == ftp_.data;
  switch (event.kind) {
    case SocketEventKind::kConnected:
      if (!data) return;
      ++transfer_.num_connects;
      verbose(step, io,
              command::curl_verbose_connected(url_, io.shown(ftp_.data_target.addr), connection_));
      return ftp_data_ready(step, io);
    case SocketEventKind::kAccepted:
      if (ftp_.data.valid()) return io.tcp().close(step, event.socket);
      ftp_.data = event.socket;
      if (ftp_.stage == FtpStage::kAccept) ftp_accepted(step, io);
      return;
    case SocketEventKind::kData:
      if (!data) return;
      if (ftp_.stage == FtpStage::kTransfer) return ftp_take_data(step, io, as_text(event.data));
      ftp_.early += as_text(event.data);
      return;
    case SocketEventKind::kPeerClosed:
    case SocketEventKind::kError: {
      if (!data) return;
      if (ftp_.stage == FtpStage::kDataConnect) {
        command::CurlUrl to = url_;
        to.port = ftp_.data_target.port;
        return ftp_data_failed(step, io,
                               command::curl_verbose_address_failed(
                                   to, io.shown(ftp_.data_target.addr), errno_text(event.error)));
      }
      if (event.kind == SocketEventKind::kError) ftp_.data = {};
      ftp_.data_ended = true;
      if (ftp_.stage == FtpStage::kTransfer) ftp_data_ended(step, io);
      return;
    }
    default: return;
  }
}

// --- the transfer --------------------------------------------------------------------------------

void Curl::ftp_answer_to_transfer(Step& step, AppIo& io, int code, std::string_view line) {
  switch (ftp_.stage) {
    case FtpStage::kType:
      if (code / 100 != 2) {
        return ftp_done(step, io, {CurlCode::kFtpCouldntSetType, "Couldn't set desired mode"},
                        true);
      }
      if (command.list_only) return ftp_say(step, io, FtpStage::kRetr, "NLST");
      return ftp_say(step, io, FtpStage::kSize, "SIZE " + ftp_.file);
    case FtpStage::kSize:
      if (code == 550) {
        return ftp_done(step, io, {CurlCode::kRemoteFileNotFound, "The file does not exist"}, true);
      }
      if (code == 213) {
        std::uint64_t size = 0;
        std::from_chars(line.data() + 4, line.data() + line.size(), size);
        ftp_.size = size;
      }
      return ftp_say(step, io, FtpStage::kRetr, "RETR " + ftp_.file);
    case FtpStage::kRetr:
      if (code != 150 && code != 125) {
        const CurlCode why =
            code == 550 ? CurlCode::kRemoteFileNotFound : CurlCode::kFtpCouldntRetrFile;
        return ftp_done(step, io, {why, fmt::format("RETR response: {:03}", code)}, true);
      }
      verbose(step, io, "* Maxdownload = -1\n");
      if (ftp_.size) verbose(step, io, fmt::format("* Getting file with size: {}\n", *ftp_.size));
      if (ftp_.listener.valid()) {
        verbose(step, io,
                "* Preparing for accepting server on data port\n* Checking for server connect\n");
        ftp_.stage = FtpStage::kAccept;
        if (ftp_.data.valid()) return ftp_accepted(step, io);
        return io.set_timer(step, std::min(done_by_, step.now() + kAcceptLimit));
      }
      return ftp_begin_transfer(step, io);
    case FtpStage::kEnd: {
      const bool good = code == 226 || code == 250;
      CurlError error;
      if (!good) {
        error = {CurlCode::kPartialFile, fmt::format("server did not report OK, got {}", code)};
      }
      return ftp_done(step, io, std::move(error), true);
    }
    default: return;
  }
}

void Curl::ftp_accepted(Step& step, AppIo& io) {
  ++transfer_.num_connects;
  verbose(step, io,
          fmt::format("* Ready to accept data connection from server\n"
                      "* Connection accepted from server\n* {}\n",
                      kOddNote));
  io.tcp().close(step, std::exchange(ftp_.listener, SocketId{}));
  arm(step, io);
  ftp_begin_transfer(step, io);
}

void Curl::ftp_begin_transfer(Step& step, AppIo& io) {
  ftp_.stage = FtpStage::kTransfer;
  transfer_.content_length = ftp_.size;
  if (!ftp_.early.empty()) ftp_take_data(step, io, std::exchange(ftp_.early, {}));
  if (ftp_.data_ended) ftp_data_ended(step, io);
}

void Curl::ftp_take_data(Step& step, AppIo& io, std::string_view data) {
  if (ftp_.received == 0) transfer_.start_transfer = since_start(step);
  ftp_.received += data.size();
  verbose_data(step, io, data.size());
  // In ASCII mode lines end as they do on this host.
  std::string text(data);
  if (command.list_only) std::erase(text, '\r');
  deliver(step, io, text);
}

void Curl::ftp_data_ended(Step& step, AppIo& io) {
  ftp_close_data(step, io);
  if (ftp_.size && ftp_.received < *ftp_.size) {
    return ftp_done(step, io, command::curl_partial_file(*ftp_.size - ftp_.received), true);
  }
  ftp_remember(step, io);
  ftp_.stage = FtpStage::kEnd;
}

void Curl::ftp_remember(Step& step, AppIo& io) {
  std::string path;
  for (const std::string& directory : ftp_.directories) path += directory + "/";
  verbose(step, io, fmt::format("* Remembering we are in dir \"{}\"\n", path));
}

void Curl::ftp_close_data(Step& step, AppIo& io) {
  for (SocketId* socket : {&ftp_.data, &ftp_.listener}) {
    if (socket->valid()) io.tcp().close(step, *socket);
    *socket = {};
  }
}

// The URL is done; `usable`: the control connection is as it should be.
void Curl::ftp_done(Step& step, AppIo& io, CurlError error, bool usable) {
  const bool failed = error.code != CurlCode::kOk;
  if (failed) verbose(step, io, fmt::format("* {}\n", error.message));
  if (failed && usable && error.code != CurlCode::kRemoteAccessDenied) ftp_remember(step, io);
  ftp_close_data(step, io);
  if (!failed && !transfer_.exit_file.empty() && transfer_.exit_file != "-" &&
      !io.write_file(step, transfer_.exit_file, file_)) {
    error = {CurlCode::kWriteError, "Failure writing output to destination"};
  }
  if (failed && !ftp_.first_error.empty()) error.message = ftp_.first_error;
  verbose(step, io, command::curl_verbose_done(url_, connection_, usable));
  if (!usable) close_socket(step, io);
  ftp_.usable = usable;
  finish(step, io, std::move(error));
  run(step, io);
}

bool Curl::ftp_quit(Step& step, AppIo& io) {
  if (!std::exchange(ftp_.usable, false) || !socket_.valid()) return false;
  phase_ = Phase::kFtp;
  ftp_.stage = FtpStage::kQuit;
  io.tcp().send(step, socket_, as_bytes(std::string_view("QUIT\r\n")));
  io.set_timer(step, step.now() + kAcceptLimit);
  return true;
}

void Curl::ftp_on_timer(Step& step, AppIo& io) {
  if (ftp_.stage == FtpStage::kQuit || ftp_.stage == FtpStage::kClosing) {
    close_socket(step, io);
    ftp_ = {};
    return run(step, io);
  }
  if (step.now() >= done_by_) {
    const std::optional<std::uint64_t> expected = transfer_.content_length;
    return ftp_done(step, io,
                    command::curl_operation_timed_out(since_start(step), ftp_.received, expected),
                    false);
  }
  if (ftp_.stage != FtpStage::kAccept) return arm(step, io);
  ftp_done(step, io,
           {CurlCode::kFtpAcceptTimeout, "Accept timeout occurred while waiting server connect"},
           true);
}

}  // namespace lvslab::apps
