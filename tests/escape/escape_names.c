// SPDX-License-Identifier: MIT
// Attempts to reach files that the container was not given: all but /bin, /place (to be read) and its own /tmp.
// Outside are /home/admin/secret, and in /place links that lead there.
#include "tests/escape/escape.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#define SECRET "/home/admin/secret"
#define PLACE "/home/admin/place"

static void absolute_path(void) {
    REFUSED(open(SECRET, O_RDONLY), ENOENT);
    REFUSED(access(SECRET, F_OK), ENOENT);
    struct stat is;
    REFUSED(lstat(SECRET, &is), ENOENT);
    REFUSED(open("/etc/users.toml", O_RDONLY), ENOENT);
    REFUSED(open("/var/images/cat/Cluufile", O_RDONLY), ENOENT);
}

static void dot_dot(void) {
    REFUSED(open(PLACE "/../secret", O_RDONLY), ENOENT);
    REFUSED(open("/tmp/../home/admin/secret", O_RDONLY), ENOENT);
    REFUSED(open(PLACE "/deep/../../secret", O_RDONLY), ENOENT);
}

static void above_the_root(void) {
    char path[3 * 100 + sizeof SECRET] = "";
    for (int i = 0; i < 100; i++) strcat(path, "/..");
    strcat(path, SECRET);
    REFUSED(open(path, O_RDONLY), ENOENT);
    EQUAL(chdir("/tmp"), 0);
    for (int i = 0; i < 100; i++) EQUAL(chdir(".."), 0);
    REFUSED(open(SECRET + 1, O_RDONLY), ENOENT);
}

static void links_that_lead_out(void) {
    REFUSED(open(PLACE "/absolute", O_RDONLY), ENOENT);
    REFUSED(open(PLACE "/relative", O_RDONLY), ENOENT);
    REFUSED(open(PLACE "/up/secret", O_RDONLY), ENOENT);
    REFUSED(open(PLACE "/up/place/../secret", O_RDONLY), ENOENT);
}

static void links_of_ones_own(void) {
    EQUAL(symlink(SECRET, "one"), 0);
    EQUAL(symlink("one", "two"), 0);
    EQUAL(symlink(PLACE "/up", "three"), 0);
    EQUAL(symlink("../../../../../home/admin", "four"), 0);
    REFUSED(open("one", O_RDONLY), ENOENT);
    REFUSED(open("two", O_RDONLY), ENOENT);
    REFUSED(open("three/secret", O_RDONLY), ENOENT);
    REFUSED(open("four/secret", O_RDONLY), ENOENT);
    DENIED(open("one", O_WRONLY | O_CREAT, 0644));
}

static void links_without_end(void) {
    EQUAL(symlink("b", "a"), 0);
    EQUAL(symlink("a", "b"), 0);
    REFUSED(open("a", O_RDONLY), ELOOP);
    EQUAL(symlink("self/x", "self"), 0);
    REFUSED(open("self", O_RDONLY), ELOOP);
}

static void hard_links(void) {
    DENIED(link(SECRET, "mine"));
    DENIED(link(PLACE "/file", "mine"));
    DENIED(link(PLACE "/file", PLACE "/another"));
    int file = open(PLACE "/file", O_RDONLY);
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    DENIED(linkat(AT_FDCWD, name, AT_FDCWD, "mine", AT_SYMLINK_FOLLOW));
    DENIED(linkat(file, "", AT_FDCWD, "mine", AT_EMPTY_PATH));
    close(file);
}

static void moving_across(void) {
    EQUAL(close(open("mine", O_CREAT | O_WRONLY, 0644)), 0);
    DENIED(rename(PLACE "/file", "theirs"));
    DENIED(rename("mine", PLACE "/file"));
    DENIED(rename(PLACE "/file", PLACE "/other"));
    DENIED(syscall(SYS_renameat2, AT_FDCWD, "mine", AT_FDCWD, PLACE "/file", 2));
    EQUAL(access(PLACE "/file", R_OK), 0);
}

static void writing_what_is_for_reading(void) {
    REFUSED(open(PLACE "/file", O_WRONLY), EROFS);
    REFUSED(open(PLACE "/file", O_RDWR), EROFS);
    REFUSED(open(PLACE "/file", O_RDONLY | O_TRUNC), EROFS);
    REFUSED(open(PLACE "/file", O_WRONLY | O_APPEND), EROFS);
    REFUSED(truncate(PLACE "/file", 0), EROFS);
    REFUSED(open(PLACE "/up/place/file", O_RDWR), EROFS);
}

static void making_where_one_reads(void) {
    REFUSED(open(PLACE "/new", O_WRONLY | O_CREAT, 0644), EROFS);
    REFUSED(mkdir(PLACE "/new", 0755), EROFS);
    REFUSED(symlink("x", PLACE "/new"), EROFS);
    REFUSED(mkfifo(PLACE "/new", 0644), EROFS);
    REFUSED(open(PLACE, O_TMPFILE | O_RDWR, 0600), EROFS);
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = PLACE "/new"};
    REFUSED(bind(one, (struct sockaddr*)&name, sizeof name), EROFS);
    close(one);
}

static void removing_where_one_reads(void) {
    REFUSED(unlink(PLACE "/file"), EROFS);
    REFUSED(rmdir(PLACE "/deep"), EROFS);
    REFUSED(rmdir(PLACE), EBUSY);
    REFUSED(unlink("/bin/busybox"), EROFS);
}

static void attributes_where_one_reads(void) {
    REFUSED(chmod(PLACE "/file", 0777), EROFS);
    REFUSED(chown(PLACE "/file", 0, 0), EROFS);
    REFUSED(lchown(PLACE "/absolute", 0, 0), EROFS);
    REFUSED(utimensat(AT_FDCWD, PLACE "/file", NULL, 0), EROFS);
}

// A descriptor for reading does not become one for writing.
static void descriptors_for_reading(void) {
    int file = open(PLACE "/file", O_RDONLY);
    REFUSED(write(file, "x", 1), EBADF);
    REFUSED(ftruncate(file, 0), EINVAL);
    REFUSED(fchmod(file, 0777), EROFS);
    REFUSED(fchown(file, 0, 0), EROFS);
    REFUSED(fallocate(file, 0, 0, 10), EBADF);
    REFUSED(futimens(file, NULL), EROFS);
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    DENIED(open(name, O_RDWR));
    EQUAL(fcntl(file, F_SETFL, O_RDWR), 0);  // not what this changes
    EQUAL(fcntl(file, F_GETFL) & O_ACCMODE, O_RDONLY);
    int paths = open(PLACE "/file", O_PATH);
    REFUSED(write(paths, "x", 1), EBADF);
    REFUSED(ftruncate(paths, 0), EBADF);
    close(paths);
    close(file);
}

static void mappings_for_reading(void) {
    int file = open(PLACE "/file", O_RDONLY);
    REFUSED((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), EACCES);
    char* at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    TRUE(at != MAP_FAILED);
    REFUSED(mprotect(at, 4096, PROT_READ | PROT_WRITE), EACCES);
    char* mine = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    TRUE(mine != MAP_FAILED);
    mine[0] = '!';  // a copy
    TRUE(at[0] != '!');
    int again = open(PLACE "/file", O_RDONLY);
    char c = 0;
    EQUAL(pread(again, &c, 1, 0), 1);
    TRUE(c != '!');
}

static void above_a_descriptor(void) {
    int place = open(PLACE, O_RDONLY | O_DIRECTORY);
    TRUE(place >= 0);
    REFUSED(openat(place, "../secret", O_RDONLY), ENOENT);
    REFUSED(openat(place, "..//./secret", O_RDONLY), ENOENT);
    EQUAL(fchdir(place), 0);
    REFUSED(open("../secret", O_RDONLY), ENOENT);
    close(place);
}

// The way up from a directory that has been moved meanwhile.
static void a_directory_that_moves(void) {
    char root[200];
    TRUE(getcwd(root, sizeof root) != NULL);
    EQUAL(mkdir("a", 0755), 0);
    EQUAL(mkdir("a/b", 0755), 0);
    int inner = open("a/b", O_RDONLY | O_DIRECTORY);
    EQUAL(chdir("a/b"), 0);
    char to[220];
    snprintf(to, sizeof to, "%s/b", root);
    EQUAL(rename("../../a/b", to), 0);
    REFUSED(open("../../../../../../home/admin/secret", O_RDONLY), ENOENT);
    REFUSED(openat(inner, "../../../../../../home/admin/secret", O_RDONLY), ENOENT);
    EQUAL(rmdir(to), 0);
    REFUSED(openat(inner, "../../../../../home/admin/secret", O_RDONLY), ENOENT);
    close(inner);
}

static void another_root(void) {
    DENIED(chroot("/tmp"));
    DENIED(syscall(SYS_pivot_root, "/tmp", "/tmp"));
    DENIED(syscall(SYS_mount, "/", "/tmp", "none", 4096, NULL));  // MS_BIND
    DENIED(syscall(SYS_umount2, PLACE, 0));
    DENIED(syscall(SYS_unshare, 0x20000));  // CLONE_NEWNS
    DENIED(syscall(SYS_setns, 0, 0));
    DENIED(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
    DENIED(syscall(SYS_fsopen, "ext2", 0));
}

static void handles(void) {
    struct {
        unsigned bytes;
        int type;
        unsigned char handle[64];
    } handle = {.bytes = 8, .type = 1};
    int mount;
    DENIED(syscall(SYS_name_to_handle_at, AT_FDCWD, PLACE "/file", &handle, &mount, 0));
    for (unsigned inode = 0; inode < 64; inode++) {
        memcpy(handle.handle, &inode, sizeof inode);
        DENIED(syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY));
    }
}

static void devices(void) {
    static const char* const names[] = {"/dev/mem",  "/dev/kmem",    "/dev/port",
                                        "/dev/sda",  "/dev/vda",     "/dev/fb0",
                                        "/dev/tpm0", "/dev/console", "/dev/kmsg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        REFUSED(open(names[i], O_RDWR), ENOENT);
    DENIED(mknod("disk", S_IFBLK | 0666, makedev(8, 0)));
    DENIED(mknod("memory", S_IFCHR | 0666, makedev(1, 1)));
    DENIED(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
}

// What stands on the way to a mount is seen with nothing but that.
static void what_is_on_the_way(void) {
    DIR* way = opendir("/home/admin");
    if (way != NULL) {
        for (struct dirent* one; (one = readdir(way)) != NULL;)
            TRUE(strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0 ||
                 strcmp(one->d_name, "place") == 0);
        closedir(way);
    }
    DENIED(open("/home/admin/new", O_WRONLY | O_CREAT, 0644));
    DENIED(mkdir("/home/other", 0755));
    DENIED(rename("/home/admin/place", "/home/admin/other"));
    DENIED(rmdir("/home/admin"));
}

static void ways_through_proc(void) {
    static const char* const names[] = {"/proc/self/root" SECRET,
                                        "/proc/1/root" SECRET,
                                        "/proc/self/cwd/../.." SECRET,
                                        "/proc/self/exe/../.." SECRET,
                                        "/proc/self/task/1/root" SECRET,
                                        "/proc/1/cwd",
                                        "/proc/1/environ",
                                        "/proc/1/mem",
                                        "/proc/kcore",
                                        "/proc/kmsg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) DENIED(open(names[i], O_RDONLY));
}

static void names_that_are_none(void) {
    static char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    REFUSED(open(longest, O_RDONLY), ENAMETOOLONG);
    longest[300] = '\0';
    REFUSED(open(longest, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
    for (size_t i = 0; i + 1 < sizeof longest; i++) longest[i] = i % 2 == 0 ? '.' : '/';
    longest[sizeof longest - 1] = '\0';
    REFUSED(open(longest, O_RDONLY), ENAMETOOLONG);
    REFUSED(open("", O_RDONLY), ENOENT);
    REFUSED(open((char*)8, O_RDONLY), EFAULT);
    REFUSED(mkdir("/", 0755), EEXIST);
    REFUSED(rename("/tmp", "/tmp/below"), EBUSY);
    REFUSED(unlink("."), EISDIR);
    REFUSED(rmdir("."), EINVAL);
}

// While one thread changes a link between what may be read and what may not, another reads through it.
static volatile int over;
static void* change(void* unused) {
    (void)unused;
    while (!over) {
        (void)!symlink(PLACE "/file", "next");
        (void)rename("next", "moving");
        (void)!symlink(SECRET, "next");
        (void)rename("next", "moving");
    }
    return NULL;
}
static void a_link_that_changes(void) {
    pthread_t changer;
    EQUAL(pthread_create(&changer, NULL, &change, NULL), 0);
    int seen = 0;
    for (int i = 0; i < 2000 || seen == 0; i++) {  // the first ones may be over before there is a link
        int file = open("moving", O_RDONLY);
        char text[16] = "";
        if (file < 0) continue;
        TRUE(read(file, text, sizeof text - 1) > 0);
        TRUE(strncmp(text, "public", 6) == 0);
        seen++;
        close(file);
    }
    over = 1;
    pthread_join(changer, NULL);
}

// A directory is moved away and replaced by a link that leads out while another thread goes through it.
static volatile int swapped_over;
static void* swap(void* unused) {
    (void)unused;
    while (!swapped_over) {
        (void)rename("way", "aside");
        (void)!symlink(PLACE "/up", "way");
        (void)unlink("way");
        (void)rename("aside", "way");
    }
    return NULL;
}
static void a_directory_that_becomes_a_link(void) {
    EQUAL(mkdir("way", 0755), 0);
    pthread_t swapper;
    EQUAL(pthread_create(&swapper, NULL, &swap, NULL), 0);
    for (int i = 0; i < 2000; i++) {
        int file = open("way/secret", O_RDONLY);
        TRUE(file < 0);
        file = open("way/../../../home/admin/secret", O_RDONLY);
        TRUE(file < 0);
    }
    swapped_over = 1;
    pthread_join(swapper, NULL);
}

static void inherited_descriptors(void) {
    for (int fd = 3; fd < 1024; fd++) REFUSED(fcntl(fd, F_GETFD), EBADF);
    REFUSED(openat(0, "../secret", O_RDONLY), ENOTDIR);
}

static void the_neighbours_own_files(void) {
    REFUSED(open("/tmp/of-the-neighbour", O_RDONLY), ENOENT);
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/neighbour.socket"};
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    REFUSED(connect(one, (struct sockaddr*)&name, sizeof name), ENOENT);
    close(one);
}

static void attributes_with_names(void) {
    char value[16];
    DENIED(setxattr(PLACE "/file", "user.x", "y", 1, 0));
    DENIED(setxattr(PLACE "/file", "security.capability", "y", 1, 0));
    DENIED(getxattr(SECRET, "user.x", value, sizeof value));
}

// The container `holder` listens there. Here nobody does, and the name is free.
static void abstract_name_of_another(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0of-the-holder"};
    const socklen_t length = sizeof name.sun_family + sizeof "\0of-the-holder" - 1;
    int file = socket(AF_UNIX, SOCK_STREAM, 0), own = socket(AF_UNIX, SOCK_STREAM, 0);
    REFUSED(connect(file, (struct sockaddr*)&name, length), ECONNREFUSED);
    EQUAL(bind(own, (struct sockaddr*)&name, length), 0);
    REFUSED(connect(file, (struct sockaddr*)&name, length), ECONNREFUSED);
    EQUAL(listen(own, 1), 0);
    EQUAL(connect(file, (struct sockaddr*)&name, length), 0);
    close(file);
    close(own);
}

// A program that belongs to somebody else and says so does not make one of its starter.
static void set_user_id_programs(void) {
    int file = open("program", O_CREAT | O_WRONLY, 0755);
    EQUAL(write(file, "x", 1), 1);
    DENIED(fchown(file, 0, 0));
    EQUAL(fchmod(file, 06755), 0);
    close(file);
    EQUAL(geteuid(), getuid());
    TRUE(geteuid() != 0);
}

ATTEMPTS(TEST(absolute_path), TEST(dot_dot), TEST(above_the_root), TEST(links_that_lead_out),
         TEST(links_of_ones_own), TEST(links_without_end), TEST(hard_links), TEST(moving_across),
         TEST(writing_what_is_for_reading), TEST(making_where_one_reads),
         TEST(removing_where_one_reads), TEST(attributes_where_one_reads),
         TEST(descriptors_for_reading), TEST(mappings_for_reading), TEST(above_a_descriptor),
         TEST(a_directory_that_moves), TEST(another_root), TEST(handles), TEST(devices),
         TEST(what_is_on_the_way), TEST(ways_through_proc), TEST(names_that_are_none),
         TEST(a_link_that_changes), TEST(a_directory_that_becomes_a_link),
         TEST(inherited_descriptors), TEST(the_neighbours_own_files), TEST(abstract_name_of_another), TEST(attributes_with_names),
         TEST(set_user_id_programs))
