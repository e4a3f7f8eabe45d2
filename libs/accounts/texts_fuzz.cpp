// SPDX-License-Identifier: MIT
// Whatever a client sends: what was taken for texts is the same payload when it is put together again.
#include <algorithm>
#include <cstdlib>

#include "libs/accounts/texts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto payload = std::as_bytes(std::span{data, size});
    accounts::Texts texts;
    if (!texts.read(payload)) {
        if (texts.size() != 0) std::abort();
        return 0;
    }
    accounts::Texts again;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (!again.add(texts[i])) std::abort();
    }
    if (!std::ranges::equal(again.payload(), payload)) std::abort();
    return 0;
}
