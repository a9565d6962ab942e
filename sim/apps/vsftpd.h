// vsftpd: an FTP server for anonymous users, who may read.
//
// Models: the dialogue up to a transfer and after it (USER PASS QUIT PWD CWD CDUP TYPE SYST FEAT
// NOOP OPTS SIZE REST PASV EPSV PORT EPRT RETR NLST), data connections in both directions with
// their type of service, that a transfer counts as done when the client has acknowledged its end,
// time limits of idle sessions and of data connections that do not come about. Left out: what
// vsftpd_conf.h leaves out; LIST, MDTM, STAT, HELP, ABOR ("550 Permission denied", as uploads get
// it); the limit of a transfer that stalls; a process of its own for each session. Source:
// vsftpd 3.0.3 prelogin.c, postlogin.c, ftpdataio.c, privops.c; RFC 959, RFC 2428.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/apps/vsftpd_conf.h"

namespace lvslab::apps {

class Vsftpd {
 public:
  explicit Vsftpd(VsftpdConf conf) : conf_(std::move(conf)) {}

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);

 private:
  /// What a session waits for.
  enum class FtpWait : std::uint8_t { kCommand, kClient, kConnect, kRoom, kEnd };
  struct Session {
    SocketId control;
    Endpoint local, remote;
    FtpWait wait = FtpWait::kCommand;
    SimTime deadline;
    std::string input;
    std::string user;
    std::string directory = "/";
    bool logged_in = false, peer_done = false, over = false;
    std::size_t restart = 0;
    // The data connection: where it will come from or go to, and what goes through it.
    SocketId listener, data;
    Endpoint target;
    std::string opening, content, closing;
    std::size_t sent = 0;
  };

  Session* find(SocketId socket);
  void serve(Step& step, AppIo& io, Session& session);
  void obey(Step& step, AppIo& io, Session& session, std::string_view line);
  bool obey_before_login(Step& step, AppIo& io, Session& session, std::string_view verb,
                         std::string_view argument);
  bool obey_about_data(Step& step, AppIo& io, Session& session, std::string_view verb,
                       const std::string& argument);
  void obey_simple(Step& step, AppIo& io, Session& session, std::string_view verb,
                   const std::string& argument);
  void log_in(Step& step, AppIo& io, Session& session);
  void listen_for_data(Step& step, AppIo& io, Session& session, std::string_view verb,
                       const std::string& argument);
  void take_target(Step& step, AppIo& io, Session& session, std::string_view verb,
                   const std::string& argument);
  void retrieve(Step& step, AppIo& io, Session& session, const std::string& name);
  void list_names(Step& step, AppIo& io, Session& session, const std::string& name);
  void size_of(Step& step, AppIo& io, Session& session, const std::string& name);
  void change_directory(Step& step, AppIo& io, Session& session, const std::string& name);
  // A transfer.
  void open_data(Step& step, AppIo& io, Session& session);
  void begin_transfer(Step& step, AppIo& io, Session& session);
  void pump(Step& step, AppIo& io, Session& session);
  void end_transfer(Step& step, AppIo& io, Session& session, std::string_view reply);
  void forget_data(Step& step, AppIo& io, Session& session);
  void on_data_event(Step& step, AppIo& io, Session& session, const SocketEvent& event);

  static void reply(Step& step, AppIo& io, const Session& session, std::string_view text);
  void hang_up(Step& step, AppIo& io, Session& session);
  void wait_for(Step& step, Session& session, FtpWait what) const;
  void arm(Step& step, AppIo& io);
  void forget_ended(Step& step, AppIo& io);
  std::string path_in(const Session& session, std::string_view name) const;
  std::string real_path(const Session& session, std::string_view name) const;

  VsftpdConf conf_;
  SocketId listener_;
  std::vector<Session> sessions_;
};

}  // namespace lvslab::apps
