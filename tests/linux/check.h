// SPDX-License-Identifier: MIT
// The few words that the C tests are written in. A failed check prints a line; the program's status
// is 0 only if none failed. Each test runs in a fresh directory of its own.
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int check_failures;

static inline void check_report(const char* file, int line, const char* what, long got) {
    int error = errno;
    printf("%s:%d: %s (got %ld, errno %d: %s)\n", file, line, what, got, error, strerror(error));
    fflush(stdout);
    check_failures++;
}

// The expression has this value.
#define EQUAL(expression, value)                                               \
    do {                                                                       \
        long got_ = (long)(expression);                                        \
        if (got_ != (long)(value))                                             \
            check_report(__FILE__, __LINE__, #expression " == " #value, got_); \
    } while (0)
#define TRUE(expression)                                                     \
    do {                                                                     \
        if (!(expression)) check_report(__FILE__, __LINE__, #expression, 0); \
    } while (0)
// The call fails with this errno.
#define FAILS(expression, error)                                                       \
    do {                                                                               \
        errno = 0;                                                                     \
        long got_ = (long)(expression);                                                \
        if (got_ != -1 || errno != (error))                                            \
            check_report(__FILE__, __LINE__, #expression " fails with " #error, got_); \
    } while (0)

// Runs the tests named on the command line, or all, each in a directory of its own.
struct check_test {
    const char* name;
    void (*run)(void);
};
#define TEST(function) {#function, function}

static inline int check_main(int count, char** words, const struct check_test* tests,
                             int tests_count) {
    char root[100];
    const char* place = getenv("TMPDIR");
    snprintf(root, sizeof root, "%.80s/check.XXXXXX", place ? place : "/tmp");
    if (!mkdtemp(root)) {
        perror(root);
        return 2;
    }
    for (int i = 0; i < tests_count; i++) {
        int wanted = count < 2;
        for (int w = 1; w < count; w++) wanted |= strcmp(words[w], tests[i].name) == 0;
        if (!wanted) continue;
        char work[128];
        snprintf(work, sizeof work, "%s/%s", root, tests[i].name);
        if (mkdir(work, 0700) != 0 || chdir(work) != 0) {
            perror(work);
            return 2;
        }
        int before = check_failures;
        tests[i].run();
        printf("%s %s\n", check_failures == before ? "ok" : "FAILED", tests[i].name);
        fflush(stdout);
    }
    (void)!chdir("/");
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", root);
    (void)!system(command);
    return check_failures != 0;
}
#define MAIN(...)                                                                      \
    int main(int count, char** words) {                                                \
        static const struct check_test tests[] = {__VA_ARGS__};                        \
        return check_main(count, words, tests, (int)(sizeof tests / sizeof tests[0])); \
    }

// Makes a file with this text.
static inline void put_file(const char* path, const char* text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        check_report(__FILE__, __LINE__, path, fd);
    close(fd);
}
// Reads a file (at most 64 KiB) into one of a few static buffers.
static inline const char* get_file(const char* path) {
    static char buffers[4][65537];
    static int next;
    char* buffer = buffers[next++ % 4];
    int fd = open(path, O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, buffer, 65536);
    close(fd);
    buffer[length < 0 ? 0 : length] = '\0';
    return buffer;
}
// Waits for a child and returns its exit status, or 1000 + the signal that ended it.
static inline int status_of(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}
