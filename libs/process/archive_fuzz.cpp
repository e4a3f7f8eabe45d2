// SPDX-License-Identifier: MIT
#include "libs/process/archive.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    std::size_t total = 0;
    for (const auto& entry : loader::Archive{bytes}) {
        if (!entry.data.empty()) {
            total += static_cast<std::size_t>(entry.data.front()) +
                     static_cast<std::size_t>(entry.data.back());
        }
        total += entry.name.size();
    }
    return total == ~std::size_t{0} ? -1 : 0;
}
