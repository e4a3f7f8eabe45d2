// SPDX-License-Identifier: MIT
// Pseudo-terminals.
#include "tests/linux/check.h"

#include <dirent.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <termios.h>

static void open_pair(int* master, int* slave) {
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    TRUE(*master >= 0);
    EQUAL(grantpt(*master), 0);
    EQUAL(unlockpt(*master), 0);
    *slave = open(ptsname(*master), O_RDWR | O_NOCTTY);
    TRUE(*slave >= 0);
}

static void make_raw(int fd) {
    struct termios settings;
    EQUAL(tcgetattr(fd, &settings), 0);
    cfmakeraw(&settings);
    EQUAL(tcsetattr(fd, TCSANOW, &settings), 0);
}

// Reads until all of this text has come.
static void expect(int fd, const char* text) {
    char got[256] = "";
    size_t length = 0, wanted = strlen(text);
    while (length < wanted) {
        ssize_t part = read(fd, got + length, wanted - length);
        if (part <= 0) {
            check_report(__FILE__, __LINE__, text, part);
            return;
        }
        length += (size_t)part;
    }
    if (memcmp(got, text, wanted) != 0) check_report(__FILE__, __LINE__, got, 0);
}

static void names_and_numbers(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    unsigned number = 0;
    EQUAL(ioctl(master, TIOCGPTN, &number), 0);
    char name[40];
    snprintf(name, sizeof name, "/dev/pts/%u", number);
    EQUAL(strcmp(ptsname(master), name), 0);
    FAILS(open(name, O_RDWR | O_NOCTTY), EIO);  // locked
    int locked = 7;
    EQUAL(ioctl(master, TIOCGPTLCK, &locked), 0);
    EQUAL(locked, 1);
    EQUAL(unlockpt(master), 0);
    int slave = open(name, O_RDWR | O_NOCTTY);
    TRUE(slave >= 0);
    TRUE(isatty(slave) && isatty(master));
    EQUAL(strcmp(ttyname(slave), name), 0);
    struct stat node, file;
    EQUAL(stat(name, &node), 0);
    EQUAL(fstat(slave, &file), 0);
    TRUE(S_ISCHR(node.st_mode));
    EQUAL(node.st_rdev, (136 << 8) + number);
    EQUAL(node.st_ino, file.st_ino);
    EQUAL(node.st_uid, geteuid());
    EQUAL(chmod(name, 0600), 0);
    EQUAL(fstat(slave, &file), 0);
    EQUAL(file.st_mode & 0777, 0600);
    EQUAL(stat("/dev/ptmx", &node), 0);
    EQUAL(node.st_rdev, (5 << 8) + 2);
    struct statfs system;
    EQUAL(statfs("/dev/pts", &system), 0);
    EQUAL(system.f_type, 0x1cd1);
    FAILS(ioctl(slave, TIOCGPTN, &number), ENOTTY);
    int found = 0;
    DIR* directory = opendir("/dev/pts");
    for (struct dirent* entry; directory && (entry = readdir(directory));)
        found += strcmp(entry->d_name, name + strlen("/dev/pts/")) == 0;
    EQUAL(found, 1);
    closedir(directory);
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    TRUE(peer >= 0);
    EQUAL(fcntl(peer, F_GETFD), FD_CLOEXEC);
    EQUAL(strcmp(ttyname(peer), name), 0);
    close(peer);
    close(slave);
    close(master);
    FAILS(open(name, O_RDWR | O_NOCTTY), ENOENT);
}

static void two_pairs_are_two(void) {
    int master[2], slave[2];
    open_pair(&master[0], &slave[0]);
    open_pair(&master[1], &slave[1]);
    TRUE(strcmp(ttyname(slave[0]), "") != 0);
    make_raw(slave[0]);
    make_raw(slave[1]);
    EQUAL(write(slave[0], "left", 4), 4);
    EQUAL(write(slave[1], "right", 5), 5);
    expect(master[0], "left");
    expect(master[1], "right");
    for (int i = 0; i < 2; i++) close(slave[i]), close(master[i]);
}

static void lines_are_edited_and_echoed(void) {
    int master, slave;
    char got[100];
    open_pair(&master, &slave);
    EQUAL(write(master, "ab\177c\n", 5), 5);
    expect(master, "ab\b \bc\r\n");
    EQUAL(read(slave, got, sizeof got), 3);
    TRUE(memcmp(got, "ac\n", 3) == 0);
    EQUAL(write(slave, "out\n", 4), 4);
    expect(master, "out\r\n");
    EQUAL(write(master, "\4", 1), 1);  // Ctrl-D alone
    EQUAL(read(slave, got, sizeof got), 0);
    // Settings are the pair's, whichever end sets them.
    struct termios settings;
    EQUAL(tcgetattr(master, &settings), 0);
    settings.c_lflag &= ~(tcflag_t)ECHO;
    EQUAL(tcsetattr(master, TCSANOW, &settings), 0);
    EQUAL(tcgetattr(slave, &settings), 0);
    EQUAL(settings.c_lflag & ECHO, 0);
    EQUAL(write(master, "quiet\n", 6), 6);
    EQUAL(read(slave, got, sizeof got), 6);
    int waiting = -1;
    EQUAL(ioctl(master, FIONREAD, &waiting), 0);
    EQUAL(waiting, 0);
    close(slave);
    close(master);
}

static void polling(void) {
    int master, slave;
    open_pair(&master, &slave);
    make_raw(slave);
    struct pollfd ends[2] = {{master, POLLIN | POLLOUT, 0}, {slave, POLLIN | POLLOUT, 0}};
    EQUAL(poll(ends, 2, 0), 2);
    EQUAL(ends[0].revents, POLLOUT);
    EQUAL(ends[1].revents, POLLOUT);
    EQUAL(write(master, "x", 1), 1);
    EQUAL(poll(ends, 2, 0), 2);
    EQUAL(ends[1].revents, POLLIN | POLLOUT);
    EQUAL(write(slave, "y", 1), 1);
    EQUAL(poll(ends, 1, 0), 1);
    EQUAL(ends[0].revents, POLLIN | POLLOUT);
    expect(master, "y");
    EQUAL(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    char byte;
    FAILS(read(master, &byte, 1), EAGAIN);
    // Who waits is woken.
    pid_t child = fork();
    if (child == 0) {
        EQUAL(read(slave, &byte, 1), 1);
        EQUAL(write(slave, "z", 1), 1);
        _exit(check_failures);
    }
    ends[0].events = POLLIN;
    EQUAL(poll(ends, 1, 10000), 1);
    expect(master, "z");
    EQUAL(status_of(child), 0);
    close(slave);
    close(master);
}

static void nothing_is_lost_when_full(void) {
    enum { total = 200000 };
    int master, slave;
    open_pair(&master, &slave);
    make_raw(slave);
    pid_t child = fork();
    if (child == 0) {  // sends back what comes
        close(master);
        char buffer[3000];
        long left = total;
        while (left > 0) {
            ssize_t got = read(slave, buffer, sizeof buffer);
            if (got <= 0) _exit(1);
            for (ssize_t at = 0; at < got;) {
                ssize_t put = write(slave, buffer + at, (size_t)(got - at));
                if (put <= 0) _exit(2);
                at += put;
            }
            left -= got;
        }
        _exit(0);
    }
    EQUAL(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    long sent = 0, received = 0, wrong = 0;
    while (received < total) {
        struct pollfd end = {master, POLLIN | (sent < total ? POLLOUT : 0), 0};
        if (poll(&end, 1, 10000) != 1) break;
        unsigned char buffer[5000];
        if (end.revents & POLLOUT) {
            size_t part = total - sent < (long)sizeof buffer ? (size_t)(total - sent) : sizeof buffer;
            for (size_t i = 0; i < part; i++) buffer[i] = (unsigned char)((sent + (long)i) * 7 / 5);
            ssize_t put = write(master, buffer, part);
            if (put > 0) sent += put;
        }
        if (end.revents & POLLIN) {
            ssize_t got = read(master, buffer, sizeof buffer);
            for (ssize_t i = 0; i < got; i++)
                wrong += buffer[i] != (unsigned char)((received + i) * 7 / 5);
            if (got > 0) received += got;
        }
        if (end.revents & ~(POLLIN | POLLOUT)) break;
    }
    EQUAL(received, total);
    EQUAL(wrong, 0);
    EQUAL(status_of(child), 0);
    close(slave);
    close(master);
}

static void master_ends_with_the_last_slave(void) {
    int master, slave;
    char byte;
    open_pair(&master, &slave);
    make_raw(slave);
    int second = dup(slave);
    EQUAL(write(slave, "rest", 4), 4);
    close(slave);
    struct pollfd end = {master, POLLIN, 0};
    expect(master, "rest");
    EQUAL(poll(&end, 1, 0), 0);
    close(second);
    EQUAL(poll(&end, 1, 1000), 1);
    EQUAL(end.revents & POLLHUP, POLLHUP);
    FAILS(read(master, &byte, 1), EIO);
    // It can be opened again.
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    TRUE(slave >= 0);
    EQUAL(write(slave, "a", 1), 1);
    expect(master, "a");
    close(slave);
    close(master);
}

static void slave_is_hung_up_with_the_master(void) {
    int master, slave;
    char byte;
    open_pair(&master, &slave);
    pid_t child = fork();
    if (child == 0) {
        close(master);
        // Who waits in a read then sees the end of the file, or on Linux, if he is woken before the hang-up is complete, EIO.
        ssize_t got = read(slave, &byte, 1);
        _exit(got == 0 || (got == -1 && errno == EIO) ? 0 : 1);
    }
    close(master);
    EQUAL(status_of(child), 0);
    EQUAL(read(slave, &byte, 1), 0);
    FAILS(write(slave, "a", 1), EIO);
    struct termios settings;
    FAILS(tcgetattr(slave, &settings), EIO);
    struct pollfd end = {slave, POLLIN | POLLOUT, 0};
    EQUAL(poll(&end, 1, 0), 1);
    EQUAL(end.revents, POLLIN | POLLOUT | POLLERR | POLLHUP);
    close(slave);
}

static volatile sig_atomic_t caught;
static void note(int number) { caught = number; }

// A session on the slave: says "ready", and then what `act` does.
static pid_t start_session(int master, int slave, void (*act)(void)) {
    const char* name = ptsname(master);
    pid_t child = fork();
    if (child == 0) {
        close(master);
        EQUAL(setsid(), getpid());
        FAILS(open("/dev/tty", O_RDWR), ENXIO);
        int own = open(name, O_RDWR);  // becomes the controlling terminal
        close(slave);
        slave = own;
        EQUAL(dup2(slave, 0), 0);
        EQUAL(dup2(slave, 1), 1);
        int again = open("/dev/tty", O_RDWR);
        TRUE(again >= 0);
        close(again);
        EQUAL(tcgetsid(0), getpid());
        EQUAL(tcgetpgrp(0), getpid());
        if (slave > 1) close(slave);
        if (check_failures) _exit(99);
        act();
        _exit(98);
    }
    return child;
}

static void wait_for_window(void) {
    signal(SIGWINCH, note);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGWINCH);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    if (write(1, "ready", 5) != 5) _exit(97);
    while (!caught) sigsuspend(&before);
    struct winsize size;
    if (ioctl(0, TIOCGWINSZ, &size) != 0) _exit(96);
    _exit(size.ws_row == 33 && size.ws_col == 99 ? 0 : 95);
}

static void window_size(void) {
    int master, slave;
    open_pair(&master, &slave);
    struct winsize size = {1, 1, 1, 1};
    EQUAL(ioctl(slave, TIOCGWINSZ, &size), 0);
    EQUAL(size.ws_row + size.ws_col, 0);
    pid_t child = start_session(master, slave, wait_for_window);
    close(slave);
    expect(master, "ready");
    size = (struct winsize){33, 99, 0, 0};
    EQUAL(ioctl(master, TIOCSWINSZ, &size), 0);
    EQUAL(status_of(child), 0);
    close(master);
}

static void wait_for_ever(void) {
    if (write(1, "ready", 5) != 5) _exit(97);
    for (;;) pause();
}

static void interrupt_character(void) {
    int master, slave;
    open_pair(&master, &slave);
    pid_t child = start_session(master, slave, wait_for_ever);
    close(slave);
    expect(master, "ready");
    EQUAL(write(master, "\3", 1), 1);
    EQUAL(status_of(child), 1000 + SIGINT);
    close(master);
}

static void hang_up_signal(void) {
    int master, slave;
    open_pair(&master, &slave);
    pid_t child = start_session(master, slave, wait_for_ever);
    close(slave);
    expect(master, "ready");
    close(master);
    EQUAL(status_of(child), 1000 + SIGHUP);
}

// Leaves somebody behind who has the terminal open.
static void leave_one_behind(void) {
    int ends[2];
    char byte;
    if (pipe(ends) != 0) _exit(97);
    signal(SIGHUP, SIG_IGN);
    if (fork() == 0) {
        close(ends[1]);
        if (read(ends[0], &byte, 1) != 0) _exit(1);  // until the leader has ended
        if (write(1, "still", 5) != 5) _exit(2);
        while (read(0, &byte, 1) > 0) {
        }
        _exit(0);
    }
    _exit(0);
}

// The leader ends by a job that it has in the foreground, and that tells of its hang-up.
static void end_by_a_foreground_job(void) {
    signal(SIGTTOU, SIG_IGN);
    if (fork() == 0) {
        sigset_t blocked, before;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGHUP);
        sigprocmask(SIG_BLOCK, &blocked, &before);
        signal(SIGHUP, note);
        if (setpgid(0, 0) != 0 || tcsetpgrp(0, getpid()) != 0) _exit(97);
        kill(getppid(), SIGKILL);
        while (!caught) sigsuspend(&before);
        if (write(1, "hung up", 7) != 7) _exit(96);
        _exit(0);
    }
    for (;;) pause();
}

static void the_foreground_hears_of_the_leaders_end(void) {
    int master, slave;
    open_pair(&master, &slave);
    pid_t child = start_session(master, slave, end_by_a_foreground_job);
    close(slave);
    EQUAL(status_of(child), 1000 + SIGKILL);
    expect(master, "hung up");
    close(master);
}

static void wait_for_input_in_the_background(void) {
    char byte;
    signal(SIGTTOU, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        if (setpgid(0, 0) != 0) _exit(97);
        if (read(0, &byte, 1) != 1) _exit(96);  // stops, until it is in the foreground
        _exit(byte == 'x' ? 0 : 95);
    }
    int status = 0;
    setpgid(child, child);
    if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) _exit(94);
    if (WSTOPSIG(status) != SIGTTIN) _exit(93);
    // Output and settings from the background: only with TOSTOP, and only for who does not mind.
    struct termios settings;
    if (tcgetattr(0, &settings) != 0) _exit(92);
    settings.c_lflag |= TOSTOP;
    if (tcsetpgrp(0, child) != 0 || tcsetattr(0, TCSANOW, &settings) != 0) _exit(91);
    if (write(1, "in the background", 17) != 17) _exit(90);
    kill(child, SIGCONT);
    if (waitpid(child, &status, 0) != child || status != 0) _exit(89);
    if (tcsetpgrp(0, getpid()) != 0) _exit(88);
    _exit(0);
}

static void background(void) {
    int master, slave;
    open_pair(&master, &slave);
    pid_t child = start_session(master, slave, wait_for_input_in_the_background);
    close(slave);
    expect(master, "in the background");
    EQUAL(write(master, "x\n", 2), 2);
    EQUAL(status_of(child), 0);
    close(master);
}

static void read_as_an_orphan(void) {
    char byte;
    int ends[2];
    sigset_t blocked, before;
    if (pipe(ends) != 0) _exit(97);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGUSR1, note);
    // A group of its own, whose only parent in another group of the session ends.
    if (fork() == 0) {
        if (fork() == 0) {
            if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGUSR1) != 0) _exit(96);
            if (write(ends[1], "", 1) != 1) _exit(95);
            while (!caught) sigsuspend(&before);
            int failed = read(0, &byte, 1) == -1 && errno == EIO;
            signal(SIGTTOU, SIG_IGN);
            if (write(1, failed ? "EIO" : "???", 3) != 3) _exit(94);
            _exit(0);
        }
        _exit(read(ends[0], &byte, 1) == 1 ? 0 : 93);
    }
    for (;;) pause();
}

static void orphans_in_the_background(void) {
    int master, slave;
    open_pair(&master, &slave);
    pid_t child = start_session(master, slave, read_as_an_orphan);
    close(slave);
    expect(master, "EIO");
    close(master);
    EQUAL(status_of(child), 1000 + SIGHUP);
}

static void the_leaders_end_does_not_hang_up(void) {
    int master, slave;
    open_pair(&master, &slave);
    pid_t child = start_session(master, slave, leave_one_behind);
    close(slave);
    EQUAL(status_of(child), 0);
    expect(master, "still");
    // The terminal is free for another session.
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    child = start_session(master, slave, wait_for_ever);
    close(slave);
    expect(master, "ready");
    close(master);
    EQUAL(status_of(child), 1000 + SIGHUP);
}

static void many(void) {
    int masters[20];
    for (int i = 0; i < 20; i++) {
        masters[i] = posix_openpt(O_RDWR | O_NOCTTY);
        TRUE(masters[i] >= 0);
    }
    for (int i = 0; i < 20; i++) close(masters[i]);
    struct winsize size = {10, 20, 0, 0}, got;
    int master, slave;
    char name[64];
    EQUAL(openpty(&master, &slave, name, NULL, &size), 0);
    EQUAL(ioctl(slave, TIOCGWINSZ, &got), 0);
    EQUAL(got.ws_row, 10);
    EQUAL(got.ws_col, 20);
    close(slave);
    close(master);
}

MAIN(TEST(names_and_numbers), TEST(two_pairs_are_two), TEST(lines_are_edited_and_echoed),
     TEST(polling), TEST(nothing_is_lost_when_full), TEST(master_ends_with_the_last_slave),
     TEST(slave_is_hung_up_with_the_master), TEST(window_size), TEST(interrupt_character),
     TEST(hang_up_signal), TEST(the_leaders_end_does_not_hang_up),
     TEST(the_foreground_hears_of_the_leaders_end), TEST(background),
     TEST(orphans_in_the_background), TEST(many))
