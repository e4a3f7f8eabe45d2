// SPDX-License-Identifier: MIT
// mmap and its relatives, brk, and what system calls say to bad addresses.
#include "tests/linux/check.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { page = 4096 };

static sigjmp_buf escape;
static void on_fault(int signal) { siglongjmp(escape, signal); }
static int touch(volatile char* at, int write) {
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    int caught = sigsetjmp(escape, 1);
    if (caught == 0) {
        if (write)
            *at = 1;
        else
            (void)*at;
    }
    return caught;
}

static char* anonymous(size_t pages, int protection) {
    char* at = mmap(NULL, pages * page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(at != MAP_FAILED);
    return at;
}

static void anonymous_memory(void) {
    char* at = anonymous(8, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 8 * page; i++)
        if (at[i] != 0) {
            check_report(__FILE__, __LINE__, "fresh memory is zero", i);
            break;
        }
    memset(at, 7, 8 * page);
    EQUAL(munmap(at + 2 * page, 2 * page), 0);
    EQUAL(touch(at + page, 0), 0);
    EQUAL(touch(at + 2 * page, 0), SIGSEGV);
    EQUAL(touch(at + 3 * page, 0), SIGSEGV);
    EQUAL(touch(at + 4 * page, 0), 0);
    EQUAL(at[4 * page], 7);
    // The hole, filled again, is zero.
    char* hole = mmap(at + 2 * page, 2 * page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EQUAL((long)hole, (long)(at + 2 * page));
    EQUAL(hole[0], 0);
    EQUAL(hole[page], 0);
    EQUAL(munmap(at, 8 * page), 0);
    EQUAL(munmap(at, 8 * page), 0);
    // Big, hardly touched: nothing is set aside for it.
    char* big = mmap(NULL, (size_t)page << 20, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    TRUE(big != MAP_FAILED);
    if (big == MAP_FAILED) return;
    big[0] = big[((size_t)page << 20) - 1] = 1;
    EQUAL(munmap(big, (size_t)page << 20), 0);
}

static void fixed(void) {
    char* at = anonymous(4, PROT_READ | PROT_WRITE);
    at[page] = 5;
    FAILS(
        mmap(at + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
        EEXIST);
    char* again = mmap(at + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EQUAL((long)again, (long)(at + page));
    EQUAL(again[0], 0);
    EQUAL(touch(again, 1), SIGSEGV);
    EQUAL(munmap(at, 4 * page), 0);
    FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    FAILS(mmap((void*)123, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
          EINVAL);
    FAILS(mmap(NULL, page, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    FAILS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
    FAILS(mmap(NULL, (size_t)1 << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    FAILS(munmap((void*)123, page), EINVAL);
    FAILS(munmap(at, 0), EINVAL);
}

static void protection(void) {
    char* at = anonymous(4, PROT_READ | PROT_WRITE);
    memset(at, 3, 4 * page);
    EQUAL(mprotect(at + page, page, PROT_READ), 0);
    EQUAL(touch(at + page, 1), SIGSEGV);
    EQUAL(touch(at + 2 * page, 1), 0);
    EQUAL(mprotect(at + page, page, PROT_NONE), 0);
    EQUAL(touch(at + page, 0), SIGSEGV);
    EQUAL(mprotect(at, 4 * page, PROT_READ | PROT_WRITE), 0);
    EQUAL(touch(at + page, 1), 0);
    EQUAL(at[page + 1], 3);
    EQUAL(munmap(at + page, page), 0);
    FAILS(mprotect(at, 4 * page, PROT_READ), ENOMEM);
    FAILS(syscall(SYS_mprotect, at + 1, (long)page, (long)PROT_READ), EINVAL);
    munmap(at, 4 * page);
    // Code that is written and then run.
    unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};  // mov $42, %eax; ret
    char* place = anonymous(1, PROT_READ | PROT_WRITE);
    memcpy(place, code, sizeof code);
    EQUAL(mprotect(place, page, PROT_READ | PROT_EXEC), 0);
    EQUAL(((int (*)(void))place)(), 42);
    EQUAL(touch(place, 1), SIGSEGV);
    munmap(place, page);
}

// mov $value, %eax; ret
static void write_function(char* at, int value) {
    memcpy(at, "\xb8", 1);
    memcpy(at + 1, &value, sizeof value);
    at[5] = '\xc3';
}

static int call(const char* at) { return ((int (*)(void))(uintptr_t)at)(); }

static volatile int others_stop;

static void* call_on(void* at) {
    long wrong = 0;
    while (!others_stop) wrong += call(at) != 7;
    return (void*)wrong;
}

// As compilers at run time have it that write and run the same pages by turns.
static void writable_code(void) {
    const int all = PROT_READ | PROT_WRITE | PROT_EXEC;
    char* at = anonymous(4, all);
    TRUE(at != MAP_FAILED);
    if (at == MAP_FAILED) return;
    for (int i = 0; i < 3; i++) {
        write_function(at, i);
        write_function(at + page - 16, 100 + i);
        write_function(at + page - 3, 200 + i);
        EQUAL(call(at), i);
        EQUAL(call(at + page - 16), 100 + i);
        EQUAL(at[1], i);
        EQUAL(call(at + page - 3), 200 + i);
    }
    // Code in one page that writes to another: movb $9, (%rdi); ret
    memcpy(at + 2 * page, "\xc6\x07\x09\xc3", 4);
    ((void (*)(char*))(uintptr_t)(at + 2 * page))(at + 3 * page);
    EQUAL(at[3 * page], 9);
    // What the kernel writes, or a library in its place, to where code has just run.
    int pair[2];
    EQUAL(pipe(pair), 0);
    char function[6];
    write_function(function, 77);
    EQUAL(write(pair[1], function, sizeof function), (long)sizeof function);
    EQUAL(read(pair[0], at, sizeof function), (long)sizeof function);
    EQUAL(call(at), 77);
    close(pair[0]);
    close(pair[1]);
    // A child's is its own.
    pid_t child = fork();
    if (child == 0) {
        write_function(at, 5);
        _exit(call(at) + call(at + page - 16));
    }
    EQUAL(status_of(child), 5 + 102);
    EQUAL(call(at), 77);
    EQUAL(mprotect(at, page, PROT_READ | PROT_EXEC), 0);
    EQUAL(call(at), 77);
    EQUAL(touch(at, 1), SIGSEGV);
    EQUAL(mprotect(at, page, all), 0);
    write_function(at, 78);
    EQUAL(call(at), 78);
    munmap(at, 4 * page);
}

// One thread runs a function while another writes one in the same page.
static void writable_code_of_threads(void) {
    char* at = anonymous(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    write_function(at, 7);
    pthread_t other;
    EQUAL(pthread_create(&other, NULL, call_on, at), 0);
    for (int i = 0; i < 2000; i++) {
        write_function(at + 64, i);
        EQUAL(call(at + 64), i);
    }
    others_stop = 1;
    void* wrong;
    pthread_join(other, &wrong);
    EQUAL((long)wrong, 0);
    munmap(at, page);
}

// Of a file's private pages, too.
static void writable_code_of_a_file(void) {
    int fd = open("code", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char text[page];
    memset(text, 0, sizeof text);
    write_function(text, 11);
    EQUAL(write(fd, text, sizeof text), (long)sizeof text);
    char* at = mmap(NULL, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0);
    TRUE(at != MAP_FAILED);
    if (at == MAP_FAILED) return;
    EQUAL(call(at), 11);
    write_function(at, 12);
    EQUAL(call(at), 12);
    EQUAL(pread(fd, text, sizeof text, 0), (long)sizeof text);
    EQUAL(text[1], 11);
    munmap(at, page);
    close(fd);
}

static void remapping(void) {
    char* at = anonymous(4, PROT_READ | PROT_WRITE);
    memset(at, 9, 4 * page);
    char* moved = mremap(at, 4 * page, 64 * page, MREMAP_MAYMOVE);
    TRUE(moved != MAP_FAILED);
    EQUAL(moved[4 * page - 1], 9);
    EQUAL(moved[4 * page], 0);
    EQUAL(moved[64 * page - 1], 0);
    EQUAL((long)mremap(moved, 64 * page, 2 * page, 0), (long)moved);
    EQUAL(moved[2 * page - 1], 9);
    EQUAL(touch(moved + 2 * page, 0), SIGSEGV);
    char* target = anonymous(2, PROT_READ);
    EQUAL((long)mremap(moved, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, target),
          (long)target);
    EQUAL(target[page], 9);
    EQUAL(touch(moved, 0), SIGSEGV);
    FAILS(mremap(moved, page, 2 * page, MREMAP_MAYMOVE), EFAULT);
    FAILS(mremap(target, page, 0, MREMAP_MAYMOVE), EINVAL);
    munmap(target, 2 * page);
}

static void files(void) {
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char text[page + 100];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i % 26);
    EQUAL(write(fd, text, sizeof text), (long)sizeof text);
    char* private = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    TRUE(private != MAP_FAILED);
    EQUAL(memcmp(private, text, sizeof text), 0);
    EQUAL(private[sizeof text], 0);
    private[0] = '!';
    char first;
    EQUAL(pread(fd, &first, 1, 0), 1);
    EQUAL(first, 'a');
    char* second = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, page);
    EQUAL(second[0], text[page]);
    EQUAL(touch(second, 1), SIGSEGV);
    munmap(private, 2 * page);
    munmap(second, page);
    FAILS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
    close(fd);
    fd = open("file", O_RDONLY);
    FAILS(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
    close(fd);
    fd = open("file", O_WRONLY);
    FAILS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0), EACCES);
    close(fd);
    fd = open("/dev/zero", O_RDWR);
    char* zero = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    TRUE(zero != MAP_FAILED && zero[5] == 0);
    munmap(zero, page);
    close(fd);
    int ends[2];
    TRUE(pipe(ends) == 0);
    FAILS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
    close(ends[0]);
    close(ends[1]);
}

static void shared_files(void) {
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    EQUAL(ftruncate(fd, 2 * page), 0);
    char* one = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUE(one != MAP_FAILED);
    strcpy(one + page, "through the mapping");
    char text[20] = "";
    EQUAL(pread(fd, text, 19, page), 19);
    EQUAL(strcmp(text, "through the mapping"), 0);
    EQUAL(pwrite(fd, "through the file", 17, 0), 17);
    EQUAL(strcmp(one, "through the file"), 0);
    pid_t child = fork();
    if (child == 0) {
        strcpy(one + 100, "from the child");
        _exit(0);
    }
    EQUAL(status_of(child), 0);
    EQUAL(strcmp(one + 100, "from the child"), 0);
    EQUAL(msync(one, 2 * page, MS_SYNC), 0);
    munmap(one, 2 * page);
    close(fd);
}

static void shared_with_children(void) {
    volatile int* shared =
        mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char* own = anonymous(3, PROT_READ | PROT_WRITE);
    memset(own, 1, 3 * page);
    pid_t child = fork();
    if (child == 0) {
        shared[0] = 11;
        int good = own[0] == 1 && own[2 * page] == 1;
        own[0] = 2;
        // The child's memory can be given back and used anew as well.
        madvise(own, page, MADV_DONTNEED);
        good = good && own[0] == 0 && own[page] == 1;
        munmap(own + page, page);
        char* again = mmap(own + page, page, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        good = good && again[0] == 0 && own[2 * page] == 1;
        char* moved = mremap(own + 2 * page, page, 100 * page, MREMAP_MAYMOVE);
        good = good && moved[0] == 1 && moved[99 * page] == 0;
        pid_t grandchild = fork();
        if (grandchild == 0) _exit(moved[0] == 1 && own[0] == 0 ? 0 : 1);
        _exit(good && status_of(grandchild) == 0 ? 0 : 1);
    }
    EQUAL(status_of(child), 0);
    EQUAL(shared[0], 11);
    EQUAL(own[0], 1);
    EQUAL(own[page], 1);
    munmap(own, 3 * page);
}

static void advice(void) {
    char* at = anonymous(4, PROT_READ | PROT_WRITE);
    memset(at, 5, 4 * page);
    EQUAL(madvise(at + page, 2 * page, MADV_DONTNEED), 0);
    EQUAL(at[0], 5);
    EQUAL(at[page], 0);
    EQUAL(at[2 * page], 0);
    EQUAL(at[3 * page], 5);
    EQUAL(madvise(at, 4 * page, MADV_WILLNEED), 0);
    FAILS(madvise(at, page, 9999), EINVAL);
    FAILS(madvise(at + 1, page, MADV_DONTNEED), EINVAL);
    unsigned char resident[4];
    EQUAL(mincore(at, 4 * page, resident), 0);
    munmap(at, 4 * page);
    FAILS(madvise(at, page, MADV_WILLNEED), ENOMEM);
}

// What a child is not to have: secrets, and the state of generators of random numbers.
static void advice_for_children(void) {
    char* at = anonymous(6, PROT_READ | PROT_WRITE);
    memset(at, 5, 6 * page);
    EQUAL(madvise(at + page, page, MADV_WIPEONFORK), 0);
    EQUAL(madvise(at + 3 * page, 2 * page, MADV_DONTFORK), 0);
    EQUAL(madvise(at + 4 * page, page, MADV_DOFORK), 0);
    pid_t child = fork();
    if (child == 0) {
        int good = at[0] == 5 && at[page] == 0 && at[2 * page - 1] == 0 && at[2 * page] == 5;
        good = good && at[4 * page] == 5 && at[5 * page] == 5;
        good = good && madvise(at + 3 * page, page, MADV_WILLNEED) == -1 && errno == ENOMEM;
        at[page] = 7;
        pid_t grandchild = fork();  // what was wiped once is wiped again
        if (grandchild == 0) _exit(at[page] != 0 || at[0] != 5);
        _exit(!good || status_of(grandchild) != 0 || at[page] != 7);
    }
    EQUAL(status_of(child), 0);
    EQUAL(at[page], 5);
    EQUAL(at[3 * page], 5);
    EQUAL(madvise(at + page, page, MADV_KEEPONFORK), 0);
    child = fork();
    if (child == 0) _exit(at[page] != 5);
    EQUAL(status_of(child), 0);
    char* shared = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FAILS(madvise(shared, page, MADV_WIPEONFORK), EINVAL);
    FAILS(madvise(shared, page, MADV_FREE), EINVAL);
    FAILS(madvise(at, page, MADV_REMOVE), EINVAL);
    munmap(shared, page);
    EQUAL(madvise(at, page, MADV_FREE), 0);
    TRUE(at[0] == 0 || at[0] == 5);
    at[0] = 9;
    EQUAL(at[0], 9);
    munmap(at, 6 * page);
    FAILS(madvise(at, page, MADV_WIPEONFORK), ENOMEM);
}

// Pages that come at once may lie in large pages: what changes a part of these must leave the rest.
static void populated(void) {
    enum { pages = 3 * 512 };
    char* at = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    TRUE(at != MAP_FAILED);
    long wrong = 0;
    for (int i = 0; i < pages; i++) {
        for (int j = 0; j < page; j += 512) wrong += at[i * page + j] != 0;
        at[i * page] = (char)(i % 100 + 1);
    }
    EQUAL(wrong, 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < pages; i += 100) at[i * page] = 0;
        for (int i = 0; i < pages; i++) wrong += at[i * page] != (i % 100 == 0 ? 0 : i % 100 + 1);
        _exit(wrong == 0 ? 0 : 1);
    }
    at[700 * page + 1] = 9;
    EQUAL(status_of(child), 0);
    EQUAL(mprotect(at + 600 * page, page, PROT_READ), 0);
    EQUAL(touch(at + 600 * page, 1), SIGSEGV);
    EQUAL(madvise(at + 601 * page, page, MADV_DONTNEED), 0);
    EQUAL(munmap(at + 602 * page, page), 0);
    EQUAL(touch(at + 602 * page, 0), SIGSEGV);
    for (int i = 0; i < pages; i++)
        if (i != 602) wrong += at[i * page] != (i == 601 ? 0 : i % 100 + 1);
    EQUAL(wrong, 0);
    EQUAL(at[700 * page + 1], 9);
    EQUAL(madvise(at + 603 * page, 100 * page, 23 /* MADV_POPULATE_WRITE */), 0);
    munmap(at, pages * page);
    void* huge = mmap(NULL, 512 * page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    TRUE(huge == MAP_FAILED && errno == ENOMEM);
}

// In a process that has no privileges on Linux either.
static void locked(void) {
    FAILS(mlockall(0), EINVAL);
    FAILS(mlockall(MCL_CURRENT | 64), EINVAL);
    char* pages = anonymous(2, PROT_READ);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {page, page};
        if (geteuid() == 0) EQUAL(setuid(65534), 0);
        EQUAL(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
        EQUAL(mlock(pages + 1, page - 1), 0);
        EQUAL(mlock(pages, page), 0);
        FAILS(mlock(pages + page, page), ENOMEM);
        FAILS(msync(pages, 2 * page, MS_ASYNC | MS_INVALIDATE), EBUSY);
        EQUAL(msync(pages + page, page, MS_ASYNC | MS_INVALIDATE), 0);
        FAILS(madvise(pages, page, MADV_DONTNEED), EINVAL);
        if (fork() == 0) _exit(msync(pages, page, MS_ASYNC | MS_INVALIDATE) == 0 ? 5 : 1);
        int end = -1;
        wait(&end);
        EQUAL(WEXITSTATUS(end), 5);
        EQUAL(munlock(pages, 2 * page), 0);
        EQUAL(msync(pages, page, MS_ASYNC | MS_INVALIDATE), 0);
        EQUAL(mlockall(MCL_FUTURE), 0);
        char* more = anonymous(1, PROT_READ);
        FAILS(msync(more, page, MS_INVALIDATE), EBUSY);
        EQUAL(munlockall(), 0);
        EQUAL(msync(more, page, MS_INVALIDATE), 0);
        FAILS(mlock(pages, 2 * page), ENOMEM);
        limit.rlim_cur = 0;
        EQUAL(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
        FAILS(mlock(pages, page), EPERM);
        FAILS(mlockall(MCL_FUTURE), EPERM);
        _exit(check_failures);
    }
    int status = -1;
    EQUAL(waitpid(child, &status, 0), child);
    EQUAL(status, 0);
    EQUAL(munmap(pages, 2 * page), 0);
}

static void program_break(void) {
    char* start = (char*)syscall(SYS_brk, 0L);
    char* end = (char*)syscall(SYS_brk, start + 3 * page + 5);
    EQUAL((long)end, (long)(start + 3 * page + 5));
    start[3 * page] = 1;
    EQUAL((long)syscall(SYS_brk, start + page), (long)(start + page));
    EQUAL((long)syscall(SYS_brk, start + 4 * page), (long)(start + 4 * page));
    EQUAL(start[3 * page], 0);
    EQUAL((long)syscall(SYS_brk, 8L), (long)(start + 4 * page));
    syscall(SYS_brk, start);
}

static void bad_addresses(void) {
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char* gap = anonymous(2, PROT_READ | PROT_WRITE);
    munmap(gap + page, page);
    FAILS(write(fd, (void*)16, 5), EFAULT);
    EQUAL(write(fd, "text", 4), 4);
    lseek(fd, 0, SEEK_SET);
    FAILS(read(fd, (void*)16, 4), EFAULT);
    FAILS(syscall(SYS_open, 16L, 0L), EFAULT);
    FAILS(syscall(SYS_clock_gettime, 0L, 16L), EFAULT);
    FAILS(syscall(SYS_rt_sigaction, 10L, 16L, 0L, 8L), EFAULT);
    // Addresses of the kernel, and of what else may be above the program.
    FAILS(read(fd, (void*)0xffff800000000000, 4), EFAULT);
    FAILS(read(fd, (void*)0x7e0000000000, 4), EFAULT);
    FAILS(read(fd, (void*)0x7e2000001000, 4), EFAULT);
    // A string may end right before the gap.
    strcpy(gap + page - 5, "file");
    int again = open(gap + page - 5, O_RDONLY);
    TRUE(again >= 0);
    close(again);
    close(fd);
}

MAIN(TEST(anonymous_memory), TEST(fixed), TEST(protection), TEST(writable_code),
     TEST(writable_code_of_threads), TEST(writable_code_of_a_file), TEST(remapping), TEST(files),
     TEST(shared_files), TEST(shared_with_children), TEST(advice), TEST(advice_for_children),
     TEST(populated),
     TEST(locked), TEST(program_break), TEST(bad_addresses))
