// SPDX-License-Identifier: MIT
// What a process has looked at before, another one changes: the next look must show it. Each path is
// looked at many times first, so that whoever remembers answers does remember this one.
#include "tests/linux/check.h"

enum { OFTEN = 12 };

// Another process, which does one change after another, as it is told to.
static int to_other[2], from_other[2];

static void other_does(void (*change)(void))
{
    char done = 0;
    EQUAL(write(to_other[1], &change, sizeof change), sizeof change);
    EQUAL(read(from_other[0], &done, 1), 1);
    EQUAL(done, 1);
}

static void with_other(void (*test)(void))
{
    EQUAL(pipe(to_other), 0);
    EQUAL(pipe(from_other), 0);
    pid_t pid = fork();
    if (pid == 0) {
        void (*change)(void);
        close(to_other[1]);
        while (read(to_other[0], &change, sizeof change) == (ssize_t)sizeof change) {
            int before = check_failures;
            change();
            char good = check_failures == before;
            if (write(from_other[1], &good, 1) != 1) break;
        }
        _exit(0);
    }
    close(to_other[0]);
    test();
    close(to_other[1]);
    int status = 0;
    EQUAL(waitpid(pid, &status, 0), pid);
    EQUAL(status, 0);
    close(from_other[0]);
    close(from_other[1]);
}

static struct stat look(const char* path)
{
    struct stat st = {0};
    for (int i = 0; i < OFTEN; i++) EQUAL(stat(path, &st), 0);
    return st;
}

static void look_for_missing(const char* path)
{
    struct stat st;
    for (int i = 0; i < OFTEN; i++) FAILS(stat(path, &st), ENOENT);
}

static void do_chmod(void) { EQUAL(chmod("file", 0604), 0); }
static void do_append(void)
{
    int fd = open("file", O_WRONLY | O_APPEND);
    EQUAL(write(fd, "more", 4), 4);
    close(fd);
}
static void do_overwrite(void)
{
    int fd = open("file", O_WRONLY);
    EQUAL(pwrite(fd, "X", 1, 0), 1);
    close(fd);
}
static void do_truncate(void) { EQUAL(truncate("file", 1), 0); }
static void do_open_truncate(void) { close(open("file", O_WRONLY | O_TRUNC)); }
static void do_set_times(void)
{
    const struct timespec times[2] = {{1000, 0}, {2000, 0}};
    EQUAL(utimensat(AT_FDCWD, "file", times, 0), 0);
}
static void do_link(void) { EQUAL(link("file", "second"), 0); }
static void do_unlink_second(void) { EQUAL(unlink("second"), 0); }

static void attributes(void)
{
    put_file("file", "text");
    struct stat now;
    look("file");
    other_does(do_chmod);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_mode, S_IFREG | 0604);
    EQUAL(look("file").st_size, 4);
    other_does(do_append);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_size, 8);
    other_does(do_set_times);
    EQUAL(look("file").st_mtim.tv_sec, 2000);
    other_does(do_overwrite);  // of as many bytes: only the times tell
    EQUAL(stat("file", &now), 0);
    TRUE(now.st_mtim.tv_sec > 2000 && now.st_ctim.tv_sec > 2000);
    look("file");
    other_does(do_truncate);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_size, 1);
    look("file");
    other_does(do_open_truncate);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_size, 0);
    look("file");
    other_does(do_set_times);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_mtim.tv_sec, 2000);
    look("file");
    other_does(do_link);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_nlink, 2);
    look("second");
    other_does(do_unlink_second);
    FAILS(stat("second", &now), ENOENT);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_nlink, 1);
}

static void do_remove(void) { EQUAL(unlink("file"), 0); }
static void do_create(void) { put_file("file", "new"); }
static void do_rename_away(void) { EQUAL(rename("file", "elsewhere"), 0); }
static void do_rename_over(void) { EQUAL(rename("elsewhere", "file"), 0); }
static void do_replace_by_link(void)
{
    put_file("target", "behind the link");
    EQUAL(unlink("file"), 0);
    EQUAL(symlink("target", "file"), 0);
}

static void names(void)
{
    struct stat now;
    put_file("file", "old");
    look("file");
    other_does(do_remove);
    FAILS(stat("file", &now), ENOENT);
    FAILS(access("file", F_OK), ENOENT);
    FAILS(open("file", O_RDONLY), ENOENT);
    look_for_missing("file");
    other_does(do_create);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_size, 3);
    ino_t made = look("file").st_ino;
    other_does(do_rename_away);
    FAILS(stat("file", &now), ENOENT);
    EQUAL(stat("elsewhere", &now), 0);
    EQUAL(now.st_ino, made);
    put_file("file", "another");
    TRUE(look("file").st_ino != made);
    other_does(do_rename_over);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_ino, made);
    look("file");
    other_does(do_replace_by_link);
    EQUAL(stat("file", &now), 0);
    EQUAL(now.st_size, 15);
    EQUAL(lstat("file", &now), 0);
    EQUAL(now.st_mode & S_IFMT, S_IFLNK);
}

static void do_move_directory(void)
{
    EQUAL(rename("d/inner", "d/gone"), 0);
    EQUAL(rename("d/other", "d/inner"), 0);
}
static void do_make_in_directory(void) { EQUAL(mkdir("d/inner/below", 0700), 0); }
static void do_close_directory(void) { EQUAL(chmod("d", 0600), 0); }
static void do_open_directory(void) { EQUAL(chmod("d", 0700), 0); }

static void directories(void)
{
    struct stat now;
    EQUAL(mkdir("d", 0700), 0);
    EQUAL(mkdir("d/inner", 0700), 0);
    EQUAL(mkdir("d/other", 0700), 0);
    put_file("d/inner/file", "one");
    put_file("d/other/file", "three");
    EQUAL(look("d/inner/file").st_size, 3);
    other_does(do_move_directory);
    EQUAL(stat("d/inner/file", &now), 0);
    EQUAL(now.st_size, 5);
    nlink_t links = look("d/inner").st_nlink;
    other_does(do_make_in_directory);
    EQUAL(stat("d/inner", &now), 0);
    EQUAL(now.st_nlink, links + 1);
    look("d/inner/file");
    other_does(do_close_directory);
    if (geteuid() != 0) {
        FAILS(stat("d/inner/file", &now), EACCES);
        FAILS(access("d/inner/file", F_OK), EACCES);
    }
    other_does(do_open_directory);
    EQUAL(stat("d/inner/file", &now), 0);
}

static void do_forbid(void) { EQUAL(chmod("file", 0400), 0); }
static void do_put_program(void)
{
    int fd = open("program", O_CREAT | O_WRONLY | O_EXCL, 0700);
    EQUAL(write(fd, "#!/nowhere\n", 11), 11);
    close(fd);
}

static void missing_and_forbidden(void)
{
    put_file("file", "text");
    for (int i = 0; i < OFTEN; i++) EQUAL(access("file", W_OK), 0);
    other_does(do_forbid);
    if (geteuid() != 0) FAILS(access("file", W_OK), EACCES);
    EQUAL(access("file", R_OK), 0);
    other_does(do_remove);
    for (int i = 0; i < OFTEN; i++) FAILS(open("file", O_RDONLY), ENOENT);
    other_does(do_create);
    int fd = open("file", O_RDONLY);
    TRUE(fd >= 0);
    close(fd);
    char* words[] = {"program", NULL};
    look_for_missing("program");
    for (int i = 0; i < OFTEN; i++) FAILS(execve("program", words, words), ENOENT);
    FAILS(access("program", X_OK), ENOENT);
    other_does(do_put_program);
    EQUAL(access("program", X_OK), 0);
    // What is not there is made, whoever has looked for it before.
    look_for_missing("made");
    fd = open("made", O_CREAT | O_RDWR, 0600);
    TRUE(fd >= 0);
    struct stat now;
    EQUAL(stat("made", &now), 0);
    look("made");
    EQUAL(write(fd, "12345", 5), 5);
    EQUAL(stat("made", &now), 0);
    EQUAL(now.st_size, 5);
    look("made");
    EQUAL(fchmod(fd, 0640), 0);
    EQUAL(ftruncate(fd, 2), 0);
    EQUAL(stat("made", &now), 0);
    EQUAL(now.st_mode, S_IFREG | 0640);
    EQUAL(now.st_size, 2);
    close(fd);
}

// A child that has what its parent remembered sees what happens after, too; so does the parent.
static void after_fork(void)
{
    struct stat now;
    put_file("file", "text");
    look("file");
    pid_t pid = fork();
    if (pid == 0) {
        look("file");
        do_append();
        if (stat("file", &now) != 0 || now.st_size != 8) _exit(1);
        look("file");
        do_remove();
        _exit(stat("file", &now) == -1 && errno == ENOENT ? 0 : 2);
    }
    int status = 0;
    EQUAL(waitpid(pid, &status, 0), pid);
    EQUAL(status, 0);
    FAILS(stat("file", &now), ENOENT);
}

static void test_attributes(void) { with_other(attributes); }
static void test_names(void) { with_other(names); }
static void test_directories(void) { with_other(directories); }
static void test_missing(void) { with_other(missing_and_forbidden); }

MAIN(TEST(test_attributes), TEST(test_names), TEST(test_directories), TEST(test_missing), TEST(after_fork))
