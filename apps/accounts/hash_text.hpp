// SPDX-License-Identifier: MIT
// The text of a hash that needs a TPM (password.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/accounts/tpm/chip.hpp"

namespace accounts {

struct Cost {  // of argon2id
    std::uint32_t memory_kib = 0, passes = 0, lanes = 0;
    friend bool operator==(const Cost&, const Cost&) = default;
};

struct TpmHash {
    tpm::Sealed sealed;
    Cost cost;
    std::vector<std::byte> salt;
    tpm::Secret hash;
    friend bool operator==(const TpmHash&, const TpmHash&) = default;
};

std::string text_of(const TpmHash& parts);
// Nothing: it is not one.
std::optional<TpmHash> read_tpm_hash(std::string_view text);

}  // namespace accounts
