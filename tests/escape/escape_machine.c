// SPDX-License-Identifier: MIT
// Attempts at the machine itself: privileged instructions, the kernel's memory, registers that the kernel trusts.
#include "tests/escape/escape.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>

// Intel SDM vol. 2: instructions that are #GP outside of ring 0.
static void privileged_instructions(void) {
    ENDS_BY(SIGSEGV, __asm__ volatile("cli"));
    ENDS_BY(SIGSEGV, __asm__ volatile("sti"));
    ENDS_BY(SIGSEGV, __asm__ volatile("hlt"));
    ENDS_BY(SIGSEGV, __asm__ volatile("clts"));
    ENDS_BY(SIGSEGV, __asm__ volatile("wbinvd"));
    ENDS_BY(SIGSEGV, __asm__ volatile("invd"));
    ENDS_BY(SIGSEGV, __asm__ volatile("invlpg (%0)" ::"r"(&privileged_instructions)));
    ENDS_BY(SIGSEGV, __asm__ volatile("swapgs"));
    ENDS_BY(SIGSEGV, __asm__ volatile("sysretq" ::"c"(0)));
}

static void control_registers(void) {
    unsigned long value = 0;
    ENDS_BY(SIGSEGV, __asm__ volatile("mov %%cr0, %0" : "=r"(value)));
    ENDS_BY(SIGSEGV, __asm__ volatile("mov %0, %%cr3" ::"r"(value)));
    ENDS_BY(SIGSEGV, __asm__ volatile("mov %%cr4, %0" : "=r"(value)));
    ENDS_BY(SIGSEGV, __asm__ volatile("mov %0, %%dr7" ::"r"(value)));
    ENDS_BY(SIGSEGV, __asm__ volatile("rdmsr" ::"c"(0xc0000082)));
    ENDS_BY(SIGSEGV, __asm__ volatile("wrmsr" ::"c"(0xc0000082), "a"(0), "d"(0)));
    ENDS_BY(SIGSEGV, __asm__ volatile("xsetbv" ::"c"(0), "a"(1), "d"(0)));
    ENDS_BY(SIGSEGV, __asm__ volatile("rdpmc" ::"c"(0)));
}

static void tables_of_the_cpu(void) {
    static unsigned char table[16];
    ENDS_BY(SIGSEGV, __asm__ volatile("lgdt %0" ::"m"(table)));
    ENDS_BY(SIGSEGV, __asm__ volatile("lidt %0" ::"m"(table)));
    ENDS_BY(SIGSEGV, __asm__ volatile("lldt %w0" ::"r"(0)));
    ENDS_BY(SIGSEGV, __asm__ volatile("ltr %w0" ::"r"(0x28)));
    ENDS_BY(SIGSEGV, __asm__ volatile("lmsw %w0" ::"r"(1)));
}

// User-mode instruction prevention: where the tables are is told to nobody.
static void where_the_tables_are(void) {
    static unsigned char table[16];
    ENDS_BY(SIGSEGV, __asm__ volatile("sgdt %0" : "=m"(table)));
    ENDS_BY(SIGSEGV, __asm__ volatile("sidt %0" : "=m"(table)));
    ENDS_BY(SIGSEGV, __asm__ volatile("sldt %0" : "=m"(table)));
    ENDS_BY(SIGSEGV, __asm__ volatile("smsw %0" : "=m"(table)));
    ENDS_BY(SIGSEGV, __asm__ volatile("str %0" : "=m"(table)));
}

static void ports(void) {
    unsigned char byte = 0;
    ENDS_BY(SIGSEGV, __asm__ volatile("inb $0x60, %0" : "=a"(byte)));
    ENDS_BY(SIGSEGV, __asm__ volatile("outb %0, $0x64" ::"a"((unsigned char)0xfe)));
    ENDS_BY(SIGSEGV, __asm__ volatile("outl %0, %w1" ::"a"(0x80000000U), "d"(0xcf8)));
    ENDS_BY(SIGSEGV, __asm__ volatile("rep insb" ::"D"(&byte), "d"(0x1f0), "c"(1) : "memory"));
}

static void interrupts_by_number(void) {
    ENDS_BY(SIGSEGV, __asm__ volatile("int $0x0e"));  // as if it were a page fault
    ENDS_BY(SIGSEGV, __asm__ volatile("int $0x08"));
    ENDS_BY(SIGSEGV, __asm__ volatile("int $0x20"));
    ENDS_BY(SIGSEGV, __asm__ volatile("int $0xff"));
    ENDS_BY(SIGTRAP, __asm__ volatile("int3"));
}

static const unsigned long foreign[] = {0xffffffff80000000, 0xffffffff80100000, 0xffff800000000000,
                                        0xffffffffd0000000, 0xffffffffffffff00, 0x800000000000,
                                        0x8000000000000000, 0x00007ffffffff000, 0xfffffffffffffff8};

static void kernel_memory(void) {
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        volatile unsigned long* at = (volatile unsigned long*)foreign[i];
        ENDS_BY(SIGSEGV, (void)*at);
        ENDS_BY(SIGSEGV, *at = 1);
        ENDS_BY(SIGSEGV, ((void (*)(void))foreign[i])());
    }
}

// Nobody reads or writes for a program what it cannot reach itself.
static void kernel_memory_by_system_calls(void) {
    int pair[2];
    EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    EQUAL(write(pair[0], "0123456789", 10), 10);
    int file = open("file", O_RDWR | O_CREAT, 0600);
    EQUAL(write(file, "0123456789", 10), 10);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        void* at = (void*)foreign[i];
        REFUSED(read(pair[1], at, 8), EFAULT);
        REFUSED(write(pair[0], at, 8), EFAULT);
        REFUSED(pread(file, at, 8, 0), EFAULT);
        REFUSED(pwrite(file, at, 8, 0), EFAULT);
        struct iovec part = {at, 8};
        REFUSED(readv(pair[1], &part, 1), EFAULT);
        REFUSED(syscall(SYS_readv, pair[1], at, 1), EFAULT);
        REFUSED(syscall(SYS_fstat, file, at), EFAULT);
        REFUSED(syscall(SYS_open, at, 0), EFAULT);
        REFUSED(syscall(SYS_pipe2, at, 0), EFAULT);
        REFUSED(syscall(SYS_poll, at, 1, 0), EFAULT);
        REFUSED(syscall(SYS_nanosleep, at, NULL), EFAULT);
        REFUSED(syscall(SYS_clock_gettime, 0, at), EFAULT);
        REFUSED(syscall(SYS_uname, at), EFAULT);
        REFUSED(syscall(SYS_getcwd, at, 4096), EFAULT);
        REFUSED(syscall(SYS_rt_sigaction, SIGUSR1, at, NULL, 8), EFAULT);
        REFUSED(syscall(SYS_sigaltstack, at, NULL), EFAULT);
        REFUSED(syscall(SYS_futex, at, 0, 0, NULL, NULL, 0), EFAULT);
        REFUSED(syscall(SYS_execve, at, NULL, NULL), EFAULT);
        REFUSED(syscall(SYS_getrandom, at, 8, 0), EFAULT);
    }
}

static void mappings_over_others(void) {
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        void* page = (void*)(foreign[i] & ~4095UL);
        TRUE(mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                  0) == MAP_FAILED);
        TRUE(mprotect(page, 4096, PROT_READ | PROT_WRITE) == -1);
        TRUE(munmap(page, 4096) == -1);
        TRUE(mremap(page, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED);
    }
}

// A frame on the stack is what a program writes there itself.
static unsigned long forged_flags, forged_selector, forged_place;
static void forge(int signal, siginfo_t* info, void* context) {
    (void)signal;
    (void)info;
    greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
    if (forged_flags != 0) registers[REG_EFL] |= (greg_t)forged_flags;
    if (forged_selector != 0) registers[REG_CSGSFS] = (greg_t)forged_selector;
    if (forged_place != 0) registers[REG_RIP] = (greg_t)forged_place;
}
static void with_forged(unsigned long flags, unsigned long selector, unsigned long place) {
    struct sigaction action = {.sa_sigaction = &forge, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    forged_flags = flags;
    forged_selector = selector;
    forged_place = place;
    raise(SIGUSR1);
}
static void forged_signal_frames(void) {
    // I/O privilege and disabled interrupts are not a program's to set: it goes on without.
    ENDS_BY(SIGSEGV, with_forged(0x3000, 0, 0); __asm__ volatile("cli"));
    ENDS_BY(SIGSEGV, with_forged(0, 0, foreign[0]));
    ENDS_BY(SIGSEGV, with_forged(0, 0, 0x8000000000000000));
    pid_t child = fork();
    if (child == 0) {
        with_forged(0, 0x0010000000000008, 0);  // the kernel's segments
        unsigned short selector;
        __asm__ volatile("mov %%cs, %0" : "=r"(selector));
        _exit((selector & 3) == 3 ? 77 : 1);
    }
    const int status = status_of(child);
    TRUE(status == 77 || status == 1000 + SIGSEGV);
}

static void flags_by_popf(void) {
    unsigned long flags;
    __asm__ volatile("pushfq; orq $0x3000, (%%rsp); andq $~0x200, (%%rsp); popfq; pushfq; popq %0"
                     : "=r"(flags)::"cc");
    EQUAL(flags & 0x3000, 0);
    EQUAL(flags & 0x200, 0x200);
}

// System calls that are made with a stack pointer or bases of the kernel's.
static void stacks_and_bases_of_the_kernel(void) {
    ENDS_BY(SIGSEGV, __asm__ volatile("mov %0, %%rsp; push %%rax" ::"r"(foreign[1])));
    pid_t child = fork();
    if (child == 0) {
        long result;
        __asm__ volatile("mov %%rsp, %%rbx; mov %2, %%rsp; syscall; mov %%rbx, %%rsp"
                         : "=a"(result)
                         : "a"(SYS_getpid), "r"(foreign[1])
                         : "rbx", "rcx", "r11", "memory");
        _exit(result > 0 ? 7 : 1);
    }
    EQUAL(status_of(child), 7);
    ENDS_BY(SIGSEGV, (void)syscall(SYS_arch_prctl, 0x1002, foreign[0]);  // ARCH_SET_FS
            __asm__ volatile(
                "mov %%fs:0, %%rax; mov %0, %%rax; mov (%%rax), %%rax" ::"r"(foreign[0]) : "rax"));
}

// Every number of a system call, with arguments that are none.
static void every_system_call(void) {
    pid_t child = fork();
    if (child == 0) {
        for (long number = 0; number < 1200; number++) {
            switch (number) {
                case SYS_exit:
                case SYS_exit_group:
                case SYS_pause:
                case SYS_fork:
                case SYS_vfork:
                case SYS_clone:
                case SYS_rt_sigreturn:
                case SYS_rt_sigsuspend:
                case SYS_kill:
                case SYS_munmap:        continue;
            }
            alarm(0);
            (void)syscall(number, -1L, foreign[number % 9], foreign[(number + 1) % 9], -1L, -1L,
                          -1L);
        }
        _exit(7);
    }
    EQUAL(status_of(child), 7);
}

ATTEMPTS(TEST(privileged_instructions), TEST(control_registers), TEST(tables_of_the_cpu),
         TEST(where_the_tables_are), TEST(ports), TEST(interrupts_by_number), TEST(kernel_memory),
         TEST(kernel_memory_by_system_calls), TEST(mappings_over_others),
         TEST(forged_signal_frames), TEST(flags_by_popf), TEST(stacks_and_bases_of_the_kernel),
         TEST(every_system_call))
