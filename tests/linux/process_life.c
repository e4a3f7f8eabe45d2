// SPDX-License-Identifier: MIT
// fork, exec, exit, wait, ids, limits.
#include "tests/linux/check.h"

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

static char self[512];

static int exec_self(char* const words[], char* const environment[]) {
    pid_t child = fork();
    if (child == 0) {
        execve(self, words, environment);
        _exit(120);
    }
    return status_of(child);
}

static void statuses(void) {
    for (int code = 0; code < 256; code += 51) {
        pid_t child = fork();
        if (child == 0) _exit(code);
        EQUAL(status_of(child), code);
    }
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(1);
    }
    EQUAL(kill(child, SIGTERM), 0);
    EQUAL(status_of(child), 1000 + SIGTERM);
    child = fork();
    if (child == 0) abort();
    EQUAL(status_of(child), 1000 + SIGABRT);
    FAILS(waitpid(-1, NULL, 0), ECHILD);
    FAILS(waitpid(-1, NULL, 0x100), EINVAL);
}

static void memory_is_copied(void) {
    static volatile int value = 1;
    volatile int* heap = malloc(sizeof *heap);
    volatile int local = 1;
    *heap = 1;
    pid_t child = fork();
    if (child == 0) {
        value = *heap = local = 2;
        _exit(value + *heap + local);
    }
    value = 10;
    EQUAL(status_of(child), 6);
    EQUAL(value + *heap + local, 12);
    free((void*)heap);
}

static void nested(void) {
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) _exit(getppid() == 1 ? 1 : 7);
        _exit(status_of(grandchild));
    }
    EQUAL(status_of(child), 7);
}

static void many_children(void) {
    enum { count = 20 };
    pid_t children[count];
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(i);
    }
    int sum = 0;
    for (int i = 0; i < count; i++) {
        int status = 0;
        TRUE(waitpid(-1, &status, 0) > 0);
        sum += WEXITSTATUS(status);
    }
    EQUAL(sum, count * (count - 1) / 2);
}

static void waiting(void) {
    int gate[2];
    TRUE(pipe(gate) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(gate[1]);
        (void)!read(gate[0], &byte, 1);
        _exit(3);
    }
    int status;
    EQUAL(waitpid(child, &status, WNOHANG), 0);
    close(gate[1]);
    siginfo_t info = {0};
    EQUAL(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    EQUAL(info.si_pid, child);
    EQUAL(info.si_code, CLD_EXITED);
    EQUAL(info.si_status, 3);
    EQUAL(status_of(child), 3);
    close(gate[0]);
}

// Not even for as long as it takes to see its wait fail.
static void the_killed_do_not_go_on(void) {
    int ready[2], after[2];
    EQUAL(pipe(ready), 0);
    EQUAL(pipe(after), 0);
    pid_t killed = fork();
    if (killed == 0) {
        close(after[0]);
        pid_t child = fork();
        if (child == 0) {
            close(after[1]);
            pause();
            _exit(1);
        }
        if (write(ready[1], &child, sizeof child) != sizeof child) _exit(2);
        waitpid(child, NULL, 0);
        (void)!write(after[1], "x", 1);
        for (;;) pause();
    }
    close(after[1]);
    pid_t grandchild = 0;
    EQUAL(read(ready[0], &grandchild, sizeof grandchild), (int)sizeof grandchild);
    // It waits by now; and whoever is woken by this one's doing, whose turn is over, runs at once.
    for (clock_t begin = clock(); clock() - begin < CLOCKS_PER_SEC / 50;) continue;
    EQUAL(kill(killed, SIGKILL), 0);
    EQUAL(status_of(killed), 1000 + SIGKILL);
    char byte;
    EQUAL(read(after[0], &byte, 1), 0);
    EQUAL(kill(grandchild, SIGKILL), 0);
    close(after[0]);
    close(ready[0]);
    close(ready[1]);
}

static void unwanted_children(void) {
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) _exit(i);
    FAILS(wait(NULL), ECHILD);
    signal(SIGCHLD, SIG_DFL);
    pid_t child = fork();
    if (child == 0) _exit(4);
    EQUAL(status_of(child), 4);
}

static void stopping(void) {
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        pause();
        _exit(5);
    }
    int status = 0;
    EQUAL(waitpid(child, &status, WUNTRACED), child);
    TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    EQUAL(kill(child, SIGCONT), 0);
    EQUAL(waitpid(child, &status, WCONTINUED), child);
    TRUE(WIFCONTINUED(status));
    EQUAL(kill(child, SIGTERM), 0);
    EQUAL(status_of(child), 1000 + SIGTERM);
}

static volatile sig_atomic_t continued;
static void note_continued(int signal) {
    (void)signal;
    continued++;
}

// Going on is news for the process at once, and nothing that keeps it from stopping again.
static void stopping_again(void) {
    pid_t child = fork();
    if (child == 0) {
        signal(SIGCONT, note_continued);
        for (int i = 0; i < 3; i++) {
            raise(SIGSTOP);
            if (continued != i + 1) _exit(1);
        }
        signal(SIGCONT, SIG_DFL);
        for (int i = 0; i < 3; i++) raise(SIGSTOP);
        _exit(5);
    }
    for (int i = 0; i < 6; i++) {
        int status = 0;
        EQUAL(waitpid(child, &status, WUNTRACED), child);
        TRUE(WIFSTOPPED(status));
        EQUAL(kill(child, SIGCONT), 0);
    }
    EQUAL(status_of(child), 5);
}

static void arguments(void) {
    char* words[] = {self, "--arguments", "two words", "", "last", NULL};
    char* environment[] = {"ONE=1", "TWO=two words", NULL};
    EQUAL(exec_self(words, environment), 42);
}
static int check_arguments(int count, char** words) {
    extern char** environ;
    int good =
        count == 5 && !strcmp(words[2], "two words") && !words[3][0] && !strcmp(words[4], "last");
    good = good && environ[0] && !strcmp(environ[0], "ONE=1") && getenv("TWO") && !environ[2];
    return good ? 42 : 1;
}

static void exec_errors(void) {
    char* words[] = {"x", NULL};
    FAILS(execv("/no/such/program", words), ENOENT);
    FAILS(execv("/", words), EACCES);
    put_file("plain", "not a program\n");
    FAILS(execv("plain", words), EACCES);
    chmod("plain", 0755);
    FAILS(execv("plain", words), ENOEXEC);
    put_file("broken",
             "\177ELF\2\1\1 and then nothing of the kind, but long enough to be read as a header");
    chmod("broken", 0755);
    FAILS(execv("broken", words), ENOEXEC);
    FAILS(syscall(SYS_execve, 8L, words, NULL), EFAULT);
    FAILS(syscall(SYS_execve, self, 8L, NULL), EFAULT);
    char* huge = malloc(200000);
    memset(huge, 'x', 199999);
    huge[199999] = '\0';
    char* long_words[] = {"x", huge, NULL};
    FAILS(execv(self, long_words), E2BIG);
    free(huge);
}

static void scripts(void) {
    char text[700];
    snprintf(text, sizeof text, "#! %s --script\nthis is not read\n", self);
    put_file("script", text);
    chmod("script", 0755);
    char* words[] = {"ignored", "argument", NULL};
    char* environment[] = {NULL};
    pid_t child = fork();
    if (child == 0) {
        execve("./script", words, environment);
        _exit(120);
    }
    EQUAL(status_of(child), 43);
}
static int check_script(int count, char** words) {
    return count == 4 && !strcmp(words[2], "./script") && !strcmp(words[3], "argument") ? 43 : 1;
}

static void signals_over_exec(void) {
    signal(SIGUSR1, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    char* words[] = {self, "--signals", NULL};
    char* environment[] = {NULL};
    EQUAL(exec_self(words, environment), 44);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGUSR1, SIG_DFL);
}
static int check_signals(void) {
    struct sigaction action;
    sigset_t mask;
    sigaction(SIGUSR1, NULL, &action);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    return action.sa_handler == SIG_IGN && sigismember(&mask, SIGUSR2) &&
                   !sigismember(&mask, SIGUSR1)
               ? 44
               : 1;
}

static int spoil(void* argument) {
    int* number = argument;
    *number = execl("/no/such/program", "x", (char*)0) == -1 ? errno : -1;
    _exit(9);
}

// What the child finds out, its parent must learn.
static void vfork_tells(void) {
    volatile int told = 0;
    pid_t child = vfork();
    if (child == 0) {
        told = 77;
        _exit(3);
    }
    EQUAL(told, 77);
    EQUAL(status_of(child), 3);
    int number = 0;
    static char stack[65536];
    child = clone(spoil, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &number);
    EQUAL(number, ENOENT);
    EQUAL(status_of(child), 9);
    char* words[] = {"x", NULL};
    pid_t pid = -1;
    EQUAL(posix_spawn(&pid, "/no/such/program", NULL, NULL, words, environ), ENOENT);
    FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
    char* call[] = {"sh", "-c", "exit 5", NULL};
    EQUAL(posix_spawnp(&pid, "sh", NULL, NULL, call, environ), 0);
    EQUAL(status_of(pid), 5);
}

static void vfork_waits(void) {
    volatile int order = 0;
    pid_t child = vfork();
    if (child == 0) {
        char* words[] = {self, "--sleep", NULL};
        char* environment[] = {NULL};
        execve(self, words, environment);
        _exit(120);
    }
    order = 1;
    EQUAL(status_of(child), 45);
    EQUAL(order, 1);
}

static void ids(void) {
    TRUE(getpid() > 0 && getppid() > 0);
    EQUAL(syscall(SYS_gettid), getpid());
    pid_t child = fork();
    if (child == 0) {
        int good = setpgid(0, 0) == 0 && getpgrp() == getpid() && getpgid(0) == getpid();
        good = good && setsid() == -1 && errno == EPERM;
        _exit(good ? 0 : 1);
    }
    EQUAL(status_of(child), 0);
    child = fork();
    if (child == 0)
        _exit(setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid() ? 0 : 1);
    EQUAL(status_of(child), 0);
    FAILS(getpgid(999999), ESRCH);
    FAILS(kill(999999, 0), ESRCH);
    EQUAL(kill(getpid(), 0), 0);
    FAILS(kill(getpid(), 77), EINVAL);
    uid_t real, effective, saved;
    EQUAL(getresuid(&real, &effective, &saved), 0);
    EQUAL(real, getuid());
    EQUAL(effective, geteuid());
}

static void limits_and_names(void) {
    struct rlimit limit;
    EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    TRUE(limit.rlim_cur >= 64 && limit.rlim_cur <= limit.rlim_max);
    limit.rlim_cur = 64;
    EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit again;
    getrlimit(RLIMIT_NOFILE, &again);
    EQUAL(again.rlim_cur, 64);
    limit.rlim_cur = limit.rlim_max;
    EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    FAILS(getrlimit(99, &limit), EINVAL);
    struct utsname names;
    EQUAL(uname(&names), 0);
    TRUE(!strcmp(names.sysname, "Linux") && !strcmp(names.machine, "x86_64"));
    struct rusage usage;
    EQUAL(getrusage(RUSAGE_SELF, &usage), 0);
    struct tms used;
    TRUE(times(&used) != (clock_t)-1);
    char name[16];
    EQUAL(prctl(PR_SET_NAME, "a new name"), 0);
    EQUAL(prctl(PR_GET_NAME, name), 0);
    TRUE(!strcmp(name, "a new name"));
    FAILS(syscall(9999), ENOSYS);
    unsigned char random[64] = {0};
    EQUAL(syscall(SYS_getrandom, random, sizeof random, 0), (long)sizeof random);
    int zeros = 0;
    for (size_t i = 0; i < sizeof random; i++) zeros += random[i] == 0;
    TRUE(zeros < 16);
    FAILS(syscall(SYS_uname, 8), EFAULT);
    EQUAL(sched_yield(), 0);
}

// The new image: 3 and 4 are a pipe's ends, 5 and 6 a socket pair's, 7 is 4 once more.
static int check_ends(void) {
    char text[8] = {0};
    struct stat one, other;
    TRUE(fstat(3, &one) == 0 && fstat(4, &other) == 0 && one.st_ino == other.st_ino);
    EQUAL(write(4, "over", 4), 4);
    EQUAL(close(4), 0);
    EQUAL(write(7, "all", 3), 3);
    EQUAL(read(3, text, 7), 7);
    TRUE(!strcmp(text, "overall"));
    enum { many = 40 };  // one of them may get the place of what the end had
    int files[many];
    for (int i = 0; i < many; i++) {
        if (i == many / 2) EQUAL(close(3), 0);
        files[i] = open("content", O_RDONLY);
    }
    EQUAL(close(7), 0);
    for (int i = 0; i < many; i++) {
        EQUAL(read(files[i], text, 7), 7);
        EQUAL(close(files[i]), 0);
    }
    EQUAL(write(5, "socket", 6), 6);
    EQUAL(close(5), 0);
    EQUAL(read(6, text, 7), 6);
    EQUAL(read(6, text, 7), 0);
    EQUAL(close(6), 0);
    return check_failures;
}

static void both_ends(void) {
    put_file("content", "content");
    pid_t child = fork();
    if (child == 0) {
        for (int fd = 3; fd < 64; fd++) close(fd);
        int pipes[2], sockets[2];
        if (pipe(pipes) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0 ||
            pipes[0] != 3 || sockets[1] != 6 || dup(4) != 7) {
            _exit(119);
        }
        execl(self, self, "--ends", (char*)NULL);
        _exit(120);
    }
    EQUAL(status_of(child), 0);
}

int main(int count, char** words) {
    static const struct check_test tests[] = {
        TEST(statuses),    TEST(memory_is_copied),  TEST(nested),    TEST(many_children),
        TEST(waiting),     TEST(unwanted_children), TEST(stopping),  TEST(stopping_again),
        TEST(arguments),   TEST(exec_errors),       TEST(scripts),   TEST(signals_over_exec),
        TEST(vfork_waits), TEST(vfork_tells),       TEST(both_ends), TEST(the_killed_do_not_go_on),
        TEST(ids),         TEST(limits_and_names),
    };
    if (count > 1 && !strcmp(words[1], "--arguments")) return check_arguments(count, words);
    if (count > 1 && !strcmp(words[1], "--script")) return check_script(count, words);
    if (count > 1 && !strcmp(words[1], "--signals")) return check_signals();
    if (count > 1 && !strcmp(words[1], "--ends")) return check_ends();
    if (count > 1 && !strcmp(words[1], "--sleep")) {
        usleep(20000);
        return 45;
    }
    if (!realpath(words[0], self)) snprintf(self, sizeof self, "%s", words[0]);
    return check_main(count, words, tests, (int)(sizeof tests / sizeof tests[0]));
}
