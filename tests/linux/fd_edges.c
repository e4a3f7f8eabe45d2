// SPDX-License-Identifier: MIT
// Edge-triggered epolls: each arrival is reported once, whether anybody reads what came or not.
#include "tests/linux/check.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>

static int watch(int list, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(list, EPOLL_CTL_ADD, fd, &event);
}

static int watch_again(int list, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(list, EPOLL_CTL_MOD, fd, &event);
}

// The events of the one descriptor that has any; 0: none has.
static long got_within(int list, int milliseconds) {
    struct epoll_event events[8];
    int count = epoll_wait(list, events, 8, milliseconds);
    return count == 1 ? (long)events[0].events : count == 0 ? 0 : -count;
}
static long got(int list) { return got_within(list, 0); }

static void pipe_input(void) {
    int p[2], list = epoll_create1(0);
    char bytes[10];
    EQUAL(pipe(p), 0);
    EQUAL(write(p[1], "early", 5), 5);
    EQUAL(watch(list, p[0], EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(read(p[0], bytes, 2), 2);
    EQUAL(got(list), 0);  // the rest is old
    EQUAL(write(p[1], "x", 1), 1);
    EQUAL(got(list), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(write(p[1], "y", 1), 1);  // unread things before it change nothing
    EQUAL(got(list), EPOLLIN);
    EQUAL(write(p[1], "z", 1), 1);
    EQUAL(read(p[0], bytes, 10), 6);
    EQUAL(got(list), 0);  // gone again
    EQUAL(write(p[1], "x", 1), 1);
    EQUAL(got_within(list, 5000), EPOLLIN);
    close(p[1]);
    EQUAL(got_within(list, 5000), EPOLLIN | EPOLLHUP);
    EQUAL(got(list), 0);
    close(p[0]);
    close(list);
}

static void pipe_output(void) {
    int p[2], list = epoll_create1(0);
    static char bytes[4096];
    EQUAL(pipe2(p, O_NONBLOCK), 0);
    EQUAL(watch(list, p[1], EPOLLOUT | EPOLLET), 0);
    EQUAL(got(list), EPOLLOUT);
    EQUAL(got(list), 0);
    EQUAL(write(p[1], bytes, 100), 100);
    EQUAL(got(list), 0);
    EQUAL(read(p[0], bytes, 100), 100);
    EQUAL(got(list), 0);  // it was not full
    while (write(p[1], bytes, 4096) > 0) {
    }
    EQUAL(got(list), 0);
    EQUAL(read(p[0], bytes, 4096), 4096);
    EQUAL(got_within(list, 5000), EPOLLOUT);
    EQUAL(got(list), 0);
    close(p[0]);
    EQUAL(got(list), EPOLLOUT | EPOLLERR);
    EQUAL(got(list), 0);
    close(p[1]);
    close(list);
}

// As Go, libuv and others use it: all at once, at the start.
static void connections(void) {
    int s[2], list = epoll_create1(0);
    char bytes[10];
    const uint32_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
    EQUAL(watch(list, s[0], all), 0);
    EQUAL(got(list), EPOLLOUT);
    EQUAL(got(list), 0);
    EQUAL(write(s[1], "abc", 3), 3);
    EQUAL(got(list), EPOLLIN | EPOLLOUT);
    EQUAL(got(list), 0);
    EQUAL(read(s[0], bytes, 10), 3);
    FAILS(read(s[0], bytes, 10), EAGAIN);
    EQUAL(got(list), 0);
    EQUAL(write(s[0], "q", 1), 1);
    EQUAL(got(list), 0);
    EQUAL(read(s[1], bytes, 10), 1);
    EQUAL(got(list), EPOLLOUT);  // there is room again, said as often as there is more
    EQUAL(shutdown(s[1], SHUT_WR), 0);
    EQUAL(got(list), EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    EQUAL(got(list), 0);
    struct pollfd polled = {s[0], POLLRDHUP, 0};
    EQUAL(poll(&polled, 1, 0), 1);
    EQUAL(polled.revents, POLLRDHUP);
    close(s[1]);
    EQUAL(got(list), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    EQUAL(got(list), 0);
    close(s[0]);
    close(list);
}

static void counters(void) {
    int fd = eventfd(0, EFD_NONBLOCK), list = epoll_create1(0);
    eventfd_t value;
    EQUAL(watch(list, fd, EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), 0);
    EQUAL(eventfd_write(fd, 1), 0);
    EQUAL(got(list), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(eventfd_write(fd, 1), 0);  // as runtimes wake each other, without reading
    EQUAL(got(list), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(eventfd_read(fd, &value), 0);
    EQUAL(got(list), 0);
    EQUAL(watch_again(list, fd, EPOLLOUT | EPOLLET), 0);
    EQUAL(got(list), EPOLLOUT);
    EQUAL(eventfd_write(fd, 1), 0);
    EQUAL(got(list), 0);
    EQUAL(eventfd_read(fd, &value), 0);
    EQUAL(got(list), EPOLLOUT);
    close(fd);
    close(list);
}

static void timers(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), list = epoll_create1(0);
    uint64_t expired;
    const struct itimerspec often = {{0, 20000000}, {0, 20000000}}, once = {{0, 0}, {0, 20000000}};
    EQUAL(watch(list, fd, EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), 0);
    EQUAL(timerfd_settime(fd, 0, &often, NULL), 0);
    for (int i = 0; i < 3; i++) {
        EQUAL(got_within(list, 5000), EPOLLIN);
        EQUAL(got_within(list, 50), 0);  // it goes on when it is read
        EQUAL(read(fd, &expired, 8), 8);
        TRUE(expired >= 2);
    }
    EQUAL(timerfd_settime(fd, 0, &once, NULL), 0);
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got_within(list, 60), 0);
    EQUAL(timerfd_settime(fd, 0, &once, NULL), 0);
    EQUAL(got_within(list, 5000), EPOLLIN);
    close(fd);
    close(list);
}

static void signals(void) {
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &before);
    int fd = signalfd(-1, &set, SFD_NONBLOCK), list = epoll_create1(0);
    EQUAL(watch(list, fd, EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), 0);
    kill(getpid(), SIGUSR1);
    EQUAL(got(list), EPOLLIN);
    EQUAL(got(list), 0);
    kill(getpid(), SIGUSR2);
    EQUAL(got(list), EPOLLIN);
    EQUAL(got(list), 0);
    struct signalfd_siginfo info[3];
    EQUAL(read(fd, info, sizeof info), 2 * sizeof info[0]);
    EQUAL(got(list), 0);
    pid_t child = fork();
    if (child == 0) {
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(status_of(child), 0);
    EQUAL(read(fd, info, sizeof info), sizeof info[0]);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(fd);
    close(list);
}

static void terminals(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), list = epoll_create1(0);
    char bytes[10];
    EQUAL(grantpt(master) | unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
    struct termios raw;
    EQUAL(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    EQUAL(tcsetattr(slave, TCSANOW, &raw), 0);
    EQUAL(watch(list, master, EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), 0);
    EQUAL(write(slave, "one", 3), 3);
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(write(slave, "two", 3), 3);
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(read(master, bytes, 10), 6);
    EQUAL(epoll_ctl(list, EPOLL_CTL_DEL, master, NULL), 0);

    EQUAL(watch(list, slave, EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), 0);
    EQUAL(write(master, "a", 1), 1);
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(write(master, "b", 1), 1);
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(read(slave, bytes, 10), 2);
    EQUAL(got(list), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)!write(master, "c", 1);
        _exit(0);
    }
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(status_of(child), 0);
    close(master);
    EQUAL(got(list) & (EPOLLIN | EPOLLHUP), EPOLLIN | EPOLLHUP);
    EQUAL(got(list), 0);
    close(slave);
    close(list);
}

static int bound(int type, const char* name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, name);
    int fd = socket(AF_UNIX, type, 0);
    EQUAL(bind(fd, (struct sockaddr*)&address, sizeof address), 0);
    return fd;
}
static int connected(int type, const char* name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, name);
    int fd = socket(AF_UNIX, type, 0);
    EQUAL(connect(fd, (struct sockaddr*)&address, sizeof address), 0);
    return fd;
}

static void named_sockets(void) {
    int server = bound(SOCK_STREAM | SOCK_NONBLOCK, "s"), list = epoll_create1(0);
    EQUAL(listen(server, 5), 0);
    EQUAL(watch(list, server, EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), 0);
    int one = connected(SOCK_STREAM, "s");
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    int two = connected(SOCK_STREAM, "s");
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    close(accept(server, NULL, NULL));
    EQUAL(got(list), 0);
    pid_t child = fork();
    if (child == 0) {
        close(connected(SOCK_STREAM, "s"));
        _exit(check_failures);
    }
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(status_of(child), 0);
    close(one);
    close(two);
    close(server);

    int box = bound(SOCK_DGRAM | SOCK_NONBLOCK, "d");
    char bytes[10];
    EQUAL(watch(list, box, EPOLLIN | EPOLLET), 0);
    EQUAL(got(list), 0);
    one = connected(SOCK_DGRAM, "d"), two = connected(SOCK_DGRAM, "d");
    EQUAL(send(one, "a", 1, 0), 1);
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(send(two, "b", 1, 0), 1);
    EQUAL(got_within(list, 5000), EPOLLIN);
    EQUAL(got(list), 0);
    EQUAL(recv(box, bytes, 10, 0), 1);
    EQUAL(recv(box, bytes, 10, 0), 1);
    close(two);
    EQUAL(got(list), 0);
    EQUAL(send(one, "c", 1, 0), 1);
    EQUAL(got_within(list, 5000), EPOLLIN);
    close(one);
    close(box);
    close(list);
}

static void one_shot_and_change(void) {
    int p[2], list = epoll_create1(0), other = epoll_create1(0);
    EQUAL(pipe(p), 0);
    EQUAL(watch(list, p[0], EPOLLIN | EPOLLET | EPOLLONESHOT), 0);
    EQUAL(watch(other, p[0], EPOLLIN | EPOLLET), 0);
    EQUAL(write(p[1], "a", 1), 1);
    EQUAL(got(list), EPOLLIN);
    EQUAL(write(p[1], "b", 1), 1);
    EQUAL(got(list), 0);
    EQUAL(watch_again(list, p[0], EPOLLIN | EPOLLET | EPOLLONESHOT), 0);
    EQUAL(got(list), EPOLLIN);  // what is there is new to who asks anew
    EQUAL(got(other), EPOLLIN);  // each list has its own memory
    EQUAL(got(other), 0);
    EQUAL(watch_again(other, p[0], EPOLLIN), 0);
    EQUAL(got(other), EPOLLIN);
    EQUAL(got(other), EPOLLIN);
    close(p[0]);
    close(p[1]);
    close(list);
    close(other);
}

// More is ready than there is room for: nothing is lost.
static void little_room(void) {
    int p[3][2], list = epoll_create1(0), seen = 0;
    struct epoll_event event;
    for (int i = 0; i < 3; i++) {
        EQUAL(pipe(p[i]), 0);
        EQUAL(watch(list, p[i][0], EPOLLIN | EPOLLET), 0);
        EQUAL(write(p[i][1], "x", 1), 1);
    }
    for (int i = 0; i < 3; i++) {
        EQUAL(epoll_wait(list, &event, 1, 0), 1);
        for (int k = 0; k < 3; k++) seen |= event.data.fd == p[k][0] ? 1 << k : 0;
    }
    EQUAL(seen, 7);
    EQUAL(epoll_wait(list, &event, 1, 0), 0);
    for (int i = 0; i < 3; i++) close(p[i][0]), close(p[i][1]);
    close(list);
}

static void lists_in_lists(void) {
    int p[2], inner = epoll_create1(0), outer = epoll_create1(0), edges = epoll_create1(0);
    EQUAL(pipe(p), 0);
    EQUAL(watch(inner, p[0], EPOLLIN | EPOLLET), 0);
    EQUAL(watch(outer, inner, EPOLLIN), 0);
    EQUAL(watch(edges, inner, EPOLLIN | EPOLLET), 0);
    EQUAL(got(outer), 0);
    EQUAL(write(p[1], "a", 1), 1);
    EQUAL(got(outer), EPOLLIN);
    EQUAL(got(outer), EPOLLIN);
    EQUAL(got(edges), EPOLLIN);
    EQUAL(got(edges), 0);
    EQUAL(got(inner), EPOLLIN);
    EQUAL(got(inner), 0);
    EQUAL(got(outer), 0);
    EQUAL(write(p[1], "b", 1), 1);
    EQUAL(got_within(edges, 5000), EPOLLIN);
    EQUAL(got_within(outer, 5000), EPOLLIN);
    FAILS(watch(inner, outer, EPOLLIN), ELOOP);
    int chain[6];
    for (int i = 0; i < 6; i++) chain[i] = epoll_create1(0);
    for (int i = 0; i < 4; i++) EQUAL(watch(chain[i + 1], chain[i], EPOLLIN), 0);
    FAILS(watch(chain[5], chain[4], EPOLLIN), ELOOP);
    for (int i = 0; i < 6; i++) close(chain[i]);
    close(inner);
    close(outer);
    close(edges);
    close(p[0]);
    close(p[1]);
}

static void exclusive(void) {
    int p[2], list = epoll_create1(0);
    EQUAL(pipe(p), 0);
    FAILS(watch(list, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
    FAILS(watch(list, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP), EINVAL);
    EQUAL(watch(list, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLET), 0);
    FAILS(watch_again(list, p[0], EPOLLIN), EINVAL);
    EQUAL(write(p[1], "x", 1), 1);
    EQUAL(got(list), EPOLLIN);
    EQUAL(got(list), 0);
    int inner = epoll_create1(0);
    FAILS(watch(list, inner, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
    close(inner);
    close(p[0]);
    close(p[1]);
    close(list);
}

static void never_waiting(void) {
    int list = epoll_create1(0), null = open("/dev/null", O_RDWR), here = open(".", O_RDONLY);
    put_file("f", "text");
    int file = open("f", O_RDONLY);
    FAILS(watch(list, null, EPOLLIN), EPERM);
    FAILS(watch(list, here, EPOLLIN), EPERM);
    FAILS(watch(list, file, EPOLLIN), EPERM);
    close(null);
    close(here);
    close(file);
    close(list);
}

// Who has been told sleeps, and does not look again and again.
static void sleeps_meanwhile(void) {
    int p[2], list = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    const struct itimerspec once = {{0, 0}, {0, 1}};
    EQUAL(pipe(p), 0);
    EQUAL(timerfd_settime(timer, 0, &once, NULL), 0);
    EQUAL(watch(list, p[0], EPOLLIN | EPOLLET), 0);
    EQUAL(write(p[1], "x", 1), 1);
    EQUAL(got(list), EPOLLIN);
    EQUAL(watch(list, timer, EPOLLIN | EPOLLET), 0);
    EQUAL(got_within(list, 5000), EPOLLIN);
    clock_t before = clock();
    EQUAL(got_within(list, 300), 0);
    TRUE(clock() - before < CLOCKS_PER_SEC / 10);
    close(p[0]);
    close(p[1]);
    close(timer);
    close(list);
}

// Each arrival wakes one of two threads that wait with the same list.
static int shared_list, shared_reports;
static void* wait_once(void* unused) {
    struct epoll_event event;
    (void)unused;
    while (epoll_wait(shared_list, &event, 1, 300) == 1)
        __atomic_fetch_add(&shared_reports, 1, __ATOMIC_SEQ_CST);
    return NULL;
}
static void several_threads(void) {
    int p[2];
    pthread_t threads[2];
    shared_list = epoll_create1(0);
    shared_reports = 0;
    EQUAL(pipe(p), 0);
    EQUAL(watch(shared_list, p[0], EPOLLIN | EPOLLET), 0);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, wait_once, NULL);
    EQUAL(write(p[1], "x", 1), 1);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    EQUAL(shared_reports, 1);
    close(p[0]);
    close(p[1]);
    close(shared_list);
}

MAIN(TEST(pipe_input), TEST(pipe_output), TEST(connections), TEST(counters), TEST(timers),
     TEST(signals), TEST(terminals), TEST(named_sockets), TEST(one_shot_and_change),
     TEST(little_room), TEST(lists_in_lists), TEST(exclusive), TEST(never_waiting),
     TEST(sleeps_meanwhile), TEST(several_threads))
