// SPDX-License-Identifier: MIT
// CPUID, model-specific registers, control registers.
#pragma once

#include <cstdint>

namespace arch {

struct CpuidResult {
    std::uint32_t eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
    CpuidResult r{};
    asm volatile("cpuid"
                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                 : "a"(leaf), "c"(subleaf));
    return r;
}

enum class Msr : std::uint32_t {
    apic_base = 0x1b,
    spec_ctrl = 0x48,
    arch_capabilities = 0x10a,
    pat = 0x277,
    tsc_deadline = 0x6e0,
    x2apic_first = 0x800,
    efer = 0xc0000080,
    star = 0xc0000081,
    lstar = 0xc0000082,
    sfmask = 0xc0000084,
    kernel_gs_base = 0xc0000102,
    tsc_aux = 0xc0000103,
};
inline std::uint64_t read_msr(Msr msr) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return std::uint64_t{high} << 32 | low;
}
inline void write_msr(Msr msr, std::uint64_t value) {
    asm volatile("wrmsr"
                 :
                 : "c"(msr), "a"(static_cast<std::uint32_t>(value)),
                   "d"(static_cast<std::uint32_t>(value >> 32))
                 : "memory");
}

// Control registers: CR0, CR2, CR3, CR4.
template <int number>
std::uint64_t read_control() {
    std::uint64_t value = 0;
    asm volatile("mov %%cr%c1, %0" : "=r"(value) : "i"(number));
    return value;
}
template <int number>
void write_control(std::uint64_t value) {
    asm volatile("mov %0, %%cr%c1" : : "r"(value), "i"(number) : "memory");
}

}  // namespace arch
