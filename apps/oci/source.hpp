// SPDX-License-Identifier: MIT
// Bytes that are read one after the other: a part of a file, or what is packed in another source.
//
//   FileRange ---> [gzip or zstd, as its first bytes say] ---> at most so many bytes
//
// What is read comes from somebody else. It may be cut off, damaged, or small and unpack to without
// end.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace oci {

// Errors are texts for the person.
template <class T>
using Result = std::expected<T, std::string>;

// A text from somebody else, without what would steer a terminal: control characters are shown as \xNN.
std::string printable(std::string_view text);

class Source {
public:
    virtual ~Source() = default;
    // Up to so many bytes; 0: the end.
    virtual Result<std::size_t> read(std::span<std::byte> to) = 0;

    // All of them, or that there are not so many.
    Result<void> read_all(std::span<std::byte> to);
};

// Somebody wants no more of it (a signal): the next read of any file is an error.
extern volatile std::sig_atomic_t interrupted;

// The descriptor stays the caller's.
class FileRange final : public Source {
public:
    FileRange(int file, std::uint64_t offset, std::uint64_t length)
        : file_(file), offset_(offset), left_(length) {}
    Result<std::size_t> read(std::span<std::byte> to) override;

private:
    int file_;
    std::uint64_t offset_, left_;
};

class MemorySource final : public Source {
public:
    explicit MemorySource(std::span<const std::byte> bytes) : left_(bytes) {}
    Result<std::size_t> read(std::span<std::byte> to) override;

private:
    std::span<const std::byte> left_;
};

// What is packed in `packed`: gzip and zstd are unpacked, anything else is passed on. An error once
// it would be more than `most` bytes. `was_packed` may be null.
Result<std::unique_ptr<Source>> unpack(std::unique_ptr<Source> packed, std::uint64_t most,
                                       bool* was_packed = nullptr);

}  // namespace oci
