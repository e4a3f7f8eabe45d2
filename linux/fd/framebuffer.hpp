// SPDX-License-Identifier: MIT
// /dev/fb0: the screen, for as long as the process's terminal is in front. Mapping it borrows its memory from console, which may
// take that back at any time (ProgramSpace::map_lent). It has one mode, the one that is set.
#pragma once

#include "linux/fd/server_file.hpp"

namespace linux::fd {

class Framebuffer final : public Stream {
public:
    using Stream::Stream;
    static bool serves(const ServerFileInfo& info);
    // The node says nothing of whose screen it is: procmgr does. ENXIO: the session's terminal is on none.
    static Result<Handle> open(const ServerFileInfo& info, std::uint32_t status);

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    std::int64_t ioctl(std::uint32_t request, std::uint64_t argument) override;
    [[nodiscard]] bool is_framebuffer() const override { return true; }
    [[nodiscard]] std::string device_path() const override { return "/dev/fb0"; }
};

}  // namespace linux::fd
