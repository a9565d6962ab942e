// What the launcher and the agent inside the kernel say to each other.
//
// The launcher asks (kBuild, kExec, kFault, ...), each question is answered by one kReply with the
// same `id`; the agent tells by itself of output, exits, frames and hosts that went down. Hosts and
// cables are named by their place in Lab. Times are the kernel's CLOCK_REALTIME less Lab::epoch_ns.
// On the machine's own kernel no clock is set: there the answer to kBuild says what the epoch is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lvslab::kernel {

inline constexpr std::uint16_t kProtocolVersion = 2;

enum class MessageKind : std::uint8_t {
  kHello = 1,  ///< agent: Hello; the kernel is up
  kReply,      ///< agent: Reply
  kBuild,      ///< launcher: Lab; what was there before is gone
  kExec,       ///< launcher: Exec
  kSignal,     ///< launcher: JobSignal
  kInput,      ///< launcher: JobInput
  kFault,      ///< launcher: LabFault
  kTables,     ///< launcher: HostQuestion; the answer's `data` is a table image
  kOutput,     ///< agent: JobOutput
  kExit,       ///< agent: JobExit
  kFrame,      ///< agent: CapturedFrame
  kDevice,     ///< agent: DeviceSeen
  kLost,       ///< agent: FramesLost
  kPower,      ///< agent: PowerChange
  kRows,       ///< agent: RowNews
  kFile,       ///< launcher: FileMessage; the message proper stands in a file
  kSync,       ///< launcher: Question; answered when all that happened before it was told
  kCaughtUp    ///< agent, in real time: CaughtUp
};

struct Hello {
  std::uint16_t version = kProtocolVersion;
  std::string kernel_release;
  template <class F>
  void each(F&& f) {
    f(version, kernel_release);
  }
};

struct Reply {
  std::uint32_t id = 0;
  std::string error;  ///< empty: done
  std::string data;
  template <class F>
  void each(F&& f) {
    f(id, error, data);
  }
};

// --- the lab -------------------------------------------------------------------------------------

struct LabPrefix {
  std::uint32_t addr = 0;  ///< host byte order
  std::uint8_t len = 32;
  template <class F>
  void each(F&& f) {
    f(addr, len);
  }
};

struct LabPrefix6 {
  std::uint64_t high = 0, low = 0;
  std::uint8_t len = 128;
  template <class F>
  void each(F&& f) {
    f(high, low, len);
  }
};

struct LabNic {
  std::string name;
  std::uint64_t mac = 0;
  std::uint32_t mtu = 1500;
  std::vector<LabPrefix> addresses;
  std::vector<LabPrefix6> addresses6;
  template <class F>
  void each(F&& f) {
    f(name, mac, mtu, addresses, addresses6);
  }
};

struct LabRoute {
  LabPrefix to;
  std::uint32_t via = 0;  ///< 0: on-link
  std::string dev;
  template <class F>
  void each(F&& f) {
    f(to, via, dev);
  }
};

struct LabRoute6 {
  LabPrefix6 to;
  LabPrefix6 via;  ///< :: : on-link
  std::string dev;
  template <class F>
  void each(F&& f) {
    f(to, via, dev);
  }
};

/// A sysctl ("net.ipv4.ip_forward", "1") or a file ("/etc/motd", "hello").
struct LabText {
  std::string name, text;
  template <class F>
  void each(F&& f) {
    f(name, text);
  }
};

struct LabHost {
  std::string name;
  std::vector<LabNic> nics;
  std::vector<LabRoute> routes;
  std::vector<LabRoute6> routes6;
  bool ipv6 = false;  ///< the lab uses it
  std::vector<LabText> sysctls, files;
  template <class F>
  void each(F&& f) {
    f(name, nics, routes, routes6, ipv6, sysctls, files);
  }
};

/// What one direction of a cable does to frames.
struct LabImpairment {
  std::int64_t delay_ns = 0, jitter_ns = 0;
  std::uint64_t rate_bps = 0;
  std::uint32_t loss_ppm = 0, duplicate_ppm = 0;
  template <class F>
  void each(F&& f) {
    f(delay_ns, jitter_ns, rate_bps, loss_ppm, duplicate_ppm);
  }
};

/// An interface of a host, or (is_switch) a new port of a switch.
struct LabPlug {
  bool is_switch = false;
  std::uint32_t node = 0;
  std::uint32_t nic = 0;
  template <class F>
  void each(F&& f) {
    f(is_switch, node, nic);
  }
};

struct LabCable {
  LabPlug ends[2];
  LabImpairment from[2];  ///< from[i]: of the frames that ends[i] sends
  template <class F>
  void each(F&& f) {
    f(ends[0], ends[1], from[0], from[1]);
  }
};

struct Lab {
  std::uint32_t id = 0;
  std::int64_t epoch_ns = 0;  ///< what CLOCK_REALTIME is set to when the lab begins, if it is
  std::vector<LabHost> hosts;
  std::vector<std::string> switches;
  std::vector<LabCable> cables;  ///< ports of switches are numbered in this order
  template <class F>
  void each(F&& f) {
    f(id, epoch_ns, hosts, switches, cables);
  }
};

/// The `data` of the answer to kBuild: what CLOCK_REALTIME was when the lab began.
struct Begun {
  std::int64_t epoch_ns = 0;
  template <class F>
  void each(F&& f) {
    f(epoch_ns);
  }
};

struct Question {
  std::uint32_t id = 0;
  template <class F>
  void each(F&& f) {
    f(id);
  }
};

/// All frames up to this time have been told.
struct CaughtUp {
  std::int64_t at_ns = 0;
  template <class F>
  void each(F&& f) {
    f(at_ns);
  }
};

// --- jobs ----------------------------------------------------------------------------------------

struct Exec {
  std::uint32_t id = 0;
  std::uint32_t host = 0;
  std::uint32_t job = 0;
  std::string line;  ///< empty: a login shell that reads its terminal
  std::uint16_t rows = 0, columns = 0;
  template <class F>
  void each(F&& f) {
    f(id, host, job, line, rows, columns);
  }
};

struct JobSignal {
  std::uint32_t id = 0;
  std::uint32_t job = 0;
  std::int32_t signal = 0;
  template <class F>
  void each(F&& f) {
    f(id, job, signal);
  }
};

/// Keys typed on the terminal of a job; rows > 0: a new size of it.
struct JobInput {
  std::uint32_t id = 0;
  std::uint32_t job = 0;
  std::uint16_t rows = 0, columns = 0;
  std::string bytes;
  template <class F>
  void each(F&& f) {
    f(id, job, rows, columns, bytes);
  }
};

struct JobOutput {
  std::uint32_t job = 0;
  std::int64_t at_ns = 0;
  std::string text;
  template <class F>
  void each(F&& f) {
    f(job, at_ns, text);
  }
};

struct JobExit {
  std::uint32_t job = 0;
  std::int64_t at_ns = 0;
  std::int32_t status = 0;
  template <class F>
  void each(F&& f) {
    f(job, at_ns, status);
  }
};

// --- faults --------------------------------------------------------------------------------------

enum class LabFaultKind : std::uint8_t { kCarrier, kImpair, kCrash, kReboot, kPowerOff };

struct LabFault {
  std::uint32_t id = 0;
  LabFaultKind kind = LabFaultKind::kCarrier;
  std::uint32_t host = 0;
  std::uint32_t cable = 0;
  bool up = false;        ///< kCarrier
  LabImpairment from[2];  ///< kImpair: as in LabCable
  template <class F>
  void each(F&& f) {
    f(id, kind, host, cable, up, from[0], from[1]);
  }
};

struct HostQuestion {
  std::uint32_t id = 0;
  std::uint32_t host = 0;
  template <class F>
  void each(F&& f) {
    f(id, host);
  }
};

enum class PowerEvent : std::uint8_t { kRebooted, kPoweredOff };

/// A host went down, and maybe up again, because of what was typed on it.
struct PowerChange {
  std::uint32_t host = 0;
  std::int64_t at_ns = 0;
  PowerEvent event = PowerEvent::kRebooted;
  template <class F>
  void each(F&& f) {
    f(host, at_ns, event);
  }
};

// --- capture -------------------------------------------------------------------------------------

struct CapturedFrame {
  std::uint32_t host = 0;
  std::uint32_t dev = 0;  ///< interface index in that host
  std::int64_t at_ns = 0;
  bool outgoing = false;
  std::string bytes;
  template <class F>
  void each(F&& f) {
    f(host, dev, at_ns, outgoing, bytes);
  }
};

/// An interface that the scenario does not name (tunl0) has passed its first frame.
struct DeviceSeen {
  std::uint32_t host = 0;
  std::uint32_t dev = 0;
  std::string name;
  template <class F>
  void each(F&& f) {
    f(host, dev, name);
  }
};

/// The capture could not keep up: this many frames of a host are missing.
struct FramesLost {
  std::uint32_t host = 0;
  std::uint32_t count = 0;
  template <class F>
  void each(F&& f) {
    f(host, count);
  }
};

/// Rows of a host's tables that came, changed or went (tables_image.h: encode_changes()).
struct RowNews {
  std::uint32_t host = 0;
  std::int64_t at_ns = 0;
  std::string image;
  template <class F>
  void each(F&& f) {
    f(host, at_ns, image);
  }
};

struct FileMessage {
  std::string path;
  template <class F>
  void each(F&& f) {
    f(path);
  }
};

}  // namespace lvslab::kernel
