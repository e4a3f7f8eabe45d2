// SPDX-License-Identifier: MIT
// inotify: what is told of files and directories, in which order, and what of it can be waited for.
#include "tests/linux/check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

static char got[4096];  // the events as text: "NUMBER:NAMES[:NAME] ..."

static void add_text(const char* text) { strncat(got, text, sizeof got - strlen(got) - 1); }

static const struct {
    uint32_t bit;
    const char* name;
} bits[] = {{IN_ACCESS, "access"},        {IN_MODIFY, "modify"},         {IN_ATTRIB, "attrib"},
            {IN_CLOSE_WRITE, "written"},  {IN_CLOSE_NOWRITE, "closed"},  {IN_OPEN, "open"},
            {IN_MOVED_FROM, "from"},      {IN_MOVED_TO, "to"},           {IN_CREATE, "create"},
            {IN_DELETE, "delete"},        {IN_DELETE_SELF, "self-gone"}, {IN_MOVE_SELF, "self-moved"},
            {IN_Q_OVERFLOW, "overflow"},  {IN_IGNORED, "ignored"},       {IN_ISDIR, "dir"}};

static uint32_t cookies[2];

// What has happened up to now, with the numbers of watches only if asked for.
static const char* events(int list, int numbers) {
    char buffer[8192] __attribute__((aligned(8)));
    int cookie = 0;
    got[0] = '\0';
    for (;;) {
        struct pollfd one = {list, POLLIN, 0};
        if (poll(&one, 1, 0) == 0) return got;
        ssize_t length = read(list, buffer, sizeof buffer);
        if (length <= 0) {
            check_report(__FILE__, __LINE__, "read of events", length);
            return got;
        }
        for (char* at = buffer; at < buffer + length;) {
            struct inotify_event* event = (struct inotify_event*)at;
            char number[16];
            if (got[0]) add_text(" ");
            snprintf(number, sizeof number, "%d:", event->wd);
            if (numbers) add_text(number);
            int first = 1;
            for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++) {
                if (!(event->mask & bits[i].bit)) continue;
                if (!first) add_text("+");
                first = 0;
                add_text(bits[i].name);
            }
            if (event->len) {
                add_text(":");
                add_text(event->name);
            }
            if (event->cookie && cookie < 2) cookies[cookie++] = event->cookie;
            at += sizeof *event + event->len;
        }
    }
}

#define HEARD(list, text)                                                      \
    do {                                                                       \
        const char* heard_ = events(list, 0);                                  \
        if (strcmp(heard_, text) != 0) {                                       \
            check_report(__FILE__, __LINE__, heard_, 0);                       \
            printf("  instead of: %s\n", text);                                \
        }                                                                      \
    } while (0)

static void in_a_directory(void) {
    int list = inotify_init1(IN_NONBLOCK);
    TRUE(list >= 0);
    EQUAL(mkdir("d", 0700), 0);
    TRUE(inotify_add_watch(list, "d", IN_ALL_EVENTS) > 0);
    HEARD(list, "");
    put_file("d/a", "text");
    HEARD(list, "create:a open:a modify:a written:a");
    char byte;
    int reader = open("d/a", O_RDONLY);
    EQUAL(read(reader, &byte, 1), 1);
    close(reader);
    HEARD(list, "open:a access:a closed:a");
    EQUAL(chmod("d/a", 0600), 0);
    HEARD(list, "attrib:a");
    EQUAL(truncate("d/a", 1), 0);
    HEARD(list, "modify:a");
    EQUAL(link("d/a", "d/b"), 0);
    HEARD(list, "create:b");
    EQUAL(symlink("a", "d/s"), 0);
    EQUAL(mkfifo("d/f", 0600), 0);
    EQUAL(mkdir("d/e", 0700), 0);
    HEARD(list, "create:s create:f create+dir:e");
    EQUAL(rename("d/a", "d/c"), 0);
    HEARD(list, "from:a to:c");
    TRUE(cookies[0] != 0 && cookies[0] == cookies[1]);
    EQUAL(rename("d/c", "out"), 0);
    HEARD(list, "from:c");
    EQUAL(rename("out", "d/c"), 0);
    HEARD(list, "to:c");
    EQUAL(unlink("d/b"), 0);
    EQUAL(rmdir("d/e"), 0);
    HEARD(list, "delete:b delete+dir:e");
    // What is deeper is not told.
    EQUAL(mkdir("d/deep", 0700), 0);
    put_file("d/deep/x", "");
    HEARD(list, "create+dir:deep");
    unlink("d/deep/x");
    close(list);
}

// Of one file, through whatever name, and to its end.
static void of_a_file(void) {
    put_file("a", "text");
    int list = inotify_init1(IN_NONBLOCK);
    TRUE(inotify_add_watch(list, "a", IN_ALL_EVENTS) > 0);
    int fd = open("a", O_RDWR);
    EQUAL(write(fd, "more", 4), 4);
    EQUAL(ftruncate(fd, 2), 0);
    EQUAL(fchmod(fd, 0600), 0);
    HEARD(list, "open modify attrib");
    EQUAL(link("a", "b"), 0);
    HEARD(list, "attrib");
    EQUAL(rename("a", "c"), 0);
    HEARD(list, "self-moved");
    EQUAL(unlink("b"), 0);
    HEARD(list, "attrib");
    EQUAL(unlink("c"), 0);
    HEARD(list, "attrib");
    close(fd);
    HEARD(list, "written self-gone ignored");
    // Its number is gone, too.
    FAILS(inotify_rm_watch(list, 1), EINVAL);
    close(list);
}

// A file that was open before its directory was watched, and one that moves meanwhile.
static void opened_before(void) {
    EQUAL(mkdir("d", 0700), 0);
    put_file("d/old", "12");
    int fd = open("d/old", O_RDWR);
    int list = inotify_init1(IN_NONBLOCK);
    TRUE(inotify_add_watch(list, "d", IN_MODIFY | IN_CLOSE_WRITE) > 0);
    EQUAL(write(fd, "x", 1), 1);
    HEARD(list, "modify:old");
    EQUAL(rename("d/old", "d/new"), 0);
    EQUAL(write(fd, "x", 1), 1);
    HEARD(list, "modify:new");
    EQUAL(mkdir("e", 0700), 0);
    TRUE(inotify_add_watch(list, "e", IN_MODIFY | IN_CLOSE_WRITE) > 0);
    EQUAL(rename("d/new", "e/there"), 0);
    EQUAL(write(fd, "x", 1), 1);
    close(fd);
    HEARD(list, "modify:there written:there");
    close(list);
}

static void numbers_and_masks(void) {
    put_file("a", "");
    put_file("b", "");
    int list = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    EQUAL(fcntl(list, F_GETFD), FD_CLOEXEC);
    int a = inotify_add_watch(list, "a", IN_MODIFY);
    int b = inotify_add_watch(list, "b", IN_MODIFY);
    TRUE(a > 0 && b > a);
    EQUAL(inotify_add_watch(list, "./a", IN_ATTRIB), a);  // the same file: its mask is another now
    put_file("a", "x");
    HEARD(list, "");
    EQUAL(inotify_add_watch(list, "a", IN_MODIFY | IN_MASK_ADD), a);
    FAILS(inotify_add_watch(list, "a", IN_MODIFY | IN_MASK_CREATE), EEXIST);
    FAILS(inotify_add_watch(list, "a", IN_MODIFY | IN_MASK_CREATE | IN_MASK_ADD), EINVAL);
    EQUAL(truncate("b", 4), 0);
    EQUAL(truncate("a", 4), 0);
    EQUAL(chmod("a", 0640), 0);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%d:modify %d:modify %d:attrib", b, a, a);
    TRUE(strcmp(events(list, 1), wanted) == 0);
    EQUAL(inotify_rm_watch(list, a), 0);
    HEARD(list, "ignored");
    EQUAL(truncate("a", 5), 0);
    HEARD(list, "");
    EQUAL(inotify_add_watch(list, "a", IN_MODIFY | IN_ONESHOT), b + 1);
    EQUAL(truncate("a", 6), 0);
    EQUAL(truncate("a", 7), 0);
    HEARD(list, "modify ignored");
    close(list);
}

static void mistakes(void) {
    put_file("a", "");
    int list = inotify_init1(IN_NONBLOCK), other = open("a", O_RDWR);
    FAILS(inotify_init1(1), EINVAL);
    FAILS(inotify_add_watch(list, "none", IN_MODIFY), ENOENT);
    FAILS(inotify_add_watch(list, "a", 0), EINVAL);
    FAILS(inotify_add_watch(list, "a", IN_MODIFY | IN_ONLYDIR), ENOTDIR);
    FAILS(inotify_add_watch(list, (char*)8, IN_MODIFY), EFAULT);
    FAILS(inotify_add_watch(other, "a", IN_MODIFY), EINVAL);
    FAILS(inotify_add_watch(99, "a", IN_MODIFY), EBADF);
    FAILS(inotify_rm_watch(list, 1), EINVAL);
    FAILS(inotify_rm_watch(other, 1), EINVAL);
    FAILS(inotify_rm_watch(99, 1), EBADF);
    char small[8], large[64];
    FAILS(read(list, large, sizeof large), EAGAIN);
    FAILS(write(list, "x", 1), EBADF);
    EQUAL(inotify_add_watch(list, ".", IN_CREATE), 1);
    put_file("name", "");
    FAILS(read(list, small, sizeof small), EINVAL);
    int bytes = 0;
    EQUAL(ioctl(list, FIONREAD, &bytes), 0);
    EQUAL(bytes, 32);
    EQUAL(read(list, large, sizeof large), 32);
    close(list);
    close(other);
}

// Somebody else changes something while this one waits.
static void waiting(void) {
    int list = inotify_init1(0), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = list}};
    EQUAL(epoll_ctl(epoll, EPOLL_CTL_ADD, list, &event), 0);
    EQUAL(inotify_add_watch(list, ".", IN_CREATE), 1);
    EQUAL(epoll_wait(epoll, &event, 1, 0), 0);
    for (int round = 0; round < 3; round++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", round);
        pid_t child = fork();
        if (child == 0) {
            usleep(30000);
            int fd = open(name, O_CREAT | O_WRONLY, 0600);
            _exit(fd < 0);
        }
        if (round == 0) {
            struct pollfd one = {list, POLLIN, 0};
            EQUAL(poll(&one, 1, 20000), 1);
        } else if (round == 1) {
            EQUAL(epoll_wait(epoll, &event, 1, 20000), 1);
        }
        char buffer[64] __attribute__((aligned(8)));
        EQUAL(read(list, buffer, sizeof buffer), 32);
        TRUE(strcmp(((struct inotify_event*)buffer)->name, name) == 0);
        EQUAL(status_of(child), 0);
    }
    close(epoll);
    close(list);
}

// Who does not read loses events, and is told so; what comes after that is heard again.
static void overflow(void) {
    int list = inotify_init1(IN_NONBLOCK);
    put_file("a", "");
    put_file("b", "");
    EQUAL(inotify_add_watch(list, ".", IN_CREATE | IN_ATTRIB), 1);
    for (int i = 0; i < 17000; i++) EQUAL(chmod(i % 2 ? "a" : "b", 0600), 0);
    int lost = 0;
    char buffer[4096] __attribute__((aligned(8)));
    ssize_t length;
    while ((length = read(list, buffer, sizeof buffer)) > 0) {
        for (char* at = buffer; at < buffer + length;) {
            struct inotify_event* event = (struct inotify_event*)at;
            if (event->mask & IN_Q_OVERFLOW) {
                EQUAL(event->wd, -1);
                lost++;
            }
            at += sizeof *event + event->len;
        }
    }
    EQUAL(lost, 1);
    EQUAL(mkdir("y", 0700), 0);
    HEARD(list, "create+dir:y");
    close(list);
}

MAIN(TEST(in_a_directory), TEST(of_a_file), TEST(opened_before), TEST(numbers_and_masks),
     TEST(mistakes), TEST(waiting), TEST(overflow))
