// SPDX-License-Identifier: MIT
// What a child has from its parent, and what happens to it when the parent ends.
#include "tests/linux/check.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

// A grandchild whose parent ends at once; it writes its parent's number to the pipe, then waits for
// the pipe's end, and exits with 7.
static pid_t orphan(int to, int hold) {
    int p[2];
    if (pipe(p) != 0) return -1;
    pid_t middle = fork();
    if (middle == 0) {
        pid_t before = getpid();
        pid_t child = fork();
        if (child == 0) {
            while (getppid() == before) usleep(1000);
            pid_t parent = getppid();
            if (write(to, &parent, sizeof parent) != sizeof parent) _exit(1);
            char c;
            close(to);
            _exit(read(hold, &c, 1) == 1 ? 7 : 8);
        }
        _exit(write(p[1], &child, sizeof child) != sizeof child);
    }
    pid_t child = -1;
    EQUAL(read(p[0], &child, sizeof child), sizeof child);
    EQUAL(status_of(middle), 0);
    close(p[0]);
    close(p[1]);
    return child;
}

static void reaper(void) {
    int value = -1;
    EQUAL(prctl(PR_GET_CHILD_SUBREAPER, &value), 0);
    EQUAL(value, 0);
    FAILS(prctl(PR_GET_CHILD_SUBREAPER, (void*)8), EFAULT);
    EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    EQUAL(prctl(PR_GET_CHILD_SUBREAPER, &value), 0);
    EQUAL(value, 1);
    int told[2], hold[2];
    EQUAL(pipe(told), 0);
    EQUAL(pipe(hold), 0);
    pid_t child = orphan(told[1], hold[0]), parent = 0;
    EQUAL(read(told[0], &parent, sizeof parent), sizeof parent);
    EQUAL(parent, getpid());
    EQUAL(write(hold[1], "x", 1), 1);
    EQUAL(status_of(child), 7);
    // A child does not inherit it.
    child = fork();
    if (child == 0) _exit(prctl(PR_GET_CHILD_SUBREAPER, &value) != 0 || value != 0);
    EQUAL(status_of(child), 0);
    EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    child = orphan(told[1], hold[0]);
    EQUAL(read(told[0], &parent, sizeof parent), sizeof parent);
    TRUE(parent != getpid());
    FAILS(waitpid(child, NULL, 0), ECHILD);
    EQUAL(write(hold[1], "x", 1), 1);
}

// One that had ended before its parent did falls to the reaper as well, with a SIGCHLD.
static void inherited_zombie(void) {
    EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    pid_t middle = fork();
    if (middle == 0) {
        if (fork() == 0) _exit(9);
        siginfo_t info;
        _exit(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0);
    }
    EQUAL(status_of(middle), 0);
    int status = 0;
    TRUE(waitpid(-1, &status, 0) > 0);
    EQUAL(WEXITSTATUS(status), 9);
    FAILS(waitpid(-1, &status, 0), ECHILD);
    EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void death_signal(void) {
    int value = -1, p[2];
    EQUAL(prctl(PR_SET_PDEATHSIG, SIGUSR1), 0);
    EQUAL(prctl(PR_GET_PDEATHSIG, &value), 0);
    EQUAL(value, SIGUSR1);
    FAILS(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
    EQUAL(prctl(PR_SET_PDEATHSIG, 0), 0);
    EQUAL(pipe(p), 0);
    pid_t middle = fork();
    if (middle == 0) {
        int ready[2];
        char c;
        if (pipe(ready) != 0) _exit(1);
        if (fork() == 0) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR2);
            sigprocmask(SIG_BLOCK, &set, NULL);
            prctl(PR_SET_PDEATHSIG, SIGUSR2);
            if (write(ready[1], "x", 1) != 1) _exit(1);
            int got = 0;
            sigwait(&set, &got);
            _exit(write(p[1], &got, sizeof got) != sizeof got);
        }
        _exit(read(ready[0], &c, 1) != 1);
    }
    close(p[1]);
    EQUAL(status_of(middle), 0);
    EQUAL(read(p[0], &value, sizeof value), sizeof value);
    EQUAL(value, SIGUSR2);
    close(p[0]);
}

static void* rounding_of_thread(void* argument) {
    *(int*)argument = fegetround();
    return NULL;
}

static void rounding(void) {
    EQUAL(fesetround(FE_UPWARD), 0);
    pid_t child = fork();
    if (child == 0) {
        volatile double one = 1, three = 3;
        volatile long double long_one = 1, long_three = 3;
        _exit(fegetround() != FE_UPWARD || one / three * three <= 1 ||
              long_one / long_three * long_three <= 1);
    }
    EQUAL(status_of(child), 0);
    pthread_t thread;
    int seen = -1;
    EQUAL(pthread_create(&thread, NULL, rounding_of_thread, &seen), 0);
    pthread_join(thread, NULL);
    EQUAL(seen, FE_UPWARD);
    EQUAL(fesetround(FE_TONEAREST), 0);
}

MAIN(TEST(reaper), TEST(inherited_zombie), TEST(death_signal), TEST(rounding))
