// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/log_ring.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace procmgr {
namespace {

class Store final : public LogStore {
public:
    explicit Store(std::uint64_t most) : most_(most) {}
    bool grow(std::uint64_t bytes) override {
        if (bytes > most_) return false;
        bytes_.resize(std::max(bytes_.size(), bytes));
        return true;
    }
    bool read(std::uint64_t offset, std::span<std::byte> to) override {
        if (offset + to.size() > bytes_.size()) return false;
        std::memcpy(to.data(), bytes_.data() + offset, to.size());
        return true;
    }
    bool write(std::uint64_t offset, std::span<const std::byte> data) override {
        if (offset + data.size() > bytes_.size()) return false;
        std::memcpy(bytes_.data() + offset, data.data(), data.size());
        return true;
    }
    void lose() { bytes_.clear(); }
    void allow(std::uint64_t most) { most_ = most; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

private:
    std::uint64_t most_;
    std::vector<std::byte> bytes_;
};

using Stream = LogRing::Stream;

// All that is there from a position on; `marked`: a letter for each record's stream before its text.
std::string read_all(LogRing& log, LogStore& store, std::uint64_t position = 0,
                     bool marked = true) {
    std::string out;
    std::byte buffer[container::ReadLog::reply_payload];
    for (;;) {
        const auto part = log.read(store, position, buffer);
        if (!part) return "no such position";
        if (part->dropped && marked) out += "...";
        if (part->bytes == 0) return out;
        for (std::size_t at = 0; at < part->bytes;) {
            LogRing::Record record;
            std::memcpy(&record, buffer + at, sizeof record);
            if (marked) out += record.stream == Stream::output ? 'o' : 'e';
            out.append(reinterpret_cast<const char*>(buffer) + at + sizeof record, record.length);
            at += sizeof record + record.length;
        }
        position = part->next;
    }
}

TEST(LogRing, KeepsRecordsAsTheyWereWritten) {
    Store store{1 << 20};
    LogRing log{64 * 1024};
    EXPECT_TRUE(log.begin(store));
    EXPECT_EQ(read_all(log, store), "");
    log.append(store, 5, Stream::output, "one\n");
    log.append(store, 6, Stream::errors, "two\n");
    log.append(store, 6, Stream::output, "");
    EXPECT_EQ(read_all(log, store), "oone\netwo\n");
    std::byte buffer[30];
    const auto first = log.read(store, 0, buffer);  // the second does not fit
    ASSERT_TRUE(first && first->bytes == 20 && first->next == 20 && !first->dropped);
    LogRing::Record record;
    std::memcpy(&record, buffer, sizeof record);
    EXPECT_EQ(record.time_ns, 5u);
    EXPECT_EQ(read_all(log, store, 20), "etwo\n");
    EXPECT_FALSE(log.has_after(40));
    // Of positions that no answer gave.
    EXPECT_EQ(read_all(log, store, 41), "no such position");
    EXPECT_EQ(read_all(log, store, 1), "no such position");
    EXPECT_EQ(read_all(log, store, ~std::uint64_t{0}), "no such position");
}

TEST(LogRing, WhatIsLongBecomesSeveralRecords) {
    Store store{1 << 20};
    LogRing log{64 * 1024};
    const std::string text(10'000, 'x');
    log.append(store, 1, Stream::output, text);
    std::string all = read_all(log, store);
    EXPECT_EQ(std::erase(all, 'o'), 3);
    EXPECT_EQ(all, text);
}

TEST(LogRing, GrowsToItsLimitAndThenDropsTheOldest) {
    Store store{1 << 20};
    LogRing log{2 * LogRing::step};
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        const std::string line = std::to_string(i) + "\n";
        log.append(store, 1, Stream::output, line);
        expected += "o" + line;
    }
    EXPECT_EQ(store.size(), 2 * LogRing::step);
    const std::string all = read_all(log, store);
    ASSERT_TRUE(all.starts_with("...o")) << all.substr(0, 20);
    EXPECT_TRUE(expected.ends_with(all.substr(3))) << all;
    EXPECT_GT(all.size(), 1500u) << "some twenty bytes for each line";
}

TEST(LogRing, HasWhatRoomThereIs) {
    Store none{0}, little{LogRing::step};
    LogRing log{64 * 1024};
    EXPECT_FALSE(log.begin(none));
    log.append(none, 1, Stream::output, "lost");
    EXPECT_EQ(read_all(log, none), "...");
    log.append(little, 1, Stream::output, std::string(3000, 'a'));
    log.append(little, 1, Stream::errors, std::string(3000, 'b'));
    EXPECT_EQ(read_all(log, little), "...e" + std::string(3000, 'b'));
    // What is kept is not where it was any more, so more room comes too late.
    little.allow(1 << 20);
    log.append(little, 1, Stream::output, std::string(2000, 'c'));
    EXPECT_EQ(read_all(log, little), "...o" + std::string(2000, 'c'));
    EXPECT_EQ(little.size(), LogRing::step);
}

TEST(LogRing, MovesWithAsMuchAsFits) {
    Store first{1 << 20}, second{1 << 20}, small{LogRing::step}, none{0};
    LogRing log{2 * LogRing::step};
    for (int i = 0; i < 1000; ++i) log.append(first, 1, Stream::output, std::to_string(i) + "\n");
    const std::string before = read_all(log, first);
    log.move(first, second);
    EXPECT_EQ(read_all(log, second), before);
    log.append(second, 1, Stream::output, "more\n");
    EXPECT_TRUE(read_all(log, second).ends_with("999\nomore\n"));
    log.move(second, small);
    const std::string less = read_all(log, small);
    EXPECT_TRUE(less.starts_with("...") && less.ends_with("omore\n")) << less;
    EXPECT_TRUE(less.size() > 300 && less.size() < before.size()) << less.size();
    log.move(small, none);
    EXPECT_EQ(read_all(log, none), "...");
    EXPECT_TRUE(log.has_after(0)) << "that something was there is still known";
}

TEST(LogRing, WhoseMemoryIsGoneIsEmpty) {
    Store store{1 << 20};
    LogRing log{LogRing::step};
    log.append(store, 1, Stream::output, std::string(4000, 'a'));
    store.lose();
    EXPECT_EQ(read_all(log, store), "no such position");
    log.append(store, 1, Stream::output, std::string(4000, 'b'));
    EXPECT_EQ(read_all(log, store), "...");
}

// Against all that was written: what is kept is its end.
TEST(LogRing, RandomWritesAndMoves) {
    std::mt19937 random{7};
    for (int round = 0; round < 50; ++round) {
        auto store = std::make_unique<Store>(LogRing::step * (random() % 5));
        LogRing log{LogRing::step * (1 + random() % 4)};
        std::string written;
        for (int i = 0; i < 300; ++i) {
            const std::string text(1 + random() % (i % 7 == 0 ? 5000 : 60),
                                   static_cast<char>('a' + random() % 26));
            log.append(*store, 1, Stream::output, text);
            written += text;
            if (random() % 40 == 0) {
                auto next = std::make_unique<Store>(LogRing::step * (random() % 5));
                log.move(*store, *next);
                store = std::move(next);
            }
            ASSERT_TRUE(written.ends_with(read_all(log, *store, 0, false)));
        }
    }
}

}  // namespace
}  // namespace procmgr
