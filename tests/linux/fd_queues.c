// SPDX-License-Identifier: MIT
// POSIX message queues.
#include "tests/linux/check.h"

#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

static char name[64];
static char text[4096];

// A name that nobody else has on this machine.
static mqd_t make(int flags, long most, long bytes) {
    static int number;
    struct mq_attr attributes = {.mq_maxmsg = most, .mq_msgsize = bytes};
    snprintf(name, sizeof name, "/check.%d.%d", getpid(), number++);
    return mq_open(name, O_CREAT | O_EXCL | flags, 0600, &attributes);
}

static struct timespec soon(long milliseconds) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += milliseconds * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static void order(void) {
    mqd_t queue = make(O_RDWR, 4, 16);
    TRUE(queue >= 0);
    EQUAL(mq_send(queue, "low", 3, 1), 0);
    EQUAL(mq_send(queue, "first", 5, 7), 0);
    EQUAL(mq_send(queue, "second", 6, 7), 0);
    EQUAL(mq_send(queue, "", 0, 0), 0);
    struct mq_attr attributes;
    EQUAL(mq_getattr(queue, &attributes), 0);
    EQUAL(attributes.mq_curmsgs, 4);
    EQUAL(attributes.mq_maxmsg, 4);
    EQUAL(attributes.mq_msgsize, 16);
    unsigned priority = 0;
    EQUAL(mq_receive(queue, text, 16, &priority), 5);
    EQUAL(priority, 7);
    EQUAL(memcmp(text, "first", 5), 0);
    EQUAL(mq_receive(queue, text, 16, NULL), 6);
    EQUAL(mq_receive(queue, text, 16, &priority), 3);
    EQUAL(priority, 1);
    EQUAL(mq_receive(queue, text, 16, NULL), 0);
    EQUAL(mq_unlink(name), 0);
    EQUAL(mq_send(queue, "still", 5, 0), 0);  // it is there as long as it is open
    EQUAL(mq_receive(queue, text, 16, NULL), 5);
    EQUAL(mq_close(queue), 0);
    FAILS(mq_open(name, O_RDWR), ENOENT);
}

static void refusals(void) {
    mqd_t queue = make(O_RDWR | O_NONBLOCK, 1, 8);
    FAILS(mq_receive(queue, text, 8, NULL), EAGAIN);
    FAILS(mq_receive(queue, text, 7, NULL), EMSGSIZE);
    FAILS(mq_send(queue, text, 9, 0), EMSGSIZE);
    FAILS(mq_send(queue, text, 1, 32768), EINVAL);
    EQUAL(mq_send(queue, "x", 1, 32767), 0);
    FAILS(mq_send(queue, "x", 1, 0), EAGAIN);
    FAILS(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL), EEXIST);
    mqd_t reader = mq_open(name, O_RDONLY);
    FAILS(mq_send(reader, "x", 1, 0), EBADF);
    mqd_t writer = mq_open(name, O_WRONLY);
    FAILS(mq_receive(writer, text, 8, NULL), EBADF);
    FAILS(mq_receive(0, text, 8, NULL), EBADF);
    FAILS(mq_receive(77, text, 8, NULL), EBADF);
    FAILS(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL), EACCES);
    FAILS(mq_open("/", O_RDWR), ENOENT);
    FAILS(mq_unlink("/nobody has made this"), ENOENT);
    struct mq_attr bad = {.mq_maxmsg = 0, .mq_msgsize = 8};
    FAILS(mq_open("/check.bad", O_RDWR | O_CREAT, 0600, &bad), EINVAL);
    struct timespec no_time = {0, 1000000000};
    FAILS(mq_timedreceive(queue, text, 8, NULL, &no_time), EINVAL);
    EQUAL(fcntl(queue, F_GETFD), FD_CLOEXEC);
    struct mq_attr flags = {.mq_flags = 0}, before;
    EQUAL(mq_setattr(queue, &flags, &before), 0);
    EQUAL(before.mq_flags, O_NONBLOCK);
    EQUAL(before.mq_curmsgs, 1);
    struct timespec at = soon(20);
    FAILS(mq_timedsend(queue, "x", 1, 0, &at), ETIMEDOUT);
    EQUAL(mq_receive(queue, text, 8, NULL), 1);
    at = soon(20);
    FAILS(mq_timedreceive(queue, text, 8, NULL, &at), ETIMEDOUT);
    EQUAL(mq_unlink(name), 0);
    mq_close(queue);
    mq_close(reader);
    mq_close(writer);
    FAILS(mq_close(queue), EBADF);
}

// One process fills the queue faster than the other empties it, and both have to wait.
static void processes(void) {
    mqd_t queue = make(O_RDWR, 2, 64);
    pid_t child = fork();
    if (child == 0) {
        mqd_t own = mq_open(name, O_WRONLY);
        for (int i = 0; i < 200; i++) {
            if (mq_send(i % 2 ? own : queue, (char*)&i, sizeof i, 0) != 0) _exit(1);
        }
        _exit(0);
    }
    int wrong = 0;
    for (int i = 0; i < 200; i++) {
        int got = -1;
        wrong += mq_receive(queue, text, 64, NULL) != sizeof got || (memcpy(&got, text, sizeof got), got != i);
    }
    EQUAL(wrong, 0);
    EQUAL(status_of(child), 0);
    mq_unlink(name);
    mq_close(queue);
}

static volatile sig_atomic_t handled, value;
static void handler(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    handled++;
    value = info->si_code == SI_MESGQ ? info->si_value.sival_int : -1;
}

static void notices(void) {
    mqd_t queue = make(O_RDWR, 2, 8);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
    EQUAL(mq_notify(queue, &event), 0);
    FAILS(mq_notify(queue, &event), EBUSY);
    pid_t child = fork();
    if (child == 0) {
        FAILS(mq_notify(queue, &event), EBUSY);
        mq_close(queue);  // not the parent's registration
        _exit(check_failures != 0);
    }
    EQUAL(status_of(child), 0);
    EQUAL(mq_send(queue, "x", 1, 0), 0);
    EQUAL(handled, 1);
    EQUAL(value, 42);
    EQUAL(mq_send(queue, "x", 1, 0), 0);
    EQUAL(mq_receive(queue, text, 8, NULL), 1);
    EQUAL(mq_receive(queue, text, 8, NULL), 1);
    EQUAL(mq_send(queue, "x", 1, 0), 0);  // once only
    EQUAL(handled, 1);
    EQUAL(mq_notify(queue, &event), 0);
    EQUAL(mq_send(queue, "x", 1, 0), 0);  // it was not empty
    EQUAL(handled, 1);
    EQUAL(mq_notify(queue, NULL), 0);
    event.sigev_signo = 0;  // nobody else may ask, and nothing comes
    EQUAL(mq_notify(queue, &event), 0);
    event.sigev_signo = 1000;
    FAILS(mq_notify(queue, &event), EINVAL);
    mq_unlink(name);
    mq_close(queue);
}

static void* receiver(void* argument) {
    mqd_t queue = *(mqd_t*)argument;
    return (void*)(intptr_t)mq_receive(queue, text, 8, NULL);
}

// A signal ends the wait, and a message given to who waits is noticed by nobody else.
static void interruptions(void) {
    mqd_t queue = make(O_RDWR, 1, 8);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    EQUAL(sigaction(SIGALRM, &action, NULL), 0);
    struct itimerspec in = {.it_value.tv_nsec = 20000000};
    timer_t timer;
    EQUAL(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
    EQUAL(timer_settime(timer, 0, &in, NULL), 0);
    FAILS(mq_receive(queue, text, 8, NULL), EINTR);
    timer_delete(timer);
    pthread_t thread;
    EQUAL(pthread_create(&thread, NULL, receiver, &queue), 0);
    EQUAL(mq_send(queue, "for it", 6, 0), 0);
    void* got;
    pthread_join(thread, &got);
    EQUAL((intptr_t)got, 6);
    mq_unlink(name);
    mq_close(queue);
}

MAIN(TEST(order), TEST(refusals), TEST(processes), TEST(notices), TEST(interruptions))
