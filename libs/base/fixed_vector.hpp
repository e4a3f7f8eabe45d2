// SPDX-License-Identifier: MIT
// FixedVector<T, N>: up to N elements in a row, without an allocation. All of its places are there from the beginning, so T is a
// plain value. Who adds one asks before whether it is full.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace base {

template <class T, std::size_t N>
class FixedVector {
public:
    [[nodiscard]] constexpr T* begin() { return places_.data(); }
    [[nodiscard]] constexpr T* end() { return begin() + size_; }
    [[nodiscard]] constexpr const T* begin() const { return places_.data(); }
    [[nodiscard]] constexpr const T* end() const { return begin() + size_; }
    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
    [[nodiscard]] constexpr bool full() const { return size_ == N; }
    // Of an index below size().
    [[nodiscard]] constexpr T& operator[](std::size_t i) { return places_[i]; }
    [[nodiscard]] constexpr const T& operator[](std::size_t i) const { return places_[i]; }
    [[nodiscard]] constexpr std::span<T> span() { return {begin(), size_}; }
    [[nodiscard]] constexpr T& back() { return places_[size_ - 1]; }

    constexpr void push_back(const T& value) { places_[size_++] = value; }
    // Before `position`, which may be end().
    constexpr void insert(T* position, const T& value) {
        std::move_backward(position, end(), end() + 1);
        *position = value;
        ++size_;
    }
    constexpr void erase(T* position) {
        std::move(position + 1, end(), position);
        --size_;
    }

private:
    std::array<T, N> places_{};
    std::size_t size_ = 0;
};

}  // namespace base
