// SPDX-License-Identifier: MIT
// What is done on a CPU, from what it says of itself (Intel SDM vol. 4, 2.17, and vol. 2, CPUID; AMD APM vol. 3, E.4).
//
//   IBRS        enhanced (Intel) or automatic (AMD): set once. The older kind, to be written at every entry, is not used: it
//               costs more than a system call. CPUs without either are named.
//   STIBP       set where there is one: two programs on the threads of a core do not share guesses
//   verw        on CPUs with MDS or TAA that can clear their buffers
//   SSBD        never: bypassed stores can only be read within one address space, and programs there trust each other
//   IBPB        never: it costs more than a message, at every message between two address spaces (docs/caveats.md)
//   retpolines  none
#pragma once

#include <cstdint>

namespace arch {

struct SpeculationFacts {
    bool intel = false;
    std::uint32_t leaf7_edx = 0;
    std::uint32_t leaf80000008_ebx = 0;
    std::uint32_t leaf80000021_eax = 0;
    std::uint64_t capabilities = 0;  // IA32_ARCH_CAPABILITIES, 0 if there is none
};

struct SpeculationChoice {
    bool enhanced_ibrs = false;
    bool automatic_ibrs = false;
    bool stibp = false;
    bool clear_buffers = false;
    // What stays open.
    bool meltdown = false;
    bool buffers_leak = false;
    bool branches_leak = false;

    friend bool operator==(const SpeculationChoice&, const SpeculationChoice&) = default;
};

constexpr SpeculationChoice choose_speculation(const SpeculationFacts& facts) {
    constexpr std::uint64_t no_meltdown = 1 << 0;
    constexpr std::uint64_t enhanced_ibrs = 1 << 1;
    constexpr std::uint64_t no_mds = 1 << 5;
    constexpr std::uint64_t no_taa = 1 << 8;
    constexpr std::uint32_t can_clear = 1U << 10;       // leaf 7
    constexpr std::uint32_t has_tsx_control = 1U << 7;  // of capabilities: TAA can be there at all
    const auto has = [](std::uint64_t bits, std::uint64_t bit) { return (bits & bit) != 0; };

    const bool may_have_taa =
        has(facts.capabilities, has_tsx_control) && !has(facts.capabilities, no_taa);
    const bool leaks = facts.intel && (!has(facts.capabilities, no_mds) || may_have_taa);
    SpeculationChoice choice{
        .enhanced_ibrs = has(facts.capabilities, enhanced_ibrs),
        .automatic_ibrs = has(facts.leaf80000021_eax, 1U << 8),
        .stibp = has(facts.leaf7_edx, 1U << 27) || has(facts.leaf80000008_ebx, 1U << 15),
        .clear_buffers = leaks && has(facts.leaf7_edx, can_clear),
        .meltdown = facts.intel && !has(facts.capabilities, no_meltdown)};
    choice.buffers_leak = leaks && !choice.clear_buffers;
    choice.branches_leak = !choice.enhanced_ibrs && !choice.automatic_ibrs;
    return choice;
}

}  // namespace arch
