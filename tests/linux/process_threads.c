// SPDX-License-Identifier: MIT
// Threads, futexes, clocks.
#include "tests/linux/check.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_CMP_REQUEUE = 4 };

static char self[512];

static double seconds(struct timespec time) {
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return seconds(time);
}
static long futex(volatile int* word, int operation, int value, const struct timespec* time,
                  volatile int* word2, int value3) {
    return syscall(SYS_futex, word, operation, value, time, word2, value3);
}

static __thread int own = 1;
static void* add(void* to) {
    own += 41;
    __atomic_fetch_add((int*)to, own, __ATOMIC_RELAXED);
    return (void*)(long)own;
}
static void create_and_join(void) {
    int sum = 0;
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) EQUAL(pthread_create(&threads[i], NULL, add, &sum), 0);
    for (int i = 0; i < 8; i++) {
        void* result;
        EQUAL(pthread_join(threads[i], &result), 0);
        EQUAL((long)result, 42);
    }
    EQUAL(sum, 8 * 42);
    EQUAL(own, 1);
}

static void many_threads(void) {
    int sum = 0;
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        EQUAL(pthread_create(&thread, NULL, add, &sum), 0);
        pthread_join(thread, NULL);
    }
    EQUAL(sum, 200 * 42);
}

// Loads all vector registers, lets others run, and looks whether they are as they were.
static void* keep_registers(void* number) {
    static const char name[] = "vector registers";
    unsigned char loaded[16][16], seen[16][16];
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < 16; k++)
            loaded[i][k] = (unsigned char)(i * 16 + k + name[k] + 37 * (long)number);
    long wrong = 0;
    for (int round = 0; round < 200; round++) {
        long result = SYS_sched_yield;
        memset(seen, 0, sizeof seen);
        __asm__ volatile(
            ".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
            "movups 16*\\i(%1), %%xmm\\i\n"
            ".endr\n"
            "syscall\n"
            ".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
            "movups %%xmm\\i, 16*\\i(%2)\n"
            ".endr\n"
            : "+a"(result)
            : "r"(loaded), "r"(seen)
            : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
              "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
        wrong += memcmp(loaded, seen, sizeof seen) != 0;
    }
    return (void*)wrong;
}
static void vector_registers(void) {
    pthread_t threads[3];
    for (long i = 0; i < 3; i++)
        EQUAL(pthread_create(&threads[i], NULL, keep_registers, (void*)i), 0);
    for (int i = 0; i < 3; i++) {
        void* wrong;
        EQUAL(pthread_join(threads[i], &wrong), 0);
        EQUAL((long)wrong, 0);
    }
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter;
static void* increment(void* unused) {
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&mutex);
        int value = counter;
        if (i % 100 == 0) sched_yield();
        counter = value + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}
static void mutexes(void) {
    pthread_t threads[4];
    counter = 0;
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, increment, NULL);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    EQUAL(counter, 8000);
}

static int turn;
static void* ping(void* unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < 100; i++) {
        while (turn != 1) pthread_cond_wait(&condition, &mutex);
        turn = 0;
        pthread_cond_broadcast(&condition);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}
static void conditions(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, ping, NULL);
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < 100; i++) {
        turn = 1;
        pthread_cond_broadcast(&condition);
        while (turn != 0) pthread_cond_wait(&condition, &mutex);
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    double start = now();
    EQUAL(pthread_cond_timedwait(&condition, &mutex, &until), ETIMEDOUT);
    TRUE(now() - start > 0.025 && now() - start < 5);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

static void futexes(void) {
    volatile int word = 5;
    struct timespec moment = {0, 20000000};
    FAILS(futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0), EAGAIN);
    double start = now();
    FAILS(futex(&word, FUTEX_WAIT, 5, &moment, NULL, 0), ETIMEDOUT);
    TRUE(now() - start >= 0.02);
    EQUAL(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
    FAILS(futex((int*)((char*)&word + 1), FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
    FAILS(futex((int*)16, FUTEX_WAIT, 1, NULL, NULL, 0), EFAULT);
    FAILS(futex(&word, 99, 1, NULL, NULL, 0), ENOSYS);
    struct timespec bad = {0, -1};
    FAILS(futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0), EINVAL);
    // Between processes, over shared memory.
    volatile int* shared =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        shared[0] = 1;
        int woken = 0;
        for (int i = 0; i < 100 && woken == 0; i++) {
            woken = (int)futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0);
            if (woken == 0) usleep(1000);
        }
        _exit(0);
    }
    while (shared[0] == 0) futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0);
    EQUAL(status_of(child), 0);
}

static volatile int first_word, middle_word, second_word, arrived;
static void* wait_first(void* unused) {
    (void)unused;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    futex(&first_word, FUTEX_WAIT, 0, NULL, NULL, 0);
    __atomic_fetch_sub(&arrived, 1, __ATOMIC_SEQ_CST);
    return NULL;
}
static void requeueing(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, wait_first, NULL);
    FAILS(futex(&first_word, FUTEX_CMP_REQUEUE, 1, (void*)2L, &middle_word, 7), EAGAIN);
    // All three wait when all three could be moved.
    for (int moved = 0; moved < 3; usleep(1000))
        moved += (int)futex(&first_word, FUTEX_CMP_REQUEUE, 0, (void*)3L, &middle_word, 0);
    EQUAL(futex(&first_word, FUTEX_WAKE, 9, NULL, NULL, 0), 0);
    EQUAL(futex(&middle_word, FUTEX_CMP_REQUEUE, 1, (void*)2L, &second_word, 0), 3);
    EQUAL(futex(&middle_word, FUTEX_WAKE, 9, NULL, NULL, 0), 0);
    EQUAL(futex(&second_word, FUTEX_WAKE, 9, NULL, NULL, 0), 2);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    EQUAL(arrived, 0);
}

static volatile sig_atomic_t handled_by;
static void note_thread(int signal) {
    (void)signal;
    handled_by = (int)syscall(SYS_gettid);
}
static volatile int thread_id, stop_thread;
static void* be_there(void* unused) {
    (void)unused;
    thread_id = (int)syscall(SYS_gettid);
    while (!stop_thread) usleep(1000);
    return NULL;
}
static void signals_to_threads(void) {
    struct sigaction action = {.sa_handler = note_thread, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    stop_thread = thread_id = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, be_there, NULL);
    while (!thread_id) usleep(1000);
    TRUE(thread_id != getpid());
    handled_by = 0;
    EQUAL(pthread_kill(thread, SIGUSR1), 0);
    for (int i = 0; i < 1000 && !handled_by; i++) usleep(1000);
    EQUAL(handled_by, thread_id);
    // For the process, but only the other thread takes it.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    handled_by = 0;
    pid_t child = fork();
    if (child == 0) {
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    status_of(child);
    for (int i = 0; i < 1000 && !handled_by; i++) usleep(1000);
    EQUAL(handled_by, thread_id);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    stop_thread = 1;
    pthread_join(thread, NULL);
}

static void* fork_here(void* result) {
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        int sum = 0;
        int good = syscall(SYS_gettid) == getpid();
        good = good && pthread_create(&thread, NULL, add, &sum) == 0 &&
               pthread_join(thread, NULL) == 0;
        pid_t grandchild = fork();
        if (grandchild == 0) _exit(6);
        _exit(good && sum == 42 && status_of(grandchild) == 6 ? 5 : 1);
    }
    *(int*)result = status_of(child);
    return NULL;
}
static void fork_in_thread(void) {
    int result = 0;
    pthread_t thread, other;
    stop_thread = 0;
    pthread_create(&other, NULL, be_there, NULL);
    pthread_create(&thread, NULL, fork_here, &result);
    pthread_join(thread, NULL);
    EQUAL(result, 5);
    stop_thread = 1;
    pthread_join(other, NULL);
}

enum { MANY_THREADS = 800, MANY_CHILDREN = 120 };
static pthread_barrier_t together;
static void* wait_for_all(void* id_at) {
    *(long*)id_at = syscall(SYS_gettid);
    pthread_barrier_wait(&together);
    return NULL;
}
// What was there for threads that have ended is no burden to the copies of a process.
static void fork_after_many_threads(void) {
    static pthread_t threads[MANY_THREADS];
    static long ids[MANY_THREADS];
    static pid_t children[MANY_CHILDREN];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    for (int round = 0; round < 2; round++) {
        pthread_barrier_init(&together, NULL, MANY_THREADS + 1);
        for (int i = 0; i < MANY_THREADS; i++)
            EQUAL(pthread_create(&threads[i], &small, wait_for_all, &ids[i]), 0);
        pthread_barrier_wait(&together);
        for (int i = 0; i < MANY_THREADS; i++) pthread_join(threads[i], NULL);
        int ends[2];
        EQUAL(pipe(ends), 0);
        int made = 0;
        for (; made < MANY_CHILDREN && (children[made] = fork()) >= 0; made++) {
            if (children[made] == 0) {
                char none;
                close(ends[1]);
                _exit(read(ends[0], &none, 1) == 0 ? 3 : 4);
            }
        }
        EQUAL(made, MANY_CHILDREN);
        FAILS(syscall(SYS_tgkill, getpid(), ids[MANY_THREADS - 1], SIGUSR1), ESRCH);
        close(ends[0]);
        close(ends[1]);
        for (int i = 0; i < made; i++) EQUAL(status_of(children[i]), 3);
    }
}

static void* exec_here(void* unused) {
    (void)unused;
    execl(self, self, "--executed", NULL);
    _exit(1);
}
static void* exit_here(void* unused) {
    (void)unused;
    usleep(20000);
    exit(7);
}
static void ends(void) {
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        stop_thread = 0;
        pthread_create(&thread, NULL, be_there, NULL);
        pthread_create(&thread, NULL, exec_here, NULL);
        for (;;) pause();
    }
    EQUAL(status_of(child), 46);
    child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, exit_here, NULL);
        pthread_exit(NULL);
    }
    EQUAL(status_of(child), 7);
    child = fork();
    if (child == 0) {
        pthread_t thread;
        stop_thread = 0;
        pthread_create(&thread, NULL, be_there, NULL);
        usleep(5000);
        exit(8);
    }
    EQUAL(status_of(child), 8);
}

static pthread_mutex_t robust;
static void* die_holding(void* unused) {
    (void)unused;
    pthread_mutex_lock(&robust);
    return NULL;
}
static void robust_mutexes(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_t thread;
    pthread_create(&thread, NULL, die_holding, NULL);
    pthread_join(thread, NULL);
    EQUAL(pthread_mutex_lock(&robust), EOWNERDEAD);
    EQUAL(pthread_mutex_consistent(&robust), 0);
    EQUAL(pthread_mutex_unlock(&robust), 0);
}

static void clocks(void) {
    struct timespec a, b, resolution;
    struct timeval day;
    EQUAL(clock_gettime(CLOCK_MONOTONIC, &a), 0);
    for (int i = 0; i < 1000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &b);
        if (b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec)) {
            check_report(__FILE__, __LINE__, "the clock goes backwards", i);
            break;
        }
        a = b;
    }
    EQUAL(clock_getres(CLOCK_MONOTONIC, &resolution), 0);
    FAILS(clock_gettime(77, &a), EINVAL);
    EQUAL(gettimeofday(&day, NULL), 0);
    TRUE(labs((long)time(NULL) - (long)day.tv_sec) <= 1);
    double start = now();
    struct timespec moment = {0, 30000000};
    EQUAL(nanosleep(&moment, NULL), 0);
    TRUE(now() - start >= 0.03 && now() - start < 5);
    clock_gettime(CLOCK_MONOTONIC, &a);
    a.tv_nsec += 20000000;
    if (a.tv_nsec >= 1000000000) {
        a.tv_nsec -= 1000000000;
        a.tv_sec++;
    }
    EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL), 0);
    EQUAL(clock_gettime(CLOCK_MONOTONIC, &b), 0);
    TRUE(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
    struct timespec bad = {0, 1000000000};
    FAILS(nanosleep(&bad, NULL), EINVAL);
    EQUAL(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a), 0);
    EQUAL(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a), 0);
    FAILS(clock_settime(CLOCK_REALTIME, &bad), EINVAL);
    FAILS(clock_settime(CLOCK_MONOTONIC, &a), EINVAL);
    FAILS(syscall(SYS_clock_settime, CLOCK_REALTIME, 16L), EFAULT);
}

static void* be_busy(void* stop) {
    while (!atomic_load((atomic_int*)stop)) {
    }
    return NULL;
}

static void clocks_of_others(void) {
    clockid_t process, caller, other;
    struct timespec before, after;
    EQUAL(clock_getcpuclockid(0, &process), 0);
    EQUAL(clock_gettime(process, &after), 0);
    EQUAL(clock_getcpuclockid(getpid(), &process), 0);
    EQUAL(pthread_getcpuclockid(pthread_self(), &caller), 0);
    EQUAL(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before), 0);
    EQUAL(clock_gettime(caller, &after), 0);
    TRUE(seconds(after) >= seconds(before));
    EQUAL(clock_gettime(process, &before), 0);
    TRUE(seconds(before) >= seconds(after));
    pthread_t thread;
    atomic_int stop = 0;
    EQUAL(pthread_create(&thread, NULL, be_busy, &stop), 0);
    EQUAL(pthread_getcpuclockid(thread, &other), 0);
    do
        EQUAL(clock_gettime(other, &after), 0);
    while (seconds(after) < 0.02);
    EQUAL(clock_gettime(process, &after), 0);
    TRUE(seconds(after) >= seconds(before) + 0.02);
    atomic_store(&stop, 1);
    EQUAL(pthread_join(thread, NULL), 0);
    FAILS(clock_gettime((~getpid() << 3) | 3, &after), EINVAL);
    FAILS(clock_settime(process, &after), EPERM);
}

int main(int count, char** words) {
    static const struct check_test tests[] = {
        TEST(create_and_join),
        TEST(many_threads),
        TEST(mutexes),
        TEST(conditions),
        TEST(futexes),
        TEST(requeueing),
        TEST(signals_to_threads),
        TEST(fork_in_thread),
        TEST(fork_after_many_threads),
        TEST(ends),
        TEST(robust_mutexes),
        TEST(clocks),
        TEST(vector_registers),
        TEST(clocks_of_others),
    };
    if (count > 1 && !strcmp(words[1], "--executed"))
        return syscall(SYS_gettid) == getpid() ? 46 : 1;
    if (!realpath(words[0], self)) snprintf(self, sizeof self, "%s", words[0]);
    return check_main(count, words, tests, (int)(sizeof tests / sizeof tests[0]));
}
