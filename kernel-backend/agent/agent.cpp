#include "kernel-backend/agent/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <csignal>
#include <ctime>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "kernel-backend/agent/boot.h"
#include "kernel-backend/agent/row_watch.h"

namespace lvslab::kernel {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// How much later than its time stamp a frame may reach the packet socket, on a busy machine.
constexpr std::int64_t kStampedBefore = 5'000'000;
/// How often to look whether all has been told, in ms.
constexpr int kLookAgain = 2;

std::int64_t clock_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

/// The room on a host's disk.
constexpr const char* kDiskOptions = "mode=755,size=48m";

/// /etc/hosts of every host: each host by its first address, as the simulator's.
std::string hosts_file(const Lab& lab) {
  std::string text = "127.0.0.1       localhost\n";
  for (const LabHost& host : lab.hosts) {
    for (const LabNic& nic : host.nics) {
      if (nic.addresses.empty()) continue;
      const std::uint32_t a = nic.addresses.front().addr;
      std::string addr = std::to_string(a >> 24) + "." + std::to_string(a >> 16 & 255) + "." +
                         std::to_string(a >> 8 & 255) + "." + std::to_string(a & 255);
      addr.resize(std::max<std::size_t>(addr.size(), 15), ' ');
      text += addr + " " + host.name + "\n";
      break;
    }
    for (const LabNic& nic : host.nics) {
      if (nic.addresses6.empty()) continue;
      const LabPrefix6& a = nic.addresses6.front();
      std::string addr = Ipv6Addr{a.high, a.low}.to_string();
      addr.resize(std::max<std::size_t>(addr.size(), 15), ' ');
      text += addr + " " + host.name + "\n";
      break;
    }
  }
  return text;
}

}  // namespace

std::int64_t Agent::now() const { return clock_ns(CLOCK_REALTIME) - lab_.epoch_ns; }

// A kernel of its own gets the lab's date, at a round tick; the machine keeps its own.
void Agent::begin_time() {
  if (setting_ == Setting::kMachine) {
    lab_.epoch_ns = clock_ns(CLOCK_REALTIME);
  } else {
    if (!ticks_) ticks_ = Ticks::find();
    ticks_->wait_for_round_one();
    const timespec epoch{lab_.epoch_ns / kSecond, lab_.epoch_ns % kSecond};
    ::clock_settime(CLOCK_REALTIME, &epoch);
  }
  around_.epoch_ns = lab_.epoch_ns;
}

// --- the loop ------------------------------------------------------------------------------------

void Agent::run() {
  wire_ = Wire::open();
  channel_.send(MessageKind::kHello, Hello{kProtocolVersion, release_});
  channel_.flush();
  for (;;) {
    wait_for_events();
    const std::int64_t began = clock_ns(CLOCK_REALTIME);
    const std::int64_t began_monotonic = clock_ns(CLOCK_MONOTONIC);
    if (!channel_.read() || !channel_.error().empty()) return;
    while (auto message = channel_.next()) handle(*message);
    // Terminals before exits, so that nothing that a line printed comes after its end.
    for (std::uint32_t h = 0; h < hosts_.size(); ++h) drain_capture(h);
    std::vector<std::uint32_t> jobs;
    for (const auto& [job, state] : jobs_) jobs.push_back(job);
    for (const std::uint32_t job : jobs) drain_terminal(job);
    for (std::uint32_t h = 0; h < hosts_.size(); ++h) drain_host(h);
    if (setting_ == Setting::kMachine) tell_caught_up(began, began_monotonic);
    channel_.flush();
  }
}

void Agent::wait_for_events() {
  std::vector<pollfd> ready{{channel_.fd(), POLLIN, 0}};
  for (const Host& host : hosts_) {
    if (host.process.socket.valid()) ready.push_back({host.process.socket.get(), POLLIN, 0});
    if (host.capture.valid()) ready.push_back({host.capture.get(), POLLIN, 0});
  }
  for (const auto& [id, job] : jobs_) {
    if (job.master.valid()) ready.push_back({job.master.get(), POLLIN, 0});
  }
  ::poll(ready.data(), ready.size(), behind_ || !syncs_.empty() ? kLookAgain : -1);
  reap();
}

// --- real time -----------------------------------------------------------------------------------

void Agent::sync(std::uint32_t id) {
  if (setting_ == Setting::kMachine)
    syncs_[id] = clock_ns(CLOCK_MONOTONIC);
  else
    answer(id, {});  // nothing happens while the launcher does not wait
}

// Everything that had come by the given time has been told.
void Agent::tell_caught_up(std::int64_t since_ns, std::int64_t since_monotonic_ns) {
  const std::int64_t at = since_ns - kStampedBefore - lab_.epoch_ns;
  if (recording_) channel_.send(MessageKind::kCaughtUp, CaughtUp{at});
  behind_ = recording_ && last_told_ns_ > at;
  std::erase_if(syncs_, [&](const auto& asked) {
    const bool done = asked.second + kStampedBefore <= since_monotonic_ns;
    if (done) answer(asked.first, {});
    return done;
  });
}

// Orphans of all kinds come to process 1. How a host's first process ended tells a reboot from a
// power-off, whether its socket or its end is noticed first.
void Agent::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    for (Host& host : hosts_) {
      if (host.process.pid == pid) host.ended = status;
    }
  }
}

void Agent::answer(std::uint32_t id, const Result<void>& result, std::string data) {
  channel_.send(MessageKind::kReply,
                Reply{id, result ? std::string() : result.error().message, std::move(data)});
}

void Agent::handle(const Message& message) {
  const auto question = [&]<class T>(T value, auto&& act) {
    if (!decode(message.payload, value)) return;
    const std::uint32_t id = value.id;
    answer(id, act(std::move(value)));
  };
  switch (message.kind) {
    case MessageKind::kBuild: {
      Lab lab;
      if (!decode(message.payload, lab)) return;
      const std::uint32_t id = lab.id;
      const auto built = build(std::move(lab));
      answer(id, built, encoded(Begun{lab_.epoch_ns}));
      return;
    }
    case MessageKind::kSync: {
      Question asked;
      if (decode(message.payload, asked)) sync(asked.id);
      return;
    }
    case MessageKind::kExec: question(Exec{}, [&](const Exec& e) { return exec(e); }); return;
    case MessageKind::kSignal:
      question(JobSignal{}, [&](const JobSignal& s) { return signal(s); });
      return;
    case MessageKind::kInput:
      question(JobInput{}, [&](const JobInput& i) { return input(i); });
      return;
    case MessageKind::kTables: {
      HostQuestion asked;
      if (decode(message.payload, asked)) ask_for_tables(asked);
      return;
    }
    case MessageKind::kFault:
      question(LabFault{}, [&](const LabFault& f) { return fault(f); });
      return;
    case MessageKind::kFile: {
      FileMessage file;
      if (!decode(message.payload, file)) return;
      const auto text = read_file(file.path);
      if (!text) return;
      FrameReader reader;
      reader.feed(*text);
      const auto inner = reader.next();
      if (inner && inner->kind != MessageKind::kFile) handle(*inner);
      return;
    }
    default: return;
  }
}

// --- labs ----------------------------------------------------------------------------------------

void Agent::clear() {
  recording_ = false;
  last_told_ns_ = 0;
  for (std::uint32_t h = 0; h < hosts_.size(); ++h) stop_host(h);
  for (const Host& host : hosts_) ::umount2(host.paths.disk.c_str(), MNT_DETACH);
  hosts_.clear();
  jobs_.clear();
  if (wire_) wire_->clear();
}

Result<void> Agent::build(Lab lab) {
  clear();
  if (!wire_) return std::unexpected(wire_.error());
  lab_ = std::move(lab);
  around_.hosts_file = hosts_file(lab_);
  around_.epoch_ns = lab_.epoch_ns;
  around_.on_machine = setting_ == Setting::kMachine;
  if (around_.fresh_sysctls.empty()) around_.fresh_sysctls = fresh_sysctls(around_.on_machine);
  if (auto done = wire_->build(lab_); !done) return done;
  hosts_.resize(lab_.hosts.size());
  for (std::uint32_t h = 0; h < hosts_.size(); ++h) {
    const std::string base = std::string(kWorkDirectory) + "/host" + std::to_string(h);
    hosts_[h].paths = {base, base + "-root"};
    for (const std::string& path : {base, base + "-root"}) {
      if (auto done = make_directories(path); !done) return done;
    }
    if (auto done = mount_at("disk", base, "tmpfs", 0, kDiskOptions); !done) return done;
    if (auto done = start_process(h, true); !done) return done;
  }
  for (std::uint32_t h = 0; h < hosts_.size(); ++h) {
    if (auto done = wire_->attach(lab_, h, hosts_[h].process.pid); !done) return done;
  }
  for (std::uint32_t h = 0; h < hosts_.size(); ++h) {
    if (auto done = configure(h); !done) {
      return fail(lab_.hosts[h].name + ": " + done.error().message);
    }
  }
  begin_time();
  recording_ = true;
  const std::string begun = encoded(Begun{lab_.epoch_ns});
  for (const Host& host : hosts_) send_parcel(host.process.socket.get(), parcel::kLook, begun);
  return {};
}

namespace {

/// SIGSTOP to every process in the pid namespace whose first one is `first`.
void stop_processes(pid_t first) {
  std::error_code error;
  const auto space_of = [&error](const std::string& pid) {
    return std::filesystem::read_symlink("/proc/" + pid + "/ns/pid", error);
  };
  const std::filesystem::path space = space_of(std::to_string(first));
  if (space.empty()) return;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || space_of(name) != space) {
      continue;
    }
    ::kill(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)), SIGSTOP);
  }
}

}  // namespace

Result<void> Agent::start_process(std::uint32_t h, bool first_boot) {
  Host& host = hosts_[h];
  auto process = start_host(lab_.hosts[h], around_, host.paths, first_boot);
  if (!process) return std::unexpected(process.error());
  host.ended.reset();
  host.process = *std::move(process);
  const auto parcel = receive_parcel(host.process.socket.get(), true);
  if (parcel && parcel->kind == parcel::kReady) return {};
  return fail(lab_.hosts[h].name + ": " + (parcel ? parcel->body : "its first process died"));
}

Result<void> Agent::configure(std::uint32_t h) {
  Host& host = hosts_[h];
  send_parcel(host.process.socket.get(), parcel::kConfigure, {});
  auto parcel = receive_parcel(host.process.socket.get(), true);
  if (!parcel || parcel->kind != parcel::kConfigured) return fail("its first process died");
  if (!parcel->body.empty()) return fail(parcel->body);
  host.capture = std::move(parcel->fd);
  host.up = true;
  return {};
}

Result<void> Agent::boot_host(std::uint32_t h, bool first_boot) {
  if (auto done = start_process(h, first_boot); !done) return done;
  if (auto done = wire_->attach(lab_, h, hosts_[h].process.pid); !done) return done;
  return configure(h);
}

// The programs stand still first: none is to see the cables go. Then the cables: a dying host sends
// nothing.
void Agent::stop_host(std::uint32_t h) {
  Host& host = hosts_[h];
  if (host.process.pid > 0 && !host.ended) stop_processes(host.process.pid);
  if (recording_) drain_capture(h);
  host.capture.reset();
  if (wire_) wire_->detach(lab_, h);
  host.up = false;
  if (host.process.pid > 0) {
    if (!host.ended) {
      ::kill(host.process.pid, SIGKILL);
      while (::waitpid(host.process.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
    host.ended.reset();
    host.process = {};
  }
  for (auto& [id, job] : jobs_) {
    if (job.host != h) continue;
    if (job.running) {
      constexpr int kHangup = 129;
      channel_.send(MessageKind::kExit, JobExit{id, now(), kHangup});
    }
    job.running = false;
    job.master.reset();
  }
}

// --- jobs ----------------------------------------------------------------------------------------

Result<void> Agent::exec(const Exec& exec) {
  if (exec.host >= hosts_.size() || !hosts_[exec.host].up) return fail("the host is down");
  Job& job = jobs_[exec.job];
  job.host = exec.host;
  if (!send_parcel(hosts_[exec.host].process.socket.get(), parcel::kRun, encoded(exec))) {
    return os_failure("the host");
  }
  return {};
}

Result<void> Agent::signal(const JobSignal& wanted) {
  const auto job = jobs_.find(wanted.job);
  if (job == jobs_.end() || !job->second.running) return {};
  if (wanted.signal == SIGINT && job->second.master.valid()) {
    constexpr char kControlC = 3;
    return write_all(job->second.master.get(), {&kControlC, 1}) ? Result<void>() : os_failure("^C");
  }
  send_parcel(hosts_[job->second.host].process.socket.get(), parcel::kSignal, encoded(wanted));
  return {};
}

Result<void> Agent::input(const JobInput& typed) {
  const auto job = jobs_.find(typed.job);
  if (job == jobs_.end() || !job->second.master.valid()) return {};
  const int master = job->second.master.get();
  if (typed.rows > 0) {
    const winsize size{typed.rows, typed.columns, 0, 0};
    ::ioctl(master, TIOCSWINSZ, &size);
  }
  write_all(master, typed.bytes);
  return {};
}

void Agent::drain_terminal(std::uint32_t id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || !found->second.master.valid()) return;
  Job& job = found->second;
  char buffer[1U << 14];
  for (;;) {
    const ssize_t got = ::read(job.master.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {  // EIO: nobody has the terminal open any more
      job.master.reset();
      if (!job.running) jobs_.erase(found);
      return;
    }
    JobOutput output{id, now(), std::string(buffer, static_cast<std::size_t>(got))};
    channel_.send(MessageKind::kOutput, output);
  }
}

// --- hosts ---------------------------------------------------------------------------------------

void Agent::drain_host(std::uint32_t h) {
  while (hosts_[h].process.socket.valid()) {
    auto parcel = receive_parcel(hosts_[h].process.socket.get(), false);
    if (parcel) {
      on_parcel(h, *parcel);
      continue;
    }
    if (errno != EAGAIN) host_is_gone(h);
    return;
  }
}

void Agent::ask_for_tables(const HostQuestion& question) {
  if (question.host >= hosts_.size() || !hosts_[question.host].up) {
    answer(question.id, {}, {});  // a host that is down has none
    return;
  }
  send_parcel(hosts_[question.host].process.socket.get(), parcel::kTables, encoded(question));
}

/// The rows that no event tells of: of those hosts that something happened to.
void Agent::look_at_rows() {
  for (Host& host : hosts_) {
    if (host.stirred && host.up) {
      send_parcel(host.process.socket.get(), parcel::kLook, {});
    }
    host.stirred = false;
  }
}

void Agent::on_parcel(std::uint32_t h, Parcel& parcel) {
  switch (parcel.kind) {
    case parcel::kStarted: {
      Reply reply;
      if (!decode(parcel.body, reply)) return;
      jobs_[reply.id].master = std::move(parcel.fd);
      return;
    }
    case parcel::kFailed: {
      Reply reply;
      if (!decode(parcel.body, reply)) return;
      channel_.send(MessageKind::kOutput,
                    JobOutput{reply.id, now(), "lvslab: " + reply.error + "\n"});
      channel_.send(MessageKind::kExit, JobExit{reply.id, now(), 126});
      jobs_[reply.id].running = false;
      return;
    }
    case parcel::kExited: {
      JobExit exit;
      if (!decode(parcel.body, exit)) return;
      drain_terminal(exit.job);
      exit.at_ns = now();
      jobs_[exit.job].running = false;
      channel_.send(MessageKind::kExit, exit);
      look_at_rows();
      return;
    }
    case parcel::kRows: {
      RowNews news;
      if (!recording_ || !decode(parcel.body, news)) return;
      news.host = h;
      channel_.send(MessageKind::kRows, news);
      return;
    }
    case parcel::kTables: {
      HostQuestion question;
      if (!decode(parcel.body, question)) return;
      auto image =
          parcel.fd.valid() ? read_all(parcel.fd.get()) : Result<std::string>(os_failure("tables"));
      if (image)
        answer(question.id, {}, *std::move(image));
      else
        answer(question.id, std::unexpected(image.error()), {});
      return;
    }
    default: return;
  }
}

// Its first process ended by itself: reboot(2) was called on it, or it was shut down.
void Agent::host_is_gone(std::uint32_t h) {
  Host& host = hosts_[h];
  int status = host.ended.value_or(0);
  const bool known = host.ended || ::waitpid(host.process.pid, &status, 0) == host.process.pid;
  host.ended.reset();
  host.process.pid = -1;
  const bool off = known && ((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) ||
                             (WIFEXITED(status) && WEXITSTATUS(status) == kPoweredOffStatus));
  stop_host(h);
  host.process = {};
  channel_.send(MessageKind::kPower,
                PowerChange{h, now(), off ? PowerEvent::kPoweredOff : PowerEvent::kRebooted});
  if (off) {
    static_cast<void>(wire_->set_far_carrier(lab_, h, false));
    return;
  }
  static_cast<void>(boot_host(h, false));
}

Result<void> Agent::fault(const LabFault& fault) {
  if (fault.host >= hosts_.size()) return fail("there is no such host");
  switch (fault.kind) {
    case LabFaultKind::kCarrier: return wire_->set_carrier(lab_, fault.cable, fault.up);
    case LabFaultKind::kImpair: return wire_->impair(lab_, fault.cable, fault.from);
    case LabFaultKind::kCrash: stop_host(fault.host); return {};
    case LabFaultKind::kPowerOff:
      stop_host(fault.host);
      return wire_->set_far_carrier(lab_, fault.host, false);
    case LabFaultKind::kReboot:
      stop_host(fault.host);
      if (auto done = wire_->set_far_carrier(lab_, fault.host, true); !done) return done;
      return boot_host(fault.host, false);
  }
  return {};
}

}  // namespace lvslab::kernel
