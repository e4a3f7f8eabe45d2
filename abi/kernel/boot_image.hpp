// SPDX-License-Identifier: MIT
// How the first process comes: laid out in pages, so that the kernel only has to map them. It is what the initial archive's
// second page and those after it hold: the data of the archive's first file (tools/cluu/initrd.py makes it from init's ELF file).
//
//   page 0 of the archive   the file's header and name (cpio)
//   page 1                  BootImage
//   page 2 and on           the pages of the parts
#pragma once

#include <cstdint>

namespace abi {

struct BootImage {
    static constexpr std::uint64_t archive_page = 1;                     // where it is
    static constexpr std::uint64_t magic_value = 0x544f'4f42'5555'4c43;  // "CLUUBOOT"

    std::uint64_t magic;
    std::uint64_t entry;  // rip of the first instruction
    struct Part {
        std::uint64_t address;       // of its first page
        std::uint64_t pages;         // 0: there is no such part
        std::uint64_t archive_page;  // where what it begins with is ...
        std::uint64_t
            archive_pages;    // ... so many pages, of which it has a copy; the rest is zeros
        std::uint64_t flags;  // MapFlags
    } parts[8];
};

}  // namespace abi
