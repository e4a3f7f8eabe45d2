// SPDX-License-Identifier: MIT
// /dev/fb0: the screen, for as long as the process's terminal is in front. Mapping it borrows its memory from console, which may
// take that back at any time (ProgramSpace::map_lent). It has one mode, the one that is set.
#pragma once

#include <utility>

#include "linux/fd/server_file.hpp"

namespace linux::fd {

class Framebuffer final : public Stream {
public:
    Framebuffer(std::uint32_t status, ipc::Capability<fs::File> file, const ServerFileInfo& info)
        : Stream(status, std::move(file), info) {
        keep_path("/dev/fb0");
    }
    static bool serves(const ServerFileInfo& info);
    // The node says nothing of whose screen it is: procmgr does. ENXIO: the session's terminal is on none.
    static Result<Handle> open(const ServerFileInfo& info, std::uint32_t status);

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    std::int64_t ioctl(std::uint32_t request, std::uint64_t argument) override;
    [[nodiscard]] bool is_framebuffer() const override { return true; }
};

}  // namespace linux::fd
