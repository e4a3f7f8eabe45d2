// SPDX-License-Identifier: MIT

#include <cstdint>
#include <cstring>

#include <arch/cpu.hpp>
#include <arch/fpu.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "libs/base/align.hpp"

namespace arch {

namespace {

// Components that user code may use: x87, SSE, AVX, and the three of AVX-512 (Intel SDM vol. 1, 13.1).
constexpr std::uint64_t wanted_components = 0xe7;

// Offsets in an area, and the values of a fresh thread: all exceptions masked.
constexpr std::size_t offset_control_word = 0;
constexpr std::size_t offset_mxcsr = 24;
constexpr std::uint16_t initial_control_word = 0x37f;
constexpr std::uint32_t initial_mxcsr = 0x1f80;

constinit std::uint64_t components = 0;
constinit std::size_t area_bytes = 0;
constinit bool has_xsaveopt = false;

void save(void* area) {
    const auto low = static_cast<std::uint32_t>(components);
    if (has_xsaveopt) {
        asm volatile("xsaveopt64 (%0)" : : "r"(area), "a"(low), "d"(0) : "memory");
    } else {
        asm volatile("xsave64 (%0)" : : "r"(area), "a"(low), "d"(0) : "memory");
    }
}

void restore(const void* area) {
    const auto low = static_cast<std::uint32_t>(components);
    asm volatile("xrstor64 (%0)" : : "r"(area), "a"(low), "d"(0) : "memory");
}

}  // namespace

void fpu_enable() {
    const CpuidResult state = cpuid(0xd, 0);
    components = (std::uint64_t{state.edx} << 32 | state.eax) & wanted_components;
    asm volatile("xsetbv" : : "c"(0), "a"(static_cast<std::uint32_t>(components)), "d"(0));
    area_bytes = base::align_up(cpuid(0xd, 0).ebx, 64);
    has_xsaveopt = (cpuid(0xd, 1).eax & 1) != 0;
}

std::size_t fpu_area_size() { return area_bytes; }

void fpu_initialise(void* area) {
    std::memset(area, 0, area_bytes);
    auto* bytes = static_cast<std::byte*>(area);
    std::memcpy(bytes + offset_control_word, &initial_control_word, sizeof(initial_control_word));
    std::memcpy(bytes + offset_mxcsr, &initial_mxcsr, sizeof(initial_mxcsr));
}

void fpu_switch(ThreadContext& to) {
    Cpu& cpu = this_cpu();
    if (to.fpu == nullptr) {
        set_fpu_trap(cpu, true);
        return;
    }
    set_fpu_trap(cpu, false);
    if (cpu.fpu_owner == &to) {
        return;
    }
    if (cpu.fpu_owner != nullptr) {
        save(cpu.fpu_owner->fpu);
        cpu.fpu_owner->fpu_loaded = false;
    }
    restore(to.fpu);
    cpu.fpu_owner = &to;
    to.fpu_loaded = true;
}

void fpu_forget(ThreadContext& context) {
    if (this_cpu().fpu_owner == &context) {
        fpu_release(this_cpu(), context);
        set_fpu_trap(this_cpu(), true);
    }
}

void fpu_leave(ThreadContext& context) {
    if (context.fpu_loaded) {
        fpu_save(context);
        fpu_forget(context);
    }
}

void fpu_save(ThreadContext& context) {
    if (context.fpu_loaded) {
        set_fpu_trap(this_cpu(), false);
        save(context.fpu);
    }
}

void fpu_release(Cpu& cpu, ThreadContext& context) {
    if (cpu.fpu_owner == &context) {
        cpu.fpu_owner = nullptr;
        context.fpu_loaded = false;
    }
}

}  // namespace arch
