// SPDX-License-Identifier: MIT
#include "kernel/arch/host/machine.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include <arch/fpu.hpp>
#include <arch/memory.hpp>
#include <arch/page_tables.hpp>

#include "kernel/arch/host/simulated_cpus.hpp"
#include "kernel/panic_frames.hpp"
#include "kernel/plat/platform.hpp"
#include "libs/base/align.hpp"

// The portable kernel's way in (kernel/syscall/system_call.cpp).
extern "C" void kernel_interrupt(std::uint64_t vector);

namespace arch {

std::byte* simulated_memory = nullptr;
std::array<Cpu, most_cpus> simulated_cpus;
constinit thread_local std::size_t simulated_cpu = 0;

PhysAddr kernel_root() { return PhysAddr{4096}; }

void PageTables::initialise_root(PhysAddr) {}

std::size_t fpu_area_size() { return 512; }
void fpu_initialise(void* area) { std::memset(area, 0, fpu_area_size()); }
void fpu_forget(ThreadContext&) {}
void fpu_leave(ThreadContext&) {}
void fpu_save(ThreadContext&) {}
void fpu_release(Cpu&, ThreadContext&) {}

void print_backtrace(std::uint64_t) {}
void print_registers(const KernelTrapFrame&) {}

}  // namespace arch

namespace {

constexpr std::uint64_t never = ~std::uint64_t{0};
constexpr std::uint64_t reserved_low = std::uint64_t{1} << 20;
constexpr std::uint32_t line_count = 24;

struct Line {
    std::uint8_t vector = 0;
    bool masked = true;
};

BootParameters boot_parameters{};
std::atomic<Nanoseconds> now = 1;
std::array<Nanoseconds, arch::most_cpus> timers = [] {
    std::array<Nanoseconds, arch::most_cpus> unarmed{};
    unarmed.fill(never);
    return unarmed;
}();
Nanoseconds& timer() { return timers[arch::simulated_cpu]; }
std::map<std::uint32_t, Line> lines;
std::string console_text;
Nanoseconds before_preemption_point = 0;
std::function<void()> at_preemption_point;

void interrupt(std::uint64_t vector) {
    host::Machine::visit([vector] { kernel_interrupt(vector); });
}

}  // namespace

std::uint64_t arch::read_tsc() { return now; }

void arch::take_interrupts() {
    if (at_preemption_point) {
        at_preemption_point();
    }
    now += before_preemption_point;
    if (host::take_wake()) {
        interrupt(plat::vector_wake);
        throw LeftKernel{};
    }
    if (timer() <= now) {
        timer() = never;
        interrupt(plat::vector_timer);
        throw LeftKernel{};
    }
}

namespace host {

void Machine::power_on(std::uint64_t memory_bytes, const std::vector<std::byte>& archive) {
    void* memory = mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("memory of the simulated machine");
        std::abort();
    }
    arch::simulated_memory = static_cast<std::byte*>(memory);
    const PhysAddr end{memory_bytes};
    const PhysAddr archive_begin = end - base::align_up(archive.size(), base::page_size);
    std::copy(archive.begin(), archive.end(), static_cast<std::byte*>(arch::window(archive_begin)));
    boot_parameters.ram.push_back({PhysAddr{0}, end});
    boot_parameters.free.push_back({PhysAddr{reserved_low}, archive_begin});
    boot_parameters.archive = {archive_begin, archive_begin + archive.size()};
}

const BootParameters& Machine::parameters() { return boot_parameters; }

std::byte* Machine::translate(PhysAddr root, std::uint64_t address, bool write) {
    if (address >= arch::user_end) {
        return nullptr;
    }
    const arch::PageTables tables(root);
    arch::Entry* large = tables.find_large(UserAddr{address});
    arch::Entry* entry = large != nullptr ? large : tables.entry_there(UserAddr{address});
    if (entry == nullptr || !entry->present() || (write && !entry->writable())) {
        return nullptr;
    }
    if (write) {  // as a CPU does
        *entry =
            arch::Entry::from_raw(std::bit_cast<std::uint64_t>(*entry) | arch::Entry::bit_written);
    }
    const std::uint64_t bytes = large != nullptr ? arch::PageTables::large_bytes : base::page_size;
    return static_cast<std::byte*>(arch::window(entry->frame())) + address % bytes;
}

void Machine::advance(Nanoseconds span) {
    const Nanoseconds end = now + span;
    for (auto next = std::ranges::min_element(timers); *next <= end;
         next = std::ranges::min_element(timers)) {
        now = std::max(now.load(), std::exchange(*next, never));
        on_cpu(static_cast<std::size_t>(next - timers.begin()),
               [] { interrupt(plat::vector_timer); });
    }
    now = std::max(now.load(), end);
}

void Machine::handle_timer() {
    if (timer() <= plat::clock_now()) {
        timer() = never;
        interrupt(plat::vector_timer);
    }
}

// (Relaxed: looking at the clock must not make up for a lock that somebody has forgotten.)
void pass_moment() { now.fetch_add(1000, std::memory_order_relaxed); }

void Machine::stall(Nanoseconds span) {
    now += span;
    advance(0);
}

void Machine::at_preemption_points(Nanoseconds span, std::function<void()> look) {
    before_preemption_point = span;
    at_preemption_point = std::move(look);
}

void Machine::raise_line(std::uint32_t gsi) {
    const Line& line = lines[gsi];
    if (!line.masked) {
        interrupt(line.vector);
    }
}

std::string& Machine::console() { return console_text; }

}  // namespace host

namespace plat {

void early_console_write(std::string_view text) { console_text += text; }
void initialise(const BootParameters&) {}
std::span<const std::uint32_t> listed_cpus() {
    static constexpr std::uint32_t only = 0;
    return {&only, 1};
}
std::uint32_t this_cpu_id() { return arch::this_cpu().hardware_id; }
Nanoseconds clock_now() { return now.load(std::memory_order_relaxed); }
void fill_time_page(abi::TimePage& page) {
    page = {.multiplier = 1, .tsc_frequency = std::uint64_t{1'000'000'000}};
}
void arm_timer(Nanoseconds when) { timer() = when; }
void acknowledge_interrupt() {}
bool line_exists(std::uint32_t gsi) { return gsi < line_count; }
void route_line(std::uint32_t gsi, std::uint8_t vector, bool, bool) { lines[gsi] = {vector, true}; }
void mask_line(std::uint32_t gsi, bool mask) { lines[gsi].masked = mask; }
std::uint64_t msi_address() { return 0xfee00000; }
std::uint32_t msi_data(std::uint8_t vector) { return vector; }

// The kernel has said why.
void power_off_or_halt() {
    std::fputs(console_text.c_str(), stderr);
    std::abort();
}

}  // namespace plat
