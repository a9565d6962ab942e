// The agent: builds labs in the kernel that it runs in, and does what the launcher asks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel-backend/agent/channel.h"
#include "kernel-backend/agent/host_process.h"
#include "kernel-backend/agent/seqpacket.h"
#include "kernel-backend/agent/ticks.h"
#include "kernel-backend/agent/wire.h"

namespace lvslab::kernel {

/// Whose kernel the agent runs in.
enum class Setting : std::uint8_t {
  kOwnKernel,  ///< one that was booted for the lab: it is process 1, and time is the lab's
  kMachine     ///< the machine's own, in namespaces: nothing but those is the lab's, time is real
};

class Agent {
 public:
  Agent(Channel channel, std::string kernel_release, Setting setting)
      : channel_(std::move(channel)), release_(std::move(kernel_release)), setting_(setting) {}

  /// Until the launcher is gone.
  void run();

 private:
  struct Job {
    std::uint32_t host = 0;
    Fd master;
    bool running = true;
    int status = 0;
  };
  struct Host {
    HostProcess process;
    HostPaths paths;
    std::optional<int> ended;  ///< wait status of the first process, if it was reaped already
    Fd capture;
    bool up = false;
    std::int64_t last_frame_ns = 0;
    bool stirred = false;  ///< frames passed it since its rows were looked at
  };

  void wait_for_events();
  void reap();
  void handle(const Message& message);
  void answer(std::uint32_t id, const Result<void>& result, std::string data = {});

  Result<void> build(Lab lab);
  void clear();
  Result<void> boot_host(std::uint32_t host, bool first_boot);
  Result<void> start_process(std::uint32_t host, bool first_boot);
  Result<void> configure(std::uint32_t host);
  void stop_host(std::uint32_t host);
  void begin_time();

  void sync(std::uint32_t id);
  void tell_caught_up(std::int64_t since_ns, std::int64_t since_monotonic_ns);

  Result<void> exec(const Exec& exec);
  Result<void> signal(const JobSignal& wanted);
  Result<void> input(const JobInput& typed);
  Result<void> fault(const LabFault& fault);

  void drain_host(std::uint32_t host);
  void on_parcel(std::uint32_t host, Parcel& parcel);
  void ask_for_tables(const HostQuestion& question);
  void look_at_rows();
  void host_is_gone(std::uint32_t host);
  void drain_capture(std::uint32_t host);
  void send_frame(std::uint32_t host, const struct FrameInfo& info, std::string_view bytes);
  void drain_terminal(std::uint32_t job);
  std::int64_t now() const;

  Channel channel_;
  std::string release_;
  Setting setting_;
  Lab lab_;
  HostSurroundings around_;
  Result<Wire> wire_ = fail("not open");
  std::vector<Host> hosts_;
  std::map<std::uint32_t, Job> jobs_;
  bool recording_ = false;
  std::optional<Ticks> ticks_;
  std::map<std::uint32_t, std::int64_t> syncs_;  ///< question: when it came (CLOCK_MONOTONIC)
  std::int64_t last_told_ns_ = 0;                ///< the time stamp of the last frame
  bool behind_ = false;                          ///< frames were told that are not caught up with
};

}  // namespace lvslab::kernel
