// SPDX-License-Identifier: MIT
// The framebuffer: where cells become pixels. It remembers what it has drawn and draws only what changed.
//
// It comes from the boot loader (a mode is set already), or, booted without one, from QEMU's standard VGA, whose mode is set
// here (QEMU docs/specs/standard-vga.txt: Bochs dispi registers in its second memory region).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "abi/kernel/boot_info.hpp"
#include "interfaces/device.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/rt/mapping.hpp"
#include "servers/console/font.hpp"
#include "servers/console/screen.hpp"

namespace console {

class Framebuffer {
public:
    using Mode = abi::BootInfo::Framebuffer;

    // nullopt: it cannot be used (no memory mapped, an unknown pixel format).
    static std::optional<Framebuffer> from_boot(ipc::Ref<ipc::Memory> memory, const Mode& mode);
    static std::optional<Framebuffer> from_bochs(ipc::Ref<device::Bus> bus);

    [[nodiscard]] std::uint32_t columns() const { return mode_.width / Font::width; }
    [[nodiscard]] std::uint32_t rows() const { return mode_.height / Font::height; }
    [[nodiscard]] std::uint32_t width() const { return mode_.width; }
    [[nodiscard]] std::uint32_t height() const { return mode_.height; }

    [[nodiscard]] const Mode& mode() const { return mode_; }
    // All of it; a row is `pitch` bytes.
    [[nodiscard]] ipc::Ref<ipc::Memory> memory() const { return memory_; }
    [[nodiscard]] std::uint64_t bytes() const { return std::uint64_t{mode_.pitch} * mode_.height; }

    void show(const Screen& screen, const Font& font);
    // Somebody else has drawn: what is there is unknown.
    void forget() { fresh_ = true; }

private:
    Framebuffer(const Mode& mode, ipc::Ref<ipc::Memory> memory, rt::Mapping pixels);
    void draw(std::uint32_t row, std::uint32_t column, const Cell& cell, const Font& font);
    [[nodiscard]] std::uint32_t pixel(std::uint32_t colour) const;

    Mode mode_{};
    ipc::Capability<device::Device> card_;  // what devmgr gave of it lasts as long as this
    ipc::Capability<ipc::Memory> card_memory_;
    ipc::Ref<ipc::Memory> memory_;
    rt::Mapping pixels_;
    std::vector<Cell> drawn_;
    bool fresh_ = true;  // nothing drawn yet: what is there is unknown
};

}  // namespace console
