// SPDX-License-Identifier: MIT
// crowd COUNT: so many threads, all of which wait. Says `ready` in the file that is named second.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void* wait_for_the_end(void* unused) {
    for (;;) pause();
    return unused;
}

int main(int count, char** words) {
    if (count != 3) return 2;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    for (int i = 0; i < atoi(words[1]); i++) {
        pthread_t thread;
        const int error = pthread_create(&thread, &small, &wait_for_the_end, NULL);
        if (error != 0) {
            fprintf(stderr, "thread %d: error %d\n", i, error);
            return 1;
        }
    }
    FILE* file = fopen(words[2], "w");
    if (file == NULL || fputs("ready\n", file) < 0 || fclose(file) != 0) return 1;
    for (;;) pause();
}
