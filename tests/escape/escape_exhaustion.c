// SPDX-License-Identifier: MIT
// Attempts to use up what others need. The container has a limit of memory and of processes; each attempt must meet an error of
// its own, and what it took must be there again afterwards.
#include "tests/escape/escape.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

#define PLACE "/home/admin/place"
enum { page = 4096, plenty = 100000 };

// A child takes as many as it can get. -> how many; `error` is what ended it. A write to a page that it shares with its parent
// takes memory, too, and cannot be refused by an error: then it is killed, which is an end like ENOMEM, as on Linux.
static int taken(int (*take)(int), int* error) {
    struct {
        int count, error;
    }* told =
        mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (told == MAP_FAILED) return -1;
    pid_t child = fork();
    if (child == 0) {
        told->error = 0;
        while (told->count < plenty && take(told->count) == 0) told->count++;
        told->error = errno;
        _exit(0);
    }
    const int status = status_of(child);
    TRUE(status == 0 || status == 1000 + SIGKILL);
    const int count = told->count;
    *error = status == 0 ? told->error : ENOMEM;
    munmap(told, page);
    return count;
}

// It ends with this error (or another one that says so), and is to be had again, as much of it as before.
static void ends_and_comes_back(int (*take)(int), int one, int other, const char* what) {
    int error, again;
    const int first = taken(take, &error);
    if (first <= 0 || first >= plenty || (error != one && error != other))
        check_report(__FILE__, __LINE__, what, error);
    const int second = taken(take, &again);
    if (second < first - first / 8 - 2) check_report(__FILE__, __LINE__, what, second);
}

static int take_memory(int unused) {
    (void)unused;
    char* at = mmap(NULL, 64 * page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (at == MAP_FAILED) return -1;
    return 0;
}
static void memory(void) { ends_and_comes_back(&take_memory, ENOMEM, ENOMEM, "memory"); }

static int take_space(int number) {
    static char block[16 * page];
    memset(block, number | 1, sizeof block);
    int file = open("big", O_CREAT | O_WRONLY | O_APPEND, 0600);
    if (file < 0) return -1;
    ssize_t done = write(file, block, sizeof block);
    int error = errno;
    close(file);
    errno = error;
    return done == sizeof block ? 0 : done < 0 ? -1 : (errno = ENOSPC, -1);
}
static void space_in_files(void) {
    int error;
    for (int i = 0; i < 2; i++) {
        const int blocks = taken(&take_space, &error);
        TRUE(blocks > 0 && blocks < plenty &&
             (error == ENOSPC || error == ENOMEM || error == EFBIG));
        EQUAL(unlink("big"), 0);
    }
}

static int take_name(int number) {
    char name[16];
    snprintf(name, sizeof name, "f%d", number);
    int file = open(name, O_CREAT | O_WRONLY | O_EXCL, 0600);
    if (file < 0) return -1;
    close(file);
    return 0;
}
static void many_names(void) {
    int error;
    EQUAL(mkdir("many", 0700), 0);
    EQUAL(chdir("many"), 0);
    const int names = taken(&take_name, &error);
    TRUE(names > 100 && (names == plenty || error == ENOSPC || error == ENOMEM));
    for (int i = 0; i < names; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        unlink(name);
    }
    EQUAL(take_name(0), 0);  // there is room again
}

static void deep_directories(void) {
    int depth = 0;
    while (depth < 3000 && mkdir("d", 0700) == 0 && chdir("d") == 0) depth++;
    TRUE(depth > 50);
    char path[page];
    while (depth-- > 0) {
        if (chdir("..") != 0 || rmdir("d") != 0) break;
    }
    (void)!getcwd(path, sizeof path);
}

static void processes(void) {
    static pid_t children[1000];
    int count = 0;
    while (count < 1000 && (children[count] = fork()) >= 0) {
        if (children[count] == 0) {
            for (;;) pause();
        }
        count++;
    }
    TRUE(count > 2 && count < 30 && errno == EAGAIN);
    for (int i = 0; i < count; i++) kill(children[i], SIGKILL);
    for (int i = 0; i < count; i++) EQUAL(status_of(children[i]), 1000 + SIGKILL);
    pid_t child = fork();  // there is room for one again
    if (child == 0) _exit(3);
    EQUAL(status_of(child), 3);
}

static int take_abstract_name(int number) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%d", number);
    const int file = socket(AF_UNIX, SOCK_DGRAM, 0);
    return bind(file, (struct sockaddr*)&name,
                (socklen_t)(sizeof name.sun_family + 1 + (size_t)length));
}
static void abstract_names(void) {
    ends_and_comes_back(&take_abstract_name, ENOMEM, EMFILE, "abstract names");
}

static void* sleeper(void* unused) {
    pause();
    return unused;
}
static int take_thread(int unused) {
    (void)unused;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    pthread_t thread;
    const int error = pthread_create(&thread, &small, &sleeper, NULL);
    errno = error;
    return error == 0 ? 0 : -1;
}
static void threads(void) { ends_and_comes_back(&take_thread, EAGAIN, ENOMEM, "threads"); }

static int take_descriptor(int unused) {
    (void)unused;
    return open(PLACE "/file", O_RDONLY) < 0 ? -1 : 0;
}
static void descriptors(void) {
    ends_and_comes_back(&take_descriptor, EMFILE, ENOMEM, "descriptors");
}

static int take_pipe(int unused) {
    (void)unused;
    int both[2];
    return pipe(both);
}
static void pipes(void) { ends_and_comes_back(&take_pipe, EMFILE, ENOMEM, "pipes"); }

static int take_sockets(int unused) {
    (void)unused;
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}
static void sockets(void) { ends_and_comes_back(&take_sockets, EMFILE, ENOMEM, "sockets"); }

static int take_events(int number) {
    return (number % 3 == 0   ? eventfd(0, 0)
            : number % 3 == 1 ? timerfd_create(CLOCK_MONOTONIC, 0)
                              : epoll_create1(0)) < 0
               ? -1
               : 0;
}
static void events(void) { ends_and_comes_back(&take_events, EMFILE, ENOMEM, "events"); }

static int take_timer(int unused) {
    (void)unused;
    timer_t timer;
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    return timer_create(CLOCK_MONOTONIC, &none, &timer);
}
static void timers(void) { ends_and_comes_back(&take_timer, EAGAIN, ENOMEM, "timers"); }

// Descriptors that nobody takes, in sockets that nobody has any more but other such sockets.
static void descriptors_on_their_way(void) {
    int pair[2], sent = 0;
    EQUAL(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    for (; sent < 10000; sent++) {
        char control[CMSG_SPACE(sizeof(int))] = {0};
        struct iovec data = {"x", 1};
        struct msghdr message = {.msg_iov = &data,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
        memcpy(CMSG_DATA(header), &pair[1], sizeof(int));
        if (sendmsg(pair[0], &message, MSG_DONTWAIT) < 0) break;
    }
    TRUE(sent > 0 && sent < 10000);
    TRUE(errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOMEM || errno == ENOBUFS);
    close(pair[0]);
    close(pair[1]);
}

static void connections_nobody_accepts(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "listener"};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), count = 0, error = 0;
    EQUAL(bind(listener, (struct sockaddr*)&name, sizeof name), 0);
    EQUAL(listen(listener, 1 << 30), 0);
    for (; count < 5000; count++) {
        int one = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (one < 0 || connect(one, (struct sockaddr*)&name, sizeof name) != 0) {
            error = errno;
            break;
        }
    }
    TRUE(count > 0 && count < 5000 && (error == EAGAIN || error == EMFILE || error == ENOMEM));
    for (int fd = 3; fd < 1100; fd++) close(fd);
}

static void queued_signals(void) {
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &mine, NULL);
    union sigval value = {.sival_int = 1};
    int count = 0;
    while (count < plenty && sigqueue(getpid(), SIGRTMIN, value) == 0) count++;
    TRUE(count > 0 && count < plenty && errno == EAGAIN);
    siginfo_t info;
    struct timespec now = {0, 0};
    while (sigtimedwait(&mine, &info, &now) == SIGRTMIN) count--;
    EQUAL(count, 0);
}

static int take_lock(int number) {
    static int file = -1;
    if (file < 0) file = open("locked", O_CREAT | O_RDWR, 0600);
    struct flock one = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2L * number, .l_len = 1};
    return fcntl(file, F_SETLK, &one);
}
static void locks(void) {
    int error;
    const int count = taken(&take_lock, &error);
    TRUE(count > 100 && count < plenty && (error == ENOLCK || error == ENOMEM));
    EQUAL(take_lock(7), 0);
}

// What one may only read one cannot keep others from.
static void locks_on_what_is_shared(void) {
    int file = open(PLACE "/file", O_RDONLY);
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    REFUSED(fcntl(file, F_SETLK, &all), EBADF);
    close(file);
}

static void mappings(void) {
    int count = 0;
    for (; count < 70000; count++) {
        const int access = count % 2 == 0 ? PROT_READ : PROT_NONE;  // so that no two become one
        if (mmap(NULL, page, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) break;
    }
    TRUE(count > 1000);
    TRUE(count == 70000 || errno == ENOMEM);
}

static void arguments(void) {
    static char* words[60000];
    static char word[] = "0123456789012345678901234567890123456789";
    for (size_t i = 0; i + 1 < sizeof words / sizeof *words; i++) words[i] = word;
    REFUSED(execv("/bin/busybox", words), E2BIG);
}

static void stack(void) {
    ENDS_BY(SIGSEGV, volatile char* at = __builtin_alloca(1); for (;;) * (at -= 1024) = 1);
}

static void huge_lengths(void) {
    int file = open(PLACE "/file", O_RDONLY);
    char byte;
    REFUSED(read(file, (void*)-1L, ~0UL >> 1), EFAULT);
    REFUSED((long)mmap(NULL, ~0UL - page, PROT_READ, MAP_PRIVATE, file, 0), ENOMEM);
    REFUSED((long)mmap(NULL, 1UL << 50, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0),
            ENOMEM);
    REFUSED(lseek(file, -1, SEEK_SET), EINVAL);
    REFUSED(pread(file, &byte, 1, -1), EINVAL);
    REFUSED(truncate("/tmp/none", 0x7fffffffffffffff), ENOENT);
    REFUSED(poll((void*)page, ~0U, 0), EINVAL);
    close(file);
}

ATTEMPTS(TEST(memory), TEST(space_in_files), TEST(many_names), TEST(abstract_names),
         TEST(deep_directories), TEST(processes), TEST(threads), TEST(descriptors), TEST(pipes),
         TEST(sockets), TEST(events), TEST(timers), TEST(descriptors_on_their_way),
         TEST(connections_nobody_accepts), TEST(queued_signals), TEST(locks),
         TEST(locks_on_what_is_shared), TEST(mappings), TEST(arguments), TEST(stack),
         TEST(huge_lengths))
