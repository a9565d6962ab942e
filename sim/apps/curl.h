// curl: fetches URLs one after the other, on one connection where the server keeps it.
//
// Models: connecting with its time limits, reading a response with Content-Length, chunked, or up
// to the end of the connection, keeping the connection for the next URL of the same host and port,
// what -v, -i, -I, -o, -O, -w, -f, -s print, and the exit status (that of the last URL); of FTP a
// file or the names in a directory, by EPSV, PASV, EPRT or PORT (curl_ftp.cpp).
// Left out: what command::parse_curl refuses. Texts come from sim/command/curl.h.
// Source: curl 7.88.1 lib/connect.c, lib/http.c, lib/ftp.c, lib/multi.c, src/tool_operate.c.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/apps/curl_ftp.h"
#include "sim/apps/http_reader.h"
#include "sim/command/curl.h"

namespace lvslab::apps {

class Curl {
 public:
  explicit Curl(command::CurlCommand typed) : command(std::move(typed)) {}

  command::CurlCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  void on_signal(Step& step, AppIo& io, Signal signal);
  void on_resolved(Step& step, AppIo& io);

 private:
  enum class Phase : std::uint8_t {
    kIdle,
    kResolving,
    kBetween,
    kConnecting,
    kWaiting,
    kReading,
    kFtp  ///< a dialogue of FTP
  };
  /// A connection that a response left open.
  struct Kept {
    SocketId socket;
    command::CurlUrl url;
    std::uint32_t number = 0;
  };

  /// Works on URLs until one has to wait, or all are done.
  void run(Step& step, AppIo& io);
  // The next four return false if the URL is finished already.
  bool begin_url(Step& step, AppIo& io);
  bool go_to_host(Step& step, AppIo& io);
  bool open_connection(Step& step, AppIo& io);
  bool try_address(Step& step, AppIo& io);
  bool choose_local_end(Step& step, AppIo& io, Endpoint& local, IfIndex& dev);
  bool connect_at_once_failed(Step& step, AppIo& io, Errno error, bool bound);
  bool take_kept(Step& step, AppIo& io);

  /// There is another address: it is tried a little later. False if this was the last one.
  bool move_on(Step& step, AppIo& io);
  void on_connect_time(Step& step, AppIo& io);
  void give_up_resolving(Step& step, AppIo& io);
  void on_connect_error(Step& step, AppIo& io, Errno error);
  void send_request(Step& step, AppIo& io);
  void on_data(Step& step, AppIo& io, std::string_view data);
  void on_end(Step& step, AppIo& io, bool reset);
  /// False if the response is refused (-f).
  bool deliver_headers(Step& step, AppIo& io);
  /// To standard output, or to what becomes -o's file.
  void deliver(Step& step, AppIo& io, std::string_view text);
  /// The URL ended with an error; `told`: -v's lines about it.
  void fail(Step& step, AppIo& io, const command::CurlError& error, std::string_view told);
  void succeed(Step& step, AppIo& io);
  /// Output, message and -w of a URL that is done.
  void finish(Step& step, AppIo& io, command::CurlError error);
  void close_socket(Step& step, AppIo& io);
  void arm(Step& step, AppIo& io);
  void verbose(Step& step, AppIo& io, std::string_view text);
  /// -v names the size of what comes, unless it is shown on the terminal anyway.
  void verbose_data(Step& step, AppIo& io, std::size_t size);
  SimDuration since_start(Step& step) const { return step.now() - began_; }

  // --- FTP (sim/apps/curl_ftp.cpp)
  void ftp_begin(Step& step, AppIo& io);
  void ftp_on_socket(Step& step, AppIo& io, const SocketEvent& event);
  void ftp_on_data_socket(Step& step, AppIo& io, const SocketEvent& event);
  void ftp_on_timer(Step& step, AppIo& io);
  void ftp_read(Step& step, AppIo& io, std::string_view data);
  void ftp_answer(Step& step, AppIo& io, int code, std::string_view line);
  void ftp_answer_to_login(Step& step, AppIo& io, int code, std::string_view line);
  void ftp_answer_about_data(Step& step, AppIo& io, int code, std::string_view line);
  void ftp_answer_to_transfer(Step& step, AppIo& io, int code, std::string_view line);
  void ftp_say(Step& step, AppIo& io, FtpStage stage, std::string_view line);
  void ftp_enter(Step& step, AppIo& io);
  void ftp_ask_for_data(Step& step, AppIo& io);
  void ftp_ask_pasv(Step& step, AppIo& io);
  void ftp_listen(Step& step, AppIo& io);
  void ftp_say_where(Step& step, AppIo& io, bool extended);
  void ftp_connect_data(Step& step, AppIo& io);
  void ftp_data_failed(Step& step, AppIo& io, std::string_view told);
  void ftp_data_ready(Step& step, AppIo& io);
  void ftp_accepted(Step& step, AppIo& io);
  void ftp_begin_transfer(Step& step, AppIo& io);
  void ftp_take_data(Step& step, AppIo& io, std::string_view data);
  void ftp_data_ended(Step& step, AppIo& io);
  void ftp_done(Step& step, AppIo& io, command::CurlError error, bool usable);
  void ftp_close_data(Step& step, AppIo& io);
  void ftp_remember(Step& step, AppIo& io);
  /// QUIT; false if there is nobody to say it to.
  bool ftp_quit(Step& step, AppIo& io);

  std::size_t next_url_ = 0;
  Phase phase_ = Phase::kIdle;
  command::CurlUrl url_;
  command::CurlTransfer transfer_;
  Ipv4Addr remote_;
  std::vector<Ipv4Addr> remotes_;  ///< all addresses of the host, and the one that is tried
  std::size_t remote_index_ = 0;
  SimTime began_, connect_by_, done_by_;
  SimTime address_began_, address_by_;  ///< limits of this address, if there are others
  SimTime next_try_;
  SocketId socket_;
  std::uint32_t connection_ = 0;   ///< its number, as -v prints it
  std::uint32_t connections_ = 0;  ///< made so far
  std::vector<Kept> kept_;
  bool reused_ = false;
  bool over_ = false;
  bool told_data_ = false;  ///< verbose_data() was the last to speak
  HttpReader reader_;
  CurlFtpState ftp_;
  std::string body_;  ///< scratch
  std::string file_;  ///< what goes to -o's file
  int status_ = 0;
};

}  // namespace lvslab::apps
