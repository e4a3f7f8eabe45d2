// SPDX-License-Identifier: MIT
#include "linux/process/thread.hpp"

#include <algorithm>

#include "linux/entry/context.hpp"
#include "linux/entry/cpu.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/book.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/state.hpp"

namespace linux {
namespace {

void remove_slot(ipc::CapIndex& slot) {
    if (slot != abi::no_capability) {
        (void)ipc::own_table()->remove(slot);
        slot = abi::no_capability;
    }
}

void set_upcalls(ipc::Ref<ipc::Thread> thread) {
    (void)thread->set_upcalls({.system_call = reinterpret_cast<std::uint64_t>(&linux_system_call),
                               .exception = reinterpret_cast<std::uint64_t>(&linux_exception),
                               .interrupt = reinterpret_cast<std::uint64_t>(&linux_interrupt)});
}

void prepare_control_page(Thread& thread) {
    abi::ControlPage& control = thread.control();
    control.upcalls_masked = abi::masked_library;
    control.interrupt_pending = 0;
    auto& own = *reinterpret_cast<OwnAreas*>(control.user);
    own.area = {.control = &control,
                .table = process::own_table,
                .space = process::own_space,
                .thread = thread.kernel_thread,
                .bank = process::own_bank,
                .sched_context = thread.sched_context,
                .reserved = 0,
                .reserved_words = {}};
    own.state = {.library_stack = library_stack_top(thread.place),
                 .user_stack = 0,
                 .resume = {},
                 .thread = &thread};
}

}  // namespace

ThreadList& threads() {
    static constinit ThreadList list;
    return list;
}

void ThreadList::adopt_leader() __attribute__((no_thread_safety_analysis)) {
    auto leader = std::make_unique<Thread>();
    leader->id = identity().pid;
    leader->place = process::linux_threads;
    leader->leader = true;
    leader->enter(Thread::State::running);
    leader->kernel_thread = process::own_thread;
    leader->sched_context = process::own_sched_context;
    prepare_control_page(*leader);
    set_upcalls(leader->kernel());
    threads_.push_back(std::move(leader));
    show();
    live_ = 1;
}

Thread* ThreadList::find(std::uint32_t id) {
    for (const auto& thread : threads_) {
        if (thread->id == id && thread->state == Thread::State::running) {
            return thread.get();
        }
    }
    return nullptr;
}

void ThreadList::bury() {
    std::size_t free = 0;
    for (const auto& thread : threads_) {
        if (thread->state == Thread::State::ended && !thread->leader) {
            remove_slot(thread->kernel_thread);
            remove_slot(thread->sched_context);
            thread->enter(Thread::State::free);
        }
        free += thread->state == Thread::State::free ? 1 : 0;
    }
    bool shrunk = false;
    for (; free > most_free_places && threads_.back()->state == Thread::State::free; --free) {
        const std::uint64_t place = threads_.back()->place;
        (void)ipc::own_space()->unmap(place, 2 * abi::page_size);
        (void)ipc::own_space()->unmap(place + thread_stack_offset, process::first_stack_bytes);
        threads_.pop_back();
        --next_place_;
        shrunk = true;
    }
    if (shrunk) {
        show();
    }
}

std::uint32_t ThreadList::change_live(std::int32_t by) {
    const std::uint32_t live = live_.fetch_add(static_cast<std::uint32_t>(by)) + by;
    auto& page = *reinterpret_cast<process::SignalPage*>(process::signal_page);
    std::atomic_ref{page.further_threads}.store(live - 1, std::memory_order_relaxed);
    return live;
}

void ThreadList::show() {
    process::ThreadCard* card = threads_.front().get();
    book.threads_at = reinterpret_cast<std::uintptr_t>(threads_.data());
    book.threads = threads_.size();
    book.thread_offset =
        static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(card) -
                                   reinterpret_cast<std::uintptr_t>(threads_.front().get()));
}

Thread* ThreadList::free_place() {
    bury();
    const auto found = std::ranges::find_if(
        threads_, [](const auto& thread) { return thread->state == Thread::State::free; });
    return found == threads_.end() ? nullptr : found->get();
}

Result<Thread*> ThreadList::new_place() {
    if (next_place_ == most_threads) {
        return base::fail(Errno::eagain);
    }
    const std::uint64_t place = process::linux_threads + next_place_ * thread_place_bytes;
    auto pages = TRY(or_errno(ipc::own_bank()->create_memory(2 * abi::page_size)));
    auto stack = TRY(or_errno(ipc::own_bank()->create_memory(process::first_stack_bytes)));
    TRY(or_errno(ipc::own_space()->map(pages, {.address = place,
                                               .length = 2 * abi::page_size,
                                               .offset = 0,
                                               .flags = abi::MapFlags::read | abi::MapFlags::write |
                                                        abi::MapFlags::on_clone_drop})));
    const auto mapped = ipc::own_space()->map(
        stack,
        {.address = place + thread_stack_offset,
         .length = process::first_stack_bytes,
         .offset = 0,
         .flags = abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::on_clone_drop});
    if (!mapped) {
        (void)ipc::own_space()->unmap(place, 2 * abi::page_size);
        return base::fail(to_errno(mapped.error()));
    }
    auto thread = std::make_unique<Thread>();
    thread->place = place;
    thread->pages = std::move(pages);
    thread->id = thread_id(identity().pid, next_place_);
    ++next_place_;
    threads_.push_back(std::move(thread));
    show();
    return threads_.back().get();
}

Result<void> ThreadList::give_kernel_thread(Thread& thread) {
    auto kernel = TRY(or_errno(ipc::own_bank()->create_thread({.space = ipc::own_space(),
                                                               .table = ipc::own_table(),
                                                               .pages = thread.pages,
                                                               .pages_offset = 0,
                                                               .flags = abi::ThreadFlags::fpu})));
    thread.kernel_thread = kernel.release();
    return {};
}

Result<void> ThreadList::give_context(Thread& thread) {
    const ipc::Ref<ipc::SchedContext> parent{process::own_sched_context};
    const auto info = TRY(or_errno(parent->query()));
    auto context =
        TRY(or_errno(ipc::own_bank()->create_sched_context(parent, {.priority = info.priority})));
    TRY(or_errno(context->bind(thread.kernel())));
    thread.sched_context = context.release();
    return {};
}

Result<Thread*> ThreadList::create(const Start& start) {
    const Thread& self = this_thread();
    MutexGuard guard{lock_};
    Thread* thread = free_place();
    if (thread == nullptr) {
        thread = TRY(new_place());
    }
    Result<void> made = give_kernel_thread(*thread);
    if (made) {
        made = give_context(*thread);
    }
    if (made) {
        thread->mask = self.mask.load();
        thread->pending = {};
        thread->signal_stack = {.address = 0, .flags = 2, .padding = 0, .size = 0};
        thread->restore_mask = false;
        thread->clear_id_at = start.clear_id_at;
        thread->robust_list = 0;
        thread->start = start.registers;
        thread->float_control = FloatControl::current();
        std::ranges::copy(self.name, thread->name);
        prepare_control_page(*thread);
        set_upcalls(thread->kernel());
        for (const std::uint64_t address : start.tell_id_at) {
            if (address != 0) {
                (void)user::write(address, thread->id);
            }
        }
        thread->enter(Thread::State::running);
        change_live(1);
        signals::hear_all();
        made = or_errno(
            thread->kernel()->start({.rip = reinterpret_cast<std::uint64_t>(&linux_thread_start),
                                     .rsp = library_stack_top(thread->place),
                                     .rdi = reinterpret_cast<std::uint64_t>(thread),
                                     .gs_base = reinterpret_cast<std::uint64_t>(&thread->control()),
                                     .fs_base = start.fs_base}));
        if (!made) {
            change_live(-1);
        }
    }
    if (!made) {
        remove_slot(thread->kernel_thread);
        remove_slot(thread->sched_context);
        thread->enter(Thread::State::free);
        return base::fail(made.error());
    }
    return thread;
}

void ThreadList::end_others() {
    Thread& self = this_thread();
    for (const auto& thread : threads_) {
        if (thread.get() == &self || thread->state == Thread::State::free) {
            continue;
        }
        remove_slot(thread->kernel_thread);
        remove_slot(thread->sched_context);
        thread->enter(Thread::State::free);
    }
    change_live(1 - static_cast<std::int32_t>(live_));
}

void ThreadList::on_fork_child() {
    Thread& self = this_thread();
    for (const auto& thread : threads_) {
        if (!thread->leader) {  // its slots hold the child's own objects now
            remove_slot(thread->kernel_thread);
            remove_slot(thread->sched_context);
        }
    }
    if (std::erase_if(threads_, [&](const auto& thread) { return thread.get() != &self; }) != 0) {
        show();
    }
    self.leader = true;
    self.id = identity().pid;
    self.place = process::linux_threads;
    self.pages.reset();
    self.kernel_thread = process::own_thread;
    self.sched_context = process::own_sched_context;
    next_place_ = second_place;
    live_ = 1;
    set_upcalls(self.kernel());
}

}  // namespace linux

extern "C" [[noreturn]] void linux_enter_thread(linux::Thread& thread) {
    thread.float_control.load();
    linux::resume(thread.start);
}
