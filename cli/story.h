// A run as a student reads it: prompts, commands, outputs, notes, faults, and the summary.
#pragma once

#include "cli/program.h"
#include "sim/lab/expect.h"
#include "sim/lab/session.h"

namespace lvslab::cli {

/// A text for people, in lines that fit a terminal.
std::string folded(std::string_view text);
/// "[root@node01 ~]# "
std::string prompt(const Terminal& terminal, std::string_view host);
/// Reads on from standard input while bash would ask for more lines of `command`, with its second
/// prompt if `prompts`; `echoes`: what is read is printed. An interrupt empties the command.
void read_rest(std::string& command, bool prompts, bool echoes);
/// Prompt, line and output.
std::string entry_text(const Terminal& terminal, const lab::Entry& entry);
/// "link-down at node02/eth0"
std::string fault_text(const scenario::Fault& fault);

/// Prints a run while it goes on.
class Story final : public lab::Listener {
 public:
  /// `quiet`: progress only.
  Story(const Terminal& terminal, bool quiet)
      : terminal_(terminal), quiet_(quiet), progress_(terminal) {}
  void on_done(const lab::Entry& entry) override;
  void on_item(const scenario::TimelineItem& item, SimTime at) override;
  void on_progress(SimTime now, std::uint64_t steps) override { progress_.show(now, steps); }
  void end() { progress_.clear(); }

 private:
  const Terminal& terminal_;
  bool quiet_;
  ProgressLine progress_;
};

/// Which expectations hold, and what was seen in place of those that do not.
std::string summary_text(const Terminal& terminal, lab::Session& session,
                         const std::vector<lab::Finding>& findings);

}  // namespace lvslab::cli
