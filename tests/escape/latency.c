// SPDX-License-Identifier: MIT
// latency COUNT PATH...: how long it takes to ask for the attributes of a path, in cycles of the time-stamp counter (of which there is
// one for each instruction under -icount shift=0): for each path a line with the median and the 99th percentile.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <x86intrin.h>

static int compare(const void* one, const void* other) {
    const unsigned long long a = *(const unsigned long long*)one,
                             b = *(const unsigned long long*)other;
    return (a > b) - (a < b);
}

int main(int count, char** words) {
    const int calls = count >= 3 ? atoi(words[1]) : 0;
    if (calls < 100) return 2;
    unsigned long long* taken = malloc((size_t)calls * sizeof *taken);
    struct stat is;
    for (int word = 2; word < count; word++) {
        for (int i = 0; i < calls; i++) {
            usleep(1000);  // so it has a turn of its own, as who waits for a person has
            const unsigned long long begin = __rdtsc();
            if (taken == NULL || lstat(words[word], &is) != 0) return 1;
            taken[i] = __rdtsc() - begin;
        }
        qsort(taken, (size_t)calls, sizeof *taken, &compare);
        printf("%llu %llu\n", taken[calls / 2], taken[calls - 1 - calls / 100]);
    }
    return 0;
}
