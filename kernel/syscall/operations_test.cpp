// SPDX-License-Identifier: MIT
// Every operation with wrong arguments: each mistake has its own error, and changes nothing.
#include "kernel/syscall/operation.hpp"

#include <cstring>
#include <vector>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/object/bank.hpp"

namespace {

using abi::AddressSpaceOp;
using abi::BankOp;
using abi::CapTableOp;
using abi::Error;
using abi::InterruptControlOp;
using abi::InterruptOp;
using abi::IoPortsOp;
using abi::LogOp;
using abi::MapFlags;
using abi::MemoryOp;
using abi::NotificationOp;
using abi::ObjectType;
using abi::SchedContextOp;
using abi::Syscall;
using abi::ThreadOp;
using host::Words;

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t address = 0x5000'0000;
constexpr std::uint64_t stale = 900;  // a slot that was never used
constexpr std::uint64_t huge = ~std::uint64_t{0} - page + 1;

class OperationsTest : public host::KernelTest {
protected:
    abi::CapIndex endpoint = make(ObjectType::endpoint);
    abi::CapIndex reply = make(ObjectType::reply);
    abi::CapIndex notification = make(ObjectType::notification);
    abi::CapIndex memory = make(ObjectType::memory, 4 * page);
    abi::CapIndex table = make(ObjectType::cap_table, 40);
    abi::CapIndex space = make(ObjectType::address_space);
    abi::CapIndex pages = make(ObjectType::memory, 4 * page);
    abi::CapIndex thread = make(ObjectType::thread, space, table, pages);
    abi::CapIndex context = make(ObjectType::sched_context, abi::boot_sched_context, 5);

    template <class Label>
    void gives(Error wanted, std::uint64_t cap, Label label, const Words& words = {},
               std::size_t payload = 0) {
        const auto charged = static_cast<kernel::Bank&>(bank_object()).charged_bytes();
        init.enter(Syscall::call, cap, abi::make_tag(static_cast<std::uint16_t>(label), payload),
                   words);
        EXPECT_EQ(init.answer().error, wanted)
            << "capability " << cap << ", label " << static_cast<int>(label) << ", words "
            << words[0] << ' ' << words[1] << ' ' << words[2];
        if (wanted != Error::ok) {
            EXPECT_EQ(static_cast<kernel::Bank&>(bank_object()).charged_bytes(), charged);
            EXPECT_EQ(kernel_broken_invariant(), nullptr);
        }
    }
    kernel::Object& bank_object() {
        return *static_cast<kernel::Thread&>(init.context()).table().find(bank)->object;
    }
    // A copy of a capability with these rights only.
    abi::CapIndex with(abi::CapIndex index, std::uint8_t rights) {
        return init.call(abi::boot_own_table, CapTableOp::copy, {index, rights}).cap();
    }
};

TEST_F(OperationsTest, AnIndexThatNamesNothing) {
    for (const auto number : {Syscall::call, Syscall::send, Syscall::reply, Syscall::signal,
                              Syscall::wait, Syscall::receive, Syscall::reply_and_receive}) {
        for (const std::uint64_t index : {std::uint64_t{0}, stale, std::uint64_t{1} << 31}) {
            init.enter(number, index);
            EXPECT_EQ(init.answer().error, Error::invalid_capability);
        }
    }
}

TEST_F(OperationsTest, TheWrongKindOfObject) {
    for (const auto number : {Syscall::send, Syscall::signal, Syscall::wait, Syscall::receive}) {
        init.enter(number, memory);
        EXPECT_EQ(init.answer().error, Error::wrong_type);
    }
    init.enter(Syscall::reply, endpoint);
    EXPECT_EQ(init.answer().error, Error::wrong_type);
    init.enter(Syscall::receive, endpoint | std::uint64_t{memory} << 32);
    EXPECT_EQ(init.answer().error, Error::wrong_type);
    init.enter(Syscall::reply_and_receive, endpoint | std::uint64_t{reply} << 32);
    EXPECT_EQ(init.answer().error, Error::no_caller);
    init.enter(Syscall::reply_and_receive, endpoint);
    EXPECT_EQ(init.answer().error, Error::invalid_capability);
    init.enter(Syscall::reply, reply);
    EXPECT_EQ(init.answer().error, Error::no_caller);
    gives(Error::wrong_type, reply, BankOp::create);
}

TEST_F(OperationsTest, ALabelThatNoOperationHas) {
    for (const abi::CapIndex cap :
         {bank, table, space, memory, thread, context, notification,
          abi::CapIndex{abi::boot_interrupt_control}, abi::CapIndex{abi::boot_io_ports},
          abi::CapIndex{abi::boot_log}}) {
        gives(Error::bad_system_call, cap, 99);
        gives(Error::ok, cap, abi::null_operation);
    }
}

TEST_F(OperationsTest, AMissingRight) {
    const auto refused = [this](abi::CapIndex cap, std::uint8_t rights,
                                const std::vector<int>& labels) {
        const abi::CapIndex weak = with(cap, rights);
        for (const int label : labels) {
            gives(Error::missing_right, weak, label, {weak, page, page});
        }
        init.call(abi::boot_own_table, CapTableOp::remove, {weak});
    };
    refused(bank, 0, {1, 2, 3, 4});
    refused(table, 0, {1, 2, 3, 4, 5, 6, 7, 8});
    refused(space, 0, {1, 2, 3, 4, 5, 6, 7, 8});
    refused(memory, 0, {2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    refused(thread, 0, {1, 2, 3, 4, 5, 6, 7, 8, 10, 11});
    refused(context, 0, {1, 2, 3});
    refused(notification, 0, {1, 2, 3});
    refused(abi::boot_interrupt_control, 0, {1, 2});
    refused(abi::boot_io_ports, 0, {3, 4});
    refused(abi::boot_log, 0, {1, 2, 3, 4, 5, 6});
    const abi::CapIndex no_ports = with(abi::boot_io_ports, 0);
    gives(Error::missing_right, no_ports, IoPortsOp::in, {0x80, 1});
    const abi::CapIndex mute = with(endpoint, 0);
    for (const auto number : {Syscall::call, Syscall::send, Syscall::receive}) {
        init.enter(number, mute);
        EXPECT_EQ(init.answer().error, Error::missing_right);
    }
    const abi::CapIndex deaf = with(notification, 0);
    for (const auto number : {Syscall::signal, Syscall::wait}) {
        init.enter(number, deaf);
        EXPECT_EQ(init.answer().error, Error::missing_right);
    }
}

TEST_F(OperationsTest, AMessageThatIsTooLong) {
    for (const auto number : {Syscall::call, Syscall::send, Syscall::reply}) {
        init.enter(number, endpoint, abi::make_tag(0, 4097));
        EXPECT_EQ(init.answer().error, Error::too_long);
        init.enter(number, endpoint, abi::make_tag(0, 0, 5));
        EXPECT_EQ(init.answer().error, Error::too_long);
    }
    init.enter(Syscall::reply_and_receive, endpoint, abi::make_tag(0, 4097));
    EXPECT_EQ(init.answer().error, Error::too_long);
}

TEST_F(OperationsTest, Creating) {
    init.call(pages, MemoryOp::commit, {0, 4 * page});
    const auto create = [this](Error wanted, ObjectType type, std::uint64_t w1 = 0,
                               std::uint64_t w2 = 0, std::uint64_t w3 = 0, std::uint64_t w4 = 0,
                               std::uint64_t w5 = 0) {
        gives(wanted, bank, BankOp::create, {static_cast<std::uint64_t>(type), w1, w2, w3, w4, w5});
    };
    for (const auto type : {ObjectType::none, ObjectType::interrupt, ObjectType::io_ports,
                            ObjectType::log, ObjectType::count_end}) {
        create(Error::invalid_argument, type);
    }
    gives(Error::invalid_argument, bank, BankOp::create, {0x107});
    create(Error::out_of_range, ObjectType::cap_table, 0);
    create(Error::out_of_range, ObjectType::cap_table, 1 << 20);
    create(Error::invalid_argument, ObjectType::memory, 0);
    create(Error::not_aligned, ObjectType::memory, 1);
    create(Error::out_of_range, ObjectType::memory, huge);
    create(Error::invalid_argument, ObjectType::memory, page, 2);
    create(Error::wrong_type, ObjectType::memory, page, 0, memory);
    create(Error::no_memory, ObjectType::memory, 4096 * page, abi::MemoryFlags::contiguous);
    create(Error::wrong_type, ObjectType::thread, memory, table, pages);
    create(Error::wrong_type, ObjectType::thread, space, memory, pages);
    create(Error::wrong_type, ObjectType::thread, space, table, space);
    create(Error::busy, ObjectType::thread, space, table, pages);
    create(Error::not_aligned, ObjectType::thread, space, table, pages, 8);
    create(Error::out_of_range, ObjectType::thread, space, table, pages, 3 * page);
    create(Error::invalid_argument, ObjectType::thread, space, table, pages, 2 * page, 2);
    create(Error::invalid_capability, ObjectType::sched_context, stale);
    create(Error::out_of_range, ObjectType::sched_context, context, 6);
    create(Error::invalid_argument, ObjectType::sched_context, context, 5, 10, 5);
    gives(Error::invalid_argument, abi::boot_bank, BankOp::destroy);
    gives(Error::invalid_argument, abi::boot_bank, BankOp::set_limit, {0});
    const abi::CapIndex poor = make(ObjectType::bank, 0);
    for (int type = 1; type <= static_cast<int>(ObjectType::notification); ++type) {
        Words words{static_cast<std::uint64_t>(type), page};
        if (static_cast<ObjectType>(type) == ObjectType::thread) {
            words = {words[0], space, table, pages, 2 * page, abi::ThreadFlags::fpu};
        } else if (static_cast<ObjectType>(type) == ObjectType::sched_context) {
            words[1] = context;
        }
        gives(Error::no_memory, poor, BankOp::create, words);
    }
    gives(Error::no_memory, memory, MemoryOp::clone, {poor, 0, page});
    gives(Error::no_memory, space, AddressSpaceOp::clone, {poor});
    gives(Error::no_memory, table, CapTableOp::clone, {poor});
    gives(Error::no_memory, abi::boot_io_ports, IoPortsOp::window, {0x80, 1, poor});
    gives(Error::no_memory, abi::boot_interrupt_control, InterruptControlOp::create_line,
          {3, 0, poor});
    gives(Error::no_memory, abi::boot_interrupt_control, InterruptControlOp::create_msi,
          {0, 0, poor});
    gives(Error::ok, poor, BankOp::destroy);
}

TEST_F(OperationsTest, CapabilityTables) {
    for (const auto op : {CapTableOp::copy, CapTableOp::mint, CapTableOp::move}) {
        gives(Error::invalid_capability, table, op, {stale, 0xff, 20});
        gives(Error::out_of_range, table, op, {endpoint, 0xff, 40});
    }
    gives(Error::ok, table, CapTableOp::copy, {endpoint, 0xff, 20});
    for (const auto op : {CapTableOp::copy, CapTableOp::mint, CapTableOp::move}) {
        gives(Error::slot_in_use, table, op, {endpoint, 0xff, 20});
    }
    gives(Error::wrong_type, table, CapTableOp::mint, {memory, 0xff, 21});
    gives(Error::invalid_argument, table, CapTableOp::mint, {endpoint, 0xff, 21, 1, 2});
    gives(Error::missing_right, table, CapTableOp::mint, {with(endpoint, 3), 0xff, 21});
    const abi::CapIndex badged = init.call(abi::boot_own_table, CapTableOp::mint,
                                           {endpoint, 0xff, 0, 9, abi::MintFlags::drop_guard})
                                     .cap();
    gives(Error::missing_right, table, CapTableOp::mint, {badged, 0xff, 21});
    for (const auto op : {CapTableOp::remove, CapTableOp::revoke, CapTableOp::query}) {
        gives(Error::invalid_capability, table, op, {22});
    }
    EXPECT_EQ(init.call(table, CapTableOp::query, {20}).words[0],
              static_cast<std::uint64_t>(ObjectType::endpoint));
    gives(Error::ok, table, CapTableOp::remove, {20});
    gives(Error::wrong_type, table, CapTableOp::clone, {memory});
    gives(Error::ok, table, CapTableOp::copy, {badged, 0xff, 21});
    gives(Error::ok, table, CapTableOp::clone, {bank});
    gives(Error::ok, table, CapTableOp::move, {badged, 0, 23});
    gives(Error::invalid_capability, table, CapTableOp::move, {badged, 0, 24});
    gives(Error::ok, abi::boot_own_table, CapTableOp::revoke, {endpoint});
    init.enter(Syscall::receive, endpoint);
    EXPECT_TRUE(init.answer().tag.has(abi::Tag::is_drop));
    EXPECT_EQ(init.answer().badge, 9U);
}

TEST_F(OperationsTest, ManyCapabilitiesAtOnce) {
    constexpr std::size_t one = sizeof(abi::Placement);
    auto* all = reinterpret_cast<abi::Placement*>(init.message_page());
    const auto copy = [&](std::uint64_t source, std::uint64_t slot) {
        return abi::Placement{source, 0xff, slot, 0, 0, CapTableOp::copy};
    };
    all[0] = copy(endpoint, 20);
    gives(Error::invalid_argument, table, CapTableOp::fill);
    gives(Error::invalid_argument, table, CapTableOp::fill, {}, one - 8);
    gives(Error::invalid_argument, table, CapTableOp::fill, {}, one + 8);
    gives(Error::too_long, table, CapTableOp::fill, {}, (abi::most_placed + 1) * one);
    gives(Error::invalid_capability, table, CapTableOp::fill, {stale}, one);
    gives(Error::wrong_type, table, CapTableOp::fill, {memory}, one);
    gives(Error::missing_right, table, CapTableOp::fill, {with(table, abi::CapTableRights::insert)},
          one);
    gives(Error::missing_right, with(table, abi::CapTableRights::manage), CapTableOp::fill, {},
          one);
    for (const int how : {0, 4, 0x101}) {
        all[0] = copy(endpoint, 20);
        all[0].how = static_cast<CapTableOp>(how);
        gives(Error::invalid_argument, table, CapTableOp::fill, {}, one);
    }
    all[0] = copy(stale, 20);
    gives(Error::invalid_capability, table, CapTableOp::fill, {}, one);
    all[0] = copy(20, 20);  // of the other table, where nothing is yet
    gives(Error::invalid_capability, abi::boot_own_table, CapTableOp::fill, {table}, one);
    all[0] = copy(endpoint, 40);
    gives(Error::out_of_range, table, CapTableOp::fill, {}, one);
    all[0] = copy(memory, 20);
    all[0].how = CapTableOp::mint;
    gives(Error::wrong_type, table, CapTableOp::fill, {}, one);
    all[0] = copy(endpoint, 20);
    gives(Error::ok, table, CapTableOp::fill, {}, one);
    gives(Error::slot_in_use, table, CapTableOp::fill, {}, one);
}

TEST_F(OperationsTest, AddressSpaces) {
    init.call(memory, MemoryOp::commit, {0, 4 * page});
    const auto map = [this](Error wanted, std::uint64_t cap, std::uint64_t at, std::uint64_t length,
                            std::uint64_t offset, std::uint64_t flags) {
        gives(wanted, space, AddressSpaceOp::map, {cap, at, length, offset, flags});
    };
    map(Error::invalid_argument, memory, address, page, 0, 0x200);
    map(Error::invalid_argument, memory, address, page, 0, MapFlags::write | MapFlags::execute);
    map(Error::wrong_type, endpoint, address, page, 0, MapFlags::read);
    map(Error::missing_right, with(memory, 1), address, page, 0, MapFlags::read | MapFlags::write);
    map(Error::not_aligned, memory, address + 1, page, 0, MapFlags::read);
    map(Error::not_aligned, memory, address, page, 8, MapFlags::read);
    map(Error::invalid_argument, memory, address, 0, 0, MapFlags::read);
    map(Error::out_of_range, memory, 0, page, 0, MapFlags::read);
    map(Error::out_of_range, memory, arch::user_end, page, 0, MapFlags::read);
    map(Error::out_of_range, memory, address, page, huge, MapFlags::read);
    map(Error::ok, memory, address, 4 * page, 0,
        MapFlags::read | MapFlags::write | MapFlags::uncached | MapFlags::write_combining);
    map(Error::overlap, memory, address + 3 * page, 2 * page, 0, MapFlags::read);
    gives(Error::not_aligned, space, AddressSpaceOp::unmap, {address + 1, page});
    gives(Error::out_of_range, space, AddressSpaceOp::unmap, {address, huge});
    gives(Error::invalid_argument, space, AddressSpaceOp::protect, {address, page, 0x10});
    gives(Error::not_mapped, space, AddressSpaceOp::protect, {address, 5 * page, 1});
    map(Error::ok, with(memory, 1), address + 8 * page, page, 0, MapFlags::read);
    gives(Error::missing_right, space, AddressSpaceOp::protect, {address + 8 * page, page, 3});
    gives(Error::ok, space, AddressSpaceOp::protect, {address + page, page, 1});
    EXPECT_EQ(init.call(space, AddressSpaceOp::query, {address + page}).words[1], page);
    gives(Error::not_mapped, space, AddressSpaceOp::query, {address - page});
    EXPECT_EQ(init.answer().words[0], address);
    gives(Error::not_mapped, space, AddressSpaceOp::query, {address + 100 * page});
    EXPECT_EQ(init.answer().words[0], 0U);
    map(Error::ok, memory, address + 16 * page, page, 0, MapFlags::read | MapFlags::on_clone_share);
    map(Error::ok, memory, address + 17 * page, page, 0, MapFlags::read | MapFlags::on_clone_drop);
    const abi::CapIndex copy = init.call(space, AddressSpaceOp::clone, {bank}).cap();
    EXPECT_TRUE(init.call(copy, AddressSpaceOp::query, {address}).ok());
    EXPECT_TRUE(init.call(copy, AddressSpaceOp::query, {address + 16 * page}).ok());
    EXPECT_FALSE(init.call(copy, AddressSpaceOp::query, {address + 17 * page}).ok());
    gives(Error::ok, space, AddressSpaceOp::unmap, {address + page, 2 * page});
    for (const auto op : {AddressSpaceOp::futex_wait, AddressSpaceOp::futex_wake}) {
        gives(Error::not_aligned, space, op, {address + 2});
        gives(Error::bad_address, space, op, {address + 64 * page});
    }
    gives(Error::changed, space, AddressSpaceOp::futex_wait, {address, 1});
    gives(Error::ok, space, AddressSpaceOp::futex_wake, {address, 1});
    gives(Error::not_aligned, space, AddressSpaceOp::futex_requeue, {address, 1, address + 1});
    gives(Error::bad_address, space, AddressSpaceOp::futex_requeue, {address, 1, 0});
    gives(Error::changed, space, AddressSpaceOp::futex_requeue, {address, 1, address + 4, 1, 1, 5});
    gives(Error::ok, space, AddressSpaceOp::futex_requeue, {address, 1, address + 4, 1, 1, 0});
}

TEST_F(OperationsTest, LentMemory) {
    constexpr std::uint64_t unit = std::uint64_t{1} << 39;
    constexpr std::uint64_t above = unit + 16 * page;
    const std::uint64_t writable = MapFlags::read | MapFlags::write;
    init.call(memory, MemoryOp::commit, {0, 4 * page});
    const auto map = [&](Error wanted, abi::CapIndex to, std::uint64_t at, std::uint64_t pages) {
        gives(wanted, to, AddressSpaceOp::map, {memory, at, pages * page, 0, writable});
    };
    const auto lend = [&](abi::CapIndex from) {
        return init.call(from, AddressSpaceOp::clone, {bank, unit}).cap();
    };
    const auto has = [&](abi::CapIndex in, std::uint64_t at) {
        return init.call(in, AddressSpaceOp::query, {at}).ok();
    };
    const abi::CapIndex space = make(ObjectType::address_space);  // no thread uses it
    gives(Error::not_aligned, space, AddressSpaceOp::clone, {bank, unit + page});
    gives(Error::out_of_range, space, AddressSpaceOp::clone, {bank, 256 * unit});
    map(Error::ok, space, unit - page, 2);
    gives(Error::overlap, space, AddressSpaceOp::clone, {bank, unit});
    gives(Error::ok, space, AddressSpaceOp::unmap, {unit - page, 2 * page});
    map(Error::ok, space, address, 1);
    map(Error::ok, space, above, 1);
    const abi::CapIndex first = lend(space);
    const abi::CapIndex second = lend(first);  // from the same
    EXPECT_STREQ(kernel_broken_invariant(), nullptr);
    gives(Error::invalid_argument, first, AddressSpaceOp::clone, {bank, 2 * unit});
    // What the lender maps is seen, until a borrower maps something itself; above, each has its own.
    map(Error::ok, space, address + page, 1);
    map(Error::ok, space, above + page, 1);
    EXPECT_TRUE(has(first, address + page) && has(second, address + page));
    EXPECT_FALSE(has(first, above + page));
    gives(Error::not_mapped, first, AddressSpaceOp::query, {address + 8 * page});
    EXPECT_EQ(init.answer().words[0], above);
    gives(Error::not_mapped, first, AddressSpaceOp::query, {page});
    EXPECT_EQ(init.answer().words[0], address);
    map(Error::ok, first, address + 2 * page, 1);
    EXPECT_FALSE(has(space, address + 2 * page));
    EXPECT_TRUE(has(first, address + page));
    map(Error::ok, space, address + 3 * page, 1);
    EXPECT_TRUE(has(second, address + 3 * page) && !has(first, address + 3 * page));
    // A whole copy of a borrower.
    const abi::CapIndex copy = init.call(second, AddressSpaceOp::clone, {bank}).cap();
    EXPECT_TRUE(has(copy, address + 3 * page) && has(copy, above));
    EXPECT_EQ(init.call(first, AddressSpaceOp::settle, {1}).words[0], 0U);
    EXPECT_EQ(init.call(second, AddressSpaceOp::settle, {0}).words[0], 1U);
    EXPECT_TRUE(has(second, above) && !has(second, address));
    EXPECT_STREQ(kernel_broken_invariant(), nullptr);
    // No memory for a copy: all stays lent.
    const abi::CapIndex poor = make(ObjectType::bank, 8 * page);
    const abi::CapIndex starved = init.call(space, AddressSpaceOp::clone, {poor, unit}).cap();
    std::uint64_t spent = 0;
    while (
        init.call(poor, BankOp::create, {static_cast<std::uint64_t>(ObjectType::endpoint)}).ok()) {
        ++spent;
    }
    EXPECT_NE(spent, 0U);
    gives(Error::no_memory, starved, AddressSpaceOp::settle, {1});
    gives(Error::no_memory, starved, AddressSpaceOp::unmap, {address, page});
    EXPECT_TRUE(has(starved, address));
    EXPECT_STREQ(kernel_broken_invariant(), nullptr);
    // The lender ends first.
    const abi::CapIndex last = lend(space);
    gives(Error::ok, abi::boot_own_table, CapTableOp::remove, {space});
    EXPECT_FALSE(has(last, address));
    EXPECT_TRUE(has(last, above));
    EXPECT_EQ(init.call(last, AddressSpaceOp::settle, {1}).words[0], 0U);
}

TEST_F(OperationsTest, Memories) {
    for (const auto op : {MemoryOp::decommit, MemoryOp::commit, MemoryOp::pin, MemoryOp::fail}) {
        gives(Error::not_aligned, memory, op, {1, page, abi::boot_physical_memory});
        gives(Error::invalid_argument, memory, op, {0, 0, abi::boot_physical_memory});
        gives(Error::out_of_range, memory, op, {3 * page, 2 * page, abi::boot_physical_memory});
        gives(Error::out_of_range, memory, op, {page, huge, abi::boot_physical_memory});
    }
    gives(Error::out_of_range, memory, MemoryOp::read, {4 * page, 1});
    gives(Error::out_of_range, memory, MemoryOp::read, {~std::uint64_t{0}, 2});
    gives(Error::too_long, memory, MemoryOp::read, {0, 4097});
    gives(Error::out_of_range, memory, MemoryOp::write, {4 * page - 1}, 2);
    gives(Error::invalid_argument, memory, MemoryOp::resize, {0});
    gives(Error::not_aligned, memory, MemoryOp::resize, {100});
    gives(Error::out_of_range, memory, MemoryOp::clone, {bank, page, 4 * page});
    gives(Error::wrong_type, memory, MemoryOp::clone, {memory, 0, page});
    gives(Error::invalid_argument, memory, MemoryOp::window, {0, page, bank});
    gives(Error::invalid_argument, memory, MemoryOp::supply, {0, page, pages, 0});
    gives(Error::busy, pages, MemoryOp::decommit, {0, page});
    gives(Error::busy, pages, MemoryOp::resize, {page});
    const abi::CapIndex large = make(ObjectType::memory, 600 * page);
    gives(Error::too_long, large, MemoryOp::pin, {0, 513 * page, abi::boot_physical_memory});
    gives(Error::missing_right, large, MemoryOp::pin, {0, page, large});
    gives(Error::invalid_capability, large, MemoryOp::pin, {0, page});
    const abi::CapIndex paged = make(ObjectType::memory, 4 * page, 0, endpoint);
    gives(Error::too_long, make(ObjectType::memory, 20 * page, 0, endpoint), MemoryOp::supply,
          {0, 17 * page, large, 0});
    gives(Error::busy, paged, MemoryOp::read, {0, 1});
    gives(Error::busy, paged, MemoryOp::commit, {0, page});
    gives(Error::busy, paged, MemoryOp::pin, {0, page, abi::boot_physical_memory});
    gives(Error::busy, paged, MemoryOp::supply, {0, page, memory, 0});
    gives(Error::invalid_argument, paged, MemoryOp::supply, {0, page, paged, 0});
    gives(Error::out_of_range, paged, MemoryOp::supply, {0, page, memory, 4 * page});
    gives(Error::busy, bank, BankOp::create,
          {static_cast<std::uint64_t>(ObjectType::thread), space, table, paged});
    constexpr std::uint64_t device = std::uint64_t{1} << 32;
    gives(Error::out_of_range, abi::boot_physical_memory, MemoryOp::window, {0, page, bank});
    gives(Error::out_of_range, abi::boot_physical_memory, MemoryOp::window, {huge, page, bank});
    gives(Error::invalid_capability, abi::boot_physical_memory, MemoryOp::window,
          {device, page, stale});
    const abi::CapIndex registers =
        init.call(abi::boot_physical_memory, MemoryOp::window, {device, page, bank}).cap();
    EXPECT_EQ(init.call(registers, MemoryOp::query).words[2], abi::MemoryFlags::physical);
    gives(Error::invalid_argument, registers, MemoryOp::resize, {page});
    gives(Error::invalid_argument, registers, MemoryOp::decommit, {0, page});
    gives(Error::invalid_argument, registers, MemoryOp::clone, {bank, 0, page});
    gives(Error::busy, registers, MemoryOp::read, {0, 1});
    gives(Error::out_of_range, space, AddressSpaceOp::map,
          {registers, address, 2 * page, 0, MapFlags::read});
    // A clone of paged memory takes its pages from there until they are written.
    gives(Error::ok, memory, MemoryOp::commit, {0, 4 * page});
    gives(Error::ok, paged, MemoryOp::supply, {0, 2 * page, memory, 0});
    const abi::CapIndex copy = init.call(paged, MemoryOp::clone, {bank, 0, 4 * page}).cap();
    gives(Error::ok, copy, MemoryOp::write, {0}, 8);
    gives(Error::busy, copy, MemoryOp::write, {2 * page}, 8);
    gives(Error::ok, copy, MemoryOp::clone, {bank, 0, page});
    gives(Error::ok, make(ObjectType::memory, 4 * page, abi::MemoryFlags::contiguous),
          MemoryOp::query);
}

TEST_F(OperationsTest, ThreadsAndContexts) {
    gives(Error::out_of_range, thread, ThreadOp::start, {arch::user_end});
    gives(Error::out_of_range, thread, ThreadOp::set_upcalls, {0, arch::user_end});
    gives(Error::wrong_type, thread, ThreadOp::set_fault_handler, {memory});
    gives(Error::wrong_type, thread, ThreadOp::bind_notification, {memory});
    gives(Error::invalid_argument, thread, ThreadOp::set_registers, {}, 8);
    gives(Error::ok, thread, ThreadOp::bind_notification, {notification});
    gives(Error::busy, abi::boot_own_thread, ThreadOp::bind_notification, {notification});
    gives(Error::busy, abi::boot_own_thread, ThreadOp::get_registers);
    gives(Error::busy, abi::boot_own_thread, ThreadOp::set_registers, {}, sizeof(abi::Registers));
    gives(Error::ok, thread, ThreadOp::get_registers);
    gives(Error::ok, thread, ThreadOp::start, {0x400000});
    gives(Error::busy, thread, ThreadOp::start, {0x400000});
    gives(Error::ok, thread, ThreadOp::stop);
    gives(Error::ok, thread, ThreadOp::resume);
    gives(Error::wrong_type, context, SchedContextOp::bind, {memory});
    gives(Error::ok, context, SchedContextOp::bind, {thread});
    gives(Error::busy, context, SchedContextOp::bind, {thread});
    gives(Error::ok, context, SchedContextOp::query);
    gives(Error::ok, context, SchedContextOp::unbind);
    gives(Error::ok, thread, ThreadOp::bind_notification, {0});
}

TEST_F(OperationsTest, Notifications) {
    const abi::CapIndex other = make(ObjectType::notification);
    gives(Error::wrong_type, notification, NotificationOp::subscribe, {memory, 1});
    gives(Error::invalid_argument, notification, NotificationOp::subscribe, {other, 0});
    gives(Error::invalid_argument, notification, NotificationOp::subscribe, {notification, 1});
    gives(Error::invalid_argument, notification, NotificationOp::unsubscribe, {other});
    gives(Error::missing_right, notification, NotificationOp::subscribe, {with(other, 2), 1});
    gives(Error::ok, notification, NotificationOp::subscribe, {other, 4});
    init.enter(Syscall::signal, notification, {}, {1});
    EXPECT_EQ(init.call(other, NotificationOp::peek).words[0], 4U);
    init.enter(Syscall::signal, notification, {}, {2});
    EXPECT_EQ(init.call(notification, NotificationOp::peek).words[0], 3U);
    gives(Error::ok, notification, NotificationOp::unsubscribe, {other});
    const auto poll = [&] {
        init.enter(Syscall::wait, other, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline));
        return init.answer().error;
    };
    EXPECT_EQ(poll(), Error::ok);
    EXPECT_EQ(poll(), Error::would_block);
    gives(Error::ok, notification, NotificationOp::subscribe, {other, 8});
    EXPECT_EQ(poll(), Error::ok);
    // The target's end, and the source's, end the subscription.
    gives(Error::ok, abi::boot_own_table, CapTableOp::remove, {other});
    gives(Error::ok, notification, NotificationOp::subscribe, {make(ObjectType::notification), 1});
    gives(Error::ok, abi::boot_own_table, CapTableOp::remove, {notification});
}

TEST_F(OperationsTest, Devices) {
    const auto line = [this](Error wanted, std::uint64_t gsi, std::uint64_t flags,
                             std::uint64_t from) {
        gives(wanted, abi::boot_interrupt_control, InterruptControlOp::create_line,
              {gsi, flags, from});
    };
    line(Error::out_of_range, 1000, 0, bank);
    line(Error::out_of_range, std::uint64_t{1} << 32, 0, bank);
    line(Error::out_of_range, 5, 4, bank);
    line(Error::wrong_type, 5, 0, memory);
    line(Error::ok, 5, 3, bank);
    line(Error::busy, 5, 0, bank);
    const abi::CapIndex message =
        init.call(abi::boot_interrupt_control, InterruptControlOp::create_msi, {0, 0, bank}).cap();
    gives(Error::wrong_type, message, InterruptOp::bind, {memory, 1});
    gives(Error::invalid_argument, message, InterruptOp::bind, {notification, 0});
    gives(Error::ok, message, InterruptOp::bind, {notification, 1});
    gives(Error::ok, message, InterruptOp::acknowledge);
    gives(Error::missing_right, with(message, 0), InterruptOp::acknowledge);
    gives(Error::bad_system_call, message, 9);
    gives(Error::ok, abi::boot_interrupt_control, InterruptControlOp::start_cpus);
    gives(Error::wrong_type, abi::boot_interrupt_control, InterruptControlOp::create_msi,
          {0, 0, memory});
    for (const std::uint64_t bytes : {1, 2, 4}) {
        gives(Error::ok, abi::boot_io_ports, IoPortsOp::in, {0x80, bytes});
        gives(Error::ok, abi::boot_io_ports, IoPortsOp::out, {0x80, bytes, 0});
    }
    gives(Error::invalid_argument, abi::boot_io_ports, IoPortsOp::in, {0x80, 3});
    gives(Error::out_of_range, abi::boot_io_ports, IoPortsOp::in, {0xffff, 2});
    gives(Error::out_of_range, abi::boot_io_ports, IoPortsOp::write, {0x10000});
    gives(Error::ok, abi::boot_io_ports, IoPortsOp::write, {0x80}, 3);
    gives(Error::out_of_range, abi::boot_io_ports, IoPortsOp::window, {0xffff, 2, bank});
    gives(Error::out_of_range, abi::boot_io_ports, IoPortsOp::window, {0x80, 0, bank});
    gives(Error::ok, abi::boot_io_ports, IoPortsOp::window, {0x80, 1, bank});
    gives(Error::ok, abi::boot_log, LogOp::set_echo, {0});
    std::memcpy(init.message_page(), "text", 4);
    gives(Error::ok, abi::boot_log, LogOp::write, {}, 4);
    gives(Error::ok, abi::boot_log, LogOp::read, {0});
    EXPECT_GE(init.answer().tag.payload(), 4U);
    gives(Error::ok, abi::boot_log, LogOp::set_echo, {1});
}

}  // namespace
