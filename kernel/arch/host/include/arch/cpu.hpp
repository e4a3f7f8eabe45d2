// SPDX-License-Identifier: MIT
// A CPU of the simulated machine. It runs no instructions: a test is the user code of whatever thread is `current`, and
// changes that thread's saved registers itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <arch/thread_context.hpp>

#include "kernel/types.hpp"

namespace arch {

struct Cpu {
    ThreadContext* current = nullptr;
    ThreadContext* fpu_owner = nullptr;
    std::uint32_t id = 0;
    std::uint32_t hardware_id = 0;
    PhysAddr root{};
    void* portable = nullptr;
    bool traces_system_calls = false;
    std::uint64_t flushes = 0;  // how often all its cached translations were dropped
};

inline constexpr std::size_t most_cpus = 4;
extern std::array<Cpu, most_cpus> simulated_cpus;
// Each simulated CPU is a thread of the host (machine.hpp).
extern constinit thread_local std::size_t simulated_cpu;
inline Cpu& this_cpu() { return simulated_cpus[simulated_cpu]; }

PhysAddr kernel_root();

inline ThreadContext* current() { return this_cpu().current; }
inline void set_current(ThreadContext* context) { this_cpu().current = context; }
inline void activate(PhysAddr root) { this_cpu().root = root; }
inline bool is_active(PhysAddr root) { return this_cpu().root == root; }
inline bool is_active_on(const Cpu& cpu, PhysAddr root) { return cpu.root == root; }
// The other CPUs go on.
void relax();
// The simulated MMU has no cache of translations.
inline void flush_user() { ++this_cpu().flushes; }
inline void invalidate_page(UserAddr) {}

// There are no registers but the saved ones.
inline void save_bases(ThreadContext&) {}

inline void switch_thread(ThreadContext*, ThreadContext* to) {
    this_cpu().current = to;
    activate(to != nullptr ? to->root : kernel_root());
}

// What exit_kernel throws: control goes back to the test. And what take_interrupts throws when the interrupt has been handled, for
// what was going on in the kernel before is not gone on with.
struct LeftKernel {};
void take_interrupts();
[[noreturn]] inline void exit_kernel() { throw LeftKernel{}; }

std::uint64_t read_tsc();
inline std::uint32_t number_in_a_panic() { return this_cpu().hardware_id; }

inline void trace_system_calls(bool on) { this_cpu().traces_system_calls = on; }

}  // namespace arch
