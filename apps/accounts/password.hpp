// SPDX-License-Identifier: MIT
// argon2id, with or without a TPM.
//
// A hash says by its first word of which kind it is:
//
//     $argon2id$v=19$m=4096,t=2,p=1$SALT$HASH          of the password alone
//     $tpm2$SEALED$argon2id$v=19$m=4096,...$SALT$HASH  of the password and of a secret, which a TPM keeps (SEALED is that, as
//                                                      tpm::seal gives it) and gives to who has the right value: argon2id
//                                                      of the password alone, with another purpose
//
// Bytes are written as in the first kind: base64 without padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/accounts/tpm/chip.hpp"

namespace accounts {

enum class Verdict {
    right,
    wrong,
    cannot_check,  // a damaged hash, or no memory
    no_tpm,        // the hash needs one
    other_tpm,
    tpm_locked,
    tpm_fails,
};

inline constexpr std::string_view plain_kind = "$argon2id$", tpm_kind = "$tpm2$";

// `chip`: null if there is none. An empty hash is never right, but takes the time of one that is: so nobody learns
// which users exist.
Verdict check(std::string_view password, const std::string& hash, tpm::Transport* chip);

// With a fresh salt, and, with a TPM, a fresh secret. Nothing if there is no randomness or memory to be had, or
// the TPM does not do it.
std::optional<std::string> make_hash(std::string_view password, tpm::Transport* chip);

}  // namespace accounts
