// SPDX-License-Identifier: MIT
#include "servers/console/framebuffer.hpp"

#include "libs/ipc/protocol.hpp"

namespace console {

namespace {

constexpr std::uint64_t map_flags =
    abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::write_combining;

// Bochs dispi registers, 16 bits each, from this offset on.
constexpr std::uint64_t dispi_offset = 0x500;
enum DispiRegister : std::uint32_t {
    id = 0,
    x_resolution = 1,
    y_resolution = 2,
    bits = 3,
    enable = 4
};
constexpr std::uint16_t dispi_id_first = 0xb0c0;
constexpr std::uint16_t dispi_enabled_linear = 0x41;
constexpr std::uint32_t wanted_width = 1024;
constexpr std::uint32_t wanted_height = 768;
constexpr std::uint8_t wanted_bits = 32;

}  // namespace

Framebuffer::Framebuffer(const Mode& mode, ipc::Ref<ipc::Memory> memory, rt::Mapping pixels)
    : mode_(mode),
      memory_(memory),
      pixels_(std::move(pixels)),
      drawn_(std::size_t{columns()} * rows()) {}

std::optional<Framebuffer> Framebuffer::from_boot(ipc::Ref<ipc::Memory> memory, const Mode& mode) {
    if (!memory || mode.bits_per_pixel != 32 || mode.width < Font::width ||
        mode.height < Font::height) {
        return std::nullopt;
    }
    const std::uint64_t in_page = mode.address % abi::page_size;
    if (in_page != 0) {
        return std::nullopt;
    }
    auto mapping =
        rt::map(memory, {.length = std::uint64_t{mode.pitch} * mode.height, .flags = map_flags});
    if (!mapping) {
        return std::nullopt;
    }
    return Framebuffer(mode, memory, std::move(*mapping));
}

std::optional<Framebuffer> Framebuffer::from_bochs(ipc::Ref<device::Bus> bus) {
    auto acquired = ipc::call(bus, device::Acquire{});
    if (!acquired) {
        return std::nullopt;
    }
    auto card = acquired->take<device::Device>();
    auto pixels = ipc::call(card, device::MapRegisters{.bar = 0});
    if (!pixels) {
        return std::nullopt;
    }
    auto pixel_memory = pixels->take<ipc::Memory>();
    auto registers = ipc::call(card, device::MapRegisters{.bar = 2});
    if (!registers) {
        return std::nullopt;
    }
    const auto register_memory = registers->take<ipc::Memory>();
    const auto control =
        rt::map(register_memory.ref(),
                {.length = abi::page_size,
                 .flags = abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::uncached});
    if (!control) {
        return std::nullopt;
    }
    auto* dispi = reinterpret_cast<volatile std::uint16_t*>(control->address() + dispi_offset);
    if ((dispi[id] & 0xfff0) != dispi_id_first) {
        return std::nullopt;
    }
    // Only if it is not so already: when this server is started again, other CPUs run (servers/devmgr/main.cpp).
    if (dispi[x_resolution] != wanted_width || dispi[y_resolution] != wanted_height ||
        dispi[bits] != wanted_bits || dispi[enable] != dispi_enabled_linear) {
        dispi[enable] = 0;
        dispi[x_resolution] = wanted_width;
        dispi[y_resolution] = wanted_height;
        dispi[bits] = wanted_bits;
        dispi[enable] = dispi_enabled_linear;
    }
    const Mode mode{.address = 0,
                    .width = wanted_width,
                    .height = wanted_height,
                    .pitch = wanted_width * 4,
                    .bits_per_pixel = wanted_bits,
                    .red_shift = 16,
                    .green_shift = 8,
                    .blue_shift = 0};
    auto framebuffer = from_boot(pixel_memory.ref(), mode);
    if (framebuffer) {
        framebuffer->card_ = std::move(card);
        framebuffer->card_memory_ = std::move(pixel_memory);
    }
    return framebuffer;
}

std::uint32_t Framebuffer::pixel(std::uint32_t colour) const {
    return (colour >> 16 & 0xff) << mode_.red_shift | (colour >> 8 & 0xff) << mode_.green_shift |
           (colour & 0xff) << mode_.blue_shift;
}

void Framebuffer::draw(std::uint32_t row, std::uint32_t column, const Cell& cell,
                       const Font& font) {
    const Font::Glyph glyph = font.glyph(cell.character);
    std::uint32_t on = pixel(cell.style.foreground);
    std::uint32_t off = pixel(cell.style.background);
    const Style& style = cell.style;
    if (style.has(Attribute::inverse)) {
        std::swap(on, off);
    }
    std::uint64_t line = pixels_.address() + std::uint64_t{row} * Font::height * mode_.pitch +
                         std::uint64_t{column} * Font::width * 4;
    for (std::uint32_t y = 0; y < Font::height; ++y, line += mode_.pitch) {
        std::uint32_t bits = glyph[y];
        bits = style.has(Attribute::italic) && y < Font::height / 2 ? bits >> 1 : bits;
        if ((style.has(Attribute::underline) && y == Font::height - 2) ||
            (style.has(Attribute::struck) && y == Font::height / 2)) {
            bits = 0xff;
        }
        auto* to = reinterpret_cast<std::uint64_t*>(line);
        for (std::uint32_t x = 0; x < Font::width / 2; ++x) {
            const std::uint64_t left = (bits & 0x80) != 0 ? on : off;
            const std::uint64_t right = (bits & 0x40) != 0 ? on : off;
            to[x] = left | right << 32;
            bits <<= 2;
        }
    }
}

void Framebuffer::show(const Screen& screen, const Font& font) {
    Cell* drawn = drawn_.data();
    for (std::uint32_t row = 0; row < rows(); ++row) {
        for (std::uint32_t column = 0; column < columns(); ++column, ++drawn) {
            const Cell cell = screen.seen(row, column);
            if (fresh_ || cell != *drawn) {
                *drawn = cell;
                draw(row, column, cell, font);
            }
        }
    }
    fresh_ = false;
}

}  // namespace console
