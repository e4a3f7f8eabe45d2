// SPDX-License-Identifier: MIT
#include "kernel/object/interrupt.hpp"

#include <algorithm>
#include <array>

#include "abi/kernel/operation.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/plat/platform.hpp"

namespace kernel {

namespace {

constexpr std::size_t vector_count = plat::vector_device_last - plat::vector_device_first + 1;

// Who owns which device vector; null: it is free.
constinit std::array<Interrupt*, vector_count> owners{};

}  // namespace

Result<Interrupt*> Interrupt::create(Bank& bank, std::uint32_t line, bool level) {
    const auto place = std::ranges::find(owners, nullptr);
    TRY(refuse_if(place == owners.end(), Error::busy));
    const auto vector =
        static_cast<std::uint8_t>(plat::vector_device_first + (place - owners.begin()));
    return *place = TRY(bank.make<Interrupt>(bank, vector, line, level));
}

Result<Interrupt*> Interrupt::create_line(Bank& bank, std::uint32_t gsi, std::uint64_t flags) {
    TRY(refuse_if(!plat::line_exists(gsi), Error::out_of_range));
    const auto has_line = [gsi](const Interrupt* other) {
        return other != nullptr && other->line_ == gsi;
    };
    TRY(refuse_if(std::ranges::any_of(owners, has_line), Error::busy));
    const bool level = (flags & abi::InterruptFlags::level) != 0;
    Interrupt* interrupt = TRY(create(bank, gsi, level));
    plat::route_line(gsi, interrupt->vector_, level,
                     (flags & abi::InterruptFlags::active_low) != 0);
    return interrupt;
}

void Interrupt::bind(Notification& notification, std::uint64_t bits) {
    bound_.begin(notification, bits);
    acknowledge();
}

void Interrupt::acknowledge() {
    if (line_ != no_line && bound_.target != nullptr) {
        plat::mask_line(line_, false);
    }
}

bool Interrupt::sever(Work& work) {
    if (!work.take(4)) {
        return false;
    }
    if (line_ != no_line) {
        plat::mask_line(line_, true);
    }
    bound_.cancel();
    owners[vector_ - plat::vector_device_first] = nullptr;
    return true;
}

void Interrupt::arrived(std::uint64_t vector) {
    const std::uint64_t place = vector - plat::vector_device_first;
    Interrupt* interrupt = place < owners.size() ? owners[place] : nullptr;
    if (interrupt == nullptr) {
        return;  // nobody's, or it came while its owner was going
    }
    Notification* target = interrupt->bound_.target;
    if (interrupt->level_ || (target == nullptr && interrupt->line_ != no_line)) {
        plat::mask_line(interrupt->line_, true);
    }
    if (target != nullptr) {
        target->signal(interrupt->bound_.bits);
    }
}

}  // namespace kernel
