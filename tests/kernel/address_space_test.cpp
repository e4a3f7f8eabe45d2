// SPDX-License-Identifier: MIT
#include <cstring>

#include "tests/kernel/check.hpp"

using abi::AddressSpaceRights;
using abi::Error;
using abi::MapFlags;
using abi::MemoryRights;
using test::bank;

namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t here = 0x31'0000'0000;  // nothing else maps there
constexpr std::uint64_t user_end = 0x8000'0000'0000;

volatile std::uint64_t& word(std::uint64_t address) {
    return *reinterpret_cast<volatile std::uint64_t*>(address);
}

}  // namespace

TEST(space_map_and_unmap) {
    auto memory = NEED(bank()->create_memory(4 * page));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = here, .length = 2 * page, .offset = page}));
    word(here) = 5;
    std::uint64_t value = 0;
    std::memcpy(&value, NEED(memory->read(page, 8)).data(), 8);
    EXPECT(value == 5);
    const auto region = NEED(ipc::own_space()->query(here + page));
    EXPECT(region.mapped && region.start == here && region.length == 2 * page);
    EXPECT(region.flags == (MapFlags::read | MapFlags::write));
    EXPECT(region.resident == page);
    EXPECT_OK(ipc::own_space()->unmap(here, 2 * page));
    EXPECT(!NEED(ipc::own_space()->query(here)).mapped);
}

// One fault, and all of a large page is there; only where the address is aligned as the frames are.
TEST(space_large_pages) {
    constexpr std::uint64_t large = std::uint64_t{2} << 20;
    constexpr std::uint64_t place = here + 64 * large;
    auto memory = NEED(bank()->create_memory(2 * large, {.flags = abi::MemoryFlags::contiguous}));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = place, .length = 2 * large}));
    EXPECT_OK(
        ipc::own_space()->map(memory, {.address = place + 4 * large + page, .length = large}));
    word(place + 3 * page) = 5;
    EXPECT(NEED(ipc::own_space()->query(place)).resident == large);
    EXPECT(word(place + 4 * large + 4 * page) == 5);
    EXPECT(NEED(ipc::own_space()->query(place + 4 * large + page)).resident == page);
    word(place + large) = 6;
    EXPECT(NEED(ipc::own_space()->query(place)).resident == 2 * large);

    EXPECT_OK(ipc::own_space()->unmap(place, 2 * large));
    EXPECT_OK(ipc::own_space()->unmap(place + 4 * large + page, large));
}

TEST(space_map_refuses) {
    auto memory = NEED(bank()->create_memory(4 * page));
    const auto map = [&](const ipc::Mapping& mapping) {
        return ipc::own_space()->map(memory, mapping);
    };
    EXPECT(!map({.address = here, .length = 0}));
    EXPECT_ERROR(map({.address = here + 8, .length = page}), Error::not_aligned);
    EXPECT_ERROR(map({.address = here, .length = page + 8}), Error::not_aligned);
    EXPECT_ERROR(map({.address = here, .length = page, .offset = 8}), Error::not_aligned);
    EXPECT_ERROR(map({.address = 0, .length = page}), Error::out_of_range);
    EXPECT_ERROR(map({.address = user_end, .length = page}), Error::out_of_range);
    EXPECT_ERROR(map({.address = user_end - page, .length = 2 * page}), Error::out_of_range);
    EXPECT_ERROR(map({.address = 0xffff'8000'0000'0000, .length = page}), Error::out_of_range);
    EXPECT_ERROR(map({.address = here,
                      .length = page,
                      .flags = MapFlags::write | MapFlags::execute | MapFlags::read}),
                 Error::invalid_argument);
    EXPECT_ERROR(map({.address = here, .length = page, .flags = 1 << 20}), Error::invalid_argument);
    EXPECT_OK(map({.address = here, .length = 2 * page}));
    EXPECT_ERROR(map({.address = here + page, .length = page}), Error::overlap);
    EXPECT_ERROR(map({.address = here - page, .length = 4 * page}), Error::overlap);
    EXPECT_OK(ipc::own_space()->unmap(here, 2 * page));
    EXPECT_ERROR(
        ipc::own_space()->map(ipc::Ref<ipc::Memory>{9999}, {.address = here, .length = page}),
        Error::invalid_capability);
    EXPECT_ERROR(
        ipc::own_space()->map(bank().retype<ipc::Memory>(), {.address = here, .length = page}),
        Error::wrong_type);
}

TEST(space_mapping_needs_the_memorys_rights) {
    auto memory = NEED(bank()->create_memory(page));
    auto reader = NEED(ipc::copy(memory.ref(), MemoryRights::read));
    EXPECT_ERROR(ipc::own_space()->map(reader, {.address = here, .length = page}),
                 Error::missing_right);
    EXPECT_ERROR(
        ipc::own_space()->map(
            reader, {.address = here, .length = page, .flags = MapFlags::read | MapFlags::execute}),
        Error::missing_right);
    EXPECT_OK(
        ipc::own_space()->map(reader, {.address = here, .length = page, .flags = MapFlags::read}));
    // What the capability did not allow, protect does not give later.
    EXPECT_ERROR(ipc::own_space()->protect(here, page, MapFlags::read | MapFlags::write),
                 Error::missing_right);
    EXPECT_OK(ipc::own_space()->unmap(here, page));
}

TEST(space_unmap_in_the_middle) {
    auto memory = NEED(bank()->create_memory(5 * page));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = here, .length = 5 * page}));
    word(here + 4 * page) = 4;
    EXPECT_OK(ipc::own_space()->unmap(here + page, 2 * page));
    EXPECT(NEED(ipc::own_space()->query(here)).length == page);
    const auto gap = NEED(ipc::own_space()->query(here + page));
    EXPECT(!gap.mapped && gap.start == here + 3 * page);
    EXPECT(NEED(ipc::own_space()->query(here + 3 * page)).length == 2 * page);
    EXPECT(word(here + 4 * page) == 4);
    word(here + 3 * page) = 3;
    std::uint64_t value = 0;
    std::memcpy(&value, NEED(memory->read(3 * page, 8)).data(), 8);
    EXPECT(value == 3);
    EXPECT_OK(ipc::own_space()->unmap(here, 5 * page));  // holes in it are no error
    EXPECT_ERROR(ipc::own_space()->unmap(here + 1, page), Error::not_aligned);
}

TEST(space_protect) {
    auto memory = NEED(bank()->create_memory(3 * page));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = here, .length = 3 * page}));
    word(here + page) = 7;
    EXPECT_OK(ipc::own_space()->protect(here + page, page, MapFlags::read));
    EXPECT(NEED(ipc::own_space()->query(here + page)).flags == MapFlags::read);
    EXPECT(NEED(ipc::own_space()->query(here)).length == page);
    EXPECT(word(here + page) == 7);
    EXPECT_OK(ipc::own_space()->protect(here, 3 * page, MapFlags::read | MapFlags::write));
    word(here + page) = 8;
    EXPECT_ERROR(ipc::own_space()->protect(here, 4 * page, MapFlags::read), Error::not_mapped);
    EXPECT_ERROR(ipc::own_space()->protect(here, page, MapFlags::write | MapFlags::execute),
                 Error::invalid_argument);
    EXPECT_ERROR(ipc::own_space()->protect(here, page, MapFlags::on_clone_share),
                 Error::invalid_argument);
    EXPECT_OK(ipc::own_space()->unmap(here, 3 * page));
}

TEST(space_two_mappings_of_one_memory) {
    auto memory = NEED(bank()->create_memory(page));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = here, .length = page}));
    EXPECT_OK(ipc::own_space()->map(
        memory, {.address = here + page, .length = page, .flags = MapFlags::read}));
    word(here) = 11;
    EXPECT(word(here + page) == 11);
    EXPECT_OK(ipc::own_space()->unmap(here, 2 * page));
}

// What the copy maps is looked at by mapping its Memory here: the copy has no thread.
TEST(space_clone) {
    auto space = NEED(bank()->create_address_space());
    auto memory = NEED(bank()->create_memory(3 * page));
    const auto map = [&](std::uint64_t number, std::uint64_t flags) {
        return space->map(memory, {.address = here + number * page,
                                   .length = page,
                                   .offset = number * page,
                                   .flags = MapFlags::read | MapFlags::write | flags});
    };
    EXPECT_OK(map(0, MapFlags::on_clone_copy));
    EXPECT_OK(map(1, MapFlags::on_clone_share));
    EXPECT_OK(map(2, MapFlags::on_clone_drop));
    auto clone = NEED(space->clone(bank()));
    EXPECT(NEED(clone->query(here)).mapped);
    EXPECT(NEED(clone->query(here + page)).mapped);
    EXPECT(!NEED(clone->query(here + 2 * page)).mapped);
    auto poor = NEED(bank()->create_bank(0));
    EXPECT_ERROR(space->clone(poor), Error::no_memory);
}

TEST(space_needs_rights) {
    auto space = NEED(bank()->create_address_space());
    auto memory = NEED(bank()->create_memory(page));
    auto futex_only = NEED(ipc::copy(space.ref(), AddressSpaceRights::futex));
    EXPECT_ERROR(futex_only->map(memory, {.address = here, .length = page}), Error::missing_right);
    EXPECT_ERROR(futex_only->unmap(here, page), Error::missing_right);
    EXPECT_ERROR(futex_only->protect(here, page, MapFlags::read), Error::missing_right);
    EXPECT_ERROR(futex_only->query(here), Error::missing_right);
    EXPECT_ERROR(futex_only->clone(bank()), Error::missing_right);
    auto map_only = NEED(ipc::copy(space.ref(), AddressSpaceRights::map));
    EXPECT_ERROR(map_only->clone(bank()), Error::missing_right);
    EXPECT_ERROR(map_only->futex_wake(here, 1), Error::missing_right);
    EXPECT_ERROR(test::raw(space, static_cast<abi::AddressSpaceOp>(99)), Error::bad_system_call);
}
