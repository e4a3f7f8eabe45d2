// SPDX-License-Identifier: MIT
// What a terminal does to bytes on their way: every flag of termios that has an effect on a line without hardware.
#include "tests/linux/check.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

// Flags of termios beside those that a new pseudo-terminal has (canonical, echo, signals, ...).
struct flags {
    tcflag_t on, off;
};
struct typing {
    const char* what;
    struct flags input, output, local;
    const char* typed;   // by the master
    const char* echoed;  // what the master reads
    const char* read;    // what the slave reads, in lines
};

static int master, slave;

static void open_pair(void) {
    EQUAL(openpty(&master, &slave, NULL, NULL, NULL), 0);
    EQUAL(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    EQUAL(fcntl(slave, F_SETFL, O_NONBLOCK), 0);
}
static void close_pair(void) {
    close(slave);
    close(master);
}

// Reads until there is as much as is wanted; what comes too much at once is seen, too.
static void expect_from(int fd, const char* wanted, size_t length, const char* what) {
    char got[8192];
    size_t have = 0;
    while (have < length || length == 0) {
        struct pollfd end = {fd, POLLIN, 0};
        if (poll(&end, 1, length == 0 ? 0 : 5000) != 1) break;
        ssize_t part = read(fd, got + have, sizeof got - 1 - have);
        if (part <= 0) break;
        have += (size_t)part;
    }
    if (have == length && memcmp(got, wanted, length) == 0) return;
    printf("%s: %s has", what, fd == master ? "the master" : "the slave");
    for (size_t i = 0; i < have; i++)
        printf(got[i] < ' ' || got[i] == '\\' ? "\\%03o" : "%c", got[i] & 0xff);
    printf("\n");
    check_failures++;
}
static void expect(int fd, const char* wanted, const char* what) {
    expect_from(fd, wanted, strlen(wanted), what);
}
static void put(int fd, const char* text) {
    EQUAL(write(fd, text, strlen(text)), (long)strlen(text));
}

static void set(struct flags input, struct flags output, struct flags local) {
    struct termios settings;
    EQUAL(tcgetattr(slave, &settings), 0);
    settings.c_iflag = (settings.c_iflag & ~input.off) | input.on;
    settings.c_oflag = (settings.c_oflag & ~output.off) | output.on;
    settings.c_lflag = (settings.c_lflag & ~local.off) | local.on;
    settings.c_cc[VEOL] = '%';
    settings.c_cc[VEOL2] = '^' & 0x1f;
    EQUAL(tcsetattr(slave, TCSANOW, &settings), 0);
}

static const struct typing typings[] = {
    {"a line", {0}, {0}, {0}, "abc\n", "abc\r\n", "abc\n"},
    {"return", {0}, {0}, {0}, "abc\r", "abc\r\n", "abc\n"},
    {"IGNCR", {IGNCR, 0}, {0}, {0}, "a\rb\n", "ab\r\n", "ab\n"},
    {"INLCR", {INLCR, ICRNL}, {0}, {0}, "ab\nc%", "ab^Mc%", "ab\rc%"},
    {"ISTRIP", {ISTRIP, 0}, {0}, {0}, "\341b\n", "ab\r\n", "ab\n"},
    {"IUCLC", {IUCLC, 0}, {0}, {IEXTEN, 0}, "aBC\n", "abc\r\n", "abc\n"},
    {"erase", {0}, {0}, {0}, "ab\177c\n", "ab\b \bc\r\n", "ac\n"},
    {"erase of nothing", {0}, {0}, {0}, "\177a\n", "a\r\n", "a\n"},
    {"erase of a control", {0}, {0}, {0}, "a\001\177b\n", "a^A\b \b\b \bb\r\n", "ab\n"},
    {"erase of a tab", {0}, {0}, {0}, "ab\tc\177\177d\n", "ab\tc\b \b\b\b\b\b\b\bd\r\n", "abd\n"},
    {"erase of a tab after a tab", {0}, {0}, {0}, "\ta\t\177b\n", "\ta\t\b\b\b\b\b\b\bb\r\n",
     "\tab\n"},
    {"erase in UTF-8", {IUTF8, 0}, {0}, {0}, "a\303\244\177b\n", "a\303\244\b \bb\r\n", "ab\n"},
    {"erase without ECHOE", {0}, {0}, {0, ECHOE}, "ab\177c\n", "ab^?c\r\n", "ac\n"},
    {"erase without ECHO", {0}, {0}, {0, ECHO}, "ab\177c\n", "", "ac\n"},
    {"ECHOPRT", {0}, {0}, {ECHOPRT, 0}, "abc\177\177d\n", "abc\\cb/d\r\n", "ad\n"},
    {"kill", {0}, {0}, {0}, "ab\025c\n", "ab\b \b\b \bc\r\n", "c\n"},
    {"kill without ECHOKE", {0}, {0}, {0, ECHOKE}, "ab\025c\n", "ab^U\r\nc\r\n", "c\n"},
    {"kill without ECHOK", {0}, {0}, {0, ECHOK}, "ab\025c\n", "ab^Uc\r\n", "c\n"},
    {"kill without ECHO", {0}, {0}, {0, ECHO}, "ab\025c\n", "", "c\n"},
    {"word erase", {0}, {0}, {0}, "one two-3 \027x\n", "one two-3 \b \b\b \bx\r\n",
     "one two-x\n"},
    {"word erase without IEXTEN", {0}, {0}, {0, IEXTEN}, "a\027\n", "a^W\r\n", "a\027\n"},
    {"reprint", {0}, {0}, {0}, "ab\001\022c\n", "ab^A^R\r\nab^Ac\r\n", "ab\001c\n"},
    {"reprint without ECHO", {0}, {0}, {0, ECHO}, "ab\022c\n", "", "ab\022c\n"},
    {"literal", {0}, {0}, {0}, "a\026\003b\026\177\n", "a^\b^Cb^\b^?\r\n", "a\003b\177\n"},
    {"literal without ECHOCTL", {0}, {0}, {0, ECHOCTL}, "a\026\001b\n", "a\001b\r\n", "a\001b\n"},
    {"literal without IEXTEN", {0}, {0}, {0, IEXTEN}, "a\026b\n", "a^Vb\r\n", "a\026b\n"},
    {"ECHONL", {0}, {0}, {ECHONL, ECHO}, "ab\n", "\r\n", "ab\n"},
    {"without ECHOCTL", {0}, {0}, {0, ECHOCTL}, "a\001\n", "a\001\r\n", "a\001\n"},
    {"end in a line", {0}, {0}, {0}, "ab\004", "ab", "ab"},
    {"other ends of a line", {0}, {0}, {0}, "a%b\036c\n", "a%b^^c\r\n", "a%b\036c\n"},
    {"a second end without IEXTEN", {0}, {0}, {0, IEXTEN}, "b\036c\n", "b^^c\r\n", "b\036c\n"},
    {"IXON", {0}, {0}, {0}, "a\023\021b\n", "ab\r\n", "ab\n"},
    {"without IXON", {0, IXON}, {0}, {0}, "a\023\021b\n", "a^S^Qb\r\n", "a\023\021b\n"},
    {"IXANY", {IXANY, 0}, {0}, {0}, "a\023b\n", "ab\r\n", "ab\n"},
    {"without ISIG", {0}, {0}, {0, ISIG}, "a\003\n", "a^C\r\n", "a\003\n"},
    {"a signal drops the line", {0}, {0}, {0}, "a\003b\n", "^Cb\r\n", "b\n"},
    {"NOFLSH", {0}, {0}, {NOFLSH, 0}, "a\032b\n", "a^Zb\r\n", "ab\n"},
    {"echo of a raw terminal", {0}, {0}, {0, ICANON}, "a\177\025\r", "a^?^U\r\n", "a\177\025\n"},
    {"a raw terminal", {0, ICRNL | IXON}, {0}, {0, ICANON | ECHO | ISIG | IEXTEN},
     "a\003\026\023\021\022\n\r", "", "a\003\026\023\021\022\n\r"},
};

static void what_is_typed(void) {
    for (size_t i = 0; i < sizeof typings / sizeof *typings; i++) {
        const struct typing* typing = &typings[i];
        open_pair();
        set(typing->input, typing->output, typing->local);
        put(master, typing->typed);
        expect(slave, typing->read, typing->what);
        expect(master, typing->echoed, typing->what);
        close_pair();
    }
}

struct writing {
    const char* what;
    struct flags output;
    const char* written;
    const char* seen;
};
static const struct writing writings[] = {
    {"ONLCR", {0}, "a\nb", "a\r\nb"},
    {"without OPOST", {0, OPOST}, "a\nb\t", "a\nb\t"},
    {"without ONLCR", {0, ONLCR}, "a\nb", "a\nb"},
    {"OCRNL", {OCRNL, ONLCR}, "a\rb", "a\nb"},
    {"ONOCR", {ONOCR, 0}, "\ra\r\rb", "a\rb"},
    {"ONLRET", {ONLRET | ONOCR, ONLCR}, "a\n\rb", "a\nb"},
    {"OLCUC", {OLCUC, 0}, "aB\n", "AB\r\n"},
    {"XTABS", {XTABS, 0}, "a\tbc\b\td\n\te", "a       bc\b       d\r\n        e"},
};
static void what_is_written(void) {
    for (size_t i = 0; i < sizeof writings / sizeof *writings; i++) {
        const struct writing* writing = &writings[i];
        open_pair();
        set((struct flags){0, 0}, writing->output, (struct flags){0, 0});
        put(slave, writing->written);
        expect(master, writing->seen, writing->what);
        close_pair();
    }
}

static void erasing_knows_what_was_written(void) {
    open_pair();
    put(slave, "prompt ");  // 7 columns
    expect(master, "prompt ", "prompt");
    put(master, "\t\177x\n");
    expect(slave, "x\n", "tab after a prompt");
    expect(master, "\t\bx\r\n", "tab after a prompt");
    close_pair();
}

static void lines_are_read_one_by_one(void) {
    char got[100];
    int waiting = 0;
    open_pair();
    put(master, "first\nsecond\n\004\004third\004");
    expect(master, "first\r\nsecond\r\nthird", "echo");
    EQUAL(ioctl(slave, FIONREAD, &waiting), 0);
    EQUAL(waiting, 5 + 1 + 6 + 1 + 5);
    EQUAL(read(slave, got, 3), 3);
    EQUAL(read(slave, got, sizeof got), 3);
    EQUAL(read(slave, got, sizeof got), 7);
    EQUAL(read(slave, got, sizeof got), 0);
    EQUAL(read(slave, got, sizeof got), 0);
    EQUAL(read(slave, got, sizeof got), 5);
    FAILS(read(slave, got, sizeof got), EAGAIN);
    close_pair();
}

static void output_stops_and_goes_on(void) {
    char got[10];
    open_pair();
    put(master, "\023x\n");
    expect(slave, "x\n", "stopped");
    FAILS(read(master, got, sizeof got), EAGAIN);
    FAILS(write(slave, "w", 1), EAGAIN);
    put(master, "\021");
    expect(master, "x\r\n", "started");
    put(slave, "w");
    expect(master, "w", "started");
    // By the program; the start character does not end that.
    set((struct flags){0, 0}, (struct flags){0, 0}, (struct flags){0, ECHO});
    EQUAL(tcflow(slave, TCOOFF), 0);
    put(master, "\021y\n");
    expect(slave, "y\n", "stopped by the program");
    FAILS(write(slave, "w", 1), EAGAIN);
    EQUAL(tcflow(slave, TCOON), 0);
    put(slave, "w");
    expect(master, "w", "started by the program");
    // Asks the other end to stop and to go on.
    EQUAL(tcflow(slave, TCIOFF), 0);
    EQUAL(tcflow(slave, TCION), 0);
    expect(master, "\023\021", "TCIOFF, TCION");
    FAILS(tcflow(slave, 77), EINVAL);
    FAILS(tcflush(slave, 77), EINVAL);
    close_pair();
}

static void queues_are_flushed(void) {
    char got[10];
    open_pair();
    put(master, "typed\nhalf");
    expect(master, "typed\r\nhalf", "echo");
    EQUAL(tcflush(slave, TCIFLUSH), 0);
    FAILS(read(slave, got, sizeof got), EAGAIN);
    put(master, "x\n");
    expect(slave, "x\n", "after TCIFLUSH");
    expect(master, "x\r\n", "after TCIFLUSH");
    put(master, "typed\n");
    expect(master, "typed\r\n", "echo");
    struct termios settings;
    EQUAL(tcgetattr(slave, &settings), 0);
    EQUAL(tcsetattr(slave, TCSAFLUSH, &settings), 0);
    FAILS(read(slave, got, sizeof got), EAGAIN);
    close_pair();
}

static void set_raw(int least, int tenths) {
    struct termios settings;
    EQUAL(tcgetattr(slave, &settings), 0);
    cfmakeraw(&settings);
    settings.c_cc[VMIN] = (cc_t)least;
    settings.c_cc[VTIME] = (cc_t)tenths;
    EQUAL(tcsetattr(slave, TCSANOW, &settings), 0);
}
static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
static int can_be_read(void) {
    struct pollfd end = {slave, POLLIN, 0};
    return poll(&end, 1, 0);
}

static void least_counts_and_time_limits(void) {
    char got[10];
    open_pair();
    EQUAL(fcntl(slave, F_SETFL, 0), 0);
    set_raw(0, 0);
    EQUAL(read(slave, got, sizeof got), 0);
    put(master, "ab");
    EQUAL(read(slave, got, 1), 1);
    EQUAL(read(slave, got, sizeof got), 1);
    set_raw(0, 2);
    long start = milliseconds();
    EQUAL(read(slave, got, sizeof got), 0);
    TRUE(milliseconds() - start >= 150);
    put(master, "ab");
    EQUAL(read(slave, got, sizeof got), 2);
    // As many as asked for, or the least count.
    set_raw(3, 0);
    put(master, "ab");
    EQUAL(can_be_read(), 0);
    EQUAL(read(slave, got, 2), 2);
    put(master, "abcd");
    EQUAL(can_be_read(), 1);
    EQUAL(read(slave, got, sizeof got), 4);
    EQUAL(fcntl(slave, F_SETFL, O_NONBLOCK), 0);
    put(master, "ab");
    EQUAL(read(slave, got, sizeof got), 2);
    FAILS(read(slave, got, sizeof got), EAGAIN);
    EQUAL(fcntl(slave, F_SETFL, 0), 0);
    // The time between two bytes: it starts with the first.
    set_raw(5, 2);
    put(master, "ab");
    EQUAL(can_be_read(), 1);
    start = milliseconds();
    EQUAL(read(slave, got, sizeof got), 2);
    TRUE(milliseconds() - start >= 150);
    pid_t child = fork();
    if (child == 0) {
        EQUAL(usleep(500000), 0);
        put(master, "abcde");
        _exit(check_failures);
    }
    EQUAL(read(slave, got, sizeof got), 5);
    EQUAL(status_of(child), 0);
    close_pair();
}

static void modes_change_with_input_waiting(void) {
    open_pair();
    put(master, "half");
    expect(master, "half", "echo");
    set_raw(1, 0);
    expect(slave, "half", "from canonical to raw");
    put(master, "raw");
    TRUE(can_be_read() || poll(&(struct pollfd){slave, POLLIN, 0}, 1, 5000) == 1);
    set((struct flags){0, 0}, (struct flags){0, 0}, (struct flags){ICANON, 0});
    expect(slave, "raw", "from raw to canonical");
    close_pair();
}

// Of a line that is longer than a terminal keeps, the start and its end are there; so is the next one.
static void a_line_of_a_megabyte(void) {
    enum { length = 1000000, kept = 4095 };
    static char typed[length + 1], got[2 * kept];
    open_pair();
    set((struct flags){0, 0}, (struct flags){0, 0}, (struct flags){0, ECHO});
    memset(typed, 'y', length);
    typed[length] = '\n';
    for (size_t sent = 0; sent < sizeof typed && !check_failures;) {
        EQUAL(poll(&(struct pollfd){master, POLLOUT, 0}, 1, 5000), 1);
        const ssize_t part = write(master, typed + sent, sizeof typed - sent);
        if (part > 0) sent += (size_t)part;
    }
    EQUAL(poll(&(struct pollfd){slave, POLLIN, 0}, 1, 5000), 1);
    EQUAL(read(slave, got, sizeof got), kept + 1);
    EQUAL(memcmp(got, typed, kept), 0);
    EQUAL(got[kept], '\n');
    put(master, "next\n");
    expect(slave, "next\n", "after a long line");
    close_pair();
}

MAIN(TEST(what_is_typed), TEST(what_is_written), TEST(erasing_knows_what_was_written),
     TEST(lines_are_read_one_by_one), TEST(output_stops_and_goes_on), TEST(queues_are_flushed),
     TEST(least_counts_and_time_limits), TEST(modes_change_with_input_waiting),
     TEST(a_line_of_a_megabyte))
