// SPDX-License-Identifier: MIT
#include "linux/signal/fpu.hpp"

#include "abi/linux/signal.hpp"
#include "libs/base/align.hpp"
#include "linux/entry/cpu.hpp"
#include "linux/entry/user_memory.hpp"

extern "C" {
std::int64_t linux_user_save_fpu(void* to, std::uint64_t features);
std::int64_t linux_user_load_fpu(const void* from, std::uint64_t features);
}

namespace linux::signals {
namespace {

constexpr std::size_t legacy_bytes = 512;
constexpr std::size_t header_bytes = 64;

struct Layout {
    std::uint64_t features;  // 0: the CPU has FXSAVE only
    std::size_t bytes;
};

// Asked of the CPU each time: signals are rare, and this needs no state.
Layout layout() {
    constexpr std::uint32_t os_xsave = 1U << 27;
    if ((cpuid(1).ecx & os_xsave) == 0) {
        return {0, legacy_bytes};
    }
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return {std::uint64_t{high} << 32 | low, cpuid(13).ebx};
}

bool in_program(std::uint64_t address, std::size_t bytes) {
    return base::is_aligned(address, 64) && user::is_program_range(address, bytes);
}

}  // namespace

std::size_t fpu_state_bytes() {
    const Layout state = layout();
    return state.features == 0 ? state.bytes : state.bytes + sizeof(std::uint32_t);
}

Result<void> save_fpu(std::uint64_t to) {
    using linux_abi::ExtendedStateMarker;
    const Layout state = layout();
    if (!in_program(to, state.bytes)) {
        return base::fail(Errno::efault);
    }
    if (state.features != 0) {
        // XSAVE leaves reserved fields of its header as they are, and XRSTOR refuses them unless 0.
        TRY(user::clear(to + legacy_bytes, header_bytes));
    }
    if (linux_user_save_fpu(reinterpret_cast<void*>(to), state.features) != 0) {
        return base::fail(Errno::efault);
    }
    ExtendedStateMarker marker{};
    if (state.features != 0) {
        marker.magic1 = ExtendedStateMarker::magic1_value;
        marker.extended_size = static_cast<std::uint32_t>(state.bytes + sizeof(std::uint32_t));
        marker.features = state.features;
        marker.state_size = static_cast<std::uint32_t>(state.bytes);
        TRY(user::write(to + state.bytes, std::uint32_t{ExtendedStateMarker::magic2_value}));
    }
    return user::write(to + ExtendedStateMarker::offset, marker);
}

Result<void> load_fpu(std::uint64_t from) {
    using linux_abi::ExtendedStateMarker;
    if (!in_program(from, legacy_bytes)) {
        return base::fail(Errno::efault);
    }
    const Layout state = layout();
    const auto marker = TRY(user::read<ExtendedStateMarker>(from + ExtendedStateMarker::offset));
    const bool extended = marker.magic1 == ExtendedStateMarker::magic1_value &&
                          state.features != 0 && in_program(from, state.bytes);
    const std::uint64_t features = extended ? marker.features & state.features : 0;
    if (linux_user_load_fpu(reinterpret_cast<const void*>(from), features) != 0) {
        return base::fail(Errno::efault);
    }
    return {};
}

void reset_fpu() {
    constexpr std::uint32_t default_mxcsr = 0x1f80;
    alignas(64) std::byte area[legacy_bytes + header_bytes]{};
    area[0] = std::byte{0x7f};  // the x87 control word: 0x37f
    area[1] = std::byte{0x03};
    __builtin_memcpy(area + 24, &default_mxcsr, sizeof default_mxcsr);
    // An XSTATE_BV of 0 brings everything to its initial state.
    (void)linux_user_load_fpu(area, layout().features);
}

}  // namespace linux::signals
