// SPDX-License-Identifier: MIT
/*
 * posixbench - a small POSIX microbenchmark suite in one file.
 *
 * Every benchmark is one row of the table `benches`: a setup function, a run function that
 * performs N operations, a teardown function, and how to report the outcome.  The driver runs
 * each row in a child process of its own, under an alarm, so that one which is unsupported,
 * hangs or crashes costs only its own line.  The first batch of operations is a warm-up; the
 * value printed is the median of the batches after it.
 *
 *   build:  musl-gcc -std=c11 -O2 -static -o posixbench posixbench.c
 *   usage:  posixbench --help
 *
 * Output, one line each:   name <tab> value <tab> unit
 *                          name <tab> skip <tab> reason
 *
 * A function that can fail returns 0, or -1 with errno set, as system calls do.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    CHUNK = 64 * 1024,            /* unit of bulk input and output */
    FILE_SIZE = 16 * 1024 * 1024, /* the big work file */
    ANON_SIZE = 4 * 1024 * 1024,  /* one anonymous mapping */
    SMALL_SIZE = 100,             /* one small file */
    SMALL_FILES = 1000,
    POLL_PIPES = 64,
    MAX_BATCHES = 101,
};

/* From <linux/futex.h>, which musl does not supply. */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

#define WORK_FILE "posixbench.work"

struct bench {
    const char *name;
    int (*setup)(void);
    int (*run)(long n);
    void (*teardown)(void);
    long ops;        /* operations in a batch */
    long bytes;      /* bytes an operation moves; 0 means report the cost of an operation */
    const char *per; /* what an operation is called in the unit */
    const char *what;
};

static struct {
    bool use_ns;
    bool json;
    bool chosen_only;
    int batches;
    int timeout;
    const char *dir;
} opt = { .batches = 7, .timeout = 120, .dir = "." };

static char self[PATH_MAX]; /* this program, for the exec benchmarks */
static char buf[CHUNK];

static int fail(int error)
{
    errno = error;
    return -1;
}

/* ---- Clocks ---------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t now_ticks(void)
{
#if defined __x86_64__
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
#else
    return now_ns();
#endif
}

/* ---- Calibration ----------------------------------------------------------------------- */

/* A loop of exactly two instructions: 2 ticks where the counter counts instructions. */
static int run_loop2(long n)
{
#if defined __x86_64__
    __asm__ volatile("1: sub $1, %0\n\tjnz 1b" : "+r"(n) : : "cc");
    return 0;
#else
    (void)n;
    return fail(ENOSYS);
#endif
}

static int run_microseconds(long n)
{
    uint64_t end = now_ns() + (uint64_t)n * 1000;
    while (now_ns() < end)
        ;
    return 0;
}

/* ---- Single system calls --------------------------------------------------------------- */

static int fd = -1; /* the descriptor under test */

static void close_fd(void)
{
    close(fd);
}

static int run_getpid(long n)
{
    for (; n > 0; n--)
        if (syscall(SYS_getpid) < 0)
            return -1;
    return 0;
}

static int run_clock_gettime(long n)
{
    struct timespec t;
    for (; n > 0; n--)
        if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
            return -1;
    return 0;
}

static int run_yield(long n)
{
    for (; n > 0; n--)
        if (sched_yield() != 0)
            return -1;
    return 0;
}

static int setup_zero(void)
{
    return (fd = open("/dev/zero", O_RDONLY)) < 0 ? -1 : 0;
}

static int run_read_byte(long n)
{
    for (; n > 0; n--)
        if (read(fd, buf, 1) != 1)
            return -1;
    return 0;
}

static int setup_null(void)
{
    return (fd = open("/dev/null", O_WRONLY)) < 0 ? -1 : 0;
}

static int run_write_byte(long n)
{
    for (; n > 0; n--)
        if (write(fd, buf, 1) != 1)
            return -1;
    return 0;
}

/* ---- Files ----------------------------------------------------------------------------- */

static int write_chunks(long n)
{
    for (; n > 0; n--)
        if (write(fd, buf, CHUNK) != CHUNK)
            return -1;
    return 0;
}

static void teardown_file(void)
{
    close(fd);
    unlink(WORK_FILE);
}

/* Leave the work file open, full, cached and clean. */
static int setup_file(void)
{
    fd = open(WORK_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return -1;
    if (write_chunks(FILE_SIZE / CHUNK) != 0) {
        int error = errno;
        teardown_file();
        return fail(error);
    }
    fsync(fd);
    return 0;
}

static int run_open_close(long n)
{
    for (; n > 0; n--) {
        int file = open(WORK_FILE, O_RDONLY);
        if (file < 0 || close(file) != 0)
            return -1;
    }
    return 0;
}

static int run_stat(long n)
{
    struct stat st;
    for (; n > 0; n--)
        if (stat(WORK_FILE, &st) != 0)
            return -1;
    return 0;
}

static int run_pread(long n)
{
    for (; n > 0; n--)
        if (pread(fd, buf, PAGE, n * PAGE % FILE_SIZE) != PAGE)
            return -1;
    return 0;
}

static int run_read_seq(long n)
{
    if (lseek(fd, 0, SEEK_SET) != 0)
        return -1;
    for (; n > 0; n--)
        if (read(fd, buf, CHUNK) != CHUNK)
            return -1;
    return 0;
}

static int run_rewrite(long n)
{
    return lseek(fd, 0, SEEK_SET) != 0 ? -1 : write_chunks(n);
}

static int run_write_fsync(long n)
{
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return -1;
    return write_chunks(n) != 0 ? -1 : fsync(fd);
}

static char small_names[SMALL_FILES][16];

static void remove_small(void)
{
    for (int i = 0; i < SMALL_FILES; i++)
        unlink(small_names[i]);
}

static int setup_small(void)
{
    for (int i = 0; i < SMALL_FILES; i++)
        snprintf(small_names[i], sizeof small_names[i], "posixbench.%04d", i);
    remove_small();
    return 0;
}

static int create_small(const char *name)
{
    int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0)
        return -1;
    ssize_t written = write(file, buf, SMALL_SIZE);
    return close(file) == 0 && written == SMALL_SIZE ? 0 : -1;
}

static int run_create_unlink(long n)
{
    for (long i = 0; i < n; i++)
        if (create_small(small_names[i]) != 0)
            return -1;
    for (long i = 0; i < n; i++)
        if (unlink(small_names[i]) != 0)
            return -1;
    return 0;
}

/* ---- Messages between two processes ---------------------------------------------------- */

struct channel {
    int near_in, near_out, far_in, far_out;
};

static int rx = -1, tx = -1; /* our side of the channel */
static pid_t peer = -1;

static int pipe_channel(struct channel *ch)
{
    int to_far[2], to_near[2];
    if (pipe(to_far) != 0 || pipe(to_near) != 0)
        return -1;
    *ch = (struct channel){ to_near[0], to_far[1], to_far[0], to_near[1] };
    return 0;
}

static int unix_channel(struct channel *ch)
{
    int s[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) != 0)
        return -1;
    *ch = (struct channel){ s[0], s[0], s[1], s[1] };
    return 0;
}

static int listen_loopback(struct sockaddr_in *addr)
{
    socklen_t len = sizeof *addr;
    *addr = (struct sockaddr_in){ .sin_family = AF_INET };
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || bind(s, (struct sockaddr *)addr, len) != 0 || listen(s, 1) != 0 ||
        getsockname(s, (struct sockaddr *)addr, &len) != 0)
        return -1;
    return s;
}

static int set_nodelay(int s)
{
    int on = 1;
    return setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int tcp_channel(struct channel *ch)
{
    struct sockaddr_in addr;
    int listener = listen_loopback(&addr);
    int near = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || near < 0 || connect(near, (struct sockaddr *)&addr, sizeof addr) != 0)
        return -1;
    int far = accept(listener, NULL, NULL);
    if (far < 0 || set_nodelay(near) != 0 || set_nodelay(far) != 0)
        return -1;
    close(listener);
    *ch = (struct channel){ near, near, far, far };
    return 0;
}

/* The peer of a ping-pong: return every byte. */
static void serve_echo(int in, int out)
{
    char c;
    while (read(in, &c, 1) == 1 && write(out, &c, 1) == 1)
        ;
}

static bool write_all(int out, const char *from, size_t size)
{
    while (size > 0) {
        ssize_t sent = write(out, from, size);
        if (sent <= 0)
            return false;
        from += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* The peer of a throughput run: read a count, then send that many chunks. */
static void serve_chunks(int in, int out)
{
    long n;
    while (read(in, &n, sizeof n) == sizeof n)
        while (n > 0 && write_all(out, buf, CHUNK))
            n--;
}

static int start_peer(int (*open_channel)(struct channel *), void (*serve)(int in, int out))
{
    struct channel ch;
    if (open_channel(&ch) != 0 || (peer = fork()) < 0)
        return -1;
    if (peer == 0) {
        close(ch.near_in);
        close(ch.near_out);
        serve(ch.far_in, ch.far_out);
        _exit(0);
    }
    close(ch.far_in);
    close(ch.far_out);
    rx = ch.near_in;
    tx = ch.near_out;
    return 0;
}

static void stop_peer(void)
{
    close(tx);
    close(rx);
    if (peer > 0)
        waitpid(peer, NULL, 0);
}

static int setup_pipe_echo(void)
{
    return start_peer(pipe_channel, serve_echo);
}

static int setup_unix_echo(void)
{
    return start_peer(unix_channel, serve_echo);
}

static int setup_tcp_echo(void)
{
    return start_peer(tcp_channel, serve_echo);
}

static int setup_pipe_chunks(void)
{
    return start_peer(pipe_channel, serve_chunks);
}

static int setup_tcp_chunks(void)
{
    return start_peer(tcp_channel, serve_chunks);
}

static int run_echo(long n)
{
    for (; n > 0; n--)
        if (write(tx, buf, 1) != 1 || read(rx, buf, 1) != 1)
            return -1;
    return 0;
}

static int run_chunks(long n)
{
    if (write(tx, &n, sizeof n) != sizeof n)
        return -1;
    for (long left = n * CHUNK; left > 0;) {
        ssize_t got = read(rx, buf, left < CHUNK ? (size_t)left : CHUNK);
        if (got <= 0)
            return got == 0 ? fail(EPIPE) : -1;
        left -= got;
    }
    return 0;
}

static struct pollfd polled[POLL_PIPES];

/* Sixty-four idle pipes, the last of them readable. */
static int setup_poll(void)
{
    int ends[2] = { -1, -1 };
    for (int i = 0; i < POLL_PIPES; i++) {
        if (pipe(ends) != 0)
            return -1;
        polled[i] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
    }
    return write(ends[1], buf, 1) == 1 ? 0 : -1;
}

static int run_poll(long n)
{
    for (; n > 0; n--)
        if (poll(polled, POLL_PIPES, 0) != 1)
            return -1;
    return 0;
}

/* ---- Threads --------------------------------------------------------------------------- */

enum { OURS, THEIRS, STOP }; /* whose turn it is; !OURS is THEIRS */

static pthread_t partner;

static int start_partner(void *(*body)(void *))
{
    int error = pthread_create(&partner, NULL, body, NULL);
    return error ? fail(error) : 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn = OURS;

/* Wait for our turn and pass it on; false once the game is over. */
static bool cond_step(int me)
{
    pthread_mutex_lock(&lock);
    while (turn == !me)
        pthread_cond_wait(&turned, &lock);
    bool playing = turn == me;
    if (playing) {
        turn = !me;
        pthread_cond_signal(&turned);
    }
    pthread_mutex_unlock(&lock);
    return playing;
}

static void *cond_partner(void *unused)
{
    while (cond_step(THEIRS))
        ;
    return unused;
}

static int setup_cond(void)
{
    return start_partner(cond_partner);
}

static int run_cond(long n)
{
    for (; n > 0; n--)
        cond_step(OURS);
    return 0;
}

static void teardown_cond(void)
{
    pthread_mutex_lock(&lock);
    turn = STOP;
    pthread_cond_signal(&turned);
    pthread_mutex_unlock(&lock);
    pthread_join(partner, NULL);
}

static atomic_int word = OURS;

static void futex_set(int value)
{
    atomic_store(&word, value);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static bool futex_step(int me)
{
    while (atomic_load(&word) == !me)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, !me, NULL, NULL, 0);
    if (atomic_load(&word) == STOP)
        return false;
    futex_set(!me);
    return true;
}

static void *futex_partner(void *unused)
{
    while (futex_step(THEIRS))
        ;
    return unused;
}

static int setup_futex(void)
{
    return start_partner(futex_partner);
}

static int run_futex(long n)
{
    for (; n > 0; n--)
        futex_step(OURS);
    return 0;
}

static void teardown_futex(void)
{
    while (atomic_load(&word) == THEIRS)
        sched_yield();
    futex_set(STOP);
    pthread_join(partner, NULL);
}

static void *empty_thread(void *unused)
{
    return unused;
}

static int run_thread(long n)
{
    for (; n > 0; n--) {
        pthread_t thread;
        int error = pthread_create(&thread, NULL, empty_thread, NULL);
        if (!error)
            error = pthread_join(thread, NULL);
        if (error)
            return fail(error);
    }
    return 0;
}

/* ---- Processes ------------------------------------------------------------------------- */

static char *noop_argv[] = { self, "--noop", NULL };
static char *noop_envp[] = { NULL };

static int reap(pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : fail(ENOEXEC);
}

static int run_fork(long n)
{
    for (; n > 0; n--) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        if (reap(pid) != 0)
            return -1;
    }
    return 0;
}

static int run_exec(long n)
{
    for (; n > 0; n--) {
        pid_t pid = fork();
        if (pid == 0) {
            execve(self, noop_argv, noop_envp);
            _exit(127);
        }
        if (reap(pid) != 0)
            return -1;
    }
    return 0;
}

static int run_spawn(long n)
{
    for (; n > 0; n--) {
        pid_t pid;
        int error = posix_spawn(&pid, self, NULL, NULL, noop_argv, noop_envp);
        if (error)
            return fail(error);
        if (reap(pid) != 0)
            return -1;
    }
    return 0;
}

/* ---- Memory ---------------------------------------------------------------------------- */

/* Map ANON_SIZE bytes, write to each page and unmap, until n pages have been touched. */
static int touch_anonymous(long n, bool small_pages)
{
    for (; n > 0; n -= ANON_SIZE / PAGE) {
        char *map = mmap(NULL, ANON_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                         -1, 0);
        if (map == MAP_FAILED)
            return -1;
        if (small_pages)
            madvise(map, ANON_SIZE, MADV_NOHUGEPAGE);
        for (size_t at = 0; at < ANON_SIZE; at += PAGE)
            *(volatile char *)(map + at) = 1;
        if (munmap(map, ANON_SIZE) != 0)
            return -1;
    }
    return 0;
}

static int run_anon(long n)
{
    return touch_anonymous(n, false);
}

static int run_anon_small(long n)
{
    return touch_anonymous(n, true);
}

/* Map the work file, read n bytes that lie `stride` apart, and unmap. */
static int touch_file(long n, size_t stride)
{
    size_t size = (size_t)n * stride;
    char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -1;
    for (size_t at = 0; at < size; at += stride)
        (void)*(volatile char *)(map + at);
    return munmap(map, size);
}

static int run_file_map(long n)
{
    return touch_file(n, PAGE);
}

static int run_file_map_sparse(long n)
{
    return touch_file(n, CHUNK);
}

/* ---- Signals --------------------------------------------------------------------------- */

static volatile sig_atomic_t delivered;

static void on_signal(int number)
{
    (void)number;
    delivered++;
}

static int install_handler(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    return sigaction(SIGUSR1, &action, NULL);
}

static int run_sigaction(long n)
{
    for (; n > 0; n--)
        if (install_handler() != 0)
            return -1;
    return 0;
}

static int run_kill_self(long n)
{
    pid_t me = getpid();
    delivered = 0;
    for (long i = 0; i < n; i++)
        if (kill(me, SIGUSR1) != 0)
            return -1;
    return delivered == n ? 0 : fail(EIO);
}

/* ---- The table ------------------------------------------------------------------------- */

static const struct bench benches[] = {
    { "loop2", NULL, run_loop2, NULL, 1000000, 0, "op",
      "calibration: one turn of a two-instruction loop" },
    { "clock_rate", NULL, run_microseconds, NULL, 20000, 0, "us",
      "calibration: ticks in a microsecond of CLOCK_MONOTONIC" },

    { "getpid", NULL, run_getpid, NULL, 10000, 0, "op", "getpid by raw system call" },
    { "clock_gettime", NULL, run_clock_gettime, NULL, 10000, 0, "op",
      "clock_gettime(CLOCK_MONOTONIC)" },
    { "sched_yield", NULL, run_yield, NULL, 10000, 0, "op", "sched_yield with nothing to run" },
    { "read_zero", setup_zero, run_read_byte, close_fd, 10000, 0, "op",
      "read 1 byte of /dev/zero" },
    { "write_null", setup_null, run_write_byte, close_fd, 10000, 0, "op",
      "write 1 byte to /dev/null" },

    { "open_close", setup_file, run_open_close, teardown_file, 5000, 0, "op",
      "open and close an existing file" },
    { "stat", setup_file, run_stat, teardown_file, 5000, 0, "op", "stat an existing file" },
    { "pread_4k", setup_file, run_pread, teardown_file, 5000, 0, "op",
      "pread 4 KiB of a cached file" },
    { "read_seq", setup_file, run_read_seq, teardown_file, FILE_SIZE / CHUNK, CHUNK, NULL,
      "read a cached 16 MiB file in 64 KiB chunks" },
    { "rewrite_seq", setup_file, run_rewrite, teardown_file, FILE_SIZE / CHUNK, CHUNK, NULL,
      "overwrite a cached 16 MiB file in 64 KiB chunks, no fsync" },
    { "write_fsync", setup_file, run_write_fsync, teardown_file, FILE_SIZE / CHUNK, CHUNK, NULL,
      "truncate, write 16 MiB in 64 KiB chunks, fsync" },
    { "create_unlink", setup_small, run_create_unlink, remove_small, SMALL_FILES, 0, "file",
      "create 1000 files of 100 bytes, then unlink them" },

    { "pipe_pingpong", setup_pipe_echo, run_echo, stop_peer, 2000, 0, "round_trip",
      "1 byte to another process and back over pipes" },
    { "pipe_stream", setup_pipe_chunks, run_chunks, stop_peer, 1024, CHUNK, NULL,
      "64 MiB from another process over a pipe, 64 KiB chunks" },
    { "unix_pingpong", setup_unix_echo, run_echo, stop_peer, 2000, 0, "round_trip",
      "1 byte to another process and back over a unix socketpair" },
    { "tcp_pingpong", setup_tcp_echo, run_echo, stop_peer, 1000, 0, "round_trip",
      "1 byte to another process and back over loopback TCP" },
    { "tcp_stream", setup_tcp_chunks, run_chunks, stop_peer, 1024, CHUNK, NULL,
      "64 MiB from another process over loopback TCP, 64 KiB chunks" },
    { "poll_64", setup_poll, run_poll, NULL, 5000, 0, "op", "poll 64 pipes, one ready" },

    { "cond_pingpong", setup_cond, run_cond, teardown_cond, 2000, 0, "round_trip",
      "mutex and condition variable between two threads" },
    { "futex_pingpong", setup_futex, run_futex, teardown_futex, 2000, 0, "round_trip",
      "raw futex between two threads" },
    { "thread_create", NULL, run_thread, NULL, 500, 0, "op", "pthread_create and pthread_join" },

    { "fork_wait", NULL, run_fork, NULL, 200, 0, "op", "fork, _exit, waitpid" },
    { "fork_exec", NULL, run_exec, NULL, 100, 0, "op",
      "fork, execve of this static binary, waitpid" },
    { "posix_spawn", NULL, run_spawn, NULL, 100, 0, "op",
      "posix_spawn of this static binary, waitpid" },

    { "mmap_touch", NULL, run_anon, NULL, 4 * ANON_SIZE / PAGE, 0, "page",
      "mmap, touch and munmap 4 MiB anonymous, system's choice of page size" },
    { "mmap_touch_4k", NULL, run_anon_small, NULL, 4 * ANON_SIZE / PAGE, 0, "page",
      "mmap, touch and munmap 4 MiB anonymous, 4 KiB pages" },
    { "file_map", setup_file, run_file_map, teardown_file, FILE_SIZE / PAGE, 0, "page",
      "mmap a cached file, read every page in turn, munmap" },
    { "file_map_sparse", setup_file, run_file_map_sparse, teardown_file, FILE_SIZE / CHUNK, 0,
      "page", "mmap a cached file, read one page in each 64 KiB, munmap" },

    { "sigaction", NULL, run_sigaction, NULL, 10000, 0, "op", "install a signal handler" },
    { "kill_self", install_handler, run_kill_self, NULL, 5000, 0, "op",
      "send oneself a signal and handle it" },
};

enum { BENCHES = sizeof benches / sizeof benches[0] };

/* ---- Reporting ------------------------------------------------------------------------- */

static void begin_record(const char *name, const char *suffix)
{
    printf(opt.json ? "{\"name\":\"%s%s\"," : "%s%s\t", name, suffix);
}

static void report_skip(const char *name, const char *why)
{
    begin_record(name, "");
    printf(opt.json ? "\"skip\":\"%s\"}\n" : "skip\t%s\n", why);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Report the median of one value from each batch. */
static void report(const char *name, const char *suffix, double *value, const char *unit,
                   const char *per)
{
    qsort(value, (size_t)opt.batches, sizeof value[0], compare);
    double median = value[opt.batches / 2];
    begin_record(name, suffix);
    if (opt.json)
        printf("\"value\":%.4f,\"unit\":\"%s/%s\",\"min\":%.4f,\"max\":%.4f}\n", median, unit, per,
               value[0], value[opt.batches - 1]);
    else
        printf("%.4f\t%s/%s\n", median, unit, per);
}

static void report_cost(const struct bench *b, const uint64_t *times)
{
    double value[MAX_BATCHES];
    for (int i = 0; i < opt.batches; i++)
        value[i] = (double)times[i] / (double)b->ops;
    report(b->name, "", value, opt.use_ns ? "ns" : "ticks", b->per);
}

static void report_speed(const struct bench *b, const uint64_t *times, const uint64_t *ns)
{
    double value[MAX_BATCHES], rate[MAX_BATCHES];
    double bytes = (double)b->bytes * (double)b->ops;
    for (int i = 0; i < opt.batches; i++) {
        value[i] = bytes / (double)times[i];
        rate[i] = bytes * 1e3 / (double)ns[i];
    }
    report(b->name, "", value, "bytes", opt.use_ns ? "ns" : "tick");
    report(b->name, ".rate", rate, "MB", "s");
}

/* ---- The driver ------------------------------------------------------------------------ */

static int run_batches(const struct bench *b, uint64_t *ticks, uint64_t *ns)
{
    if (b->run(b->ops) != 0)
        return -1;
    for (int i = 0; i < opt.batches; i++) {
        ns[i] = now_ns();
        ticks[i] = now_ticks();
        if (b->run(b->ops) != 0)
            return -1;
        ticks[i] = now_ticks() - ticks[i];
        ns[i] = now_ns() - ns[i];
    }
    return 0;
}

static const char *failure(void)
{
    return errno ? strerror(errno) : "short transfer";
}

static void run_bench(const struct bench *b)
{
    uint64_t ticks[MAX_BATCHES], ns[MAX_BATCHES];
    errno = 0;
    if (b->setup && b->setup() != 0) {
        report_skip(b->name, failure());
        return;
    }
    if (run_batches(b, ticks, ns) != 0)
        report_skip(b->name, failure());
    else if (b->bytes)
        report_speed(b, opt.use_ns ? ns : ticks, ns);
    else
        report_cost(b, opt.use_ns ? ns : ticks);
    if (b->teardown)
        b->teardown();
}

/* Let output reach a serial console before the next measurement starts. */
static void flush_output(void)
{
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
}

static void run_isolated(const struct bench *b)
{
    pid_t pid = fork();
    if (pid < 0) {
        report_skip(b->name, failure());
        return;
    }
    if (pid == 0) {
        alarm((unsigned)opt.timeout);
        run_bench(b);
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status))
        report_skip(b->name, WTERMSIG(status) == SIGALRM ? "timed out" : "killed by a signal");
}

/* ---- Command line ---------------------------------------------------------------------- */

static bool chosen[BENCHES];

static int find_bench(const char *name)
{
    for (int i = 0; i < BENCHES; i++)
        if (strcmp(benches[i].name, name) == 0)
            return i;
    fprintf(stderr, "posixbench: no benchmark is called %s\n", name);
    exit(2);
}

static void choose(char *names)
{
    opt.chosen_only = true;
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ","))
        chosen[find_bench(name)] = true;
}

static void list_benches(void)
{
    for (int i = 0; i < BENCHES; i++)
        printf("%-16s %6ld  %s\n", benches[i].name, benches[i].ops, benches[i].what);
}

static void usage(FILE *out)
{
    fputs("usage: posixbench [option]...\n"
          "  --tsc            time by the processor's time-stamp counter (the default)\n"
          "  --ns             time by clock_gettime\n"
          "  --json           one JSON object a line, with the least and greatest batch\n"
          "  --only NAME,...  run these benchmarks alone\n"
          "  --dir DIR        put work files in DIR (default: the current directory)\n"
          "  --batches N      measured batches in each benchmark (default 7)\n"
          "  --timeout SECS   give up on a benchmark after this long; 0 never (default 120)\n"
          "  --list           list the benchmarks, with the operations in a batch\n",
          out);
}

static int number(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < least || value > most) {
        usage(stderr);
        exit(2);
    }
    return (int)value;
}

static void parse_options(char **arg)
{
    while (*++arg) {
        if (strcmp(*arg, "--tsc") == 0) {
            opt.use_ns = false;
        } else if (strcmp(*arg, "--ns") == 0) {
            opt.use_ns = true;
        } else if (strcmp(*arg, "--json") == 0) {
            opt.json = true;
        } else if (strcmp(*arg, "--only") == 0 && arg[1]) {
            choose(*++arg);
        } else if (strcmp(*arg, "--dir") == 0 && arg[1]) {
            opt.dir = *++arg;
        } else if (strcmp(*arg, "--batches") == 0 && arg[1]) {
            opt.batches = number(*++arg, 1, MAX_BATCHES);
        } else if (strcmp(*arg, "--timeout") == 0 && arg[1]) {
            opt.timeout = number(*++arg, 0, INT_MAX);
        } else if (strcmp(*arg, "--list") == 0) {
            list_benches();
            exit(0);
        } else if (strcmp(*arg, "--help") == 0) {
            usage(stdout);
            exit(0);
        } else {
            usage(stderr);
            exit(2);
        }
    }
}

/* Find our own path before changing directory; work files then need only short names. */
static void enter_work_directory(const char *argv0)
{
    if (!strchr(argv0, '/') || !realpath(argv0, self))
        strcpy(self, "/proc/self/exe");
    if (chdir(opt.dir) != 0) {
        perror(opt.dir);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--noop") == 0)
        return 0;

    parse_options(argv);
    memset(buf, 'x', sizeof buf);
    enter_work_directory(argv[0]);
    for (int i = 0; i < BENCHES; i++) {
        if (opt.chosen_only && !chosen[i])
            continue;
        run_isolated(&benches[i]);
        flush_output();
    }
    return 0;
}
