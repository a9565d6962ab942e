#include "kernel-backend/agent/host_confinement.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <vector>

namespace lvslab::kernel {
namespace {

/// Of files and users of the host itself, and of its network. CAP_DAC_READ_SEARCH is not among
/// them: it opens any file of a file system by its number.
constexpr int kKept[] = {
    CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,           CAP_FSETID,    CAP_KILL,    CAP_SETGID,
    CAP_SETUID, CAP_SETPCAP,      CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_CHROOT};

/// Calls that concern more than a host; most need rights that are gone anyway.
constexpr long kRefusedCalls[] = {SYS_init_module,
                                  SYS_finit_module,
                                  SYS_delete_module,
                                  SYS_kexec_load,
                                  SYS_kexec_file_load,
                                  SYS_reboot,
                                  SYS_mount,
                                  SYS_umount2,
                                  SYS_pivot_root,
                                  SYS_move_mount,
                                  SYS_open_tree,
                                  SYS_fsopen,
                                  SYS_fsconfig,
                                  SYS_fsmount,
                                  SYS_fspick,
                                  SYS_mount_setattr,
                                  SYS_setns,
                                  SYS_swapon,
                                  SYS_swapoff,
                                  SYS_acct,
                                  SYS_quotactl,
                                  SYS_quotactl_fd,
                                  SYS_syslog,
                                  SYS_settimeofday,
                                  SYS_clock_settime,
                                  SYS_clock_adjtime,
                                  SYS_adjtimex,
                                  SYS_iopl,
                                  SYS_ioperm,
                                  SYS_bpf,
                                  SYS_perf_event_open,
                                  SYS_userfaultfd,
                                  SYS_add_key,
                                  SYS_request_key,
                                  SYS_keyctl,
                                  SYS_open_by_handle_at,
                                  SYS_lookup_dcookie,
                                  SYS_process_vm_readv,
                                  SYS_process_vm_writev,
                                  SYS_pidfd_getfd,
                                  SYS_io_uring_setup,
                                  SYS_fanotify_init,
                                  SYS_vhangup};

class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    skip_unless_equal(AUDIT_ARCH_X86_64, 1, 0);
    answer(EPERM);
    load(offsetof(seccomp_data, nr));
    constexpr std::uint32_t kX32 = 0x4000'0000;  // arch/x86: __X32_SYSCALL_BIT
    add(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 1);
    answer(EPERM);
  }
  void refuse(long call, int error) {
    skip_unless_equal(static_cast<std::uint32_t>(call), 0, 1);
    answer(error);
  }
  /// Refused if one of `bits` is set in an argument.
  void refuse_bits(long call, unsigned argument, std::uint32_t bits) {
    skip_unless_equal(static_cast<std::uint32_t>(call), 0, 4);
    load_argument(argument);
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    answer(EPERM);
    allow();
  }
  /// Refused if an argument is `value`.
  void refuse_value(long call, unsigned argument, std::uint32_t value, int error) {
    skip_unless_equal(static_cast<std::uint32_t>(call), 0, 4);
    load_argument(argument);
    skip_unless_equal(value, 0, 1);
    answer(error);
    allow();
  }
  bool install() {
    allow();
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
  }

 private:
  void add(int op, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0) {
    code_.push_back({static_cast<std::uint16_t>(op), yes, no, k});
  }
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  }
  void load_argument(std::size_t argument) {
    load(offsetof(seccomp_data, args) + sizeof seccomp_data::args[0] * argument);
  }
  void skip_unless_equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
  }
  void answer(int error) {
    add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error));
  }
  void allow() { add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }

  std::vector<sock_filter> code_;
};

Result<void> filter_calls() {
  Filter filter;
  for (const long call : kRefusedCalls) filter.refuse(call, EPERM);
  filter.refuse_bits(SYS_unshare, 0, CLONE_NEWUSER);
  filter.refuse_bits(SYS_clone, 0, CLONE_NEWUSER);
  filter.refuse(SYS_clone3, ENOSYS);  // its flags lie in memory; libc falls back to clone()
  filter.refuse_value(SYS_socket, 0, AF_VSOCK, EAFNOSUPPORT);
  if (!filter.install()) return os_failure("this kernel has no seccomp");
  return {};
}

Result<void> drop_capabilities() {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> had{}, kept{};
  if (::syscall(SYS_capget, &head, had.data()) != 0) return os_failure("capabilities");
  for (const int capability : kKept) {
    const auto index = static_cast<std::size_t>(capability / 32);
    kept[index].permitted |= had[index].permitted & 1U << (capability % 32);
    kept[index].effective = kept[index].permitted;
  }
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    const auto& word = kept[static_cast<std::size_t>(capability / 32)];
    if ((word.permitted >> (capability % 32) & 1U) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability) != 0) return os_failure("capabilities");
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (::syscall(SYS_capset, &head, kept.data()) != 0) return os_failure("capabilities");
  return {};
}

}  // namespace

Result<void> confine_to_host() {
  if (auto done = filter_calls(); !done) return done;
  if (auto done = drop_capabilities(); !done) return done;
  ::prctl(PR_SET_DUMPABLE, 0);
  return {};
}

}  // namespace lvslab::kernel
