// SPDX-License-Identifier: MIT
// What a process hears of its children: SIG_IGN of SIGCHLD, SA_NOCLDWAIT, SA_NOCLDSTOP, and of waits that it interrupts.
#include "tests/linux/check.h"

#include <signal.h>

static volatile int signals_got, last_code;
static void note(int signal, siginfo_t* info, void* context) {
    (void)signal;
    (void)context;
    signals_got++;
    last_code = info->si_code;
}

static void handle(void (*handler)(int, siginfo_t*, void*), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    EQUAL(sigaction(SIGCHLD, &action, NULL), 0);
    signals_got = 0;
}
static void ignore(void) { EQUAL(signal(SIGCHLD, SIG_IGN) == SIG_ERR, 0); }

// A child that ends when the pipe is closed.
static int door[2];
static pid_t child_at_door(void) {
    EQUAL(pipe(door), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(door[1]);
        _exit(read(door[0], &byte, 1) == 0 ? 3 : 4);
    }
    close(door[0]);
    return child;
}
// Until there is no such process any more, not even a zombie.
static int is_gone(pid_t pid) {
    for (int i = 0; i < 2000; i++) {
        if (kill(pid, 0) == -1 && errno == ESRCH) return 1;
        usleep(5000);
    }
    return 0;
}

static void ignored(void) {
    ignore();
    pid_t child = child_at_door();
    close(door[1]);
    TRUE(is_gone(child));
    FAILS(waitpid(child, NULL, 0), ECHILD);
    // Who waits already waits for the last of them, and is told of none.
    child = child_at_door();
    pid_t other = fork();
    if (other == 0) {
        close(door[1]);
        usleep(30000);
        _exit(5);
    }
    close(door[1]);
    FAILS(wait(NULL), ECHILD);
    TRUE(is_gone(child) && is_gone(other));
    // Not even blocked does the signal come.
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    child = child_at_door();
    close(door[1]);
    TRUE(is_gone(child));
    sigpending(&pending);
    EQUAL(sigismember(&pending, SIGCHLD), 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGCHLD, SIG_DFL);
}

static void no_wait(void) {
    handle(note, SA_NOCLDWAIT);
    pid_t child = child_at_door();
    close(door[1]);
    TRUE(is_gone(child));
    EQUAL(signals_got, 1);  // it is told of all the same
    EQUAL(last_code, CLD_EXITED);
    FAILS(waitpid(child, NULL, 0), ECHILD);
    // Those that had ended before stay.
    signal(SIGCHLD, SIG_DFL);
    child = child_at_door();
    close(door[1]);
    siginfo_t info;
    EQUAL(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
    ignore();
    EQUAL(status_of(child), 3);
    signal(SIGCHLD, SIG_DFL);
}

// Linux sends the signal when the child goes on, which may be a moment after it has said so.
static void await_signals(int wanted) {
    for (int i = 0; i < 4000 && signals_got < wanted; i++) usleep(5000);
    EQUAL(signals_got, wanted);
}

static void stops(int flags, int wanted) {
    handle(note, flags);
    pid_t child = child_at_door();
    int status;
    kill(child, SIGSTOP);
    EQUAL(waitpid(child, &status, WUNTRACED), child);
    TRUE(WIFSTOPPED(status));
    await_signals(wanted);
    kill(child, SIGCONT);
    EQUAL(waitpid(child, &status, WCONTINUED), child);
    TRUE(WIFCONTINUED(status));
    await_signals(2 * wanted);
    close(door[1]);
    EQUAL(status_of(child), 3);
    await_signals(2 * wanted + 1);
    EQUAL(last_code, CLD_EXITED);
    signal(SIGCHLD, SIG_DFL);
}
static void no_stops(void) {
    stops(0, 1);
    stops(SA_NOCLDSTOP, 0);
}

// A handler without SA_RESTART interrupts no wait for what the signal tells of.
static void waits_for_ended(void) {
    handle(note, 0);
    for (int i = 0; i < 200; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (i % 2) usleep(100);  // the parent waits by then, mostly
            _exit(7);
        }
        int status = 0;
        EQUAL(waitpid(i % 4 < 2 ? child : -1, &status, 0), child);
        EQUAL(status, 7 << 8);
        EQUAL(signals_got, i + 1);
    }
    signal(SIGCHLD, SIG_DFL);
}

static char self_path[4096];

// exec keeps what is ignored, and nothing else; a child has what its parent had.
static void handed_on(void) {
    for (int ignores = 0; ignores < 2; ignores++) {
        pid_t child = fork();
        if (child == 0) {
            if (ignores) {
                ignore();
            } else {
                handle(note, SA_NOCLDWAIT);
            }
            char* words[] = {"child", ignores ? "ignores" : "waits", NULL};
            execv(self_path, words);
            _exit(99);
        }
        EQUAL(status_of(child), 0);
    }
    ignore();
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) _exit(0);
        _exit(waitpid(grandchild, NULL, 0) == -1 && errno == ECHILD ? 0 : 1);
    }
    TRUE(is_gone(child));
    signal(SIGCHLD, SIG_DFL);
}

static int after_exec(int ignores) {
    pid_t child = fork();
    if (child == 0) _exit(6);
    int status = 0;
    pid_t got = waitpid(child, &status, 0);
    return ignores ? !(got == -1 && errno == ECHILD) : !(got == child && WEXITSTATUS(status) == 6);
}

int main(int count, char** words) {
    if (strcmp(words[0], "child") == 0) return after_exec(strcmp(words[1], "ignores") == 0);
    if (words[0][0] == '/') {
        snprintf(self_path, sizeof self_path, "%s", words[0]);
    } else {
        EQUAL(readlink("/proc/self/exe", self_path, sizeof self_path - 1) > 0, 1);
    }
    static const struct check_test tests[] = {TEST(ignored), TEST(no_wait), TEST(no_stops),
                                              TEST(handed_on), TEST(waits_for_ended)};
    return check_main(count, words, tests, sizeof tests / sizeof *tests);
}
