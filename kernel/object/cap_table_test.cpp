// SPDX-License-Identifier: MIT
// What the derivation tree is for: revoking takes what was derived, and nothing else.
#include "kernel/object/cap_table.hpp"

#include <algorithm>

#include "kernel/arch/host/kernel_fixture.hpp"

namespace {

using abi::CapTableOp;
using abi::ObjectType;

class CapTableTest : public host::KernelTest {
protected:
    abi::CapIndex copy(abi::CapIndex of) {
        return init.call(abi::boot_own_table, CapTableOp::copy, {of, abi::all_rights}).cap();
    }
    void remove(abi::CapIndex index) {
        EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {index}).ok());
    }
    void revoke(abi::CapIndex index) {
        EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::revoke, {index}).ok());
    }
    bool has(abi::CapIndex index) {
        return init.call(abi::boot_own_table, CapTableOp::query, {index}).ok();
    }
    abi::CapIndex root = make(ObjectType::endpoint);
};

TEST_F(CapTableTest, AnOrphanIsNotItsUnclesChild) {
    const abi::CapIndex parent = copy(root);
    const abi::CapIndex orphan = copy(parent);
    const abi::CapIndex uncle = copy(root);
    remove(parent);
    revoke(uncle);
    EXPECT_TRUE(has(orphan));
    const abi::CapIndex later = copy(root);
    revoke(later);
    EXPECT_TRUE(has(orphan));
    revoke(root);
    EXPECT_FALSE(has(orphan));
    EXPECT_FALSE(has(uncle));
}

TEST_F(CapTableTest, ACopyOfACopyForEverIsStillRevoked) {
    abi::CapIndex last = copy(root);
    for (int i = 0; i < 1000; ++i) {
        const abi::CapIndex next = copy(last);
        remove(last);
        last = next;
    }
    EXPECT_EQ(kernel_broken_invariant(), nullptr);
    revoke(root);
    EXPECT_FALSE(has(last));
}

// Else two owners have one index: who removes what he once had takes it from who has it now.
TEST_F(CapTableTest, WhatOthersEmptiedIsKeptUntilItIsRemoved) {
    const abi::CapIndex inner = make(ObjectType::bank, 1 << 20);
    const abi::CapIndex lost = init.create(ObjectType::endpoint, 0, 0, 0, 0, 0, inner);
    ASSERT_TRUE(init.call(inner, abi::BankOp::destroy).ok());
    const abi::CapIndex revoked = copy(root);
    revoke(root);
    for (int i = 0; i < 200; ++i) {
        const abi::CapIndex made = copy(root);
        EXPECT_TRUE(made != lost && made != revoked && made != inner);
    }
    EXPECT_FALSE(has(lost));
    EXPECT_EQ(kernel_broken_invariant(), nullptr);
    remove(lost);
    EXPECT_EQ(copy(root), lost);
    EXPECT_EQ(init.call(abi::boot_own_table, CapTableOp::remove, {lost + 1000}).error,
              abi::Error::invalid_capability);
}

TEST_F(CapTableTest, ACopyOfATableKeepsWhatWasLost) {
    const abi::CapIndex lost = copy(root);
    revoke(root);
    const abi::CapIndex table = init.call(abi::boot_own_table, CapTableOp::clone, {bank, 16}).cap();
    EXPECT_FALSE(init.call(table, CapTableOp::query, {lost}).ok());
    for (int i = 0; i < 200; ++i) {
        EXPECT_NE(init.call(table, CapTableOp::copy, {root, abi::all_rights, abi::any_slot}).cap(),
                  lost);
    }
    EXPECT_TRUE(init.call(table, CapTableOp::remove, {lost}).ok());
    EXPECT_EQ(init.call(table, CapTableOp::copy, {root, abi::all_rights, abi::any_slot}).cap(),
              lost);
    EXPECT_EQ(kernel_broken_invariant(), nullptr);
}

class FillTest : public CapTableTest {
protected:
    static constexpr std::size_t one = sizeof(abi::Placement);
    static abi::Placement place(CapTableOp how, std::uint64_t source, std::uint64_t slot,
                                std::uint64_t badge = 0, std::uint64_t flags = 0) {
        return {source, abi::EndpointRights::call, slot, badge, flags, how};
    }
    // -> how many were done
    std::uint64_t fill(abi::CapIndex into, abi::CapIndex from,
                       std::initializer_list<abi::Placement> all) {
        std::ranges::copy(all, placements());
        init.enter(abi::Syscall::call, into,
                   abi::make_tag(static_cast<std::uint16_t>(CapTableOp::fill), all.size() * one),
                   {from});
        EXPECT_TRUE(init.answer().ok());
        EXPECT_EQ(init.answer().tag.payload(), all.size() * one);
        EXPECT_EQ(kernel_broken_invariant(), nullptr);
        return init.answer().words[0];
    }
    abi::Placement* placements() const {
        return reinterpret_cast<abi::Placement*>(init.message_page());
    }
    // Type, rights, badge of a slot of `table`, or an error.
    host::Answer at(std::uint64_t slot) { return init.call(table, CapTableOp::query, {slot}); }
    bool is_endpoint(std::uint64_t slot) {
        return at(slot).ok() &&
               at(slot).words[0] == static_cast<std::uint64_t>(ObjectType::endpoint);
    }
    abi::CapIndex table = make(ObjectType::cap_table, 40);
};

TEST_F(FillTest, CopiesMintsAndMovesInOneGo) {
    const abi::CapIndex moved = copy(root);
    EXPECT_EQ(fill(table, 0,
                   {place(CapTableOp::copy, root, 5), place(CapTableOp::mint, root, 0, 77),
                    place(CapTableOp::move, moved, 0), place(CapTableOp::copy, root, 30)}),
              4U);
    EXPECT_EQ(placements()[0].slot, 5U);
    EXPECT_EQ(placements()[1].slot, 16U);
    EXPECT_EQ(placements()[2].slot, 17U);
    EXPECT_EQ(at(5).words[1], abi::EndpointRights::call);
    EXPECT_EQ(at(16).words[2], 77U);
    EXPECT_EQ(at(17).words[1], abi::all_rights);  // what is moved stays what it was
    EXPECT_TRUE(is_endpoint(30));
    EXPECT_FALSE(has(moved));
}

TEST_F(FillTest, OutOfAnotherTable) {
    fill(table, 0, {place(CapTableOp::copy, root, 5), place(CapTableOp::copy, root, 6)});
    EXPECT_EQ(fill(abi::boot_own_table, table,
                   {place(CapTableOp::move, 5, 0), place(CapTableOp::copy, 6, 0)}),
              2U);
    EXPECT_TRUE(has(static_cast<abi::CapIndex>(placements()[0].slot)));
    EXPECT_FALSE(at(5).ok());
    EXPECT_TRUE(at(6).ok());
    // Within one table, which is not the caller's.
    EXPECT_EQ(fill(table, table, {place(CapTableOp::move, 6, 7)}), 1U);
    EXPECT_TRUE(is_endpoint(7));
}

TEST_F(FillTest, EndsWhereOneFails) {
    const abi::CapIndex moved = copy(root);
    EXPECT_EQ(fill(table, 0,
                   {place(CapTableOp::move, moved, 5), place(CapTableOp::move, moved, 6),
                    place(CapTableOp::copy, root, 7)}),
              1U);
    EXPECT_TRUE(is_endpoint(5));
    EXPECT_FALSE(at(6).ok());
    EXPECT_FALSE(at(7).ok());
}

TEST_F(FillTest, TheDropGuardOfWhatWasMintedSoTells) {
    fill(table, 0, {place(CapTableOp::mint, root, 5, 9, abi::MintFlags::drop_guard)});
    EXPECT_TRUE(init.call(table, CapTableOp::remove, {5}).ok());
    init.enter(abi::Syscall::receive, root);
    EXPECT_TRUE(init.answer().tag.has(abi::Tag::is_drop));
    EXPECT_EQ(init.answer().badge, 9U);
}

TEST_F(FillTest, SixAreRemovedAtOnce) {
    fill(table, 0,
         {place(CapTableOp::copy, root, 3), place(CapTableOp::copy, root, 4),
          place(CapTableOp::copy, root, 5), place(CapTableOp::copy, root, 6),
          place(CapTableOp::copy, root, 7), place(CapTableOp::copy, root, 8),
          place(CapTableOp::copy, root, 9)});
    EXPECT_TRUE(init.call(table, CapTableOp::remove, {3, 4, 5, 6, 7, 8}).ok());
    for (std::uint64_t slot = 3; slot <= 8; ++slot) {
        EXPECT_FALSE(at(slot).ok());
    }
    EXPECT_TRUE(is_endpoint(9));
    // The first 0 is the end; what names nothing, too, but as an error.
    fill(table, 0, {place(CapTableOp::copy, root, 3), place(CapTableOp::copy, root, 4)});
    EXPECT_TRUE(init.call(table, CapTableOp::remove, {3, 0, 4}).ok());
    EXPECT_EQ(init.call(table, CapTableOp::remove, {4, 4, 9}).error,
              abi::Error::invalid_capability);
    EXPECT_FALSE(at(4).ok());
    EXPECT_TRUE(is_endpoint(9));
    EXPECT_EQ(init.call(table, CapTableOp::remove, {0, 9}).error, abi::Error::invalid_capability);
    EXPECT_EQ(kernel_broken_invariant(), nullptr);
}

}  // namespace
