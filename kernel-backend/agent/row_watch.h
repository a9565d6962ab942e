// The tables of a lab host, watched from inside of its namespaces.
#pragma once

#include <optional>
#include <string>

#include "kernel-backend/os.h"
#include "kernel-backend/tables_reader.h"

namespace lvslab::kernel {

/// Which sysctls may have changed.
struct SysctlsInDoubt {
  bool all = false;
  std::string only;  ///< the name of one
};

/// What a line puts in doubt that was typed on the host.
SysctlsInDoubt sysctls_in_doubt(std::string_view line);

class RowWatch {
 public:
  /// `fresh`: what the sysctls of an untouched namespace are; outlives this.
  RowWatch(std::int64_t epoch_ns, const std::vector<SysctlRow>& fresh)
      : epoch_ns_(epoch_ns), fresh_(fresh) {}

  /// The lab begins now: times count from `epoch_ns`.
  void begin(std::int64_t epoch_ns) { epoch_ns_ = epoch_ns; }
  /// In the host's namespaces, once its own /proc is in place.
  Result<void> open();
  /// Readable when rows have changed; negative before open().
  int events_fd() const { return reader_ ? reader_->events_fd() : -1; }

  /// A body for parcel::kRows; empty if nothing changed.
  std::string changes(const SysctlsInDoubt& sysctls);
  /// Everything, as a table image in a file without a name.
  Result<Fd> image();

 private:
  SimTime now() const;

  std::int64_t epoch_ns_;
  const std::vector<SysctlRow>& fresh_;
  std::optional<TableReader> reader_;
};

/// The sysctls of a network namespace that was made for that alone; `on_machine`: and that was made
/// to forget what the machine's own has set (forget_machine_settings()).
std::vector<SysctlRow> fresh_sysctls(bool on_machine);

}  // namespace lvslab::kernel
