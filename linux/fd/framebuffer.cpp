// SPDX-License-Identifier: MIT
#include "linux/fd/framebuffer.hpp"

#include <string_view>

#include "abi/linux/framebuffer.hpp"
#include "interfaces/display.hpp"
#include "interfaces/process.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

namespace {

using linux_abi::FramebufferFixed;
using linux_abi::FramebufferVariable;
using Mode = display::GetMode::Reply;

constexpr std::uint32_t bits_per_pixel = 32, bits_per_colour = 8;
constexpr std::uint32_t unknown_size = ~std::uint32_t{0};

FramebufferVariable variable_of(const Mode& mode) {
    const auto field = [](std::uint32_t shift) {
        return linux_abi::FramebufferField{.offset = shift, .length = bits_per_colour, .right = 0};
    };
    FramebufferVariable variable{};
    variable.width = variable.virtual_width = mode.width;
    variable.height = variable.virtual_height = mode.height;
    variable.bits_per_pixel = bits_per_pixel;
    variable.red = field(mode.red_shift);
    variable.green = field(mode.green_shift);
    variable.blue = field(mode.blue_shift);
    variable.height_mm = variable.width_mm = unknown_size;
    return variable;
}

// Where the memory is concerns nobody but console.
FramebufferFixed fixed_of(const Mode& mode) {
    FramebufferFixed fixed{};
    constexpr std::string_view name = "cluu console";
    name.copy(fixed.id, sizeof fixed.id);
    fixed.memory_length = mode.pitch * mode.height;
    fixed.type = FramebufferFixed::type_packed_pixels;
    fixed.visual = FramebufferFixed::visual_true_colour;
    fixed.line_length = mode.pitch;
    return fixed;
}

// What is asked for must be what there is.
std::int64_t put_variable(const Mode& mode, std::uint64_t argument, bool answers) {
    const auto wanted = user::read<FramebufferVariable>(argument);
    if (!wanted) {
        return -wanted.error();
    }
    const FramebufferVariable now = variable_of(mode);
    const bool same_size = wanted->width == now.width && wanted->height == now.height &&
                           wanted->bits_per_pixel == now.bits_per_pixel;
    if ((answers && !same_size) || wanted->x_offset != 0 || wanted->y_offset != 0) {
        return -Errno::einval;
    }
    return answers ? to_return(user::write(argument, now)) : 0;
}

}  // namespace

bool Framebuffer::serves(const ServerFileInfo& info) {
    return info.kind == fs::Kind::character_device &&
           info.device_major == display::framebuffer_major &&
           info.device_minor == display::framebuffer_minor;
}

Result<Handle> Framebuffer::open(const ServerFileInfo& info, std::uint32_t status) {
    auto answer = ipc::call(own_process(), process::OpenFramebuffer{});
    if (!answer) {
        const bool no_screen = answer.error() == ipc::Failure{ipc::Status::not_found} ||
                               answer.error() == ipc::Failure{ipc::Status::not_terminal};
        return base::fail(no_screen ? Errno::enxio : to_errno(answer.error()));
    }
    return Handle{new Framebuffer(status, answer->take<fs::File>(), info)};
}

std::int64_t Framebuffer::read(UserBuffer& /*buffer*/, Offset /*offset*/) { return -Errno::einval; }
std::int64_t Framebuffer::write(UserBuffer& /*buffer*/, Offset /*offset*/) {
    return -Errno::einval;
}

std::int64_t Framebuffer::ioctl(std::uint32_t request, std::uint64_t argument) {
    using linux_abi::FramebufferIoctl;
    const auto asked = ipc::call(file(), display::GetMode{});
    if (!asked) {
        return -to_errno(asked.error());
    }
    const Mode& mode = asked->reply;
    switch (request) {
        case FramebufferIoctl::get_variable:
            return to_return(user::write(argument, variable_of(mode)));
        case FramebufferIoctl::get_fixed:    return to_return(user::write(argument, fixed_of(mode)));
        case FramebufferIoctl::put_variable: return put_variable(mode, argument, true);
        case FramebufferIoctl::pan_display:  return put_variable(mode, argument, false);
        case FramebufferIoctl::blank:        return argument == 0 ? 0 : -Errno::einval;
        default:                             return -Errno::enotty;
    }
}

}  // namespace linux::fd
