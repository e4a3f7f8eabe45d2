// SPDX-License-Identifier: MIT
#include "tests/kernel/check.hpp"

using abi::CapTableRights;
using abi::Error;
using abi::MemoryRights;
using abi::ObjectType;
using test::bank;

namespace {
constexpr std::uint64_t page = abi::page_size;
}

TEST(table_copy_only_loses_rights) {
    auto memory = NEED(bank()->create_memory(page));
    auto reader = NEED(ipc::copy(memory.ref(), MemoryRights::read));
    auto again = NEED(ipc::copy(reader.ref(), abi::all_rights));
    const auto info = NEED(ipc::own_table()->query(again.index()));
    EXPECT(info.type == ObjectType::memory);
    EXPECT(info.rights == MemoryRights::read);
    EXPECT(info.badge == 0);
    EXPECT_ERROR(again->resize(page), Error::missing_right);
}

TEST(table_named_slots) {
    auto table = NEED(bank()->create_cap_table(64));
    auto memory = NEED(bank()->create_memory(page));
    EXPECT(NEED(table->copy(memory, abi::all_rights, 5)) == 5);
    EXPECT_ERROR(table->copy(memory, abi::all_rights, 5), Error::slot_in_use);
    EXPECT_ERROR(table->copy(memory, abi::all_rights, 64), Error::out_of_range);
    EXPECT_ERROR(table->copy(ipc::AnyRef{9999}), Error::invalid_capability);
    EXPECT_OK(table->remove(5));
    EXPECT_ERROR(table->remove(5), Error::invalid_capability);
    EXPECT_ERROR(table->remove(0), Error::invalid_capability);
    EXPECT_OK(table->copy(memory, abi::all_rights, 5));
}

TEST(table_is_full_some_time) {
    auto table = NEED(bank()->create_cap_table(32));
    auto memory = NEED(bank()->create_memory(page));
    int copies = 0;
    while (table->copy(memory).has_value() && copies < 100) {
        ++copies;
    }
    EXPECT(copies >= 15 && copies < 32);
    EXPECT_ERROR(table->copy(memory), Error::table_full);
}

TEST(table_move_and_take) {
    auto table = NEED(bank()->create_cap_table(64));
    auto memory = NEED(bank()->create_memory(page));
    const ipc::CapIndex before = memory.index();
    const ipc::CapIndex slot = NEED(table->move(std::move(memory), 7));
    EXPECT(slot == 7);
    EXPECT_ERROR(ipc::Ref<ipc::Memory> { before } -> query(), Error::invalid_capability);
    EXPECT(NEED(table->query(7)).type == ObjectType::memory);
    auto back = NEED(table->take<ipc::Memory>(7));
    EXPECT_OK(back->query());
    EXPECT_ERROR(table->query(7), Error::invalid_capability);
    EXPECT_ERROR(table->take<ipc::Memory>(7), Error::invalid_capability);
}

TEST(table_is_filled_in_one_go) {
    auto table = NEED(bank()->create_cap_table(64));
    auto memory = NEED(bank()->create_memory(page));
    auto given = NEED(ipc::copy(memory.ref()));
    auto endpoint = NEED(bank()->create_endpoint());
    std::array<abi::Placement, 40> all;
    all.fill(ipc::copied(memory, MemoryRights::read));
    all[1] = ipc::minted(endpoint, {.badge = 77, .rights = abi::EndpointRights::call}, 9);
    all[39] = ipc::moved(given, 10);
    EXPECT_OK(table->fill(all));
    EXPECT(all[0].slot == 16 && all[1].slot == 9 && all[39].slot == 10);
    EXPECT(NEED(table->query(16)).rights == MemoryRights::read);
    EXPECT(NEED(table->query(9)).badge == 77);
    EXPECT_ERROR(given->query(), Error::invalid_capability);
    (void)given.release();
    // Out of it, until one is not there.
    std::array<abi::Placement, 3> back = {ipc::moved(ipc::AnyRef{10}), ipc::copied(ipc::AnyRef{11}),
                                          ipc::moved(ipc::AnyRef{9})};
    EXPECT_ERROR(ipc::own_table()->fill(back, table), Error::invalid_capability);
    EXPECT(back[0].slot != 0 && back[1].slot == 0 && back[2].slot == 0);
    auto first = ipc::Capability<ipc::Memory>{static_cast<ipc::CapIndex>(back[0].slot)};
    EXPECT_OK(first->query());
    auto insert = NEED(ipc::copy(table.ref(), CapTableRights::insert));
    EXPECT_ERROR(ipc::own_table()->fill(std::span{back}.last(1), insert), Error::missing_right);
    auto manage = NEED(ipc::copy(table.ref(), CapTableRights::manage));
    EXPECT_ERROR(manage->fill(std::span{back}.last(1)), Error::missing_right);
}

TEST(table_many_are_removed_at_once) {
    auto memory = NEED(bank()->create_memory(64 * page));
    EXPECT_OK(memory->commit({0, 64 * page}));
    const auto full = NEED(bank()->query()).charged;
    auto a = NEED(ipc::copy(memory.ref()));
    auto b = NEED(ipc::copy(memory.ref()));
    ipc::Capability<ipc::Memory> none;
    ipc::reset_all(a, none, b);
    EXPECT(!a && !b && NEED(bank()->query()).charged == full);
    ipc::reset_all(none, memory);
    EXPECT(NEED(bank()->query()).charged < full);
}

TEST(table_revoke_reaches_every_table) {
    auto table = NEED(bank()->create_cap_table(64));
    auto memory = NEED(bank()->create_memory(page));
    auto child = NEED(ipc::copy(memory.ref(), MemoryRights::read | MemoryRights::write));
    auto grandchild = NEED(ipc::copy(child.ref(), MemoryRights::read));
    EXPECT_OK(table->copy(grandchild, abi::all_rights, 9));
    auto sibling = NEED(ipc::copy(memory.ref()));
    EXPECT_OK(ipc::own_table()->revoke(child.index()));
    EXPECT_OK(child->query());
    EXPECT_OK(sibling->query());
    EXPECT_ERROR(grandchild->query(), Error::invalid_capability);
    EXPECT_ERROR(table->query(9), Error::invalid_capability);
    EXPECT_OK(ipc::own_table()->revoke(memory.index()));
    EXPECT_ERROR(child->query(), Error::invalid_capability);
    EXPECT_ERROR(sibling->query(), Error::invalid_capability);
    EXPECT_OK(memory->query());
    EXPECT_ERROR(ipc::own_table()->revoke(0), Error::invalid_capability);
}

// Deleting one in the middle keeps what was derived from it in its parent's hands.
TEST(table_revoke_after_delete_in_the_middle) {
    auto memory = NEED(bank()->create_memory(page));
    auto child = NEED(ipc::copy(memory.ref()));
    auto grandchild = NEED(ipc::copy(child.ref()));
    child.reset();
    EXPECT_OK(grandchild->query());
    EXPECT_OK(ipc::own_table()->revoke(memory.index()));
    EXPECT_ERROR(grandchild->query(), Error::invalid_capability);
}

TEST(table_clone_has_the_same_slots) {
    auto table = NEED(bank()->create_cap_table(128));
    auto memory = NEED(bank()->create_memory(page));
    EXPECT_OK(table->copy(memory, MemoryRights::read, 3));
    EXPECT_OK(table->copy(memory, abi::all_rights, 100));
    auto clone = NEED(table->clone(bank()));
    EXPECT(NEED(clone->query(3)).rights == MemoryRights::read);
    EXPECT(NEED(clone->query(100)).type == ObjectType::memory);
    EXPECT_ERROR(clone->query(4), Error::invalid_capability);
    EXPECT_OK(clone->remove(3));
    EXPECT_OK(table->query(3));
    // What the clone has derives from the original.
    EXPECT_OK(table->revoke(100));
    EXPECT_ERROR(clone->query(100), Error::invalid_capability);
    auto upper = NEED(table->clone(bank(), 4));
    EXPECT_ERROR(upper->query(3), Error::invalid_capability);
    EXPECT_OK(upper->query(100));
    EXPECT_OK(upper->copy(memory, abi::all_rights, 3));
    EXPECT_ERROR(NEED(table->clone(bank(), ~std::uint64_t{0}))->query(100),
                 Error::invalid_capability);
    auto poor = NEED(bank()->create_bank(0));
    EXPECT_ERROR(table->clone(poor), Error::no_memory);
}

TEST(table_mint) {
    auto endpoint = NEED(bank()->create_endpoint());
    auto minted = NEED(ipc::mint<ipc::Endpoint>(
        endpoint.ref(), {.badge = 77, .rights = abi::EndpointRights::call}));
    const auto info = NEED(ipc::own_table()->query(minted.index()));
    EXPECT(info.badge == 77);
    EXPECT(info.rights == abi::EndpointRights::call);
    EXPECT_ERROR(ipc::own_table()->mint(minted, {.badge = 78}), Error::missing_right);
    auto all = NEED(ipc::mint<ipc::Endpoint>(endpoint.ref(), {.badge = 79}));
    EXPECT_ERROR(ipc::own_table()->mint(all, {.badge = 80}), Error::missing_right);
    auto copy = NEED(ipc::copy(minted.ref()));
    EXPECT(NEED(ipc::own_table()->query(copy.index())).badge == 77);
    auto memory = NEED(bank()->create_memory(page));
    EXPECT_ERROR(ipc::own_table()->mint(memory, {.badge = 1}), Error::wrong_type);
    EXPECT_ERROR(ipc::own_table()->mint(endpoint, {.badge = 1, .flags = 64}),
                 Error::invalid_argument);
}

TEST(table_needs_rights) {
    auto table = NEED(bank()->create_cap_table(64));
    auto memory = NEED(bank()->create_memory(page));
    auto insert = NEED(ipc::copy(table.ref(), CapTableRights::insert));
    EXPECT_OK(insert->copy(memory, abi::all_rights, 2));
    EXPECT_ERROR(insert->remove(2), Error::missing_right);
    EXPECT_ERROR(insert->query(2), Error::missing_right);
    EXPECT_ERROR(insert->revoke(2), Error::missing_right);
    EXPECT_ERROR(insert->take<ipc::Memory>(2), Error::missing_right);
    EXPECT_ERROR(insert->clone(bank()), Error::missing_right);
    auto manage = NEED(ipc::copy(table.ref(), CapTableRights::manage));
    EXPECT_ERROR(manage->copy(memory), Error::missing_right);
    EXPECT_OK(manage->remove(2));
    EXPECT_ERROR(test::raw(table, static_cast<abi::CapTableOp>(99)), Error::bad_system_call);
    EXPECT_ERROR(test::raw(table, abi::CapTableOp::clone, {memory.index()}), Error::wrong_type);
}

// An object goes with its last capability.
TEST(table_last_capability_frees_the_object) {
    auto memory = NEED(bank()->create_memory(64 * page));
    EXPECT_OK(memory->commit({0, 64 * page}));
    const auto full = NEED(bank()->query()).charged;
    auto copy = NEED(ipc::copy(memory.ref()));
    memory.reset();
    EXPECT(NEED(bank()->query()).charged == full);
    copy.reset();
    EXPECT(NEED(bank()->query()).charged <= full - 64 * page);
}
