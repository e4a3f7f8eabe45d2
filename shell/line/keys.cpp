// SPDX-License-Identifier: MIT
#include "shell/line/keys.hpp"

namespace shell {

namespace {

constexpr char escape_byte = 0x1b;

Key simple(Key::Kind kind) { return {.kind = kind}; }

Key from_final(char final_byte, bool with_modifier) {
    using Kind = Key::Kind;
    switch (final_byte) {
        case 'A': return simple(Kind::up);
        case 'B': return simple(Kind::down);
        case 'C': return simple(with_modifier ? Kind::word_right : Kind::right);
        case 'D': return simple(with_modifier ? Kind::word_left : Kind::left);
        case 'H': return simple(Kind::home);
        case 'F': return simple(Kind::end);
        default:  return simple(Kind::ignored);
    }
}

}  // namespace

std::optional<Key> KeyDecoder::feed(char byte) {
    switch (state_) {
        case State::ground:       return ground(byte);
        case State::escape:       return escape(byte);
        case State::sequence:     return sequence(byte);
        case State::character:    return character(byte);
        case State::single_shift: state_ = State::ground; return from_final(byte, false);
    }
    return std::nullopt;
}

std::optional<Key> KeyDecoder::ground(char byte) {
    auto value = static_cast<unsigned char>(byte);
    collected_.clear();
    if (byte == escape_byte) {
        state_ = State::escape;
        return std::nullopt;
    }
    if (byte == '\r' || byte == '\n') return simple(Key::Kind::enter);
    if (byte == '\t') return simple(Key::Kind::tab);
    if (value == 0x7f || byte == '\b') return simple(Key::Kind::backspace);
    if (value == 0) return simple(Key::Kind::ignored);
    if (value <= 26)
        return Key{.kind = Key::Kind::control, .letter = static_cast<char>('a' + value - 1)};
    if (value < 0x20) return simple(Key::Kind::ignored);
    collected_ = byte;
    expected_ = value > 0xf4 ? 1 : value >= 0xf0 ? 4 : value >= 0xe0 ? 3 : value >= 0xc2 ? 2 : 1;
    if (expected_ == 1) return Key{.kind = Key::Kind::text, .text = collected_};
    state_ = State::character;
    return std::nullopt;
}

std::optional<Key> KeyDecoder::character(char byte) {
    bool continues = (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
    if (!continues) {
        // The character was cut off; this byte begins something new.
        state_ = State::ground;
        return ground(byte);
    }
    collected_ += byte;
    if (collected_.size() < expected_) return std::nullopt;
    state_ = State::ground;
    return Key{.kind = Key::Kind::text, .text = collected_};
}

std::optional<Key> KeyDecoder::escape(char byte) {
    if (byte == escape_byte) return std::nullopt;
    if (byte == '[') {
        state_ = State::sequence;
        return std::nullopt;
    }
    if (byte == 'O') {
        state_ = State::single_shift;
        return std::nullopt;
    }
    state_ = State::ground;
    auto value = static_cast<unsigned char>(byte);
    if (value == 0x7f || byte == '\b') return Key{.kind = Key::Kind::alt, .letter = '\b'};
    if (value > 0x20 && value < 0x7f) return Key{.kind = Key::Kind::alt, .letter = byte};
    return simple(Key::Kind::ignored);
}

std::optional<Key> KeyDecoder::sequence(char byte) {
    auto value = static_cast<unsigned char>(byte);
    bool is_parameter = value >= 0x20 && value <= 0x3f;
    if (is_parameter) {
        if (collected_.size() < longest_sequence) collected_ += byte;
        return std::nullopt;
    }
    state_ = State::ground;
    // A control byte within a sequence ends it and counts by itself.
    if (value < 0x20) return ground(byte);
    return from_sequence(byte);
}

Key KeyDecoder::from_sequence(char final_byte) const {
    using Kind = Key::Kind;
    if (final_byte != '~') return from_final(final_byte, collected_.contains(';'));
    if (collected_ == "1" || collected_ == "7") return simple(Kind::home);
    if (collected_ == "4" || collected_ == "8") return simple(Kind::end);
    if (collected_ == "3") return simple(Kind::remove);
    return simple(Kind::ignored);
}

}  // namespace shell
