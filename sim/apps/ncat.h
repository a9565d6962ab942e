// ncat --sctp: connects standard input and output with an SCTP association, or lets a command serve
// each one that comes.
//
// Models: what command::parse_ncat takes. Standard input is a text that is there as a whole, with
// or without an end. What a command prints is sent when it has ended; it does not see what the
// client sends.
// Source: ncat 7.93 ncat_connect.c: connect_handler(), read_stdin_handler(), read_socket_handler();
//         ncat_listen.c: ncat_listen_stream(), handle_connection(); ncat_posix.c: netexec().
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/command/ncat.h"

namespace lvslab::apps {

class Ncat {
 public:
  Ncat(command::NcatCommand typed, std::string input, bool input_ends)
      : command(std::move(typed)), input_(std::move(input)), input_ends_(input_ends) {}

  command::NcatCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  void on_command(Step& step, AppIo& io, std::uint32_t ticket, int status, std::string_view output);

 private:
  struct Client {
    SocketId socket;
    std::uint32_t ticket = 0;  ///< of the command that serves it; 0: none
  };

  void listen(Step& step, AppIo& io);
  void accepted(Step& step, AppIo& io, SocketId socket);
  void on_client(Step& step, AppIo& io, const SocketEvent& event);
  void connect(Step& step, AppIo& io);
  void connected(Step& step, AppIo& io);
  void send_in_pieces(Step& step, AppIo& io, SocketId socket, std::string_view text);
  void rest(Step& step, AppIo& io);
  void complain(Step& step, AppIo& io, std::string_view what);
  void finish(Step& step, AppIo& io, int status);
  void quit(Step& step, AppIo& io, std::string_view what);

  std::string input_;
  bool input_ends_ = false;
  bool talks_ = false;
  SimTime started_;
  SocketId listener_, peer_;
  std::vector<Client> clients_;
  std::uint32_t tickets_ = 0;
  std::uint64_t sent_ = 0, received_ = 0;
};

}  // namespace lvslab::apps
