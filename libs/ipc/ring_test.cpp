// SPDX-License-Identifier: MIT
#include "libs/ipc/ring.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Fixture {
    ipc::RingHeader header{};
    std::vector<std::byte> data;
    ipc::Ring ring;
    explicit Fixture(std::size_t capacity) : data(capacity), ring(header, data) {}
};

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span{text}); }

TEST(Ring, FirstInFirstOut) {
    Fixture f{8};
    EXPECT_EQ(f.ring.write(bytes("hello")).value(), 5U);
    EXPECT_EQ(f.ring.readable().value(), 5U);
    EXPECT_EQ(f.ring.write(bytes("world")).value(), 3U);  // full
    EXPECT_EQ(f.ring.writable().value(), 0U);
    std::string out(8, ' ');
    EXPECT_EQ(f.ring.read(std::as_writable_bytes(std::span{out})).value(), 8U);
    EXPECT_EQ(out, "hellowor");
    EXPECT_EQ(f.ring.read(std::as_writable_bytes(std::span{out})).value(), 0U);
}

TEST(Ring, PositionsMayWrapAround) {
    Fixture f{16};
    f.header.write_position = 0xffff'fffa;
    f.header.read_position = 0xffff'fffa;
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(f.ring.write(bytes("0123456789")).value(), 10U);
        std::string out(10, ' ');
        EXPECT_EQ(f.ring.read(std::as_writable_bytes(std::span{out})).value(), 10U);
        EXPECT_EQ(out, "0123456789");
    }
}

// Whatever stands in the header: an error or a count within the capacity, and no access outside
// (ASan watches).
TEST(Ring, HostileHeader) {
    Fixture f{64};
    std::mt19937 random{1};
    std::vector<std::byte> buffer(200);
    for (int i = 0; i < 100000; ++i) {
        f.header.write_position = static_cast<std::uint32_t>(random());
        f.header.read_position =
            (random() & 1) != 0
                ? static_cast<std::uint32_t>(random())
                : f.header.write_position - static_cast<std::uint32_t>(random() % 80);
        auto got = (random() & 1) != 0 ? f.ring.read(buffer) : f.ring.write(buffer);
        if (got) {
            EXPECT_LE(*got, 64U);
        } else {
            EXPECT_EQ(got.error(), ipc::RingError::corrupt);
        }
    }
}

TEST(Ring, TwoThreads) {
    Fixture f{256};
    constexpr std::size_t total = 200'000;
    std::thread writer([&] {
        std::size_t sent = 0;
        while (sent < total) {
            std::array<std::byte, 100> piece{};
            const std::size_t length = std::min(piece.size(), total - sent);
            for (std::size_t i = 0; i < length; ++i) {
                piece[i] = static_cast<std::byte>((sent + i) * 7);
            }
            sent += f.ring.write(std::span{piece}.first(length)).value();
        }
        f.ring.end(ipc::RingEnd::writers);
    });
    std::size_t received = 0;
    while (received < total) {
        std::array<std::byte, 77> piece{};
        const std::size_t count = f.ring.read(piece).value();
        for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(piece[i], static_cast<std::byte>((received + i) * 7));
        }
        received += count;
    }
    writer.join();
    EXPECT_TRUE(f.ring.ended(ipc::RingEnd::writers));
    EXPECT_FALSE(f.ring.ended(ipc::RingEnd::readers));
}

TEST(Ring, AnnouncementIsTakenOnce) {
    Fixture f{8};
    EXPECT_FALSE(f.ring.reader_waits());
    f.ring.announce_reader();
    EXPECT_TRUE(f.ring.reader_waits());
    EXPECT_FALSE(f.ring.reader_waits());
}

TEST(Ring, Capacity) {
    EXPECT_TRUE(ipc::Ring::is_capacity(65536));
    EXPECT_FALSE(ipc::Ring::is_capacity(65537));
    EXPECT_FALSE(ipc::Ring::is_capacity(0));
    EXPECT_FALSE(ipc::Ring::is_capacity(std::size_t{1} << 32));
}

}  // namespace
