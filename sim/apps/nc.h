// nc: connects standard input and output with a TCP connection or a UDP socket, one peer at a time.
//
// Models: what command::parse_nc takes. Standard input is a text that is there as a whole, with or
// without an end (a terminal at which nobody types).
// Source: netcat-openbsd 1.219 netcat.c: main(), readwrite(), remote_connect(), udptest().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/apps/addresses.h"
#include "sim/apps/app_io.h"
#include "sim/command/nc.h"

namespace lvslab::apps {

class Nc {
 public:
  Nc(command::NcCommand typed, std::string input, bool input_ends)
      : command(std::move(typed)), input_(std::move(input)), input_ends_(input_ends) {}

  command::NcCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  void on_udp(Step& step, AppIo& io, const UdpNews& news);

 private:
  enum class Phase : std::uint8_t { kListening, kConnecting, kTesting, kTalking, kOver };
  /// A connection that has to wait, with -k, until the peer before it has gone.
  struct Waiting {
    SocketId socket;
    std::string data;
    bool ended = false;
  };

  void listen(Step& step, AppIo& io);
  void next_port(Step& step, AppIo& io);
  /// Tries the address that comes next at the port, or goes on to the next port.
  void next_address(Step& step, AppIo& io);
  Versions versions() const;
  command::NameError unknown(const AppIo& io) const;
  /// The address of -s, if it is of the version that is spoken to now.
  std::expected<Ipv4Addr, command::NameError> source(const AppIo& io) const;
  void connect_tcp(Step& step, AppIo& io);
  void connect_udp(Step& step, AppIo& io);
  void connect_failed(Step& step, AppIo& io, std::string_view why);
  void connected(Step& step, AppIo& io);
  /// -v or -z over UDP: sends, and waits whether somebody refuses.
  void test_udp(Step& step, AppIo& io);
  void accepted(Step& step, AppIo& io, SocketId socket);
  void take_waiting(Step& step, AppIo& io);
  using Sentence = std::string (*)(std::string_view name, std::uint16_t port);
  /// With -v: a sentence about one end of a connection, if that has a name.
  void tell(Step& step, AppIo& io, Endpoint end, Sentence sentence);

  void talk(Step& step, AppIo& io);
  /// Sends what the socket takes of standard input; its end has consequences.
  void pump(Step& step, AppIo& io);
  void input_ended(Step& step, AppIo& io);
  void peer_ended(Step& step, AppIo& io);
  void end_talk(Step& step, AppIo& io);
  void close_peer(Step& step, AppIo& io);
  void arm(Step& step, AppIo& io);
  void finish(Step& step, AppIo& io, int status);
  void fail(Step& step, AppIo& io, const command::Output& why);

  std::string input_;
  bool input_ends_ = false;
  Phase phase_ = Phase::kConnecting;
  std::size_t next_port_ = 0;
  std::uint16_t port_ = 0;
  std::vector<Ipv4Addr> remotes_;  ///< that are left to try at this port, the best one last
  Ipv4Addr remote_;
  SocketId listener_, peer_;
  std::optional<std::uint32_t> udp_;
  std::vector<Waiting> waiting_;
  std::size_t sent_ = 0;  ///< of input_
  bool input_over_ = false, peer_over_ = false;
  bool refused_ = false;  ///< while testing: somebody refuses
  std::uint32_t tests_left_ = 0;
  SimTime quit_at_ = SimTime::never();
  bool any_ = false;  ///< a connection came about
};

}  // namespace lvslab::apps
