// SPDX-License-Identifier: MIT
// The parameters of new hashes suit a machine of 64 MiB: 4 MiB of memory, two passes, one lane (so libargon2 starts no
// threads). Existing hashes carry their own.
#include "apps/accounts/password.hpp"

#include <argon2.h>
#include <sys/random.h>
#include <array>
#include <cstdint>
#include <cstring>

namespace accounts {

namespace {

constexpr std::uint32_t memory_kib = 4096;
constexpr std::uint32_t passes = 2;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;

std::optional<std::string> hash_with(std::string_view password,
                                     const std::array<unsigned char, salt_bytes>& salt) {
    std::string encoded(
        argon2_encodedlen(passes, memory_kib, lanes, salt_bytes, hash_bytes, Argon2_id), '\0');
    int error =
        argon2id_hash_encoded(passes, memory_kib, lanes, password.data(), password.size(),
                              salt.data(), salt.size(), hash_bytes, encoded.data(), encoded.size());
    if (error != ARGON2_OK) return std::nullopt;
    encoded.resize(strlen(encoded.c_str()));
    return encoded;
}

}  // namespace

Verdict check(std::string_view password, const std::string& hash) {
    if (hash.empty()) {
        (void)hash_with(password, {});
        return Verdict::wrong;
    }
    switch (argon2id_verify(hash.c_str(), password.data(), password.size())) {
        case ARGON2_OK:              return Verdict::right;
        case ARGON2_VERIFY_MISMATCH: return Verdict::wrong;
        default:                     return Verdict::cannot_check;
    }
}

std::optional<std::string> make_hash(std::string_view password) {
    std::array<unsigned char, salt_bytes> salt;
    if (getrandom(salt.data(), salt.size(), 0) != static_cast<ssize_t>(salt.size()))
        return std::nullopt;
    return hash_with(password, salt);
}

}  // namespace accounts
