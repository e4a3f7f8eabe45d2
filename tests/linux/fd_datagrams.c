// SPDX-License-Identifier: MIT
// Local sockets for datagrams with names; what all of them tell about names and about the other side.
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un named(const char* path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, path);
    return name;
}

static socklen_t length_of(const char* path) {
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

static int unnamed(void) { return socket(AF_UNIX, SOCK_DGRAM, 0); }

static int bound(const char* path) {
    int fd = unnamed();
    struct sockaddr_un name = named(path);
    EQUAL(bind(fd, (struct sockaddr*)&name, sizeof name), 0);
    return fd;
}

static ssize_t send_to(int fd, const char* path, const char* text) {
    struct sockaddr_un name = named(path);
    return sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr*)&name, sizeof name);
}

static int connect_to(int fd, const char* path) {
    struct sockaddr_un name = named(path);
    return connect(fd, (struct sockaddr*)&name, sizeof name);
}

// The next one is this text, from that name (empty: from nobody who has one).
static int comes(int fd, const char* text, const char* from) {
    char got[100] = "";
    struct sockaddr_un name = {.sun_path = "untouched"};
    socklen_t length = sizeof name;
    ssize_t count = recvfrom(fd, got, sizeof got, 0, (struct sockaddr*)&name, &length);
    int right = count == (ssize_t)strlen(text) && memcmp(got, text, strlen(text)) == 0;
    if (from[0] == '\0') return right && length == 0;
    return right && length == length_of(from) && strcmp(name.sun_path, from) == 0;
}

static void by_name(void) {
    int server = bound("s"), client = unnamed();
    struct stat st;
    EQUAL(stat("s", &st), 0);
    TRUE(S_ISSOCK(st.st_mode));
    EQUAL(send_to(client, "s", "one"), 3);
    EQUAL(send_to(client, "s", ""), 0);
    EQUAL(send_to(client, "s", "three"), 5);
    TRUE(comes(server, "one", ""));
    TRUE(comes(server, "", ""));
    char c;
    EQUAL(recv(server, &c, 1, MSG_TRUNC), 5);  // the rest of it is gone
    FAILS(recv(server, &c, 1, MSG_DONTWAIT), EAGAIN);
    FAILS(send(client, "x", 1, 0), ENOTCONN);
    FAILS(send_to(client, "none", "x"), ENOENT);
    put_file("file", "x");
    FAILS(send_to(client, "file", "x"), ECONNREFUSED);
    FAILS(listen(server, 1), EOPNOTSUPP);
    FAILS(accept(server, NULL, NULL), EOPNOTSUPP);
    struct sockaddr_un name = named("s");
    FAILS(bind(client, (struct sockaddr*)&name, sizeof name), EADDRINUSE);
    // To itself.
    EQUAL(send_to(server, "s", "self"), 4);
    TRUE(comes(server, "self", "s"));
    close(server);
    FAILS(send_to(client, "s", "x"), ECONNREFUSED);
    EQUAL(unlink("s"), 0);
    FAILS(send_to(client, "s", "x"), ENOENT);
    server = bound("s");
    EQUAL(send_to(client, "s", "again"), 5);
    TRUE(comes(server, "again", ""));
    close(server);
    close(client);
}

// Several send: each answer finds its way, and the order is that of the sending.
static void several(void) {
    int server = bound("server"), first = bound("first"), second = bound("second");
    for (char i = 'a'; i < 'e'; i++) {
        char text[2] = {i, 0};
        EQUAL(send_to(i % 2 ? first : second, "server", text), 1);
    }
    TRUE(comes(server, "a", "first"));
    TRUE(comes(server, "b", "second"));
    TRUE(comes(server, "c", "first"));
    TRUE(comes(server, "d", "second"));
    EQUAL(send_to(server, "first", "to first"), 8);
    EQUAL(send_to(server, "second", "to second"), 9);
    TRUE(comes(second, "to second", "server"));
    TRUE(comes(first, "to first", "server"));
    // What somebody sent who has gone is still there.
    EQUAL(send_to(first, "server", "last"), 4);
    close(first);
    TRUE(comes(server, "last", "first"));
    close(second);
    close(server);
}

static void connected(void) {
    int server = bound("s"), other = bound("o"), client = bound("c");
    EQUAL(connect_to(client, "s"), 0);
    EQUAL(write(client, "1", 1), 1);
    EQUAL(send(client, "2", 1, 0), 1);
    EQUAL(send_to(client, "o", "3"), 1);
    TRUE(comes(server, "1", "c"));
    TRUE(comes(server, "2", "c"));
    TRUE(comes(other, "3", "c"));
    struct sockaddr_un name = {0};
    socklen_t length = sizeof name;
    EQUAL(getpeername(client, (struct sockaddr*)&name, &length), 0);
    EQUAL(length, length_of("s"));
    EQUAL(strcmp(name.sun_path, "s"), 0);
    length = 4;  // too little room: cut, and told how long it is
    memset(&name, 'x', sizeof name);
    EQUAL(getsockname(client, (struct sockaddr*)&name, &length), 0);
    EQUAL(length, length_of("c"));
    EQUAL(name.sun_path[1], '\0');
    EQUAL(name.sun_path[2], 'x');
    EQUAL(connect_to(client, "o"), 0);
    EQUAL(write(client, "4", 1), 1);
    TRUE(comes(other, "4", "c"));
    close(other);
    FAILS(write(client, "5", 1), ECONNREFUSED);
    EQUAL(connect(client, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr)), 0);
    FAILS(write(client, "6", 1), ENOTCONN);
    close(server);
    close(client);
}

static void between_processes(void) {
    enum { senders = 4, each = 60 };
    int server = bound("s");
    pid_t children[senders];
    for (int i = 0; i < senders; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(server);
            int fd = unnamed(), bad = 0;
            for (int k = 0; k < each; k++) {
                char text[8];
                snprintf(text, sizeof text, "%d %d", i, k);
                bad |= send_to(fd, "s", text) != (ssize_t)strlen(text);
            }
            _exit(bad);
        }
    }
    int next[senders] = {0};
    for (int n = 0; n < senders * each; n++) {
        char text[16] = "";
        int i = 0, k = 0;
        TRUE(recv(server, text, sizeof text, 0) >= 3);
        EQUAL(sscanf(text, "%d %d", &i, &k), 2);
        EQUAL(next[i & 3]++, k);
    }
    for (int i = 0; i < senders; i++) EQUAL(status_of(children[i]), 0);
    close(server);
}

static void polled(void) {
    int server = bound("s"), list = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    EQUAL(epoll_ctl(list, EPOLL_CTL_ADD, server, &event), 0);
    EQUAL(epoll_wait(list, &event, 1, 0), 0);
    struct pollfd one = {.fd = server, .events = POLLIN | POLLOUT};
    EQUAL(poll(&one, 1, 0), 1);
    EQUAL(one.revents, POLLOUT);
    int client = unnamed();
    EQUAL(send_to(client, "s", "known"), 5);  // a sender that has come already
    TRUE(comes(server, "known", ""));
    for (int round = 0; round < 2; round++) {
        pid_t child = fork();
        if (child == 0) {
            usleep(20000);
            _exit(send_to(round == 0 ? client : unnamed(), "s", "x") != 1);
        }
        EQUAL(epoll_wait(list, &event, 1, 5000), 1);
        one.events = POLLIN;
        EQUAL(poll(&one, 1, 0), 1);
        TRUE(comes(server, "x", ""));
        EQUAL(status_of(child), 0);
        EQUAL(poll(&one, 1, 0), 0);
    }
    close(client);
    close(list);
    close(server);
}

static void full(void) {
    int server = bound("s"), client = unnamed();
    fcntl(client, F_SETFL, O_NONBLOCK);
    int sent = 0;
    while (sent < 10000 && send_to(client, "s", "x") == 1) sent++;
    EQUAL(errno, EAGAIN);
    TRUE(sent >= 10 && sent < 10000);
    fcntl(client, F_SETFL, 0);
    pid_t child = fork();
    if (child == 0) _exit(send_to(client, "s", "last") != 4);
    usleep(20000);
    for (int i = 0; i < sent; i++) TRUE(comes(server, "x", ""));
    TRUE(comes(server, "last", ""));
    EQUAL(status_of(child), 0);
    close(client);
    close(server);
}

// Descriptors, and who the sender is.
static void beside_the_bytes(void) {
    int server = bound("s"), pipes[2], on = 1;
    EQUAL(pipe(pipes), 0);
    int value = -1;
    socklen_t length = sizeof value;
    EQUAL(getsockopt(server, SOL_SOCKET, SO_PASSCRED, &value, &length), 0);
    EQUAL(value, 0);
    EQUAL(setsockopt(server, SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
    EQUAL(getsockopt(server, SOL_SOCKET, SO_PASSCRED, &value, &length), 0);
    EQUAL(value, 1);
    char control[200] = {0};
    struct iovec data = {"x", 1};
    struct sockaddr_un name = named("s");
    struct msghdr message = {.msg_name = &name,
                             .msg_namelen = sizeof name,
                             .msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control};
    pid_t child = fork();
    if (child == 0) {
        message.msg_controllen = CMSG_SPACE(sizeof(int));
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(header), &pipes[1], sizeof(int));
        _exit(sendmsg(unnamed(), &message, 0) != 1);
    }
    close(pipes[1]);
    char byte[2];
    data = (struct iovec){byte, 2};
    message.msg_controllen = sizeof control;
    EQUAL(recvmsg(server, &message, 0), 1);
    EQUAL(message.msg_flags, 0);
    EQUAL(message.msg_namelen, 0);
    EQUAL(status_of(child), 0);
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    struct ucred sender = {0};
    EQUAL(header->cmsg_type, SCM_CREDENTIALS);
    EQUAL(header->cmsg_len, CMSG_LEN(sizeof sender));
    memcpy(&sender, CMSG_DATA(header), sizeof sender);
    EQUAL(sender.pid, child);
    EQUAL(sender.uid, getuid());
    EQUAL(sender.gid, getgid());
    header = CMSG_NXTHDR(&message, header);
    TRUE(header != NULL && header->cmsg_type == SCM_RIGHTS);
    int fd = -1;
    if (header != NULL) memcpy(&fd, CMSG_DATA(header), sizeof fd);
    EQUAL(write(fd, "y", 1), 1);
    EQUAL(read(pipes[0], byte, 2), 1);
    close(fd);
    close(pipes[0]);
    // Whoever says that he is somebody else is refused.
    int client = unnamed();
    data = (struct iovec){"x", 1};
    message = (struct msghdr){.msg_name = &name,
                              .msg_namelen = sizeof name,
                              .msg_iov = &data,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = CMSG_SPACE(sizeof sender)};
    header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof sender);
    sender = (struct ucred){.pid = getpid(), .uid = getuid(), .gid = getgid()};
    memcpy(CMSG_DATA(header), &sender, sizeof sender);
    EQUAL(sendmsg(client, &message, 0), 1);
    if (getuid() != 0) {  // on Linux, root may
        sender.pid = 1;
        memcpy(CMSG_DATA(header), &sender, sizeof sender);
        FAILS(sendmsg(client, &message, 0), EPERM);
    }
    header->cmsg_len = CMSG_LEN(sizeof sender - 1);
    FAILS(sendmsg(client, &message, 0), EINVAL);
    close(client);
    close(server);
}

// Streams have names too.
static void names_of_streams(void) {
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = named("listener");
    EQUAL(bind(listener, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(listen(listener, 1), 0);
    name = named("client");
    EQUAL(bind(client, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(connect_to(client, "listener"), 0);
    memset(&name, 0, sizeof name);
    socklen_t length = sizeof name;
    int server = accept(listener, (struct sockaddr*)&name, &length);
    EQUAL(length, length_of("client"));
    EQUAL(strcmp(name.sun_path, "client"), 0);
    length = sizeof name;
    EQUAL(getsockname(server, (struct sockaddr*)&name, &length), 0);
    EQUAL(strcmp(name.sun_path, "listener"), 0);
    length = sizeof name;
    EQUAL(getpeername(client, (struct sockaddr*)&name, &length), 0);
    EQUAL(strcmp(name.sun_path, "listener"), 0);
    length = sizeof name;
    EQUAL(getsockname(client, (struct sockaddr*)&name, &length), 0);
    EQUAL(strcmp(name.sun_path, "client"), 0);
    int pair[2];
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    length = sizeof name;
    EQUAL(getpeername(pair[0], (struct sockaddr*)&name, &length), 0);
    EQUAL(length, sizeof name.sun_family);
    int all[] = {listener, client, server, pair[0], pair[1]};
    for (int i = 0; i < 5; i++) close(all[i]);
}

MAIN(TEST(by_name), TEST(several), TEST(connected), TEST(between_processes), TEST(polled),
     TEST(full), TEST(beside_the_bytes), TEST(names_of_streams))
