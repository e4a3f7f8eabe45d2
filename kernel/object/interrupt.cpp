// SPDX-License-Identifier: MIT
#include "kernel/object/interrupt.hpp"

#include <array>

#include "abi/kernel/operation.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/plat/platform.hpp"

namespace kernel {

namespace {

constexpr std::size_t vector_count = plat::vector_device_last - plat::vector_device_first + 1;

// Who owns which device vector.
constinit std::array<Interrupt*, vector_count> owners{};
constinit std::array<std::uint32_t, vector_count> lines{};

// The vector for a line is free for reuse when its owner is gone.
Result<std::uint8_t> free_vector() {
    for (std::size_t i = 0; i < vector_count; ++i) {
        if (owners[i] == nullptr) {
            return static_cast<std::uint8_t>(plat::vector_device_first + i);
        }
    }
    return fail(Error::busy);
}

Interrupt*& owner_of(std::uint8_t vector) { return owners[vector - plat::vector_device_first]; }

}  // namespace

Result<Interrupt*> Interrupt::create_line(Bank& bank, std::uint32_t gsi, std::uint64_t flags) {
    if (!plat::line_exists(gsi)) {
        return fail(Error::out_of_range);
    }
    for (std::size_t i = 0; i < vector_count; ++i) {
        if (owners[i] != nullptr && lines[i] == gsi) {
            return fail(Error::busy);
        }
    }
    const std::uint8_t vector = TRY(free_vector());
    const bool level = (flags & abi::InterruptFlags::level) != 0;
    Interrupt* interrupt = TRY(bank.make<Interrupt>(bank, vector, gsi, level));
    owner_of(vector) = interrupt;
    lines[vector - plat::vector_device_first] = gsi;
    plat::route_line(gsi, vector, level, (flags & abi::InterruptFlags::active_low) != 0);
    return interrupt;
}

Result<Interrupt*> Interrupt::create_message(Bank& bank) {
    const std::uint8_t vector = TRY(free_vector());
    Interrupt* interrupt = TRY(bank.make<Interrupt>(bank, vector, no_line, false));
    owner_of(vector) = interrupt;
    lines[vector - plat::vector_device_first] = no_line;
    return interrupt;
}

void Interrupt::bind(Notification& notification, std::uint64_t bits) {
    unbind();
    notification_ = &notification;
    bits_ = bits;
    notification.interrupts_.push_front(*this);
    acknowledge();
}

void Interrupt::unbind() {
    if (notification_ == nullptr) {
        return;
    }
    if (line_ != no_line) {
        plat::mask_line(line_);
    }
    bound_link.unlink();
    notification_ = nullptr;
}

void Interrupt::acknowledge() {
    if (line_ != no_line && notification_ != nullptr) {
        plat::unmask_line(line_);
    }
}

bool Interrupt::sever(Work& work) {
    if (!work.take(4)) {
        return false;
    }
    unbind();
    owner_of(vector_) = nullptr;
    return true;
}

void Interrupt::arrived(std::uint64_t vector) {
    if (vector < plat::vector_device_first || vector > plat::vector_device_last) {
        return;
    }
    Interrupt* interrupt = owner_of(static_cast<std::uint8_t>(vector));
    if (interrupt == nullptr) {
        return;  // it came while its owner was going
    }
    if (interrupt->level_) {
        plat::mask_line(interrupt->line_);
    }
    if (interrupt->notification_ != nullptr) {
        interrupt->notification_->signal(interrupt->bits_);
    }
}

}  // namespace kernel
