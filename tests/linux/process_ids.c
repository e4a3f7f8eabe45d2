// SPDX-License-Identifier: MIT
// Who a process is: real, effective and saved ids, as daemons use them; and its nice value. Most of it
// needs user 0, and is left out for others.
#define _GNU_SOURCE
#include "tests/linux/check.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/resource.h>

static long users(uid_t real, uid_t effective, uid_t saved) {
    uid_t r = 0, e = 0, s = 0;
    if (getresuid(&r, &e, &s) != 0) return 0;
    return r == real && e == effective && s == saved && getuid() == real && geteuid() == effective;
}
static long groups(gid_t real, gid_t effective, gid_t saved) {
    gid_t r = 0, e = 0, s = 0;
    if (getresgid(&r, &e, &s) != 0) return 0;
    return r == real && e == effective && s == saved && getgid() == real && getegid() == effective;
}

// Each in a child of its own, as there is no way back from some of it.
static void in_child(void (*what)(void)) {
    if (geteuid() != 0) return;
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        what();
        _exit(check_failures);
    }
    EQUAL(status_of(child), 0);
}

// As a daemon does for a moment.
static void there_and_back(void) {
    put_file("private", "x");
    EQUAL(chmod("private", 0600), 0);
    EQUAL(chmod(".", 0777) | chmod("..", 0711), 0);
    EQUAL(seteuid(1000), 0);
    TRUE(users(0, 1000, 0));
    FAILS(open("private", O_RDONLY), EACCES);
    int made = open("made", O_WRONLY | O_CREAT, 0644);
    struct stat about;
    EQUAL(fstat(made, &about), 0);
    EQUAL(about.st_uid, 1000);
    close(made);
    FAILS(setegid(1000), EPERM);
    FAILS(seteuid(1001), EPERM);
    EQUAL(seteuid(0), 0);
    TRUE(users(0, 0, 0));
    int fd = open("private", O_RDONLY);
    TRUE(fd >= 0);
    close(fd);
    EQUAL(setegid(1000), 0);
    TRUE(groups(0, 1000, 0));
    EQUAL(setegid(0), 0);
    TRUE(groups(0, 0, 0));
}

static void for_good(void) {
    EQUAL(setgid(1000), 0);
    TRUE(groups(1000, 1000, 1000));
    EQUAL(setuid(1000), 0);
    TRUE(users(1000, 1000, 1000));
    FAILS(setuid(0), EPERM);
    FAILS(seteuid(0), EPERM);
    FAILS(setreuid(0, 0), EPERM);
    FAILS(setresuid(-1, -1, 0), EPERM);
    FAILS(setgid(0), EPERM);
    EQUAL(setuid(1000), 0);
    TRUE(users(1000, 1000, 1000));
}

static void one_by_one(void) {
    EQUAL(setresuid(1000, 1001, 1002), 0);
    TRUE(users(1000, 1001, 1002));
    FAILS(setresuid(1003, -1, -1), EPERM);
    TRUE(users(1000, 1001, 1002));
    EQUAL(setresuid(-1, 1002, -1), 0);
    TRUE(users(1000, 1002, 1002));
    EQUAL(setuid(1000), 0);  // not for good: only the effective one
    TRUE(users(1000, 1000, 1002));
    EQUAL(setresuid(1002, 1000, 1000), 0);
    TRUE(users(1002, 1000, 1000));
    FAILS(setresuid(1001, -1, -1), EPERM);
}

static void two_by_two(void) {
    EQUAL(setreuid(1000, 1001), 0);
    TRUE(users(1000, 1001, 1001));
    EQUAL(setreuid(1001, 1000), 0);  // changes places
    TRUE(users(1001, 1000, 1000));
    FAILS(setreuid(1002, -1), EPERM);
    EQUAL(setreuid(-1, 1001), 0);
    TRUE(users(1001, 1001, 1000));
    EQUAL(setreuid(-1, 1000), 0);
    TRUE(users(1001, 1000, 1000));
}

// A child has all three; another image has the effective one saved.
static void inherited(void) {
    EQUAL(setresgid(5, 6, 7), 0);
    EQUAL(setresuid(1000, 1001, 1002), 0);
    pid_t child = fork();
    if (child == 0) _exit(!(users(1000, 1001, 1002) && groups(5, 6, 7)));
    EQUAL(status_of(child), 0);
    child = fork();
    if (child == 0) {
        char* arguments[] = {"process_ids", "shown", NULL};
        execv("/proc/self/exe", arguments);
        _exit(100);
    }
    EQUAL(status_of(child), 0);
    const char* status = get_file("/proc/self/status");
    TRUE(strstr(status, "\nUid:\t1000\t1001\t1002\t1001\n") != NULL);
    TRUE(strstr(status, "\nGid:\t5\t6\t7\t6\n") != NULL);
}

static int shown(void) {
    return !(users(1000, 1001, 1001) && groups(5, 6, 6) && getauxval(AT_UID) == 1000 &&
             getauxval(AT_EUID) == 1001 && getauxval(AT_GID) == 5 && getauxval(AT_EGID) == 6 &&
             getauxval(AT_SECURE) == 1);
}

// Who is somebody else for a while still is the one that his own processes may signal.
static void signalled(void) {
    int p[2];
    char c;
    EQUAL(pipe(p), 0);
    pid_t target = fork();
    if (target == 0) {
        if (setresuid(1000, 1001, 1002) != 0) _exit(1);
        (void)!write(p[1], "x", 1);
        for (;;) pause();
    }
    EQUAL(read(p[0], &c, 1), 1);
    const struct {
        uid_t user;
        int error;
    } cases[] = {{1000, 0}, {1002, 0}, {1001, EPERM}, {1003, EPERM}};
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (setuid(cases[i].user) != 0) _exit(100);
            _exit(kill(target, 0) == 0 ? 0 : errno);
        }
        EQUAL(status_of(child), cases[i].error);
    }
    EQUAL(kill(target, SIGKILL), 0);
    EQUAL(status_of(target), 1000 + SIGKILL);
}

static void nice_values(void) {
    errno = 0;
    EQUAL(getpriority(PRIO_PROCESS, 0), 0);
    EQUAL(errno, 0);
    EQUAL(setpriority(PRIO_PROCESS, 0, 5), 0);
    EQUAL(getpriority(PRIO_PROCESS, getpid()), 5);
    EQUAL(nice(3), 8);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        EQUAL(getpriority(PRIO_PROCESS, 0), 8);
        EQUAL(setpgid(0, 0), 0);
        EQUAL(setpriority(PRIO_PGRP, 0, 100), 0);
        EQUAL(getpriority(PRIO_PROCESS, 0), 19);
        EQUAL(getpriority(PRIO_PGRP, getpid()), 19);
        if (geteuid() == 0) EQUAL(setuid(1000), 0);
        FAILS(setpriority(PRIO_PROCESS, 0, 18), EACCES);
        EQUAL(setpriority(PRIO_PROCESS, 0, 19), 0);
        if (getuid() == 1000) FAILS(setpriority(PRIO_PROCESS, getppid(), 19), EPERM);
        _exit(check_failures);
    }
    EQUAL(status_of(child), 0);
    EQUAL(getpriority(PRIO_PROCESS, 0), 8);
    FAILS(getpriority(PRIO_PROCESS, 999999), ESRCH);
    FAILS(setpriority(PRIO_PROCESS, 999999, 1), ESRCH);
    FAILS(getpriority(7, 0), EINVAL);
    char word[300];
    snprintf(word, sizeof word, "%s", get_file("/proc/self/stat"));
    const char* field = strrchr(word, ')') + 2;
    for (int i = 3; i < 19; i++) field = strchr(field, ' ') + 1;
    EQUAL(atoi(field), 8);
}

static void back_and_forth(void) { in_child(there_and_back); }
static void dropped(void) { in_child(for_good); }
static void three(void) { in_child(one_by_one); }
static void two(void) { in_child(two_by_two); }
static void children_and_images(void) { in_child(inherited); }
static void who_may_signal(void) { in_child(signalled); }

int main(int count, char** words) {
    if (count == 2 && strcmp(words[1], "shown") == 0) return shown();
    static const struct check_test tests[] = {
        TEST(back_and_forth), TEST(dropped), TEST(three), TEST(two), TEST(children_and_images),
        TEST(who_may_signal), TEST(nice_values)};
    return check_main(count, words, tests, (int)(sizeof tests / sizeof tests[0]));
}
