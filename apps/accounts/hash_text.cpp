// SPDX-License-Identifier: MIT
#include "apps/accounts/hash_text.hpp"

#include <algorithm>

#include "apps/accounts/password.hpp"
#include "libs/base/parse.hpp"

namespace accounts {

namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view version = "argon2id$v=19$";
constexpr unsigned bits_of_digit = 6, bits_of_byte = 8;

std::string to_base64(std::span<const std::byte> bytes) {
    std::string text;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const std::byte byte : bytes) {
        held = held << bits_of_byte | std::to_integer<std::uint32_t>(byte);
        bits += bits_of_byte;
        while (bits >= bits_of_digit) {
            bits -= bits_of_digit;
            text += digits[held >> bits & (digits.size() - 1)];
        }
    }
    if (bits != 0) text += digits[held << (bits_of_digit - bits) & (digits.size() - 1)];
    return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
    std::vector<std::byte> bytes;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t digit = digits.find(c);
        if (digit == digits.npos) return std::nullopt;
        held = held << bits_of_digit | static_cast<std::uint32_t>(digit);
        bits += bits_of_digit;
        if (bits >= bits_of_byte) {
            bits -= bits_of_byte;
            bytes.push_back(std::byte(held >> bits & 0xff));
        }
    }
    // One way alone to write the same bytes.
    const bool clean = bits < bits_of_digit && (held & ((1U << bits) - 1)) == 0;
    return clean ? std::optional{std::move(bytes)} : std::nullopt;
}

std::string_view take_until(std::string_view& text, char end) {
    const std::string_view part = text.substr(0, text.find(end));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

// "m=4096", if `name` is m.
std::optional<std::uint32_t> take_number(std::string_view& text, char name, char end) {
    const std::string_view part = take_until(text, end);
    if (part.size() < 3 || part[0] != name || part[1] != '=') return std::nullopt;
    const auto number = base::parse_number(part.substr(2));
    if (!number || *number == 0 || *number > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

}  // namespace

std::string text_of(const TpmHash& parts) {
    const auto& [memory, passes, lanes] = parts.cost;
    return std::string(tpm_kind) + to_base64(parts.sealed) + "$" + std::string(version) +
           "m=" + std::to_string(memory) + ",t=" + std::to_string(passes) +
           ",p=" + std::to_string(lanes) + "$" + to_base64(parts.salt) + "$" +
           to_base64(parts.hash.bytes);
}

std::optional<TpmHash> read_tpm_hash(std::string_view text) {
    if (!text.starts_with(tpm_kind)) return std::nullopt;
    text.remove_prefix(tpm_kind.size());
    const auto sealed = from_base64(take_until(text, '$'));
    if (!text.starts_with(version)) return std::nullopt;
    text.remove_prefix(version.size());
    const auto memory = take_number(text, 'm', ','), passes = take_number(text, 't', ','),
               lanes = take_number(text, 'p', '$');
    const auto salt = from_base64(take_until(text, '$')), hash = from_base64(text);
    TpmHash parts;
    if (!sealed || sealed->empty() || sealed->size() > tpm::longest_sealed || !memory || !passes ||
        !lanes || !salt || !hash || hash->size() != parts.hash.bytes.size())
        return std::nullopt;
    parts.sealed = *sealed;
    parts.cost = {*memory, *passes, *lanes};
    parts.salt = *salt;
    std::ranges::copy(*hash, parts.hash.bytes.begin());
    return parts;
}

}  // namespace accounts
