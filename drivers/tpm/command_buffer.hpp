// SPDX-License-Identifier: MIT
// The command response buffer, CRB (profile, section 6.5.3): command and answer lie in a buffer of
// the TPM's. Only one inside of the page of the registers is taken: where firmware lets the TPM read the
// machine's memory instead, this does not work (docs/caveats.md).
#pragma once

#include "drivers/tpm/interface.hpp"

namespace tpm {

class CommandBuffer final : public Interface {
public:
    // `physical`: where the page of the registers is.
    CommandBuffer(Registers& registers, std::uint64_t physical)
        : registers_(registers), physical_(physical) {}

    Result<void> claim() override;
    Result<void> send(std::span<const std::byte> command) override;
    Progress poll() override;
    Result<std::size_t> receive(std::span<std::byte> answer) override;
    void cancel() override;
    void finish() override;

private:
    struct Area {  // in the page
        std::uint32_t offset = 0;
        std::size_t bytes = 0;
    };
    [[nodiscard]] std::optional<Area> area(std::uint64_t address, std::uint32_t bytes) const;
    void read(std::uint32_t offset, std::span<std::byte> to);

    Registers& registers_;
    std::uint64_t physical_;
    Area command_, answer_;
};

}  // namespace tpm
