// SPDX-License-Identifier: MIT
// Advisory locks that one waits for: who gets them, and what signals that end the wait leave behind.
#include "tests/linux/check.h"

#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/time.h>

static void handler(int signal) { (void)signal; }

// SIGALRM every so many microseconds; 0: no more.
static void alarms(long period, int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    const struct itimerval timer = {.it_interval.tv_usec = period, .it_value.tv_usec = period};
    if (period != 0) sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    if (period == 0) signal(SIGALRM, SIG_DFL);
}

static int lock(int fd, int command, int type)
{
    struct flock whole = {.l_type = (short)type, .l_whence = SEEK_SET};
    return fcntl(fd, command, &whole);
}

// Which lock of somebody else is in the way of an exclusive one?
static int in_the_way(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    fcntl(fd, F_GETLK, &whole);
    return whole.l_type;
}

// A child that takes a lock, says so, and lets it go when it is told; then it ends with what was in its way.
struct holder {
    pid_t pid;
    int told, go_on;
};
static struct holder hold(int type)
{
    int told[2], go_on[2];
    char c;
    (void)!pipe(told);
    (void)!pipe(go_on);
    pid_t pid = fork();
    if (pid == 0) {
        close(go_on[1]);
        int fd = open("f", O_RDWR);
        int bad = lock(fd, F_SETLK, type) != 0;
        (void)!write(told[1], "x", 1);
        (void)!read(go_on[0], &c, 1);
        bad |= lock(fd, F_SETLK, F_UNLCK) != 0;
        _exit(bad ? 99 : in_the_way(fd));
    }
    close(told[1]);
    close(go_on[0]);
    EQUAL(read(told[0], &c, 1), 1);
    return (struct holder){pid, told[0], go_on[1]};
}
static int end_hold(struct holder holder)
{
    (void)!write(holder.go_on, "x", 1);
    int status = status_of(holder.pid);
    close(holder.told);
    close(holder.go_on);
    return status;
}

static void waits_for_the_holder(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct holder other = hold(F_WRLCK);
    TRUE(lock(fd, F_SETLK, F_WRLCK) == -1 && (errno == EAGAIN || errno == EACCES));
    (void)!write(other.go_on, "x", 1);
    EQUAL(lock(fd, F_SETLKW, F_WRLCK), 0);
    status_of(other.pid);
    close(other.told);
    close(other.go_on);
    close(fd);
}

static void a_signal_ends_the_wait(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct holder other = hold(F_WRLCK);
    alarms(20000, 0);
    FAILS(lock(fd, F_SETLKW, F_WRLCK), EINTR);
    FAILS(lock(fd, F_SETLKW, F_RDLCK), EINTR);
    alarms(0, 0);
    // Whoever gave up gets nothing when the lock is free.
    EQUAL(end_hold(other), F_UNLCK);
    close(fd);
}

static void what_one_had_stays(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    EQUAL(lock(fd, F_SETLK, F_RDLCK), 0);
    struct holder other = hold(F_RDLCK);
    alarms(20000, 0);
    FAILS(lock(fd, F_SETLKW, F_WRLCK), EINTR);
    alarms(0, 0);
    EQUAL(end_hold(other), F_RDLCK);
    close(fd);
}

static void a_restarted_wait_gets_it(void)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct holder other = hold(F_WRLCK);
    alarms(5000, SA_RESTART);
    if (fork() == 0) {
        usleep(50000);
        (void)!write(other.go_on, "x", 1);
        _exit(0);
    }
    EQUAL(lock(fd, F_SETLKW, F_WRLCK), 0);
    alarms(0, 0);
    for (int i = 0; i < 2; i++) wait(NULL);
    close(other.told);
    close(other.go_on);
    close(fd);
}

// Each adds to a number that only the lock protects, while signals keep interrupting.
static void nobody_is_in_twice(void)
{
    enum { children = 3, rounds = 60 };
    volatile long* number = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    close(open("f", O_RDWR | O_CREAT, 0600));
    for (int whole = 0; whole < 2; whole++) {
        *number = 0;
        pid_t pids[children];
        for (int i = 0; i < children; i++) {
            if ((pids[i] = fork()) != 0) continue;
            int fd = open("f", O_RDWR), bad = 0;
            alarms(1000 + 300 * i, i == 0 ? 0 : SA_RESTART);
            for (int round = 0; round < rounds; round++) {
                while ((whole ? flock(fd, LOCK_EX) : lock(fd, F_SETLKW, F_WRLCK)) != 0) bad |= errno != EINTR;
                long before = *number;
                if (round % 8 == 0) sched_yield();
                *number = before + 1;
                bad |= (whole ? flock(fd, LOCK_UN) : lock(fd, F_SETLK, F_UNLCK)) != 0;
            }
            _exit(bad);
        }
        for (int i = 0; i < children; i++) EQUAL(status_of(pids[i]), 0);
        EQUAL(*number, children * rounds);
    }
}

MAIN(TEST(waits_for_the_holder), TEST(a_signal_ends_the_wait), TEST(what_one_had_stays),
     TEST(a_restarted_wait_gets_it), TEST(nobody_is_in_twice))
