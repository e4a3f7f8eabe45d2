// SPDX-License-Identifier: MIT
// Who has borrowed the screen does what he can to keep it: no signal but SIGKILL ends him, several processes have it mapped, all of
// them draw without end, one of them borrows it anew whenever it can be had. All is red as long as that works.
#include <fcntl.h>
#include <linux/fb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t bytes;

static uint32_t* borrow(int screen) {
    void* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, screen, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void paint(uint32_t* pixels) {
    for (size_t i = 0; i < bytes / sizeof *pixels; i++) pixels[i] = 0xff0000;
}

int main(void) {
    struct fb_fix_screeninfo fixed;
    int screen = open("/dev/fb0", O_RDWR);
    if (screen < 0 || ioctl(screen, FBIOGET_FSCREENINFO, &fixed) != 0) {
        perror("/dev/fb0");
        return 1;
    }
    bytes = fixed.smem_len;
    uint32_t* pixels = borrow(screen);
    if (!pixels) {
        perror("the screen");
        return 1;
    }
    for (int number = 1; number < NSIG; number++)
        if (number != SIGBUS && number != SIGSEGV && number != SIGCHLD) signal(number, SIG_IGN);
    if (fork() == 0)
        for (;;) paint(pixels);
    if (fork() == 0) {
        for (;;) {
            uint32_t* again = borrow(screen);
            if (!again) {
                usleep(20000);
                continue;
            }
            paint(again);
            munmap(again, bytes);
        }
    }
    for (;;) paint(pixels);
}
