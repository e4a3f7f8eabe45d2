// SPDX-License-Identifier: MIT
// Extended attributes that begin with "user.".
#include "tests/linux/check.h"

#include <sys/xattr.h>

static void set_get_list_remove(void) {
    put_file("f", "text");
    char value[64], names[64];
    FAILS(getxattr("f", "user.one", value, sizeof value), ENODATA);
    EQUAL(listxattr("f", names, sizeof names), 0);
    EQUAL(setxattr("f", "user.one", "1st", 3, 0), 0);
    EQUAL(getxattr("f", "user.one", value, sizeof value), 3);
    EQUAL(memcmp(value, "1st", 3), 0);
    EQUAL(setxattr("f", "user.one", "another", 7, 0), 0);
    EQUAL(getxattr("f", "user.one", NULL, 0), 7);
    FAILS(getxattr("f", "user.one", value, 6), ERANGE);
    EQUAL(setxattr("f", "user.two", "", 0, XATTR_CREATE), 0);
    EQUAL(getxattr("f", "user.two", value, sizeof value), 0);
    FAILS(setxattr("f", "user.two", "x", 1, XATTR_CREATE), EEXIST);
    EQUAL(setxattr("f", "user.two", "x", 1, XATTR_REPLACE), 0);
    FAILS(setxattr("f", "user.three", "x", 1, XATTR_REPLACE), ENODATA);
    EQUAL(listxattr("f", NULL, 0), 18);
    FAILS(listxattr("f", names, 17), ERANGE);
    EQUAL(listxattr("f", names, sizeof names), 18);
    TRUE(memmem(names, 18, "user.one", 9) && memmem(names, 18, "user.two", 9));
    EQUAL(removexattr("f", "user.one"), 0);
    FAILS(removexattr("f", "user.one"), ENODATA);
    EQUAL(listxattr("f", names, sizeof names), 9);
    EQUAL(strcmp(names, "user.two"), 0);
    // They belong to the file, not to its name, and are not its contents.
    EQUAL(rename("f", "g"), 0);
    EQUAL(getxattr("g", "user.two", value, sizeof value), 1);
    EQUAL(strcmp(get_file("g"), "text"), 0);
    EQUAL(unlink("g"), 0);
    put_file("g", "");
    EQUAL(listxattr("g", names, sizeof names), 0);
}

static void by_descriptor_and_link(void) {
    put_file("f", "");
    EQUAL(mkdir("d", 0700), 0);
    EQUAL(symlink("f", "l"), 0);
    char value[8];
    int fd = open("f", O_RDONLY), directory = open("d", O_RDONLY);
    EQUAL(fsetxattr(fd, "user.a", "12", 2, 0), 0);  // the file's mode counts, not the descriptor's
    EQUAL(fgetxattr(fd, "user.a", value, sizeof value), 2);
    EQUAL(getxattr("l", "user.a", value, sizeof value), 2);
    FAILS(lgetxattr("l", "user.a", value, sizeof value), ENODATA);
    FAILS(lsetxattr("l", "user.a", "x", 1, 0), EPERM);
    EQUAL(setxattr("d", "user.dir", "x", 1, 0), 0);
    EQUAL(fgetxattr(directory, "user.dir", value, sizeof value), 1);
    EQUAL(flistxattr(directory, NULL, 0), 9);
    EQUAL(fremovexattr(directory, "user.dir"), 0);
    int path = open("f", O_PATH);
    FAILS(fgetxattr(path, "user.a", value, sizeof value), EBADF);
    FAILS(fgetxattr(99, "user.a", value, sizeof value), EBADF);
    close(path);
    close(fd);
    close(directory);
}

static void large_and_many(void) {
    put_file("f", "");
    static char value[3000], back[4096];
    memset(value, 'v', sizeof value);
    EQUAL(setxattr("f", "user.large", value, sizeof value, 0), 0);
    EQUAL(getxattr("f", "user.large", back, sizeof back), sizeof value);
    EQUAL(memcmp(value, back, sizeof value), 0);
    EQUAL(removexattr("f", "user.large"), 0);
    char name[32];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "user.number%d", i);
        EQUAL(setxattr("f", name, name, strlen(name), 0), 0);
    }
    for (int i = 0; i < 40; i += 2) {
        snprintf(name, sizeof name, "user.number%d", i);
        EQUAL(removexattr("f", name), 0);
    }
    for (int i = 1; i < 40; i += 2) {
        snprintf(name, sizeof name, "user.number%d", i);
        EQUAL(getxattr("f", name, back, sizeof back), strlen(name));
        EQUAL(memcmp(back, name, strlen(name)), 0);
    }
}

static void mistakes(void) {
    put_file("f", "");
    static char value[65537];
    char longest[300] = "user.";
    void* volatile nowhere = (void*)8;
    memset(longest + 5, 'n', 290);
    FAILS(setxattr("f", longest, "x", 1, 0), ERANGE);
    longest[255] = '\0';
    EQUAL(setxattr("f", longest, "x", 1, 0), 0);
    FAILS(setxattr("f", "", "x", 1, 0), ERANGE);
    FAILS(setxattr("f", "user.a", "x", 1, 4), EINVAL);
    FAILS(setxattr("f", "user.", "x", 1, 0), EINVAL);
    FAILS(setxattr("f", "nothing.a", "x", 1, 0), EOPNOTSUPP);
    FAILS(setxattr("f", "user.a", value, sizeof value, 0), E2BIG);
    FAILS(setxattr("f", "user.a", nowhere, 1, 0), EFAULT);
    FAILS(setxattr("f", nowhere, "x", 1, 0), EFAULT);
    FAILS(setxattr("none", "user.a", "x", 1, 0), ENOENT);
    FAILS(getxattr("none", "user.a", value, 1), ENOENT);
    EQUAL(mkfifo("fifo", 0600), 0);
    FAILS(setxattr("fifo", "user.a", "x", 1, 0), EPERM);
    FAILS(getxattr("fifo", "user.a", value, 1), ENODATA);
}

MAIN(TEST(set_get_list_remove), TEST(by_descriptor_and_link), TEST(large_and_many), TEST(mistakes))
