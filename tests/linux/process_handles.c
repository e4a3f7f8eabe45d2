// SPDX-License-Identifier: MIT
// Processes by descriptor: pidfd_open, pidfd_send_signal, waitid(P_PIDFD), CLONE_PIDFD, poll.
#include "tests/linux/check.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

static int open_process(pid_t pid, unsigned flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
static int send_signal(int fd, int signal, siginfo_t* info, unsigned flags) {
    return (int)syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}
static int wait_by(int fd, siginfo_t* info, int options) {
    memset(info, 0, sizeof *info);
    return waitid((idtype_t)P_PIDFD, (id_t)fd, info, options);
}
static short ready(int fd, int timeout) {
    struct pollfd one = {fd, POLLIN, 0};
    return poll(&one, 1, timeout) == 1 ? one.revents : 0;
}
static pid_t sleeper(void) {
    pid_t child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    return child;
}

static void opening(void) {
    int own = open_process(getpid(), 0);
    TRUE(own >= 0);
    EQUAL(fcntl(own, F_GETFD), FD_CLOEXEC);
    EQUAL(ready(own, 0), 0);
    char byte;
    FAILS(read(own, &byte, 1), EINVAL);
    FAILS(write(own, &byte, 1), EINVAL);
    FAILS(open_process(0, 0), EINVAL);
    FAILS(open_process(-1, 0), EINVAL);
    FAILS(open_process(getpid(), 1), EINVAL);
    FAILS(open_process(4000000, 0), ESRCH);
    FAILS(syscall(SYS_pidfd_getfd, 99, 0, 0), EBADF);
    FAILS(syscall(SYS_pidfd_getfd, own, 0, 1), EINVAL);
    FAILS(syscall(SYS_pidfd_getfd, 0, 0, 0), EBADF);
    close(own);
}

static void ends(void) {
    pid_t child = sleeper();
    int fd = open_process(child, 0);
    EQUAL(ready(fd, 0), 0);
    int list = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = 7}};
    EQUAL(epoll_ctl(list, EPOLL_CTL_ADD, fd, &event), 0);
    EQUAL(epoll_wait(list, &event, 1, 0), 0);
    EQUAL(send_signal(fd, 0, NULL, 0), 0);
    FAILS(send_signal(fd, 99, NULL, 0), EINVAL);
    FAILS(send_signal(fd, SIGTERM, NULL, 5), EINVAL);
    FAILS(send_signal(99, SIGTERM, NULL, 0), EBADF);
    int file = open("/dev/null", O_RDONLY);
    FAILS(send_signal(file, SIGTERM, NULL, 0), EBADF);
    siginfo_t info;
    FAILS(wait_by(file, &info, WEXITED), EBADF);
    close(file);
    EQUAL(wait_by(fd, &info, WEXITED | WNOHANG), 0);
    EQUAL(info.si_pid, 0);
    EQUAL(send_signal(fd, SIGTERM, NULL, 0), 0);
    EQUAL(ready(fd, 20000), POLLIN);
    EQUAL(epoll_wait(list, &event, 1, 20000), 1);
    // Ended, and still there.
    EQUAL(send_signal(fd, 0, NULL, 0), 0);
    int late = open_process(child, 0);
    TRUE(late >= 0);
    EQUAL(ready(late, 0), POLLIN);
    EQUAL(wait_by(fd, &info, WEXITED | WNOWAIT), 0);
    EQUAL(wait_by(late, &info, WEXITED), 0);
    TRUE(info.si_pid == child && info.si_code == CLD_KILLED && info.si_status == SIGTERM);
    FAILS(send_signal(fd, 0, NULL, 0), ESRCH);
    FAILS(open_process(child, 0), ESRCH);
    FAILS(wait_by(fd, &info, WEXITED), ECHILD);
    TRUE((ready(fd, 0) & POLLIN) != 0);
    close(fd);
    close(late);
    close(list);
}

// More than anything keeps, one after the other; and one that may not be signalled.
static void many_and_strangers(void) {
    pid_t child = sleeper();
    for (int i = 0; i < 5000; i++) {
        int fd = open_process(child, 0);
        if (fd < 0 || close(fd) != 0) {
            EQUAL(i, 5000);
            break;
        }
    }
    int fd = open_process(child, 0);
    kill(child, SIGKILL);
    EQUAL(ready(fd, 20000), POLLIN);
    status_of(child);
    close(fd);
    if (geteuid() != 0) return;  // nobody here is somebody else
    pid_t other = fork();
    if (other == 0) {
        if (setgid(1234) != 0 || setuid(1234) != 0) _exit(1);
        fd = open_process(getppid(), 0);
        if (fd < 0 || ready(fd, 0) != 0) _exit(2);
        _exit(send_signal(fd, SIGCONT, NULL, 0) == -1 ? 3 : send_signal(fd, 0, NULL, 0) == -1 ? 0 : 4);
    }
    EQUAL(status_of(other), 0);
}

// The number may be another one's by now; the descriptor never is.
static void numbers_come_again(void) {
    pid_t child = sleeper();
    int fd = open_process(child, 0);
    kill(child, SIGKILL);
    EQUAL(status_of(child), 1000 + SIGKILL);
    pid_t other = sleeper();
    FAILS(send_signal(fd, SIGKILL, NULL, 0), ESRCH);
    EQUAL(kill(other, 0), 0);
    kill(other, SIGKILL);
    status_of(other);
    close(fd);
}

static volatile int got_value, got_code;
static void note(int signal, siginfo_t* info, void* context) {
    (void)signal;
    (void)context;
    got_value = info->si_value.sival_int;
    got_code = info->si_code;
}

static void with_information(void) {
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    int own = open_process(getpid(), 0);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR1;
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 42;
    EQUAL(send_signal(own, SIGUSR1, &info, 0), 0);
    EQUAL(got_value, 42);
    EQUAL(got_code, SI_QUEUE);
    FAILS(send_signal(own, SIGUSR2, &info, 0), EINVAL);
    EQUAL(send_signal(own, SIGUSR1, NULL, 0), 0);
    EQUAL(got_code, SI_USER);
    FAILS(send_signal(own, SIGUSR1, (siginfo_t*)8, 0), EFAULT);
    pid_t child = sleeper();
    int fd = open_process(child, 0);
    info.si_code = 1;
    FAILS(send_signal(fd, SIGUSR1, &info, 0), EPERM);
    send_signal(fd, SIGKILL, NULL, 0);
    status_of(child);
    close(fd);
    close(own);
}

static void from_clone(void) {
    int fd = -1;
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
    if (child == 0) _exit(33);
    TRUE(child > 0 && fd >= 0);
    EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    siginfo_t info;
    EQUAL(wait_by(fd, &info, WEXITED), 0);
    TRUE(info.si_pid == child && info.si_code == CLD_EXITED && info.si_status == 33);
    close(fd);
    FAILS(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0), EINVAL);
    uint64_t how[8] = {CLONE_PIDFD, (uint64_t)&fd, 0, 0, SIGCHLD, 0, 0, 0};
    fd = -1;
    child = (pid_t)syscall(SYS_clone3, how, sizeof how);
    if (child == 0) _exit(34);
    TRUE(child > 0 && fd >= 0);
    EQUAL(wait_by(fd, &info, WEXITED), 0);
    EQUAL(info.si_status, 34);
    close(fd);
}

// Asking whether it has ended does not wait, if the descriptor does not.
static void non_blocking(void) {
    pid_t child = sleeper();
    int fd = open_process(child, O_NONBLOCK);
    siginfo_t info;
    FAILS(wait_by(fd, &info, WEXITED), EAGAIN);
    kill(child, SIGKILL);
    EQUAL(ready(fd, 20000), POLLIN);
    EQUAL(wait_by(fd, &info, WEXITED), 0);
    close(fd);
}

// It goes to children, and through sockets.
static void passed_on(void) {
    pid_t child = sleeper();
    int fd = open_process(child, 0);
    int pair[2];
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t watcher = fork();
    if (watcher == 0) {
        char byte, room[CMSG_SPACE(sizeof(int))];
        struct iovec data = {&byte, 1};
        struct msghdr message = {
            .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
        if (recvmsg(pair[1], &message, 0) != 1) _exit(1);
        int got;
        memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
        if (ready(got, 0) != 0 || send_signal(got, SIGKILL, NULL, 0) != 0) _exit(2);
        if (ready(got, 20000) != POLLIN || ready(fd, 20000) != POLLIN) _exit(3);
        siginfo_t info;
        _exit(wait_by(got, &info, WEXITED) == -1 && errno == ECHILD ? 0 : 4);
    }
    char room[CMSG_SPACE(sizeof(int))];
    struct iovec data = {"x", 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    EQUAL(sendmsg(pair[0], &message, 0), 1);
    EQUAL(status_of(watcher), 0);
    EQUAL(status_of(child), 1000 + SIGKILL);
    close(fd);
    close(pair[0]);
    close(pair[1]);
}

MAIN(TEST(opening), TEST(ends), TEST(many_and_strangers), TEST(numbers_come_again),
     TEST(with_information), TEST(from_clone), TEST(non_blocking), TEST(passed_on))
