// SPDX-License-Identifier: MIT
#include "linux/fd/user_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "linux/entry/user_memory.hpp"

namespace linux::fd {

using linux_abi::IoVector;

template <class Copy>
Result<void> UserBuffer::each(std::uint64_t count, Copy&& copy) {
    UserBuffer ahead = *this;
    std::uint64_t moved = 0;
    while (moved < count) {
        const IoVector& segment = ahead.segments_.front();
        const std::uint64_t part = std::min(count - moved, segment.length - ahead.done_);
        if (part != 0) {
            TRY(copy(segment.base + ahead.done_, moved, part));
        }
        moved += part;
        ahead.done_ += part;
        ahead.remaining_ -= part;
        if (ahead.done_ == segment.length) {
            ahead.segments_ = ahead.segments_.subspan(1);
            ahead.done_ = 0;
        }
    }
    *this = ahead;
    return {};
}

Result<void> UserBuffer::put(std::span<const std::byte> from) {
    if (own_ != nullptr) {
        std::memcpy(own_, from.data(), from.size());
        advance_own(from.size());
        return {};
    }
    return each(from.size(), [&](std::uint64_t to, std::uint64_t at, std::uint64_t part) {
        return user::copy_out(to, from.data() + at, part);
    });
}

Result<void> UserBuffer::get(std::span<std::byte> to) {
    if (own_ != nullptr) {
        std::memcpy(to.data(), own_, to.size());
        advance_own(to.size());
        return {};
    }
    return each(to.size(), [&](std::uint64_t from, std::uint64_t at, std::uint64_t part) {
        return user::copy_in(to.data() + at, from, part);
    });
}

Result<void> UserBuffer::zero(std::uint64_t count) {
    if (own_ != nullptr) {
        std::memset(own_, 0, count);
        advance_own(count);
        return {};
    }
    return each(count, [](std::uint64_t to, std::uint64_t, std::uint64_t part) {
        return user::clear(to, part);
    });
}

Result<UserSegments> UserSegments::one(std::uint64_t address, std::uint64_t length) {
    if (static_cast<std::int64_t>(length) < 0) {
        return base::fail(Errno::einval);
    }
    length = std::min(length, linux_abi::transfer_max);
    if (length != 0 && !user::is_program_range(address, length)) {
        return base::fail(Errno::efault);
    }
    UserSegments segments;
    segments.few_[0] = {address, length};
    segments.count_ = 1;
    segments.total_ = length;
    return segments;
}

Result<UserSegments> UserSegments::list(std::uint64_t vector, std::uint64_t count) {
    if (count > linux_abi::io_vector_max) {
        return base::fail(Errno::einval);
    }
    UserSegments segments;
    segments.count_ = count;
    IoVector* at = segments.few_.data();
    if (count > segments.few_.size()) {
        segments.many_.reset(new (std::nothrow) IoVector[count]);
        at = segments.many_.get();
        if (at == nullptr) {
            return base::fail(Errno::enomem);
        }
    }
    TRY(user::copy_in(at, vector, count * sizeof(IoVector)));
    for (IoVector& one : std::span{at, count}) {
        if (static_cast<std::int64_t>(one.length) < 0) {
            return base::fail(Errno::einval);
        }
        one.length = std::min(one.length, linux_abi::transfer_max - segments.total_);
        if (one.length != 0 && !user::is_program_range(one.base, one.length)) {
            return base::fail(Errno::efault);
        }
        segments.total_ += one.length;
    }
    return segments;
}

}  // namespace linux::fd
