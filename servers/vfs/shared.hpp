// SPDX-License-Identifier: MIT
// Shared ownership, by a count in the thing itself. (std::shared_ptr needs a part of the C++ library
// that exists only as code for a hosted system.)
#pragma once

#include <cstdint>
#include <utility>

namespace vfs {

// The base of what is shared.
class Counted {
public:
    Counted() = default;
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    template <class T>
    friend class Shared;

    std::uint32_t references_ = 0;
};

template <class T>
class Shared {
public:
    Shared() = default;
    explicit Shared(T* owned) : at_(owned) { ++at_->references_; }
    Shared(const Shared& other) : at_(other.at_) {
        if (at_ != nullptr) {
            ++at_->references_;
        }
    }
    Shared(Shared&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    Shared& operator=(Shared other) noexcept {
        std::swap(at_, other.at_);
        return *this;
    }
    ~Shared() {
        if (at_ != nullptr && --at_->references_ == 0) {
            delete at_;
        }
    }

    [[nodiscard]] T* get() const { return at_; }
    T* operator->() const { return at_; }
    T& operator*() const { return *at_; }
    friend bool operator==(const Shared&, const Shared&) = default;

private:
    T* at_ = nullptr;
};

}  // namespace vfs
