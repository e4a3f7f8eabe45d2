// SPDX-License-Identifier: MIT
// Says of each file named on its command line whether it can be read.
#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(int count, char** names) {
    for (int i = 1; i < count; ++i) {
        FILE* file = fopen(names[i], "r");
        printf("%s: %s\n", names[i], file ? "can be read" : strerror(errno));
    }
    return 0;
}
