// SPDX-License-Identifier: MIT
// Descriptors that are passed on through local sockets (SCM_RIGHTS).
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

enum { most = 253 };

static ssize_t give(int socket, const char* text, size_t length, const int* fds, size_t count) {
    static char control[CMSG_SPACE((most + 1) * sizeof(int))];
    struct iovec data = {(void*)text, length};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (count != 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    }
    return syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL);  // musl has no room for so many
}

struct got {
    ssize_t length;
    char text[64];
    int flags;
    size_t count;
    int fds[most];
};

// With room for so many descriptors.
static struct got take(int socket, size_t room, int flags) {
    static char control[CMSG_SPACE(most * sizeof(int))];
    struct got got = {.count = 0};
    struct iovec data = {got.text, sizeof got.text};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control};
    message.msg_controllen = room == 0 ? 0 : CMSG_LEN(room * sizeof(int));
    got.length = recvmsg(socket, &message, flags);
    got.flags = message.msg_flags;
    struct cmsghdr* header = got.length < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        got.count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(got.fds, CMSG_DATA(header), got.count * sizeof(int));
    }
    return got;
}

static int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};

static void pair_of(int type, int* pair) { EQUAL(socketpair(AF_UNIX, type, 0, pair), 0); }

// A child opens them, its parent uses them.
static void kinds(void) {
    put_file("file", "0123456789");
    for (int i = 0; i < 3; i++) {
        int pair[2];
        pair_of(types[i], pair);
        pid_t child = fork();
        if (child == 0) {
            int pipes[2], sockets[2];
            int file = open("file", O_RDWR);
            char c;
            if (read(file, &c, 1) != 1 || pipe(pipes) != 0 ||
                socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) {
                _exit(1);
            }
            int event = eventfd(5, 0), null = open("/dev/null", O_WRONLY),
                here = open(".", O_RDONLY);
            int fds[] = {file, pipes[0], sockets[1], event, null, here};
            if (give(pair[1], "x", 1, fds, 6) != 1) _exit(2);
            if (write(pipes[1], "pipe", 4) != 4 || write(sockets[0], "socket", 6) != 6) _exit(3);
            _exit(lseek(file, 0, SEEK_CUR) != 1);
        }
        struct got got = take(pair[0], most, 0);
        EQUAL(got.length, 1);
        EQUAL(got.text[0], 'x');
        EQUAL(got.flags, 0);
        EQUAL(got.count, 6);
        EQUAL(status_of(child), 0);
        char text[16] = "";
        EQUAL(read(got.fds[0], text, 3), 3);  // the offset came along
        TRUE(memcmp(text, "123", 3) == 0);
        EQUAL(fcntl(got.fds[0], F_GETFL) & O_ACCMODE, O_RDWR);
        EQUAL(read(got.fds[1], text, sizeof text), 4);
        EQUAL(read(got.fds[1], text, sizeof text), 0);  // the other end went with the child
        EQUAL(read(got.fds[2], text, sizeof text), 6);
        EQUAL(read(got.fds[2], text, sizeof text), 0);
        uint64_t value = 0;
        EQUAL(read(got.fds[3], &value, sizeof value), 8);
        EQUAL(value, 5);
        EQUAL(write(got.fds[4], "gone", 4), 4);
        struct stat sent, own;
        EQUAL(fstat(got.fds[5], &sent), 0);
        EQUAL(stat(".", &own), 0);
        EQUAL(sent.st_ino, own.st_ino);
        EQUAL(sent.st_dev, own.st_dev);
        for (size_t k = 0; k < got.count; k++) {
            EQUAL(fcntl(got.fds[k], F_GETFD), 0);
            close(got.fds[k]);
        }
        close(pair[0]);
        close(pair[1]);
    }
}

// What F_SETFL changes and where the file stands belongs to all who have it.
static void shared(void) {
    put_file("file", "0123456789");
    int pair[2], pipes[2];
    pair_of(SOCK_STREAM, pair);
    EQUAL(pipe(pipes), 0);
    int file = open("file", O_RDONLY);
    int fds[] = {file, pipes[0], pipes[0]};
    EQUAL(give(pair[0], "x", 1, fds, 3), 1);
    struct got got = take(pair[1], 3, MSG_CMSG_CLOEXEC);
    EQUAL(got.count, 3);
    TRUE((got.flags & ~MSG_CMSG_CLOEXEC) == 0);
    EQUAL(fcntl(got.fds[0], F_GETFD), FD_CLOEXEC);
    char c;
    EQUAL(read(got.fds[0], &c, 1), 1);
    EQUAL(read(file, &c, 1), 1);
    EQUAL(c, '1');
    EQUAL(fcntl(pipes[0], F_SETFL, O_NONBLOCK), 0);
    FAILS(read(got.fds[1], &c, 1), EAGAIN);
    EQUAL(write(pipes[1], "ab", 2), 2);
    EQUAL(read(got.fds[2], &c, 1), 1);
    EQUAL(read(pipes[0], &c, 1), 1);
    EQUAL(c, 'b');
    for (int i = 0; i < 3; i++) close(got.fds[i]);
    EQUAL(write(pipes[1], "c", 1), 1);
    EQUAL(read(pipes[0], &c, 1), 1);
    close(pipes[0]);
    close(pipes[1]);
    close(file);
    close(pair[0]);
    close(pair[1]);
}

static void in_streams(void) {
    int pair[2], fd = open("/dev/null", O_RDONLY);
    pair_of(SOCK_STREAM, pair);
    // What was written before is read with it, what comes after is not.
    EQUAL(write(pair[0], "ab", 2), 2);
    EQUAL(give(pair[0], "cd", 2, &fd, 1), 2);
    EQUAL(write(pair[0], "ef", 2), 2);
    EQUAL(give(pair[0], "gh", 2, &fd, 1), 2);
    EQUAL(give(pair[0], "ij", 2, &fd, 1), 2);
    struct got got = take(pair[1], most, 0);
    EQUAL(got.length, 4);
    TRUE(memcmp(got.text, "abcd", 4) == 0);
    EQUAL(got.count, 1);
    close(got.fds[0]);
    // With the first byte.
    char text[16];
    got = take(pair[1], most, 0);
    EQUAL(got.length, 4);
    TRUE(memcmp(got.text, "efgh", 4) == 0);
    EQUAL(got.count, 1);
    close(got.fds[0]);
    EQUAL(recv(pair[1], text, 1, MSG_PEEK), 1);
    EQUAL(read(pair[1], text, 1), 1);  // takes it, and closes it
    got = take(pair[1], most, 0);
    EQUAL(got.length, 1);
    EQUAL(got.count, 0);
    EQUAL(got.flags, 0);
    // Without bytes there is nothing to go with.
    EQUAL(give(pair[0], "", 0, &fd, 1), 0);
    FAILS(recv(pair[1], text, 1, MSG_DONTWAIT), EAGAIN);
    close(pair[0]);
    close(pair[1]);
    pair_of(SOCK_SEQPACKET, pair);
    EQUAL(give(pair[0], "", 0, &fd, 1), 0);
    got = take(pair[1], most, 0);
    EQUAL(got.length, 0);
    EQUAL(got.count, 1);
    close(got.fds[0]);
    close(pair[0]);
    close(pair[1]);
    close(fd);
}

static void too_little_room(void) {
    int pair[2], fds[3];
    for (int i = 0; i < 3; i++) fds[i] = open("/dev/null", O_RDONLY);
    pair_of(SOCK_DGRAM, pair);
    int before = open_descriptors();
    for (size_t room = 0; room < 3; room++) {
        EQUAL(give(pair[0], "x", 1, fds, 3), 1);
        struct got got = take(pair[1], room, 0);
        EQUAL(got.length, 1);
        EQUAL(got.flags, MSG_CTRUNC);
        EQUAL(got.count, room);
        EQUAL(open_descriptors(), before + (int)room);
        for (size_t i = 0; i < got.count; i++) close(got.fds[i]);
    }
    // Not even a header, or none asked for.
    EQUAL(give(pair[0], "x", 1, fds, 3), 1);
    char c;
    EQUAL(recv(pair[1], &c, 1, 0), 1);
    EQUAL(open_descriptors(), before);
    close(pair[0]);
    close(pair[1]);
    for (int i = 0; i < 3; i++) close(fds[i]);
}

static void many(void) {
    int pair[2], pipes[2], fds[most + 1];
    EQUAL(pipe(pipes), 0);
    pair_of(SOCK_SEQPACKET, pair);
    for (int i = 0; i <= most; i++) fds[i] = pipes[1];
    EQUAL(give(pair[0], "x", 1, fds, most), 1);
    struct got got = take(pair[1], most, 0);
    EQUAL(got.count, most);
    EQUAL(got.flags, 0);
    EQUAL(write(got.fds[most - 1], "y", 1), 1);
    for (size_t i = 0; i < got.count; i++) close(got.fds[i]);
    FAILS(give(pair[0], "x", 1, fds, most + 1), EINVAL);
    fds[1] = -1;
    FAILS(give(pair[0], "x", 1, fds, 2), EBADF);
    fds[1] = 900;
    FAILS(give(pair[0], "x", 1, fds, 2), EBADF);
    FAILS(recv(pair[1], got.text, 1, MSG_DONTWAIT), EAGAIN);
    close(pipes[1]);
    char c;
    EQUAL(read(pipes[0], &c, 1), 1);
    EQUAL(read(pipes[0], &c, 1), 0);  // nobody has kept one
    close(pipes[0]);
    close(pair[0]);
    close(pair[1]);
}

static int ended(int pipe) {
    struct pollfd one = {.fd = pipe, .events = POLLIN};
    return poll(&one, 1, 5000) == 1 && (one.revents & POLLHUP) != 0;
}

// Nobody takes it: it is closed when the last one who could has closed.
static void not_taken(void) {
    for (int i = 0; i < 3; i++) {
        int pair[2], pipes[2];
        pair_of(types[i], pair);
        EQUAL(pipe(pipes), 0);
        EQUAL(give(pair[0], "x", 1, &pipes[1], 1), 1);
        close(pipes[1]);
        EQUAL(poll(&(struct pollfd){.fd = pipes[0], .events = POLLIN}, 1, 0), 0);
        int other = dup(pair[1]);
        close(pair[1]);
        EQUAL(poll(&(struct pollfd){.fd = pipes[0], .events = POLLIN}, 1, 0), 0);
        close(other);
        TRUE(ended(pipes[0]));
        close(pipes[0]);
        close(pair[0]);
    }
    // A copy of it that is still there can still take it.
    int pair[2], pipes[2], go[2];
    pair_of(SOCK_STREAM, pair);
    EQUAL(pipe(pipes), 0);
    EQUAL(pipe(go), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        close(pipes[0]);
        close(pipes[1]);
        char c;
        if (read(go[0], &c, 1) != 1) _exit(1);
        struct got got = take(pair[1], 1, 0);
        _exit(got.count != 1 || write(got.fds[0], "z", 1) != 1);
    }
    EQUAL(give(pair[0], "x", 1, &pipes[1], 1), 1);
    close(pair[1]);
    close(pipes[1]);
    EQUAL(write(go[1], "g", 1), 1);
    EQUAL(status_of(child), 0);
    char c;
    EQUAL(read(pipes[0], &c, 1), 1);
    EQUAL(read(pipes[0], &c, 1), 0);
    // The sender's end goes first: it is still delivered.
    int fd = open("/dev/null", O_RDONLY);
    close(pair[0]);
    pair_of(SOCK_DGRAM, pair);
    EQUAL(give(pair[0], "x", 1, &fd, 1), 1);
    close(pair[0]);
    struct got got = take(pair[1], 1, 0);
    EQUAL(got.count, 1);
    close(got.fds[0]);
    FAILS(give(pair[1], "x", 1, &fd, 1), ECONNREFUSED);
    close(pair[1]);
    close(fd);
    close(pipes[0]);
    close(go[0]);
    close(go[1]);
}

// One that was passed to oneself is closed: the first goes on being told.
static void twins(void) {
    int pair[2], pipes[2];
    pair_of(SOCK_STREAM, pair);
    EQUAL(pipe(pipes), 0);
    EQUAL(give(pair[0], "x", 1, pipes, 1), 1);
    struct got got = take(pair[1], 1, 0);
    EQUAL(got.count, 1);
    struct pollfd both[] = {{.fd = pipes[0], .events = POLLIN},
                            {.fd = got.fds[0], .events = POLLIN}};
    EQUAL(poll(both, 2, 10), 0);
    close(got.fds[0]);
    close(pipes[1]);
    TRUE(ended(pipes[0]));
    close(pipes[0]);
    close(pair[0]);
    close(pair[1]);
}

static void full_queue(void) {
    int pair[2], pipes[2];
    pair_of(SOCK_SEQPACKET, pair);
    EQUAL(pipe(pipes), 0);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    int sent = 0;
    while (sent < 10000 && give(pair[0], "x", 1, &pipes[1], 1) == 1) sent++;
    EQUAL(errno, EAGAIN);
    TRUE(sent >= 10 && sent < 10000);
    close(pipes[1]);
    for (int i = 0; i < sent; i++) {
        struct got got = take(pair[1], 1, 0);
        EQUAL(got.count, 1);
        close(got.fds[0]);
    }
    TRUE(ended(pipes[0]));  // the one that did not go is not kept
    // Who waits for room sends in the end.
    fcntl(pair[0], F_SETFL, 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open("/dev/null", O_RDONLY), bad = 0;
        for (int i = 0; i < 3 * sent; i++) bad |= give(pair[0], "x", 1, &fd, 1) != 1;
        _exit(bad);
    }
    usleep(30000);
    for (int i = 0; i < 3 * sent; i++) {
        struct got got = take(pair[1], 1, 0);
        EQUAL(got.count, 1);
        close(got.fds[0]);
    }
    EQUAL(status_of(child), 0);
    close(pair[0]);
    close(pair[1]);
    close(pipes[0]);
}

// A connection itself is passed on; and one made by name passes descriptors as well.
static void onward(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "s"};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    EQUAL(bind(listener, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(listen(listener, 1), 0);
    EQUAL(connect(client, (struct sockaddr*)&name, sizeof name), 0);
    int server = accept(listener, NULL, NULL), pair[2];
    pair_of(SOCK_DGRAM, pair);
    int fds[] = {listener, server};
    EQUAL(give(client, "both", 4, &pair[0], 1), 4);
    EQUAL(give(pair[1], "it", 2, fds, 2), 2);
    close(server);
    close(listener);
    struct got got = take(pair[0], 2, 0);
    EQUAL(got.count, 2);
    listener = got.fds[0];
    server = got.fds[1];
    got = take(server, 1, 0);
    EQUAL(got.length, 4);
    EQUAL(got.count, 1);
    EQUAL(send(pair[1], "!", 1, 0), 1);
    EQUAL(recv(got.fds[0], got.text, 1, 0), 1);
    close(got.fds[0]);
    int second = socket(AF_UNIX, SOCK_STREAM, 0);
    EQUAL(connect(second, (struct sockaddr*)&name, sizeof name), 0);
    int accepted = accept(listener, NULL, NULL);
    EQUAL(write(accepted, "a", 1), 1);
    EQUAL(read(second, got.text, 2), 1);
    int all[] = {listener, client, server, pair[0], pair[1], second, accepted};
    for (int i = 0; i < 7; i++) close(all[i]);
}

static void bad_messages(void) {
    int pair[2], fd = 0;
    pair_of(SOCK_STREAM, pair);
    char control[64] = {0};
    struct iovec data = {"x", 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE(sizeof fd)};
    struct cmsghdr* header = (struct cmsghdr*)control;
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = 99};
    FAILS(syscall(SYS_sendmsg, pair[0], &message, 0), EINVAL);
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = 3;
    FAILS(syscall(SYS_sendmsg, pair[0], &message, 0), EINVAL);
    header->cmsg_len = CMSG_LEN(100 * sizeof fd);
    FAILS(syscall(SYS_sendmsg, pair[0], &message, 0), EINVAL);
    header->cmsg_len = CMSG_LEN(sizeof fd);
    header->cmsg_level = 77;  // somebody else's
    EQUAL(syscall(SYS_sendmsg, pair[0], &message, 0), 1);
    message.msg_control = (void*)16;
    FAILS(syscall(SYS_sendmsg, pair[0], &message, 0), EFAULT);
    message.msg_controllen = 1 << 20;
    FAILS(syscall(SYS_sendmsg, pair[0], &message, 0), ENOBUFS);
    message.msg_control = control;
    message.msg_controllen = 8;  // shorter than a header: nothing
    EQUAL(syscall(SYS_sendmsg, pair[0], &message, 0), 1);
    struct got got = take(pair[1], 1, 0);
    EQUAL(got.length, 2);
    EQUAL(got.count, 0);
    close(pair[0]);
    close(pair[1]);
}

MAIN(TEST(kinds), TEST(shared), TEST(in_streams), TEST(too_little_room), TEST(many),
     TEST(not_taken), TEST(twins), TEST(full_queue), TEST(onward), TEST(bad_messages))
