// SPDX-License-Identifier: MIT
// Local stream sockets with names.
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

static struct sockaddr_un named(const char* path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, path);
    return name;
}

static int server(const char* path, int flags) {
    int fd = socket(AF_UNIX, SOCK_STREAM | flags, 0);
    struct sockaddr_un name = named(path);
    EQUAL(bind(fd, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(listen(fd, 4), 0);
    return fd;
}

static int client(const char* path) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = named(path);
    if (connect(fd, (struct sockaddr*)&name, sizeof name) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void talk(void) {
    int listener = server("s", 0);
    struct stat st;
    EQUAL(stat("s", &st), 0);
    TRUE(S_ISSOCK(st.st_mode));
    pid_t child = fork();
    if (child == 0) {
        close(listener);
        int fd = client("s");
        char c[20];
        if (fd < 0 || write(fd, "question", 8) != 8 || read(fd, c, sizeof c) != 6) _exit(1);
        _exit(memcmp(c, "answer", 6) != 0 || read(fd, c, 1) != 0);
    }
    struct sockaddr_un from;
    socklen_t length = sizeof from;
    int fd = accept(listener, (struct sockaddr*)&from, &length);
    TRUE(fd >= 0);
    EQUAL(from.sun_family, AF_UNIX);
    char c[20];
    EQUAL(recv(fd, c, sizeof c, 0), 8);
    struct ucred peer;
    length = sizeof peer;
    EQUAL(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length), 0);
    EQUAL(peer.pid, child);
    EQUAL(peer.uid, getuid());
    EQUAL(send(fd, "answer", 6, MSG_NOSIGNAL), 6);
    EQUAL(shutdown(fd, SHUT_WR), 0);
    EQUAL(read(fd, c, 1), 0);
    close(fd);
    EQUAL(status_of(child), 0);
    close(listener);
    FAILS(client("s"), ECONNREFUSED);
    EQUAL(unlink("s"), 0);
    FAILS(client("s"), ENOENT);
}

// connect does not wait for accept.
static void queued(void) {
    int listener = server("s", SOCK_NONBLOCK | SOCK_CLOEXEC);
    FAILS(accept(listener, NULL, NULL), EAGAIN);
    struct pollfd one = {.fd = listener, .events = POLLIN};
    EQUAL(poll(&one, 1, 0), 0);
    int first = client("s"), second = client("s");
    EQUAL(write(first, "1", 1), 1);
    EQUAL(write(second, "2", 1), 1);
    EQUAL(poll(&one, 1, 0), 1);
    char c;
    for (int i = 0; i < 2; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
        EQUAL(read(fd, &c, 1), 1);
        EQUAL(c, '1' + i);
        close(fd);
    }
    EQUAL(read(first, &c, 1), 0);
    signal(SIGPIPE, SIG_IGN);
    FAILS(write(first, "x", 1), EPIPE);
    int third = client("s");
    close(listener);  // what was not accepted ends
    EQUAL(poll(&(struct pollfd){.fd = third, .events = POLLIN}, 1, 5000), 1);
    close(first);
    close(second);
    close(third);
}

static void polled(void) {
    int listener = server("s", 0), list = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 3};
    EQUAL(epoll_ctl(list, EPOLL_CTL_ADD, listener, &event), 0);
    EQUAL(epoll_wait(list, &event, 1, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        int fd = client("s");
        usleep(20000);
        _exit(fd < 0 || write(fd, "x", 1) != 1);
    }
    EQUAL(epoll_wait(list, &event, 1, 5000), 1);
    int fd = accept(listener, NULL, NULL);
    struct pollfd one = {.fd = fd, .events = POLLIN};
    EQUAL(poll(&one, 1, 5000), 1);
    char c;
    EQUAL(read(fd, &c, 1), 1);
    EQUAL(status_of(child), 0);
    close(fd);
    close(list);
    close(listener);
}

static void refused(void) {
    FAILS(client("nothing"), ENOENT);
    put_file("file", "x");
    FAILS(client("file"), ECONNREFUSED);
    int listener = server("s", 0);
    struct sockaddr_un name = named("s");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(bind(fd, (struct sockaddr*)&name, sizeof name), EADDRINUSE);
    FAILS(listen(fd, 1), EINVAL);
    FAILS(accept(fd, NULL, NULL), EINVAL);
    FAILS(send(fd, "x", 1, 0), ENOTCONN);
    FAILS(connect(listener, (struct sockaddr*)&name, sizeof name), EINVAL);
    FAILS(open("s", O_RDWR), ENXIO);
    int value = 5;
    socklen_t length = sizeof value;
    EQUAL(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length), 0);
    EQUAL(value, 0);
    EQUAL(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &length), 0);
    EQUAL(value, 1);
    name.sun_family = AF_INET + 99;
    FAILS(bind(fd, (struct sockaddr*)&name, sizeof name), EINVAL);
    FAILS(bind(fd, (struct sockaddr*)&name, 1), EINVAL);
    close(fd);
    FAILS(accept(0x7000, NULL, NULL), EBADF);
    int file = open("file", O_RDONLY);
    FAILS(listen(file, 1), ENOTSOCK);
    close(file);
    close(listener);
}

static void handler(int number) { (void)number; }

static void interrupted(void) {
    int listener = server("s", 0);
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGALRM, &action, NULL);
    ualarm(30000, 0);
    FAILS(accept(listener, NULL, NULL), EINTR);
    // Nobody is left waiting: the next one that connects is accepted by the next call.
    int fd = client("s");
    int end = accept(listener, NULL, NULL);
    TRUE(fd >= 0 && end >= 0);
    EQUAL(write(fd, "x", 1), 1);
    char c;
    EQUAL(read(end, &c, 1), 1);
    close(fd);
    close(end);
    close(listener);
}

// Each connection is accepted once, however many signals come meanwhile.
static void under_signals(void) {
    enum { connections = 150 };
    int listener = server("s", 0);
    pid_t child = fork();
    if (child == 0) {
        int bad = 0;
        for (int i = 0; i < connections; i++) {
            if (i % 10 == 0) usleep(8000);
            int fd = client("s");
            char c;
            bad |= fd < 0 || read(fd, &c, 1) != 1;
            close(fd);
        }
        _exit(bad);
    }
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGALRM, &action, NULL);
    const struct itimerval often = {.it_interval.tv_usec = 300, .it_value.tv_usec = 300};
    const struct itimerval never = {.it_value.tv_usec = 0};
    setitimer(ITIMER_REAL, &often, NULL);
    int interruptions = 0;
    for (int i = 0; i < connections; i++) {
        int fd;
        while ((fd = accept(listener, NULL, NULL)) < 0 && errno == EINTR) interruptions++;
        if (fd < 0) {
            check_report(__FILE__, __LINE__, "accept", fd);
            break;
        }
        while (write(fd, "x", 1) < 0 && errno == EINTR) {}
        close(fd);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
    TRUE(interruptions > 0);
    EQUAL(status_of(child), 0);
    close(listener);
}

static void limit(int fd, int option, long milliseconds) {
    const struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
    EQUAL(setsockopt(fd, SOL_SOCKET, option, &time, sizeof time), 0);
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The call fails with EAGAIN, and not before 20 ms are over.
#define TIMES_OUT(expression)            \
    do {                                 \
        const long began_ = now_ms();    \
        FAILS(expression, EAGAIN);       \
        TRUE(now_ms() - began_ >= 19);   \
    } while (0)

static void time_limits(void) {
    int pair[2];
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct timeval time = {1, 1};
    socklen_t length = sizeof time;
    EQUAL(getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, &length), 0);
    TRUE(length == sizeof time && time.tv_sec == 0 && time.tv_usec == 0);
    limit(pair[0], SO_RCVTIMEO, 20);
    EQUAL(getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, &length), 0);
    TRUE(time.tv_sec == 0 && time.tv_usec == 20000);
    EQUAL(getsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &time, &length), 0);
    TRUE(time.tv_sec == 0 && time.tv_usec == 0);
    char c;
    TIMES_OUT(read(pair[0], &c, 1));
    TIMES_OUT(recv(pair[0], &c, 1, MSG_WAITALL));
    EQUAL(write(pair[1], "ab", 2), 2);
    char three[3];
    EQUAL(recv(pair[0], three, 3, MSG_WAITALL), 2);  // and then waits no longer
    static char much[1 << 20];
    limit(pair[0], SO_SNDTIMEO, 20);
    TRUE(write(pair[0], much, sizeof much) > 0);  // what there was room for
    TIMES_OUT(write(pair[0], much, 1));
    struct timeval wrong = {0, 1000000};
    FAILS(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wrong, sizeof wrong), EDOM);
    FAILS(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wrong, sizeof wrong - 1), EINVAL);
    close(pair[0]);
    close(pair[1]);
    for (int type = SOCK_DGRAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_DGRAM) {
        EQUAL(socketpair(AF_UNIX, type, 0, pair), 0);
        limit(pair[0], SO_RCVTIMEO, 20);
        limit(pair[1], SO_SNDTIMEO, 20);
        TIMES_OUT(read(pair[0], &c, 1));
        while (send(pair[1], much, 1000, MSG_DONTWAIT) > 0) {}
        TIMES_OUT(send(pair[1], much, 1000, 0));
        EQUAL(recv(pair[0], much, sizeof much, 0), 1000);
        close(pair[0]);
        close(pair[1]);
    }
}

static void time_limits_of_names(void) {
    int listener = server("s", 0);
    limit(listener, SO_RCVTIMEO, 20);
    TIMES_OUT(accept(listener, NULL, NULL));
    int one = socket(AF_UNIX, SOCK_STREAM, 0);  // the limit stays when it is connected
    limit(one, SO_RCVTIMEO, 20);
    struct sockaddr_un name = named("s");
    EQUAL(connect(one, (struct sockaddr*)&name, sizeof name), 0);
    char c;
    TIMES_OUT(read(one, &c, 1));
    int other = accept(listener, NULL, NULL);
    TRUE(other >= 0);
    struct timeval time;
    socklen_t length = sizeof time;
    EQUAL(getsockopt(other, SOL_SOCKET, SO_RCVTIMEO, &time, &length), 0);
    TRUE(time.tv_sec == 0 && time.tv_usec == 0);
    int datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
    name = named("d");
    EQUAL(bind(datagrams, (struct sockaddr*)&name, sizeof name), 0);
    limit(datagrams, SO_RCVTIMEO, 20);
    TIMES_OUT(read(datagrams, &c, 1));
    int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    limit(sender, SO_SNDTIMEO, 20);
    EQUAL(connect(sender, (struct sockaddr*)&name, sizeof name), 0);
    while (send(sender, &c, 1, MSG_DONTWAIT) > 0) {}
    TIMES_OUT(write(sender, &c, 1));
}

static void on_alarm(int number) { (void)number; }

// A call with a limit is not begun again after a signal, whatever SA_RESTART says.
static void limits_and_signals(void) {
    int pair[2];
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    limit(pair[0], SO_RCVTIMEO, 60000);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    const struct itimerval soon = {.it_value.tv_usec = 20000};
    setitimer(ITIMER_REAL, &soon, NULL);
    char c;
    FAILS(read(pair[0], &c, 1), EINTR);
    signal(SIGALRM, SIG_DFL);
    close(pair[0]);
    close(pair[1]);
}

static int connect_as(int type, const char* path) {
    int fd = socket(AF_UNIX, type, 0);
    struct sockaddr_un name = named(path);
    int result = connect(fd, (struct sockaddr*)&name, sizeof name), error = errno;
    close(fd);
    errno = error;
    return result;
}

static void other_types(void) {
    int listener = server("s", 0);
    FAILS(connect_as(SOCK_SEQPACKET, "s"), EPROTOTYPE);
    FAILS(connect_as(SOCK_DGRAM, "s"), EPROTOTYPE);
    int box = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un name = named("d");
    EQUAL(bind(box, (struct sockaddr*)&name, sizeof name), 0);
    FAILS(connect_as(SOCK_STREAM, "d"), EPROTOTYPE);
    name = named("s");
    FAILS(sendto(box, "x", 1, 0, (struct sockaddr*)&name, sizeof name), EPROTOTYPE);
    EQUAL(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
    FAILS(accept(listener, NULL, NULL), EAGAIN);  // none of them came
    close(listener);
    close(box);
}

// Who finds the backlog full waits, until there is room or the listener ends.
static void full_backlog(void) {
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = named("s");
    EQUAL(bind(listener, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(listen(listener, 1), 0);
    int first = client("s"), second = client("s");
    TRUE(first >= 0 && second >= 0);
    FAILS(connect_as(SOCK_STREAM | SOCK_NONBLOCK, "s"), EAGAIN);
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(listener);
            int fd = client("s");
            char c = (char)('0' + i), answer = 0;
            _exit(fd < 0 || write(fd, &c, 1) != 1 || read(fd, &answer, 1) != 1 || answer != c);
        }
    }
    close(accept(listener, NULL, NULL));
    close(accept(listener, NULL, NULL));
    int seen = 0;
    for (int i = 0; i < 3; i++) {
        int fd = accept(listener, NULL, NULL);
        char c = 0;
        EQUAL(read(fd, &c, 1), 1);
        EQUAL(write(fd, &c, 1), 1);
        seen |= 1 << (c - '0');
        close(fd);
    }
    EQUAL(seen, 7);
    for (int i = 0; i < 3; i++) EQUAL(status_of(children[i]), 0);
    close(first);
    close(second);

    first = client("s"), second = client("s");
    struct sigaction action = {.sa_handler = handler};
    const struct itimerval soon = {{0, 0}, {0, 50000}};
    EQUAL(sigaction(SIGALRM, &action, NULL), 0);
    EQUAL(setitimer(ITIMER_REAL, &soon, NULL), 0);
    FAILS(connect_as(SOCK_STREAM, "s"), EINTR);
    signal(SIGALRM, SIG_DFL);
    pid_t late = fork();
    if (late == 0) {
        close(listener);
        _exit(client("s") >= 0 || errno != ECONNREFUSED);
    }
    const struct timespec moment = {0, 50000000};
    nanosleep(&moment, NULL);  // either way it is refused: before it waits, or while
    close(listener);
    EQUAL(status_of(late), 0);
    close(first);
    close(second);
}

MAIN(TEST(time_limits), TEST(time_limits_of_names), TEST(limits_and_signals), TEST(talk), TEST(queued),
     TEST(polled), TEST(refused), TEST(interrupted), TEST(under_signals), TEST(other_types),
     TEST(full_backlog))
