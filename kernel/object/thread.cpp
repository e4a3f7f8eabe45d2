// SPDX-License-Identifier: MIT
#include "kernel/object/thread.hpp"

#include <arch/cpu.hpp>
#include <arch/fpu.hpp>

#include "kernel/ipc/ipc.hpp"
#include "kernel/ipc/page_path.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/pending.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

constinit std::uint32_t Thread::latest_number_ = 0;

Thread::Thread(Bank& bank, const Parts& parts)
    : Object(kind, bank),
      space_(&parts.space),
      table_(&parts.table),
      pages_(&parts.pages),
      pages_first_(parts.page_offset / Bank::page_bytes),
      first_slots_(parts.table.first_page()),
      cpu_(&scheduler()) {
    root = parts.space.root();
    space_->retain();
    space_->add_thread(*this);
    table_->retain();
    table_->add_thread(*this);
    pages_->retain();
    pages_->add_page_user(*this);
}

Result<Thread*> Thread::create(Bank& bank, const Parts& parts) {
    Thread* thread = TRY(bank.make<Thread>(bank, parts));
    return keep_if(thread->take_memory(parts.fpu), thread);
}

Result<> Thread::take_memory(bool with_fpu) {
    message_page_ = static_cast<std::byte*>(arch::window(TRY(pages_->pin(pages_first_))));
    control = static_cast<abi::ControlPage*>(arch::window(TRY(pages_->pin(pages_first_ + 1))));
    if (with_fpu) {
        fpu = TRY(bank().buy_block(arch::fpu_area_size()));
        arch::fpu_initialise(fpu);
    }
    return {};
}

// ---- waiting ----------------------------------------------------------------------------------------------

void Thread::block(Wait wait, abi::Tag tag, Purpose purpose) {
    condition_ = Condition{.state = abi::ThreadState::blocked,
                           .wait = wait,
                           .stopped = condition_.stopped,
                           .interruptible = tag.has(abi::Tag::interruptible),
                           .has_deadline = tag.has(abi::Tag::has_deadline),
                           .is_call = purpose == Purpose::call,
                           .is_pager = purpose == Purpose::page};
    cpu_->dequeue(*this);
    if (condition_.has_deadline) {
        deadline = ThreadContext::deadline();
        cpu_->add_deadline(*this);
    }
}

void Thread::end_wait() {
    if (condition_.has_deadline) {
        cpu_->remove_deadline(*this);
    }
    queue_link.unlink_if_linked();
    futex_link.unlink_if_linked();
    if (waiting.reply != nullptr) {
        (wait() == Wait::reply ? waiting.reply->caller : waiting.reply->reserved) = nullptr;
        waiting.reply = nullptr;
    }
    if (borrower_ != nullptr) {
        borrower_->give_back_context();
    }
    const bool stopped = condition_.stopped;
    condition_ = Condition{.state = stopped ? abi::ThreadState::stopped : abi::ThreadState::ready,
                           .stopped = stopped};
}

void Thread::wake(bool preferred) {
    end_wait();
    if (state() == abi::ThreadState::ready) {
        preferred ? scheduler().prefer(*this) : Scheduler::place(*this);
    }
}

void Thread::wake_with(Error error) {
    set_result(error);
    wake();
}

void Thread::abandon_fault() {
    end_wait();
    condition_.state = abi::ThreadState::faulted;
}

// ---- life -------------------------------------------------------------------------------------------------

void Thread::stop() {
    condition_.stopped = true;
    Pending::take_over(*this);
    if (state() == abi::ThreadState::ready) {
        Scheduler::take_off(*this);
        cpu_->dequeue(*this);
        condition_.state = abi::ThreadState::stopped;
    }
}

void Thread::resume() {
    condition_.stopped = false;
    if (state() == abi::ThreadState::stopped || state() == abi::ThreadState::faulted) {
        condition_.state = abi::ThreadState::ready;
        Scheduler::place(*this);
    }
}

void Thread::interrupt() {
    if (state() == abi::ThreadState::blocked && condition_.interruptible) {
        control->interrupt_pending = 1;
        wake_with(Error::interrupted);
        return;
    }
    Scheduler::settle(*this);
    // A thread in a system call continues it; the call's end finds the pending flag.
    const bool in_user_mode =
        wait() == Wait::none && !call_pending && this != scheduler().current();
    if (in_user_mode && interrupt_entry != 0 && control->upcalls_masked == 0 &&
        state() != abi::ThreadState::faulted) {
        make_upcall(Upcall::interrupt, abi::upcall_cause_interrupt, 0, 0);
        return;
    }
    control->interrupt_pending = 1;
}

void Thread::make_upcall(Upcall upcall, std::uint64_t cause, std::uint64_t error_code,
                         std::uint64_t address) {
    if (this == scheduler().current()) {
        arch::save_bases(*this);
    }
    store(control->saved);
    control->exception_cause = cause;
    control->exception_error = error_code;
    control->exception_address = address;
    control->upcalls_masked |= abi::masked_library;
    if (upcall == Upcall::exception) {
        control->upcalls_masked |= abi::masked_exception;
    }
    registers.rip = upcall == Upcall::exception ? exception_entry : interrupt_entry;
    registers.rflags = USER_RFLAGS;
    return_by_sysret = false;
}

void Thread::fault(std::uint64_t cause, std::uint64_t error_code, std::uint64_t address) {
    if (exception_entry != 0 && (control->upcalls_masked & abi::masked_exception) == 0) {
        make_upcall(Upcall::exception, cause, error_code, address);
    } else if (cause == vector_page_fault) {
        send_fault(abi::FaultLabel::page, address, error_code);
    } else {
        send_fault(abi::FaultLabel::exception, cause, error_code);
    }
}

void Thread::foreign_system_call() {
    if (system_call_entry == 0 || control->upcalls_masked != 0) {
        send_fault(abi::FaultLabel::system_call, registers.rax, 0);
        return;
    }
    control->saved_rip = registers.rip;
    control->saved_rflags = registers.rflags;
    control->upcalls_masked = abi::masked_library;
    registers.rip = system_call_entry;
    registers.rflags = USER_RFLAGS;
}

void Thread::send_fault(abi::FaultLabel label, std::uint64_t first, std::uint64_t second) {
    cpu_->dequeue(*this);
    condition_.state = abi::ThreadState::faulted;
    if (fault_handler_ == nullptr) {
        return;
    }
    waiting.badge = fault_badge_;
    waiting.fault = label;
    waiting.fault_words = {first, second, registers.rip, registers.rsp};
    ipc::send_fault(*this, *fault_handler_, Purpose::other);
}

void Thread::wait_for_page(Memory& memory, std::uint64_t page_index, std::uint64_t address) {
    PagePath::ask(*this, memory, page_index, address);
    Endpoint* pager = memory.pager();
    waiting.fault_address = address;
    waiting.memory = &memory;
    waiting.badge = memory.pager_badge();
    waiting.address = page_index;
    waiting.fault = abi::FaultLabel::pager;
    const std::uint64_t offset = page_index * Bank::page_bytes;
    waiting.fault_words = {offset, memory.bytes() - offset};
    ipc::send_fault(*this, *pager, Purpose::page);
}

void Thread::lose_page() {
    wake();
    fault(vector_page_fault, 0, waiting.fault_address);
}

void Thread::set_fault_handler(Endpoint* endpoint, std::uint64_t badge) {
    if (fault_handler_ != nullptr) {
        fault_link.unlink();
    }
    fault_handler_ = endpoint;
    fault_badge_ = badge;
    if (endpoint != nullptr) {
        endpoint->add_fault_user(*this);
    }
}

void Thread::bind_notification(Notification* notification) {
    if (bound_notification_ != nullptr) {
        bound_notification_->bound_thread = nullptr;
    }
    bound_notification_ = notification;
    if (notification != nullptr) {
        notification->bound_thread = this;
        notification->tell_bound();
    }
}

// ---- scheduling contexts ----------------------------------------------------------------------------------

void Thread::set_context(SchedContext* context) {
    if (context == context_) {
        return;
    }
    cpu_->before_context_change(*this);
    context_ = context;
    cpu_->after_context_change(*this);
}

bool Thread::is_running() const { return cpu_->current() == this; }

SchedContext* Thread::context_in_force() const {
    // A lender that has lost its own context cannot make the borrower wait for its time.
    return lender_ != nullptr && lender_->context_ != nullptr ? lender_->context_ : home_context_;
}

void Thread::refresh_borrowers() {
    for (Thread* thread = borrower_; thread != nullptr; thread = thread->borrower_) {
        thread->set_context(thread->context_in_force());
    }
}

void Thread::bind_context(SchedContext* context) {
    if (home_context_ != nullptr) {
        home_context_->owner = nullptr;
        home_context_->release();
    }
    home_context_ = context;
    if (context != nullptr) {
        context->owner = this;
        context->retain();
    }
    set_context(context_in_force());
    refresh_borrowers();
}

void Thread::borrow_context(Thread& lender) {
    lender_ = &lender;
    lender.borrower_ = this;
    set_context(context_in_force());
}

void Thread::give_back_context() {
    if (lender_ == nullptr) {
        return;
    }
    lender_->borrower_ = nullptr;
    lender_ = nullptr;
    set_context(home_context_);
    refresh_borrowers();
}

// ---- the end ----------------------------------------------------------------------------------------------

bool Thread::sever(Work& work) {
    if (!work.take(20)) {
        return false;
    }
    condition_.stopped = true;
    Pending::take_over(*this);
    Pending::give_up_call(*this);
    Scheduler::take_off(*this);
    cpu_->dequeue(*this);
    end_wait();
    give_back_context();
    bind_context(nullptr);
    cpu_->forget(*this);
    set_fault_handler(nullptr, 0);
    bind_notification(nullptr);
    if (fpu != nullptr) {
        arch::fpu_forget(*this);
        bank().return_block(fpu, arch::fpu_area_size());
    }
    table_link.unlink();
    table_->release();
    space_link.unlink();
    space_->release();
    page_link.unlink();
    if (message_page_ != nullptr) {
        pages_->unpin(pages_first_);
    }
    if (control != nullptr) {
        pages_->unpin(pages_first_ + 1);
    }
    pages_->release();
    return true;
}

}  // namespace kernel
