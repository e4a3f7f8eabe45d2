// SPDX-License-Identifier: MIT
// Real-time signals, which queue, and POSIX timers.
#include "tests/linux/check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

static int seen[64], seen_signals[64], seen_count;

static void note(int signal, siginfo_t* info, void* context) {
    (void)context;
    seen[seen_count] = info->si_value.sival_int;
    seen_signals[seen_count++] = signal;
    if (info->si_code != SI_QUEUE || info->si_pid == 0) check_failures++;
}

static sigset_t only(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static void in_order(void) {
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    sigaction(SIGRTMIN + 1, &action, NULL);
    sigaction(SIGRTMIN + 2, &action, NULL);
    sigset_t both = only(SIGRTMIN + 1), old;
    sigaddset(&both, SIGRTMIN + 2);
    sigprocmask(SIG_BLOCK, &both, &old);
    seen_count = 0;
    for (int i = 0; i < 5; i++) {
        EQUAL(sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = 20 + i}), 0);
        EQUAL(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 10 + i}), 0);
    }
    EQUAL(seen_count, 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
    EQUAL(seen_count, 10);
    for (int i = 0; i < 5; i++) {  // the lowest number first, each in the order in which it was sent
        EQUAL(seen[i], 10 + i);
        EQUAL(seen[i + 5], 20 + i);
    }
}

static void from_another_process(void) {
    sigset_t set = only(SIGRTMIN + 3), old;
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 20; i++)
            if (sigqueue(getppid(), SIGRTMIN + 3, (union sigval){.sival_int = i})) _exit(1);
        kill(getppid(), SIGUSR1);
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    EQUAL(status_of(child), 0);
    siginfo_t info;
    EQUAL(sigwaitinfo(&set, &info), SIGUSR1);
    set = only(SIGRTMIN + 3);
    struct timespec soon = {.tv_sec = 5};
    for (int i = 0; i < 20; i++) {
        EQUAL(sigtimedwait(&set, &info, &soon), SIGRTMIN + 3);
        EQUAL(info.si_value.sival_int, i);
        EQUAL(info.si_code, SI_QUEUE);
        EQUAL(info.si_pid, child);
        EQUAL(info.si_uid, getuid());
    }
    soon.tv_sec = 0;
    FAILS(sigtimedwait(&set, &info, &soon), EAGAIN);
    sigset_t pending;
    sigpending(&pending);
    TRUE(!sigismember(&pending, SIGRTMIN + 3) && !sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    FAILS(sigqueue(getpid(), 65, (union sigval){0}), EINVAL);
    FAILS(sigqueue(0x3fffffff, SIGRTMIN, (union sigval){0}), ESRCH);
}

static void* wait_for_one(void* argument) {
    sigset_t set = only(SIGRTMIN + 4);
    siginfo_t info;
    (void)argument;
    return (void*)(long)(sigwaitinfo(&set, &info) == SIGRTMIN + 4 ? info.si_value.sival_int : -1);
}

static void to_one_thread(void) {
    sigset_t set = only(SIGRTMIN + 4), old;
    sigprocmask(SIG_BLOCK, &set, &old);
    pthread_t thread;
    EQUAL(pthread_create(&thread, NULL, wait_for_one, NULL), 0);
    usleep(10000);
    EQUAL(sigqueue(getpid(), SIGRTMIN + 4, (union sigval){.sival_int = 6}), 0);
    void* result = NULL;
    EQUAL(pthread_join(thread, &result), 0);
    EQUAL((long)result, 6);
    EQUAL(pthread_create(&thread, NULL, wait_for_one, NULL), 0);
    usleep(10000);
    pthread_kill(thread, SIGRTMIN + 4);
    EQUAL(pthread_join(thread, &result), 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void timers(void) {
    sigset_t set = only(SIGRTMIN + 5), old;
    sigprocmask(SIG_BLOCK, &set, &old);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGRTMIN + 5,
                             .sigev_value = {.sival_int = 99}};
    EQUAL(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    struct itimerspec setting = {.it_value.tv_sec = 20}, now;
    EQUAL(timer_gettime(timer, &now), 0);
    EQUAL(now.it_value.tv_nsec, 0);
    EQUAL(timer_settime(timer, 0, &setting, NULL), 0);
    EQUAL(timer_gettime(timer, &now), 0);
    TRUE(now.it_value.tv_sec >= 10 && now.it_value.tv_sec <= 20);
    setting = (struct itimerspec){.it_value.tv_nsec = 20000000};
    EQUAL(timer_settime(timer, 0, &setting, NULL), 0);
    siginfo_t info;
    EQUAL(sigwaitinfo(&set, &info), SIGRTMIN + 5);
    EQUAL(info.si_code, SI_TIMER);
    EQUAL(info.si_value.sival_int, 99);
    EQUAL(info.si_overrun, 0);
    EQUAL(timer_gettime(timer, &now), 0);
    EQUAL(now.it_value.tv_nsec, 0);
    // Rounds that nobody waits for are counted.
    setting.it_value.tv_nsec = setting.it_interval.tv_nsec = 10000000;
    EQUAL(timer_settime(timer, 0, &setting, NULL), 0);
    usleep(65000);
    EQUAL(sigwaitinfo(&set, &info), SIGRTMIN + 5);
    TRUE(info.si_overrun >= 4);
    EQUAL(timer_getoverrun(timer), info.si_overrun);
    EQUAL(sigwaitinfo(&set, &info), SIGRTMIN + 5);
    struct itimerspec off = {0};
    EQUAL(timer_settime(timer, 0, &off, &now), 0);
    EQUAL(now.it_interval.tv_nsec, 10000000);
    // A point in time.
    clock_gettime(CLOCK_MONOTONIC, &setting.it_value);
    setting.it_interval.tv_nsec = 0;
    EQUAL(timer_settime(timer, TIMER_ABSTIME, &setting, NULL), 0);  // past
    struct timespec soon = {.tv_sec = 5};
    EQUAL(sigtimedwait(&set, &info, &soon), SIGRTMIN + 5);
    EQUAL(timer_delete(timer), 0);
    FAILS(syscall(SYS_timer_settime, 9999, 0, &setting, NULL), EINVAL);
    EQUAL(timer_create(CLOCK_REALTIME, NULL, &timer), 0);
    pid_t child = fork();
    if (child == 0) _exit(timer_gettime(timer, &now) == -1 && errno == EINVAL ? 0 : 1);
    EQUAL(status_of(child), 0);
    EQUAL(timer_delete(timer), 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static int expired;
static void count_up(union sigval value) { __atomic_add_fetch(&expired, value.sival_int, __ATOMIC_SEQ_CST); }

static void in_a_thread(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_value = {.sival_int = 7},
                             .sigev_notify_function = count_up};
    EQUAL(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    struct itimerspec setting = {.it_value.tv_nsec = 10000000};
    EQUAL(timer_settime(timer, 0, &setting, NULL), 0);
    for (int i = 0; i < 200 && !__atomic_load_n(&expired, __ATOMIC_SEQ_CST); i++) usleep(10000);
    EQUAL(expired, 7);
    EQUAL(timer_delete(timer), 0);
}

MAIN(TEST(in_order), TEST(from_another_process), TEST(to_one_thread), TEST(timers), TEST(in_a_thread))
