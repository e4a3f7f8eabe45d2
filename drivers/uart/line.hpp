// SPDX-License-Identifier: MIT
// One serial line: a 16550A (National Semiconductor PC16550D data sheet), 115200 baud, 8 bits, no parity.
//
// Its two directions share nothing but the port range: one thread may send while another receives.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "libs/ipc/kernel_objects.hpp"

namespace uart {

class Line {
public:
    Line(ipc::Ref<ipc::IoPorts> ports, std::uint16_t base) : ports_(ports), base_(base) {}

    // False: there is no 16550 at these ports.
    bool initialise();

    // Waits, while the transmitter is full.
    void send(std::span<const std::byte> bytes);
    // What has come in, at most as much as fits. -> how much
    std::size_t receive(std::span<char> to);

private:
    [[nodiscard]] std::uint8_t in(std::uint16_t reg) const;
    void out(std::uint16_t reg, std::uint8_t value);

    ipc::Ref<ipc::IoPorts> ports_;
    std::uint16_t base_;
};

}  // namespace uart
