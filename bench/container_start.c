// SPDX-License-Identifier: MIT
//
// What it costs to run a program that has a container of its own, the smallest or the one that is
// given with its arguments: fork, exec, and wait for its end. One line as posixbench prints it.
// In front of the arguments may stand: --list, --batches N, as posixbench has them.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_BATCHES = 100, RUNS = 20 };

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
    int batches = 7;
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        printf("container_start\t%d\n", RUNS);
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "--batches") == 0) {
        batches = atoi(argv[2]);
        argc -= 2;
        argv += 2;
    }
    if (batches < 1 || batches > MOST_BATCHES) {
        fprintf(stderr, "container_start: --batches: 1 to %d\n", MOST_BATCHES);
        return 2;
    }
    char **command = argc > 1 ? argv + 1 : smallest;
    double value[MOST_BATCHES];
    for (int batch = -1; batch < batches; batch++) { /* the first warms up */
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
    qsort(value, (size_t)batches, sizeof value[0], compare);
    printf("container_start\t%.4f\tticks/op\n", value[batches / 2]);
    return 0;
}
