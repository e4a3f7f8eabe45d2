// SPDX-License-Identifier: MIT
// futex(2) on the kernel's futexes.
#include "linux/process/futex.hpp"

#include <algorithm>

#include "libs/base/align.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using linux_abi::FutexOp;

constexpr std::uint32_t any_bit = 0xffffffff;

bool is_word(std::uint64_t address) {
    return base::is_aligned(address, 4) && user::is_program_range(address, 4);
}

// Of FUTEX_WAIT (from now on) and FUTEX_WAIT_BITSET (a point of time).
Result<std::uint64_t> read_deadline(std::uint64_t address, std::uint32_t operation) {
    if (address == 0) {
        return ipc::no_deadline;
    }
    const auto time = TRY(user::read<linux_abi::Timespec>(address));
    const std::uint64_t ns = TRY(to_ns(time));
    if ((operation & FutexOp::command) == FutexOp::wait) {
        return deadline_after(monotonic_now(), ns);
    }
    if ((operation & FutexOp::real_time) != 0) {
        return real_time_deadline(ns);
    }
    return std::max<std::uint64_t>(ns, 1);
}

std::int64_t wait(std::uint64_t address, std::uint32_t expected, std::uint32_t bitset,
                  std::uint64_t deadline) {
    for (;;) {
        const auto woken = ipc::own_space()->futex_wait(
            address, expected, bitset, {.deadline = deadline, .interruptible = true});
        if (woken) {
            return 0;
        }
        switch (woken.error()) {
            case abi::Error::interrupted:
                if (signals::interrupted()) {
                    return deadline == ipc::no_deadline ? restart : -Errno::eintr;
                }
                break;
            case abi::Error::changed:     return -Errno::eagain;
            case abi::Error::would_block:
            case abi::Error::timed_out:   return -Errno::etimedout;
            default:                      return -to_errno(woken.error());
        }
    }
}

std::int64_t requeue(const Arguments& arguments, bool compare) {
    if (!is_word(arguments[4])) {
        return -Errno::einval;
    }
    if (arguments.integer(2) < 0 || static_cast<std::int32_t>(arguments[3]) < 0) {
        return -Errno::einval;
    }
    const auto moved = ipc::own_space()->futex_requeue({.address = arguments[0],
                                                        .wake = arguments.word(2),
                                                        .target = arguments[4],
                                                        .move = arguments.word(3),
                                                        .compare = compare,
                                                        .expected = arguments.word(5)});
    if (!moved) {
        return moved.error() == abi::Error::changed ? -Errno::eagain : -to_errno(moved.error());
    }
    return static_cast<std::int64_t>(moved->woken + moved->moved);
}

// FUTEX_WAKE_OP: changes the second word, wakes waiters of the first, and of the second if what it
// held before compares so.
struct WakeOperation {
    std::uint32_t operation, comparison, operand, comparand;
};

WakeOperation decode(std::uint32_t raw) {
    constexpr std::uint32_t operand_is_shift = 8;
    auto sign_extend = [](std::uint32_t value) {
        return static_cast<std::uint32_t>(static_cast<std::int32_t>(value << 20) >> 20);
    };
    WakeOperation result{.operation = raw >> 28,
                         .comparison = raw >> 24 & 15,
                         .operand = sign_extend(raw >> 12 & 0xfff),
                         .comparand = sign_extend(raw & 0xfff)};
    if ((result.operation & operand_is_shift) != 0) {
        result.operation &= ~operand_is_shift;
        result.operand = 1U << (result.operand & 31);
    }
    return result;
}

Result<std::uint32_t> apply(std::uint32_t operation, std::uint32_t old, std::uint32_t operand) {
    switch (operation) {
        case 0:  return operand;
        case 1:  return old + operand;
        case 2:  return old | operand;
        case 3:  return old & ~operand;
        case 4:  return old ^ operand;
        default: return base::fail(Errno::enosys);
    }
}

Result<bool> compare(std::uint32_t comparison, std::uint32_t old, std::uint32_t comparand) {
    const auto a = static_cast<std::int32_t>(old);
    const auto b = static_cast<std::int32_t>(comparand);
    switch (comparison) {
        case 0:  return a == b;
        case 1:  return a != b;
        case 2:  return a < b;
        case 3:  return a <= b;
        case 4:  return a > b;
        case 5:  return a >= b;
        default: return base::fail(Errno::enosys);
    }
}

Result<std::uint64_t> wake_operation(const Arguments& arguments) {
    if (!is_word(arguments[4])) {
        return base::fail(Errno::einval);
    }
    const WakeOperation how = decode(arguments.word(5));
    std::uint32_t old = TRY(user::load_word(arguments[4]));
    for (;;) {
        const std::uint32_t fresh = TRY(apply(how.operation, old, how.operand));
        const std::uint32_t held = TRY(user::compare_exchange_word(arguments[4], old, fresh));
        if (held == old) {
            break;
        }
        old = held;
    }
    std::uint64_t woken = futex_wake(arguments[0], arguments.word(2));
    if (TRY(compare(how.comparison, old, how.comparand))) {
        woken += futex_wake(arguments[4], arguments.word(3));
    }
    return woken;
}

std::int64_t wait_call(const Arguments& arguments, std::uint32_t bitset) {
    const auto deadline = read_deadline(arguments[3], arguments.word(1));
    if (!deadline) {
        return -deadline.error();
    }
    return bitset == 0 ? -Errno::einval : wait(arguments[0], arguments.word(2), bitset, *deadline);
}

std::int64_t wake_call(const Arguments& arguments, std::uint32_t bitset) {
    if (bitset == 0) {
        return -Errno::einval;
    }
    const auto count = static_cast<std::uint64_t>(std::max(arguments.integer(2), 1));
    const auto woken = ipc::own_space()->futex_wake(arguments[0], count, bitset);
    return woken ? static_cast<std::int64_t>(*woken) : -to_errno(woken.error());
}

}  // namespace

std::uint64_t futex_wake(std::uint64_t address, std::uint64_t count) {
    if (!is_word(address)) {
        return 0;
    }
    return ipc::own_space()->futex_wake(address, count).value_or(0);
}

namespace calls {

std::int64_t futex(const Arguments& arguments) {
    if (!base::is_aligned(arguments[0], 4)) {
        return -Errno::einval;
    }
    if (!is_word(arguments[0])) {
        return -Errno::efault;
    }
    switch (arguments.word(1) & FutexOp::command) {
        case FutexOp::wait:            return wait_call(arguments, any_bit);
        case FutexOp::wait_bitset:     return wait_call(arguments, arguments.word(5));
        case FutexOp::wake:            return wake_call(arguments, any_bit);
        case FutexOp::wake_bitset:     return wake_call(arguments, arguments.word(5));
        case FutexOp::requeue:         return requeue(arguments, false);
        case FutexOp::compare_requeue: return requeue(arguments, true);
        case FutexOp::wake_op:         return to_return(wake_operation(arguments));
        default:                       return -Errno::enosys;
    }
}

}  // namespace calls
}  // namespace linux
