// SPDX-License-Identifier: MIT
#include "libs/ipc/protocol.hpp"

#include <gtest/gtest.h>

#include "interfaces/fs.hpp"
#include "libs/ipc/names.hpp"

namespace {

struct Empty {
    static constexpr std::uint16_t label = 1;
    struct Reply {};
};
struct Full {
    static constexpr std::uint16_t label = 2;
    static constexpr std::size_t capabilities = 2;
    std::uint64_t words[6];
    struct Reply {
        std::uint16_t small;
        std::uint16_t two;
    };
};
struct Padded {
    std::uint64_t a;
    std::uint32_t b;
};
struct TooBig {
    std::uint64_t words[7];
};

TEST(Protocol, WhatFitsTheWords) {
    EXPECT_EQ(Empty::label + Full::label, 3);
    EXPECT_TRUE(ipc::fits_words<Empty>);
    EXPECT_TRUE(ipc::fits_words<Full>);
    EXPECT_FALSE(ipc::fits_words<Padded>);
    EXPECT_FALSE(ipc::fits_words<TooBig>);
    EXPECT_FALSE(ipc::fits_words<std::string_view*&>);
}

TEST(Protocol, PackAndUnpack) {
    const Full full{{1, 2, 3, 4, 5, 6}};
    EXPECT_EQ(ipc::pack(full), (ipc::Words{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(ipc::unpack<Full>({9, 8, 7, 6, 5, 4}).words[5], 4U);
    EXPECT_EQ(ipc::pack(Empty{}), ipc::Words{});
    // What a struct does not use is zero.
    EXPECT_EQ(ipc::pack(Full::Reply{0x1234, 0x5678}), (ipc::Words{0x56781234}));
}

TEST(Protocol, Defaults) {
    using Traits = ipc::OperationTraits<Full>;
    EXPECT_EQ(Traits::payload, 0U);
    EXPECT_EQ(Traits::min_capabilities, 2U);
    EXPECT_EQ(Traits::max_capabilities, 2U);
    EXPECT_EQ(Traits::reply_capabilities, 0U);
    using Poll = ipc::OperationTraits<fs::Poll>;
    EXPECT_EQ(Poll::min_capabilities, 0U);
    EXPECT_EQ(Poll::max_capabilities, 1U);
}

TEST(Protocol, Tag) {
    const abi::Tag tag = abi::make_tag(7, 4096, 4, 0xffff, abi::Tag::interruptible);
    EXPECT_EQ(tag.label(), 7);
    EXPECT_EQ(tag.payload(), 4096U);
    EXPECT_EQ(tag.capabilities(), 4U);
    EXPECT_EQ(tag.status(), 0xffff);
    EXPECT_TRUE(tag.has(abi::Tag::interruptible));
    EXPECT_FALSE(tag.has(abi::Tag::has_deadline));
}

TEST(Protocol, FailureIsOneOfTwo) {
    const ipc::Failure kernel{abi::Error::dead};
    const ipc::Failure server{ipc::Status::not_found};
    EXPECT_TRUE(kernel.from_kernel());
    EXPECT_FALSE(server.from_kernel());
    EXPECT_EQ(ipc::to_status(kernel), ipc::Status::closed);
    EXPECT_EQ(ipc::to_status(server), ipc::Status::not_found);
    EXPECT_EQ(ipc::name_of(kernel), "dead");
    EXPECT_EQ(ipc::name_of(server), "not_found");
    EXPECT_EQ(ipc::name_of(ipc::Status::background), "background");
    EXPECT_EQ(ipc::name_of(abi::Error::changed), "changed");
    EXPECT_EQ(ipc::name_of(static_cast<abi::Error>(1000)), "unknown error");
}

TEST(Protocol, StructuresInPayloads) {
    std::array<std::byte, 12> payload{};
    payload[4] = std::byte{5};
    std::uint64_t value = 0;
    EXPECT_TRUE(ipc::read_payload(payload, value, 4));
    EXPECT_EQ(value, 5U);
    EXPECT_FALSE(ipc::read_payload(payload, value, 5));
    EXPECT_FALSE(ipc::read_payload(std::span{payload}.first(7), value));
    EXPECT_FALSE(ipc::read_payload(payload, value, ~std::size_t{0}));
}

TEST(Protocol, CapabilityListHoldsFour) {
    const ipc::Ref<ipc::Any> one{7};
    const ipc::CapabilityList list{one, one, one, one, one};
    EXPECT_EQ(list.size(), 4U);
    EXPECT_EQ(list[3], 7U);
}

}  // namespace
