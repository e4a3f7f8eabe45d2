// SPDX-License-Identifier: MIT
// What vfs starts with: the root view with the root file system, and /dev.
//
// The root is the disk's file system. Whether that works is asked when somebody first wants something
// from it, because its process starts later than vfs. If it does not, a file system in memory takes
// its place, with what the initial archive holds.
#pragma once

#include "servers/vfs/derive.hpp"

namespace vfs {

// Capabilities, by the names in vfs's start page.
struct Surroundings {
    ipc::Ref<ipc::Endpoint> endpoint;  // receive, mint
    ipc::Ref<fs::Manager> memory;      // tmpfs
    ipc::Ref<fs::Directory> disk;      // may be none
    ipc::Ref<ipc::Memory> archive;     // may be none
    ipc::Ref<fs::Directory> tpm;       // its driver; none if there is no TPM
};

// Of /dev/tpm0: its driver is the only one that vfs has from the start.
inline constexpr std::uint32_t tpm_major = 10;

[[nodiscard]] Result<FileSystemPointer> make_in_memory(const Surroundings& around,
                                                       fs::MakeFileSystem how,
                                                       ipc::Ref<ipc::Bank> payer = {});

[[nodiscard]] Result<View> make_root_view(const Surroundings& around);

}  // namespace vfs
