// SPDX-License-Identifier: MIT
#include "apps/oci/hash.hpp"

namespace oci {

Result<std::string> hash_of(Source& source) {
    Hash hash;
    std::array<std::byte, 16384> buffer;
    for (;;) {
        auto count = source.read(buffer);
        if (!count) return std::unexpected(count.error());
        if (*count == 0) return hash.text();
        hash.add(std::span(buffer).first(*count));
    }
}

}  // namespace oci
