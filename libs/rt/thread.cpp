// SPDX-License-Identifier: MIT
//
// One Memory holds all of a thread, from the bottom: an unmapped guard page by rt::map's gap below
// it, the stack, the closure at the stack's top, the message page, the control page.

#include "libs/rt/thread.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "libs/base/align.hpp"
#include "libs/rt/start_info.hpp"

extern "C" void rt_thread_start();

namespace rt {
namespace {

struct Closure {
    Thread::Function function;
    void* argument;
};

}  // namespace

ipc::KernelResult<Thread> Thread::start(Function function, void* argument,
                                        const ThreadConfig& config) {
    const std::uint64_t stack_length = base::align_up(config.stack_bytes, abi::page_size);
    const std::uint64_t length = stack_length + 2 * abi::page_size;
    const auto memory = TRY(ipc::own_bank()->create_memory(length));

    Thread made;
    made.stack_ = TRY(rt::map(memory, {.length = length}));
    made.thread_ = TRY(ipc::own_bank()->create_thread({.space = ipc::own_space(),
                                                       .table = ipc::own_table(),
                                                       .pages = memory,
                                                       .pages_offset = stack_length}));
    const auto parent = TRY(ipc::own_sched_context()->query());
    made.context_ = TRY(ipc::own_bank()->create_sched_context(
        ipc::own_sched_context(), {.priority = std::min(config.priority, parent.priority),
                                   .budget_ns = config.budget_ns,
                                   .period_ns = config.period_ns}));
    TRY(made.context_->bind(made.thread_));
    if (const auto parent_hears = start_info().capability<ipc::Endpoint>(fault_handler_name)) {
        TRY(made.thread_->set_fault_handler(parent_hears, 0));
    }

    const std::uint64_t top = made.stack_.address() + stack_length;
    const std::uint64_t control = top + abi::page_size;
    ipc::ThreadArea area = ipc::self();
    area.control = reinterpret_cast<abi::ControlPage*>(control);
    area.thread = made.thread_.index();
    area.sched_context = made.context_.index();
    std::memcpy(area.control->user, &area, sizeof area);

    const std::uint64_t closure = top - 64;
    new (reinterpret_cast<void*>(closure)) Closure{function, argument};
    TRY(made.thread_->start({.rip = reinterpret_cast<std::uint64_t>(&rt_thread_start),
                             .rsp = closure,
                             .rdi = closure,
                             .gs_base = control}));
    return made;
}

}  // namespace rt

extern "C" [[noreturn]] void rt_thread_main(const rt::Closure* closure) {
    closure->function(closure->argument);
    for (;;) {
        (void)ipc::own_thread()->stop();
    }
}
