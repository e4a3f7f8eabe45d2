// SPDX-License-Identifier: MIT

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include <arch/speculation.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/print.hpp"

// entry.S: where each way out to user mode has room for one instruction, and the instruction.
extern "C" const std::uint64_t arch_clear_buffers_places[], arch_clear_buffers_places_end[];
extern "C" const std::byte arch_clear_buffers_begin[], arch_clear_buffers_end[];

namespace arch {

namespace {

// IA32_ARCH_CAPABILITIES (Intel SDM vol. 4, 2.17).
constexpr std::uint64_t capability_no_meltdown = 1 << 0;
constexpr std::uint64_t capability_enhanced_ibrs = 1 << 1;
constexpr std::uint64_t capability_no_mds = 1 << 5;
constexpr std::uint64_t spec_ctrl_ibrs = 1;
constexpr std::uint64_t efer_automatic_ibrs = 1 << 21;

struct Findings {
    bool enhanced_ibrs = false;
    bool automatic_ibrs = false;
    bool clear_buffers = false;
    bool meltdown = false;
};
constinit Findings findings;

bool is_intel() {
    const CpuidResult vendor = cpuid(0);
    return vendor.ebx == 0x756e6547 && vendor.edx == 0x49656e69 && vendor.ecx == 0x6c65746e;
}

Findings look() {
    const CpuidResult structured = cpuid(7);
    const bool has_capabilities = (structured.edx & (1U << 29)) != 0;
    const std::uint64_t capabilities = has_capabilities ? read_msr(Msr::arch_capabilities) : 0;
    const bool has_extended8 = cpuid(0x80000000).eax >= 0x80000021;
    const bool can_clear = (structured.edx & (1U << 10)) != 0;
    return {.enhanced_ibrs = (capabilities & capability_enhanced_ibrs) != 0,
            .automatic_ibrs = has_extended8 && (cpuid(0x80000021).eax & (1U << 8)) != 0,
            .clear_buffers = is_intel() && can_clear && (capabilities & capability_no_mds) == 0,
            .meltdown = is_intel() && (capabilities & capability_no_meltdown) == 0};
}

}  // namespace

void prepare_speculation_controls() {
    findings = look();
    if (!findings.clear_buffers) {
        return;
    }
    const auto bytes = static_cast<std::size_t>(arch_clear_buffers_end - arch_clear_buffers_begin);
    std::for_each(arch_clear_buffers_places, arch_clear_buffers_places_end,
                  [&](std::uint64_t place) {
                      std::memcpy(reinterpret_cast<void*>(place), arch_clear_buffers_begin, bytes);
                  });
}

void enable_speculation_controls() {
    if (findings.enhanced_ibrs) {
        write_msr(Msr::spec_ctrl, read_msr(Msr::spec_ctrl) | spec_ctrl_ibrs);
    }
    if (findings.automatic_ibrs) {
        write_msr(Msr::efer, read_msr(Msr::efer) | efer_automatic_ibrs);
    }
}

void print_protection() {
    const std::uint64_t cr4 = read_cr4();
    const auto part = [](bool on, std::string_view name) {
        if (on) {
            kernel_print(" ", name);
        }
    };
    kernel_print("protection: W^X NX");
    part((cr4 & (1 << 20)) != 0, "SMEP");
    part((cr4 & (1 << 21)) != 0, "SMAP");
    part((cr4 & (1 << 11)) != 0, "UMIP");
    part(findings.enhanced_ibrs || findings.automatic_ibrs, "IBRS");
    part(findings.clear_buffers, "buffer-clearing");
    kernel_print("\n");
    if (findings.meltdown) {
        kernel_print(
            "protection: this CPU does not say that it is free of Meltdown; CLUU has no defence "
            "against it\n");
    }
}

}  // namespace arch
