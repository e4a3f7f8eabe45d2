// SPDX-License-Identifier: MIT
// The straight way of a page fault to the pager, and of the page back: what Thread::wait_for_page, and Memory::supply with
// ipc::receive after it, would do in the one case in which nothing else can happen. The pager waits for requests when the fault
// comes; it has borrowed the thread's time when it supplies the one page that this thread, and nobody else, waits for; and it then
// has nothing else to receive.
//
// As on the other fast path (fast_path.hpp) everything is looked at first and nothing changes unless all of it holds; nobody more
// important can be ready, and neither accounts nor the timer change. These functions return if they have done nothing; else they
// leave the kernel to the partner. For one CPU: several go the long way.
#pragma once

#include <arch/cpu.hpp>

#include "abi/kernel/fault.hpp"
#include "kernel/ipc/ipc.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/pending.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/trace/trace.hpp"

namespace kernel {

struct PagePath {
    // The running thread has touched an address whose page `memory` has to ask its pager for.
    static void ask(Thread& thread, Memory& memory, std::uint64_t page, std::uint64_t address);
    // The running thread supplies one page, and receives from the endpoint.
    static void supply(Thread& pager, Memory& memory, const Memory::Supply& supply,
                       Endpoint& endpoint, Reply* reply);

private:
    static constexpr Condition awaits_page{
        .state = abi::ThreadState::blocked, .wait = Wait::pager, .is_pager = true};

    static bool nothing_else_is_going_on() {
        return !KernelLock::many() && !Trace::on() && !Pending::any() && scheduler().is_settled();
    }
    // The thread of whom all this is, if it is so.
    static Thread* only_waiter(const Thread& pager, const Memory& memory, std::uint64_t page,
                               const Endpoint& endpoint);
    static void deliver(Thread& receiver, const Memory& memory, std::uint64_t page);
    [[noreturn, gnu::always_inline]] static void leave_to(Thread& from, Thread& to) {
        arch::switch_thread(&from, &to);
        arch::exit_kernel();
    }
};

[[gnu::always_inline]] inline void PagePath::deliver(Thread& receiver, const Memory& memory,
                                                     std::uint64_t page) {
    constexpr auto label = static_cast<std::uint16_t>(abi::FaultLabel::pager);
    receiver.set_tag(abi::make_tag(label, 0, 0, 0, abi::Tag::is_fault));
    receiver.set_badge(memory.pager_badge());
    receiver.set_result(Error::ok);
    receiver.word(0) = page * Bank::page_bytes;
    receiver.word(1) = memory.bytes() - page * Bank::page_bytes;
    for (std::size_t i = 2; i < abi::message_words; ++i) {
        receiver.word(i) = 0;
    }
}

[[gnu::always_inline]] inline void PagePath::ask(Thread& thread, Memory& memory, std::uint64_t page,
                                                 std::uint64_t address) {
    Endpoint& endpoint = *memory.pager();
    if (endpoint.receivers_.empty() || !nothing_else_is_going_on()) {
        return;
    }
    Thread& pager = endpoint.receivers_.first();
    if (pager.condition_ != only_receives) {
        return;
    }
    ThreadQueue::remove(pager);
    (void)ipc::take_reply(pager);
    deliver(pager, memory, page);
    pager.condition_ = only_runs;
    pager.lender_ = &thread;
    pager.context_ = thread.context_;

    thread.waiting.fault_address = address;
    thread.waiting.memory = &memory;
    thread.waiting.address = page;
    thread.condition_ = awaits_page;
    thread.borrower_ = &pager;
    memory.add_waiter(thread);
    leave_to(thread, pager);
}

[[gnu::always_inline]] inline Thread* PagePath::only_waiter(const Thread& pager,
                                                            const Memory& memory,
                                                            std::uint64_t page,
                                                            const Endpoint& endpoint) {
    Thread* const waiter = pager.lender_;
    if (waiter == nullptr || waiter->condition_ != awaits_page ||
        waiter->waiting.memory != &memory || waiter->waiting.address != page ||
        pager.context_ != waiter->context_ || !ThreadQueue::is_alone(*waiter) ||
        &endpoint != memory.pager() || endpoint.has_messages() ||
        (pager.bound_notification_ != nullptr && pager.bound_notification_->bits() != 0)) {
        return nullptr;
    }
    return waiter;
}

[[gnu::always_inline]] inline void PagePath::supply(Thread& pager, Memory& memory,
                                                    const Memory::Supply& supply,
                                                    Endpoint& endpoint, Reply* reply) {
    Thread* const waiter = only_waiter(pager, memory, supply.first, endpoint);
    Memory& from = supply.from;
    mm::PageSlot* const target = memory.map_.find(supply.first);
    mm::PageSlot* const source = from.map_.find(supply.from_first);
    const bool same_charge =
        &memory.bank() == &from.bank() && (memory.reserved_ | from.reserved_) == 0;
    if (waiter == nullptr || target == nullptr || target->present() || !Memory::can_give(source) ||
        !same_charge || !nothing_else_is_going_on()) {
        return;
    }
    if (from.is_mapped()) {
        from.unmap_page(supply.from_first);
    }
    const PhysAddr frame = source->frame();
    target->raw = frame.value();
    ++memory.committed_;
    source->raw = 0;
    --from.committed_;
    waiter->space().bring_in(waiter->waiting.fault_address, memory, supply.first,
                             {.frame = frame, .writable = true}, AddressSpace::Near::never);

    ThreadQueue::remove(*waiter);
    waiter->condition_ = only_runs;
    waiter->borrower_ = nullptr;
    pager.condition_ = only_receives;
    pager.lender_ = nullptr;
    pager.context_ = pager.home_context_;
    pager.waiting.reply = reply;
    if (reply != nullptr) {
        reply->reserved = &pager;
    }
    endpoint.add_receiver(pager);
    leave_to(pager, *waiter);
}

}  // namespace kernel
