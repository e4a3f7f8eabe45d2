// SPDX-License-Identifier: MIT
// One of the two register interfaces of a TPM 2.0 (TCG PC Client Platform TPM Profile for TPM 2.0,
// 1.05), at locality 0:
//
//     idle --send--> working --(poll)--> answered --receive--> idle
//                       `----cancel----> idle, once the TPM has let go (poll)
//
// Everything that the TPM has to do at once is waited for here, at most `patience`; the work on a
// command is not: it is looked at from time to time, by `poll`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "libs/base/result.hpp"

namespace tpm {

// The registers of one page, and a clock: of the machine, or of a test.
class Registers {
public:
    virtual std::uint8_t read8(std::uint32_t offset) = 0;
    virtual std::uint32_t read32(std::uint32_t offset) = 0;
    virtual void write8(std::uint32_t offset, std::uint8_t value) = 0;
    virtual void write32(std::uint32_t offset, std::uint32_t value) = 0;
    virtual std::uint64_t now() = 0;  // nanoseconds

    // Until `done` is true; false if that took longer than `patience`.
    template <class Done>
    [[nodiscard]] bool wait_until(Done done) {
        const std::uint64_t end = now() + patience;
        while (!done()) {
            if (now() >= end) {
                return false;
            }
        }
        return true;
    }
    // The longest of the profile's time-outs, TIMEOUT_B.
    static constexpr std::uint64_t patience = 2'000'000'000;

protected:
    ~Registers() = default;
};

enum class Failure : std::uint8_t {
    too_long,  // a command that does not fit
    broken,    // the TPM does not do what it must
};
template <class T>
using Result = base::Result<T, Failure>;

enum class Progress : std::uint8_t { working, answered, broken };

inline constexpr std::size_t header_bytes = 10;       // of commands and answers: tag, size, code
inline constexpr std::size_t longest_command = 4096;  // and answer

// The size that a header says; big-endian.
inline std::uint32_t size_in(std::span<const std::byte> header) {
    std::uint32_t size = 0;
    for (const std::byte byte : header.subspan(2, 4)) {
        size = size << 8 | std::to_integer<std::uint32_t>(byte);
    }
    return size;
}

class Interface {
public:
    // Locality 0 is ours from now on.
    [[nodiscard]] virtual Result<void> claim() = 0;
    [[nodiscard]] virtual Result<void> send(std::span<const std::byte> command) = 0;
    [[nodiscard]] virtual Progress poll() = 0;
    // -> the answer's length. `answer` has room for `longest_command`.
    [[nodiscard]] virtual Result<std::size_t> receive(std::span<std::byte> answer) = 0;
    // What is under way shall end; poll tells when it has.
    virtual void cancel() = 0;
    // After an answer, or none: ready for the next command.
    virtual void finish() = 0;

protected:
    ~Interface() = default;
};

}  // namespace tpm
