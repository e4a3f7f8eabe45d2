// SPDX-License-Identifier: MIT
// What programs ask of terminals beside reading and writing: packet mode, leaving a terminal, having it alone.
#include "tests/linux/check.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>

// What C libraries do not show (Linux, asm-generic/ioctls.h and termbits.h).
#define GET_EXCLUSIVE 0x80045440
#define GET_SETTINGS_2 0x802c542a
#define SET_SETTINGS_2 0x402c542b
#define OTHER_SPEED 0x1000
struct settings_2 {
    tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
    cc_t c_line, c_cc[19];
    unsigned c_ispeed, c_ospeed;
};

static void open_pair(int* master, int* slave) {
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    TRUE(*master >= 0);
    EQUAL(grantpt(*master), 0);
    EQUAL(unlockpt(*master), 0);
    *slave = open(ptsname(*master), O_RDWR | O_NOCTTY);
    TRUE(*slave >= 0);
}

static void close_pair(int master, int slave) {
    close(slave);
    close(master);
}

// One read gives just this.
static void reads(int line, int fd, const char* bytes, size_t length) {
    char got[64];
    ssize_t count = read(fd, got, sizeof got);
    if (count != (ssize_t)length || memcmp(got, bytes, length) != 0)
        check_report(__FILE__, line, "what was read", count > 0 ? got[0] : count);
}
#define READS(fd, text) reads(__LINE__, fd, text, sizeof(text) - 1)

static short ready(int fd) {
    struct pollfd one = {fd, POLLIN | POLLPRI, 0};
    EQUAL(poll(&one, 1, 0) >= 0, 1);
    return one.revents;
}

static int packets(int master, int on) { return ioctl(master, TIOCPKT, &on); }

static void data_follows_a_zero_byte(void) {
    int master, slave, on = 7;
    open_pair(&master, &slave);
    EQUAL(ioctl(master, TIOCGPKT, &on), 0);
    EQUAL(on, 0);
    EQUAL(packets(master, 1), 0);
    EQUAL(ioctl(master, TIOCGPKT, &on), 0);
    EQUAL(on, 1);
    FAILS(packets(slave, 1), ENOTTY);
    FAILS(ioctl(slave, TIOCGPKT, &on), ENOTTY);
    EQUAL(ready(master), 0);
    EQUAL(write(slave, "some\n", 5), 5);
    EQUAL(ready(master), POLLIN);
    int waiting = -1;
    EQUAL(ioctl(master, FIONREAD, &waiting), 0);
    EQUAL(waiting, 6);  // without the byte in front
    char two[2];
    EQUAL(read(master, two, 2), 2);
    EQUAL(two[0] + two[1], 's');
    READS(master, "\0ome\r\n");
    EQUAL(write(slave, "x", 1), 1);
    EQUAL(packets(master, 0), 0);
    READS(master, "x");
    close_pair(master, slave);
}

static void what_is_dropped_is_told(void) {
    int master, slave;
    open_pair(&master, &slave);
    EQUAL(packets(master, 1), 0);
    EQUAL(ioctl(slave, TCFLSH, TCIFLUSH), 0);
    EQUAL(ready(master), POLLIN | POLLPRI);
    READS(master, "\x01");  // TIOCPKT_FLUSHREAD
    EQUAL(ready(master), 0);
    EQUAL(ioctl(slave, TCFLSH, TCOFLUSH), 0);
    READS(master, "\x02");  // TIOCPKT_FLUSHWRITE
    EQUAL(write(slave, "kept", 4), 4);
    READS(master, "\0kept");
    // News come before what was written first, and several at once.
    EQUAL(write(slave, "a", 1), 1);
    struct termios settings;
    EQUAL(ioctl(slave, TCGETS, &settings), 0);
    settings.c_iflag &= ~(tcflag_t)IXON;
    EQUAL(ioctl(slave, TCSETSF, &settings), 0);
    READS(master, "\x11");  // TIOCPKT_NOSTOP, TIOCPKT_FLUSHREAD
    READS(master, "\0a");
    settings.c_iflag |= IXON;
    EQUAL(ioctl(slave, TCSETS, &settings), 0);
    READS(master, "\x20");  // TIOCPKT_DOSTOP
    settings.c_cc[VSTOP] = 'x';
    EQUAL(ioctl(slave, TCSETS, &settings), 0);
    READS(master, "\x10");
    // Who was not in packet mode is told nothing of before.
    EQUAL(packets(master, 0), 0);
    EQUAL(ioctl(slave, TCFLSH, TCIFLUSH), 0);
    EQUAL(packets(master, 1), 0);
    EQUAL(ready(master), 0);
    close_pair(master, slave);
}

static void stops_are_told(void) {
    int master, slave;
    open_pair(&master, &slave);
    struct termios settings;
    EQUAL(ioctl(slave, TCGETS, &settings), 0);
    settings.c_lflag &= ~(tcflag_t)ECHO;
    EQUAL(ioctl(slave, TCSETS, &settings), 0);
    EQUAL(packets(master, 1), 0);
    EQUAL(write(master, "\x13", 1), 1);  // Ctrl-S
    fd_set news;
    FD_ZERO(&news);
    FD_SET(master, &news);
    struct timeval patience = {10, 0};
    EQUAL(select(master + 1, NULL, NULL, &news, &patience), 1);
    TRUE(FD_ISSET(master, &news));
    READS(master, "\x04");  // TIOCPKT_STOP
    EQUAL(write(master, "\x11", 1), 1);  // Ctrl-Q
    READS(master, "\x08");  // TIOCPKT_START
    EQUAL(ioctl(slave, TCXONC, TCOOFF), 0);
    EQUAL(ioctl(slave, TCXONC, TCOON), 0);
    READS(master, "\x08");  // the later of the two
    close_pair(master, slave);
}

static void a_reader_who_waits_hears_news(void) {
    int master, slave;
    open_pair(&master, &slave);
    EQUAL(packets(master, 1), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte[8];
        _exit(read(master, byte, sizeof byte) == 1 && byte[0] == 1 ? 0 : 1);
    }
    usleep(20000);
    EQUAL(ioctl(slave, TCFLSH, TCIFLUSH), 0);
    EQUAL(status_of(child), 0);
    close_pair(master, slave);
}

static void having_it_alone(void) {
    int master, slave, alone = 7;
    open_pair(&master, &slave);
    const char* name = ptsname(master);
    EQUAL(ioctl(slave, GET_EXCLUSIVE, &alone), 0);
    EQUAL(alone, 0);
    EQUAL(ioctl(slave, TIOCEXCL), 0);
    EQUAL(ioctl(slave, GET_EXCLUSIVE, &alone), 0);
    EQUAL(alone, 1);
    EQUAL(ioctl(master, GET_EXCLUSIVE, &alone), 0);
    EQUAL(alone, 0);
    pid_t child = fork();
    if (child == 0) {
        // User 0 may all the same.
        int again = open(name, O_RDWR | O_NOCTTY);
        if (geteuid() == 0) {
            if (again < 0 || setgid(1000) != 0 || setuid(1000) != 0) _exit(1);
            EQUAL(fchmod(again, 0666) == -1, 1);
            again = open(name, O_RDWR | O_NOCTTY);
            _exit(again >= 0 ? 2 : errno == EBUSY || errno == EACCES ? 0 : 3);
        }
        _exit(again >= 0 ? 4 : errno == EBUSY ? 0 : 5);
    }
    EQUAL(status_of(child), 0);
    EQUAL(ioctl(slave, TIOCNXCL), 0);
    int again = open(name, O_RDWR | O_NOCTTY);
    TRUE(again >= 0);
    close(again);
    close_pair(master, slave);
}

static void numbers_and_speeds(void) {
    int master, slave;
    unsigned device = 0;
    struct stat status;
    open_pair(&master, &slave);
    EQUAL(fstat(slave, &status), 0);
    EQUAL(ioctl(slave, TIOCGDEV, &device), 0);
    EQUAL(device, status.st_rdev);
    EQUAL(ioctl(master, TIOCGDEV, &device), 0);
    EQUAL(device, status.st_rdev);
    struct settings_2 settings;
    EQUAL(ioctl(slave, GET_SETTINGS_2, &settings), 0);
    EQUAL(settings.c_ospeed, 38400);
    EQUAL(settings.c_ispeed, 38400);
    settings.c_cflag = (settings.c_cflag & ~(tcflag_t)CBAUD) | OTHER_SPEED;
    settings.c_ospeed = settings.c_ispeed = 115200;
    EQUAL(ioctl(slave, SET_SETTINGS_2, &settings), 0);
    EQUAL(ioctl(slave, GET_SETTINGS_2, &settings), 0);
    EQUAL(settings.c_ospeed, 115200);
    int discipline = 7;
    EQUAL(ioctl(slave, TIOCGETD, &discipline), 0);
    EQUAL(discipline, 0);
    EQUAL(ioctl(slave, TIOCSETD, &discipline), 0);
    discipline = 99;
    FAILS(ioctl(slave, TIOCSETD, &discipline), EINVAL);
    FAILS(ioctl(slave, TIOCSETD, NULL), EFAULT);
    EQUAL(ioctl(slave, FIONREAD, &discipline), 0);
    EQUAL(ioctl(slave, TIOCOUTQ, &discipline), 0);
    EQUAL(discipline, 0);
    close_pair(master, slave);
}

// ---- leaving a terminal

static volatile sig_atomic_t hung_up, continued;
static void note(int number) {
    if (number == SIGHUP) hung_up = 1;
    if (number == SIGCONT) continued = 1;
}

// The slave is the controlling terminal of a session of its own, in which `act` runs.
static int in_a_session(void (*act)(int)) {
    int master, slave;
    open_pair(&master, &slave);
    pid_t child = fork();
    if (child == 0) {
        close(master);
        if (setsid() != getpid() || ioctl(slave, TIOCSCTTY, 0) != 0) _exit(99);
        act(slave);
        fflush(stdout);
        _exit(check_failures ? 98 : 0);
    }
    int status = status_of(child);
    close_pair(master, slave);
    return status;
}

static int has_terminal(void) {
    int fd = open("/dev/tty", O_RDWR);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static void leave_as_a_member(int slave) {
    pid_t child = fork();
    if (child == 0) {
        EQUAL(ioctl(slave, TIOCNOTTY), 0);
        EQUAL(has_terminal(), 0);
        FAILS(ioctl(slave, TIOCNOTTY), ENOTTY);
        int group = 0;
        FAILS(ioctl(slave, TIOCGPGRP, &group), ENOTTY);
        pid_t grandchild = fork();
        if (grandchild == 0) _exit(has_terminal() ? 1 : 0);
        EQUAL(status_of(grandchild), 0);
        _exit(check_failures);
    }
    EQUAL(status_of(child), 0);
    TRUE(has_terminal());  // the others keep it
}

static void leave_as_the_leader(int slave) {
    signal(SIGHUP, note);
    signal(SIGCONT, note);
    int ends[2];
    EQUAL(pipe(ends), 0);
    pid_t child = fork();  // in the foreground group, too
    if (child == 0) {
        close(ends[1]);
        char byte;
        while (read(ends[0], &byte, 1) < 0) {
        }
        _exit(hung_up && continued && !has_terminal() ? 0 : 1);
    }
    EQUAL(ioctl(slave, TIOCNOTTY), 0);
    TRUE(hung_up && continued);
    EQUAL(has_terminal(), 0);
    EQUAL(write(slave, "open", 4), 4);  // what is open of a pseudo-terminal stays so
    close(ends[1]);
    EQUAL(status_of(child), 0);
    EQUAL(ioctl(slave, TIOCSCTTY, 0), 0);
    TRUE(has_terminal());
}

static void leaving_it(void) {
    EQUAL(in_a_session(leave_as_a_member), 0);
    EQUAL(in_a_session(leave_as_the_leader), 0);
    int master, slave;
    open_pair(&master, &slave);
    FAILS(ioctl(slave, TIOCNOTTY), ENOTTY);
    FAILS(ioctl(master, TIOCNOTTY), ENOTTY);
    close_pair(master, slave);
}

MAIN(TEST(data_follows_a_zero_byte), TEST(what_is_dropped_is_told), TEST(stops_are_told),
     TEST(a_reader_who_waits_hears_news), TEST(having_it_alone), TEST(numbers_and_speeds),
     TEST(leaving_it))
