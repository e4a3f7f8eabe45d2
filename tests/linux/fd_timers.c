// SPDX-License-Identifier: MIT
// timerfd and signalfd, read and polled.
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

static int poll_for(int fd, int milliseconds) {
    struct pollfd one = {.fd = fd, .events = POLLIN};
    int count = poll(&one, 1, milliseconds);
    return count == 1 && one.revents == POLLIN;
}

static void once(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    TRUE(fd >= 0);
    uint64_t count = 0;
    struct itimerspec setting = {.it_value.tv_nsec = 20000000}, now;
    FAILS(read(fd, &count, 8), EAGAIN);
    EQUAL(timerfd_settime(fd, 0, &setting, &now), 0);
    EQUAL(now.it_value.tv_nsec, 0);
    EQUAL(timerfd_gettime(fd, &now), 0);
    TRUE(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 20000000);
    FAILS(read(fd, &count, 8), EAGAIN);
    FAILS(read(fd, &count, 7), EINVAL);
    TRUE(poll_for(fd, 5000));
    EQUAL(read(fd, &count, 8), 8);
    EQUAL(count, 1);
    TRUE(!poll_for(fd, 0));
    FAILS(read(fd, &count, 8), EAGAIN);
    close(fd);
    FAILS(timerfd_create(77, 0), EINVAL);
    FAILS(timerfd_settime(0x7000, 0, &setting, NULL), EBADF);
    int file = open("file", O_RDWR | O_CREAT, 0600);
    FAILS(timerfd_settime(file, 0, &setting, NULL), EINVAL);
    close(file);
}

static void again_and_again(void) {
    int fd = timerfd_create(CLOCK_REALTIME, 0);
    struct itimerspec setting = {.it_value.tv_nsec = 5000000, .it_interval.tv_nsec = 5000000};
    EQUAL(timerfd_settime(fd, 0, &setting, NULL), 0);
    usleep(42000);
    uint64_t count = 0;
    EQUAL(read(fd, &count, 8), 8);
    TRUE(count >= 7);
    EQUAL(read(fd, &count, 8), 8);  // waits
    TRUE(count >= 1);
    // A child has the same timer.
    pid_t child = fork();
    if (child == 0) {
        struct itimerspec off = {0};
        _exit(read(fd, &count, 8) != 8 || timerfd_settime(fd, 0, &off, NULL));
    }
    EQUAL(status_of(child), 0);
    EQUAL(timerfd_gettime(fd, &setting), 0);
    EQUAL(setting.it_value.tv_nsec, 0);
    close(fd);
}

static void in_epoll(void) {
    int list = epoll_create1(0), fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 5}, got;
    EQUAL(epoll_ctl(list, EPOLL_CTL_ADD, fd, &event), 0);
    EQUAL(epoll_wait(list, &got, 1, 10), 0);
    struct itimerspec setting = {0};
    clock_gettime(CLOCK_MONOTONIC, &setting.it_value);
    setting.it_value.tv_nsec += 15000000;
    if (setting.it_value.tv_nsec >= 1000000000) {
        setting.it_value.tv_sec++;
        setting.it_value.tv_nsec -= 1000000000;
    }
    EQUAL(timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL), 0);
    EQUAL(epoll_wait(list, &got, 1, 5000), 1);
    EQUAL(got.data.u32, 5);
    TRUE(poll_for(list, 0));
    close(fd);
    close(list);
}

static void signals(void) {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, &old);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    TRUE(fd >= 0);
    struct signalfd_siginfo info[4];
    FAILS(read(fd, info, sizeof info), EAGAIN);
    TRUE(!poll_for(fd, 0));
    kill(getpid(), SIGUSR1);
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 1});
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 2});
    TRUE(poll_for(fd, 0));
    EQUAL(read(fd, info, sizeof info), 3 * (long)sizeof info[0]);
    EQUAL(info[0].ssi_signo, SIGUSR1);
    EQUAL(info[0].ssi_pid, getpid());
    EQUAL(info[1].ssi_int, 1);
    EQUAL(info[2].ssi_int, 2);
    EQUAL(info[2].ssi_code, SI_QUEUE);
    FAILS(read(fd, info, 10), EINVAL);
    // From elsewhere, while it is polled, and while it is read.
    for (int wait = 0; wait < 2; wait++) {
        pid_t child = fork();
        if (child == 0) {
            usleep(20000);
            _exit(kill(getppid(), SIGUSR1) != 0);
        }
        if (wait == 0) {
            TRUE(poll_for(fd, 5000));
        } else {
            fcntl(fd, F_SETFL, 0);
        }
        EQUAL(read(fd, info, sizeof info), (long)sizeof info[0]);
        EQUAL(info[0].ssi_signo, SIGUSR1);
        EQUAL(info[0].ssi_pid, child);
        EQUAL(status_of(child), 0);
    }
    sigset_t other;
    sigemptyset(&other);
    sigaddset(&other, SIGCHLD);
    sigprocmask(SIG_BLOCK, &other, NULL);
    EQUAL(signalfd(fd, &other, 0), fd);
    pid_t child = fork();
    if (child == 0) _exit(6);
    EQUAL(read(fd, info, sizeof info), (long)sizeof info[0]);
    EQUAL(info[0].ssi_signo, SIGCHLD);
    EQUAL(info[0].ssi_pid, child);
    EQUAL(info[0].ssi_status, 6);
    EQUAL(status_of(child), 6);
    close(fd);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

MAIN(TEST(once), TEST(again_and_again), TEST(in_epoll), TEST(signals))
