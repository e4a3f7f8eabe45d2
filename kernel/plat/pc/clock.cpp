// SPDX-License-Identifier: MIT
// The clock (time-stamp counter) and the one-shot timer (local APIC, by TSC deadline where the CPU has it).
//
//   ns = (tsc - tsc_base) * multiplier >> shift, the formula of TimePage, which user code evaluates as well
//
// The counter's frequency comes from the CPU or the hypervisor if they tell it; else it is measured, together with the
// timer's, against the old timer chip (PIT, channel 2, 1193182 Hz).
#include "kernel/plat/pc/clock.hpp"

#include <algorithm>
#include <optional>

#include <arch/cpu.hpp>
#include <arch/ports.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/plat/pc/local_apic.hpp"
#include "kernel/plat/platform.hpp"

namespace plat {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t pit_frequency = 1'193'182;
constexpr std::uint32_t pit_measured_ticks = pit_frequency / 500;  // 2 ms
constexpr std::uint16_t pit_channel2 = 0x42;
constexpr std::uint16_t pit_command = 0x43;
constexpr std::uint16_t pit_gate = 0x61;

constexpr std::uint32_t clock_shift = 32;
constexpr Nanoseconds longest_span = 3600 * second;
constexpr std::uint64_t longest_count = 0xffff'ffff;

constinit std::uint64_t tsc_base = 0;
constinit std::uint64_t tsc_frequency = 0;
constinit std::uint64_t tsc_multiplier = 0;  // ns per tick << clock_shift
constinit std::uint64_t timer_frequency = 0;
constinit bool has_deadline = false;

__extension__ using Wide = unsigned __int128;

// value * numerator / denominator; the result must fit. By the machine's own division, which needs no library.
std::uint64_t scale(std::uint64_t value, std::uint64_t numerator, std::uint64_t denominator) {
    std::uint64_t quotient = 0;
    std::uint64_t high = 0;
    asm("mul %3\n\tdiv %4"
        : "=a"(quotient), "=&d"(high)
        : "a"(value), "r"(numerator), "r"(denominator)
        : "cc");
    return quotient;
}

// One reading of all three counters. The PIT's is the slow one: of a few tries the quickest is the most exact.
struct Reading {
    std::uint64_t tsc;
    std::uint32_t timer;
    std::uint16_t pit;
};

std::uint16_t read_pit() {
    arch::out8(pit_command, 0x80);  // latch channel 2
    const std::uint8_t low = arch::in8(pit_channel2);
    return static_cast<std::uint16_t>(low | arch::in8(pit_channel2) << 8);
}

Reading read_counters() {
    Reading best{};
    std::uint64_t best_width = ~std::uint64_t{0};
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t before = arch::read_tsc();
        const std::uint16_t pit = read_pit();
        const std::uint32_t timer = local_apic_timer_count();
        const std::uint64_t width = arch::read_tsc() - before;
        if (width < best_width) {
            best_width = width;
            best = {before + width / 2, timer, pit};
        }
    }
    return best;
}

struct Frequencies {
    std::uint64_t tsc;
    std::uint64_t timer;
};

Frequencies measure() {
    // Gate on, speaker off; mode 0 counts down once from 65535.
    arch::out8(pit_gate, static_cast<std::uint8_t>((arch::in8(pit_gate) & ~2) | 1));
    arch::out8(pit_command, 0xb0);
    arch::out8(pit_channel2, 0xff);
    arch::out8(pit_channel2, 0xff);
    const Reading start = read_counters();
    while (start.pit - read_pit() < static_cast<int>(pit_measured_ticks)) {
        asm volatile("pause");
    }
    const Reading end = read_counters();
    const std::uint64_t ticks = static_cast<std::uint16_t>(start.pit - end.pit);
    return {scale(end.tsc - start.tsc, pit_frequency, ticks),
            scale(start.timer - end.timer, pit_frequency, ticks)};
}

// Hypervisors tell the frequencies in kHz (leaf 0x40000010), some CPUs as a ratio to their crystal (leaf 0x15).
std::optional<Frequencies> told() {
    if ((arch::cpuid(1).ecx & (1U << 31)) != 0 && arch::cpuid(0x40000000).eax >= 0x40000010) {
        const arch::CpuidResult leaf = arch::cpuid(0x40000010);
        if (leaf.eax != 0 && leaf.ebx != 0) {
            return Frequencies{std::uint64_t{leaf.eax} * 1000, std::uint64_t{leaf.ebx} * 1000};
        }
    }
    if (arch::cpuid(0).eax >= 0x15) {
        const arch::CpuidResult leaf = arch::cpuid(0x15);
        if (leaf.eax != 0 && leaf.ebx != 0 && leaf.ecx != 0) {
            return Frequencies{scale(leaf.ecx, leaf.ebx, leaf.eax), leaf.ecx};
        }
    }
    return std::nullopt;
}

}  // namespace

void clock_initialise(std::uint64_t entry_tsc) {
    local_apic_timer_start_counting();
    const std::optional<Frequencies> known = told();
    const Frequencies frequencies = known ? *known : measure();
    local_apic_timer_arm(0);
    tsc_base = entry_tsc;
    tsc_frequency = frequencies.tsc;
    timer_frequency = frequencies.timer;
    tsc_multiplier = scale(second, std::uint64_t{1} << clock_shift, tsc_frequency);
    has_deadline = (arch::cpuid(1).ecx & (1U << 24)) != 0;
    timer_initialise_here();
}

void timer_initialise_here() {
    if (has_deadline) {
        local_apic_timer_use_deadline();
    }
}

Nanoseconds clock_now() {
    const Wide ticks = arch::read_tsc() - tsc_base;
    return static_cast<Nanoseconds>(ticks * tsc_multiplier >> clock_shift);
}

void fill_time_page(abi::TimePage& page) {
    page.tsc_base = tsc_base;
    page.ns_base = 0;
    page.multiplier = tsc_multiplier;
    page.shift = clock_shift;
    page.tsc_frequency = tsc_frequency;
}

void arm_timer(Nanoseconds when) {
    const Nanoseconds now = clock_now();
    const Nanoseconds span = when > now ? std::min(when - now, longest_span) : 0;
    if (has_deadline) {
        arch::write_msr(arch::Msr::tsc_deadline,
                        arch::read_tsc() + scale(span, tsc_frequency, second) + 1);
        return;
    }
    // Rounded up: an interrupt a tick too early would find nothing to do yet.
    const std::uint64_t count = scale(span, timer_frequency, second) + 1;
    local_apic_timer_arm(static_cast<std::uint32_t>(std::min(count, longest_count)));
}

}  // namespace plat
