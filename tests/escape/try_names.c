// SPDX-License-Identifier: MIT
// Does to files what its options say, and tells how each attempt ended. What an option names is not
// named on the command line in the sense of GRANT: so a program may be told to try what it was not
// given.
//
//   try_names [NAME...] -[OPERATION]PATH...
//
// Operations: r reads, w writes, c creates, u removes, d makes a directory, D removes one, l lists,
// s looks, g goes there and tells where it is, x follows the path to its end, n links it to `new`; p says
// `ready`, and waits for a line of input.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_and_close(const char *path, int flags) {
    int file = open(path, flags, 0644);
    if (file < 0) return -1;
    char byte = 'x';
    ssize_t moved = flags == O_RDONLY ? read(file, &byte, 1) : write(file, &byte, 1);
    close(file);
    return moved < 0 ? -1 : 0;
}

static int list(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) return -1;
    int count = 0;
    while (readdir(directory)) ++count;
    closedir(directory);
    return count >= 2 ? 0 : -1;
}

static int go(const char *path) {
    char here[PATH_MAX];
    if (chdir(path) != 0 || !getcwd(here, sizeof here)) return -1;
    printf("now in %s\n", here);
    return 0;
}

static int wait_for_line(void) {
    char line[16];
    puts("ready");
    return fgets(line, sizeof line, stdin) ? 0 : -1;
}

static int attempt(char operation, const char *path) {
    struct stat attributes;
    char real[PATH_MAX];
    switch (operation) {
        case 'r': return open_and_close(path, O_RDONLY);
        case 'w': return open_and_close(path, O_WRONLY);
        case 'c': return open_and_close(path, O_WRONLY | O_CREAT);
        case 'u': return unlink(path);
        case 'd': return mkdir(path, 0755);
        case 'D': return rmdir(path);
        case 'l': return list(path);
        case 's': return stat(path, &attributes);
        case 'g': return go(path);
        case 'x': return realpath(path, real) ? 0 : -1;
        case 'n': return link(path, "new");
        case 'p': return wait_for_line();
        default:  errno = ENOSYS; return -1;
    }
}

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < count; ++i) {
        if (arguments[i][0] != '-' || arguments[i][1] == '-') continue;
        int done = attempt(arguments[i][1], arguments[i] + 2);
        printf("%s: %s\n", arguments[i] + 1, done == 0 ? "ok" : strerror(errno));
    }
    return 0;
}
