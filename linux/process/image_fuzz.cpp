// SPDX-License-Identifier: MIT
// Whatever a hostile predecessor or a hostile file says, reading it stays inside it.
#include <cstdint>
#include <cstring>
#include <vector>

#include "linux/process/elf.hpp"
#include "linux/process/image.hpp"
#include "linux/process/script.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    const std::vector<std::byte> block{bytes.begin(), bytes.end()};
    (void)linux::read_image(block);
    (void)linux::parse_script_line(bytes.first(std::min<std::size_t>(size, 256)));
    const auto where = linux::parse_elf_header(bytes, size);
    if (where) {
        const auto elf = linux::parse_elf(bytes, bytes.subspan(where->offset, where->bytes), size,
                                          0x7dff'0000'0000);
        if (elf && (elf->lowest() > elf->highest() || elf->segments.empty())) {
            __builtin_trap();
        }
    }
    return 0;
}
