// SPDX-License-Identifier: MIT
// fork. procmgr copies address space and capability table; the child's only thread starts at a label
// in linux_fork_here (entry.S), on a copy of the stack that this thread stands on, and returns from
// it a second time. So all state of the library is there; what must not be the same in both is put
// right before the locks are released.
//
// vfork is the same but for the program's memory, which the child borrows (Fork::shares_memory): the
// library's part of the address space is copied, so that the child has descriptors, dispositions and
// threads of its own, while program and stack are the parent's. The thread that called waits, without
// any lock, until the child has ended or given the memory back (ProgramSpace::clear).
#include "linux/process/fork.hpp"

#include "linux/entry/cpu.hpp"
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

struct Request {
    const ForkOptions* options;
};

// Runs in the parent only; what it returns is what linux_fork_here returns there. In the child that
// returns 0.
extern "C" std::int64_t ask_for_copy(const Request* request, std::uint64_t rsp, std::uint64_t rip) {
    abi::ControlPage& control = ipc::control_page();
    const process::Fork fork{
        .rip = rip,
        .rsp = rsp,
        .control_page = reinterpret_cast<std::uint64_t>(&control),
        .fs_base = request->options->fs_base,
        .flags = request->options->shares_memory ? process::Fork::shares_memory : 0};
    // Of the control page what is in use; the rest is zero in the child as it is here.
    constexpr std::size_t used = sizeof(ipc::ThreadArea) + sizeof(ThreadState);
    const auto answer =
        ipc::call(own_process(), fork, {.payload = std::span{control.user}.first<used>()});
    return answer ? answer->reply.pid : -to_errno(answer.error());
}

extern "C" std::int64_t linux_fork_here(std::int64_t (*function)(const Request*, std::uint64_t,
                                                                 std::uint64_t),
                                        const Request* request);

// What of the kernel's part of the control page a system call needs to end.
struct CallState {
    std::uint64_t rip, rflags;
};

void become_child(const CallState& call, const ForkOptions& options)
    __attribute__((no_thread_safety_analysis)) {
    abi::ControlPage& control = ipc::control_page();
    control.saved_rip = call.rip;
    control.saved_rflags = call.rflags;
    // What follows may need the heap; nobody else is there to see it between two locks.
    heap::lock().unlock();
    threads().on_fork_child();
    program_space().on_fork_child();
    fd::on_fork_child();
    signals::on_fork_child();
    show_book();
    heap::lock().lock();
    Thread& self = this_thread();
    self.clear_id_at = options.clear_id_at;
    self.robust_list = 0;
    if (options.child_stack != 0) {
        thread_state().user_stack = options.child_stack;
    }
}

}  // namespace

Result<std::uint32_t> fork_process(const ForkOptions& options) {
    const CallState call{ipc::control_page().saved_rip, ipc::control_page().saved_rflags};
    const Request request{&options};
    const FloatControl float_control = FloatControl::current();
    lock_everything();
    const std::int64_t pid = linux_fork_here(&ask_for_copy, &request);
    if (pid == 0) {
        float_control.load();
        become_child(call, options);
    }
    unlock_everything();
    if (pid < 0) {
        return base::fail(static_cast<Errno>(-pid));
    }
    if (pid > 0 && options.wait_for_exec) {
        (void)ipc::call(own_process(),
                        process::AwaitExecute{.pid = static_cast<std::uint32_t>(pid)});
    }
    if (pid == 0 && options.write_child_id_at != 0) {
        (void)user::write(options.write_child_id_at, this_thread().id);
    }
    return static_cast<std::uint32_t>(pid);
}

}  // namespace linux
