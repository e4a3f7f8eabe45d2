// SPDX-License-Identifier: MIT
#include "apps/fbprobe/screen.hpp"

#include <fcntl.h>
#include <linux/fb.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <utility>

namespace fbprobe {

std::optional<Screen> Screen::open() {
    const int descriptor = ::open("/dev/fb0", O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return std::nullopt;
    Screen screen{descriptor};
    if (!screen.read_mode()) return std::nullopt;
    return screen;
}

Screen::Screen(Screen&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(other.bytes_),
      canvas_(std::exchange(other.canvas_, {})) {}

Screen::~Screen() {
    leave();
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool Screen::read_mode() {
    fb_var_screeninfo variable{};
    fb_fix_screeninfo fixed{};
    if (ioctl(descriptor_, FBIOGET_VSCREENINFO, &variable) != 0 ||
        ioctl(descriptor_, FBIOGET_FSCREENINFO, &fixed) != 0)
        return false;
    constexpr std::uint32_t pixel_bytes = sizeof(std::uint32_t);
    if (variable.bits_per_pixel != 8 * pixel_bytes || variable.red.length != 8 ||
        variable.green.length != 8 || variable.blue.length != 8 ||
        fixed.line_length % pixel_bytes != 0) {
        errno = EINVAL;
        return false;
    }
    bytes_ = std::size_t{fixed.line_length} * variable.yres;
    canvas_ = {.pixels = {},
               .width = variable.xres,
               .height = variable.yres,
               .stride = fixed.line_length / pixel_bytes,
               .red = variable.red.offset,
               .green = variable.green.offset,
               .blue = variable.blue.offset};
    return true;
}

std::string Screen::mode() const {
    const auto at = [](std::uint32_t bit) { return "8@" + std::to_string(bit); };
    return std::to_string(canvas_.width) + "x" + std::to_string(canvas_.height) + ", " +
           std::to_string(canvas_.stride * sizeof(std::uint32_t)) +
           " bytes a row, 32 bits a pixel: red " + at(canvas_.red) + ", green " +
           at(canvas_.green) + ", blue " + at(canvas_.blue);
}

bool Screen::borrow() {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    if (memory == MAP_FAILED) return false;
    canvas_.pixels = {static_cast<std::uint32_t*>(memory), bytes_ / sizeof(std::uint32_t)};
    return true;
}

void Screen::leave() {
    if (!borrowed()) return;
    munmap(canvas_.pixels.data(), bytes_);
    canvas_.pixels = {};
}

}  // namespace fbprobe
