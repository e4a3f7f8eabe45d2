// SPDX-License-Identifier: MIT
// Numbers of descriptors: which one is given, what dup shares, what close_range closes.
#include "tests/linux/check.h"

#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

static void lowest_number(void)
{
    int a = open("/dev/null", O_RDONLY);
    int b = open("/dev/null", O_RDONLY);
    EQUAL(b, a + 1);
    EQUAL(close(a), 0);
    EQUAL(open("/dev/null", O_RDONLY), a);
    EQUAL(close(a), 0);
    EQUAL(close(b), 0);
    FAILS(close(b), EBADF);
    FAILS(close(-1), EBADF);
    FAILS(close(1000000), EBADF);
}

static void dup_shares_offset(void)
{
    put_file("f", "abcdef");
    int a = open("f", O_RDONLY);
    int b = dup(a);
    char c[2];
    EQUAL(read(a, c, 2), 2);
    EQUAL(read(b, c, 1), 1);
    EQUAL(c[0], 'c');
    EQUAL(lseek(a, 0, SEEK_CUR), 3);
    EQUAL(lseek(b, 1, SEEK_SET), 1);
    EQUAL(read(a, c, 1), 1);
    EQUAL(c[0], 'b');
    close(a);
    EQUAL(read(b, c, 1), 1);
    EQUAL(c[0], 'c');
    close(b);
}

/* Which file a descriptor shows, opened and closed many times, while a child has one open. */
static void closed_and_opened_again(void)
{
    put_file("f", "first");
    put_file("s", "second");
    for (int i = 0; i < 20; i++) {
        char c[2] = "";
        int a = open(i % 2 ? "f" : "s", O_RDONLY);
        EQUAL(read(a, c, 1), 1);
        EQUAL(c[0], i % 2 ? 'f' : 's');
        EQUAL(close(a), 0);
        FAILS(read(a, c, 1), EBADF);
    }
    int a = open("f", O_RDONLY);
    int go[2];
    EQUAL(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char c[6] = "";
        close(go[1]);
        EQUAL(read(go[0], c, 1), 0);
        EQUAL(read(a, c, 5), 5);
        TRUE(strcmp(c, "first") == 0);
        _exit(check_failures != 0);
    }
    close(go[0]);
    EQUAL(close(a), 0);
    for (int i = 0; i < 20; i++) {
        int s = open("s", O_RDONLY);
        TRUE(s >= 0);
        EQUAL(close(s), 0);
    }
    int s = open("s", O_RDWR);
    close(go[1]);
    int status = -1;
    EQUAL(waitpid(pid, &status, 0), pid);
    EQUAL(status, 0);
    /* A lock of the description ends with its last descriptor, at once. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    EQUAL(fcntl(s, F_OFD_SETLK, &lock), 0);
    EQUAL(close(s), 0);
    s = open("s", O_RDWR);
    lock.l_pid = 0;
    EQUAL(fcntl(s, F_OFD_GETLK, &lock), 0);
    EQUAL(lock.l_type, F_UNLCK);
    EQUAL(close(s), 0);
}

static void dup2_and_dup3(void)
{
    int a = open("/dev/null", O_RDONLY);
    EQUAL(dup2(a, 100), 100);
    EQUAL(dup2(a, 100), 100);
    EQUAL(dup2(100, 100), 100);
    FAILS(dup2(99, 100), EBADF);
    FAILS(dup2(99, 99), EBADF);
    FAILS(dup2(a, -1), EBADF);
    FAILS(dup2(a, 1000000), EBADF);
    FAILS(dup3(a, a, 0), EINVAL);
    FAILS(syscall(SYS_dup3, a, 101, O_APPEND), EINVAL);
    EQUAL(dup3(a, 101, O_CLOEXEC), 101);
    EQUAL(fcntl(101, F_GETFD), FD_CLOEXEC);
    EQUAL(fcntl(100, F_GETFD), 0);
    EQUAL(fcntl(a, F_DUPFD, 200), 200);
    EQUAL(fcntl(a, F_DUPFD, 200), 201);
    EQUAL(fcntl(a, F_DUPFD_CLOEXEC, 200), 202);
    EQUAL(fcntl(202, F_GETFD), FD_CLOEXEC);
    FAILS(fcntl(a, F_DUPFD, -1), EINVAL);
    EQUAL(syscall(SYS_close_range, 100, 202, 0), 0);
    FAILS(fcntl(100, F_GETFD), EBADF);
    FAILS(fcntl(202, F_GETFD), EBADF);
    EQUAL(close(a), 0);
}

static void descriptor_flags(void)
{
    int a = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EQUAL(fcntl(a, F_GETFD), FD_CLOEXEC);
    EQUAL(fcntl(a, F_SETFD, 0), 0);
    EQUAL(fcntl(a, F_GETFD), 0);
    int b = dup(a);
    EQUAL(fcntl(b, F_SETFD, FD_CLOEXEC), 0);
    EQUAL(fcntl(a, F_GETFD), 0);
    EQUAL(fcntl(b, F_GETFD), FD_CLOEXEC);
    int c = dup(b);
    EQUAL(fcntl(c, F_GETFD), 0);
    FAILS(fcntl(a, 9999, 0), EINVAL);
    close(a);
    close(b);
    close(c);
    FAILS(fcntl(a, F_GETFD), EBADF);
}

static void status_flags(void)
{
    int a = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
    EQUAL(fcntl(a, F_GETFL) & O_ACCMODE, O_RDWR);
    EQUAL(fcntl(a, F_GETFL) & (O_CREAT | O_TRUNC), 0);
    int b = dup(a);
    EQUAL(fcntl(a, F_SETFL, O_APPEND | O_NONBLOCK), 0);
    EQUAL(fcntl(b, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK);
    EQUAL(write(a, "one", 3), 3);
    EQUAL(lseek(a, 0, SEEK_SET), 0);
    EQUAL(write(b, "two", 3), 3);
    TRUE(strcmp(get_file("f"), "onetwo") == 0);
    EQUAL(fcntl(a, F_SETFL, 0), 0);
    EQUAL(lseek(a, 0, SEEK_SET), 0);
    EQUAL(write(a, "X", 1), 1);
    TRUE(strcmp(get_file("f"), "Xnetwo") == 0);
    close(a);
    close(b);
}

static void limit(void)
{
    struct rlimit old, low = { 20, 20 };
    EQUAL(getrlimit(RLIMIT_NOFILE, &old), 0);
    low.rlim_max = old.rlim_max;
    EQUAL(setrlimit(RLIMIT_NOFILE, &low), 0);
    int last = -1, one;
    while ((one = open("/dev/null", O_RDONLY)) >= 0)
        last = one;
    EQUAL(errno, EMFILE);
    EQUAL(last, 19);
    FAILS(dup(0), EMFILE);
    FAILS(dup2(0, 20), EBADF);
    int pipes[2];
    FAILS(pipe(pipes), EMFILE);
    for (int i = 3; i < 20; i++)
        close(i);
    EQUAL(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void wrong_direction(void)
{
    char c = 'x';
    put_file("f", "abc");
    int r = open("f", O_RDONLY), w = open("f", O_WRONLY);
    FAILS(write(r, &c, 1), EBADF);
    FAILS(read(w, &c, 1), EBADF);
    FAILS(ftruncate(r, 0), EINVAL);
    FAILS(read(77, &c, 1), EBADF);
    close(r);
    close(w);
    int d = open(".", O_RDONLY | O_DIRECTORY);
    FAILS(read(d, &c, 1), EISDIR);
    FAILS(write(d, &c, 1), EBADF);
    close(d);
    int p = open("f", O_PATH);
    TRUE(p >= 0);
    FAILS(read(p, &c, 1), EBADF);
    struct stat st;
    EQUAL(fstat(p, &st), 0);
    EQUAL(st.st_size, 3);
    close(p);
}

static void bad_pointers(void)
{
    put_file("f", "abc");
    int a = open("f", O_RDWR);
    FAILS(read(a, (void *)8, 3), EFAULT);
    FAILS(write(a, (void *)8, 3), EFAULT);
    FAILS(read(a, (void *)-4096L, 3), EFAULT);
    FAILS(open((char *)8, O_RDONLY), EFAULT);
    FAILS(syscall(SYS_newfstatat, AT_FDCWD, "f", (void *)8, 0), EFAULT);
    FAILS(syscall(SYS_pipe2, (void *)8, 0), EFAULT);
    FAILS(syscall(SYS_getdents64, a, (void *)8, 100), ENOTDIR);
    close(a);
}

// In a child that shares the description: sets the flags and ends.
static void set_in_child(int fd, int flags)
{
    pid_t child = fork();
    if (child == 0) _exit(fcntl(fd, F_SETFL, flags) == 0 ? 0 : 1);
    int status = -1;
    EQUAL(waitpid(child, &status, 0), child);
    EQUAL(status, 0);
}

static void nothing_to_read(int fd)
{
    char bytes[8];
    EQUAL(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND), 0);
    set_in_child(fd, O_NONBLOCK);
    EQUAL(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND), O_NONBLOCK);
    FAILS(read(fd, bytes, sizeof bytes), EAGAIN);
    set_in_child(fd, 0);
    EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    int on = 1;
    EQUAL(ioctl(fd, FIONBIO, &on), 0);
    FAILS(read(fd, bytes, sizeof bytes), EAGAIN);
    int copy = dup(fd);
    EQUAL(fcntl(copy, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    close(copy);
    on = 0;
    EQUAL(ioctl(fd, FIONBIO, &on), 0);
    EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

static void flags_are_the_description_s(void)
{
    int p[2], s[2];
    EQUAL(pipe(p), 0);
    nothing_to_read(p[0]);
    EQUAL(fcntl(p[1], F_GETFL) & O_NONBLOCK, 0);
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    nothing_to_read(s[0]);
    nothing_to_read(s[1]);
    set_in_child(s[1], O_NONBLOCK);
    EQUAL(fcntl(s[0], F_GETFL) & O_NONBLOCK, 0);
    nothing_to_read(eventfd(0, 0));
    nothing_to_read(timerfd_create(CLOCK_MONOTONIC, 0));
    EQUAL(mkfifo("fifo", 0600), 0);
    int both = open("fifo", O_RDWR), other = open("fifo", O_RDWR);
    nothing_to_read(both);
    set_in_child(both, O_NONBLOCK);
    EQUAL(fcntl(other, F_GETFL) & O_NONBLOCK, 0);
}

static void listening_socket(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "name"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EQUAL(bind(fd, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(listen(fd, 5), 0);
    FAILS(accept(fd, 0, 0), EAGAIN);
    set_in_child(fd, 0);
    EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    set_in_child(fd, O_NONBLOCK);
    FAILS(accept(fd, 0, 0), EAGAIN);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    EQUAL(connect(client, (struct sockaddr*)&name, sizeof name), 0);
    int end = accept4(fd, 0, 0, SOCK_NONBLOCK);
    TRUE(end >= 0);
    EQUAL(fcntl(end, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    set_in_child(end, 0);
    nothing_to_read(end);
    nothing_to_read(client);
}

static void append_is_shared(void)
{
    put_file("f", "abcdef");
    int fd = open("f", O_WRONLY);
    set_in_child(fd, O_APPEND | O_NONBLOCK);
    EQUAL(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK);
    EQUAL(lseek(fd, 0, SEEK_SET), 0);
    EQUAL(write(fd, "g", 1), 1);
    EQUAL(lseek(fd, 0, SEEK_CUR), 7);
    set_in_child(fd, 0);
    EQUAL(lseek(fd, 0, SEEK_SET), 0);
    EQUAL(write(fd, "A", 1), 1);
    EQUAL(lseek(fd, 0, SEEK_CUR), 1);
    EQUAL(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE), O_WRONLY);
    close(fd);
}

MAIN(TEST(lowest_number), TEST(dup_shares_offset), TEST(closed_and_opened_again),
     TEST(dup2_and_dup3), TEST(descriptor_flags),
     TEST(status_flags), TEST(limit), TEST(wrong_direction), TEST(bad_pointers),
     TEST(flags_are_the_description_s), TEST(listening_socket), TEST(append_is_shared))
