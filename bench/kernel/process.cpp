// SPDX-License-Identifier: MIT

#include "bench/kernel/process.hpp"

#include <algorithm>
#include <cstring>

#include "libs/rt/mapping.hpp"

namespace bench {
namespace {

constexpr std::uint64_t stack_bytes = 16 * 1024;
constexpr std::uint64_t memory_bytes = stack_bytes + 2 * abi::page_size;
constexpr std::uint64_t place = 0x6000'0000'0000;
constexpr std::uint64_t bank_bytes = 8 << 20;

// Fills in what the new thread finds in its control page, by a mapping of our own.
ipc::KernelResult<void> prepare(ipc::Ref<ipc::Memory> memory, const ipc::ThreadArea& area) {
    const auto mapping = TRY(rt::map(memory, {.length = memory_bytes}));
    auto* control =
        reinterpret_cast<abi::ControlPage*>(mapping.address() + stack_bytes + abi::page_size);
    std::memcpy(control->user, &area, sizeof area);
    return {};
}

[[noreturn]] void stop_at_once(std::uint64_t) {
    for (;;) {
        (void)ipc::own_thread()->stop();
    }
}

}  // namespace

ipc::KernelResult<Process> Process::start(Function function, std::uint64_t argument,
                                          std::uint8_t priority) {
    Process made;
    made.bank_ = TRY(ipc::own_bank()->create_bank(bank_bytes));
    made.memory_ = TRY(made.bank_->create_memory(memory_bytes));
    made.space_ = TRY(ipc::own_space()->clone(made.bank_));
    TRY(made.space_->map(made.memory_, {.address = place, .length = memory_bytes}));
    made.table_ = TRY(ipc::own_table()->clone(made.bank_));
    made.thread_ = TRY(made.bank_->create_thread({.space = made.space_,
                                                  .table = made.table_,
                                                  .pages = made.memory_,
                                                  .pages_offset = stack_bytes}));
    made.context_ =
        TRY(made.bank_->create_sched_context(ipc::own_sched_context(), {.priority = priority}));
    TRY(made.context_->bind(made.thread_));

    const std::uint64_t top = place + stack_bytes;
    ipc::ThreadArea area = ipc::self();
    area.table = TRY(made.table_->copy(made.table_));
    area.space = made.space_.index();
    area.control = reinterpret_cast<abi::ControlPage*>(top + abi::page_size);
    TRY(prepare(made.memory_, area));
    // As after a call instruction: the stack is 8 below a multiple of 16 at a function's first instruction.
    TRY(made.thread_->start({.rip = reinterpret_cast<std::uint64_t>(function),
                             .rsp = top - 8,
                             .rdi = argument,
                             .gs_base = top + abi::page_size}));
    return made;
}

void Process::destroy() {
    (void)bank_->destroy();
    thread_.reset();
    context_.reset();
    table_.reset();
    space_.reset();
    memory_.reset();
    bank_.reset();
}

ipc::KernelResult<BareThread> BareThread::start(ipc::Ref<ipc::Memory> pages,
                                                std::uint64_t pages_offset, std::uint64_t mapped_at,
                                                std::uint64_t stack_top) {
    BareThread made;
    made.thread = TRY(ipc::own_bank()->create_thread({.space = ipc::own_space(),
                                                      .table = ipc::own_table(),
                                                      .pages = pages,
                                                      .pages_offset = pages_offset}));
    made.context =
        TRY(ipc::own_bank()->create_sched_context(ipc::own_sched_context(), {.priority = 0}));
    TRY(made.context->bind(made.thread));
    TRY(made.thread->start({.rip = reinterpret_cast<std::uint64_t>(&stop_at_once),
                            .rsp = stack_top - 8,
                            .gs_base = mapped_at + abi::page_size}));
    return made;
}

}  // namespace bench
