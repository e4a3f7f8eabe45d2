// SPDX-License-Identifier: MIT

#include <algorithm>
#include <cstdint>

#include <arch/cpu.hpp>
#include <arch/memory.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/print.hpp"

// page_vectors.S
extern "C" void arch_zero_page_by_vectors(void* page);
extern "C" void arch_copy_page_by_vectors(void* to, const void* from);

namespace arch {

namespace {

constinit bool by_vectors = false;

// Runs `use` with the FPU's registers open to the kernel, whoever's values they hold.
template <class Use>
void with_vectors(Use use) {
    Cpu& cpu = this_cpu();
    const bool trap = cpu.fpu_traps;
    set_fpu_trap(cpu, false);
    use();
    set_fpu_trap(cpu, trap);
}

// AVX, enabled, and not AVX-512, as writing half of such a register clears the rest of it; and XGETBV tells what is in use.
bool have_vectors() {
    constexpr std::uint32_t avx = 0x4;
    constexpr std::uint32_t avx512 = 0xe0;
    std::uint32_t enabled = 0;
    asm volatile("xgetbv" : "=a"(enabled) : "c"(0) : "edx");
    return (enabled & (avx | avx512)) == avx && (cpuid(0xd, 1).eax & (1U << 2)) != 0;
}

// The shortest of a few tries.
std::uint64_t ticks_to_zero(void* page) {
    std::uint64_t best = ~std::uint64_t{0};
    for (int i = 0; i < 8; ++i) {
        const std::uint64_t begin = read_tsc();
        zero_page(page);
        best = std::min(best, read_tsc() - begin);
    }
    return best;
}

}  // namespace

void zero_page(void* page) {
    if (by_vectors) {
        with_vectors([page] { arch_zero_page_by_vectors(page); });
        return;
    }
    std::uint64_t count = 512;
    asm volatile("rep stosq" : "+D"(page), "+c"(count) : "a"(0) : "memory");
}

void copy_page(void* to, const void* from) {
    if (by_vectors) {
        with_vectors([to, from] { arch_copy_page_by_vectors(to, from); });
        return;
    }
    std::uint64_t count = 512;
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

void choose_page_functions(void* page) {
    if (have_vectors()) {
        const std::uint64_t by_strings = ticks_to_zero(page);
        by_vectors = true;
        by_vectors = ticks_to_zero(page) < by_strings;
    }
    kernel_print("pages are cleared by ", by_vectors ? "vector" : "string", " instructions\n");
}

}  // namespace arch
