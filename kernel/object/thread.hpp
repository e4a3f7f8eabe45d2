// SPDX-License-Identifier: MIT
// Thread: registers, a message page and a control page, the objects it works with, and what it waits for.
//
// States
//   stopped   not started, or stopped; keeps what it waited for, if anything, and goes on waiting when resumed
//   ready     in the run queue (or the one that runs, or about to run)
//   blocked   waits, as `wait` says
//   faulted   a fault that nobody handles; only start, resume or set_registers brings it back
//
// A thread needs a scheduling context to run: its own (`home_context_`), or the one that its caller lends (`lender_`)
// from the moment it receives a call until it answers or waits for the next. `context_` is the one in force. Lenders form
// a chain: whose context runs at its end is the first one's. Who borrows from one that has none has its own.
//
// While blocked, `queue_link` is in the queue that `wait` tells, and with a deadline the thread is in its CPU's
// deadline tree as well.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include <arch/thread_context.hpp>

#include "abi/kernel/fault.hpp"
#include "abi/kernel/message.hpp"
#include "abi/kernel/operation.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/object.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class AddressSpace;
class Endpoint;
class Memory;
class Notification;
class Reply;
class SchedContext;
class Scheduler;

enum class Wait : std::uint8_t {
    none,
    send,          // in Endpoint's senders: a message (call or one way)
    fault_send,    // in Endpoint's senders: a fault or pager message
    reply,         // for the answer to a call or a fault
    receive,       // in Endpoint's receivers
    notification,  // in Notification's waiters
    futex,         // in a futex bucket
    pager,         // in Memory's waiters: for a page
};

// What must be known of a thread before it can be switched to or answered. Eight bytes, compared and set as one by the fast path.
struct alignas(8) Condition {
    abi::ThreadState state = abi::ThreadState::stopped;
    Wait wait = Wait::none;
    bool stopped = false;  // asked to stop: a blocked thread that is woken does not become ready
    bool interruptible = false;
    bool has_deadline = false;
    bool is_call = false;    // send, reply: it waits for the answer to a call
    bool is_pager = false;   // fault_send: a page is wanted, no reply expected
    bool overdrawn = false;  // its context, or its slice, has been used up by whom it lends it to

    friend bool operator==(const Condition& a, const Condition& b) {
        return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
    }
};

// Of threads about which there is nothing else to be said.
inline constexpr Condition only_runs{.state = abi::ThreadState::ready};
inline constexpr Condition only_receives{.state = abi::ThreadState::blocked, .wait = Wait::receive};

class Thread final : public arch::ThreadContext, public Object, public ThreadLinks {
public:
    static constexpr auto kind = ObjectType::thread;
    // The CPU's number for it (Intel SDM vol. 3, 6.15).
    static constexpr std::uint64_t vector_page_fault = 14;

    struct Parts {
        AddressSpace& space;
        CapTable& table;
        Memory& pages;
        std::uint64_t page_offset;
        bool fpu;
    };
    static Result<Thread*> create(Bank& bank, const Parts& parts);
    Thread(Bank& bank, const Parts& parts);

    [[nodiscard]] AddressSpace& space() const { return *space_; }
    [[nodiscard]] CapTable& table() const { return *table_; }
    // What it names by this index, or nullptr. Most capabilities that matter are among a table's first.
    [[nodiscard]] Capability* find_capability(std::uint64_t index) const {
        Capability& slot = (*first_slots_)[index % CapTable::slots_per_page];
        if (slot.index == index) [[likely]] {
            return slot.empty() ? nullptr : &slot;
        }
        return table_->find(index);
    }
    [[nodiscard]] std::byte* message_page() const { return message_page_; }
    [[nodiscard]] abi::ThreadState state() const { return condition_.state; }
    [[nodiscard]] Wait wait() const { return condition_.wait; }
    [[nodiscard]] bool is_call() const { return condition_.is_call; }
    [[nodiscard]] bool is_pager() const { return condition_.is_pager; }
    // Some CPU has it in user mode, or is in the kernel for it.
    [[nodiscard]] bool is_running() const;
    [[nodiscard]] SchedContext* context() const { return context_; }
    [[nodiscard]] Notification* bound_notification() const { return bound_notification_; }
    [[nodiscard]] SchedContext* home_context() const { return home_context_; }

    // ---- life: see thread.cpp
    void stop();
    void resume();
    void interrupt();
    // A fault of the thread itself, in user mode. Makes an upcall, or tells the handler, or leaves it faulted.
    void fault(std::uint64_t cause, std::uint64_t error_code, std::uint64_t address);
    // A foreign system call: makes an upcall, which entry.S does by itself while no trace is on, or tells the handler.
    void foreign_system_call();
    void set_fault_handler(Endpoint* endpoint, std::uint64_t badge);
    void bind_notification(Notification* notification);
    // Its own scheduling context from now on; nullptr: none.
    void bind_context(SchedContext* context);
    [[nodiscard]] bool sever(Work& work);
    static constexpr bool ends_first = true;

    // ---- waiting
    // Blocks the running thread; the caller of this has put it into its queue. With the tag's deadline.
    enum class Purpose : std::uint8_t { other, call, page };
    void block(Wait wait, abi::Tag tag, Purpose purpose = Purpose::other);
    // Ends the wait: out of queue and deadline tree, ready to run. The system call's result is left to the caller of this.
    void wake(bool preferred = false);
    // The same with an error as the system call's result.
    void wake_with(Error error);

    // Goes on without waking anybody: the queues that the wait is in are changed by the caller of this.
    void change_wait(Wait wait) { condition_.wait = wait; }
    // Its fault cannot be told (any more): it stays where it is.
    void abandon_fault();
    // Wakes it, to run at once if nobody more important is ready.
    void wake_preferred() { wake(true); }
    // Asks the pager of `memory` for a page and waits for it.
    void wait_for_page(Memory& memory, std::uint64_t page_index, std::uint64_t address);
    // The page will not come: a fault at the address that was touched.
    void lose_page();
    [[nodiscard]] bool is_one_way_sender() const { return wait() == Wait::send && !is_call(); }

    // ---- lending
    void borrow_context(Thread& lender);
    void give_back_context();

    // What the wait is about; by `wait()`. Changed by who is alone in the kernel, or as condition_ is.
    struct WaitState {
        Memory* memory = nullptr;  // pager
        Reply* reply = nullptr;    // reply: the object that can answer; receive: the one to be used
        std::uint64_t badge = 0;   // send: of the capability that was used
        std::uint64_t arrival = 0;        // in Endpoint's senders
        std::uint64_t address = 0;        // futex: key offset; pager: page index
        std::uint64_t fault_address = 0;  // pager: the address that was touched
        std::uint32_t bits = 0;           // futex: bitset
        abi::FaultLabel fault = abi::FaultLabel::page;
        std::array<std::uint64_t, 4> fault_words{};
    };
    WaitState waiting;

    // What it must do in the kernel before it goes back to user mode (pending.hpp): objects to take apart, and ...
    DyingList owed;
    // ... the system call that its registers say, which is not done yet.
    bool call_pending = false;
    // How far it has come, as the operation likes; 0: it begins. An operation that uses this takes it before it does anything.
    std::uint64_t call_progress = 0;
    [[nodiscard]] bool has_pending_work() const { return call_pending || !owed.empty(); }

    // For those who look on (trace/): its number, the trace that has met it, and what it is called.
    std::uint32_t number = ++latest_number_;
    std::uint32_t trace_session = 0;
    std::array<std::uint64_t, 2> name{};
    void set_name(std::uint64_t first, std::uint64_t second) {
        name = {first, second};
        trace_session = 0;
    }

    // Deadline tree of the CPU.
    base::TreeNode deadline_node;
    Nanoseconds deadline = 0;

private:
    friend class Scheduler;
    friend class Invariants;
    friend class SchedContext;
    friend class Notification;
    friend class Endpoint;
    friend struct FastPath;
    friend struct PagePath;

    enum class Upcall : std::uint8_t { exception, interrupt };
    void make_upcall(Upcall upcall, std::uint64_t cause, std::uint64_t error_code,
                     std::uint64_t address);
    void send_fault(abi::FaultLabel label, std::uint64_t first, std::uint64_t second);
    // Its two pages and its FPU area, as many of them as there is room for.
    Result<> take_memory(bool with_fpu);
    void end_wait();
    void set_context(SchedContext* context);
    [[nodiscard]] SchedContext* context_in_force() const;
    void refresh_borrowers();

    static constinit std::uint32_t latest_number_;

    AddressSpace* space_;
    CapTable* table_;
    Memory* pages_;
    std::uint64_t pages_first_;
    std::byte* message_page_ = nullptr;

    CapTable::SlotPage* first_slots_;  // of table_
    SchedContext* home_context_ = nullptr;

    // Changed by who shares the kernel as well (docs/decisions/kernel-locks.md): with the lock of the endpoint or notification in whose
    // queue it is; or on the CPU that runs it; or that runs who has its context.
    Scheduler* cpu_;  // of the CPU that it belongs to
    Condition condition_{.stopped = true};
    SchedContext* context_ = nullptr;
    Thread* lender_ = nullptr;
    Thread* borrower_ = nullptr;

    Endpoint* fault_handler_ = nullptr;
    std::uint64_t fault_badge_ = 0;
    Notification* bound_notification_ = nullptr;
};

}  // namespace kernel
