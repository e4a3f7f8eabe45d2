// SPDX-License-Identifier: MIT
// The end: a kernel invariant does not hold. Nothing that user code does may ever lead here.
//
// What breaks on one CPU often breaks on others at the same time. The first to come here tells what it found, and whoever comes
// after it stops without a word. No lock is taken: one may be held by whoever comes.
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
