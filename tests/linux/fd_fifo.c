// SPDX-License-Identifier: MIT
// Named pipes: who waits for whom at open, bytes, ends that come and go, polling, exec.
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/time.h>

static short poll_now(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    poll(&one, 1, 0);
    return one.revents;
}

static void meet(void)
{
    EQUAL(mkfifo("p", 0600), 0);
    FAILS(mkfifo("p", 0600), EEXIST);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        int fd = open("p", O_WRONLY);
        _exit(fd < 0 || write(fd, "through", 7) != 7);
    }
    int fd = open("p", O_RDONLY);
    TRUE(fd >= 0);
    char c[20];
    EQUAL(read(fd, c, sizeof c), 7);
    TRUE(memcmp(c, "through", 7) == 0);
    EQUAL(read(fd, c, sizeof c), 0);
    EQUAL(status_of(child), 0);
    struct stat st, named;
    EQUAL(fstat(fd, &st), 0);
    EQUAL(stat("p", &named), 0);
    TRUE(S_ISFIFO(st.st_mode) && st.st_ino == named.st_ino && st.st_size == 0);
    FAILS(lseek(fd, 0, SEEK_SET), ESPIPE);
    FAILS(write(fd, c, 1), EBADF);
    EQUAL(fchmod(fd, 0640), 0);
    EQUAL(stat("p", &named), 0);
    EQUAL(named.st_mode & 0777, 0640);
    close(fd);
}

static void writer_waits(void)
{
    EQUAL(mkfifo("p", 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        int fd = open("p", O_RDONLY);
        char c[20];
        _exit(fd < 0 || read(fd, c, sizeof c) != 4 || read(fd, c, sizeof c) != 0);
    }
    int fd = open("p", O_WRONLY);
    TRUE(fd >= 0);
    EQUAL(write(fd, "four", 4), 4);
    close(fd);
    EQUAL(status_of(child), 0);
}

static void not_waiting(void)
{
    EQUAL(mkfifo("p", 0600), 0);
    FAILS(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
    int in = open("p", O_RDONLY | O_NONBLOCK);
    TRUE(in >= 0);
    char c[20];
    EQUAL(read(in, c, sizeof c), 0);
    EQUAL(poll_now(in, POLLIN), 0);
    int out = open("p", O_WRONLY | O_NONBLOCK);
    TRUE(out >= 0);
    FAILS(read(in, c, sizeof c), EAGAIN);
    EQUAL(poll_now(out, POLLOUT), POLLOUT);
    EQUAL(write(out, "abc", 3), 3);
    EQUAL(poll_now(in, POLLIN), POLLIN);
    int waiting = 0;
    EQUAL(ioctl(in, FIONREAD, &waiting), 0);
    EQUAL(waiting, 3);
    close(out);
    EQUAL(poll_now(in, POLLIN), POLLIN | POLLHUP);
    EQUAL(read(in, c, sizeof c), 3);
    EQUAL(read(in, c, sizeof c), 0);
    EQUAL(poll_now(in, POLLIN), POLLHUP);
    // Another writer comes: no end of file any more.
    out = open("p", O_WRONLY);
    EQUAL(poll_now(in, POLLIN), 0);
    FAILS(read(in, c, sizeof c), EAGAIN);
    EQUAL(write(out, "d", 1), 1);
    EQUAL(read(in, c, sizeof c), 1);
    close(in);
    EQUAL(poll_now(out, POLLOUT), POLLOUT | POLLERR);
    signal(SIGPIPE, SIG_IGN);
    FAILS(write(out, "x", 1), EPIPE);
    signal(SIGPIPE, SIG_DFL);
    close(out);
}

static void both_ways(void)
{
    EQUAL(mkfifo("p", 0600), 0);
    int fd = open("p", O_RDWR);
    TRUE(fd >= 0);
    char c[20];
    EQUAL(write(fd, "self", 4), 4);
    int in = open("p", O_RDONLY);
    TRUE(in >= 0);
    EQUAL(read(in, c, 2), 2);
    EQUAL(read(fd, c, sizeof c), 2);
    fcntl(in, F_SETFL, O_NONBLOCK);
    FAILS(read(in, c, 1), EAGAIN);
    close(fd);
    EQUAL(read(in, c, 1), 0);
    close(in);
    // What nobody has read is gone with the last end.
    fd = open("p", O_RDWR);
    EQUAL(write(fd, "lost", 4), 4);
    close(fd);
    fd = open("p", O_RDWR | O_NONBLOCK);
    FAILS(read(fd, c, 4), EAGAIN);
    close(fd);
}

static void handler(int signal) { (void)signal; }

static void interrupted(void)
{
    EQUAL(mkfifo("p", 0600), 0);
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGALRM, &action, NULL);
    // Again and again: on a busy host the first may come before the open waits.
    struct itimerval soon = {.it_interval.tv_usec = 30000, .it_value.tv_usec = 30000};
    const struct itimerval never = {.it_value.tv_usec = 0};
    setitimer(ITIMER_REAL, &soon, NULL);
    FAILS(open("p", O_RDONLY), EINTR);
    FAILS(open("p", O_WRONLY | O_NONBLOCK), ENXIO);  // nobody is left waiting
    // A handler with SA_RESTART: open goes on waiting.
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    pid_t child = fork();
    if (child == 0) {
        usleep(90000);
        _exit(open("p", O_WRONLY) < 0);
    }
    setitimer(ITIMER_REAL, &soon, NULL);
    int fd = open("p", O_RDONLY);
    TRUE(fd >= 0);
    close(fd);
    EQUAL(status_of(child), 0);
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
}

static void much(void)
{
    enum { pieces = 300, piece = 1000 };
    EQUAL(mkfifo("p", 0600), 0);
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            int fd = open("p", O_WRONLY);
            char text[piece];
            memset(text, 'a' + i, piece);
            for (int n = 0; n < pieces; n++)
                if (write(fd, text, piece) != piece) _exit(1);
            _exit(0);
        }
    }
    int fd = open("p", O_RDONLY);
    int keep = open("p", O_WRONLY);  // no end before all writers have come
    long counts[3] = {0}, total = 0;
    char text[piece];
    while (total < 3L * pieces * piece) {
        ssize_t got = read(fd, text, piece);
        if (got <= 0) break;
        for (ssize_t i = 0; i < got; i++) counts[text[i] - 'a']++;
        total += got;
    }
    close(keep);
    EQUAL(read(fd, text, 1), 0);
    for (int i = 0; i < 3; i++) {
        EQUAL(counts[i], (long)pieces * piece);
        EQUAL(status_of(children[i]), 0);
    }
    close(fd);
}

static void in_poll(void)
{
    EQUAL(mkfifo("p", 0600), 0);
    int in = open("p", O_RDONLY | O_NONBLOCK);
    pid_t child = fork();
    if (child == 0) {
        close(in);
        usleep(30000);
        int out = open("p", O_WRONLY);
        usleep(10000);
        (void)!write(out, "x", 1);
        usleep(10000);
        _exit(0);
    }
    struct pollfd one = {.fd = in, .events = POLLIN};
    EQUAL(poll(&one, 1, 5000), 1);
    TRUE(one.revents & POLLIN);
    char c;
    EQUAL(read(in, &c, 1), 1);
    one.revents = 0;
    EQUAL(poll(&one, 1, 5000), 1);
    EQUAL(one.revents, POLLHUP);
    EQUAL(status_of(child), 0);
    close(in);
}

// The end is open in two processes, and in another program.
static void inherited(void)
{
    EQUAL(mkfifo("p", 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open("p", O_WRONLY);
        dup2(fd, 1);
        close(fd);
        execlp("sh", "sh", "-c", "echo one; (echo two); echo three", (char*)0);
        _exit(1);
    }
    int fd = open("p", O_RDONLY);
    char text[100];
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, text + length, sizeof text - length);
        if (got <= 0) break;
        length += (size_t)got;
    }
    EQUAL(length, 14);
    TRUE(memcmp(text, "one\ntwo\nthree\n", 14) == 0);
    EQUAL(status_of(child), 0);
    close(fd);
}

static void denied(void)
{
    EQUAL(mkfifo("p", 0200), 0);
    if (getuid() != 0) FAILS(open("p", O_RDONLY | O_NONBLOCK), EACCES);
    FAILS(open("p", O_RDONLY | O_DIRECTORY), ENOTDIR);
    int fd = open("p", O_PATH);
    TRUE(fd >= 0);
    char c;
    FAILS(read(fd, &c, 1), EBADF);
    close(fd);
    EQUAL(unlink("p"), 0);
}

MAIN(TEST(meet), TEST(writer_waits), TEST(not_waiting), TEST(both_ways), TEST(interrupted), TEST(much),
     TEST(in_poll), TEST(inherited), TEST(denied))
