// SPDX-License-Identifier: MIT
// The Unix port's heap has a fixed size; MicroPython lets a port say by how much it may grow (py/gc.h).

#include <stdint.h>
#include <sys/sysinfo.h>

#include "py/gc.h"

// In bytes: what the system has free. A container's limit is met later, as a malloc that returns NULL.
size_t gc_get_max_new_split(void) {
    struct sysinfo info;
    return sysinfo(&info) == 0 ? (size_t)info.freeram * info.mem_unit : 0;
}
