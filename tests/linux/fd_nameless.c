// SPDX-License-Identifier: MIT
// Files without names (O_TMPFILE, memfd_create), and what nobody may do.
#include "tests/linux/check.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

static void temporary(void) {
    EQUAL(mkdir("d", 0700), 0);
    int fd = open("d", O_TMPFILE | O_RDWR, 0600);
    TRUE(fd >= 0);
    struct stat st;
    EQUAL(fstat(fd, &st), 0);
    TRUE(S_ISREG(st.st_mode) && st.st_nlink == 0 && (st.st_mode & 0777) == 0600);
    EQUAL(write(fd, "hello", 5), 5);
    char c[10];
    EQUAL(pread(fd, c, 10, 0), 5);
    EQUAL(rmdir("d"), 0);  // nothing is in it
    EQUAL(pread(fd, c, 10, 1), 4);
    close(fd);
    FAILS(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
    put_file("file", "x");
    FAILS(open("file", O_TMPFILE | O_RDWR, 0600), ENOTDIR);
    FAILS(open("nothing", O_TMPFILE | O_RDWR, 0600), ENOENT);
}

static void in_memory(void) {
    int fd = memfd_create("name", MFD_CLOEXEC);
    TRUE(fd >= 0);
    EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    EQUAL(ftruncate(fd, 8192), 0);
    char* shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUE(shared != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        strcpy(shared + 5000, "from the child");
        _exit(0);
    }
    EQUAL(status_of(child), 0);
    EQUAL(strcmp(shared + 5000, "from the child"), 0);
    char c[20];
    EQUAL(pread(fd, c, 14, 5000), 14);
    EQUAL(memcmp(c, "from the child", 14), 0);
    munmap(shared, 8192);
    close(fd);
    FAILS(memfd_create("name", 0x4000), EINVAL);
    char longest[300];
    memset(longest, 'x', sizeof longest);
    longest[299] = 0;
    FAILS(memfd_create(longest, 0), EINVAL);
}

static void not_permitted(void) {
    struct {
        unsigned version;
        int pid;
    } header = {0x20080522, 0};
    unsigned sets[6] = {1, 1, 1, 1, 1, 1};
    EQUAL(syscall(SYS_capget, &header, sets), 0);
    if ((sets[1] | sets[4]) != 0) return;  // on Linux, as root
    FAILS(mount("none", "/", "tmpfs", 0, NULL), EPERM);
    FAILS(umount2("/", 0), EPERM);
    FAILS(chroot("/"), EPERM);
    FAILS(sethostname("x", 1), EPERM);
    FAILS(unshare(CLONE_NEWNS), EPERM);
    EQUAL(unshare(0), 0);
    EQUAL(syscall(SYS_capset, &header, sets), 0);
}

MAIN(TEST(temporary), TEST(in_memory), TEST(not_permitted))
