// SPDX-License-Identifier: MIT
// Uses memory up to a limit, in one of several ways, and says what it met.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { chunk = 256 * 1024 };

static char* take(size_t bytes, int protection, int flags) {
    return mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

// Every byte that mmap promised is touched before the next is asked for, or, if `late`, at the end.
static int by_mmap(int late) {
    static char* taken[4096];
    int count = 0;
    while (count < 4096) {
        char* at = take(chunk, PROT_READ | PROT_WRITE, 0);
        if (at == MAP_FAILED) {
            break;
        }
        taken[count++] = at;
        if (!late) {
            memset(at, 1, chunk);
        }
    }
    const int error = errno;
    for (int i = 0; i < count; i++) {
        memset(taken[i], 2, chunk);
    }
    for (int i = 0; i < count; i++) {
        munmap(taken[i], chunk);
    }
    printf("%s after %d KiB\n", strerror(error), count * chunk / 1024);
    return take(chunk, PROT_READ | PROT_WRITE, 0) == MAP_FAILED;
}

static int by_brk(void) {
    char* const start = (char*)syscall(SYS_brk, 0L);
    size_t taken = 0;
    while (taken < (size_t)1 << 30 &&
           (char*)syscall(SYS_brk, start + taken + chunk) == start + taken + chunk) {
        taken += chunk;
    }
    memset(start, 1, taken);
    printf("%s after %zu KiB\n", strerror(ENOMEM), taken / 1024);
    return 0;
}

// What is taken without access, or as a sparse reserve, costs nothing until it is used.
static int sparse(void) {
    const size_t large = (size_t)1 << 30;
    char* none = take(large, PROT_NONE, 0);
    char* reserve = take(large, PROT_READ | PROT_WRITE, MAP_NORESERVE);
    if (none == MAP_FAILED || reserve == MAP_FAILED) {
        return perror("mmap"), 1;
    }
    memset(reserve + large / 2, 1, chunk);
    if (mprotect(none + large / 2, chunk, PROT_READ | PROT_WRITE) != 0) {
        return perror("mprotect"), 1;
    }
    memset(none + large / 2, 1, chunk);
    const int refused = mprotect(none, large, PROT_READ | PROT_WRITE);
    printf("sparse, then %s\n", refused == 0 ? "everything" : strerror(errno));
    return 0;
}

static int by_fork(size_t kib) {
    char* at = take(kib * 1024, PROT_READ | PROT_WRITE, 0);
    if (at == MAP_FAILED) {
        return perror("mmap"), 1;
    }
    memset(at, 1, kib * 1024);
    const pid_t child = fork();
    if (child == 0) {
        memset(at, 2, kib * 1024);
        _exit(0);
    }
    int status = 0;
    printf("fork: %s\n", child < 0 ? strerror(errno) : "ok");
    return child > 0 && (waitpid(child, &status, 0) != child || status != 0);
}

static int hold(size_t kib) {
    char* at = take(kib * 1024, PROT_READ | PROT_WRITE, 0);
    puts(at == MAP_FAILED ? "refused" : "held");
    fflush(stdout);
    return sleep(30), 0;
}

static void* wait_for_ever(void* what) {
    char byte;
    int* pipe_ends = what;
    return read(pipe_ends[0], &byte, 1) == 1 ? what : NULL;
}

// Threads, mappings, pipes and calls that do not end; killed in the middle of it.
static int busy(void) {
    static int ends[8][2];
    pthread_t thread;
    for (int i = 0; i < 8; i++) {
        char* at = take(chunk, PROT_READ | PROT_WRITE, i % 2 == 0 ? MAP_NORESERVE : 0);
        if (at == MAP_FAILED || pipe(ends[i]) != 0 ||
            pthread_create(&thread, NULL, wait_for_ever, ends[i]) != 0) {
            return perror("busy"), 1;
        }
        memset(at, 1, chunk / 2);
    }
    if (fork() == 0) {
        return wait_for_ever(ends[0]) == NULL;
    }
    puts("busy");
    fflush(stdout);
    return wait(NULL) < 0;
}

static int overrun(void) {
    const size_t large = (size_t)1 << 30;
    char* at = take(large, PROT_READ | PROT_WRITE, MAP_NORESERVE);
    if (at == MAP_FAILED) {
        return perror("mmap"), 1;
    }
    memset(at, 1, large);
    return puts("nothing happened"), 0;
}

int main(int count, char** words) {
    const char* how = count > 1 ? words[1] : "";
    const size_t kib = count > 2 ? strtoul(words[2], NULL, 10) : 0;
    const int status = strcmp(how, "mmap") == 0      ? by_mmap(0)
                       : strcmp(how, "late") == 0    ? by_mmap(1)
                       : strcmp(how, "brk") == 0     ? by_brk()
                       : strcmp(how, "sparse") == 0  ? sparse()
                       : strcmp(how, "overrun") == 0 ? overrun()
                       : strcmp(how, "hold") == 0    ? hold(kib)
                       : strcmp(how, "busy") == 0    ? busy()
                       : strcmp(how, "fork") == 0    ? by_fork(kib)
                                                     : (puts("how?"), 2);
    fflush(stdout);
    return status;
}
