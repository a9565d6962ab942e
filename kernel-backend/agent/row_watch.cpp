#include "kernel-backend/agent/row_watch.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <csignal>
#include <ctime>

#include "kernel-backend/agent/host_network.h"
#include "kernel-backend/agent/plain_line.h"
#include "kernel-backend/protocol/codec.h"
#include "kernel-backend/protocol/messages.h"
#include "kernel-backend/tables_image.h"
#include "kernel-backend/tables_sysctl.h"

namespace lvslab::kernel {

SimTime RowWatch::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return {time.tv_sec * 1'000'000'000LL + time.tv_nsec - epoch_ns_};
}

Result<void> RowWatch::open() {
  auto reader = TableReader::open({.hostname = {}, .fresh = &fresh_});
  if (!reader) return std::unexpected(reader.error());
  reader_ = *std::move(reader);
  return {};
}

std::string RowWatch::changes(const SysctlsInDoubt& sysctls) {
  if (!reader_) return {};
  const SimTime at = now();
  const auto wanted = TableReader::kPolledTables | (sysctls.all ? kSysctlTable : 0U);
  const auto rows = reader_->changes(at, wanted, sysctls.only);
  if (!rows || rows->empty()) return {};
  return encoded(RowNews{0, at.ns, encode_changes(*rows)});
}

Result<Fd> RowWatch::image() {
  if (!reader_) return fail("the host is not up");
  const auto tables = reader_->read(now());
  if (!tables) return std::unexpected(tables.error());
  Fd file(::memfd_create("tables", MFD_CLOEXEC));
  if (!file.valid() || !write_all(file.get(), encode_tables(*tables))) return os_failure("tables");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::vector<SysctlRow> fresh_sysctls(bool on_machine) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  Fd from(ends[0]);
  Fd to(ends[1]);
  const long pid = ::syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    if (on_machine) forget_machine_settings();
    HostTables tables;
    tables.sysctls = read_sysctls("/proc");
    write_all(to.get(), encode_tables(tables));
    _exit(0);
  }
  to.reset();
  std::string image;
  char buffer[1U << 14];
  for (ssize_t got = 0; (got = ::read(from.get(), buffer, sizeof buffer)) > 0;) {
    image.append(buffer, static_cast<std::size_t>(got));
  }
  ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  auto tables = decode_tables(image);
  return tables ? std::move(tables->sysctls) : std::vector<SysctlRow>{};
}

SysctlsInDoubt sysctls_in_doubt(std::string_view line) {
  SysctlsInDoubt doubt;
  doubt.only = only_sysctl_written(line);
  doubt.all = doubt.only.empty() && (line.find("/proc/sys") != std::string_view::npos ||
                                     line.find("sysctl") != std::string_view::npos);
  return doubt;
}

}  // namespace lvslab::kernel
