// SPDX-License-Identifier: MIT

#include <algorithm>
#include <cstring>
#include <string_view>

#include <arch/speculation.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/arch/x86_64/speculation_choice.hpp"
#include "kernel/print.hpp"

// entry.S: where each way out to user mode has room for one instruction, and the instruction.
extern "C" const std::uint64_t arch_clear_buffers_places[], arch_clear_buffers_places_end[];
extern "C" const std::byte arch_clear_buffers_begin[], arch_clear_buffers_end[];

namespace arch {

namespace {

constexpr std::uint64_t spec_ctrl_ibrs = 1;
constexpr std::uint64_t spec_ctrl_stibp = 2;
constexpr std::uint64_t efer_automatic_ibrs = 1 << 21;

constinit SpeculationChoice choice;

SpeculationFacts look() {
    const CpuidResult structured = cpuid(7);
    const bool has_capabilities = (structured.edx & (1U << 29)) != 0;
    const std::uint32_t highest = cpuid(0x80000000).eax;
    const CpuidResult vendor = cpuid(0);
    const bool intel =
        vendor.ebx == 0x756e6547 && vendor.edx == 0x49656e69 && vendor.ecx == 0x6c65746e;
    return {.intel = intel,
            .leaf7_edx = structured.edx,
            .leaf80000008_ebx = highest >= 0x80000008 ? cpuid(0x80000008).ebx : 0,
            .leaf80000021_eax = highest >= 0x80000021 ? cpuid(0x80000021).eax : 0,
            .capabilities = has_capabilities ? read_msr(Msr::arch_capabilities) : 0};
}

}  // namespace

void prepare_speculation_controls() {
    choice = choose_speculation(look());
    if (!choice.clear_buffers) {
        return;
    }
    const auto bytes = static_cast<std::size_t>(arch_clear_buffers_end - arch_clear_buffers_begin);
    std::for_each(arch_clear_buffers_places, arch_clear_buffers_places_end,
                  [&](std::uint64_t place) {
                      std::memcpy(reinterpret_cast<void*>(place), arch_clear_buffers_begin, bytes);
                  });
}

void enable_speculation_controls() {
    if (choice.enhanced_ibrs || choice.stibp) {
        write_msr(Msr::spec_ctrl, read_msr(Msr::spec_ctrl) |
                                      (choice.enhanced_ibrs ? spec_ctrl_ibrs : 0) |
                                      (choice.stibp ? spec_ctrl_stibp : 0));
    }
    if (choice.automatic_ibrs) {
        write_msr(Msr::efer, read_msr(Msr::efer) | efer_automatic_ibrs);
    }
}

void print_protection() {
    const std::uint64_t cr4 = read_control<4>();
    const auto say_if = [](bool on, const auto&... pieces) {
        if (on) {
            kernel_print(pieces...);
        }
    };
    kernel_print("protection: W^X NX");
    say_if((cr4 & (1 << 20)) != 0, " SMEP");
    say_if((cr4 & (1 << 21)) != 0, " SMAP");
    say_if((cr4 & (1 << 11)) != 0, " UMIP");
    say_if(choice.enhanced_ibrs || choice.automatic_ibrs, " IBRS");
    say_if(choice.stibp, " STIBP");
    say_if(choice.clear_buffers, " buffer-clearing");
    kernel_print("\n");
    constexpr std::string_view none = "protection: none on this CPU against ";
    say_if(choice.meltdown, none, "Meltdown, of which it does not say that it is free\n");
    say_if(choice.buffers_leak, none, "MDS: it cannot clear its buffers\n");
    say_if(choice.branches_leak, none, "Spectre 2: it has no enhanced or automatic IBRS\n");
}

}  // namespace arch
