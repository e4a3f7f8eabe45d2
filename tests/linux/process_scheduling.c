// SPDX-License-Identifier: MIT
// Scheduling attributes and priorities of disks, as a program without privileges sees them.
#include "tests/linux/check.h"

#include <sched.h>
#include <sys/syscall.h>

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static void attributes(void) {
    struct attributes got = {0};
    EQUAL(syscall(SYS_sched_getattr, 0, &got, sizeof got, 0), 0);
    EQUAL(got.size, sizeof got);
    EQUAL(got.policy, SCHED_OTHER);
    EQUAL(got.priority, 0);
    FAILS(syscall(SYS_sched_getattr, 0, &got, sizeof got - 1, 0), EINVAL);
    FAILS(syscall(SYS_sched_getattr, 0, &got, 5000, 0), EINVAL);
    FAILS(syscall(SYS_sched_getattr, 0, &got, sizeof got, 1), EINVAL);
    FAILS(syscall(SYS_sched_getattr, -1, &got, sizeof got, 0), EINVAL);
    struct attributes set = {.size = sizeof set};
    EQUAL(syscall(SYS_sched_setattr, 0, &set, 0), 0);
    FAILS(syscall(SYS_sched_setattr, 0, &set, 1), EINVAL);
    set.nice = 4;
    EQUAL(syscall(SYS_sched_setattr, 0, &set, 0), 0);
    EQUAL(syscall(SYS_sched_getattr, 0, &got, sizeof got, 0), 0);
    EQUAL(got.nice, 4);
    set.size = 20;
    FAILS(syscall(SYS_sched_setattr, 0, &set, 0), E2BIG);
    set.size = sizeof set;
    set.priority = 1;
    FAILS(syscall(SYS_sched_setattr, 0, &set, 0), EINVAL);
    set.policy = 77;
    FAILS(syscall(SYS_sched_setattr, 0, &set, 0), EINVAL);
}

static void priorities(void) {
    EQUAL(sched_get_priority_max(SCHED_RR), 99);
    EQUAL(sched_get_priority_min(SCHED_FIFO), 1);
    EQUAL(sched_get_priority_max(SCHED_OTHER), 0);
    EQUAL(sched_get_priority_min(SCHED_IDLE), 0);
    FAILS(sched_get_priority_max(-1), EINVAL);
    FAILS(sched_get_priority_min(4), EINVAL);
    FAILS(sched_get_priority_max(77), EINVAL);
}

static void intervals(void) {
    struct timespec slice = {-1, -1};
    EQUAL(sched_rr_get_interval(0, &slice), 0);
    TRUE(slice.tv_sec == 0 && slice.tv_nsec >= 0);
    EQUAL(sched_rr_get_interval(getpid(), &slice), 0);
    EQUAL(sched_rr_get_interval(getppid(), &slice), 0);
    FAILS(sched_rr_get_interval(-1, &slice), EINVAL);
    pid_t child = fork();
    if (child == 0) _exit(0);
    EQUAL(status_of(child), 0);
    FAILS(sched_rr_get_interval(child, &slice), ESRCH);
}

static void disk_priorities(void) {
    enum { process = 1, none = 0, best_effort = 2, shift = 13 };
    EQUAL(syscall(SYS_ioprio_get, process, 0), 0);
    FAILS(syscall(SYS_ioprio_get, 0, 0), EINVAL);
    FAILS(syscall(SYS_ioprio_get, 4, 0), EINVAL);
    FAILS(syscall(SYS_ioprio_set, process, 0, 7 << shift), EINVAL);
    FAILS(syscall(SYS_ioprio_set, process, 0, (none << shift) | 1), EINVAL);
    FAILS(syscall(SYS_ioprio_set, 9, 0, best_effort << shift), EINVAL);
    EQUAL(syscall(SYS_ioprio_set, process, 0, none << shift), 0);
}

MAIN(TEST(attributes), TEST(priorities), TEST(intervals), TEST(disk_priorities))
