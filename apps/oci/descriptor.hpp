// SPDX-License-Identifier: MIT
// Descriptors that close themselves, and what is done with them.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/oci/source.hpp"

namespace oci {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor();

    explicit operator bool() const { return number_ >= 0; }
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] int release() { return std::exchange(number_, -1); }

private:
    int number_ = -1;
};

// False: errno says why.
bool write_all(int file, std::span<const std::byte> bytes);
// All of a file from its start, or that it is longer.
Result<std::string> read_text(int file, std::size_t most);
// Of a directory, sorted, without `.` and `..`.
std::vector<std::string> names_in(int directory);

}  // namespace oci
