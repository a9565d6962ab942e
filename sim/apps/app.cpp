#include "sim/apps/app.h"

namespace lvslab::apps {
namespace {

/// The status of a process that a signal ended (bash: 128 + its number).
int killed_by(Signal signal) { return 128 + static_cast<int>(signal); }

}  // namespace

void start(Step& step, AppIo& io, App& app) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.start(step, io); }) program.start(step, io);
      },
      app);
}

void on_timer(Step& step, AppIo& io, App& app) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_timer(step, io); }) program.on_timer(step, io);
      },
      app);
}

void on_socket(Step& step, AppIo& io, App& app, const SocketEvent& event) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_socket(step, io, event); }) {
          program.on_socket(step, io, event);
        }
      },
      app);
}

void on_icmp(Step& step, AppIo& io, App& app, const IcmpNews& news) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_icmp(step, io, news); }) {
          program.on_icmp(step, io, news);
        }
      },
      app);
}

void on_udp(Step& step, AppIo& io, App& app, const UdpNews& news) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_udp(step, io, news); }) {
          program.on_udp(step, io, news);
        }
      },
      app);
}

void on_resolved(Step& step, AppIo& io, App& app) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_resolved(step, io); }) program.on_resolved(step, io);
      },
      app);
}

void on_frame(Step& step, AppIo& io, App& app, const TappedFrame& frame) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_frame(step, io, frame); }) {
          program.on_frame(step, io, frame);
        }
      },
      app);
}

void on_command(Step& step, AppIo& io, App& app, std::uint32_t ticket, int status,
                std::string_view output) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_command(step, io, ticket, status, output); }) {
          program.on_command(step, io, ticket, status, output);
        }
      },
      app);
}

void on_signal(Step& step, AppIo& io, App& app, Signal signal) {
  std::visit(
      [&](auto& program) {
        if constexpr (requires { program.on_signal(step, io, signal); }) {
          program.on_signal(step, io, signal);
        } else {
          io.exit(step, killed_by(signal));
        }
      },
      app);
}

}  // namespace lvslab::apps
