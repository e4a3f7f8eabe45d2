// SPDX-License-Identifier: MIT
#include "linux/entry/user_memory.hpp"

#include <algorithm>

#include "interfaces/process_image.hpp"
#include "libs/base/align.hpp"

extern "C" {
std::int64_t linux_user_copy(void* to, const void* from, std::size_t bytes);
std::int64_t linux_user_clear(void* to, std::size_t bytes);
std::int64_t linux_user_string(char* to, const char* from, std::size_t most);
std::int64_t linux_user_load(const void* from);
std::uint64_t linux_user_load_long(const void* from);
std::int64_t linux_user_exchange(void* at, std::uint32_t expected, std::uint32_t desired);
}

namespace linux::user {
namespace {

void* pointer(std::uint64_t address) { return reinterpret_cast<void*>(address); }

Result<void> success_if(bool good) {
    if (!good) [[unlikely]] {
        return base::fail(Errno::efault);
    }
    return {};
}

}  // namespace

bool is_program_range(std::uint64_t address, std::uint64_t bytes) {
    return base::range_fits(address, bytes, process::program_end);
}

Result<void> copy_in(void* to, std::uint64_t from, std::size_t bytes) {
    return success_if(is_program_range(from, bytes) &&
                      linux_user_copy(to, pointer(from), bytes) == 0);
}

Result<void> copy_out(std::uint64_t to, const void* from, std::size_t bytes) {
    return success_if(is_program_range(to, bytes) &&
                      linux_user_copy(pointer(to), from, bytes) == 0);
}

Result<void> clear(std::uint64_t to, std::size_t bytes) {
    return success_if(is_program_range(to, bytes) && linux_user_clear(pointer(to), bytes) == 0);
}

Result<std::size_t> copy_string(std::span<char> to, std::uint64_t from) {
    if (from >= process::program_end) {
        return base::fail(Errno::efault);
    }
    const std::size_t most = std::min<std::uint64_t>(to.size(), process::program_end - from);
    const std::int64_t length =
        linux_user_string(to.data(), static_cast<const char*>(pointer(from)), most);
    if (length < 0) {
        return base::fail(Errno::efault);
    }
    if (static_cast<std::size_t>(length) == most) {
        return base::fail(most < to.size() ? Errno::efault : Errno::enametoolong);
    }
    return static_cast<std::size_t>(length);
}

std::uint64_t load_shared(const std::atomic<std::uint64_t>& from) {
    return linux_user_load_long(&from);
}

Result<std::uint32_t> load_word(std::uint64_t from) {
    const std::int64_t value =
        is_program_range(from, sizeof(std::uint32_t)) ? linux_user_load(pointer(from)) : -1;
    if (value < 0) {
        return base::fail(Errno::efault);
    }
    return static_cast<std::uint32_t>(value);
}

Result<std::uint32_t> compare_exchange_word(std::uint64_t at, std::uint32_t expected,
                                            std::uint32_t desired) {
    const std::int64_t value = is_program_range(at, sizeof(std::uint32_t))
                                   ? linux_user_exchange(pointer(at), expected, desired)
                                   : -1;
    if (value < 0) {
        return base::fail(Errno::efault);
    }
    return static_cast<std::uint32_t>(value);
}

}  // namespace linux::user
