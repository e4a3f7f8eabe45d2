// SPDX-License-Identifier: MIT
// Framebuffers (/dev/fb0): the numbers of ioctl and the structures that go with them, as in Linux's uapi/linux/fb.h.
#pragma once

#include <cstdint>

namespace linux_abi {

struct FramebufferIoctl {
    static constexpr std::uint32_t get_variable = 0x4600, put_variable = 0x4601, get_fixed = 0x4602,
                                   pan_display = 0x4606, blank = 0x4611;
};

struct FramebufferFixed {  // fb_fix_screeninfo
    char id[16];
    std::uint64_t memory_start;  // physical address
    std::uint32_t memory_length;
    std::uint32_t type, type_auxiliary, visual;
    std::uint16_t x_pan_step, y_pan_step, y_wrap_step;
    std::uint32_t line_length;
    std::uint64_t registers_start;
    std::uint32_t registers_length;
    std::uint32_t accelerator;
    std::uint16_t capabilities;
    std::uint16_t reserved[2];

    static constexpr std::uint32_t type_packed_pixels = 0, visual_true_colour = 2;
};
static_assert(sizeof(FramebufferFixed) == 80);

struct FramebufferField {  // fb_bitfield
    std::uint32_t offset, length, right;
};

struct FramebufferVariable {  // fb_var_screeninfo
    std::uint32_t width, height, virtual_width, virtual_height, x_offset, y_offset;
    std::uint32_t bits_per_pixel, grey;
    FramebufferField red, green, blue, transparent;
    std::uint32_t non_standard, activate;
    std::uint32_t height_mm, width_mm;  // all ones: unknown
    std::uint32_t flags;
    std::uint32_t timing[9];  // of the pixel's clock and the margins, sync flags and mode
    std::uint32_t rotation, colour_space;
    std::uint32_t reserved[4];
};
static_assert(sizeof(FramebufferVariable) == 160);

}  // namespace linux_abi
