// SPDX-License-Identifier: MIT
// splice, tee, vmsplice.
#include "tests/linux/check.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>

// At a page: Linux counts the pages that the bytes lie in.
static char big[200000] __attribute__((aligned(4096)));

static void file_to_pipe(void) {
    put_file("file", "abcdefghij");
    int file = open("file", O_RDONLY), p[2];
    EQUAL(pipe(p), 0);
    EQUAL(splice(file, NULL, p[1], NULL, 4, 0), 4);
    EQUAL(lseek(file, 0, SEEK_CUR), 4);
    loff_t at = 7;
    EQUAL(splice(file, &at, p[1], NULL, 100, SPLICE_F_MORE), 3);
    EQUAL(at, 10);
    EQUAL(lseek(file, 0, SEEK_CUR), 4);
    EQUAL(splice(file, &at, p[1], NULL, 100, 0), 0);
    char c[20];
    EQUAL(read(p[0], c, sizeof c), 7);
    EQUAL(memcmp(c, "abcdhij", 7), 0);
    close(file);
    close(p[0]);
    close(p[1]);
}

// It fills the pipe and does not wait for more room.
static void as_much_as_fits(void) {
    int file = open("big", O_RDWR | O_CREAT, 0600), p[2];
    EQUAL(write(file, big, sizeof big), sizeof big);
    EQUAL(lseek(file, 0, SEEK_SET), 0);
    EQUAL(pipe(p), 0);
    EQUAL(splice(file, NULL, p[1], NULL, sizeof big, 0), 65536);
    EQUAL(lseek(file, 0, SEEK_CUR), 65536);
    FAILS(splice(file, NULL, p[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    int out = open("out", O_RDWR | O_CREAT, 0600);
    loff_t at = 10;
    EQUAL(splice(p[0], NULL, out, &at, sizeof big, 0), 65536);
    EQUAL(at, 65546);
    struct stat st;
    EQUAL(fstat(out, &st), 0);
    EQUAL(st.st_size, 65546);
    FAILS(splice(p[0], NULL, out, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    close(p[1]);
    EQUAL(splice(p[0], NULL, out, NULL, 1, 0), 0);
    close(p[0]);
    close(out);
    close(file);
}

static void waits_for_the_first(void) {
    int p[2], s[2];
    char c[20];
    EQUAL(pipe(p), 0);
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(write(p[1], "late", 4) != 4);
    }
    EQUAL(splice(p[0], NULL, s[0], NULL, 100, 0), 4);
    EQUAL(read(s[1], c, sizeof c), 4);
    EQUAL(status_of(child), 0);
    EQUAL(write(s[1], "back", 4), 4);
    EQUAL(splice(s[0], NULL, p[1], NULL, 100, SPLICE_F_NONBLOCK), 4);
    EQUAL(read(p[0], c, sizeof c), 4);
    EQUAL(memcmp(c, "back", 4), 0);
    // What cannot be written stays in the pipe.
    signal(SIGPIPE, SIG_IGN);
    close(s[1]);
    EQUAL(write(p[1], "kept", 4), 4);
    FAILS(splice(p[0], NULL, s[0], NULL, 4, 0), EPIPE);
    close(s[0]);
    int q[2];
    EQUAL(pipe(q), 0);
    EQUAL(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
    TRUE(read(p[0], c, sizeof c) <= 4);
    close(q[0]);
    close(q[1]);
    close(p[0]);
    close(p[1]);
}

static void tees(void) {
    int p[2], q[2];
    char c[20];
    EQUAL(pipe(p), 0);
    EQUAL(pipe(q), 0);
    FAILS(tee(p[0], q[1], 10, SPLICE_F_NONBLOCK), EAGAIN);
    EQUAL(write(p[1], "both", 4), 4);
    EQUAL(tee(p[0], q[1], 3, 0), 3);
    EQUAL(read(q[0], c, sizeof c), 3);
    EQUAL(memcmp(c, "bot", 3), 0);
    EQUAL(tee(p[0], q[1], 0, 0), 0);
    EQUAL(read(p[0], c, sizeof c), 4);
    EQUAL(memcmp(c, "both", 4), 0);
    FAILS(tee(p[0], p[1], 3, 0), EINVAL);
    FAILS(tee(p[1], q[1], 3, 0), EBADF);
    int file = open("file", O_RDWR | O_CREAT, 0600);
    FAILS(tee(p[0], file, 3, 0), EINVAL);
    close(p[1]);
    EQUAL(tee(p[0], q[1], 3, 0), 0);
    close(file);
    close(p[0]);
    close(q[0]);
    close(q[1]);
}

static void from_memory(void) {
    int p[2];
    char one[4], two[8];
    EQUAL(pipe(p), 0);
    struct iovec words[2] = {{"some", 4}, {"thing", 5}}, parts[2] = {{one, 4}, {two, 8}};
    EQUAL(vmsplice(p[1], words, 2, 0), 9);
    EQUAL(vmsplice(p[0], parts, 2, 0), 9);
    EQUAL(memcmp(one, "some", 4), 0);
    EQUAL(memcmp(two, "thing", 5), 0);
    struct iovec all = {big, sizeof big};
    EQUAL(vmsplice(p[1], &all, 1, 0), 65536);
    FAILS(vmsplice(p[1], &all, 1, SPLICE_F_NONBLOCK), EAGAIN);
    FAILS(vmsplice(p[1], &all, 1, 0x100), EINVAL);
    close(p[0]);
    close(p[1]);
    FAILS(vmsplice(p[1], &all, 1, 0), EBADF);
}

static void refused(void) {
    int p[2], file = open("file", O_RDWR | O_CREAT, 0600);
    int append = open("file", O_RDWR | O_APPEND), other = open("other", O_RDWR | O_CREAT, 0600);
    EQUAL(pipe(p), 0);
    EQUAL(write(p[1], "x", 1), 1);
    loff_t at = 0, below = -1;
    FAILS(splice(file, NULL, other, NULL, 1, 0), EINVAL);
    FAILS(splice(p[0], NULL, p[1], NULL, 1, 0), EINVAL);
    FAILS(splice(p[0], NULL, append, NULL, 1, 0), EINVAL);
    FAILS(splice(p[0], &at, file, NULL, 1, 0), ESPIPE);
    FAILS(splice(file, NULL, p[1], &at, 1, 0), ESPIPE);
    FAILS(splice(file, &below, p[1], NULL, 1, 0), EINVAL);
    FAILS(splice(file, (loff_t*)8, p[1], NULL, 1, 0), EFAULT);
    FAILS(splice(p[1], NULL, file, NULL, 1, 0), EBADF);
    FAILS(splice(p[0], NULL, 0x7000, NULL, 1, 0), EBADF);
    FAILS(splice(p[0], NULL, file, NULL, 1, 0x100), EINVAL);
    EQUAL(splice(0x7000, NULL, file, NULL, 0, 0), 0);
    EQUAL(splice(p[0], NULL, file, NULL, 10, 0), 1);
    close(p[0]);
    close(p[1]);
    close(file);
    close(append);
    close(other);
}

MAIN(TEST(file_to_pipe), TEST(as_much_as_fits), TEST(waits_for_the_first), TEST(tees),
     TEST(from_memory), TEST(refused))
