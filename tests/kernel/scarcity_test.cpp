// SPDX-License-Identifier: MIT
//
// Every operation that buys something, with every amount of memory from nothing to enough: each failure must be no_memory,
// and leave nothing behind.

#include "libs/ipc/protocol.hpp"
#include "tests/kernel/check.hpp"

using abi::Error;
using test::bank;

namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t here = 0x40'0000;

// What a process is made of, and its copy. Stops at the first thing that cannot be had.
ipc::KernelResult<void> make_process(ipc::Ref<ipc::Bank> from) {
    auto table = TRY(from->create_cap_table(8192));
    auto small_table = TRY(from->create_cap_table(64));
    auto space = TRY(from->create_address_space());
    auto pages = TRY(from->create_memory(2 * page));
    auto thread = TRY(from->create_thread(
        {.space = space, .table = table, .pages = pages, .flags = abi::ThreadFlags::fpu}));
    auto context = TRY(from->create_sched_context(ipc::own_sched_context(), {.priority = 1}));
    TRY(context->bind(thread));
    auto endpoint = TRY(from->create_endpoint());
    TRY(small_table->copy(thread, abi::all_rights,
                          3));  // (in its own table it would keep itself alive)
    TRY(table->copy(endpoint, abi::all_rights, 5000));
    TRY(table->mint(endpoint, {.badge = 1, .flags = abi::MintFlags::drop_guard}));
    auto memory = TRY(from->create_memory(600 * page));
    TRY(memory->commit({599 * page, page}));
    TRY(memory->commit({0, 3 * page}));
    TRY(space->map(memory, {.address = here, .length = 4 * page}));
    TRY(space->map(memory, {.address = here << 20, .length = page}));
    TRY(space->protect(here + page, page, abi::MapFlags::read));
    TRY(space->unmap(here + 2 * page, page));
    auto clone = TRY(memory->clone(from, {0, 600 * page}));
    TRY(clone->write(0, ipc::bytes("text")));
    auto copied_space = TRY(space->clone(from));
    auto copied_table = TRY(table->clone(from));
    auto contiguous = TRY(from->create_memory(4 * page, {.flags = abi::MemoryFlags::contiguous}));
    auto source = TRY(from->create_notification());
    auto target = TRY(from->create_notification());
    TRY(source->subscribe(target, 1));
    auto paged = TRY(from->create_memory(page, {.pager = endpoint}));
    auto fresh = TRY(from->create_memory(page));
    TRY(fresh->commit({0, page}));
    TRY(paged->supply({0, page}, fresh, 0));
    return {};
}

}  // namespace

TEST(scarcity_of_every_degree) {
    std::uint64_t limit = 0;
    for (;; limit += page) {
        auto poor = NEED(bank()->create_bank(limit));
        const auto made = make_process(poor);
        // All capabilities are gone: so must be all that was bought.
        EXPECT(NEED(poor->query()).charged == 0);
        EXPECT_OK(poor->destroy());
        if (made) {
            break;
        }
        if (made.error() != Error::no_memory || limit > 1000 * page) {
            EXPECT_ERROR(made, Error::no_memory);
            return;
        }
    }
    EXPECT(limit > 20 * page);
}

// The same when the bank is destroyed with everything in it.
TEST(scarcity_and_destruction) {
    for (std::uint64_t limit = 0; limit < 80 * page; limit += page) {
        auto outer = NEED(bank()->create_bank(limit));
        auto inner = outer->create_bank(1000 * page);
        if (inner) {
            (void)make_process(*inner);
        }
        EXPECT_OK(outer->destroy());
    }
}
