// SPDX-License-Identifier: MIT
// Pipes: bytes, ends, blocking, signals, many readers and writers; poll, select, epoll, eventfd.
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static void bytes(void)
{
    int p[2];
    char c[20];
    EQUAL(pipe(p), 0);
    EQUAL(write(p[1], "hello", 5), 5);
    EQUAL(write(p[1], "world", 5), 5);
    int waiting = 0;
    EQUAL(ioctl(p[0], FIONREAD, &waiting), 0);
    EQUAL(waiting, 10);
    EQUAL(read(p[0], c, 3), 3);
    EQUAL(read(p[0], c, 20), 7);
    TRUE(memcmp(c, "loworld", 7) == 0);
    FAILS(lseek(p[0], 0, SEEK_SET), ESPIPE);
    FAILS(pread(p[0], c, 1, 0), ESPIPE);
    FAILS(write(p[0], c, 1), EBADF);
    FAILS(read(p[1], c, 1), EBADF);
    struct stat st;
    EQUAL(fstat(p[0], &st), 0);
    TRUE(S_ISFIFO(st.st_mode));
    EQUAL(close(p[1]), 0);
    EQUAL(read(p[0], c, 1), 0);
    EQUAL(close(p[0]), 0);
}

static void end_of_file_keeps_bytes(void)
{
    int p[2];
    char c[20];
    EQUAL(pipe(p), 0);
    EQUAL(write(p[1], "rest", 4), 4);
    close(p[1]);
    EQUAL(read(p[0], c, 20), 4);
    EQUAL(read(p[0], c, 20), 0);
    close(p[0]);
}

static volatile sig_atomic_t caught;
static void handler(int signal) { caught = signal; }

static void nobody_reads(void)
{
    int p[2];
    EQUAL(pipe(p), 0);
    close(p[0]);
    signal(SIGPIPE, SIG_IGN);
    FAILS(write(p[1], "x", 1), EPIPE);
    signal(SIGPIPE, handler);
    caught = 0;
    FAILS(write(p[1], "x", 1), EPIPE);
    EQUAL(caught, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    pid_t child = fork();
    if (child == 0) {
        (void)!write(p[1], "x", 1);
        _exit(0);
    }
    EQUAL(status_of(child), 1000 + SIGPIPE);
    close(p[1]);
}

static void non_blocking(void)
{
    int p[2];
    static char page[4096];
    EQUAL(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0);
    EQUAL(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    EQUAL(fcntl(p[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    FAILS(read(p[0], page, 1), EAGAIN);
    int pages = 0;
    while (write(p[1], page, sizeof page) == sizeof page)
        pages++;
    EQUAL(errno, EAGAIN);
    EQUAL(pages, 16);
    EQUAL(read(p[0], page, 100), 100);
    FAILS(write(p[1], page, sizeof page), EAGAIN);
    EQUAL(read(p[0], page, sizeof page), 4096);
    EQUAL(write(p[1], page, sizeof page), 4096);
    FAILS(pipe2(p, 1), EINVAL);
    close(p[0]);
    close(p[1]);
}

static void blocking(void)
{
    int p[2];
    enum { total = 1000000 };
    static unsigned char buffer[70000];
    EQUAL(pipe(p), 0);
    pid_t child = fork();
    if (child == 0) {
        close(p[0]);
        for (long sent = 0; sent < total;) {
            size_t part = total - sent < 65536 ? total - sent : 65536;
            for (size_t i = 0; i < part; i++)
                buffer[i] = (unsigned char)((sent + (long)i) % 251);
            ssize_t count = write(p[1], buffer, part);
            if (count != (ssize_t)part)
                _exit(1);
            sent += count;
        }
        _exit(0);
    }
    close(p[1]);
    long got = 0;
    int right = 1;
    for (;;) {
        ssize_t count = read(p[0], buffer, sizeof buffer);
        if (count <= 0) {
            EQUAL(count, 0);
            break;
        }
        for (ssize_t i = 0; i < count; i++)
            right &= buffer[i] == (got + i) % 251;
        got += count;
    }
    EQUAL(got, total);
    TRUE(right);
    EQUAL(status_of(child), 0);
    close(p[0]);
}

// Writes of at most PIPE_BUF bytes stay in one piece, however many write and read at once.
static void many_processes(void)
{
    enum { writers = 4, readers = 2, records = 500, size = 512 };
    int p[2], results[2];
    EQUAL(pipe(p), 0);
    EQUAL(pipe(results), 0);
    pid_t children[writers + readers];
    for (int w = 0; w < writers; w++)
        if ((children[w] = fork()) == 0) {
            char record[size];
            close(p[0]);
            for (int i = 0; i < records; i++) {
                memset(record, 'a' + w, size);
                if (write(p[1], record, size) != size)
                    _exit(1);
            }
            _exit(0);
        }
    for (int r = 0; r < readers; r++)
        if ((children[writers + r] = fork()) == 0) {
            char record[size];
            int count = 0;
            close(p[1]);
            for (;;) {
                ssize_t got = read(p[0], record, size);
                if (got == 0)
                    break;
                if (got != size)
                    _exit(2);
                for (int i = 1; i < size; i++)
                    if (record[i] != record[0])
                        _exit(3);
                count++;
            }
            (void)!write(results[1], &count, sizeof count);
            _exit(0);
        }
    close(p[0]);
    close(p[1]);
    for (int i = 0; i < writers + readers; i++)
        EQUAL(status_of(children[i]), 0);
    int sum = 0, count;
    for (int r = 0; r < readers; r++) {
        EQUAL(read(results[0], &count, sizeof count), sizeof count);
        sum += count;
    }
    EQUAL(sum, writers * records);
    close(results[0]);
    close(results[1]);
}

static int go[2];
static void let_go(int signal)
{
    caught = signal;
    (void)!write(go[1], "g", 1);
}

static void interrupted(void)
{
    int p[2];
    char c;
    EQUAL(pipe(p), 0);
    struct sigaction action = { .sa_handler = handler };
    sigaction(SIGALRM, &action, NULL);
    // Again and again: the first may come before the process waits.
    struct itimerval often = { { 0, 50000 }, { 0, 50000 } }, never = { { 0, 0 }, { 0, 0 } };
    caught = 0;
    setitimer(ITIMER_REAL, &often, NULL);
    FAILS(read(p[0], &c, 1), EINTR);
    EQUAL(caught, SIGALRM);
    setitimer(ITIMER_REAL, &never, NULL);
    // With SA_RESTART the call goes on. The handler lets the child write.
    EQUAL(pipe(go), 0);
    action.sa_handler = let_go;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(read(go[0], &c, 1) != 1 || write(p[1], "x", 1) != 1);
    }
    struct itimerval once = { { 0, 0 }, { 0, 50000 } };
    caught = 0;
    setitimer(ITIMER_REAL, &once, NULL);
    EQUAL(read(p[0], &c, 1), 1);
    EQUAL(caught, SIGALRM);
    EQUAL(status_of(child), 0);
    close(go[0]);
    close(go[1]);
    signal(SIGALRM, SIG_DFL);
    close(p[0]);
    close(p[1]);
}

// A killed writer ends the stream like any other.
static void killed_writer(void)
{
    int p[2];
    char c[10];
    EQUAL(pipe(p), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)!write(p[1], "x", 1);
        for (;;)
            pause();
    }
    close(p[1]);
    EQUAL(read(p[0], c, 10), 1);
    kill(child, SIGKILL);
    EQUAL(read(p[0], c, 10), 0);
    EQUAL(status_of(child), 1000 + SIGKILL);
    close(p[0]);
}

static long elapsed_ms(const struct timespec *since)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void polling(void)
{
    int p[2];
    char c;
    EQUAL(pipe(p), 0);
    struct pollfd both[3] = { { p[0], POLLIN, 0 }, { p[1], POLLOUT, 0 }, { -1, POLLIN, 9 } };
    EQUAL(poll(both, 3, 0), 1);
    EQUAL(both[0].revents, 0);
    EQUAL(both[1].revents, POLLOUT);
    EQUAL(both[2].revents, 0);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    EQUAL(poll(both, 1, 50), 0);
    TRUE(elapsed_ms(&start) >= 49);
    pid_t child = fork();
    if (child == 0) {
        struct timespec pause = { 0, 50000000 };
        nanosleep(&pause, NULL);
        _exit(write(p[1], "x", 1) != 1);
    }
    EQUAL(poll(both, 1, 10000), 1);
    EQUAL(both[0].revents, POLLIN);
    EQUAL(status_of(child), 0);
    EQUAL(read(p[0], &c, 1), 1);
    int gone = p[1];
    close(p[1]);
    EQUAL(poll(both, 1, 1000), 1);
    EQUAL(both[0].revents, POLLHUP);
    struct pollfd closed = { gone, POLLIN, 0 };
    EQUAL(poll(&closed, 1, 1000), 1);
    EQUAL(closed.revents, POLLNVAL);
    close(p[0]);
    EQUAL(pipe(p), 0);
    close(p[0]);
    struct pollfd writer = { p[1], POLLOUT, 0 };
    EQUAL(poll(&writer, 1, 0), 1);
    EQUAL(writer.revents, POLLOUT | POLLERR);
    close(p[1]);
    put_file("f", "x");
    struct pollfd file = { open("f", O_RDONLY), POLLIN | POLLOUT, 0 };
    EQUAL(poll(&file, 1, -1), 1);
    EQUAL(file.revents, POLLIN | POLLOUT);
    close(file.fd);
    EQUAL(poll(NULL, 0, 10), 0);
}

static void selecting(void)
{
    int p[2];
    EQUAL(pipe(p), 0);
    fd_set in, out;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(p[0], &in);
    FD_SET(p[1], &out);
    struct timeval brief = { 0, 20000 };
    EQUAL(select(p[1] + 1, &in, &out, NULL, &brief), 1);
    TRUE(!FD_ISSET(p[0], &in) && FD_ISSET(p[1], &out));
    FD_SET(p[0], &in);
    EQUAL(select(p[0] + 1, &in, NULL, NULL, &brief), 0);
    TRUE(!FD_ISSET(p[0], &in));
    EQUAL(write(p[1], "x", 1), 1);
    FD_SET(p[0], &in);
    EQUAL(select(p[0] + 1, &in, NULL, NULL, NULL), 1);
    TRUE(FD_ISSET(p[0], &in));
    close(p[0]);
    close(p[1]);
    FD_ZERO(&in);
    FD_SET(p[0], &in);
    FAILS(select(p[0] + 1, &in, NULL, NULL, NULL), EBADF);
    sigset_t none;
    sigemptyset(&none);
    struct timespec ten = { 0, 10000000 };
    EQUAL(pselect(0, NULL, NULL, NULL, &ten, &none), 0);
}

// A signal that only the mask of ppoll lets through ends the call.
static void poll_with_mask(void)
{
    sigset_t blocked, open_mask;
    sigemptyset(&open_mask);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    struct sigaction action = { .sa_handler = handler };
    sigaction(SIGUSR1, &action, NULL);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    caught = 0;
    kill(getpid(), SIGUSR1);
    EQUAL(caught, 0);
    struct timespec second = { 1, 0 };
    FAILS(ppoll(NULL, 0, &second, &open_mask), EINTR);
    EQUAL(caught, SIGUSR1);
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    TRUE(sigismember(&now, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    signal(SIGUSR1, SIG_DFL);
}

static void event_lists(void)
{
    int p[2], list = epoll_create1(EPOLL_CLOEXEC);
    EQUAL(pipe(p), 0);
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = 77 }, got[4];
    EQUAL(epoll_ctl(list, EPOLL_CTL_ADD, p[0], &event), 0);
    FAILS(epoll_ctl(list, EPOLL_CTL_ADD, p[0], &event), EEXIST);
    FAILS(epoll_ctl(list, EPOLL_CTL_MOD, p[1], &event), ENOENT);
    FAILS(epoll_ctl(list, EPOLL_CTL_ADD, list, &event), EINVAL);
    FAILS(epoll_ctl(list, EPOLL_CTL_ADD, 500, &event), EBADF);
    EQUAL(epoll_wait(list, got, 4, 10), 0);
    EQUAL(write(p[1], "x", 1), 1);
    EQUAL(epoll_wait(list, got, 4, -1), 1);
    EQUAL(got[0].data.u64, 77);
    EQUAL(got[0].events, EPOLLIN);
    event.events = EPOLLIN | EPOLLONESHOT;
    EQUAL(epoll_ctl(list, EPOLL_CTL_MOD, p[0], &event), 0);
    EQUAL(epoll_wait(list, got, 4, 0), 1);
    EQUAL(epoll_wait(list, got, 4, 0), 0);
    EQUAL(epoll_ctl(list, EPOLL_CTL_DEL, p[0], NULL), 0);
    FAILS(epoll_wait(list, got, 0, 0), EINVAL);
    FAILS(epoll_wait(p[0], got, 1, 0), EINVAL);
    event.events = EPOLLIN;
    EQUAL(epoll_ctl(list, EPOLL_CTL_ADD, p[0], &event), 0);
    struct pollfd outer = { list, POLLIN, 0 };
    EQUAL(poll(&outer, 1, 0), 1);
    close(p[0]);
    close(p[1]);
    EQUAL(epoll_wait(list, got, 4, 0), 0);
    close(list);
}

static void counters(void)
{
    uint64_t value = 0;
    int fd = eventfd(3, EFD_NONBLOCK);
    EQUAL(read(fd, &value, 8), 8);
    EQUAL(value, 3);
    FAILS(read(fd, &value, 8), EAGAIN);
    value = 5;
    EQUAL(write(fd, &value, 8), 8);
    EQUAL(write(fd, &value, 8), 8);
    FAILS(read(fd, &value, 4), EINVAL);
    EQUAL(read(fd, &value, 8), 8);
    EQUAL(value, 10);
    value = UINT64_MAX;
    FAILS(write(fd, &value, 8), EINVAL);
    close(fd);
    fd = eventfd(2, EFD_SEMAPHORE);
    EQUAL(read(fd, &value, 8), 8);
    EQUAL(value, 1);
    EQUAL(read(fd, &value, 8), 8);
    pid_t child = fork();
    if (child == 0) {
        uint64_t one = 1;
        _exit(write(fd, &one, 8) != 8);
    }
    EQUAL(read(fd, &value, 8), 8);
    EQUAL(status_of(child), 0);
    close(fd);
}

static void socket_pairs(void)
{
    int s[2];
    char c[20];
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
    EQUAL(fcntl(s[0], F_GETFD), FD_CLOEXEC);
    struct stat st;
    EQUAL(fstat(s[0], &st), 0);
    TRUE(S_ISSOCK(st.st_mode));
    EQUAL(write(s[0], "ping", 4), 4);
    EQUAL(send(s[1], "pong", 4, 0), 4);
    EQUAL(recv(s[1], c, 20, MSG_PEEK), 4);
    EQUAL(read(s[1], c, 20), 4);
    TRUE(memcmp(c, "ping", 4) == 0);
    EQUAL(recv(s[0], c, 20, 0), 4);
    TRUE(memcmp(c, "pong", 4) == 0);
    FAILS(recv(s[0], c, 1, MSG_DONTWAIT), EAGAIN);
    int type = 0;
    socklen_t length = sizeof type;
    EQUAL(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &type, &length), 0);
    EQUAL(type, SOCK_STREAM);
    EQUAL(shutdown(s[0], SHUT_WR), 0);
    EQUAL(read(s[1], c, 1), 0);
    FAILS(send(s[0], c, 1, MSG_NOSIGNAL), EPIPE);
    EQUAL(write(s[1], "back", 4), 4);
    EQUAL(read(s[0], c, 20), 4);
    close(s[1]);
    EQUAL(read(s[0], c, 1), 0);
    struct pollfd end = { s[0], POLLIN, 0 };
    EQUAL(poll(&end, 1, 0), 1);
    EQUAL(end.revents, POLLIN | POLLHUP);
    close(s[0]);
    // Between processes, in both directions.
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    pid_t child = fork();
    if (child == 0) {
        close(s[0]);
        while (read(s[1], c, 1) == 1) {
            c[0]++;
            if (write(s[1], c, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(s[1]);
    for (int i = 0; i < 50; i++) {
        c[0] = (char)i;
        EQUAL(write(s[0], c, 1), 1);
        EQUAL(read(s[0], c, 1), 1);
        EQUAL(c[0], i + 1);
    }
    close(s[0]);
    EQUAL(status_of(child), 0);
    put_file("f", "x");
    int file = open("f", O_RDWR);
    FAILS(send(file, c, 1, 0), ENOTSOCK);
    close(file);
}

// Neither of parent and child takes away what the other is to be told.
static void polling_relatives(void)
{
    int own[2], of_child[2], go[2], back[2];
    EQUAL(pipe(own), 0);
    EQUAL(pipe(go), 0);
    EQUAL(pipe(back), 0);
    struct pollfd one = {.fd = own[0], .events = POLLIN};
    EQUAL(poll(&one, 1, 0), 0);
    char c;
    pid_t child = fork();
    if (child == 0) {
        struct pollfd it = {.events = POLLIN};
        if (pipe(of_child) != 0) _exit(1);
        it.fd = of_child[0];
        if (poll(&it, 1, 0) != 0) _exit(2);
        close(of_child[1]);
        if (write(go[1], "g", 1) != 1 || read(back[0], &c, 1) != 1) _exit(3);
        _exit(poll(&it, 1, 0) != 1 || (it.revents & POLLHUP) == 0);
    }
    EQUAL(read(go[0], &c, 1), 1);
    EQUAL(poll(&one, 1, 0), 0);
    EQUAL(write(back[1], "b", 1), 1);
    EQUAL(status_of(child), 0);
}

MAIN(TEST(bytes), TEST(end_of_file_keeps_bytes), TEST(nobody_reads), TEST(non_blocking),
     TEST(blocking), TEST(many_processes), TEST(interrupted), TEST(killed_writer), TEST(polling),
     TEST(selecting), TEST(poll_with_mask), TEST(event_lists), TEST(counters),
     TEST(socket_pairs), TEST(polling_relatives))
