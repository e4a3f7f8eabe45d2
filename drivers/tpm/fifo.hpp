// SPDX-License-Identifier: MIT
// The FIFO interface, which was called TIS (profile, section 6.5.2): all bytes go through one
// register, in bursts that the TPM announces.
#pragma once

#include "drivers/tpm/interface.hpp"

namespace tpm {

class Fifo final : public Interface {
public:
    explicit Fifo(Registers& registers) : registers_(registers) {}

    Result<void> claim() override;
    Result<void> send(std::span<const std::byte> command) override;
    Progress poll() override;
    Result<std::size_t> receive(std::span<std::byte> answer) override;
    void cancel() override;
    void finish() override;

private:
    [[nodiscard]] bool has(std::uint8_t bits);
    // How many bytes may go through the FIFO now, at most `wanted`; 0: it took too long.
    [[nodiscard]] std::size_t burst(std::size_t wanted);
    [[nodiscard]] bool read(std::span<std::byte> to);

    Registers& registers_;
    bool cancelled_ = false;
};

}  // namespace tpm
