// SPDX-License-Identifier: MIT
// Any bytes as an archive, packed or not: an end or an error, and no path that leads anywhere but
// down.
#include <array>
#include <cstdlib>

#include "apps/oci/tar.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint64_t most = 1 << 20;
    auto bytes = std::as_bytes(std::span(data, size));
    auto source = oci::unpack(std::make_unique<oci::MemorySource>(bytes), most);
    if (!source) return 0;
    oci::TarReader reader(**source);
    for (;;) {
        auto entry = reader.next();
        if (!entry || !*entry) return 0;
        const std::string& path = (*entry)->path;
        if (path.starts_with('/') || ("/" + path + "/").contains("/../") || path.contains('\0'))
            std::abort();
        if (((*entry)->mode & ~0777U) != 0) std::abort();
        std::array<std::byte, 700> buffer;
        for (;;) {
            auto count = reader.read(buffer);
            if (!count) return 0;
            if (*count == 0) break;
        }
        if (reader.position() > most) std::abort();
    }
}
