// SPDX-License-Identifier: MIT
// Interrupt: one interrupt line or message-signalled vector, which signals a notification.
//
// A level-triggered line is masked when it interrupts, until the driver acknowledges; any line when nobody is told of it. Edges and messages must not be masked: one
// that came meanwhile would be lost, and a device that waits for its service makes no second one. InterruptControl is the right
// to make Interrupt objects; there is one, the first process gets it.
#pragma once

#include <cstdint>

#include "kernel/object/notification.hpp"
#include "kernel/object/object.hpp"
#include "kernel/result.hpp"

namespace kernel {

class Interrupt final : public Object {
public:
    static constexpr std::uint32_t no_line = ~std::uint32_t{0};

    Interrupt(Bank& bank, std::uint8_t vector, std::uint32_t line, bool level)
        : Object(ObjectType::interrupt, bank), vector_(vector), level_(level), line_(line) {}

    // busy: the line has an owner already, or all vectors are taken.
    static Result<Interrupt*> create_line(Bank& bank, std::uint32_t gsi, std::uint64_t flags);
    static Result<Interrupt*> create(Bank& bank, std::uint32_t line = no_line, bool level = false);

    void bind(Notification& notification, std::uint64_t bits);
    void acknowledge();
    [[nodiscard]] bool sever(Work& work);
    [[nodiscard]] std::uint8_t vector() const { return vector_; }

    // From the trap handler: the vector interrupted.
    static void arrived(std::uint64_t vector);

private:
    std::uint8_t vector_;
    bool level_;
    std::uint32_t line_;
    Subscription bound_;
};

class InterruptControl final : public Object {
public:
    explicit InterruptControl(Bank& bank) : Object(ObjectType::interrupt_control, bank) {}
    [[nodiscard]] static bool sever(Work& work) { return work.take(2); }
};

}  // namespace kernel
