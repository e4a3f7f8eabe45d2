// SPDX-License-Identifier: MIT
// Calls that ask the system for one thing each, and protections of memory that change.
#include "tests/linux/check.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <time.h>

struct how {
    uint64_t flags, mode, resolve;
};
static int open_how(const char* path, struct how how) {
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static void opening_with_rules(void) {
    int fd = open_how("file", (struct how){O_CREAT | O_RDWR, 0600, 0});
    TRUE(fd >= 0);
    struct stat found;
    EQUAL(fstat(fd, &found), 0);
    EQUAL(found.st_mode & 07777, 0600);
    close(fd);
    FAILS(open_how("none", (struct how){O_RDONLY, 0, 0}), ENOENT);
    FAILS(open_how("file", (struct how){O_RDONLY, 0600, 0}), EINVAL);
    FAILS(open_how("file", (struct how){O_CREAT | O_RDWR, 010000, 0}), EINVAL);
    FAILS(open_how("file", (struct how){1ull << 40, 0, 0}), EINVAL);
    FAILS(open_how("file", (struct how){O_RDONLY, 0, 1 << 10}), EINVAL);
    FAILS(open_how("file", (struct how){O_RDONLY, 0, 8 | 16}), EINVAL);
    struct {
        struct how how;
        uint64_t more;
    } longer = {{O_RDONLY, 0, 0}, 0};
    fd = (int)syscall(SYS_openat2, AT_FDCWD, "file", &longer, sizeof longer);
    TRUE(fd >= 0);
    close(fd);
    longer.more = 1;
    FAILS(syscall(SYS_openat2, AT_FDCWD, "file", &longer, sizeof longer), E2BIG);
    FAILS(syscall(SYS_openat2, AT_FDCWD, "file", &longer, 8), EINVAL);
    FAILS(syscall(SYS_openat2, AT_FDCWD, "file", 8, 24), EFAULT);
}

static void slices(void) {
    struct timespec slice = {-1, -1};
    EQUAL(syscall(SYS_sched_rr_get_interval, 0, &slice), 0);
    TRUE(slice.tv_sec == 0 && slice.tv_nsec >= 0 && slice.tv_nsec < 1000000000);
    FAILS(syscall(SYS_sched_rr_get_interval, -1, &slice), EINVAL);
    FAILS(syscall(SYS_sched_rr_get_interval, 0, 8), EFAULT);
}

static void own_memory(void) {
    char from[10000], to[10000];
    for (size_t i = 0; i < sizeof from; i++) from[i] = (char)(i * 7);
    memset(to, 0, sizeof to);
    struct iovec local[2] = {{to, 5}, {to + 5, sizeof to - 5}};
    struct iovec remote = {from, sizeof from};
    EQUAL(process_vm_readv(getpid(), local, 2, &remote, 1, 0), (long)sizeof to);
    EQUAL(memcmp(from, to, sizeof to), 0);
    memset(from, 1, sizeof from);
    EQUAL(process_vm_writev(getpid(), local, 2, &remote, 1, 0), (long)sizeof to);
    EQUAL(memcmp(from, to, sizeof to), 0);
    remote.iov_len = 3;
    EQUAL(process_vm_readv(getpid(), local, 2, &remote, 1, 0), 3);
    struct iovec nowhere = {(void*)8, 8};
    FAILS(process_vm_readv(getpid(), local, 1, &nowhere, 1, 0), EFAULT);
    FAILS(process_vm_readv(getpid(), local, 1, &remote, 1, 1), EINVAL);
    FAILS(process_vm_readv(4000000, local, 1, &remote, 1, 0), ESRCH);
}

static int compare(int type, long one, long other) {
    return (int)syscall(SYS_kcmp, getpid(), getpid(), type, one, other);
}

static void comparing(void) {
    int one = open(".", O_RDONLY), other = open(".", O_RDONLY), same = dup(one);
    EQUAL(compare(0, one, same), 0);
    int order = compare(0, one, other);
    TRUE(order == 1 || order == 2);
    EQUAL(compare(0, other, one), 3 - order);
    EQUAL(compare(1, 0, 0), 0);
    FAILS(compare(0, one, 99), EBADF);
    FAILS(compare(77, 0, 0), EINVAL);
    close(one);
    close(other);
    close(same);
}

// What a compiler at run time does that keeps to W^X.
static void written_then_run(void) {
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};  // mov $42, %eax; ret
    unsigned char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++) {
        memcpy(page, code, sizeof code);
        page[1] = (unsigned char)(40 + i);
        EQUAL(mprotect(page, 4096, PROT_READ | PROT_EXEC), 0);
        EQUAL(((int (*)(void))(void*)page)(), 40 + i);
        EQUAL(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
    }
    EQUAL(syscall(SYS_pkey_mprotect, page, 4096, PROT_READ, -1), 0);
    FAILS(syscall(SYS_pkey_mprotect, page, 4096, PROT_READ, 99), EINVAL);
    FAILS(syscall(SYS_pkey_alloc, 1, 0), EINVAL);
    FAILS(syscall(SYS_pkey_free, 99), EINVAL);
    munmap(page, 4096);
}

// What has a number only, and what only the kernel itself has a use for.
static void numbers_without_calls(void) {
    FAILS(syscall(SYS__sysctl, 0), ENOSYS);
    FAILS(syscall(SYS_getpmsg, 0, 0, 0, 0, 0), ENOSYS);
    FAILS(syscall(SYS_set_thread_area, 0), ENOSYS);
    FAILS(syscall(SYS_restart_syscall), EINTR);
}

// How busy the machine has been: who is busy himself sees it, sooner or later, and everywhere the same.
static void load(void) {
    struct sysinfo info;
    do {
        EQUAL(sysinfo(&info), 0);
    } while (info.loads[0] == 0 && clock() < 12 * CLOCKS_PER_SEC);
    TRUE(info.loads[0] > 0);
    double shown = atof(get_file("/proc/loadavg")), told = (double)info.loads[0] / 65536;
    TRUE(shown < told * 1.1 + 0.05 && shown > told * 0.9 - 0.05);
    TRUE(info.procs > 0 && info.totalram > info.freeram);
}

MAIN(TEST(numbers_without_calls), TEST(opening_with_rules), TEST(slices), TEST(own_memory), TEST(comparing),
     TEST(written_then_run), TEST(load))
