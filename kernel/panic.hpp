// SPDX-License-Identifier: MIT
// The end: a kernel invariant does not hold. Nothing that user code does may ever lead here.
#pragma once

#include "kernel/print.hpp"

// kernel_panic("pieces", hex(as), " for kernel_print") prints them, then registers, a symbolised backtrace, and halts.
// Split in two so that the pieces cost no code in the callers' hot paths.
[[gnu::cold]] void kernel_panic_begin();
[[noreturn]] [[gnu::cold]] void kernel_panic_end();

template <class... Pieces>
[[noreturn]] [[gnu::cold]] [[gnu::noinline]] void kernel_panic(const Pieces&... pieces) {
    kernel_panic_begin();
    kernel_print(pieces...);
    kernel_panic_end();
}
