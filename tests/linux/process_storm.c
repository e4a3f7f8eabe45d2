// SPDX-License-Identifier: MIT
// Signals that come at every possible moment: between the instructions of a loop whose registers must not change, around
// system calls, on top of each other.
#include "tests/linux/check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

static volatile int finished;
static volatile long handled, sent;
static pthread_t target;

static void on_signal(int signal) {
    (void)signal;
    handled++;
    syscall(SYS_gettid);
}

static void send_one(int signal) {
    pthread_kill(target, signal);
    sent++;
}

static void* send_signals(void* count) {
    for (long i = 0; i < (long)count; i++) {
        send_one(i % 2 ? SIGUSR1 : SIGUSR2);
        for (volatile int wait = 0; wait < (int)(i * 37 % 400); wait++) {
        }
        if (i % 16 == 0) sched_yield();
        // Signals that are pending already are one; on a single CPU all of them could be sent before the target runs again.
        long seen = handled;
        while (i % 64 == 0 && handled == seen) {
            send_one(SIGUSR1);
            sched_yield();
        }
    }
    finished = 1;
    return NULL;
}

// Fills every register, makes a system call or none, and looks whether all are what they were.
static long registers_changed(int with_call) {
    long wrong;
    __asm__ volatile(
        "movq $0x1111, %%rbx\n movq $0x2222, %%rdx\n movq $0x3333, %%rsi\n movq $0x4444, %%rdi\n"
        "movq $0x5555, %%r8\n movq $0x6666, %%r9\n movq $0x7777, %%r10\n movq $0x8888, %%r12\n"
        "movq $0x9999, %%r13\n movq $0xaaaa, %%r14\n movq $0xbbbb, %%r15\n"
        "movq $0xcccc, -64(%%rsp)\n"  // the red zone
        "movl $39, %%eax\n"
        "cmpl $0, %[with]\n je 1f\n syscall\n"
        "1: cmpl $7, %[with]\n"  // flags that must survive until the jump below
        "movl $200, %%ecx\n"
        "2: leal -1(%%ecx), %%ecx\n jrcxz 3f\n jmp 2b\n"
        "3: jb 4f\n movl $1, %%eax\n jmp 9f\n"
        "4: movl $2, %%eax\n"
        "cmpq $0x1111, %%rbx\n jne 9f\n cmpq $0x2222, %%rdx\n jne 9f\n cmpq $0x3333, %%rsi\n jne "
        "9f\n"
        "cmpq $0x4444, %%rdi\n jne 9f\n cmpq $0x5555, %%r8\n jne 9f\n cmpq $0x6666, %%r9\n jne 9f\n"
        "cmpq $0x7777, %%r10\n jne 9f\n cmpq $0x8888, %%r12\n jne 9f\n cmpq $0x9999, %%r13\n jne "
        "9f\n"
        "cmpq $0xaaaa, %%r14\n jne 9f\n cmpq $0xbbbb, %%r15\n jne 9f\n"
        "cmpq $0xcccc, -64(%%rsp)\n jne 9f\n"
        "xorl %%eax, %%eax\n"
        "9:"
        : "=&a"(wrong)
        : [with] "m"(with_call)
        : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
          "memory", "cc");
    return wrong;
}

static void storm(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    target = pthread_self();
    finished = 0;
    pthread_t thread;
    EQUAL(pthread_create(&thread, NULL, send_signals, (void*)3000L), 0);
    long wrong = 0;
    for (int round = 0; !finished; round++) wrong += registers_changed(round & 1) != 0;
    pthread_join(thread, NULL);
    EQUAL(wrong, 0);
    TRUE(handled > 30 && handled <= sent);
}

MAIN(TEST(storm))
