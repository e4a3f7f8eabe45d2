// SPDX-License-Identifier: MIT
// The checker is itself checked: each test breaks one thing from outside, has it found, and repairs it.
#include "kernel/debug/invariants.hpp"

#include <string_view>

#include <arch/page_tables.hpp>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/first_process.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/sched/scheduler.hpp"

namespace {

using abi::ObjectType;

class InvariantsTest : public host::KernelTest {
protected:
    kernel::Thread& self = static_cast<kernel::Thread&>(init.context());

    kernel::Capability& slot(abi::CapIndex index) { return *self.table().find(index); }
    template <class T>
    T& object(abi::CapIndex index) {
        return static_cast<T&>(*slot(index).object);
    }
    static std::string_view broken() {
        const char* text = kernel_broken_invariant();
        return text != nullptr ? text : "";
    }
    static bool finds(std::string_view what) {
        return broken().find(what) != std::string_view::npos;
    }
};

TEST_F(InvariantsTest, References) {
    auto& endpoint = object<kernel::Endpoint>(make(ObjectType::endpoint));
    EXPECT_EQ(broken(), "");
    endpoint.retain();
    EXPECT_TRUE(finds("object.references_")) << broken();
    endpoint.release();
    EXPECT_EQ(broken(), "");
}

TEST_F(InvariantsTest, RightsThatGrow) {
    const abi::CapIndex whole = make(ObjectType::endpoint);
    const abi::CapIndex part =
        init.call(abi::boot_own_table, abi::CapTableOp::copy, {whole, 1}).cap();
    slot(part).rights = 1;
    slot(whole).rights = 6;
    EXPECT_TRUE(finds("rights")) << broken();
    slot(whole).rights = abi::all_rights;
    slot(part).index += 1;
    EXPECT_TRUE(finds("index")) << broken();
    slot(part).index -= 1;
}

TEST_F(InvariantsTest, Charges) {
    auto& poor = object<kernel::Bank>(bank);
    ASSERT_TRUE(poor.charge(1));
    EXPECT_TRUE(finds("bank.own_ == pages")) << broken();
    poor.refund(1);
    void* block = *poor.buy_block(64);
    EXPECT_TRUE(finds("bank.own_ == pages")) << broken();
    poor.return_block(block, 64);
    const auto frame = kernel::mm::frames.take();
    EXPECT_TRUE(finds("references == own_pages")) << broken();
    kernel::mm::frames.release(*frame);
}

TEST_F(InvariantsTest, PageTableEntries) {
    constexpr std::uint64_t address = 0x5000'0000;
    const abi::CapIndex memory = make(ObjectType::memory, abi::page_size);
    const auto map = [&](std::uint64_t flags) {
        EXPECT_TRUE(init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                              {memory, address, abi::page_size, 0, flags})
                        .ok());
        EXPECT_NE(init.touch(address, false), nullptr);
    };
    map(abi::MapFlags::read);
    arch::Entry* entry = arch::PageTables(self.space().root()).entry_there(UserAddr{address});
    const arch::Entry before = *entry;
    entry->set(before.frame(), abi::MapFlags::read | abi::MapFlags::write, true);
    EXPECT_TRUE(finds("entry.writable()")) << broken();
    entry->set(before.frame() + abi::page_size, abi::MapFlags::read, true);
    EXPECT_TRUE(finds("entry.frame()")) << broken();
    *entry = before;
    EXPECT_EQ(broken(), "");
    EXPECT_TRUE(
        init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {address, abi::page_size}).ok());
    *entry = before;
    EXPECT_TRUE(finds("leaves == entries")) << broken();
    entry->clear();
    // Writable here, and somebody else's as well.
    map(abi::MapFlags::read | abi::MapFlags::write);
    EXPECT_NE(init.touch(address, true), nullptr);
    kernel::mm::frames.add_reference(entry->frame());
    EXPECT_TRUE(finds("references(entry.frame()) == 1")) << broken();
    kernel::mm::frames.release(entry->frame());
    init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {address, abi::page_size});
}

TEST_F(InvariantsTest, Waiting) {
    const abi::CapIndex endpoint = make(ObjectType::endpoint);
    const abi::CapIndex reply = make(ObjectType::reply);
    host::NewThread made = host::start_thread(init, 100, bank);
    host::User other{*made.registers};
    auto& thread = static_cast<kernel::Thread&>(other.context());
    pause_init();
    other.enter(abi::Syscall::receive, endpoint | std::uint64_t{reply} << 32);
    host::Machine::advance(host::long_time);
    EXPECT_EQ(broken(), "");
    auto& object_of_reply = object<kernel::Reply>(reply);
    object_of_reply.reserved = nullptr;
    EXPECT_TRUE(finds("reply->reserved == &thread")) << broken();
    object_of_reply.reserved = &thread;
    thread.change_wait(kernel::Wait::send);
    EXPECT_NE(broken(), "");
    thread.change_wait(kernel::Wait::receive);
    kernel::ThreadQueue::remove(thread);
    EXPECT_TRUE(finds("thread.queue_link.linked()")) << broken();
    object<kernel::Endpoint>(endpoint).add_receiver(thread);
    EXPECT_EQ(broken(), "");
}

TEST_F(InvariantsTest, Running) {
    host::NewThread made = host::start_thread(init, 100, bank);
    auto& thread = static_cast<kernel::Thread&>(*made.registers);
    EXPECT_EQ(broken(), "");
    kernel::scheduler().dequeue(thread);
    EXPECT_TRUE(finds("totals.runnable")) << broken();
    kernel::scheduler().enqueue(thread);
    EXPECT_EQ(broken(), "");
}

}  // namespace
