// SPDX-License-Identifier: MIT
// Starting the other CPUs (Intel SDM vol. 3, 9.4): INIT, then the start-up message that names a page below 1 MiB, with
// cpu_boot.S in it.
//
// One at a time: the words that tell a CPU its stack and its data are in that page. A CPU that does not answer within the
// patience is given up: its words are taken back, so that it stops if it comes after all. What it was given stays as it is,
// because nobody knows what it does.
//
// Each CPU's stacks lie in a stretch of address space of their own, each above a page that is not mapped.
#include <arch/cpus.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <new>

#include <arch/page_tables.hpp>

#include "kernel/arch/x86_64/kernel_space.hpp"
#include "kernel/arch/x86_64/stacks.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/print.hpp"

extern "C" const std::byte arch_cpu_boot_begin[], arch_cpu_boot_words[], arch_cpu_boot_end[];

namespace arch {

namespace {

using Table = PageTables::Table;

constexpr Nanoseconds patience = 5'000'000'000;
constexpr Nanoseconds second_message_after = 10'000'000;

// At arch_cpu_boot_words.
struct CpuBootWords {
    std::uint64_t stack;
    std::uint64_t cpu;
    std::uint64_t entry;
    std::uint64_t root;
    std::uint32_t far_offset;
    std::uint16_t far_selector;
    std::uint16_t unused;
    struct [[gnu::packed]] {
        std::uint16_t limit;
        std::uint32_t base;
    } gdt;
};
static_assert(offsetof(CpuBootWords, gdt) == 40);

// What a CPU starts on: the first 2 MiB at their own addresses, and the kernel. The image lies below 4 GiB, where a CPU in
// 16-bit mode can name it.
alignas(4096) constinit Table boot_root{};
alignas(4096) constinit Table boot_pointers{};
alignas(4096) constinit Table boot_directory{};

constinit std::array<Cpu*, most_cpus> cpus{};
constinit std::size_t count = 1;
constinit CpuEntry entry = nullptr;
constinit std::atomic<bool> arrived = false;

[[noreturn]] void run_cpu(Cpu* cpu) {
    initialise_cpu(*cpu, kernel_root());
    plat::initialise_this_cpu();
    arrived.store(true, std::memory_order_release);
    entry();
    exit_kernel();
}

void build_boot_tables() {
    constexpr std::uint64_t flags = Entry::bit_present | Entry::bit_write;
    std::memcpy(&boot_root, window(kernel_root()), sizeof(boot_root));
    boot_root[0] = Entry::from_raw(physical(&boot_pointers).value() | flags);
    boot_pointers[0] = Entry::from_raw(physical(&boot_directory).value() | flags);
    boot_directory[0] = Entry::from_raw(flags | Entry::bit_large);
}

CpuBootWords& fill_boot_page(PhysAddr page) {
    auto* to = static_cast<std::byte*>(window(page));
    const auto bytes = static_cast<std::size_t>(arch_cpu_boot_end - arch_cpu_boot_begin);
    std::memcpy(to, arch_cpu_boot_begin, bytes);
    auto& words =
        *reinterpret_cast<CpuBootWords*>(to + (arch_cpu_boot_words - arch_cpu_boot_begin));
    words.entry = reinterpret_cast<std::uint64_t>(&run_cpu);
    words.root = physical(&boot_root).value();
    words.far_offset += static_cast<std::uint32_t>(page.value());
    words.gdt.base += static_cast<std::uint32_t>(page.value());
    return words;
}

// The CPU's data and stacks; null if there is no memory for them.
Cpu* make_cpu(std::size_t index) {
    static_assert(sizeof(Cpu) <= 4096);
    const auto frame = kernel::mm::frames.take_zeroed();
    if (!frame) {
        return nullptr;
    }
    auto* made = new (window(*frame)) Cpu();
    made->id = static_cast<std::uint32_t>(index);
    return make_stacks(*made, map_new_page) ? made : nullptr;
}

template <class Condition>
bool wait_until(Nanoseconds deadline, const Condition& holds) {
    while (!holds()) {
        if (plat::clock_now() > deadline) {
            return false;
        }
        asm volatile("pause");
    }
    return true;
}

bool start(Cpu& cpu, std::uint32_t hardware_id, PhysAddr page, CpuBootWords& words) {
    const auto has_arrived = [] { return arrived.load(std::memory_order_acquire); };
    arrived = false;
    words.cpu = reinterpret_cast<std::uint64_t>(&cpu);
    std::atomic_ref(words.stack).store(cpu.kernel_stack, std::memory_order_release);
    plat::reset_cpu(hardware_id);
    (void)wait_until(plat::clock_now() + second_message_after, [] { return false; });
    plat::start_cpu(hardware_id, page);
    if (!wait_until(plat::clock_now() + second_message_after, has_arrived)) {
        plat::start_cpu(hardware_id, page);
    }
    return wait_until(plat::clock_now() + patience, has_arrived) ||
           // It is on its way: its start is not to be hurried by a machine that is held up.
           (std::atomic_ref(words.stack).exchange(0) == 0 &&
            wait_until(plat::clock_now() + 10 * patience, has_arrived));
}

}  // namespace

std::size_t cpu_count() { return count; }
Cpu& cpu(std::size_t index) { return *cpus[index]; }

void start_other_cpus(PhysAddr boot_page, CpuEntry enter) {
    cpus[0] = &this_cpu();
    cpus[0]->hardware_id = plat::this_cpu_id();
    if (plat::listed_cpus().size() < 2 || boot_page == PhysAddr{}) {
        return;
    }
    entry = enter;
    build_boot_tables();
    CpuBootWords& words = fill_boot_page(boot_page);
    for (const std::uint32_t id : plat::listed_cpus()) {
        if (id == cpus[0]->hardware_id) {
            continue;
        }
        Cpu* made = make_cpu(count);
        if (made == nullptr) {
            kernel_print("CPUs: no memory for the one with the number ", id, "\n");
            return;
        }
        made->hardware_id = id;
        cpus[count] = made;
        if (start(*made, id, boot_page, words)) {
            ++count;
        } else {
            kernel_print("CPUs: the one with the number ", id, " did not come up\n");
        }
    }
}

}  // namespace arch
