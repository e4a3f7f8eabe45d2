// SPDX-License-Identifier: MIT
// What the derivation tree is for: revoking takes what was derived, and nothing else.
#include "kernel/object/cap_table.hpp"

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

}  // namespace
