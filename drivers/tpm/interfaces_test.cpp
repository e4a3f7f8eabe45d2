// SPDX-License-Identifier: MIT
// Both register interfaces against models of TPMs: one that works, and ones that do not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "drivers/tpm/command_buffer.hpp"
#include "drivers/tpm/fifo.hpp"

namespace {

using tpm::Failure;
using tpm::Progress;

std::vector<std::byte> bytes(const std::string& text) {
    const auto all = std::as_bytes(std::span{text});
    return {all.begin(), all.end()};
}

std::string message(std::size_t size) {
    std::string text(size, 'x');
    text.replace(
        0, 6,
        std::string{"\x80\x01\0\0", 4} + static_cast<char>(size >> 8) + static_cast<char>(size));
    return text;
}

class Clock : public tpm::Registers {
public:
    virtual ~Clock() = default;
    std::uint64_t now() override { return time += 1'000'000; }
    std::uint64_t time = 0;
};

// A TPM behind a FIFO that takes and gives `most` bytes at a time.
class FifoModel final : public Clock {
public:
    std::uint8_t read8(std::uint32_t offset) override {
        switch (offset) {
            case 0x00: return claimed ? 0xa0 : 0x80;
            case 0x18: return static_cast<std::uint8_t>(status());
            case 0x24: {
                if (answer.empty()) {
                    return 0xff;
                }
                const char byte = answer.front();
                answer.pop_front();
                return static_cast<std::uint8_t>(byte);
            }
            default: return 0;
        }
    }
    std::uint32_t read32(std::uint32_t offset) override {
        EXPECT_EQ(offset, 0x18U);
        return status();
    }
    void write8(std::uint32_t offset, std::uint8_t value) override {
        if (offset == 0x00 && value == 2) {
            claimed = grants;
        } else if (offset == 0x24) {
            command.push_back(static_cast<char>(value));
        } else if (offset == 0x18 && value == 0x20) {
            working = true;
        } else if (offset == 0x18 && value == 0x40) {
            working = false;
            command.clear();
            answer.clear();
        }
    }
    void write32(std::uint32_t, std::uint32_t) override { ADD_FAILURE(); }
    void finish_with(const std::string& text) {
        working = false;
        answer.assign(text.begin(), text.end());
    }

    std::string command;
    std::deque<char> answer;
    bool claimed = false, grants = true, working = false, takes = true;
    std::size_t most = 7;

private:
    std::uint32_t status() const {
        const bool whole = command.size() >= 6 && command.size() >= tpm::size_in(bytes(command));
        const std::size_t burst = !answer.empty() ? std::min(most, answer.size())
                                  : takes         ? most
                                                  : 0;
        return static_cast<std::uint32_t>(burst << 8) | 0x80 |
               (command.empty() && answer.empty() ? 0x40 : 0) |
               (!command.empty() && !whole ? 0x08 : 0) | (!answer.empty() ? 0x10 : 0);
    }
};

TEST(Fifo, CarriesACommandAndItsAnswerInBursts) {
    FifoModel model;
    tpm::Fifo fifo{model};
    ASSERT_TRUE(fifo.claim());
    const std::string command = message(33), answer = message(300);
    ASSERT_TRUE(fifo.send(bytes(command)));
    EXPECT_EQ(model.command, command);
    EXPECT_TRUE(model.working);
    EXPECT_EQ(fifo.poll(), Progress::working);
    model.finish_with(answer);
    EXPECT_EQ(fifo.poll(), Progress::answered);
    std::vector<std::byte> got(tpm::longest_command);
    const auto size = fifo.receive(got);
    ASSERT_TRUE(size);
    got.resize(*size);
    EXPECT_EQ(got, bytes(answer));
    fifo.finish();
    EXPECT_TRUE(fifo.send(bytes(message(12))));
}

TEST(Fifo, ATpmThatDoesNothingIsNotWaitedForWithoutEnd) {
    FifoModel model;
    tpm::Fifo fifo{model};
    model.grants = false;
    EXPECT_EQ(fifo.claim().error(), Failure::broken);
    model.grants = true;
    ASSERT_TRUE(fifo.claim());
    model.takes = false;
    EXPECT_EQ(fifo.send(bytes(message(12))).error(), Failure::broken);
    EXPECT_EQ(fifo.send(std::vector<std::byte>(tpm::longest_command + 1)).error(),
              Failure::too_long);
}

TEST(Fifo, AnswersThatLieAreRefused) {
    for (const std::string& lie : {std::string(9, '\0'), std::string(64, '\0'),
                                   std::string(64, '\xff'), message(400).substr(0, 399)}) {
        FifoModel model;
        tpm::Fifo fifo{model};
        ASSERT_TRUE(fifo.claim() && fifo.send(bytes(message(12))));
        model.finish_with(lie);
        std::vector<std::byte> got(tpm::longest_command);
        EXPECT_EQ(fifo.receive(got).error(), Failure::broken);
    }
}

TEST(Fifo, WhatIsCancelledIsOverWhenTheTpmIsReadyAgain) {
    FifoModel model;
    tpm::Fifo fifo{model};
    ASSERT_TRUE(fifo.claim() && fifo.send(bytes(message(12))));
    fifo.cancel();
    EXPECT_EQ(fifo.poll(), Progress::answered);
    EXPECT_TRUE(fifo.send(bytes(message(14))));
    EXPECT_EQ(fifo.poll(), Progress::working);
}

// All registers are memory; the buffer is at 0x80.
class CrbModel final : public Clock {
public:
    static constexpr std::uint64_t physical = 0xfed4'0000;

    CrbModel() {
        put32(0x58, 0xf80), put32(0x5c, physical + 0x80);
        put32(0x64, 0xf80), put32(0x68, physical + 0x80);
    }
    std::uint8_t read8(std::uint32_t offset) override {
        return static_cast<std::uint8_t>(page.at(offset));
    }
    std::uint32_t read32(std::uint32_t offset) override {
        std::uint32_t value = 0;
        std::memcpy(&value, page.data() + offset, sizeof value);
        return value;
    }
    void write8(std::uint32_t offset, std::uint8_t value) override {
        page.at(offset) = static_cast<char>(value);
    }
    void write32(std::uint32_t offset, std::uint32_t value) override {
        if (offset == 0x08) {
            put32(0x0c, grants ? 1 : 0);
        } else if (offset != 0x40 || !obeys) {
            put32(offset, value);
        }
    }
    void put32(std::uint32_t offset, std::uint64_t value) {
        const auto word = static_cast<std::uint32_t>(value);
        std::memcpy(page.data() + offset, &word, sizeof word);
    }
    void finish_with(const std::string& text) {
        page.replace(0x80, text.size(), text);
        put32(0x4c, 0);
    }

    std::string page = std::string(4096, '\0');
    bool grants = true, obeys = true;
};

TEST(CommandBuffer, CarriesACommandAndItsAnswer) {
    CrbModel model;
    tpm::CommandBuffer buffer{model, CrbModel::physical};
    ASSERT_TRUE(buffer.claim());
    const std::string command = message(33), answer = message(300);
    ASSERT_TRUE(buffer.send(bytes(command)));
    EXPECT_EQ(model.page.substr(0x80, command.size()), command);
    EXPECT_EQ(buffer.poll(), Progress::working);
    model.finish_with(answer);
    EXPECT_EQ(buffer.poll(), Progress::answered);
    std::vector<std::byte> got(tpm::longest_command);
    const auto size = buffer.receive(got);
    ASSERT_TRUE(size);
    got.resize(*size);
    EXPECT_EQ(got, bytes(answer));
}

TEST(CommandBuffer, OnlyABufferInThePageIsTaken) {
    for (const std::uint64_t address :
         {CrbModel::physical + 0x7f, CrbModel::physical + 0x1000, CrbModel::physical + 0x81,
          std::uint64_t{0}, std::uint64_t{0x7fff'0000}}) {
        for (const std::uint32_t low : {0x5cU, 0x68U}) {
            CrbModel model;
            model.put32(low, address);
            EXPECT_EQ(tpm::CommandBuffer(model, CrbModel::physical).claim().error(),
                      Failure::broken);
        }
    }
}

TEST(CommandBuffer, ATpmThatDoesNothingIsNotWaitedForWithoutEnd) {
    CrbModel model;
    tpm::CommandBuffer buffer{model, CrbModel::physical};
    model.grants = false;
    EXPECT_EQ(buffer.claim().error(), Failure::broken);
    model.grants = true;
    ASSERT_TRUE(buffer.claim());
    EXPECT_EQ(buffer.send(std::vector<std::byte>(0xf81)).error(), Failure::too_long);
    model.obeys = false;
    EXPECT_EQ(buffer.send(bytes(message(12))).error(), Failure::broken);
    model.obeys = true;
    model.put32(0x44, 1);
    EXPECT_EQ(buffer.send(bytes(message(12))).error(), Failure::broken);
    EXPECT_EQ(buffer.poll(), Progress::broken);
}

TEST(CommandBuffer, AnswersThatLieAreRefused) {
    for (const std::string& lie : {std::string(64, '\0'), std::string(64, '\xff')}) {
        CrbModel model;
        tpm::CommandBuffer buffer{model, CrbModel::physical};
        ASSERT_TRUE(buffer.claim() && buffer.send(bytes(message(12))));
        model.finish_with(lie);
        std::vector<std::byte> got(tpm::longest_command);
        EXPECT_EQ(buffer.receive(got).error(), Failure::broken);
    }
}

}  // namespace
