#include "sandbox/seccomp_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::sandbox {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the sandbox knows x86-64 and arm64"
#endif

constexpr int kDenied[] = {
    // Namespaces, mounts and roots.
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_fanotify_init,
    // Other processes' memory and files.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_pidfd_getfd,
    SYS_kcmp,
    SYS_move_pages,
    SYS_migrate_pages,
    // Large parts of the kernel with a long history of holes.
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_lookup_dcookie,
    // System V IPC: kernel memory that no limit counts.
    SYS_shmget,
    SYS_semget,
    SYS_msgget,
    // The machine.
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_vhangup,
    SYS_personality,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_uselib,
    SYS_ustat,
    SYS_sysfs,
#endif
};

constexpr uint32_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// The lower half of the n-th argument (little endian).
constexpr uint32_t argument(uint32_t n) {
    return static_cast<uint32_t>(offsetof(seccomp_data, args)) + 8 * n;
}

class Program {
public:
    void load(uint32_t offset) { code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)); }
    void answer(uint32_t action) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }
    void refuse(int error) { answer(SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)); }
    // The next `skip` instructions only run if the loaded value equals, has a bit of, or is at
    // least `value`.
    void if_equal(uint32_t value, uint8_t skip = 1) { jump(BPF_JEQ, value, skip); }
    void if_bits(uint32_t value, uint8_t skip = 1) { jump(BPF_JSET, value, skip); }
    void if_at_least(uint32_t value) { jump(BPF_JGE, value, 1); }
    std::vector<sock_filter>& code() { return code_; }

private:
    void jump(uint16_t kind, uint32_t value, uint8_t skip) {
        code_.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | kind | BPF_K), value, 0, skip));
    }
    std::vector<sock_filter> code_;
};

}  // namespace

bool install_seccomp_filter(bool memory_files) {
    Program program;
    program.load(offsetof(seccomp_data, arch));
    program.if_equal(kArchitecture, 1);
    program.code().push_back(BPF_STMT(BPF_JMP | BPF_JA, 1));
    program.refuse(EPERM);  // another architecture's numbers mean other calls
    const auto load_number = [&] { program.load(offsetof(seccomp_data, nr)); };
    load_number();
#if defined(__x86_64__)
    program.if_at_least(0x40000000);  // x32
    program.refuse(EPERM);
#endif
    for (const int number : kDenied) {
        program.if_equal(static_cast<uint32_t>(number));
        program.refuse(EPERM);
    }
    if (!memory_files) {
        for (const int number : {SYS_memfd_create, SYS_memfd_secret}) {
            program.if_equal(static_cast<uint32_t>(number));
            program.refuse(EPERM);
        }
    }
    program.if_equal(SYS_clone3);
    program.refuse(ENOSYS);
    program.if_equal(SYS_clone, 3);
    program.load(argument(0));
    program.if_bits(kNewNamespaces);
    program.refuse(EPERM);
    load_number();
    // A limit of 0 instead of 1 would give cores to the host again (launcher.cc).
    program.if_equal(SYS_setrlimit, 3);
    program.load(argument(0));
    program.if_equal(RLIMIT_CORE);
    program.refuse(EPERM);
    load_number();
    program.if_equal(SYS_prlimit64, 8);
    program.load(argument(1));
    program.if_equal(RLIMIT_CORE, 6);
    program.load(argument(2));
    program.if_equal(0, 3);
    program.load(argument(2) + 4);
    program.if_equal(0, 1);  // neither half: it only asks
    program.code().push_back(BPF_STMT(BPF_JMP | BPF_JA, 1));
    program.refuse(EPERM);
    load_number();
    // Typing into a terminal.
    program.if_equal(SYS_ioctl, 5);
    program.load(argument(1));
    program.if_equal(TIOCSTI);
    program.refuse(EPERM);
    program.if_equal(TIOCLINUX);
    program.refuse(EPERM);
    load_number();
    // Local, IPv4, IPv6, and route netlink, which lists interfaces. Others, vsock first of all,
    // know no network namespaces.
    program.if_equal(SYS_socket, 12);
    program.load(argument(0));
    for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
        program.if_equal(static_cast<uint32_t>(family));
        program.answer(SECCOMP_RET_ALLOW);
    }
    program.if_equal(AF_NETLINK, 3);
    program.load(argument(2));
    program.if_equal(0);
    program.answer(SECCOMP_RET_ALLOW);
    program.refuse(EAFNOSUPPORT);
    program.answer(SECCOMP_RET_ALLOW);
    const sock_fprog filter{static_cast<uint16_t>(program.code().size()), program.code().data()};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

}  // namespace millrace::sandbox
