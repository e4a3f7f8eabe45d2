// SPDX-License-Identifier: MIT
// Attempts at processes of others, at a higher rank, and at the machine as a whole. Another container runs meanwhile.
#include "tests/escape/escape.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>

// Numbers of processes that one may guess. The system's own is known to all.
enum { numbers = 2000, system_itself = 1 };

// The attempts run alone in their container: all other numbers are somebody else's, or nobody's.
static int is_mine(pid_t pid) { return pid == getpid() || pid == getppid(); }

static void every_number(void) {
    REFUSED(kill(system_itself, SIGKILL), EPERM);
    for (pid_t pid = 2; pid < numbers; pid++) {
        if (is_mine(pid)) continue;
        REFUSED(kill(pid, 0), ESRCH);
        REFUSED(kill(pid, SIGKILL), ESRCH);
        REFUSED(kill(pid, SIGSTOP), ESRCH);
    }
}

static void every_group(void) {
    pid_t own = getpgrp();
    for (pid_t group = 2; group < numbers; group++)
        if (group != own) REFUSED(kill(-group, SIGKILL), ESRCH);
}

// Everybody: that is the container's own processes, and there the sender is spared.
static void everybody(void) {
    pid_t child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    kill(-1, SIGKILL);
    EQUAL(status_of(child), 1000 + SIGKILL);
}

static void every_thread(void) {
    for (pid_t pid = 2; pid < numbers; pid++) {
        if (is_mine(pid)) continue;
        REFUSED(syscall(SYS_tkill, pid, SIGKILL), ESRCH);
        REFUSED(syscall(SYS_tgkill, pid, pid, SIGKILL), ESRCH);
    }
}

static void queued_signals(void) {
    union sigval value = {.sival_int = 1};
    for (pid_t pid = 2; pid < 300; pid++)
        if (!is_mine(pid)) REFUSED(sigqueue(pid, SIGTERM, value), ESRCH);
}

static void handles_of_processes(void) {
    for (pid_t pid = 2; pid < 300; pid++)
        if (!is_mine(pid)) REFUSED(syscall(SYS_pidfd_open, pid, 0), ESRCH);
}

static void what_is_told_of_others(void) {
    char name[64];
    for (pid_t pid = 2; pid < 300; pid++) {
        if (is_mine(pid)) continue;
        REFUSED(getpgid(pid), ESRCH);
        REFUSED(getsid(pid), ESRCH);
        snprintf(name, sizeof name, "/proc/%d/cmdline", pid);
        REFUSED(open(name, O_RDONLY), ENOENT);
    }
}

static void what_is_set_for_others(void) {
    struct rlimit limit = {1, 1};
    for (pid_t pid = 2; pid < 300; pid++) {
        if (is_mine(pid)) continue;
        REFUSED(setpgid(pid, pid), ESRCH);
        DENIED(prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
    }
}

static void memory_of_others(void) {
    char own[8];
    struct iovec to = {own, sizeof own}, from = {(void*)0x400000, sizeof own};
    for (pid_t pid = 2; pid < 300; pid++) {
        if (is_mine(pid)) continue;
        DENIED(process_vm_readv(pid, &to, 1, &from, 1, 0));
        DENIED(process_vm_writev(pid, &to, 1, &from, 1, 0));
        DENIED(syscall(SYS_ptrace, 16, pid, 0, 0));  // PTRACE_ATTACH
    }
}

static void children_of_others(void) {
    int status;
    REFUSED(waitpid(1, &status, WNOHANG), ECHILD);
    REFUSED(waitpid(-1, &status, WNOHANG), ECHILD);
    REFUSED(waitpid(getppid(), &status, WNOHANG), ECHILD);
    siginfo_t info;
    REFUSED(waitid(P_PID, 2, &info, WEXITED | WNOHANG), ECHILD);
}

static void another_user(void) {
    DENIED(setuid(0));
    DENIED(seteuid(0));
    DENIED(setreuid(0, 0));
    DENIED(setresuid(0, 0, 0));
    DENIED(setgid(0));
    DENIED(setresgid(0, 0, 0));
    DENIED(setuid(getuid() + 1));
    gid_t none = 0;
    DENIED(syscall(SYS_setgroups, 1, &none));
    TRUE(getuid() != 0 && geteuid() != 0 && getgid() != 0);
}

static void rights_of_linux(void) {
    struct {
        unsigned version;
        int pid;
    } header = {0x20080522, 0};
    unsigned data[6] = {~0U, ~0U, ~0U, ~0U, ~0U, ~0U};
    DENIED(syscall(SYS_capset, &header, data));
    struct rlimit limit = {100, 100};
    EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_max = 1000;
    REFUSED(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
}

static void a_higher_priority(void) {
    struct sched_param high = {.sched_priority = 50};
    DENIED(sched_setscheduler(0, SCHED_FIFO, &high));
    DENIED(sched_setscheduler(0, SCHED_RR, &high));
}

static void the_machine(void) {
    DENIED(reboot(RB_POWER_OFF));
    DENIED(reboot(RB_AUTOBOOT));
    DENIED(sethostname("taken", 5));
    DENIED(syscall(SYS_setdomainname, "taken", 5));
    struct timespec when = {0, 0};
    DENIED(clock_settime(CLOCK_REALTIME, &when));
    struct timeval also = {0, 0};
    DENIED(settimeofday(&also, NULL));
    DENIED(syscall(SYS_init_module, "", 0, ""));
    DENIED(syscall(SYS_kexec_load, 0, 0, NULL, 0));
    DENIED(syscall(SYS_swapon, "/tmp/swap", 0));
    DENIED(syscall(SYS_syslog, 5, NULL, 0));
    DENIED(syscall(SYS_acct, NULL));
}

static void ports_of_the_machine(void) {
    DENIED(syscall(SYS_iopl, 3));
    DENIED(syscall(SYS_ioperm, 0x3f8, 8, 1));
    DENIED(syscall(SYS_modify_ldt, 0, NULL, 0) == 0 ? 0 : -1);
}

static void machinery_of_others(void) {
    DENIED(syscall(SYS_bpf, 0, NULL, 0));
    DENIED(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    DENIED(syscall(SYS_userfaultfd, 0));
    DENIED(syscall(SYS_io_uring_setup, 1, NULL));
    DENIED(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    DENIED(syscall(SYS_add_key, "user", "x", "y", 1, -1));
    DENIED(syscall(SYS_fanotify_init, 0, 0));
}

static void the_terminal_of_others(void) {
    REFUSED(open("/dev/tty", O_RDWR), ENOENT);
    for (int fd = 0; fd < 3; fd++) {
        char c = 'x';
        struct termios settings;
        TRUE(ioctl(fd, TIOCSTI, &c) == -1);
        TRUE(ioctl(fd, TIOCSCTTY, 1) == -1);
        TRUE(tcsetpgrp(fd, 1) == -1);
        TRUE(tcgetattr(fd, &settings) == -1);  // none of them is a terminal here
    }
}

static void starting_containers(void) {
    // Whoever is no supervisor starts what it sees with its own authority and no other.
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/tmp/said", O_CREAT | O_WRONLY, 0600);
        dup2(nowhere, 1);
        dup2(nowhere, 2);
        execl("/bin/container", "container", "run", "neighbour", "cat /home/admin/secret", NULL);
        _exit(99);
    }
    TRUE(status_of(child) != 0);
    char said[256] = "";
    int file = open("/tmp/said", O_RDONLY);
    if (file >= 0) (void)!read(file, said, sizeof said - 1);
    TRUE(strstr(said, "private words") == NULL);
}

ATTEMPTS(TEST(every_number), TEST(every_group), TEST(everybody), TEST(every_thread),
         TEST(queued_signals), TEST(handles_of_processes), TEST(what_is_told_of_others),
         TEST(what_is_set_for_others), TEST(memory_of_others), TEST(children_of_others),
         TEST(another_user), TEST(rights_of_linux), TEST(a_higher_priority), TEST(the_machine),
         TEST(ports_of_the_machine), TEST(machinery_of_others), TEST(the_terminal_of_others),
         TEST(starting_containers))
