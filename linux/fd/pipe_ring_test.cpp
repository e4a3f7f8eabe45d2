// SPDX-License-Identifier: MIT
#include "linux/fd/pipe_ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using linux::fd::PipeRing;
using Outcome = PipeRing::Outcome;

class PipeRingTest : public testing::Test {
protected:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> memory_{static_cast<std::byte*>(
        std::memset(std::aligned_alloc(4096, PipeRing::memory_bytes), 0, PipeRing::memory_bytes))};
    PipeRing ring_{memory_.get()};

    Outcome put(std::string_view text) {
        return ring_
            .write(text.size(),
                   [&](std::byte* to, std::size_t count) {
                       std::memcpy(to, text.data(), count);
                       return true;
                   })
            .outcome;
    }
    std::string get(std::size_t count) {
        std::string text;
        (void)ring_.read(count, [&](std::span<const std::byte> bytes) {
            text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return true;
        });
        return text;
    }
    int used_pages() const { return std::popcount(ring_.header().used.load()); }
};

TEST_F(PipeRingTest, StartsEmpty) {
    EXPECT_TRUE(ring_.empty());
    EXPECT_FALSE(ring_.full());
    EXPECT_EQ(ring_.readable(), 0U);
    EXPECT_EQ(get(10), "");
}

TEST_F(PipeRingTest, ANoteGoesWithTheFirstByteOfItsEntry) {
    const auto put_noted = [&](std::string_view text, std::uint32_t note) {
        return ring_
            .write(
                text.size(),
                [&](std::byte* to, std::size_t count) {
                    std::memcpy(to, text.data(), count);
                    return true;
                },
                note)
            .outcome;
    };
    const auto note_of_next = [&](std::size_t count) {
        return ring_.read(count, [](std::span<const std::byte>) { return true; }).note;
    };
    EXPECT_EQ(put("ab"), Outcome::done);
    EXPECT_EQ(put_noted("cd", 7), Outcome::done);
    EXPECT_EQ(put("ef"), Outcome::done);
    EXPECT_EQ(put("gh"), Outcome::done);
    EXPECT_EQ(ring_.readable(), 8U);
    EXPECT_EQ(note_of_next(9), 0U);  // "ab": nothing is joined across
    EXPECT_EQ(note_of_next(1), 7U);
    EXPECT_EQ(put("ij"), Outcome::done);
    EXPECT_EQ(note_of_next(9), 0U);  // "d"
    EXPECT_EQ(get(9), "efghij");
    // The page of a noted entry is used again without it.
    for (std::uint32_t i = 0; i < 2 * PipeRing::pages; ++i) {
        EXPECT_EQ(put_noted("x", i + 1), Outcome::done);
        EXPECT_EQ(note_of_next(1), i + 1);
        EXPECT_EQ(put("y"), Outcome::done);
        EXPECT_EQ(note_of_next(1), 0U);
    }
}

TEST_F(PipeRingTest, PacketsStayApart) {
    const auto put_packet = [&](std::string_view text) {
        return ring_
            .write_packet(text.size(),
                          [&](std::byte* to, std::size_t count) {
                              std::memcpy(to, text.data(), count);
                              return true;
                          })
            .outcome;
    };
    std::string got;
    const auto drain = [&](std::span<const std::byte> bytes) {
        got.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return true;
    };
    EXPECT_EQ(put_packet("first"), Outcome::done);
    EXPECT_EQ(put_packet(""), Outcome::done);
    EXPECT_EQ(put_packet("third"), Outcome::done);
    EXPECT_EQ(ring_.readable(), 10U);
    EXPECT_EQ(ring_.peek(2, drain).available, 5U);
    const auto first = ring_.read_packet(2, drain);
    EXPECT_EQ(got, "fi");
    EXPECT_EQ(first.count, 2U);
    EXPECT_EQ(first.available, 5U);
    EXPECT_FALSE(ring_.empty());
    const auto second = ring_.read_packet(9, drain);
    EXPECT_EQ(second.outcome, Outcome::done);
    EXPECT_EQ(second.available, 0U);
    EXPECT_EQ(got, "");
    (void)ring_.read_packet(9, drain);
    EXPECT_EQ(got, "third");
    EXPECT_TRUE(ring_.empty());
    EXPECT_EQ(used_pages(), 0);
}

TEST_F(PipeRingTest, BytesComeOutInOrder) {
    EXPECT_EQ(put("hello "), Outcome::done);
    EXPECT_EQ(put("world"), Outcome::done);
    EXPECT_EQ(ring_.readable(), 11U);
    EXPECT_EQ(get(4), "hell");
    EXPECT_EQ(get(100), "o world");
    EXPECT_TRUE(ring_.empty());
    EXPECT_EQ(used_pages(), 0);
}

TEST_F(PipeRingTest, SmallWritesShareAPage) {
    for (std::size_t i = 0; i < PipeRing::capacity; ++i) {
        ASSERT_EQ(put("x"), Outcome::done) << i;
    }
    EXPECT_EQ(put("x"), Outcome::full);
    EXPECT_TRUE(ring_.full());
    EXPECT_EQ(ring_.readable(), PipeRing::capacity);
    EXPECT_EQ(used_pages(), 16);
}

TEST_F(PipeRingTest, FullAndThenRoomAgain) {
    const std::string page(4096, 'p');
    for (int i = 0; i < 16; ++i) {
        ASSERT_EQ(put(page), Outcome::done);
    }
    EXPECT_EQ(put(page), Outcome::full);
    EXPECT_EQ(get(4095).size(), 4095U);
    EXPECT_EQ(put(page), Outcome::full);
    EXPECT_EQ(get(1).size(), 1U);
    EXPECT_EQ(put(page), Outcome::done);
}

TEST_F(PipeRingTest, AFaultChangesNothing) {
    const auto refuse = [](auto...) { return false; };
    EXPECT_EQ(ring_.write(5, refuse).outcome, Outcome::fault);
    EXPECT_TRUE(ring_.empty());
    put("abc");
    EXPECT_EQ(ring_.write(5, refuse).outcome, Outcome::fault);
    EXPECT_EQ(ring_.read(5, refuse).outcome, Outcome::fault);
    EXPECT_EQ(get(10), "abc");
    EXPECT_EQ(used_pages(), 0);
}

TEST_F(PipeRingTest, AWriterThatDiesCostsAPageAndNoMore) {
    // The page stays taken: its writer was killed before it published anything.
    ring_.header().used.store(1);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(put(std::string(3000, 'a')), Outcome::done);
        ASSERT_EQ(get(5000).size(), 3000U);
    }
    EXPECT_EQ(used_pages(), 1);
}

TEST_F(PipeRingTest, LaggingCountersArePushedOn) {
    put("abc");
    ring_.header().tail.store(0);  // as if the writer had died right after publishing
    EXPECT_FALSE(ring_.empty());
    EXPECT_EQ(put("def"), Outcome::done);
    EXPECT_EQ(get(3) + get(3), "abcdef");
    EXPECT_TRUE(ring_.empty());
}

TEST_F(PipeRingTest, NonsenseInTheHeaderStaysInside) {
    for (auto& entry : ring_.header().order) {
        entry.store(0x0000'0001'ffff'ffffULL);
    }
    ring_.header().tail.store(16);
    for (int i = 0; i < 20; ++i) {
        (void)get(4096);
        (void)put("x");
    }
}

TEST_F(PipeRingTest, ImpossibleCountersEndTheWork) {
    ring_.header().head.store(5);
    EXPECT_EQ(get(10), "");
    EXPECT_EQ(put("x"), Outcome::full);
    EXPECT_TRUE(ring_.full());
    ring_.header().head.store(0);
    ring_.header().tail.store(~std::uint64_t{0});
    EXPECT_EQ(get(10), "");
    EXPECT_EQ(put("x"), Outcome::full);
}

// Several writers and readers at once: every record arrives once and in one piece, and those of one
// writer in their order (each record is read whole, because records have the size of a page).
TEST_F(PipeRingTest, ManyWritersAndReaders) {
    constexpr int writers = 3;
    constexpr int readers = 2;
    constexpr std::uint32_t records = 3000;
    std::atomic<std::uint32_t> taken{0};
    std::vector<std::vector<std::uint32_t>> seen(readers);
    std::vector<std::thread> threads;
    for (std::uint32_t w = 0; w < writers; ++w) {
        threads.emplace_back([&, w] {
            for (std::uint32_t i = 0; i < records;) {
                const std::vector<std::uint32_t> record(1024, (w << 24) | i);
                const auto result = ring_.write(4096, [&](std::byte* to, std::size_t count) {
                    std::memcpy(to, record.data(), count);
                    return true;
                });
                if (result.outcome == Outcome::done) {
                    ++i;
                } else {
                    std::this_thread::yield();
                }
            }
        });
    }
    for (std::size_t r = 0; r < readers; ++r) {
        threads.emplace_back([&, r] {
            while (taken.load() < writers * records) {
                std::vector<std::uint32_t> record(1024);
                const auto result = ring_.read(4096, [&](std::span<const std::byte> bytes) {
                    std::memcpy(record.data(), bytes.data(), bytes.size());
                    return true;
                });
                if (result.outcome != Outcome::done) {
                    std::this_thread::yield();
                    continue;
                }
                ASSERT_EQ(result.count, 4096U);
                ASSERT_EQ(std::ranges::count(record, record[0]), 1024);
                seen[r].push_back(record[0]);
                taken.fetch_add(1);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    std::map<std::uint32_t, int> count;
    for (const auto& list : seen) {
        std::map<std::uint32_t, std::uint32_t> last;
        for (const std::uint32_t value : list) {
            ++count[value];
            const std::uint32_t writer = value >> 24;
            ASSERT_TRUE(!last.contains(writer) || last[writer] < value);
            last[writer] = value;
        }
    }
    EXPECT_EQ(count.size(), std::size_t{writers} * records);
    EXPECT_TRUE(std::ranges::all_of(count, [](const auto& one) { return one.second == 1; }));
    EXPECT_EQ(used_pages(), 0);
}

class LargePackets : public PipeRingTest {
protected:
    Outcome send(const std::string& text) {
        return ring_
            .write_large_packet(text.size(),
                                [&](std::byte* to, std::size_t count, std::size_t at) {
                                    std::memcpy(to, text.data() + at, count);
                                    return true;
                                })
            .outcome;
    }
    PipeRing::Transfer receive(std::size_t count) {
        got_.clear();
        return ring_.read_packet(count, [&](std::span<const std::byte> bytes, std::size_t at = 0) {
            got_.resize(at);
            got_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return true;
        });
    }
    static std::string text_of(std::size_t count) {
        std::string text(count, '\0');
        for (std::size_t i = 0; i < count; ++i) {
            text[i] = static_cast<char>(i * 7 + i / 4096);
        }
        return text;
    }
    std::string got_;
};

TEST_F(LargePackets, ArriveWhole) {
    for (const std::size_t size :
         {std::size_t{4097}, std::size_t{8192}, std::size_t{100'000}, PipeRing::largest_packet}) {
        const std::string text = text_of(size);
        ASSERT_TRUE(ring_.has_room_for(size));
        EXPECT_EQ(send(text), Outcome::done);
        EXPECT_EQ(ring_.readable(), size);
        EXPECT_EQ(receive(size + 1).available, size);
        EXPECT_EQ(got_, text);
        EXPECT_EQ(used_pages(), 0);
    }
    EXPECT_EQ(send(text_of(10'000)), Outcome::done);
    EXPECT_EQ(receive(5'000).count, 5'000U);
    EXPECT_EQ(got_, text_of(10'000).substr(0, 5'000));
    EXPECT_EQ(used_pages(), 0);
}

TEST_F(LargePackets, WaitForRoomAndLeaveNothing) {
    EXPECT_EQ(send(text_of(200'000)), Outcome::done);
    const int used = used_pages();
    EXPECT_FALSE(ring_.has_room_for(100'000));
    EXPECT_EQ(send(text_of(100'000)), Outcome::full);
    EXPECT_EQ(used_pages(), used);
    const auto failing = [](std::byte*, std::size_t, std::size_t at) { return at == 0; };
    EXPECT_EQ(ring_.write_large_packet(9'000, failing).outcome, Outcome::fault);
    EXPECT_EQ(used_pages(), used);
    EXPECT_EQ(receive(1).available, 200'000U);
    EXPECT_EQ(send(text_of(100'000)), Outcome::done);
}

// A list that somebody has broken gives nothing, and takes no pages that there are not.
TEST_F(LargePackets, OfABrokenListNothingComes) {
    for (const std::uint32_t count : {0U, 1U, 61U, ~0U}) {
        for (const std::uint8_t page : {std::uint8_t{60}, std::uint8_t{255}}) {
            EXPECT_EQ(send(text_of(5'000)), Outcome::done);
            // The index page was taken first, before those of the bytes.
            std::byte* list = memory_.get() + PipeRing::page_bytes;
            std::memcpy(list + 4, &count, sizeof count);
            std::memset(list + 8, page, PipeRing::pages);
            EXPECT_EQ(receive(300'000).count, 0U);
            EXPECT_TRUE(ring_.empty());
            ring_.header().used.store(0);
        }
    }
    // Who reads a stream cannot be made to read past a page by one, nor to read for ever.
    EXPECT_EQ(send(text_of(5'000)), Outcome::done);
    EXPECT_EQ(get(10'000), "");
    EXPECT_TRUE(ring_.empty());
}

// For edge-triggered epolls.
TEST_F(PipeRingTest, CountsWritesAndOpenings) {
    EXPECT_EQ(put("a"), Outcome::done);
    EXPECT_EQ(put("b"), Outcome::done);
    EXPECT_EQ(ring_.header().writes.load(), 2U);
    EXPECT_EQ(get(9), "ab");
    EXPECT_EQ(ring_.header().openings.load(), 0U);
    const std::string page(PipeRing::page_bytes, 'p');
    while (put(page) == Outcome::done) {
    }
    EXPECT_EQ(ring_.header().writes.load(), 2U + PipeRing::slots);
    (void)get(PipeRing::page_bytes - 1);
    EXPECT_EQ(ring_.header().openings.load(), 0U);
    (void)get(1);
    EXPECT_EQ(ring_.header().openings.load(), 1U);
    (void)get(PipeRing::page_bytes);
    EXPECT_EQ(ring_.header().openings.load(), 1U);
}

// Small writes of several writers, joined in pages: no byte is lost, each writer's stay in order.
TEST_F(PipeRingTest, SmallWritesOfManyWriters) {
    constexpr std::uint8_t writers = 3;
    constexpr std::uint32_t bytes = 20000;
    std::vector<std::thread> threads;
    for (std::uint8_t w = 0; w < writers; ++w) {
        threads.emplace_back([&, w] {
            for (std::uint32_t i = 0; i < bytes;) {
                const char byte = static_cast<char>((w << 6) | (i % 61));
                if (put({&byte, 1}) == Outcome::done) {
                    ++i;
                } else {
                    std::this_thread::yield();
                }
            }
        });
    }
    std::array<std::uint32_t, writers> next{};
    std::uint32_t total = 0;
    while (total < writers * bytes) {
        for (const char c : get(1000)) {
            const auto byte = static_cast<std::uint8_t>(c);
            ASSERT_EQ(byte & 63, next[byte >> 6] % 61);
            ++next[byte >> 6];
            ++total;
        }
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_TRUE(ring_.empty());
    EXPECT_EQ(used_pages(), 0);
}

}  // namespace
