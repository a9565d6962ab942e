// The real kernel behind the waist of sim/lab/backend.h: the same scenarios, the same records.
//
// Models: all of Backend. One kernel is booted for the first load() and kept for those that follow;
// it is booted anew if it died, or if one scenario uses IPv6 and the other does not. What a line
// prints comes from the real tool, run by a shell. In real time (the machine's own kernel) news
// comes a little late and not in order: records wait for it. Leaves out: going back in time, and
// reasons.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernel-backend/kernel.h"
#include "kernel-backend/recorder.h"
#include "sim/lab/backend.h"

namespace lvslab::kernel {

class KernelBackend final : public lab::Backend, public lab::Consoles {
 public:
  struct Wanted {
    std::uint64_t seed = 1;
    bool ipv6 = false;
  };
  using Boot = std::function<Result<std::unique_ptr<Kernel>>(const Wanted& wanted)>;
  explicit KernelBackend(Boot boot) : boot_(std::move(boot)) {}

  lab::Capabilities capabilities() const override;
  lab::Rewindable* rewindable() override { return nullptr; }
  lab::Consoles* consoles() override { return this; }
  Result<void> load(const scenario::Scenario& scenario, Trace* sink) override;

  Result<lab::Ticket> exec(std::string_view host, std::string_view line) override;
  lab::JobState job(lab::Ticket ticket) const override { return jobs_[ticket.value].state; }
  bool job_done(lab::Ticket ticket) const override { return jobs_[ticket.value].state.done; }
  void interrupt(lab::Ticket ticket) override;

  Result<lab::Ticket> open_console(std::string_view host, std::uint16_t rows,
                                   std::uint16_t columns) override;
  void press_keys(lab::Ticket console, std::string_view keys) override;
  void resize(lab::Ticket console, std::uint16_t rows, std::uint16_t columns) override;

  SimTime now() const override;
  lab::RunStop run(const lab::RunLimits& limits) override;

  Result<void> apply(const scenario::Fault& fault) override;
  bool is_up(std::string_view host) const override;
  Result<HostTables> tables(std::string_view host) override;
  /// How much time of this run went on because something spun.
  SimDuration crept() const { return {kernel_ ? kernel_->crept() - crept_before_ : 0}; }
  std::vector<Error> troubles() const override { return troubles_; }

 private:
  struct Job {
    std::uint32_t host = 0;
    std::uint32_t number = 0;  ///< per host, from 1
    RecordId command;
    lab::JobState state;
  };

  std::optional<std::uint32_t> find_host(std::string_view name) const;
  Result<lab::Ticket> start_job(std::string_view host, Exec question);
  /// Sends a question, and lets the kernel go on (without time, if that suffices) until it has
  /// answered and done what is to be done at this very moment.
  template <class T>
  Result<std::string> ask(MessageKind kind, T question, bool takes_time);
  /// What came: to the recorder, and to those who wait for it. The number of messages.
  std::size_t take_inbox();
  /// In real time: waits until everything that has happened by now is recorded.
  void catch_up();
  bool in_real_time() const { return kernel_ && !kernel_->simulated_time(); }
  void take(const Message& message);
  void take_rows(std::string_view payload);
  void died();
  std::int64_t kernel_time(SimTime at) const;

  Boot boot_;
  std::unique_ptr<Kernel> kernel_;
  bool with_ipv6_ = false;
  bool spent_ = false;  ///< a module was loaded that the next lab may not want
  scenario::Scenario scenario_;
  Lab lab_;
  Recorder recorder_;
  std::vector<Job> jobs_;
  std::vector<std::uint32_t> jobs_of_host_;
  std::vector<bool> up_;
  std::map<std::uint32_t, Reply> replies_;
  std::uint32_t next_question_ = 1;
  std::int64_t zero_ = 0;  ///< the kernel's time when the lab began
  std::int64_t crept_before_ = 0;
  SimTime recorded_;   ///< of the last record
  SimTime caught_up_;  ///< in real time: no frame from before this is still to come
  std::vector<Error> troubles_;
};

}  // namespace lvslab::kernel
