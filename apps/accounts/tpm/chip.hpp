// SPDX-License-Identifier: MIT
// A TPM 2.0 that keeps secrets for people who give a value: each secret is a sealed data object under
// the storage root key, and lies outside of the TPM in a form that this TPM alone can read. To try a
// value one has to ask the TPM, which counts the wrong ones, and refuses all after some.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "libs/base/wipe.hpp"

namespace tpm {

// How commands get there.
class Transport {
public:
    virtual ~Transport() = default;
    // -> the answer's length; nothing if there was none.
    virtual std::optional<std::size_t> exchange(std::span<const std::byte> command,
                                                std::span<std::byte> answer) = 0;
    // Before the same command is sent again, as the TPM has asked for.
    virtual void pause() = 0;
};

enum class Error {
    no_answer,  // or one that is none
    wrong,      // the value; it has been counted
    locked,     // too many wrong ones: nothing was tried
    foreign,    // sealed by another TPM, or by this one before it was cleared
    refused,    // anything else that the TPM has against it
};
template <class T>
using Result = std::expected<T, Error>;

// 32 bytes that nobody shall find afterwards.
struct Secret {
    Secret() = default;
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    ~Secret() { base::wipe(bytes.data(), bytes.size()); }
    friend bool operator==(const Secret&, const Secret&) = default;

    std::array<std::byte, 32> bytes{};
};

using Sealed = std::vector<std::byte>;
inline constexpr std::size_t longest_sealed = 512;

// `value`: what must be given to have the secret back.
Result<Sealed> seal(Transport& chip, const Secret& secret, const Secret& value);
Result<Secret> unseal(Transport& chip, std::span<const std::byte> sealed, const Secret& value);

// How the TPM counts wrong values.
struct Lockout {
    bool locked = false;
    bool has_owner = false;  // somebody may change these
    std::uint32_t failures = 0, most = 0;
    std::uint32_t seconds = 0;  // after so many, one failure less is counted
};
Result<Lockout> lockout(Transport& chip);

inline constexpr std::uint32_t most_failures = 32, seconds_for_one = 600;

// Where nobody has set it: `most_failures` may fail, one is forgotten in `seconds_for_one`. Nobody can
// change that, or set the count back, but who has `owner`, or clears the TPM by the firmware. A TPM that
// refuses stays as it is.
void protect(Transport& chip, const Secret& owner);

}  // namespace tpm
