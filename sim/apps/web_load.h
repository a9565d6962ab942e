// A web workload without HTTP: a client that opens connection after connection and a server that
// answers every request of a fixed size with a fixed number of bytes. Benchmarks run thousands of
// them, so their state is a few words; connections keep theirs in the socket's cookie.
//
// The exchange: connect, `request_bytes`, `response_bytes`, optional hold, the client closes first.
// They never exit: a benchmark reads their counters from the process.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/apps/app_io.h"

namespace lvslab::apps {

struct WebClient {
  Endpoint server;
  std::uint32_t connections = 1;  ///< in all
  std::uint32_t parallel = 1;     ///< of them open at a time
  std::uint32_t request_bytes = 100;
  std::uint32_t response_bytes = 400;
  SimDuration hold;   ///< how long a connection stays open after its response
  SimDuration delay;  ///< before the first connection
  SimDuration gap;    ///< between the first openings of the parallel chains

  std::uint32_t started = 0, succeeded = 0, failed = 0;
  std::uint64_t bytes_received = 0;

  bool done() const { return succeeded + failed == connections; }

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);

 private:
  struct Held {
    SimTime until;
    SocketId socket;
  };
  void open_next(Step& step, AppIo& io);
  void finish(Step& step, AppIo& io, bool success);
  void arm(Step& step, AppIo& io);

  std::uint32_t chains_opened_ = 0;
  std::uint32_t held_first_ = 0;
  SimTime next_chain_ = SimTime::never();
  std::vector<Held> held_;  ///< a queue: all hold equally long
};

struct WebServer {
  std::uint16_t port = 80;
  std::uint32_t request_bytes = 100;   ///< 1..255
  std::uint32_t response_bytes = 400;  ///< below 16 MiB
  std::uint64_t requests = 0;

  /// Exits with status 1 if the port is taken.
  void start(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);

 private:
  void push(Step& step, AppIo& io, SocketId socket, std::uint32_t got, std::uint32_t left);
};

/// Sends `count` datagrams of `size` bytes, one every `gap`.
struct UdpSource {
  Endpoint to;
  std::uint32_t count = 1;
  std::uint32_t size = 64;  ///< at most kMaxSize
  SimDuration gap;
  std::uint32_t sent = 0, errors = 0;

  static constexpr std::uint32_t kMaxSize = 16'384;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_udp(Step& step, AppIo& io, const UdpNews& news);

 private:
  std::uint32_t socket_ = 0;
};

/// Counts the datagrams that arrive at a port.
struct UdpSink {
  std::uint16_t port = 9;
  std::uint64_t received = 0, bytes = 0;

  /// Exits with status 1 if the port is taken.
  void start(Step& step, AppIo& io);
  void on_udp(Step& step, AppIo& io, const UdpNews& news);
};

}  // namespace lvslab::apps
