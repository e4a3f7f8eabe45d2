// SPDX-License-Identifier: MIT
// What a trace shows of calls, faults and switches, and when it ends.
#include "kernel/trace/trace.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/arch/x86_64/traps.hpp"

namespace {

using abi::Error;
using abi::LogOp;
using abi::ObjectType;
using abi::Syscall;
using abi::TraceEvent;
using abi::TraceKind;
using host::NewThread;
using host::User;

class TraceTest : public host::KernelTest {
protected:
    static constexpr std::uint64_t page = abi::page_size;
    abi::CapIndex rings = make(ObjectType::memory, 8 * page);

    ~TraceTest() override { init.call(abi::boot_log, LogOp::trace_stop); }

    Error start(abi::CapIndex memory) {
        return init.call(abi::boot_log, LogOp::trace_start, {memory}).error;
    }
    std::vector<TraceEvent> read(std::uint64_t* lost = nullptr) {
        std::vector<TraceEvent> all;
        for (;;) {
            const host::Answer answer = init.call(abi::boot_log, LogOp::trace_read, {0});
            EXPECT_TRUE(answer.ok());
            if (lost != nullptr) {
                *lost = answer.words[0];
            }
            const std::size_t count = answer.tag.payload() / sizeof(TraceEvent);
            const std::size_t before = all.size();
            all.resize(before + count);
            std::memcpy(all.data() + before, init.message_page(), count * sizeof(TraceEvent));
            if (count < abi::message_bytes / sizeof(TraceEvent)) {
                return all;
            }
        }
    }
    // Where the first event of this kind is, from `from` on; the end if there is none.
    static std::size_t find(const std::vector<TraceEvent>& events, TraceKind kind,
                            std::size_t from = 0) {
        while (from < events.size() && events[from].kind != kind) {
            ++from;
        }
        return from;
    }
};

TEST_F(TraceTest, ShowsACallAndItsAnswer) {
    const abi::CapIndex endpoint = make(ObjectType::endpoint);
    const abi::CapIndex reply = make(ObjectType::reply);
    const std::uint64_t desk = endpoint | std::uint64_t{reply} << 32;
    const NewThread server_parts = host::start_thread(init, 120, bank);
    const NewThread client_parts = host::start_thread(init, 100, bank);
    User server{*server_parts.registers};
    User client{*client_parts.registers};
    std::uint64_t name = 0;
    std::memcpy(&name, "server", 6);
    EXPECT_TRUE(init.call(server_parts.thread, abi::ThreadOp::set_name, {name}).ok());
    ASSERT_EQ(start(rings), Error::ok);
    pause_init();
    server.enter(Syscall::receive, desk);
    ASSERT_TRUE(client.running());
    client.enter(Syscall::call, endpoint, abi::make_tag(5), {1, 2, 3});
    ASSERT_TRUE(server.running());
    EXPECT_EQ(server.answer().words[2], 3U);
    server.enter(Syscall::reply_and_receive, desk, abi::make_tag(6), {9});
    ASSERT_TRUE(client.running());
    EXPECT_EQ(client.answer().words[0], 9U);
    host::Machine::advance(host::long_time);
    ASSERT_TRUE(init.running());
    const auto events = read();
    for (std::size_t i = 1; i < events.size(); ++i) {
        EXPECT_LE(events[i - 1].tsc, events[i].tsc);
    }
    const std::size_t call = find(events, TraceKind::call);
    const std::size_t answer = find(events, TraceKind::reply);
    ASSERT_LT(call, answer);
    ASSERT_LT(answer, events.size());
    EXPECT_EQ(events[call].code, 5U);
    EXPECT_EQ(events[call].a, events[answer].thread);
    EXPECT_EQ(events[answer].code, 6U);
    EXPECT_EQ(events[answer].a, events[call].thread);
    const std::size_t switched = find(events, TraceKind::switched, call);
    EXPECT_EQ(events[switched].thread, events[answer].thread);
    const std::size_t entered = find(events, TraceKind::system_call);
    EXPECT_LT(entered, call);
    bool named = false;
    for (const TraceEvent& event : events) {
        named = named || (event.kind == TraceKind::name && event.a == name &&
                          event.thread == events[answer].thread);
    }
    EXPECT_TRUE(named);
    EXPECT_LT(find(events, TraceKind::interrupt), events.size());
}

TEST_F(TraceTest, ShowsMessagesFaultsOperationsAndForeignCalls) {
    const abi::CapIndex endpoint = make(ObjectType::endpoint);
    const NewThread parts = host::start_thread(init, 120, bank);
    User other{*parts.registers};
    init.call(parts.thread, abi::ThreadOp::set_upcalls, {0x400100});
    ASSERT_EQ(start(rings), Error::ok);
    pause_init();
    other.enter(Syscall::receive, endpoint);
    host::Machine::advance(host::long_time);
    init.enter(Syscall::send, endpoint, abi::make_tag(3));
    pause_init();
    ASSERT_TRUE(other.running());
    other.context().registers.rip = 0x400200;
    other.context().registers.rdi = 11;
    other.enter(static_cast<Syscall>(39), 11);
    ASSERT_TRUE(other.running());
    EXPECT_EQ(other.context().registers.rip, 0x400100U);
    EXPECT_EQ(other.control().saved_rip, 0x400200U);
    EXPECT_EQ(other.control().upcalls_masked, abi::masked_library);
    other.control().upcalls_masked = 0;
    kernel_user_exception(&other.context(), 6, 0, 0);
    host::Machine::advance(host::long_time);
    ASSERT_TRUE(init.running());
    const auto events = read();
    const std::size_t message = find(events, TraceKind::message);
    const std::size_t foreign = find(events, TraceKind::foreign_call);
    const std::size_t fault = find(events, TraceKind::fault);
    ASSERT_LT(message, foreign);
    ASSERT_LT(foreign, fault);
    ASSERT_LT(fault, events.size());
    EXPECT_EQ(events[message].code, 3U);
    EXPECT_EQ(events[foreign].code, 39U);
    EXPECT_EQ(events[foreign].a, 11U);
    EXPECT_EQ(events[fault].code, 6U);
    read();
    init.call(bank, abi::BankOp::query);
    const auto later = read();
    const std::size_t operation = find(later, TraceKind::operation);
    ASSERT_LT(operation, later.size());
}

TEST_F(TraceTest, AFullRingLosesWhatIsNewAndCountsIt) {
    const abi::CapIndex small = make(ObjectType::memory, page);
    ASSERT_EQ(start(small), Error::ok);
    for (int i = 0; i < 1000; ++i) {
        init.call(bank, abi::BankOp::query);
    }
    std::uint64_t lost = 0;
    const auto events = read(&lost);
    EXPECT_GE(events.size(), page / sizeof(TraceEvent));
    EXPECT_GT(lost, 800U);
    EXPECT_LT(lost, 1000U);
    EXPECT_EQ(events.front().kind, TraceKind::thread);
}

TEST_F(TraceTest, RefusesWhatItCannotUse) {
    EXPECT_EQ(init.call(abi::boot_log, LogOp::trace_read, {0}).error, Error::invalid_argument);
    EXPECT_EQ(start(0), Error::invalid_capability);
    EXPECT_EQ(start(bank), Error::wrong_type);
    const abi::CapIndex weak =
        init.call(abi::boot_own_table, abi::CapTableOp::copy, {rings, abi::MemoryRights::read})
            .cap();
    EXPECT_EQ(start(weak), Error::missing_right);
    EXPECT_EQ(start(make(ObjectType::memory, (abi::most_trace_pages + 1) * page)),
              Error::invalid_argument);
    EXPECT_EQ(start(rings), Error::ok);
    EXPECT_EQ(start(rings), Error::busy);
    EXPECT_EQ(init.call(abi::boot_log, LogOp::trace_read, {1}).error, Error::out_of_range);
    EXPECT_EQ(init.call(rings, abi::MemoryOp::resize, {page}).error, Error::busy);
    EXPECT_TRUE(init.call(abi::boot_log, LogOp::trace_stop).ok());
    EXPECT_TRUE(init.call(abi::boot_log, LogOp::trace_stop).ok());
}

TEST_F(TraceTest, EndsWithItsMemory) {
    const abi::CapIndex inner = make(ObjectType::bank, 64 * page);
    const abi::CapIndex memory = init.create(ObjectType::memory, 4 * page, 0, 0, 0, 0, inner);
    ASSERT_EQ(start(memory), Error::ok);
    init.call(inner, abi::BankOp::query);
    EXPECT_TRUE(arch::this_cpu().traces_system_calls);
    init.call(inner, abi::BankOp::destroy);
    EXPECT_FALSE(kernel::Trace::on());
    EXPECT_EQ(init.call(abi::boot_log, LogOp::trace_read, {0}).error, Error::invalid_argument);
    EXPECT_FALSE(arch::this_cpu().traces_system_calls);
}

}  // namespace
