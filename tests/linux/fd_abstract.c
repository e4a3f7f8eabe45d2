// SPDX-License-Identifier: MIT
// Abstract names of local sockets, and those that the system chooses.
#include "tests/linux/check.h"

#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
    struct sockaddr_un name;
    socklen_t length;
};
enum { head = offsetof(struct sockaddr_un, sun_path) };

// The bytes behind the zero byte.
static struct address abstract(const char* bytes, size_t count) {
    struct address made = {.name = {.sun_family = AF_UNIX}, .length = (socklen_t)(head + 1 + count)};
    memcpy(made.name.sun_path + 1, bytes, count);
    return made;
}
// Nobody else uses it, not even another run of this.
static struct address own(const char* text) {
    char bytes[100];
    int length = snprintf(bytes, sizeof bytes, "%d.%s", getpid(), text);
    return abstract(bytes, (size_t)length);
}
static int binds(int fd, const struct address* to) {
    return bind(fd, (const struct sockaddr*)&to->name, to->length);
}
static int connects(int fd, const struct address* to) {
    return connect(fd, (const struct sockaddr*)&to->name, to->length);
}
static int fresh(int type) { return socket(AF_UNIX, type | SOCK_CLOEXEC, 0); }
static int bound(int type, const struct address* to) {
    int fd = fresh(type);
    EQUAL(binds(fd, to), 0);
    return fd;
}
static int same(const struct address* one, const struct address* other) {
    return one->length == other->length && memcmp(&one->name, &other->name, one->length) == 0;
}
static struct address told(int fd, int (*get)(int, struct sockaddr*, socklen_t*)) {
    struct address name = {.length = sizeof name.name};
    EQUAL(get(fd, (struct sockaddr*)&name.name, &name.length), 0);
    return name;
}

static void talk(void) {
    struct address name = own("talk");
    int listener = bound(SOCK_STREAM, &name), other = fresh(SOCK_STREAM);
    struct address is = told(listener, getsockname);
    TRUE(same(&is, &name));
    FAILS(connects(other, &name), ECONNREFUSED);  // nobody listens yet
    EQUAL(listen(listener, 4), 0);
    pid_t child = fork();
    if (child == 0) {
        char c[10];
        int fd = fresh(SOCK_STREAM);
        if (connects(fd, &name) != 0 || write(fd, "question", 8) != 8) _exit(1);
        struct address peer = told(fd, getpeername);
        _exit(!same(&peer, &name) || read(fd, c, sizeof c) != 6);
    }
    int fd = accept(listener, NULL, NULL);
    char c[10];
    EQUAL(read(fd, c, sizeof c), 8);
    struct ucred peer;
    socklen_t length = sizeof peer;
    EQUAL(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length), 0);
    EQUAL(peer.pid, child);
    EQUAL(peer.uid, getuid());
    EQUAL(write(fd, "answer", 6), 6);
    EQUAL(status_of(child), 0);
    is = told(fd, getsockname);
    TRUE(same(&is, &name));
    close(fd);
    close(listener);
    FAILS(connects(other, &name), ECONNREFUSED);
    close(other);
}

static void taken(void) {
    struct address name = own("taken"), other = own("other"), nobody = own("nobody");
    int first = bound(SOCK_STREAM, &name), second = fresh(SOCK_STREAM);
    FAILS(binds(second, &name), EADDRINUSE);
    FAILS(connects(second, &nobody), ECONNREFUSED);
    EQUAL(binds(second, &other), 0);
    FAILS(binds(second, &name), EINVAL);
    // Sockets of another type have names of their own.
    int datagrams = bound(SOCK_DGRAM, &name), packets = bound(SOCK_SEQPACKET, &name);
    int client = fresh(SOCK_SEQPACKET);
    EQUAL(listen(first, 1), 0);
    FAILS(connects(client, &name), ECONNREFUSED);
    EQUAL(listen(packets, 1), 0);
    EQUAL(connects(client, &name), 0);
    close(client);
    close(datagrams);
    close(packets);
    // The name is there until the last one closes it.
    int p[2];
    EQUAL(pipe(p), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(p[1]);
        _exit((int)read(p[0], &byte, 1));
    }
    close(p[0]);
    close(first);
    int third = fresh(SOCK_STREAM);
    FAILS(binds(third, &name), EADDRINUSE);
    close(p[1]);
    EQUAL(status_of(child), 0);
    EQUAL(binds(third, &name), 0);
    // One that is killed leaves nothing either.
    close(third);
    EQUAL(pipe(p), 0);
    child = fork();
    if (child == 0) {
        int fd = fresh(SOCK_STREAM);
        if (binds(fd, &name) != 0 || write(p[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    char byte;
    EQUAL(read(p[0], &byte, 1), 1);
    kill(child, SIGKILL);
    EQUAL(status_of(child), 1000 + SIGKILL);
    third = bound(SOCK_STREAM, &name);
    close(third);
    close(second);
    close(p[0]);
    close(p[1]);
}

static void bytes_of_names(void) {
    char longest[107];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, &(pid_t){getpid()}, sizeof(pid_t));
    for (size_t length = 6; length <= sizeof longest; length += sizeof longest - 6) {
        longest[4] = '/';
        longest[5] = '\0';
        struct address name = abstract(longest, length);
        int fd = bound(SOCK_DGRAM, &name);
        struct address is = told(fd, getsockname), zero = abstract(longest, length - 1);
        TRUE(same(&is, &name));
        int shorter = bound(SOCK_DGRAM, &zero);  // the zero byte at its end counts
        close(shorter);
        close(fd);
    }
    struct address name = own("x");
    name.length = sizeof name.name + 1;
    int fd = fresh(SOCK_DGRAM);
    FAILS(binds(fd, &name), EINVAL);
    name.length = head;
    FAILS(connects(fd, &name), EINVAL);
    FAILS(sendto(fd, "x", 1, 0, (struct sockaddr*)&name.name, head), EINVAL);
    name.name.sun_family = AF_INET;
    FAILS(binds(fd, &name), EINVAL);
    close(fd);
}

static void chosen(void) {
    const struct address any = {.name = {.sun_family = AF_UNIX}, .length = head};
    int fd = bound(SOCK_DGRAM, &any), other = bound(SOCK_DGRAM, &any);
    struct address one = told(fd, getsockname), two = told(other, getsockname);
    EQUAL(one.length, head + 6);
    EQUAL(one.name.sun_path[0], 0);
    EQUAL(strspn(one.name.sun_path + 1, "0123456789abcdef"), 5);
    TRUE(!same(&one, &two));
    EQUAL(binds(fd, &any), 0);  // it keeps the name that it has
    two = told(fd, getsockname);
    TRUE(same(&one, &two));
    struct address name = own("chosen");
    FAILS(binds(fd, &name), EINVAL);
    close(other);
    close(fd);
}

// A client with a chosen name gets an answer by it.
static void datagrams(void) {
    const struct address any = {.name = {.sun_family = AF_UNIX}, .length = head};
    struct address name = own("datagrams");
    int server = bound(SOCK_DGRAM, &name);
    pid_t child = fork();
    if (child == 0) {
        int fd = bound(SOCK_DGRAM, &any);
        char c[10];
        if (sendto(fd, "question", 8, 0, (struct sockaddr*)&name.name, name.length) != 8) _exit(1);
        struct address from = {.length = sizeof from.name};
        ssize_t got = recvfrom(fd, c, sizeof c, 0, (struct sockaddr*)&from.name, &from.length);
        _exit(got != 6 || !same(&from, &name));
    }
    char c[10];
    struct address from = {.length = sizeof from.name};
    EQUAL(recvfrom(server, c, sizeof c, 0, (struct sockaddr*)&from.name, &from.length), 8);
    EQUAL(from.length, head + 6);
    EQUAL(sendto(server, "answer", 6, 0, (struct sockaddr*)&from.name, from.length), 6);
    EQUAL(status_of(child), 0);
    FAILS(sendto(server, "late", 4, 0, (struct sockaddr*)&from.name, from.length), ECONNREFUSED);
    close(server);
}

MAIN(TEST(talk), TEST(taken), TEST(bytes_of_names), TEST(chosen), TEST(datagrams))
