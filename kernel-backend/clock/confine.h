// What the User-Mode Linux kernel may ask of the machine once it is up: a list of system calls, by
// seccomp. Files are read, never opened for writing, made, renamed or removed; no socket is made or
// connected; no program is run. So root inside of the lab, even with a file system mounted anew and
// writable, changes nothing outside.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace lvslab::kernel {

/// Calls that take no path to write to, and what hostfs, signals, timers and the processes of the
/// lab (stubs under ptrace) need.
inline constexpr std::uint32_t kAllowedCalls[] = {SYS_read,
                                                  SYS_write,
                                                  SYS_readv,
                                                  SYS_writev,
                                                  SYS_pread64,
                                                  SYS_close,
                                                  SYS_fstat,
                                                  SYS_stat,
                                                  SYS_lstat,
                                                  SYS_newfstatat,
                                                  SYS_statx,
                                                  SYS_statfs,
                                                  SYS_fstatfs,
                                                  SYS_lseek,
                                                  SYS_access,
                                                  SYS_faccessat,
                                                  SYS_readlink,
                                                  SYS_readlinkat,
                                                  SYS_getdents64,
                                                  SYS_getdents,
                                                  SYS_mmap,
                                                  SYS_munmap,
                                                  SYS_mprotect,
                                                  SYS_madvise,
                                                  SYS_brk,
                                                  SYS_rt_sigaction,
                                                  SYS_rt_sigprocmask,
                                                  SYS_rt_sigreturn,
                                                  SYS_rt_sigsuspend,
                                                  SYS_rt_sigpending,
                                                  SYS_sigaltstack,
                                                  SYS_kill,
                                                  SYS_tgkill,
                                                  SYS_getpid,
                                                  SYS_gettid,
                                                  SYS_getppid,
                                                  SYS_clone,
                                                  SYS_wait4,
                                                  SYS_ptrace,
                                                  SYS_exit,
                                                  SYS_exit_group,
                                                  SYS_futex,
                                                  SYS_sched_yield,
                                                  SYS_restart_syscall,
                                                  SYS_arch_prctl,
                                                  SYS_modify_ldt,
                                                  SYS_poll,
                                                  SYS_ppoll,
                                                  SYS_epoll_ctl,
                                                  SYS_epoll_wait,
                                                  SYS_epoll_pwait,
                                                  SYS_fcntl,
                                                  SYS_ioctl,
                                                  SYS_timer_create,
                                                  SYS_timer_settime,
                                                  SYS_timer_gettime,
                                                  SYS_timer_delete,
                                                  SYS_clock_gettime,
                                                  SYS_gettimeofday,
                                                  SYS_nanosleep,
                                                  SYS_clock_nanosleep,
                                                  SYS_getrandom,
                                                  SYS_uname,
                                                  SYS_set_robust_list,
                                                  SYS_set_tid_address,
                                                  SYS_rseq,
                                                  SYS_prctl,
                                                  SYS_dup,
                                                  SYS_dup2,
                                                  SYS_fsync,
                                                  SYS_fdatasync};

/// From here on only those. False if the machine's kernel has no seccomp.
inline bool confine() {
  constexpr std::size_t kCount = sizeof kAllowedCalls / sizeof kAllowedCalls[0];
  constexpr auto kWrites = static_cast<std::uint32_t>(03 | 0100 | 01000 | 020000000);
  sock_filter code[2 * kCount + 24];
  std::uint16_t n = 0;
  const auto statement = [&](std::uint16_t op, std::uint32_t k) { code[n++] = {op, 0, 0, k}; };
  const auto jump = [&](std::uint16_t op, std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
    code[n++] = {op, yes, no, k};
  };
  const auto flags_of_open = [&](std::uint32_t call, std::size_t argument) {
    jump(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4);
    statement(BPF_LD | BPF_W | BPF_ABS,
              static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * argument));
    jump(BPF_JMP | BPF_JSET | BPF_K, kWrites, 0, 1);
    statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EROFS);
    statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  };
  statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  flags_of_open(SYS_open, 1);
  flags_of_open(SYS_openat, 2);
  for (const std::uint32_t call : kAllowedCalls) {
    jump(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
    statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  const sock_fprog program{n, code};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace lvslab::kernel
