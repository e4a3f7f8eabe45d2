// SPDX-License-Identifier: MIT
// hold_name NAME FILE: listens at the abstract name, sees that it can be reached from here, and makes the file. Then it
// waits for its end.
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char** words) {
    if (count != 3) return 2;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strncpy(name.sun_path + 1, words[1], sizeof name.sun_path - 2);
    const socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(words[1]));
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr*)&name, length) != 0 || listen(listener, 8) != 0 ||
        connect(other, (struct sockaddr*)&name, length) != 0 || open(words[2], O_CREAT | O_WRONLY, 0600) < 0) {
        perror(words[1]);
        return 1;
    }
    for (;;) pause();
}
