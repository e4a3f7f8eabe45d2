// SPDX-License-Identifier: MIT
// Regular files: reading, writing, offsets, sizes, and offsets that processes share.
#include "tests/linux/check.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

static void fill(char *buffer, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++)
        buffer[i] = (char)((i * 31 + seed + i / 251) & 0xff);
}

static void open_flags(void)
{
    FAILS(open("none", O_RDONLY), ENOENT);
    FAILS(open("", O_RDONLY), ENOENT);
    int fd = open("f", O_WRONLY | O_CREAT | O_EXCL, 0640);
    TRUE(fd >= 0);
    EQUAL(write(fd, "text", 4), 4);
    close(fd);
    FAILS(open("f", O_WRONLY | O_CREAT | O_EXCL, 0640), EEXIST);
    FAILS(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    FAILS(open("f/", O_RDONLY), ENOTDIR);
    FAILS(open("f/x", O_RDONLY), ENOTDIR);
    FAILS(open("none/x", O_CREAT | O_WRONLY, 0600), ENOENT);
    FAILS(open(".", O_WRONLY), EISDIR);
    FAILS(open(".", O_RDWR), EISDIR);
    struct stat st;
    EQUAL(stat("f", &st), 0);
    EQUAL(st.st_size, 4);
    EQUAL(st.st_mode, S_IFREG | 0640);
    EQUAL(st.st_nlink, 1);
    fd = open("f", O_RDWR | O_TRUNC);
    EQUAL(fstat(fd, &st), 0);
    EQUAL(st.st_size, 0);
    close(fd);
    mode_t old = umask(077);
    close(open("g", O_CREAT | O_WRONLY, 0666));
    EQUAL(umask(old), 077);
    EQUAL(stat("g", &st), 0);
    EQUAL(st.st_mode & 07777, 0600);
}

static void long_transfers(void)
{
    enum { size = 200000 };
    char *out = malloc(size), *in = malloc(size);
    fill(out, size, 1);
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    EQUAL(write(fd, out, size), size);
    EQUAL(lseek(fd, 0, SEEK_CUR), size);
    EQUAL(read(fd, in, size), 0);
    EQUAL(lseek(fd, 0, SEEK_SET), 0);
    EQUAL(read(fd, in, size), size);
    TRUE(memcmp(in, out, size) == 0);
    EQUAL(pread(fd, in, 5000, 12345), 5000);
    TRUE(memcmp(in, out + 12345, 5000) == 0);
    EQUAL(pread(fd, in, 5000, size - 10), 10);
    EQUAL(pread(fd, in, 5000, size + 10), 0);
    FAILS(pread(fd, in, 1, -1), EINVAL);
    close(fd);
    fd = open("f", O_RDONLY);
    for (int i = 0; i < 20; i++) {
        EQUAL(read(fd, in, 1000), 1000);
        TRUE(memcmp(in, out + i * 1000, 1000) == 0);
    }
    EQUAL(read(fd, in, size), size - 20000);
    TRUE(memcmp(in, out + 20000, size - 20000) == 0);
    EQUAL(read(fd, in, 1), 0);
    // Another description changes what this one has read before.
    int other = open("f", O_WRONLY);
    EQUAL(pwrite(other, "changed", 7, 100), 7);
    EQUAL(pread(fd, in, 7, 100), 7);
    TRUE(memcmp(in, "changed", 7) == 0);
    EQUAL(lseek(other, 0, SEEK_END), size);
    EQUAL(write(other, "more", 4), 4);
    EQUAL(read(fd, in, 100), 4);
    TRUE(memcmp(in, "more", 4) == 0);
    EQUAL(ftruncate(other, 50), 0);
    EQUAL(pread(fd, in, 100, 40), 10);
    close(other);
    close(fd);
    free(in);
    free(out);
}

/* Large writes over what is there: all of it, within the file and across its end, from memory that ends, in a child. */
static void overwriting(void) {
    enum { SIZE = 100000 };
    static char data[SIZE], back[SIZE + 100];
    int fd = open("over", O_RDWR | O_CREAT | O_TRUNC, 0600);
    fill(data, SIZE, 1);
    EQUAL(write(fd, data, SIZE), SIZE);
    struct stat before, after;
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    EQUAL(futimens(fd, old), 0);
    fill(data, SIZE, 2);
    EQUAL(pwrite(fd, data + 10, SIZE - 30, 10), SIZE - 30);
    EQUAL(fstat(fd, &before), 0);
    TRUE(before.st_mtim.tv_sec > 1000);
    EQUAL(before.st_size, SIZE);
    int other = open("over", O_RDONLY);
    EQUAL(pread(other, back, sizeof back, 0), SIZE);
    EQUAL(memcmp(back + 10, data + 10, SIZE - 30), 0);
    TRUE(memcmp(back, data, 10) != 0);

    EQUAL(pwrite(fd, data, SIZE, 100), SIZE);
    EQUAL(fstat(fd, &after), 0);
    EQUAL(after.st_size, SIZE + 100);
    EQUAL(pread(other, back, sizeof back, 100), SIZE);
    EQUAL(memcmp(back, data, SIZE), 0);

    char* map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(map, 'm', 3 * 4096);
    EQUAL(munmap(map + 2 * 4096, 4096), 0);
    EQUAL(pwrite(fd, map, 3 * 4096, 0), 2 * 4096);
    EQUAL(pread(other, back, 3 * 4096, 0), 3 * 4096);
    EQUAL(memcmp(back, map, 2 * 4096), 0);
    EQUAL(memcmp(back + 2 * 4096, data + 2 * 4096 - 100, 4096), 0);

    EQUAL(lseek(fd, 50, SEEK_SET), 50);
    pid_t child = fork();
    if (child == 0) _exit(write(fd, data, 20000) == 20000 ? 0 : 1);
    int status = 0;
    EQUAL(waitpid(child, &status, 0), child);
    EQUAL(status, 0);
    EQUAL(write(fd, data, 20000), 20000);
    EQUAL(pread(other, back, 40000, 50), 40000);
    EQUAL(memcmp(back, data, 20000), 0);
    EQUAL(memcmp(back + 20000, data, 20000), 0);
    EQUAL(ftruncate(fd, 20), 0);
    EQUAL(ftruncate(fd, SIZE), 0);
    EQUAL(pread(other, back, SIZE, 0), SIZE);
    for (size_t i = 20; i < SIZE; i++)
        if (back[i] != 0) EQUAL(i, 0);
    close(fd);
    close(other);
    munmap(map, 2 * 4096);
    unlink("over");
}

static void offsets(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    EQUAL(write(fd, "0123456789", 10), 10);
    EQUAL(lseek(fd, -3, SEEK_END), 7);
    EQUAL(lseek(fd, -2, SEEK_CUR), 5);
    FAILS(lseek(fd, -6, SEEK_CUR), EINVAL);
    FAILS(lseek(fd, 0, 99), EINVAL);
    EQUAL(lseek(fd, 0, SEEK_CUR), 5);
    EQUAL(lseek(fd, 20, SEEK_SET), 20);
    EQUAL(write(fd, "x", 1), 1);
    struct stat st;
    EQUAL(fstat(fd, &st), 0);
    EQUAL(st.st_size, 21);
    char c[21];
    EQUAL(pread(fd, c, 21, 0), 21);
    EQUAL(c[15], 0);
    EQUAL(c[20], 'x');
    EQUAL(lseek(fd, 0, SEEK_CUR), 21);
    // As far as an offset reaches there is nothing, and nothing ends beyond.
    const off_t last = 0x7fffffffffffffff;
    EQUAL(pread(fd, c, 21, last - 21), 0);
    FAILS(pread(fd, c, 21, last - 20), EINVAL);
    EQUAL(pread(fd, c, 0, last), 0);
    EQUAL(pread(fd, c, 1, 1ll << 62), 0);
    FAILS(pwrite(fd, c, 1, last - 1), EFBIG);
    FAILS(pwrite(fd, c, 1, last), EINVAL);
    struct iovec two[2] = { { c, 10 }, { c, 11 } };
    EQUAL(preadv(fd, two, 2, last - 21), 0);
    FAILS(preadv(fd, two, 2, last - 20), EINVAL);
    close(fd);
}

static void append(void)
{
    put_file("f", "start");
    int a = open("f", O_WRONLY | O_APPEND), b = open("f", O_WRONLY | O_APPEND);
    EQUAL(write(a, "A", 1), 1);
    EQUAL(write(b, "B", 1), 1);
    EQUAL(write(a, "A", 1), 1);
    EQUAL(lseek(a, 0, SEEK_CUR), 8);
    TRUE(strcmp(get_file("f"), "startABA") == 0);
    close(a);
    close(b);
}

static void vectors(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct iovec out[3] = { { "one", 3 }, { "", 0 }, { "twothree", 8 } };
    EQUAL(writev(fd, out, 3), 11);
    char a[2], b[20];
    struct iovec in[2] = { { a, 2 }, { b, 20 } };
    EQUAL(lseek(fd, 0, SEEK_SET), 0);
    EQUAL(readv(fd, in, 2), 11);
    TRUE(memcmp(a, "on", 2) == 0 && memcmp(b, "etwothree", 9) == 0);
    EQUAL(preadv(fd, in, 2, 3), 8);
    TRUE(memcmp(a, "tw", 2) == 0);
    EQUAL(pwritev(fd, out, 1, 3), 3);
    EQUAL(pread(fd, b, 3, 3), 3);
    TRUE(memcmp(b, "one", 3) == 0);
    FAILS(writev(fd, out, -1), EINVAL);
    FAILS(writev(fd, out, 2000), EINVAL);
    EQUAL(writev(fd, out, 0), 0);
    struct iovec bad[2] = { { "ok", 2 }, { (void *)8, 2 } };
    TRUE(writev(fd, bad, 2) == 2 || errno == EFAULT);
    close(fd);
}

static void fork_shares_offset(void)
{
    put_file("f", "abcdefghij");
    int fd = open("f", O_RDONLY);
    char c[4];
    EQUAL(read(fd, c, 2), 2);
    pid_t child = fork();
    if (child == 0) {
        int right = read(fd, c, 3) == 3 && memcmp(c, "cde", 3) == 0;
        _exit(right ? 0 : 1);
    }
    EQUAL(status_of(child), 0);
    EQUAL(lseek(fd, 0, SEEK_CUR), 5);
    EQUAL(read(fd, c, 1), 1);
    EQUAL(c[0], 'f');
    close(fd);
    // Parent and child write by one description: nothing is overwritten.
    fd = open("g", O_WRONLY | O_CREAT, 0600);
    EQUAL(write(fd, "1", 1), 1);
    child = fork();
    if (child == 0)
        _exit(write(fd, "2", 1) != 1);
    EQUAL(status_of(child), 0);
    EQUAL(write(fd, "3", 1), 1);
    TRUE(strcmp(get_file("g"), "123") == 0);
    close(fd);
}

static void sizes(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct stat st;
    EQUAL(ftruncate(fd, 10000), 0);
    EQUAL(fstat(fd, &st), 0);
    EQUAL(st.st_size, 10000);
    char c = 1;
    EQUAL(pread(fd, &c, 1, 9999), 1);
    EQUAL(c, 0);
    EQUAL(write(fd, "abc", 3), 3);
    EQUAL(truncate("f", 2), 0);
    EQUAL(stat("f", &st), 0);
    EQUAL(st.st_size, 2);
    EQUAL(ftruncate(fd, 4), 0);
    char four[4];
    EQUAL(pread(fd, four, 4, 0), 4);
    TRUE(memcmp(four, "ab\0\0", 4) == 0);
    FAILS(ftruncate(fd, -1), EINVAL);
    FAILS(truncate("none", 1), ENOENT);
    FAILS(truncate(".", 1), EISDIR);
    EQUAL(fsync(fd), 0);
    EQUAL(fdatasync(fd), 0);
    struct statfs usage;
    EQUAL(fstatfs(fd, &usage), 0);
    TRUE(usage.f_bsize > 0 && usage.f_namelen == 255);
    EQUAL(statfs("f", &usage), 0);
    close(fd);
    FAILS(fsync(fd), EBADF);
}

static void attributes(void)
{
    put_file("f", "x");
    struct stat st;
    EQUAL(chmod("f", 0751), 0);
    EQUAL(stat("f", &st), 0);
    EQUAL(st.st_mode & 07777, 0751);
    int fd = open("f", O_RDONLY);
    EQUAL(fchmod(fd, 0600), 0);
    EQUAL(fstat(fd, &st), 0);
    EQUAL(st.st_mode & 07777, 0600);
    struct timespec times[2] = { { 1000, 5000 }, { 2000, 0 } };
    EQUAL(utimensat(AT_FDCWD, "f", times, 0), 0);
    EQUAL(stat("f", &st), 0);
    EQUAL(st.st_atim.tv_sec, 1000);
    EQUAL(st.st_mtim.tv_sec, 2000);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = 3000;
    EQUAL(futimens(fd, times), 0);
    EQUAL(fstat(fd, &st), 0);
    EQUAL(st.st_atim.tv_sec, 1000);
    EQUAL(st.st_mtim.tv_sec, 3000);
    times[1].tv_nsec = 2000000000;
    FAILS(futimens(fd, times), EINVAL);
    EQUAL(utimes("f", NULL), 0);
    EQUAL(stat("f", &st), 0);
    TRUE(st.st_mtim.tv_sec > 1000000);
    FAILS(chmod("none", 0600), ENOENT);
    EQUAL(access("f", R_OK | W_OK), 0);
    EQUAL(access("f", F_OK), 0);
    FAILS(access("none", F_OK), ENOENT);
    FAILS(access("f", 64), EINVAL);
    EQUAL(chown("f", -1, -1), 0);
    unsigned char extended[256];  // struct statx, which musl does not declare
    EQUAL(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x7ff, extended), 0);
    EQUAL(*(uint64_t *)(extended + 40), 1);
    EQUAL(*(uint16_t *)(extended + 28), S_IFREG | 0600);
    close(fd);
}

static void copying(void)
{
    enum { size = 50000 };
    char *out = malloc(size), *in = malloc(size);
    fill(out, size, 7);
    int from = open("a", O_RDWR | O_CREAT, 0600), to = open("b", O_RDWR | O_CREAT, 0600);
    EQUAL(write(from, out, size), size);
    off_t offset = 100;
    EQUAL(sendfile(to, from, &offset, 30000), 30000);
    EQUAL(offset, 30100);
    EQUAL(lseek(from, 0, SEEK_CUR), size);
    EQUAL(pread(to, in, size, 0), 30000);
    TRUE(memcmp(in, out + 100, 30000) == 0);
    loff_t start = 0, target = 5;
    EQUAL(copy_file_range(from, &start, to, &target, 1000, 0), 1000);
    EQUAL(start, 1000);
    EQUAL(target, 1005);
    EQUAL(pread(to, in, 1000, 5), 1000);
    TRUE(memcmp(in, out, 1000) == 0);
    close(from);
    close(to);
    free(in);
    free(out);
}

static void devices(void)
{
    char buffer[300];
    int fd = open("/dev/zero", O_RDWR);
    memset(buffer, 1, sizeof buffer);
    EQUAL(read(fd, buffer, sizeof buffer), sizeof buffer);
    EQUAL(buffer[0] | buffer[299], 0);
    EQUAL(write(fd, buffer, 10), 10);
    close(fd);
    fd = open("/dev/null", O_RDWR);
    EQUAL(read(fd, buffer, 10), 0);
    EQUAL(write(fd, buffer, 10), 10);
    EQUAL(write(fd, (void *)8, 10), 10);
    struct stat st;
    EQUAL(fstat(fd, &st), 0);
    TRUE(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
    close(fd);
    fd = open("/dev/full", O_RDWR);
    FAILS(write(fd, buffer, 10), ENOSPC);
    close(fd);
    fd = open("/dev/urandom", O_RDONLY);
    char other[300];
    EQUAL(read(fd, buffer, sizeof buffer), sizeof buffer);
    EQUAL(read(fd, other, sizeof other), sizeof other);
    TRUE(memcmp(buffer, other, sizeof other) != 0);
    close(fd);
}

static void record_locks(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
    EQUAL(fcntl(fd, F_SETLK, &lock), 0);
    pid_t child = fork();
    if (child == 0) {
        struct flock want = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1 };
        EQUAL(fcntl(fd, F_GETLK, &want), 0);
        EQUAL(want.l_type, F_WRLCK);
        EQUAL(want.l_pid, getppid());
        want = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1 };
        TRUE(fcntl(fd, F_SETLK, &want) == -1 && (errno == EAGAIN || errno == EACCES));
        want.l_start = 30;
        EQUAL(fcntl(fd, F_SETLK, &want), 0);
        _exit(check_failures != 0);
    }
    EQUAL(status_of(child), 0);
    lock.l_start = 30;
    EQUAL(fcntl(fd, F_SETLK, &lock), 0);
    lock.l_type = F_UNLCK;
    EQUAL(fcntl(fd, F_SETLK, &lock), 0);
    close(fd);
}

MAIN(TEST(open_flags), TEST(long_transfers), TEST(overwriting), TEST(offsets), TEST(append),
     TEST(vectors), TEST(fork_shares_offset), TEST(sizes), TEST(attributes), TEST(copying), TEST(devices),
     TEST(record_locks))
