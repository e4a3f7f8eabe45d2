// SPDX-License-Identifier: MIT
// The order of things at boot.
#include <arch/cpus.hpp>
#include <arch/memory.hpp>
#include <arch/speculation.hpp>
#include <arch/window.hpp>

#include "kernel/boot_parameters.hpp"
#include "kernel/debug/invariants.hpp"
#include "kernel/first_process.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/panic.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"

namespace {

// Less than this cannot hold the system: better to say so than to fail somewhere later.
constexpr std::uint64_t least_memory = std::uint64_t{24} << 20;

alignas(kernel::Bank) constinit std::byte root_bank_storage[sizeof(kernel::Bank)]{};

kernel::Bank& make_root_bank() {
    kernel::Bank& root = kernel::root_bank();
    // The root is its own bank: nobody else could pay for it.
    return *new (root_bank_storage)
        kernel::Bank(root, nullptr, kernel::mm::frames.free_frames() + kernel::archive_frames());
}

}  // namespace

kernel::Bank& kernel::root_bank() { return *reinterpret_cast<Bank*>(root_bank_storage); }

extern "C" [[noreturn]] void kernel_main(const BootParameters& parameters) {
    kernel_print("CLUU: ", parameters.ram_bytes() >> 20, " MiB of memory\n");
    if (const std::uint64_t left_out = parameters.ram_left_out >> 20; left_out != 0) {
        kernel_print("CLUU: ", left_out, " MiB more, which it cannot use\n");
    }
    arch::print_protection();
    if (parameters.ram_bytes() < least_memory) {
        kernel_print("CLUU needs at least ", least_memory >> 20,
                     " MiB of memory and found less. It stops here.\n");
        plat::power_off_or_halt();
    }
    if (!kernel::mm::frames.initialise(parameters)) {
        kernel_panic("no room for the records of page frames\n");
    }
    const PhysAddr spare = *kernel::mm::frames.take();
    arch::choose_page_functions(arch::window(spare));
    kernel::mm::frames.release(spare);
    plat::initialise(parameters);
    arch::start_other_cpus(parameters.boot_page, kernel::join_schedulers);
    kernel_print("CPUs: ", arch::cpu_count(), "\n");
    kernel::initialise_schedulers();
    kernel::Invariants::ask(parameters.command_line.data());
    kernel::adopt_archive(parameters);
    kernel::start_first_process(parameters, make_root_bank());
    kernel::scheduler().finish();
    kernel::KernelLock::leave();
    arch::exit_kernel();
}
