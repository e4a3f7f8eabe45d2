// SPDX-License-Identifier: MIT
// Opening: from a path to a description of the right kind.
#pragma once

#include <cstdint>
#include <string_view>

#include "linux/fd/description.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/server_file.hpp"

namespace linux::fd {

// The path stands at the start of the message page. `flags` and `mode` as in open(2); `more` of
// fs::OpenFlags.
Result<Handle> open(Path path, std::uint32_t flags, std::uint32_t mode, std::uint32_t more = 0);

// What protocol fs calls these flags; EINVAL if they contradict each other.
Result<std::uint32_t> to_open_flags(std::uint32_t flags);

// The description for a file that a server opened. `path`: a directory's, absolute and tidy;
// empty if unknown. `shared`: others may hold it too.
Handle make_description(ipc::Capability<fs::File> file, const ServerFileInfo& info,
                        std::uint32_t status, std::string_view path, bool shared);

// A description of its own for the terminal that the File is of; of a master, for its slave.
Result<Handle> open_again(ipc::Ref<fs::File> file, ServerFileInfo info, std::uint32_t flags);

}  // namespace linux::fd
