// SPDX-License-Identifier: MIT
// FPU and vector registers, lazily: they stay in the CPU until another thread that may use them does.
//
// A thread may use them if it has an area (ThreadContext::fpu). Cpu::fpu_owner is the thread whose values they hold;
// CR0.TS is set whenever another thread runs, so that its first FPU instruction traps (#NM), and only then the old values
// are saved and the new ones loaded. A thread without an area gets an exception instead and never sees anybody's values.
#pragma once

#include <cstddef>

#include <arch/thread_context.hpp>

namespace arch {

// Bytes of an area (64-byte aligned) for everything that this CPU has and the kernel enabled. Constant after boot.
std::size_t fpu_area_size();
// Makes an area hold the state of a fresh thread.
void fpu_initialise(void* area);
// Copies the thread's present state into another area.
void fpu_copy(ThreadContext& from, void* to);
// The area is about to be freed, or its contents were replaced: what the CPU holds of it is void.
void fpu_forget(ThreadContext& context);

// From the trap handler: gives the FPU to this thread, which has an area.
void fpu_acquire(ThreadContext& context);
// Once per CPU.
void fpu_enable();

}  // namespace arch
