// SPDX-License-Identifier: MIT
// fork. procmgr copies address space and capability table. The child's only thread is the first one
// of its process, whichever called in the parent: it begins at linux_fork_child (entry.S), with an
// empty library stack in the first thread's place, and goes on in the program with the registers
// that the call was made with. So nothing of the parent's stacks is needed in the child, and only the
// first thread's is copied at all. All other state of the library is there; what must not be the same
// in both is put right before the locks are released.
//
// vfork is the same but for the program's memory, which the child borrows (Fork::shares_memory): the
// library's part of the address space is copied, so that the child has descriptors, dispositions and
// threads of its own, while program and stack are the parent's. The thread that called waits, without
// any lock, until the child has ended or given the memory back (ProgramSpace::clear).
#include "linux/process/fork.hpp"

#include <span>

#include "linux/entry/context.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/memory/program_space.hpp"
#include "linux/process/book.hpp"
#include "linux/process/heap.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/locks.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/state.hpp"

namespace linux {
namespace {

// What the child finds in its control page: what every thread has there, and how it goes on. (Elsewhere it would be one page more
// that is written to, and so one more to copy.)
struct ChildPage {
    OwnAreas own;
    abi::Registers registers;
    FloatControl float_control;
    std::uint64_t write_id_at, clear_id_at;
    bool shares_memory;
};

Result<std::uint32_t> ask_for_copy(const Arguments& arguments, const ForkOptions& options) {
    ChildPage page{.own = *reinterpret_cast<const OwnAreas*>(ipc::control_page().user),
                   .registers = program_registers(arguments),
                   .float_control = FloatControl::current(),
                   .write_id_at = options.write_child_id_at,
                   .clear_id_at = options.clear_id_at,
                   .shares_memory = options.shares_memory};
    page.own.area.control =
        reinterpret_cast<abi::ControlPage*>(process::linux_threads + abi::page_size);
    page.own.state.library_stack = library_stack_top(process::linux_threads);
    page.registers.rax = 0;
    if (options.child_stack != 0) {
        page.registers.rsp = options.child_stack;
    }
    const process::Fork fork{.rip = reinterpret_cast<std::uint64_t>(&linux_fork_child),
                             .rsp = page.own.state.library_stack,
                             .fs_base = options.fs_base,
                             .flags = options.shares_memory ? process::Fork::shares_memory : 0};
    const auto answer =
        ipc::call(own_process(), fork, {.payload = std::as_bytes(std::span{&page, 1})});
    if (!answer) {
        return base::fail(to_errno(answer.error()));
    }
    return answer->reply.pid;
}

void become_child(bool shares_memory) __attribute__((no_thread_safety_analysis)) {
    // What follows may need the heap; nobody else is there to see it between two locks.
    heap::lock().unlock();
    threads().on_fork_child();
    program_space().on_fork_child();
    if (!shares_memory) {
        program_space().apply_fork_rules();
    }
    fd::on_fork_child();
    signals::on_fork_child();
    show_book();
    heap::lock().lock();
    this_thread().robust_list = 0;
}

}  // namespace

Result<std::uint32_t> fork_process(const Arguments& arguments, const ForkOptions& options) {
    {
        MutexGuard guard{threads().lock()};
        threads().bury();
    }
    lock_everything();
    const auto pid = ask_for_copy(arguments, options);
    unlock_everything();
    if (pid && options.wait_for_exec) {
        (void)ipc::call(own_process(), process::AwaitExecute{.pid = *pid});
    }
    return pid;
}

}  // namespace linux

extern "C" [[noreturn]] void linux_enter_fork_child() {
    using namespace linux;
    const auto& page = *reinterpret_cast<const ChildPage*>(ipc::control_page().user);
    page.float_control.load();
    become_child(page.shares_memory);
    this_thread().clear_id_at = page.clear_id_at;
    unlock_everything();
    if (page.write_id_at != 0) {
        (void)user::write(page.write_id_at, this_thread().id);
    }
    resume(page.registers);
}
