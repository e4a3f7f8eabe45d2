// SPDX-License-Identifier: MIT
// A variant of the Unix port: the standard one with a heap that grows (../heap). Growing is safe only under the
// interpreter's lock, and the Makefile's own way to have threads is without it.

#include <stdlib.h>  // the heap grows by malloc

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#include "variants/mpconfigvariant_common.h"

// Under that lock an interrupt is raised by the interpreter between two instructions, not by the signal's handler.
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)

#define MICROPY_GC_SPLIT_HEAP (1)
#define MICROPY_GC_SPLIT_HEAP_AUTO (1)
#define MICROPY_PY_THREAD (1)
#define MICROPY_PY_THREAD_GIL (1)
#define MICROPY_PY_THREAD_RECURSIVE_MUTEX (1)  // used by the Unix port, with the lock or without

// Machine code that is made at run time needs memory that is writable and executable at once, which CLUU does not give.
#define MICROPY_EMIT_X64 (0)
