// SPDX-License-Identifier: MIT
// vfork and clone(CLONE_VM | CLONE_VFORK): what the child shares with its parent, and what it does not.
#include "tests/linux/check.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { stack_bytes = 65536 };
static char stack[stack_bytes], inner_stack[stack_bytes];
static char self[512];

static pid_t start(int (*function)(void*), void* argument) {
    return clone(function, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
}

// ---- memory: the same, wherever it lies

struct places {
    volatile int *local, *heap, *mapped, *fresh;
};
static volatile int in_data = 1;
static volatile int in_bss;

static int write_everywhere(void* argument) {
    struct places* places = argument;
    in_data = in_bss = *places->local = *places->heap = *places->mapped = 5;
    *places->fresh = 6;  // nobody has touched it before
    errno = EDOM;
    _exit(7);
}

static void memory_is_shared(void) {
    volatile int local = 1;
    const size_t bytes = 1 << 20;
    int* mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct places places = {&local, malloc(sizeof(int)), mapped, mapped + bytes / 2 / sizeof(int)};
    *places.mapped = *places.heap = 1;
    errno = 0;
    pid_t child = start(write_everywhere, &places);
    EQUAL(errno, EDOM);
    EQUAL(in_data + in_bss + local + *places.heap + *places.mapped + *places.fresh, 31);
    EQUAL(status_of(child), 7);
    free((void*)places.heap);
    munmap(mapped, bytes);
}

// A copy of it all would not fit into half of it.
static void memory_need_not_fit_twice(void) {
    const size_t bytes = 24 << 20;
    char* mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(mapped != MAP_FAILED);
    memset(mapped, 3, bytes);
    char* words[] = {self, "--exit", "21", NULL};
    for (int i = 0; i < 4; i++) {
        pid_t pid = -1;
        EQUAL(posix_spawn(&pid, self, NULL, NULL, words, environ), 0);
        EQUAL(status_of(pid), 21);
    }
    EQUAL(mapped[bytes - 1], 3);
    munmap(mapped, bytes);
}

// ---- what is the child's own

static volatile int pipe_ends[2];

static void on_signal(int number) { (void)number; }

static int change_own_state(void* argument) {
    (void)argument;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, on_signal);
    close(pipe_ends[0]);
    fcntl(pipe_ends[1], F_SETFD, FD_CLOEXEC);
    umask(0);
    _exit(chdir("/") == 0 && getpid() != getppid() ? 8 : 1);
}

static void state_is_not_shared(void) {
    int ends[2];
    EQUAL(pipe(ends), 0);
    pipe_ends[0] = ends[0];
    pipe_ends[1] = ends[1];
    const mode_t mask = umask(077);
    char before[512], after[512];
    TRUE(getcwd(before, sizeof before) != NULL);
    const pid_t own = getpid();
    pid_t child = start(change_own_state, NULL);
    EQUAL(status_of(child), 8);
    EQUAL(getpid(), own);
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    TRUE(!sigismember(&set, SIGUSR2));
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    TRUE(action.sa_handler == SIG_DFL);
    EQUAL(fcntl(ends[1], F_GETFD), 0);
    EQUAL(write(ends[1], "x", 1), 1);
    char byte = 0;
    EQUAL(read(ends[0], &byte, 1), 1);
    EQUAL(umask(mask), 077);
    TRUE(getcwd(after, sizeof after) != NULL && !strcmp(before, after));
    close(ends[0]);
    close(ends[1]);
}

// ---- memory that the child changes the mapping of

static int map_something(void* argument) {
    volatile int* told = argument;
    int* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) _exit(1);
    *page = *told;
    if (munmap(page, 4096) != 0 || *told != 12) _exit(2);
    char* more = malloc(3 << 20);
    if (more == NULL) _exit(3);
    memset(more, 1, 3 << 20);
    _exit(more[5] == 1 ? 11 : 4);
}

static void child_may_map(void) {
    volatile int told = 12;
    pid_t child = start(map_something, (void*)&told);
    EQUAL(status_of(child), 11);
    int* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(page != MAP_FAILED);
    EQUAL(*page, 0);
    munmap(page, 4096);
}

// ---- processes of the child

static volatile int reached;

static int innermost(void* argument) {
    (void)argument;
    reached |= 2;
    char* words[] = {self, "--exit", "33", NULL};
    execve(self, words, environ);
    _exit(120);
}
static int vfork_again(void* argument) {
    (void)argument;
    reached |= 1;
    pid_t child =
        clone(innermost, inner_stack + sizeof inner_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    int status = status_of(child);
    reached |= status == 33 ? 4 : 0;
    char* words[] = {self, "--exit", "34", NULL};
    execve(self, words, environ);
    _exit(120);
}
static int fork_inside(void* argument) {
    volatile int* number = argument;
    pid_t child = fork();
    if (child == 0) {
        *number += 1;
        _exit(*number);
    }
    int status = status_of(child);
    *number += 10;
    _exit(status);
}

static void nested(void) {
    pid_t child = start(vfork_again, NULL);
    EQUAL(status_of(child), 34);
    EQUAL(reached, 7);
    volatile int number = 50;
    child = start(fork_inside, (void*)&number);
    EQUAL(status_of(child), 51);
    EQUAL(number, 60);
}

// ---- ends

static int* volatile nowhere = (int*)8;

static int crash(void* argument) {
    *(volatile int*)argument = 1;
    return *nowhere;
}
static int be_killed(void* argument) {
    *(volatile int*)argument = 2;
    kill(getpid(), SIGKILL);
    return 0;
}
static int fail_to_execute(void* argument) {
    char* words[] = {"x", NULL};
    execve("/dev/null", words, environ);
    *(volatile int*)argument = errno;
    execve("/no/such/file", words, environ);
    *(volatile int*)argument += errno;
    _exit(14);
}

static void ends(void) {
    volatile int told = 0;
    pid_t child = start(crash, (void*)&told);
    EQUAL(told, 1);
    EQUAL(status_of(child), 1000 + SIGSEGV);
    child = start(be_killed, (void*)&told);
    EQUAL(told, 2);
    EQUAL(status_of(child), 1000 + SIGKILL);
    child = start(fail_to_execute, (void*)&told);
    EQUAL(told, EACCES + ENOENT);
    EQUAL(status_of(child), 14);
}

// ---- the parent's other threads go on, and use the library while the child lives

static volatile int go_on = 1, rounds;

static void* work(void* unused) {
    int ends[2];
    while (go_on) {
        if (pipe(ends) != 0) break;
        close(ends[0]);
        close(ends[1]);
        char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        page[0] = 1;
        munmap(page, 8192);
        rounds++;
    }
    return unused;
}
static int wait_for_rounds(void* argument) {
    (void)argument;
    const int begin = rounds;
    while (rounds < begin + 20) usleep(500);
    _exit(15);
}

static void threads_go_on(void) {
    pthread_t thread;
    EQUAL(pthread_create(&thread, NULL, work, NULL), 0);
    for (int i = 0; i < 3; i++) {
        pid_t child = start(wait_for_rounds, NULL);
        EQUAL(status_of(child), 15);
    }
    go_on = 0;
    pthread_join(thread, NULL);
}

// ---- the parent is gone, or another program, before the child is done

struct outliving {
    int hold[2];   // until the test has closed its other end, the child waits
    int tell[2];   // the child's word to the test
    int begun[2];  // the child's word to its parent: it runs
    int left[2];   // held by the parent alone, until it is gone or another program
};
static int outlive(void* argument) {
    const struct outliving* pipes = argument;
    char byte;
    close(pipes->left[1]);
    write(pipes->begun[1], "b", 1);
    read(pipes->hold[0], &byte, 1);
    *(volatile int*)&in_data = 99;
    write(pipes->tell[1], in_data == 99 && getppid() != 0 ? "k" : "x", 1);
    _exit(0);
}
static void* vfork_from_thread(void* argument) {
    start(outlive, argument);
    return NULL;
}
static void outlived(int executes) {
    struct outliving pipes;
    EQUAL(pipe(pipes.hold), 0);
    EQUAL(pipe(pipes.tell), 0);
    EQUAL(pipe(pipes.begun), 0);
    EQUAL(pipe2(pipes.left, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) {
        fcntl(pipes.hold[1], F_SETFD, FD_CLOEXEC);
        pthread_t thread;
        pthread_create(&thread, NULL, vfork_from_thread, &pipes);
        char byte;
        read(pipes.begun[0], &byte, 1);
        if (executes) {
            char* words[] = {self, "--sleep", NULL};
            execve(self, words, environ);
        }
        kill(getpid(), SIGKILL);
    }
    close(pipes.tell[1]);
    close(pipes.hold[0]);
    close(pipes.left[1]);
    char byte = 0;
    EQUAL(read(pipes.left[0], &byte, 1), 0);
    EQUAL(write(pipes.hold[1], "g", 1), 1);
    close(pipes.hold[1]);
    EQUAL(read(pipes.tell[0], &byte, 1), 1);
    EQUAL(byte, 'k');
    close(pipes.tell[0]);
    close(pipes.left[0]);
    close(pipes.begun[0]);
    close(pipes.begun[1]);
    status_of(parent);
}

static void parent_ends_first(void) {
    outlived(0);
    outlived(1);
}

int main(int count, char** words) {
    static const struct check_test tests[] = {
        TEST(memory_is_shared), TEST(memory_need_not_fit_twice), TEST(state_is_not_shared),
        TEST(child_may_map),    TEST(nested),                    TEST(ends),
        TEST(threads_go_on),    TEST(parent_ends_first),
    };
    if (count > 2 && !strcmp(words[1], "--exit")) return atoi(words[2]);
    if (count > 1 && !strcmp(words[1], "--sleep")) {
        usleep(200000);
        return 0;
    }
    if (!realpath(words[0], self)) snprintf(self, sizeof self, "%s", words[0]);
    return check_main(count, words, tests, (int)(sizeof tests / sizeof tests[0]));
}
