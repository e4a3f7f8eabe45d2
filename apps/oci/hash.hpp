// SPDX-License-Identifier: MIT
// SHA-256, which OCI calls everything by.
#pragma once

#include <sha2.h>
#include <array>

#include "apps/oci/source.hpp"

namespace oci {

class Hash {
public:
    Hash() { SHA256Init(&context_); }
    void add(std::span<const std::byte> bytes) {
        SHA256Update(&context_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    // In hexadecimal. Nothing can be added afterwards.
    std::string text() {
        std::array<char, SHA256_DIGEST_STRING_LENGTH> digits;
        return SHA256End(&context_, digits.data());
    }

private:
    SHA2_CTX context_;
};

// Of what a source gives until its end.
Result<std::string> hash_of(Source& source);

}  // namespace oci
