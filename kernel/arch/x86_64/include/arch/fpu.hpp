// SPDX-License-Identifier: MIT
// FPU and vector registers: they stay in the CPU until another thread that may use them runs.
//
// A thread may use them if it has an area (ThreadContext::fpu), and then they hold its values whenever it runs. While others run,
// servers for the most part, they are left alone: Cpu::fpu_owner is the thread whose values they hold, and CR0.TS is set, so that
// a thread without an area gets an exception. Not lazier than that: some CPUs let user code guess what lies behind CR0.TS
// (CVE-2018-3665), and QEMU's emulation does not look at it for XSAVE and XRSTOR at all.
#pragma once

#include <cstddef>

#include <arch/thread_context.hpp>

namespace arch {

struct Cpu;

// Bytes of an area (64-byte aligned) for everything that this CPU has and the kernel enabled. Constant after boot.
std::size_t fpu_area_size();
// Makes an area hold the state of a fresh thread.
void fpu_initialise(void* area);
// The area is about to be freed, or its contents were replaced: what the CPU holds of it is void.
void fpu_forget(ThreadContext& context);

// With several CPUs a thread may run on another one next time, so that nothing is left behind when it is switched from:
// fpu_leave. A CPU whose thread may be taken off it by another brings the area up to date: fpu_save. Then that other CPU may declare
// void what is in its registers: fpu_release.
void fpu_leave(ThreadContext& context);
void fpu_save(ThreadContext& context);
void fpu_release(Cpu& cpu, ThreadContext& context);

// Once per CPU.
void fpu_enable();

}  // namespace arch
