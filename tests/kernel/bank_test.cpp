// SPDX-License-Identifier: MIT
#include "tests/kernel/check.hpp"

using abi::BankRights;
using abi::Error;
using abi::ObjectType;
using test::bank;

namespace {
constexpr std::uint64_t page = abi::page_size;
constexpr auto create = abi::BankOp::create;
constexpr ipc::Words of(ObjectType type, std::uint64_t first = 0) {
    return {static_cast<std::uint64_t>(type), first};
}
}  // namespace

TEST(null_call_works_on_every_type) {
    EXPECT(ipc::null_call(bank()) == Error::ok);
    EXPECT(ipc::null_call(ipc::own_table()) == Error::ok);
    EXPECT(ipc::null_call(ipc::own_space()) == Error::ok);
    EXPECT(ipc::null_call(ipc::own_thread()) == Error::ok);
    EXPECT(ipc::null_call(ipc::own_sched_context()) == Error::ok);
    EXPECT(ipc::null_call(ipc::AnyRef{abi::no_capability}) == Error::invalid_capability);
    EXPECT(ipc::null_call(ipc::AnyRef{9999}) == Error::invalid_capability);
    EXPECT(ipc::null_call(ipc::AnyRef{~0U}) == Error::invalid_capability);
}

TEST(bank_creates_every_type) {
    EXPECT_OK(bank()->create_bank(page));
    EXPECT_OK(bank()->create_cap_table(64));
    EXPECT_OK(bank()->create_address_space());
    EXPECT_OK(bank()->create_memory(page));
    EXPECT_OK(bank()->create_endpoint());
    EXPECT_OK(bank()->create_reply());
    EXPECT_OK(bank()->create_notification());
    EXPECT_OK(bank()->create_sched_context(ipc::own_sched_context(), {.priority = 1}));
    auto space = NEED(bank()->create_address_space());
    auto table = NEED(bank()->create_cap_table(64));
    auto pages = NEED(bank()->create_memory(2 * page));
    EXPECT_OK(bank()->create_thread({.space = space, .table = table, .pages = pages}));
}

TEST(bank_refuses_other_types) {
    EXPECT_ERROR(test::raw(bank(), create, of(ObjectType::none)), Error::invalid_argument);
    EXPECT_ERROR(test::raw(bank(), create, of(ObjectType::interrupt)), Error::invalid_argument);
    EXPECT_ERROR(test::raw(bank(), create, of(ObjectType::log)), Error::invalid_argument);
    EXPECT_ERROR(test::raw(bank(), create, of(ObjectType::count_end)), Error::invalid_argument);
    EXPECT_ERROR(
        test::raw(bank(), create, {0x100 + static_cast<std::uint64_t>(ObjectType::endpoint)}),
        Error::invalid_argument);
    EXPECT_ERROR(test::raw(bank(), create, {~std::uint64_t{0}}), Error::invalid_argument);
    EXPECT_ERROR(test::raw(bank(), static_cast<abi::BankOp>(99)), Error::bad_system_call);
}

TEST(bank_needs_rights) {
    auto query_only = NEED(ipc::copy(bank(), BankRights::query));
    EXPECT_ERROR(query_only->create_endpoint(), Error::missing_right);
    EXPECT_ERROR(query_only->destroy(), Error::missing_right);
    EXPECT_ERROR(query_only->set_limit(page), Error::missing_right);
    EXPECT_OK(query_only->query());
    auto create_only = NEED(ipc::copy(bank(), BankRights::create));
    EXPECT_ERROR(create_only->query(), Error::missing_right);
    EXPECT_OK(create_only->create_endpoint());
}

TEST(bank_checks_sizes) {
    EXPECT(!bank()->create_memory(0));
    EXPECT_ERROR(bank()->create_memory(page + 1), Error::not_aligned);
    EXPECT(!bank()->create_memory(~std::uint64_t{0} - page + 1));
    EXPECT(!bank()->create_cap_table(0));
    EXPECT(!bank()->create_cap_table(1 << 20));
    EXPECT_ERROR(bank()->create_memory(page, {.flags = 1 << 20}), Error::invalid_argument);
}

TEST(bank_thread_arguments) {
    auto space = NEED(bank()->create_address_space());
    auto table = NEED(bank()->create_cap_table(64));
    auto pages = NEED(bank()->create_memory(2 * page));
    auto small = NEED(bank()->create_memory(page));
    EXPECT_ERROR(bank()->create_thread({.space = space, .table = table}),
                 Error::invalid_capability);
    EXPECT_ERROR(
        bank()->create_thread(
            {.space = table.ref().retype<ipc::AddressSpace>(), .table = table, .pages = pages}),
        Error::wrong_type);
    EXPECT_ERROR(bank()->create_thread({.space = space, .table = table, .pages = small}),
                 Error::out_of_range);
    EXPECT_ERROR(bank()->create_thread(
                     {.space = space, .table = table, .pages = pages, .pages_offset = page}),
                 Error::out_of_range);
    EXPECT_ERROR(
        bank()->create_thread({.space = space, .table = table, .pages = pages, .pages_offset = 8}),
        Error::not_aligned);
    EXPECT_ERROR(
        bank()->create_thread({.space = space, .table = table, .pages = pages, .flags = 1 << 9}),
        Error::invalid_argument);
    auto read_only = NEED(ipc::copy(pages.ref(), abi::MemoryRights::read));
    EXPECT_ERROR(bank()->create_thread({.space = space, .table = table, .pages = read_only}),
                 Error::missing_right);
}

TEST(bank_sched_context_arguments) {
    const auto own = NEED(ipc::own_sched_context()->query());
    auto low = NEED(bank()->create_sched_context(ipc::own_sched_context(), {.priority = 10}));
    EXPECT_ERROR(bank()->create_sched_context(low, {.priority = 11}), Error::out_of_range);
    EXPECT_OK(bank()->create_sched_context(low, {.priority = 10}));
    EXPECT_ERROR(bank()->create_sched_context(
                     low, {.priority = 1, .budget_ns = 2'000'000, .period_ns = 1'000'000}),
                 Error::invalid_argument);
    EXPECT_ERROR(test::raw(bank(), create,
                           {static_cast<std::uint64_t>(ObjectType::sched_context),
                            ipc::own_sched_context().index(), 256}),
                 Error::out_of_range);
    auto no_create = NEED(ipc::copy(ipc::own_sched_context(), abi::SchedContextRights::bind));
    EXPECT_ERROR(bank()->create_sched_context(no_create, {.priority = 1}), Error::missing_right);
    EXPECT(own.priority >= 10);
}

TEST(bank_limits_what_is_bought) {
    auto small = NEED(bank()->create_bank(16 * page));
    auto memory = NEED(small->create_memory(64 * page));  // nothing is committed yet
    EXPECT_ERROR(memory->commit({0, 64 * page}), Error::no_memory);
    EXPECT_OK(memory->commit({0, 4 * page}));
    const auto usage = NEED(small->query());
    EXPECT(usage.limit == 16 * page);
    EXPECT(usage.charged >= 4 * page && usage.charged <= 16 * page);
    EXPECT(usage.machine_free > 0);
    auto nothing = NEED(bank()->create_bank(0));
    EXPECT_ERROR(nothing->create_endpoint(), Error::no_memory);
    EXPECT_OK(nothing->set_limit(4 * page));
    EXPECT_OK(nothing->create_endpoint());
    EXPECT_OK(small->destroy());
    EXPECT_OK(nothing->destroy());
}

TEST(bank_charges_those_above) {
    auto outer = NEED(bank()->create_bank(16 * page));
    auto inner = NEED(outer->create_bank(1000 * page));
    auto memory = NEED(inner->create_memory(64 * page));
    EXPECT_ERROR(memory->commit({0, 64 * page}), Error::no_memory);
    EXPECT_OK(memory->commit({0, 4 * page}));
    EXPECT(NEED(outer->query()).charged >= 4 * page);
    EXPECT(NEED(outer->query()).charged_here < 4 * page);
    EXPECT_OK(outer->destroy());
}

TEST(bank_destroy_ends_all_that_was_bought) {
    auto outer = NEED(bank()->create_bank(100 * page));
    auto inner = NEED(outer->create_bank(50 * page));
    auto memory = NEED(inner->create_memory(4 * page));
    auto endpoint = NEED(outer->create_endpoint());
    auto copy = NEED(ipc::copy(memory.ref()));
    EXPECT_OK(outer->destroy());
    EXPECT_ERROR(memory->query(), Error::invalid_capability);
    EXPECT_ERROR(copy->query(), Error::invalid_capability);
    EXPECT_ERROR(inner->query(), Error::invalid_capability);
    EXPECT_ERROR(outer->query(), Error::invalid_capability);
    EXPECT(ipc::null_call(endpoint) == Error::invalid_capability);
}

TEST(bank_destroy_unmaps) {
    auto inner = NEED(bank()->create_bank(100 * page));
    auto memory = NEED(inner->create_memory(page));
    constexpr std::uint64_t address = 0x30'0000'0000;
    EXPECT_OK(ipc::own_space()->map(memory, {.address = address, .length = page}));
    *reinterpret_cast<volatile int*>(address) = 5;
    EXPECT_OK(inner->destroy());
    EXPECT(!NEED(ipc::own_space()->query(address)).mapped);
}
