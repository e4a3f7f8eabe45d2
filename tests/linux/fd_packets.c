// SPDX-License-Identifier: MIT
// Sockets and pipes whose writes stay apart.
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

static int signals;
static void count_signal(int number) {
    (void)number;
    signals++;
}

static int type_of(int fd) {
    int type = 0;
    socklen_t length = sizeof type;
    EQUAL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length), 0);
    return type;
}

static void writes_stay_apart(int s[2]) {
    char c[20];
    EQUAL(send(s[0], "hello", 5, 0), 5);
    EQUAL(send(s[0], "", 0, 0), 0);
    EQUAL(send(s[0], "world", 5, 0), 5);
    EQUAL(recv(s[1], c, 3, 0), 3);  // the rest is lost
    EQUAL(recv(s[1], c, sizeof c, 0), 0);
    EQUAL(recv(s[1], c, sizeof c, 0), 5);
    TRUE(memcmp(c, "world", 5) == 0);
    FAILS(recv(s[1], c, 1, MSG_DONTWAIT), EAGAIN);
}

static void what_does_not_fit(int s[2]) {
    char c[20];
    struct iovec part = {c, 2};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    EQUAL(write(s[0], "12345", 5), 5);
    EQUAL(recv(s[1], c, 2, MSG_PEEK), 2);
    EQUAL(recv(s[1], c, 2, MSG_PEEK | MSG_TRUNC), 5);
    EQUAL(recvmsg(s[1], &message, 0), 2);
    EQUAL(message.msg_flags & MSG_TRUNC, MSG_TRUNC);
    EQUAL(write(s[0], "12", 2), 2);
    EQUAL(recvmsg(s[1], &message, 0), 2);
    EQUAL(message.msg_flags & MSG_TRUNC, 0);
    static char big[4096], got[5000];
    memset(big, 'b', sizeof big);
    EQUAL(write(s[1], big, sizeof big), 4096);
    EQUAL(read(s[0], got, sizeof got), 4096);
    TRUE(memcmp(big, got, sizeof big) == 0);
}

// Many from several processes: each arrives whole, and once.
static void from_many_processes(int s[2]) {
    enum { writers = 4, each = 60 };
    pid_t children[writers];
    for (int w = 0; w < writers; w++) {
        children[w] = fork();
        if (children[w] == 0) {
            for (int i = 0; i < each; i++) {
                char packet[300];
                int length = 1 + (w * 70 + i * 13) % 299;
                memset(packet, 'a' + w, sizeof packet);
                if (send(s[0], packet, (size_t)length, 0) != length) _exit(1);
            }
            _exit(0);
        }
    }
    int seen[writers] = {0}, wrong = 0;
    for (int i = 0; i < writers * each; i++) {
        char packet[400];
        ssize_t length = recv(s[1], packet, sizeof packet, 0);
        if (length < 1 || packet[0] < 'a' || packet[0] >= 'a' + writers) {
            wrong++;
            continue;
        }
        int w = packet[0] - 'a';
        wrong += length != 1 + (w * 70 + seen[w]++ * 13) % 299;
        for (ssize_t k = 0; k < length; k++) wrong += packet[k] != packet[0];
    }
    EQUAL(wrong, 0);
    for (int w = 0; w < writers; w++) EQUAL(status_of(children[w]), 0);
}

static void sequenced_pairs(void) {
    int s[2];
    char c[20];
    signals = 0;
    signal(SIGPIPE, count_signal);
    EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
    EQUAL(type_of(s[0]), SOCK_SEQPACKET);
    writes_stay_apart(s);
    what_does_not_fit(s);
    from_many_processes(s);
    EQUAL(send(s[0], "left", 4, 0), 4);
    close(s[0]);
    EQUAL(read(s[1], c, sizeof c), 4);
    EQUAL(read(s[1], c, sizeof c), 0);
    FAILS(write(s[1], "x", 1), EPIPE);
    EQUAL(signals, 0);
    struct pollfd end = {s[1], POLLIN | POLLOUT, 0};
    EQUAL(poll(&end, 1, 0), 1);
    EQUAL(end.revents, POLLIN | POLLOUT | POLLHUP);
    close(s[1]);
}

static void datagram_pairs(void) {
    int s[2];
    char c[20];
    EQUAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s), 0);
    EQUAL(type_of(s[1]), SOCK_DGRAM);
    writes_stay_apart(s);
    what_does_not_fit(s);
    EQUAL(shutdown(s[0], SHUT_WR), 0);
    FAILS(write(s[0], "x", 1), EPIPE);
    FAILS(recv(s[1], c, sizeof c, 0), EAGAIN);  // the other end does not hear of it
    EQUAL(send(s[1], "left", 4, 0), 4);
    close(s[1]);
    EQUAL(read(s[0], c, sizeof c), 4);
    FAILS(read(s[0], c, sizeof c), EAGAIN);
    close(s[0]);
    EQUAL(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
    close(s[0]);
    FAILS(write(s[1], "x", 1), ECONNREFUSED);
    FAILS(write(s[1], "x", 1), ENOTCONN);
    struct pollfd end = {s[1], POLLIN | POLLOUT, 0};
    EQUAL(poll(&end, 1, 0), 1);
    EQUAL(end.revents, POLLOUT);
    close(s[1]);
}

static void full_queues_wait(void) {
    int s[2];
    char packet[100] = "packet";
    EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s), 0);
    int sent = 0;
    while (sent < 10000 && send(s[0], packet, sizeof packet, 0) == sizeof packet) sent++;
    EQUAL(errno, EAGAIN);
    TRUE(sent >= 10 && sent < 10000);
    struct pollfd end = {s[0], POLLOUT, 0};
    EQUAL(poll(&end, 1, 0), 0);
    for (int i = 0; i < sent; i++) EQUAL(recv(s[1], packet, sizeof packet, 0), sizeof packet);
    EQUAL(poll(&end, 1, 0), 1);
    EQUAL(fcntl(s[0], F_SETFL, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 2 * sent; i++)
            if (send(s[0], packet, sizeof packet, 0) != sizeof packet) _exit(1);
        _exit(0);
    }
    EQUAL(fcntl(s[1], F_SETFL, 0), 0);
    for (int i = 0; i < 2 * sent; i++) EQUAL(recv(s[1], packet, sizeof packet, 0), sizeof packet);
    EQUAL(status_of(child), 0);
    close(s[0]);
    close(s[1]);
}

static void named_sequenced(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "s"};
    char c[20];
    int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    EQUAL(type_of(listener), SOCK_SEQPACKET);
    EQUAL(bind(listener, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(listen(listener, 2), 0);
    int client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    FAILS(send(client, "x", 1, 0), ENOTCONN);
    EQUAL(connect(client, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(write(client, "ab", 2), 2);
    EQUAL(write(client, "cd", 2), 2);
    int end = accept(listener, NULL, NULL);
    EQUAL(type_of(end), SOCK_SEQPACKET);
    EQUAL(read(end, c, sizeof c), 2);
    EQUAL(read(end, c, sizeof c), 2);
    close(client);
    EQUAL(read(end, c, sizeof c), 0);
    close(end);
    close(listener);
}

static void several_at_once(void) {
    int s[2];
    char text[3][8] = {"one", "three", "five"}, got[4][8];
    struct iovec out[3], in[4];
    struct mmsghdr sent[3] = {0}, received[4] = {0};
    EQUAL(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
    for (int i = 0; i < 3; i++) {
        out[i] = (struct iovec){text[i], strlen(text[i])};
        sent[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
    }
    for (int i = 0; i < 4; i++) {
        in[i] = (struct iovec){got[i], 4};
        received[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
    }
    EQUAL(sendmmsg(s[0], sent, 3, 0), 3);
    EQUAL(sent[1].msg_len, 5);
    EQUAL(recvmmsg(s[1], received, 2, 0, NULL), 2);
    EQUAL(received[0].msg_len, 3);
    EQUAL(received[1].msg_len, 4);
    EQUAL(received[1].msg_hdr.msg_flags & MSG_TRUNC, MSG_TRUNC);
    EQUAL(recvmmsg(s[1], received, 4, MSG_WAITFORONE, NULL), 1);
    TRUE(memcmp(got[0], "five", 4) == 0);
    FAILS(recvmmsg(s[1], received, 4, MSG_DONTWAIT, NULL), EAGAIN);
    struct timespec past = {0, 0};
    EQUAL(sendmmsg(s[0], sent, 2, 0), 2);
    EQUAL(recvmmsg(s[1], received, 2, 0, &past), 1);  // the time is up after the first
    sent[1].msg_hdr.msg_iovlen = 100000;
    EQUAL(sendmmsg(s[0], sent, 3, 0), 1);
    close(s[0]);
    close(s[1]);
}

static void packet_pipes(void) {
    int p[2];
    static char c[9000];
    EQUAL(pipe2(p, O_DIRECT), 0);
    EQUAL(fcntl(p[1], F_GETFL) & O_DIRECT, O_DIRECT);
    EQUAL(write(p[1], "abc", 3), 3);
    EQUAL(write(p[1], "def", 3), 3);
    EQUAL(read(p[0], c, 2), 2);
    EQUAL(read(p[0], c, 20), 3);
    TRUE(memcmp(c, "def", 3) == 0);
    EQUAL(write(p[1], c, 5000), 5000);
    EQUAL(read(p[0], c, sizeof c), 4096);
    EQUAL(read(p[0], c, sizeof c), 904);
    close(p[1]);
    EQUAL(read(p[0], c, 1), 0);
    close(p[0]);
    EQUAL(pipe2(p, O_DIRECT), 0);
    close(p[0]);
    signals = 0;
    signal(SIGPIPE, count_signal);
    FAILS(write(p[1], "x", 1), EPIPE);
    EQUAL(signals, 1);
    close(p[1]);
}

enum { largest = 212992 - 32 };  // of the default send buffer
static unsigned char large[largest + 1], back[largest + 100];

static void fill_large(int seed) {
    for (int i = 0; i < largest; i++) large[i] = (unsigned char)(i * 7 + i / 4096 + seed);
}

// Packets of more than a page, in one piece as the small ones between them.
static void large_packets_of(int type) {
    static const int sizes[] = {4097, 8192, 50000, 3, largest, 0, 100000};
    int s[2];
    EQUAL(socketpair(AF_UNIX, type, 0, s), 0);
    for (int k = 0; k < 7; k++) {
        fill_large(k);
        EQUAL(send(s[0], large, (size_t)sizes[k], 0), sizes[k]);
        EQUAL(recv(s[1], back, 10000, MSG_PEEK), sizes[k] < 10000 ? sizes[k] : 10000);
        memset(back, 0, sizeof back);
        EQUAL(recv(s[1], back, sizeof back, 0), sizes[k]);
        TRUE(memcmp(large, back, (size_t)sizes[k]) == 0);
    }
    FAILS(send(s[0], large, sizeof large, 0), EMSGSIZE);
    EQUAL(send(s[0], large, 30000, 0), 30000);
    EQUAL(send(s[0], "small", 5, 0), 5);
    EQUAL(recv(s[1], back, 5000, MSG_TRUNC), 30000);  // the rest is lost
    EQUAL(recv(s[1], back, sizeof back, 0), 5);
    struct iovec parts[2] = {{back, 4100}, {back + 5000, 40000}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    EQUAL(send(s[0], large, 30000, 0), 30000);
    EQUAL(recvmsg(s[1], &message, 0), 30000);
    EQUAL(message.msg_flags & MSG_TRUNC, 0);
    TRUE(memcmp(large, back, 4100) == 0 && memcmp(large + 4100, back + 5000, 25900) == 0);
    FAILS(send(s[0], (char*)8, 20000, 0), EFAULT);
    FAILS(recv(s[1], back, 1, MSG_DONTWAIT), EAGAIN);
    close(s[0]);
    close(s[1]);
}

// Who sends more than there is room for waits, and nothing is lost or mixed.
static void large_packets_wait(int type) {
    enum { rounds = 30 };
    int s[2], wrong = 0;
    EQUAL(socketpair(AF_UNIX, type, 0, s), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < rounds; i++) {
            fill_large(i);
            if (send(s[0], large, 90000 + (size_t)i, 0) != 90000 + i) _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < rounds; i++) {
        fill_large(i);
        wrong += recv(s[1], back, sizeof back, 0) != 90000 + i;
        wrong += memcmp(large, back, 90000 + (size_t)i) != 0;
    }
    EQUAL(wrong, 0);
    EQUAL(status_of(child), 0);
    EQUAL(fcntl(s[0], F_SETFL, O_NONBLOCK), 0);
    int sent = 0;
    while (send(s[0], large, 90000, 0) == 90000) sent++;
    EQUAL(errno, EAGAIN);
    TRUE(sent > 0);
    struct pollfd polled = {s[0], POLLOUT, 0};
    EQUAL(poll(&polled, 1, 0), 0);
    while (sent-- > 0) EQUAL(recv(s[1], back, sizeof back, 0), 90000);
    EQUAL(poll(&polled, 1, 0), 1);
    EQUAL(send(s[0], large, largest, 0), largest);
    close(s[0]);
    close(s[1]);
}

static void large_packets(void) {
    large_packets_of(SOCK_SEQPACKET);
    large_packets_of(SOCK_DGRAM);
    large_packets_wait(SOCK_SEQPACKET);
    large_packets_wait(SOCK_DGRAM);
    int s[2], size = 0;
    socklen_t length = sizeof size;
    EQUAL(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
    EQUAL(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, &length), 0);
    EQUAL(size, 212992);
    close(s[0]);
    close(s[1]);
}

MAIN(TEST(sequenced_pairs), TEST(datagram_pairs), TEST(full_queues_wait), TEST(named_sequenced),
     TEST(several_at_once), TEST(packet_pipes), TEST(large_packets))
