#include "kernel-backend/kernel_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "kernel-backend/clock/clock_page.h"
#include "kernel-backend/lab_of.h"
#include "kernel-backend/tables_image.h"
#include "sim/scenario/units.h"

namespace lvslab::kernel {

using lab::RunStop;
using lab::StopReason;
using lab::Ticket;

namespace {

/// A question that is not answered within this much real time never will be.
constexpr std::chrono::seconds kAnswerLimit{180};
/// How long, in real time, those who watch a run are left without news.
constexpr std::chrono::milliseconds kListenerWaits{100};
/// Time that a question may take if the answer does not come without.
constexpr std::int64_t kAnswerStep = 10'000'000;

std::unexpected<Error> no_host(std::string_view name) {
  return fail("there is no host '" + std::string(name) + "'");
}

}  // namespace

lab::Capabilities KernelBackend::capabilities() const {
  return {.simulated_time = kernel_ == nullptr || kernel_->simulated_time(),
          .rewind = false,
          .live_tables = true,
          .events = false,
          .reasons = false};
}

// --- talking -------------------------------------------------------------------------------------

template <class T>
Result<std::string> KernelBackend::ask(MessageKind kind, T question, bool takes_time) {
  const std::uint32_t id = question.id = next_question_++;
  if (!kernel_ || !kernel_->alive()) return fail("the kernel is not running");
  kernel_->send(kind, encoded(question));
  const auto deadline = std::chrono::steady_clock::now() + kAnswerLimit;
  std::int64_t limit = takes_time ? kNoLimit : kernel_->now();
  while (!replies_.contains(id)) {
    const TurnEnd end = kernel_->turn(limit, nullptr);
    take_inbox();
    if (end == TurnEnd::kDied || std::chrono::steady_clock::now() > deadline) {
      return fail("the kernel does not answer: " + kernel_->last_words());
    }
    if (end == TurnEnd::kAtLimit && !replies_.contains(id)) limit = kernel_->now() + kAnswerStep;
  }
  // What the answer set going at this very moment; real time has none.
  while (!takes_time && kernel_->simulated_time() &&
         kernel_->turn(kernel_->now(), nullptr) == TurnEnd::kStandsStill) {
    take_inbox();
  }
  take_inbox();
  Reply reply = std::move(replies_[id]);
  replies_.erase(id);
  if (!reply.error.empty()) return fail(std::move(reply.error));
  return std::move(reply.data);
}

std::size_t KernelBackend::take_inbox() {
  std::vector<Message> messages;
  messages.swap(kernel_->inbox);
  for (const Message& message : messages) take(message);
  const SimTime complete = in_real_time() && kernel_->alive() ? caught_up_ : SimTime::never();
  recorded_ = std::max(recorded_, recorder_.flush(complete));
  return messages.size();
}

void KernelBackend::catch_up() {
  if (in_real_time()) static_cast<void>(ask(MessageKind::kSync, Question{}, false));
}

void KernelBackend::take(const Message& message) {
  switch (message.kind) {
    case MessageKind::kReply: {
      Reply reply;
      if (decode(message.payload, reply)) replies_[reply.id] = std::move(reply);
      return;
    }
    case MessageKind::kFrame: {
      CapturedFrame frame;
      if (decode(message.payload, frame) && frame.host < up_.size())
        recorder_.frame(std::move(frame));
      return;
    }
    case MessageKind::kOutput: {
      JobOutput output;
      if (!decode(message.payload, output) || output.job >= jobs_.size()) return;
      Job& job = jobs_[output.job];
      if (!job.state.done) job.state.output += output.text;
      recorder_.text(RecordKind::kOutput, output.at_ns, job.host, job.command,
                     std::move(output.text), {0, job.number, 1});
      return;
    }
    case MessageKind::kExit: {
      JobExit exit;
      if (!decode(message.payload, exit) || exit.job >= jobs_.size()) return;
      Job& job = jobs_[exit.job];
      job.state.done = true;
      job.state.status = exit.status;
      job.state.ended = std::max(SimTime{exit.at_ns}, job.state.started);
      TraceRecord record;
      record.at = job.state.ended;
      record.node = NodeId(job.host);
      record.cause = job.command;
      record.kind = RecordKind::kExit;
      record.args = {static_cast<std::uint32_t>(exit.status), job.number, 0};
      recorder_.plain(record);
      return;
    }
    case MessageKind::kCaughtUp: {
      CaughtUp news;
      if (decode(message.payload, news)) caught_up_ = std::max(caught_up_, SimTime{news.at_ns});
      return;
    }
    case MessageKind::kLost: {
      FramesLost lost;
      if (!decode(message.payload, lost) || lost.host >= up_.size()) return;
      troubles_.push_back(
          {fmt::format("the capture on {} lost {} frames", lab_.hosts[lost.host].name, lost.count),
           {},
           {}});
      return;
    }
    case MessageKind::kPower: {
      PowerChange change;
      if (!decode(message.payload, change) || change.host >= up_.size()) return;
      const bool off = change.event == PowerEvent::kPoweredOff;
      up_[change.host] = !off;
      recorder_.text(RecordKind::kFault, change.at_ns, change.host, {},
                     off ? "power-off" : "reboot", {});
      return;
    }
    case MessageKind::kRows: return take_rows(message.payload);
    default: return;
  }
}

void KernelBackend::take_rows(std::string_view payload) {
  RowNews news;
  if (!decode(payload, news) || news.host >= up_.size()) return;
  auto changes = decode_changes(news.image);
  if (!changes) {
    troubles_.push_back({"the agent told of rows that are none: " + changes.error().message});
    return;
  }
  for (RowChange& change : *changes) recorder_.row(news.at_ns, news.host, std::move(change));
}

std::int64_t KernelBackend::kernel_time(SimTime at) const {
  if (at == SimTime::never() || at.ns > kNoLimit - zero_) return kNoLimit;
  return zero_ + at.ns;
}

// The lab is lost; whoever waits should not wait for ever.
void KernelBackend::died() {
  const std::string why = "the kernel died: " + kernel_->last_words();
  if (troubles_.empty() || troubles_.back().message != why) troubles_.push_back({why, {}, {}});
  for (Job& job : jobs_) {
    if (job.state.done) continue;
    job.state.done = true;
    job.state.status = 255;
    job.state.ended = now();
    job.state.output += "lvslab: " + why + "\n";
  }
  up_.assign(up_.size(), false);
}

// --- loading -------------------------------------------------------------------------------------

Result<void> KernelBackend::load(const scenario::Scenario& scenario, Trace* sink) {
  scenario_ = scenario;
  jobs_.clear();
  jobs_of_host_.assign(scenario.hosts.size(), 0);
  up_.assign(scenario.hosts.size(), false);
  troubles_.clear();
  replies_.clear();
  recorded_ = caught_up_ = {};
  recorder_.begin(scenario_, sink);
  const bool ipv6 = scenario::uses_ipv6(scenario);
  if (!kernel_ || !kernel_->alive() || ipv6 != with_ipv6_ || spent_) {
    kernel_.reset();
    auto booted = boot_({.seed = scenario.seed, .ipv6 = ipv6});
    if (!booted) return std::unexpected(booted.error());
    kernel_ = *std::move(booted);
    with_ipv6_ = ipv6;
    spent_ = false;
  }
  lab_ = lab_of(scenario_);
  const auto built = ask(MessageKind::kBuild, lab_, true);
  if (!built) return std::unexpected(built.error());
  zero_ = kernel_->now();
  crept_before_ = kernel_->crept();
  if (in_real_time()) {
    Begun begun;
    if (!decode(*built, begun)) return fail("the agent does not say when the lab began");
    zero_ = begun.epoch_ns;
  }
  up_.assign(up_.size(), true);
  return {};
}

std::optional<std::uint32_t> KernelBackend::find_host(std::string_view name) const {
  const auto found = std::ranges::find(scenario_.hosts, name, &scenario::Host::name);
  if (found == scenario_.hosts.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - scenario_.hosts.begin());
}

bool KernelBackend::is_up(std::string_view host) const {
  const auto index = find_host(host);
  return index && up_[*index];
}

// --- typing --------------------------------------------------------------------------------------

Result<Ticket> KernelBackend::exec(std::string_view host, std::string_view line) {
  Exec question;
  question.line = line;
  return start_job(host, std::move(question));
}

Result<Ticket> KernelBackend::start_job(std::string_view host, Exec question) {
  const auto index = find_host(host);
  if (!index) return no_host(host);
  if (!up_[*index]) return fail(std::string(host) + " is down: nothing can be typed on it");
  // The FTP helper serves all services of a kernel, and takes part in whatever comes after.
  if (question.line.find("ip_vs_ftp") != std::string::npos) spent_ = true;
  catch_up();
  const auto number = static_cast<std::uint32_t>(jobs_.size());
  Job& job = jobs_.emplace_back();
  job.host = *index;
  job.number = ++jobs_of_host_[*index];
  job.state.started = now();
  job.command =
      recorder_.append_text(RecordKind::kCommand, job.state.started, *index, {},
                            question.line.empty() ? "bash" : question.line, {0, job.number, 0});
  question.host = *index;
  question.job = number;
  if (auto asked = ask(MessageKind::kExec, std::move(question), false); !asked) {
    if (kernel_->alive()) return std::unexpected(asked.error());
    died();
  }
  return Ticket(number);
}

Result<Ticket> KernelBackend::open_console(std::string_view host, std::uint16_t rows,
                                           std::uint16_t columns) {
  Exec question;
  question.rows = rows;
  question.columns = columns;
  return start_job(host, std::move(question));
}

void KernelBackend::press_keys(Ticket console, std::string_view keys) {
  if (job_done(console)) return;
  JobInput typed;
  typed.job = console.value;
  typed.bytes = keys;
  static_cast<void>(ask(MessageKind::kInput, std::move(typed), false));
}

void KernelBackend::resize(Ticket console, std::uint16_t rows, std::uint16_t columns) {
  if (job_done(console)) return;
  JobInput size;
  size.job = console.value;
  size.rows = rows;
  size.columns = columns;
  static_cast<void>(ask(MessageKind::kInput, std::move(size), false));
}

void KernelBackend::interrupt(Ticket ticket) {
  if (job_done(ticket)) return;
  static_cast<void>(ask(MessageKind::kSignal, JobSignal{0, ticket.value, SIGINT}, false));
}

// --- running -------------------------------------------------------------------------------------

SimTime KernelBackend::now() const {
  if (!kernel_) return {};
  return std::max(recorded_, SimTime{kernel_->now() - zero_});
}

RunStop KernelBackend::run(const lab::RunLimits& limits) {
  RunStop stop;
  const auto ends = [&](StopReason reason) {
    if (reason != StopReason::kEventLimit) catch_up();
    stop.reason = reason;
    return stop;
  };
  const auto look_again = std::chrono::steady_clock::now() + kListenerWaits;
  for (;;) {
    if (limits.stop != nullptr && *limits.stop != 0) return ends(StopReason::kInterrupted);
    if (std::ranges::any_of(limits.jobs, [&](Ticket t) { return job_done(t); })) {
      return ends(StopReason::kJobDone);
    }
    const bool shown = stop.events == 0 || std::chrono::steady_clock::now() < look_again;
    if (stop.events >= limits.events || !shown) return ends(StopReason::kEventLimit);
    if (!kernel_->alive()) {
      died();
      return ends(StopReason::kIdle);
    }
    const TurnEnd end = kernel_->turn(kernel_time(limits.until), limits.stop);
    if (take_inbox() > 0) ++stop.events;
    if (end == TurnEnd::kAtLimit) {
      if (std::ranges::any_of(limits.jobs, [&](Ticket t) { return job_done(t); })) {
        return ends(StopReason::kJobDone);
      }
      return ends(StopReason::kTimeReached);
    }
  }
}

// --- faults and tables ---------------------------------------------------------------------------

Result<void> KernelBackend::apply(const scenario::Fault& fault) {
  using scenario::FaultKind;
  const auto host = find_host(fault.host);
  if (!host) return no_host(fault.host);
  LabFault question;
  question.host = *host;
  IfIndex dev;
  if (scenario::is_link_fault(fault.kind)) {
    const auto& nics = scenario_.hosts[*host].nics;
    const auto nic = std::ranges::find(nics, fault.nic, &scenario::Nic::name);
    if (nic == nics.end()) {
      return fail("there is no interface '" + fault.host + "/" + fault.nic + "'");
    }
    const auto index = static_cast<std::uint32_t>(nic - nics.begin());
    dev = IfIndex(static_cast<std::uint16_t>(index + 2));
    const auto cable = std::ranges::find_if(lab_.cables, [&](const LabCable& c) {
      return std::ranges::any_of(c.ends, [&](const LabPlug& p) {
        return !p.is_switch && p.node == *host && p.nic == index;
      });
    });
    if (cable == lab_.cables.end()) return {};  // no cable, nothing to break
    question.cable = static_cast<std::uint32_t>(cable - lab_.cables.begin());
    std::ranges::copy(cable->from, question.from);
  }
  std::string text(scenario::to_string(fault.kind));
  switch (fault.kind) {
    case FaultKind::kLinkDown:
    case FaultKind::kLinkUp: question.up = fault.kind == FaultKind::kLinkUp; break;
    case FaultKind::kCrash: question.kind = LabFaultKind::kCrash; break;
    case FaultKind::kReboot: question.kind = LabFaultKind::kReboot; break;
    case FaultKind::kPowerOff: question.kind = LabFaultKind::kPowerOff; break;
    case FaultKind::kLoss:
      for (LabImpairment& from : question.from) from.loss_ppm = fault.ppm;
      text += " " + scenario::share_to_text(fault.ppm);
      break;
    case FaultKind::kDuplicate:
      for (LabImpairment& from : question.from) from.duplicate_ppm = fault.ppm;
      text += " " + scenario::share_to_text(fault.ppm);
      break;
    case FaultKind::kDelay:
      for (LabImpairment& from : question.from) {
        from.delay_ns = fault.delay.ns;
        from.jitter_ns = fault.jitter.ns;
      }
      text += " " + scenario::duration_to_text(fault.delay);
      break;
  }
  const bool impairs = fault.kind == FaultKind::kLoss || fault.kind == FaultKind::kDuplicate ||
                       fault.kind == FaultKind::kDelay;
  if (impairs) {
    question.kind = LabFaultKind::kImpair;
    std::ranges::copy(question.from, lab_.cables[question.cable].from);
  }
  catch_up();
  recorder_.append_text(RecordKind::kFault, now(), *host, dev, text, {});
  if (auto done = ask(MessageKind::kFault, question, false); !done) {
    return std::unexpected(done.error());
  }
  if (fault.kind == FaultKind::kCrash || fault.kind == FaultKind::kPowerOff) up_[*host] = false;
  if (fault.kind == FaultKind::kReboot) up_[*host] = true;
  return {};
}

Result<HostTables> KernelBackend::tables(std::string_view host) {
  const auto index = find_host(host);
  if (!index) return no_host(host);
  auto image = ask(MessageKind::kTables, HostQuestion{0, *index}, false);
  if (!image) return std::unexpected(image.error());
  HostTables none;
  none.hostname = scenario_.hosts[*index].name;
  none.now = now();
  return image->empty() ? Result<HostTables>(std::move(none)) : decode_tables(*image);
}

}  // namespace lvslab::kernel
