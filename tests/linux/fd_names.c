// SPDX-License-Identifier: MIT
// Names: directories, links, renaming, removing, the current directory, listing.
#include "tests/linux/check.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <sys/socket.h>
#include <termios.h>

static void directories(void)
{
    struct stat st;
    EQUAL(mkdir("d", 0750), 0);
    FAILS(mkdir("d", 0750), EEXIST);
    FAILS(mkdir("none/d", 0750), ENOENT);
    EQUAL(stat("d", &st), 0);
    EQUAL(st.st_mode, S_IFDIR | 0750);
    EQUAL(mkdir("d/slash/", 0700), 0);
    FAILS(rmdir("d"), ENOTEMPTY);
    FAILS(unlink("d"), EISDIR);
    FAILS(rmdir("d/slash/."), EINVAL);
    FAILS(rename("d/slash/.", "d/other"), EBUSY);
    EQUAL(rmdir("d/slash"), 0);
    EQUAL(rmdir("d/"), 0);
    FAILS(rmdir("d"), ENOENT);
    put_file("f", "x");
    FAILS(rmdir("f"), ENOTDIR);
    FAILS(mkdir("f/d", 0700), ENOTDIR);
    FAILS(mkdir("", 0700), ENOENT);
    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    FAILS(mkdir(name, 0700), ENAMETOOLONG);
    name[255] = '\0';
    EQUAL(mkdir(name, 0700), 0);
    static char path[5000];
    memset(path, 'p', sizeof path - 1);
    FAILS(mkdir(path, 0700), ENAMETOOLONG);
}

static void current_directory(void)
{
    char start[4096], here[4096];
    TRUE(getcwd(start, sizeof start) != NULL);
    EQUAL(mkdir("d", 0700), 0);
    EQUAL(mkdir("d/e", 0700), 0);
    EQUAL(symlink("d/e", "link"), 0);
    EQUAL(chdir("d/e/.."), 0);
    TRUE(getcwd(here, sizeof here) != NULL);
    TRUE(strncmp(here, start, strlen(start)) == 0 && strcmp(here + strlen(start), "/d") == 0);
    put_file("e/file", "inside");
    EQUAL(chdir(start), 0);
    EQUAL(chdir("link"), 0);
    TRUE(getcwd(here, sizeof here) != NULL);
    TRUE(strcmp(here + strlen(start), "/d/e") == 0);
    TRUE(strcmp(get_file("file"), "inside") == 0);
    TRUE(strcmp(get_file("../e/./file"), "inside") == 0);
    EQUAL(chdir(".."), 0);
    EQUAL(chdir(".."), 0);
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    EQUAL(fchdir(fd), 0);
    TRUE(getcwd(here, sizeof here) != NULL);
    TRUE(strcmp(here + strlen(start), "/d") == 0);
    EQUAL(syscall(SYS_getcwd, here, 3), -1);
    EQUAL(errno, ERANGE);
    close(fd);
    EQUAL(chdir(start), 0);
    FAILS(chdir("none"), ENOENT);
    put_file("f", "x");
    FAILS(chdir("f"), ENOTDIR);
    fd = open("f", O_RDONLY);
    FAILS(fchdir(fd), ENOTDIR);
    close(fd);
    EQUAL(chdir("/"), 0);
    TRUE(getcwd(here, sizeof here) != NULL && strcmp(here, "/") == 0);
    EQUAL(chdir(".."), 0);
    TRUE(getcwd(here, sizeof here) != NULL && strcmp(here, "/") == 0);
    EQUAL(chdir(start), 0);
    EQUAL(mkdir("gone", 0700), 0);
    EQUAL(chdir("gone"), 0);
    EQUAL(rmdir("../gone"), 0);
    EQUAL(syscall(SYS_getcwd, here, sizeof here), -1);
    EQUAL(errno, ENOENT);
    EQUAL(chdir(start), 0);
}

static void relative_to_a_descriptor(void)
{
    EQUAL(mkdir("d", 0700), 0);
    int d = open("d", O_RDONLY | O_DIRECTORY);
    int f = openat(d, "f", O_RDWR | O_CREAT, 0600);
    TRUE(f >= 0);
    EQUAL(write(f, "hi", 2), 2);
    TRUE(strcmp(get_file("d/f"), "hi") == 0);
    struct stat st;
    EQUAL(fstatat(d, "f", &st, 0), 0);
    EQUAL(st.st_size, 2);
    EQUAL(fstatat(d, "", &st, AT_EMPTY_PATH), 0);
    TRUE(S_ISDIR(st.st_mode));
    FAILS(fstatat(d, "", &st, 0), ENOENT);
    FAILS(fstatat(f, "x", &st, 0), ENOTDIR);
    FAILS(fstatat(999, "x", &st, 0), EBADF);
    FAILS(fstatat(d, "f", &st, 0x40000000), EINVAL);
    EQUAL(mkdirat(d, "e", 0700), 0);
    EQUAL(renameat(d, "f", d, "e/g"), 0);
    EQUAL(faccessat(d, "e/g", R_OK, 0), 0);
    EQUAL(symlinkat("e/g", d, "link"), 0);
    char target[10];
    EQUAL(readlinkat(d, "link", target, sizeof target), 3);
    EQUAL(linkat(d, "e/g", d, "hard", 0), 0);
    EQUAL(unlinkat(d, "hard", 0), 0);
    EQUAL(unlinkat(d, "link", 0), 0);
    EQUAL(unlinkat(d, "e/g", 0), 0);
    FAILS(unlinkat(d, "e", 0), EISDIR);
    EQUAL(unlinkat(d, "e", AT_REMOVEDIR), 0);
    EQUAL(fchmodat(d, ".", 0755, 0), 0);
    close(f);
    close(d);
}

static void symbolic_links(void)
{
    struct stat st;
    char target[100];
    put_file("f", "data");
    EQUAL(symlink("f", "link"), 0);
    FAILS(symlink("f", "link"), EEXIST);
    EQUAL(readlink("link", target, sizeof target), 1);
    EQUAL(target[0], 'f');
    FAILS(readlink("f", target, sizeof target), EINVAL);
    FAILS(syscall(SYS_readlink, "link", target, 0), EINVAL);
    EQUAL(lstat("link", &st), 0);
    TRUE(S_ISLNK(st.st_mode));
    EQUAL(st.st_size, 1);
    EQUAL(stat("link", &st), 0);
    TRUE(S_ISREG(st.st_mode));
    TRUE(strcmp(get_file("link"), "data") == 0);
    FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    EQUAL(symlink("loop2", "loop1"), 0);
    EQUAL(symlink("loop1", "loop2"), 0);
    FAILS(open("loop1", O_RDONLY), ELOOP);
    FAILS(stat("loop1", &st), ELOOP);
    EQUAL(symlink("nothing", "dangling"), 0);
    FAILS(open("dangling", O_RDONLY), ENOENT);
    FAILS(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    int fd = open("dangling", O_WRONLY | O_CREAT, 0600);
    TRUE(fd >= 0);
    close(fd);
    EQUAL(stat("nothing", &st), 0);
    EQUAL(mkdir("d", 0700), 0);
    EQUAL(symlink("d", "dirlink"), 0);
    put_file("dirlink/inside", "x");
    TRUE(strcmp(get_file("d/inside"), "x") == 0);
    EQUAL(lstat("dirlink/", &st), 0);
    TRUE(S_ISDIR(st.st_mode));
    FAILS(rmdir("dirlink"), ENOTDIR);
    EQUAL(unlink("dirlink"), 0);
    FAILS(symlink("", "empty"), ENOENT);
}

static void hard_links(void)
{
    struct stat a, b;
    put_file("f", "x");
    EQUAL(link("f", "g"), 0);
    EQUAL(stat("f", &a), 0);
    EQUAL(stat("g", &b), 0);
    EQUAL(a.st_ino, b.st_ino);
    EQUAL(a.st_nlink, 2);
    FAILS(link("f", "g"), EEXIST);
    FAILS(link("none", "h"), ENOENT);
    EQUAL(unlink("f"), 0);
    TRUE(strcmp(get_file("g"), "x") == 0);
    EQUAL(stat("g", &b), 0);
    EQUAL(b.st_nlink, 1);
    EQUAL(mkdir("d", 0700), 0);
    FAILS(link("d", "e"), EPERM);
}

static void renaming(void)
{
    put_file("a", "A");
    put_file("b", "B");
    EQUAL(rename("a", "b"), 0);
    TRUE(strcmp(get_file("b"), "A") == 0);
    FAILS(rename("a", "c"), ENOENT);
    EQUAL(mkdir("d", 0700), 0);
    FAILS(rename("b", "d"), EISDIR);
    FAILS(rename("d", "b"), ENOTDIR);
    EQUAL(rename("b", "d/b"), 0);
    EQUAL(mkdir("e", 0700), 0);
    FAILS(rename("e", "d"), ENOTEMPTY);
    EQUAL(rename("d", "e"), 0);
    TRUE(strcmp(get_file("e/b"), "A") == 0);
    FAILS(rename("e", "e/below"), EINVAL);
    EQUAL(rename("e/b", "e/b"), 0);
    put_file("x", "X");
    put_file("y", "Y");
    FAILS(syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", 1), EEXIST);
    // Not every file system can exchange two names.
    if (syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", 2) == 0)
        TRUE(strcmp(get_file("x"), "Y") == 0 && strcmp(get_file("y"), "X") == 0);
    else
        EQUAL(errno, EINVAL);
}

static void unlinked_but_open(void)
{
    char c[4];
    put_file("f", "kept");
    int fd = open("f", O_RDWR);
    EQUAL(unlink("f"), 0);
    FAILS(open("f", O_RDONLY), ENOENT);
    EQUAL(read(fd, c, 4), 4);
    TRUE(memcmp(c, "kept", 4) == 0);
    EQUAL(write(fd, "more", 4), 4);
    struct stat st;
    EQUAL(fstat(fd, &st), 0);
    EQUAL(st.st_nlink, 0);
    EQUAL(st.st_size, 8);
    close(fd);
    FAILS(unlink("f"), ENOENT);
    put_file("g", "x");
    FAILS(unlink("g/"), ENOTDIR);
}

static void listing(void)
{
    enum { files = 150 };
    char seen[files] = { 0 }, name[40];
    EQUAL(mkdir("d", 0700), 0);
    for (int i = 0; i < files; i++) {
        snprintf(name, sizeof name, "d/file_with_a_long_name_%03d", i);
        put_file(name, "");
    }
    DIR *directory = opendir("d");
    int dots = 0, others = 0;
    long middle = 0;
    struct dirent *entry;
    for (int n = 0; (entry = readdir(directory)) != NULL; n++) {
        int i = -1;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            dots++;
            EQUAL(entry->d_type, DT_DIR);
        } else if (sscanf(entry->d_name, "file_with_a_long_name_%d", &i) == 1 && i < files) {
            seen[i]++;
            EQUAL(entry->d_type, DT_REG);
        } else {
            others++;
        }
        if (n == 100)
            middle = telldir(directory);
    }
    EQUAL(dots, 2);
    EQUAL(others, 0);
    int right = 1;
    for (int i = 0; i < files; i++)
        right &= seen[i] == 1;
    TRUE(right);
    seekdir(directory, middle);
    int rest = 0;
    while (readdir(directory) != NULL)
        rest++;
    EQUAL(rest, files + 2 - 101);
    rewinddir(directory);
    TRUE(readdir(directory) != NULL);
    closedir(directory);
    int fd = open("d", O_RDONLY);
    char small[10];
    FAILS(syscall(SYS_getdents64, fd, small, sizeof small), EINVAL);
    close(fd);
    // Removing while reading leaves nothing behind.
    directory = opendir("d");
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            EQUAL(unlinkat(dirfd(directory), entry->d_name, 0), 0);
    closedir(directory);
    EQUAL(rmdir("d"), 0);
}

static void not_a_terminal(void)
{
    struct termios settings;
    struct winsize size;
    put_file("f", "x");
    int fd = open("f", O_RDONLY);
    FAILS(tcgetattr(fd, &settings), ENOTTY);
    FAILS(ioctl(fd, TIOCGWINSZ, &size), ENOTTY);
    FAILS(tcgetpgrp(fd), ENOTTY);
    EQUAL(isatty(fd), 0);
    EQUAL(ioctl(fd, FIOCLEX), 0);
    EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    EQUAL(ioctl(fd, FIONCLEX), 0);
    EQUAL(fcntl(fd, F_GETFD), 0);
    close(fd);
    FAILS(ioctl(fd, FIOCLEX), EBADF);
    int p[2], on = 1;
    EQUAL(pipe(p), 0);
    FAILS(ioctl(p[0], TIOCGWINSZ, &size), ENOTTY);
    EQUAL(ioctl(p[0], FIONBIO, &on), 0);
    EQUAL(fcntl(p[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    close(p[0]);
    close(p[1]);
}

static void own_names(void)
{
    char text[4096], here[4096], name[64];
    int p[2];
    EQUAL(pipe(p), 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", p[0]);
    ssize_t length = readlink(name, text, sizeof text - 1);
    TRUE(length > 6 && memcmp(text, "pipe:[", 6) == 0);
    EQUAL(write(p[1], "xyz", 3), 3);
    int again = open(name, O_RDONLY);
    EQUAL(read(again, text, 1), 1);
    EQUAL(text[0], 'x');
    close(again);
    snprintf(name, sizeof name, "/dev/fd/%d", p[0]);
    again = open(name, O_RDONLY);
    EQUAL(read(again, text, 2), 2);
    EQUAL(text[1], 'z');
    close(again);
    struct stat st;
    EQUAL(stat(name, &st), 0);
    TRUE(S_ISFIFO(st.st_mode));
    close(p[0]);
    close(p[1]);
    FAILS(open(name, O_RDONLY), ENOENT);
    length = readlink("/proc/self/cwd", text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    TRUE(getcwd(here, sizeof here) != NULL && strcmp(here, text) == 0);
    length = readlink("/proc/self/exe", text, sizeof text - 1);
    TRUE(length > 1 && text[0] == '/');
    EQUAL(stat("/proc/self/exe", &st), 0);
    TRUE(S_ISREG(st.st_mode));
    length = readlink("/proc/self", text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    EQUAL(atoi(text), getpid());
    int fd = open("/proc/self/exe", O_RDONLY);
    EQUAL(read(fd, text, 4), 4);
    TRUE(memcmp(text, "\177ELF", 4) == 0);
    close(fd);
}

MAIN(TEST(directories), TEST(current_directory), TEST(relative_to_a_descriptor),
     TEST(symbolic_links), TEST(hard_links), TEST(renaming), TEST(unlinked_but_open),
     TEST(listing), TEST(not_a_terminal), TEST(own_names))
