// SPDX-License-Identifier: MIT
// What drivers hold: interrupts, the right to make them, and ports. (Device registers are Memory.)
#pragma once

#include "libs/ipc/kernel_objects/notification.hpp"

namespace ipc {

struct Interrupt : Object {
    using Op = abi::InterruptOp;

    // Each interrupt signals these bits.
    [[nodiscard]] KernelResult<void> bind(Ref<Notification> notification,
                                          std::uint64_t bits) const {
        return detail::operate(index, Op::bind, {notification.index(), bits});
    }
    // Lets the line interrupt again.
    [[nodiscard]] KernelResult<void> acknowledge() const {
        return detail::operate(index, Op::acknowledge);
    }
};

// What a device must be told in order to send this interrupt (PCI 3.0, 6.8.1).
struct MsiInterrupt {
    Capability<Interrupt> interrupt;
    std::uint64_t address;
    std::uint32_t data;
};

struct InterruptControl : Object {
    using Op = abi::InterruptControlOp;

    [[nodiscard]] KernelResult<Capability<Interrupt>> create_line(std::uint64_t global_interrupt,
                                                                  std::uint64_t flags,
                                                                  Ref<Bank> bank) const {
        return detail::obtain<Interrupt>(index, Op::create_line,
                                         {global_interrupt, flags, bank.index()});
    }
    [[nodiscard]] KernelResult<MsiInterrupt> create_msi(Ref<Bank> bank) const {
        const Words words = TRY(detail::ask(index, Op::create_msi, {0, 0, bank.index()}));
        return MsiInterrupt{Capability<Interrupt>{static_cast<CapIndex>(words[0])}, words[1],
                            static_cast<std::uint32_t>(words[2])};
    }
    // All CPUs run threads from now on.
    [[nodiscard]] KernelResult<void> start_cpus() const {
        return detail::operate(index, Op::start_cpus, {});
    }
};

struct IoPorts : Object {
    using Op = abi::IoPortsOp;

    // T is std::uint8_t, std::uint16_t or std::uint32_t.
    template <class T>
    [[nodiscard]] KernelResult<T> in(std::uint16_t port) const {
        return static_cast<T>(TRY(detail::ask(index, Op::in, {port, sizeof(T)}))[0]);
    }
    template <class T>
    [[nodiscard]] KernelResult<void> out(std::uint16_t port, T value) const {
        return detail::operate(index, Op::out, {port, sizeof(T), value});
    }
    // All the bytes (at most 4096) to one port. They may stand in the message page already.
    [[nodiscard]] KernelResult<void> write(std::uint16_t port,
                                           std::span<const std::byte> bytes) const {
        put_payload(bytes);
        return detail::operate(index, Op::write, {port}, bytes.size());
    }
    // The right to `count` ports from `first` on, and no others.
    [[nodiscard]] KernelResult<Capability<IoPorts>> window(std::uint16_t first, std::uint32_t count,
                                                           Ref<Bank> bank) const {
        return detail::obtain<IoPorts>(index, Op::window, {first, count, bank.index()});
    }
};

}  // namespace ipc
