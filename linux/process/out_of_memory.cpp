// SPDX-License-Identifier: MIT
#include "linux/process/out_of_memory.hpp"

#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/entry/report.hpp"
#include "linux/memory/program_space.hpp"
#include "linux/process/exit.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/locks.hpp"
#include "linux/process/thread.hpp"

namespace linux {
namespace {

constexpr std::uint32_t signal_kill = 9;
constexpr std::string_view reason =
    "killed: the memory limit of the container is reached, or the machine's";

}  // namespace

bool is_memory_exhausted() {
    constexpr std::uint64_t next_to_nothing = 4 * abi::page_size;
    const auto exhausted = [](ipc::Ref<ipc::Bank> bank) {
        const auto usage = bank->query();
        return usage && (usage->charged + next_to_nothing > usage->limit ||
                         usage->machine_free < next_to_nothing);
    };
    return exhausted(ipc::own_bank()) || exhausted(ipc::Ref<ipc::Bank>{process::container_bank});
}

void end_for_want_of_memory() __attribute__((no_thread_safety_analysis)) {
    // Saying it takes some memory, too: the program's is given up first, when nobody uses it any more.
    lock_everything();
    threads().end_others();
    unlock_everything();
    (void)program_space().clear();
    report({reason});
    fd::complain(reason);
    exit_process(signal_kill, process::Exit::no_memory);
}

void end_library_for_want_of_memory() {
    report({reason});
    exit_process(signal_kill, process::Exit::no_memory);
}

}  // namespace linux
