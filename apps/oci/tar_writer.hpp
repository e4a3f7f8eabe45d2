// SPDX-License-Identifier: MIT
// Writes tar archives: POSIX ustar, and pax where a name or a number does not fit (IEEE Std 1003.1,
// pax). The same entries make the same bytes.
#pragma once

#include "apps/oci/hash.hpp"
#include "apps/oci/tar.hpp"

namespace oci {

// Where bytes go to.
class Sink {
public:
    virtual ~Sink() = default;
    virtual Result<void> write(std::span<const std::byte> bytes) = 0;

    Result<void> write(std::string_view text) { return write(std::as_bytes(std::span(text))); }
};

// The descriptor stays the caller's.
class FileSink final : public Sink {
public:
    explicit FileSink(int file) : file_(file) {}
    using Sink::write;
    Result<void> write(std::span<const std::byte> bytes) override;

private:
    int file_;
};

// Hashes and counts what goes through; `to` may be null.
class HashSink final : public Sink {
public:
    explicit HashSink(Sink* to = nullptr) : to_(to) {}
    using Sink::write;
    Result<void> write(std::span<const std::byte> bytes) override;
    [[nodiscard]] std::string hash() { return hash_.text(); }
    [[nodiscard]] std::uint64_t size() const { return size_; }

private:
    Sink* to_;
    Hash hash_;
    std::uint64_t size_ = 0;
};

class TarWriter {
public:
    explicit TarWriter(Sink& to) : to_(to) {}

    // A file's data follow, exactly `size` of them, by write.
    Result<void> begin(const Entry& entry);
    Result<void> write(std::span<const std::byte> bytes);
    // After the latest entry.
    Result<void> finish();

    // A whole file.
    Result<void> add(const std::string& path, std::string_view content);

private:
    Result<void> header(const Entry& entry, char type, std::uint64_t size);
    Result<void> pad();

    Sink& to_;
    std::uint64_t written_ = 0;  // of the latest entry's data
};

}  // namespace oci
