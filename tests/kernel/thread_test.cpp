// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstring>

#include "tests/kernel/peer.hpp"

using abi::Error;
using abi::ThreadRights;
using abi::ThreadState;
using test::bank;

namespace {

constexpr std::uint64_t page = abi::page_size;

// A thread that has never run, in a space of its own.
struct Still {
    ipc::Capability<ipc::AddressSpace> space;
    ipc::Capability<ipc::CapTable> table;
    ipc::Capability<ipc::Memory> pages;
    ipc::Capability<ipc::Thread> thread;

    static ipc::KernelResult<Still> make() {
        Still made;
        made.space = TRY(bank()->create_address_space());
        made.table = TRY(bank()->create_cap_table(64));
        made.pages = TRY(bank()->create_memory(2 * page));
        made.thread = TRY(
            bank()->create_thread({.space = made.space, .table = made.table, .pages = made.pages}));
        return made;
    }
};

}  // namespace

namespace {

// Is the page below the stack that this runs on unmapped?
bool stack_is_guarded() {
    const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
    const auto stack = ipc::own_space()->query(here);
    if (!stack || !stack->mapped) {
        return false;
    }
    const auto below = ipc::own_space()->query(stack->start - page);
    return below && !below->mapped;
}

}  // namespace

TEST(thread_stacks_are_guarded) {
    EXPECT(stack_is_guarded());
    struct Shared {
        std::atomic<int> answer = -1;
        ipc::Capability<ipc::Notification> done;
    } shared;
    shared.done = NEED(bank()->create_notification());
    const auto look = [](void* argument) {
        auto& to = *static_cast<Shared*>(argument);
        to.answer = stack_is_guarded() ? 1 : 0;
        (void)to.done->signal(1);
    };
    const auto thread = NEED(rt::Thread::start(look, &shared));
    EXPECT_OK(shared.done->wait());
    EXPECT(shared.answer == 1);
}

TEST(thread_registers) {
    auto still = NEED(Still::make());
    EXPECT(NEED(still.thread->query()).state == ThreadState::stopped);
    abi::Registers registers{};
    registers.rax = 1;
    registers.r15 = 0xffff'ffff'ffff'ffff;
    registers.rip = 0x40'0000;
    registers.rsp = 0x7000'0000'0000;
    registers.rflags = ~std::uint64_t{0};
    registers.fs_base = 0x1234'5678'9000;
    registers.gs_base = 0x6fff'0000'0000;
    EXPECT_OK(still.thread->set_registers(registers));
    const auto got = NEED(still.thread->get_registers());
    EXPECT(got.rax == 1 && got.r15 == registers.r15 && got.rip == registers.rip &&
           got.rsp == registers.rsp);
    EXPECT(got.fs_base == registers.fs_base && got.gs_base == registers.gs_base);
    constexpr std::uint64_t interrupts_on = 0x200;
    constexpr std::uint64_t privilege_and_more = 0x1b'7000;  // IOPL, NT, RF, VM, VIF, VIP
    EXPECT((got.rflags & interrupts_on) != 0);
    EXPECT((got.rflags & privilege_and_more) == 0);
}

TEST(thread_registers_out_of_range) {
    auto still = NEED(Still::make());
    for (const std::uint64_t address :
         {0xffff'ffff'8000'0000U, 0x8000'0000'0000U, 0x0080'0000'0000'0000U}) {
        abi::Registers registers{};
        registers.rip = address;
        EXPECT_ERROR(still.thread->set_registers(registers), Error::out_of_range);
        EXPECT_ERROR(still.thread->start({.rip = address, .rsp = 0}), Error::out_of_range);
        EXPECT_ERROR(still.thread->set_upcalls({.system_call = address}), Error::out_of_range);
    }
    // Not canonical: the CPU would not take it. (Upper-half bases it takes, and they lead nowhere.)
    constexpr std::uint64_t not_canonical = 0x0080'0000'0000'0000;
    abi::Registers registers{};
    registers.fs_base = not_canonical;
    EXPECT_ERROR(still.thread->set_registers(registers), Error::out_of_range);
    registers = {};
    registers.gs_base = not_canonical;
    EXPECT_ERROR(still.thread->set_registers(registers), Error::out_of_range);
    registers = {};
    registers.rsp = not_canonical;
    EXPECT_ERROR(still.thread->set_registers(registers), Error::out_of_range);
    EXPECT_ERROR(test::raw(still.thread, abi::ThreadOp::set_registers, {}, 8),
                 Error::invalid_argument);
}

TEST(thread_rights) {
    auto still = NEED(Still::make());
    auto interrupter = NEED(ipc::copy(still.thread.ref(), ThreadRights::interrupt));
    EXPECT_OK(interrupter->interrupt());
    EXPECT_ERROR(interrupter->start({}), Error::missing_right);
    EXPECT_ERROR(interrupter->stop(), Error::missing_right);
    EXPECT_ERROR(interrupter->resume(), Error::missing_right);
    EXPECT_ERROR(interrupter->get_registers(), Error::missing_right);
    EXPECT_ERROR(interrupter->set_registers({}), Error::missing_right);
    EXPECT_ERROR(interrupter->set_upcalls({}), Error::missing_right);
    EXPECT_ERROR(interrupter->set_fault_handler({}, 0), Error::missing_right);
    EXPECT_ERROR(interrupter->bind_notification({}), Error::missing_right);
    EXPECT_ERROR(ipc::own_sched_context()->bind(interrupter), Error::missing_right);
    auto controller = NEED(ipc::copy(still.thread.ref(), ThreadRights::control));
    EXPECT_ERROR(controller->interrupt(), Error::missing_right);
    EXPECT_ERROR(test::raw(still.thread, static_cast<abi::ThreadOp>(99)), Error::bad_system_call);
}

TEST(thread_stop_and_resume) {
    std::atomic<std::uint64_t> count{0};
    std::atomic<bool> end{false};
    test::Peer peer{[&] {
        while (!end) {
            ++count;
            ipc::sys::yield();
        }
    }};
    NEED(peer.start());
    EXPECT(test::eventually([&] { return count > 10; }));
    EXPECT_ERROR(peer.thread()->get_registers(), Error::busy);
    EXPECT_OK(peer.thread()->stop());
    const std::uint64_t seen = count;
    for (int i = 0; i < 50; ++i) {
        ipc::sys::yield();
    }
    EXPECT(count == seen);
    EXPECT(NEED(peer.thread()->query()).state == ThreadState::stopped);
    EXPECT_OK(peer.thread()->get_registers());
    EXPECT_OK(peer.thread()->resume());
    EXPECT(test::eventually([&] { return count > seen; }));
    EXPECT_ERROR(peer.thread()->start({.rip = 0x40'0000}), Error::busy);
    end = true;
    EXPECT(peer.join());
}

TEST(thread_interrupt_ends_an_interruptible_wait) {
    auto notification = NEED(bank()->create_notification());
    Error error = Error::ok;
    std::uint64_t pending = 0;
    Error second = Error::ok;
    test::Peer peer{[&] {
        error = notification->wait({.interruptible = true}).error_or(Error::ok);
        pending = ipc::control_page().interrupt_pending;
        // A pending interrupt ends the next one before it begins.
        second = notification->wait({.interruptible = true}).error_or(Error::ok);
        ipc::control_page().interrupt_pending = 0;
    }};
    NEED(peer.start());
    EXPECT(test::eventually([&] { return test::is_blocked(peer.thread()); }));
    EXPECT_OK(peer.thread()->interrupt());
    EXPECT(peer.join());
    EXPECT(error == Error::interrupted && second == Error::interrupted);
    EXPECT(pending == 1);
}

TEST(thread_interrupt_lets_other_waits_be) {
    auto notification = NEED(bank()->create_notification());
    Error error = Error::busy;
    std::uint64_t pending = 0;
    test::Peer peer{[&] {
        error = notification->wait().error_or(Error::ok);
        pending = ipc::control_page().interrupt_pending;
        ipc::control_page().interrupt_pending = 0;
    }};
    NEED(peer.start());
    EXPECT(test::eventually([&] { return test::is_blocked(peer.thread()); }));
    EXPECT_OK(peer.thread()->interrupt());
    EXPECT(test::is_blocked(peer.thread()));
    EXPECT_OK(notification->signal(1));
    EXPECT(peer.join());
    EXPECT(error == Error::ok && pending == 1);
}

TEST(sched_binding) {
    auto still = NEED(Still::make());
    auto context = NEED(bank()->create_sched_context(ipc::own_sched_context(), {.priority = 3}));
    EXPECT_OK(context->bind(still.thread));
    EXPECT(NEED(still.thread->query()).priority == 3);
    auto other = NEED(bank()->create_sched_context(ipc::own_sched_context(), {.priority = 4}));
    EXPECT_ERROR(other->bind(still.thread), Error::busy);
    auto another = NEED(Still::make());
    EXPECT_ERROR(context->bind(another.thread), Error::busy);
    EXPECT_OK(context->unbind());
    EXPECT_OK(other->bind(still.thread));
    auto query_only = NEED(ipc::copy(context.ref(), abi::SchedContextRights::query));
    EXPECT_ERROR(query_only->bind(another.thread), Error::missing_right);
    EXPECT_OK(query_only->query());
    EXPECT_ERROR(context->bind(bank().retype<ipc::Thread>()), Error::wrong_type);
}

TEST(sched_equals_share_without_yielding) {
    std::atomic<std::uint64_t> count{0};
    std::atomic<bool> end{false};
    test::Peer peer{[&] {
        while (!end) {
            ++count;
        }
    }};
    NEED(peer.start());
    const std::uint64_t until = rt::now() + test::patience;
    while (count == 0 && rt::now() < until) {
    }
    EXPECT(count != 0);
    const std::uint64_t seen = count;
    const std::uint64_t later = rt::now() + test::patience;
    while (count == seen && rt::now() < later) {
    }
    EXPECT(count != seen);
    end = true;
    EXPECT(peer.join());
}

TEST(sched_higher_priority_runs_first) {
    auto notification = NEED(bank()->create_notification());
    std::atomic<std::uint64_t> count{0};
    std::atomic<bool> end{false};
    test::Peer low{[&] {
        while (!end) {
            ++count;
        }
    }};
    NEED(low.start({.priority = 10}));
    const std::uint64_t before = count;
    for (int i = 0; i < 1000; ++i) {
        ipc::sys::yield();  // nobody else of this priority: it goes on at once
    }
    // On another CPU it may run all the same.
    EXPECT(count == before || rt::clock_page()->cpus > 1);
    const std::uint64_t until = rt::now() + test::patience;
    while (count == before && rt::now() < until) {
        EXPECT_ERROR(notification->wait({.deadline = rt::now() + 20 * rt::millisecond}),
                     Error::timed_out);
    }
    EXPECT(count > before);
    end = true;
    EXPECT(low.join());
}

namespace {

// How far a counting thread comes in a fifth of a second, in which nobody else wants to run.
ipc::KernelResult<std::uint64_t> count_with(const rt::ThreadConfig& config) {
    auto notification = TRY(bank()->create_notification());
    std::atomic<std::uint64_t> count{0};
    std::atomic<bool> end{false};
    test::Peer counter{[&] {
        while (!end) {
            ++count;
        }
    }};
    TRY(counter.start(config));
    (void)notification->wait({.deadline = rt::now() + 200 * rt::millisecond});
    const std::uint64_t reached = count;
    end = true;
    (void)counter.join();
    return reached;
}

}  // namespace

// In counts and not in time: a busy host stops the whole machine, which looks like time used.
TEST(sched_budget_is_kept) {
    std::uint64_t tenth = 0;
    std::uint64_t all = 0;
    // Nor does a host that has fewer CPUs than the machine share them out evenly: it gets three chances.
    for (int i = 0; i < 3 && (i == 0 || tenth >= all / 2); ++i) {
        tenth = NEED(count_with(
            {.priority = 10, .budget_ns = 2 * rt::millisecond, .period_ns = 20 * rt::millisecond}));
        all = NEED(count_with({.priority = 10}));
    }
    EXPECT(tenth > 0);
    EXPECT(tenth < all / 2);
}

// A thread that its own capability table's bank takes away while it runs.
TEST(thread_destroyed_while_running) {
    std::atomic<std::uint64_t> count{0};
    {
        test::Peer peer{[&] {
            for (;;) {
                ++count;
                ipc::sys::yield();
            }
        }};
        NEED(peer.start());
        EXPECT(test::eventually([&] { return count > 3; }));
    }
    const std::uint64_t seen = count;
    for (int i = 0; i < 50; ++i) {
        ipc::sys::yield();
    }
    EXPECT(count == seen);
}
