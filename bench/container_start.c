// SPDX-License-Identifier: MIT
//
// What it costs to run a program that has a container of its own, the smallest or the one that is
// given with its arguments: fork, exec, and wait for its end. One line as posixbench prints it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCHES = 7, RUNS = 20 };

static uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static int run_once(char **command)
{
    pid_t pid = fork();
    if (pid == 0) {
        execv(command[0], command);
        _exit(127);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    char *smallest[] = {"/bin/true", NULL};
    char **command = argc > 1 ? argv + 1 : smallest;
    double value[BATCHES];
    for (int batch = -1; batch < BATCHES; batch++) { /* the first warms up */
        uint64_t begin = ticks();
        for (int i = 0; i < RUNS; i++) {
            int status = run_once(command);
            if (status != 0) {
                printf("container_start\tskip\t%s ended with %d\n", command[0], status);
                return 1;
            }
        }
        if (batch >= 0)
            value[batch] = (double)(ticks() - begin) / RUNS;
    }
    qsort(value, BATCHES, sizeof value[0], compare);
    printf("container_start\t%.4f\tticks/op\n", value[BATCHES / 2]);
    return 0;
}
