// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>

#include "libs/rt/mapping.hpp"
#include "tests/kernel/check.hpp"

using abi::Error;
using abi::MemoryFlags;
using abi::MemoryRights;
using test::bank;

namespace {

constexpr std::uint64_t page = abi::page_size;

std::uint64_t word_at(ipc::Ref<ipc::Memory> memory, std::uint64_t offset) {
    std::uint64_t value = ~std::uint64_t{0};
    if (const auto bytes = memory->read(offset, sizeof value)) {
        std::memcpy(&value, bytes->data(), sizeof value);
    }
    return value;
}
bool put(ipc::Ref<ipc::Memory> memory, std::uint64_t offset, std::uint64_t value) {
    return memory->write(offset, std::as_bytes(std::span{&value, 1})).has_value();
}

}  // namespace

TEST(memory_read_and_write) {
    auto memory = NEED(bank()->create_memory(2 * page));
    EXPECT(word_at(memory, 0) == 0);
    EXPECT(put(memory, page - 4, 0x1122334455667788));  // across the page boundary
    EXPECT(word_at(memory, page - 4) == 0x1122334455667788);
    EXPECT(word_at(memory, page) == 0x11223344);
    std::array<std::byte, page> all{};
    all.fill(std::byte{7});
    EXPECT_OK(memory->write(0, all));
    EXPECT(word_at(memory, 0) == 0x0707070707070707);
    EXPECT_ERROR(memory->read(2 * page - 4, 8), Error::out_of_range);
    EXPECT_ERROR(memory->read(~std::uint64_t{0}, 8), Error::out_of_range);
    EXPECT(!put(memory, 2 * page, 1));
    EXPECT_ERROR(memory->read(0, page + 1), Error::too_long);
    EXPECT_OK(memory->read(2 * page, 0));
}

TEST(memory_query_and_resize) {
    auto memory = NEED(bank()->create_memory(4 * page));
    EXPECT(NEED(memory->query()).bytes == 4 * page);
    EXPECT(NEED(memory->query()).committed == 0);
    EXPECT(put(memory, 3 * page, 5));
    EXPECT(NEED(memory->query()).committed == page);
    EXPECT_OK(memory->resize(2 * page));
    EXPECT(NEED(memory->query()).committed == 0);
    EXPECT_ERROR(memory->read(3 * page, 8), Error::out_of_range);
    EXPECT_OK(memory->resize(4 * page));
    EXPECT(word_at(memory, 3 * page) == 0);
    EXPECT_ERROR(memory->resize(page + 1), Error::not_aligned);
    EXPECT(!memory->resize(~std::uint64_t{0} - page + 1));
}

TEST(memory_shrinking_unmaps) {
    auto memory = NEED(bank()->create_memory(2 * page));
    auto mapping = NEED(rt::map(memory, {.length = 2 * page}));
    auto* word = mapping.as<volatile std::uint64_t>();
    word[page / 8] = 9;
    EXPECT_OK(memory->resize(page));
    EXPECT_OK(memory->resize(2 * page));
    EXPECT(word[page / 8] == 0);
}

// Wherever a mapping goes, the pages before and behind it are not mapped: a stack that is too small faults.
TEST(mapping_stands_alone) {
    const auto alone = [](const rt::Mapping& mapping) {
        const auto before = ipc::own_space()->query(mapping.address() - page);
        const auto behind = ipc::own_space()->query(mapping.address() + mapping.length());
        return before && behind && !before->mapped && !behind->mapped;
    };
    auto memory = NEED(bank()->create_memory(4 * page));
    auto first = NEED(rt::map(memory, {.length = 4 * page}));
    auto second = NEED(rt::map(memory, {.length = 4 * page}));
    auto third = NEED(rt::map(memory, {.length = 4 * page}));
    EXPECT(alone(first) && alone(second) && alone(third));
    second = rt::Mapping{};
    auto again = NEED(rt::map(memory, {.length = 4 * page}));
    EXPECT(alone(again) && alone(first) && alone(third));
}

TEST(memory_decommit_zeroes) {
    auto memory = NEED(bank()->create_memory(4 * page));
    auto mapping = NEED(rt::map(memory, {.length = 4 * page}));
    auto* word = mapping.as<volatile std::uint64_t>();
    word[0] = 1;
    word[page / 8] = 2;
    EXPECT_OK(memory->decommit({0, page}));
    EXPECT(NEED(memory->query()).committed == page);
    EXPECT(word[0] == 0);
    EXPECT(word[page / 8] == 2);
    EXPECT_ERROR(memory->decommit({0, 5 * page}), Error::out_of_range);
    EXPECT_ERROR(memory->decommit({1, page}), Error::not_aligned);
}

TEST(memory_clone_is_independent) {
    auto memory = NEED(bank()->create_memory(4 * page));
    EXPECT(put(memory, 0, 1) && put(memory, page, 2));
    auto clone = NEED(memory->clone(bank(), {0, 4 * page}));
    EXPECT(word_at(clone, 0) == 1 && word_at(clone, page) == 2 && word_at(clone, 2 * page) == 0);
    EXPECT(put(clone, 0, 10));
    EXPECT(put(memory, page, 20));
    EXPECT(put(memory, 2 * page, 30));
    EXPECT(word_at(memory, 0) == 1 && word_at(clone, 0) == 10);
    EXPECT(word_at(memory, page) == 20 && word_at(clone, page) == 2);
    EXPECT(word_at(clone, 2 * page) == 0);
    auto part = NEED(memory->clone(bank(), {page, page}));
    EXPECT(word_at(part, 0) == 20);
    memory.reset();
    EXPECT(word_at(part, 0) == 20 && word_at(clone, page) == 2);
    EXPECT_ERROR(clone->clone(bank(), {0, 5 * page}), Error::out_of_range);
}

// The same through mappings: a write to one must not show in the other, whoever is first.
TEST(memory_clone_of_mapped_pages) {
    auto memory = NEED(bank()->create_memory(2 * page));
    auto original = NEED(rt::map(memory, {.length = 2 * page}));
    auto* ours = original.as<volatile std::uint64_t>();
    ours[0] = 1;
    ours[page / 8] = 2;
    auto clone = NEED(memory->clone(bank(), {0, 2 * page}));
    auto copy = NEED(rt::map(clone, {.length = 2 * page}));
    auto* theirs = copy.as<volatile std::uint64_t>();
    EXPECT(theirs[0] == 1 && theirs[page / 8] == 2);
    ours[0] = 10;
    theirs[page / 8] = 20;
    EXPECT(theirs[0] == 1 && ours[page / 8] == 2);
    EXPECT(ours[0] == 10 && theirs[page / 8] == 20);
}

TEST(memory_clones_of_clones) {
    auto first = NEED(bank()->create_memory(page));
    EXPECT(put(first, 0, 1));
    auto second = NEED(first->clone(bank(), {0, page}));
    auto third = NEED(second->clone(bank(), {0, page}));
    EXPECT(put(second, 0, 2));
    second.reset();
    EXPECT(word_at(first, 0) == 1 && word_at(third, 0) == 1);
    EXPECT(put(third, 0, 3));
    EXPECT(word_at(first, 0) == 1);
}

TEST(memory_reserve_pays_in_advance) {
    auto small = NEED(bank()->create_bank(16 * page));
    auto memory = NEED(small->create_memory(64 * page));
    EXPECT(put(memory, 12 * page, 1));  // the map of its pages is not part of the reserve
    const auto before = NEED(small->query()).charged;
    EXPECT_ERROR(memory->reserve(32 * page), Error::no_memory);
    EXPECT(NEED(small->query()).charged == before);
    EXPECT_OK(memory->reserve(8 * page));
    EXPECT(NEED(small->query()).charged == before + 7 * page);  // one was there
    EXPECT(NEED(memory->query()).reserved == 8 * page);
    // Whatever else is bought, the eight pages come.
    auto rest = NEED(small->create_memory(64 * page));
    EXPECT_ERROR(rest->commit({0, 64 * page}), Error::no_memory);
    EXPECT_OK(memory->commit({0, 7 * page}));
    EXPECT_ERROR(memory->commit({8 * page, page}), Error::no_memory);
    // What is given back stays reserved, until the reserve is given up.
    EXPECT_OK(memory->decommit({0, 16 * page}));
    EXPECT_ERROR(rest->commit({32 * page, page}), Error::no_memory);
    EXPECT_OK(memory->commit({4 * page, 8 * page}));
    EXPECT_OK(memory->decommit({4 * page, 8 * page}));
    EXPECT_OK(memory->reserve(0));
    EXPECT_OK(rest->commit({32 * page, page}));
    EXPECT_OK(small->destroy());
}

TEST(memory_reserve_ends_with_its_pages) {
    auto small = NEED(bank()->create_bank(32 * page));
    const auto before = NEED(small->query()).charged;
    auto memory = NEED(small->create_memory(8 * page));
    const auto empty = NEED(small->query()).charged;
    EXPECT_OK(memory->reserve(8 * page));
    EXPECT_OK(memory->resize(4 * page));
    EXPECT(NEED(small->query()).charged == empty + 4 * page);
    EXPECT_ERROR(memory->reserve(5 * page), Error::out_of_range);
    EXPECT_ERROR(memory->reserve(1), Error::not_aligned);
    memory.reset();
    EXPECT(NEED(small->query()).charged == before);
    EXPECT_OK(small->destroy());
}

TEST(memory_rights) {
    auto memory = NEED(bank()->create_memory(2 * page));
    auto reader = NEED(ipc::copy(memory.ref(), MemoryRights::read));
    EXPECT(!put(reader, 0, 1));
    EXPECT_ERROR(reader->commit({0, page}), Error::missing_right);
    EXPECT_ERROR(reader->decommit({0, page}), Error::missing_right);
    EXPECT_ERROR(reader->resize(page), Error::missing_right);
    EXPECT_ERROR(reader->reserve(page), Error::missing_right);
    EXPECT_ERROR(reader->pin({0, page}, reader), Error::missing_right);
    EXPECT_OK(reader->read(0, 8));
    EXPECT_OK(reader->clone(bank(), {0, page}));
    auto writer = NEED(ipc::copy(memory.ref(), MemoryRights::write));
    EXPECT_ERROR(writer->read(0, 8), Error::missing_right);
    EXPECT_ERROR(writer->clone(bank(), {0, page}), Error::missing_right);
    EXPECT_ERROR(test::raw(memory, static_cast<abi::MemoryOp>(99)), Error::bad_system_call);
}

TEST(memory_pin_tells_addresses) {
    const auto devices = test::start().capability<ipc::Memory>("physical-memory");
    auto memory = NEED(bank()->create_memory(4 * page, {.flags = MemoryFlags::contiguous}));
    EXPECT(NEED(memory->query()).committed == 4 * page);
    const auto addresses = NEED(memory->pin({0, 4 * page}, devices));
    EXPECT(addresses.size() == 4);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        EXPECT(addresses[i] % page == 0 && addresses[i] != 0);
        EXPECT(addresses[i] == addresses[0] + i * page);
    }
    EXPECT_ERROR(memory->decommit({0, page}), Error::busy);
    EXPECT_ERROR(memory->pin({0, 5 * page}, devices), Error::out_of_range);
    auto plain = NEED(bank()->create_memory(1024 * page));
    EXPECT_ERROR(plain->pin({0, page}, plain), Error::missing_right);
    EXPECT_ERROR(plain->pin({0, 513 * page}, devices), Error::too_long);
}

TEST(memory_windows_of_device_memory) {
    const auto devices = test::start().capability<ipc::Memory>("physical-memory");
    constexpr std::uint64_t local_apic = 0xfee0'0000;
    auto window = NEED(devices->window({local_apic, page}, bank()));
    EXPECT((NEED(window->query()).flags & MemoryFlags::physical) != 0);
    EXPECT(NEED(window->query()).bytes == page);
    EXPECT_ERROR(devices->window({0x10'0000, page}, bank()), Error::out_of_range);  // RAM
    EXPECT_ERROR(window->window({0, 2 * page}, bank()), Error::out_of_range);
    EXPECT_ERROR(window->clone(bank(), {0, page}), Error::invalid_argument);
    EXPECT_ERROR(window->resize(2 * page), Error::invalid_argument);
    EXPECT_ERROR(window->decommit({0, page}), Error::invalid_argument);
    auto plain = NEED(bank()->create_memory(page));
    EXPECT_ERROR(plain->window({0, page}, bank()), Error::invalid_argument);
    EXPECT(!window->read(0, 8));
}

TEST(memory_supply_needs_a_pager) {
    auto memory = NEED(bank()->create_memory(page));
    auto source = NEED(bank()->create_memory(page));
    EXPECT_ERROR(memory->supply({0, page}, source, 0), Error::invalid_argument);
    EXPECT_ERROR(memory->supply({0, page}, memory, 0), Error::invalid_argument);
    auto endpoint = NEED(bank()->create_endpoint());
    auto paged = NEED(bank()->create_memory(2 * page, {.pager = endpoint, .pager_badge = 4}));
    EXPECT((NEED(paged->query()).flags & MemoryFlags::pager) != 0);
    EXPECT(put(source, 0, 99));
    EXPECT_OK(paged->supply({page, page}, source, 0));
    EXPECT(word_at(paged, page) == 99);
    EXPECT(word_at(source, 0) == 0);  // the page has moved
    auto call_only = NEED(ipc::copy(endpoint.ref(), abi::EndpointRights::call));
    EXPECT_ERROR(bank()->create_memory(page, {.pager = call_only}), Error::missing_right);
}
