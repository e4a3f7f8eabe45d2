// SPDX-License-Identifier: MIT
// memfd_create and its seals; programs run by descriptor; RWF flags.
#include "tests/linux/check.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif

// Not every C library has these.
static long execute_at(int fd, const char* path, char** words, char** environment, int flags) {
    return syscall(SYS_execveat, fd, path, words, environment, flags);
}
static long read_flags(int fd, struct iovec* to, off_t offset, int flags) {
    return syscall(SYS_preadv2, fd, to, 1L, offset, 0L, (long)flags);
}
static long write_flags(int fd, struct iovec* from, off_t offset, int flags) {
    return syscall(SYS_pwritev2, fd, from, 1L, offset, 0L, (long)flags);
}

static int sealable(const char* text) {
    int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    EQUAL(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void which_take_seals(void) {
    int plain = memfd_create("plain", 0);
    EQUAL(fcntl(plain, F_GET_SEALS), F_SEAL_SEAL);
    FAILS(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
    int fd = sealable("abc");
    EQUAL(fcntl(fd, F_GET_SEALS), 0);
    EQUAL(fcntl(fd, F_ADD_SEALS, 0), 0);
    FAILS(fcntl(fd, F_ADD_SEALS, 0x1000), EINVAL);
    EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
    EQUAL(fcntl(fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SEAL);
    FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), EPERM);
    int pipes[2];
    EQUAL(pipe(pipes), 0);
    FAILS(fcntl(pipes[0], F_GET_SEALS), EINVAL);
    FAILS(fcntl(pipes[1], F_ADD_SEALS, F_SEAL_WRITE), EINVAL);
    close(plain);
    close(fd);
}

static void sizes(void) {
    int fd = sealable("12345678");
    EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    FAILS(ftruncate(fd, 4), EPERM);
    EQUAL(ftruncate(fd, 16), 0);
    EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    FAILS(ftruncate(fd, 17), EPERM);
    EQUAL(ftruncate(fd, 16), 0);
    FAILS(pwrite(fd, "x", 1, 16), EPERM);
    FAILS(fallocate(fd, 0, 0, 32), EPERM);
    EQUAL(pwrite(fd, "x", 1, 15), 1);
    struct stat status;
    EQUAL(fstat(fd, &status), 0);
    EQUAL(status.st_size, 16);
    close(fd);
}

static void no_writing(void) {
    int fd = sealable("original");
    EQUAL(ftruncate(fd, 8192), 0);
    // What was mapped and is no more does not matter.
    char* mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUE(mapped != MAP_FAILED);
    mapped[0] = 'O';
    munmap(mapped, 8192);
    char text[9] = "";
    // Often enough that it may be mapped for reading by the library, too.
    for (int i = 0; i < 20; i++) EQUAL(pread(fd, text, 8, 0), 8);
    EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
    FAILS(pwrite(fd, "x", 1, 0), EPERM);
    TRUE(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    EQUAL(errno, EPERM);
    EQUAL(pread(fd, text, 8, 0), 8);
    EQUAL(strcmp(text, "Original"), 0);
    char* copy = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    TRUE(copy != MAP_FAILED);
    EQUAL(memcmp(copy, "Original", 8), 0);
    copy[0] = 'x';
    EQUAL(pread(fd, text, 8, 0), 8);
    EQUAL(text[0], 'O');
    EQUAL(ftruncate(fd, 4), 0);  // sizes are another matter
    munmap(copy, 8192);
    close(fd);
}

// Only whoever has it mapped already goes on.
static void no_more_writing(void) {
    int fd = sealable("original");
    char* mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
    mapped[0] = 'O';
    FAILS(pwrite(fd, "x", 1, 0), EPERM);
    TRUE(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    char text[8];
    EQUAL(pread(fd, text, 8, 0), 8);
    EQUAL(text[0], 'O');
    munmap(mapped, 4096);
    close(fd);
}

// A sealed message, as it is meant: the other side looks at the seals and then trusts it.
static void passed_to_a_child(void) {
    int fd = sealable("message");
    EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL), 0);
    pid_t child = fork();
    if (child == 0) {
        if (fcntl(fd, F_GET_SEALS) != 15) _exit(1);
        const char* text = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
        _exit(text == MAP_FAILED || memcmp(text, "message", 7) != 0 ? 2 : 0);
    }
    EQUAL(status_of(child), 0);
    close(fd);
}

static char self_path[4096];

static void run_by_descriptor(void) {
    char* words[] = {"by-descriptor", NULL};
    char* environment[] = {"BY_DESCRIPTOR=1", NULL};
    int fd = open(self_path, O_RDONLY | O_CLOEXEC);
    TRUE(fd >= 0);
    pid_t child = fork();
    if (child == 0) {
        fexecve(fd, words, environment);
        _exit(99);
    }
    EQUAL(status_of(child), 42);
    // A copy in memory.
    int copy = memfd_create("copy", MFD_CLOEXEC);
    char buffer[65536];
    ssize_t length;
    while ((length = read(fd, buffer, sizeof buffer)) > 0) EQUAL(write(copy, buffer, length), length);
    child = fork();
    if (child == 0) {
        execute_at(copy, "", words, environment, AT_EMPTY_PATH);
        _exit(99);
    }
    EQUAL(status_of(child), 42);
    put_file("plain", "text");
    int plain = open("plain", O_RDONLY);
    FAILS(execute_at(plain, "", words, environment, AT_EMPTY_PATH), EACCES);
    FAILS(execute_at(plain, "", words, environment, 0), ENOENT);
    FAILS(execute_at(99, "", words, environment, AT_EMPTY_PATH), EBADF);
    FAILS(execute_at(plain, self_path, words, environment, 1), EINVAL);
    // A script: its interpreter opens the descriptor again.
    put_file("script", "#!/bin/sh\nexit 7\n");
    EQUAL(chmod("script", 0700), 0);
    int script = open("script", O_RDONLY);
    child = fork();
    if (child == 0) {
        fexecve(script, words, environment);
        _exit(99);
    }
    EQUAL(status_of(child), 7);
    close(script);
    close(plain);
    close(copy);
    close(fd);
}

static void flags_of_transfers(void) {
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct iovec out = {"12345", 5}, more = {"67", 2};
    EQUAL(write_flags(fd, &out, 0, 0), 5);
    EQUAL(write_flags(fd, &more, 0, RWF_APPEND), 2);
    EQUAL(lseek(fd, 0, SEEK_CUR), 0);
    EQUAL(write_flags(fd, &more, -1, RWF_APPEND), 2);
    EQUAL(lseek(fd, 0, SEEK_CUR), 9);
    EQUAL(strcmp(get_file("f"), "123456767"), 0);
    char text[16];
    struct iovec in = {text, sizeof text};
    EQUAL(read_flags(fd, &in, 0, RWF_NOWAIT), 9);
    FAILS(read_flags(fd, &in, 0, 0x8000), EOPNOTSUPP);
    FAILS(read_flags(99, &in, 0, RWF_NOWAIT), EBADF);
    close(fd);
}

int main(int count, char** words) {
    if (getenv("BY_DESCRIPTOR")) return 42;
    if (words[0][0] == '/') {
        snprintf(self_path, sizeof self_path, "%s", words[0]);
    } else {
        EQUAL(readlink("/proc/self/exe", self_path, sizeof self_path - 1) > 0, 1);
    }
    static const struct check_test tests[] = {
        TEST(which_take_seals), TEST(sizes),          TEST(no_writing),        TEST(no_more_writing),
        TEST(passed_to_a_child), TEST(run_by_descriptor), TEST(flags_of_transfers)};
    return check_main(count, words, tests, sizeof tests / sizeof *tests);
}
