// SPDX-License-Identifier: MIT
// The parameters of new hashes suit a machine of 64 MiB: 4 MiB of memory, two passes, one lane (so libargon2 starts no
// threads). Existing hashes carry their own.
#include "apps/accounts/password.hpp"

#include <argon2.h>
#include <sys/random.h>
#include <array>
#include <cstdint>
#include <cstring>

#include "apps/accounts/hash_text.hpp"

namespace accounts {

namespace {

constexpr Cost usual_cost{.memory_kib = 4096, .passes = 2, .lanes = 1};
constexpr std::size_t salt_bytes = 16;

using Salt = std::array<std::byte, salt_bytes>;

std::uint8_t* data_of(std::span<const std::byte> bytes) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

template <class T>
bool fill_randomly(T& bytes) {
    return getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

// libargon2 leaves pieces of the password on the stack below its caller, in what its hash function works on.
[[gnu::noinline]] void scrub_stack() {
    constexpr std::size_t deeper_than_argon2 = std::size_t{16} << 10;
    std::array<std::byte, deeper_than_argon2> below;
    base::wipe(below.data(), below.size());
}

std::optional<std::string> plain_hash(std::string_view password, const Salt& salt) {
    constexpr std::size_t hash_bytes = 32;
    const auto [memory, passes, lanes] = usual_cost;
    std::string encoded(argon2_encodedlen(passes, memory, lanes, salt_bytes, hash_bytes, Argon2_id),
                        '\0');
    int error =
        argon2id_hash_encoded(passes, memory, lanes, password.data(), password.size(), salt.data(),
                              salt.size(), hash_bytes, encoded.data(), encoded.size());
    scrub_stack();
    if (error != ARGON2_OK) return std::nullopt;
    encoded.resize(strlen(encoded.c_str()));
    return encoded;
}

// What argon2id makes of a password, and of a secret beside it.
bool derive(std::string_view password, const Cost& cost, std::span<const std::byte> salt,
            std::span<const std::byte> secret, std::string_view purpose, tpm::Secret& to) {
    argon2_context context{};
    context.out = data_of(to.bytes);
    context.outlen = static_cast<std::uint32_t>(to.bytes.size());
    context.pwd = data_of(std::as_bytes(std::span{password}));
    context.pwdlen = static_cast<std::uint32_t>(password.size());
    context.salt = data_of(salt);
    context.saltlen = static_cast<std::uint32_t>(salt.size());
    context.secret = data_of(secret);
    context.secretlen = static_cast<std::uint32_t>(secret.size());
    context.ad = data_of(std::as_bytes(std::span{purpose}));
    context.adlen = static_cast<std::uint32_t>(purpose.size());
    context.t_cost = cost.passes;
    context.m_cost = cost.memory_kib;
    context.lanes = context.threads = cost.lanes;
    context.version = ARGON2_VERSION_13;
    context.flags = ARGON2_DEFAULT_FLAGS;
    const int error = argon2id_ctx(&context);
    scrub_stack();
    return error == ARGON2_OK;
}

bool derive_value(std::string_view password, const Cost& cost, std::span<const std::byte> salt,
                  tpm::Secret& to) {
    return derive(password, cost, salt, {}, "the value for the TPM", to);
}

bool same(const tpm::Secret& a, const tpm::Secret& b) {
    std::byte difference{};
    for (std::size_t i = 0; i < a.bytes.size(); ++i) difference |= a.bytes[i] ^ b.bytes[i];
    return difference == std::byte{};
}

Verdict verdict_of(tpm::Error error) {
    switch (error) {
        case tpm::Error::wrong:     return Verdict::wrong;
        case tpm::Error::locked:    return Verdict::tpm_locked;
        case tpm::Error::foreign:   return Verdict::other_tpm;
        case tpm::Error::no_answer:
        case tpm::Error::refused:   break;
    }
    return Verdict::tpm_fails;
}

Verdict check_with(tpm::Transport& chip, std::string_view password, std::string_view hash) {
    const auto parts = read_tpm_hash(hash);
    tpm::Secret value, found;
    if (!parts || !derive_value(password, parts->cost, parts->salt, value))
        return Verdict::cannot_check;
    const auto secret = tpm::unseal(chip, parts->sealed, value);
    if (!secret) return verdict_of(secret.error());
    if (!derive(password, parts->cost, parts->salt, secret->bytes, {}, found))
        return Verdict::cannot_check;
    // The TPM has told right from wrong already.
    return same(found, parts->hash) ? Verdict::right : Verdict::cannot_check;
}

std::optional<std::string> make_with(tpm::Transport& chip, std::string_view password,
                                     const Salt& salt) {
    TpmHash parts{.cost = usual_cost, .salt = {salt.begin(), salt.end()}};
    tpm::Secret secret, value, owner;
    if (!fill_randomly(secret.bytes) || !fill_randomly(owner.bytes) ||
        !derive_value(password, parts.cost, salt, value) ||
        !derive(password, parts.cost, salt, secret.bytes, {}, parts.hash))
        return std::nullopt;
    // What may set the count back is thrown away.
    tpm::protect(chip, owner);
    auto sealed = tpm::seal(chip, secret, value);
    if (!sealed) return std::nullopt;
    parts.sealed = std::move(*sealed);
    return text_of(parts);
}

}  // namespace

Verdict check(std::string_view password, const std::string& hash, tpm::Transport* chip) {
    if (hash.empty()) {
        (void)plain_hash(password, {});
        return Verdict::wrong;
    }
    if (hash.starts_with(tpm_kind))
        return chip != nullptr ? check_with(*chip, password, hash) : Verdict::no_tpm;
    const int error = argon2id_verify(hash.c_str(), password.data(), password.size());
    scrub_stack();
    switch (error) {
        case ARGON2_OK:              return Verdict::right;
        case ARGON2_VERIFY_MISMATCH: return Verdict::wrong;
        default:                     return Verdict::cannot_check;
    }
}

std::optional<std::string> make_hash(std::string_view password, tpm::Transport* chip) {
    Salt salt;
    if (!fill_randomly(salt)) return std::nullopt;
    return chip != nullptr ? make_with(*chip, password, salt) : plain_hash(password, salt);
}

}  // namespace accounts
