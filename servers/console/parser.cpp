// SPDX-License-Identifier: MIT
#include "servers/console/parser.hpp"

namespace console {

namespace {

constexpr char32_t replacement = 0xfffd;
constexpr std::uint32_t largest_parameter = 65535;

constexpr char escape = 0x1b;
constexpr char cancel = 0x18;
constexpr char substitute = 0x1a;

bool is_control(char byte) { return static_cast<std::uint8_t>(byte) < 0x20; }

}  // namespace

void Parser::feed(char byte) {
    if (state_ == State::string) {
        in_string(byte);
        return;
    }
    if (state_ == State::string_escape) {
        // An end by ESC and a backslash; with anything else another sequence has begun.
        state_ = byte == '\\' ? State::ground : State::escape;
        intermediate_ = 0;
        if (byte == '\\') {
            if (is_command_ && command_.size() <= longest_command) {
                sink_.command(command_);
            }
            return;
        }
    }
    if (byte == escape) {
        if (continuation_ != 0) {
            continuation_ = 0;
            sink_.print(replacement);
        }
        state_ = State::escape;
        intermediate_ = 0;
        return;
    }
    if (byte == cancel || byte == substitute) {
        state_ = State::ground;
        return;
    }
    switch (state_) {
        case State::ground: ground(byte); return;
        case State::escape: in_escape(byte); return;
        default:            in_sequence(byte); return;
    }
}

// A string (title and the like) ends with BEL, or ESC and a backslash.
void Parser::in_string(char byte) {
    if (byte == escape) {
        state_ = State::string_escape;
    } else if (byte == cancel || byte == substitute || byte == '\a') {
        state_ = State::ground;
        if (byte == '\a' && is_command_ && command_.size() <= longest_command) {
            sink_.command(command_);
        }
    } else if (is_command_ && command_.size() <= longest_command) {
        command_ += byte;
    }
}

void Parser::ground(char byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    if (continuation_ == 0 && value < 0x80) {
        if (is_control(byte)) {
            sink_.control(byte);
        } else if (byte != 0x7f) {
            sink_.print(static_cast<char32_t>(value));
        }
        return;
    }
    decode(value);
}

// UTF-8 (RFC 3629).
void Parser::decode(std::uint8_t byte) {
    if ((byte & 0xc0) == 0x80 && continuation_ != 0) {
        character_ = character_ << 6 | (byte & 0x3f);
        if (--continuation_ == 0) {
            const bool surrogate = character_ >= 0xd800 && character_ < 0xe000;
            const bool valid = character_ >= least_ && character_ <= 0x10ffff && !surrogate;
            sink_.print(valid ? character_ : replacement);
        }
        return;
    }
    if (continuation_ != 0) {
        continuation_ = 0;
        sink_.print(replacement);
        if (byte < 0x80) {
            ground(static_cast<char>(byte));
            return;
        }
    }
    if (byte >= 0xc2 && byte < 0xe0) {
        character_ = byte & 0x1f;
        continuation_ = 1;
        least_ = 0x80;
    } else if (byte >= 0xe0 && byte < 0xf0) {
        character_ = byte & 0x0f;
        continuation_ = 2;
        least_ = 0x800;
    } else if (byte >= 0xf0 && byte < 0xf5) {
        character_ = byte & 0x07;
        continuation_ = 3;
        least_ = 0x10000;
    } else {
        sink_.print(replacement);
    }
}

void Parser::in_escape(char byte) {
    if (is_control(byte)) {
        sink_.control(byte);
        return;
    }
    if (byte >= 0x20 && byte < 0x30) {
        intermediate_ = byte;
        return;
    }
    state_ = State::ground;
    if (intermediate_ == 0 && byte == '[') {
        sequence_ = {};
        state_ = State::sequence;
    } else if (intermediate_ == 0 &&
               (byte == ']' || byte == 'P' || byte == '^' || byte == '_' || byte == 'X')) {
        state_ = State::string;
        is_command_ = byte == ']';
        command_.clear();
    } else {
        sink_.escape(intermediate_, byte);
    }
}

void Parser::in_sequence(char byte) {
    if (is_control(byte)) {
        sink_.control(byte);
        return;
    }
    if (byte >= '0' && byte <= '9') {
        if (sequence_.count == 0) {
            sequence_.count = 1;
        }
        std::uint32_t& parameter = sequence_.parameters[sequence_.count - 1];
        parameter = parameter * 10 + static_cast<std::uint32_t>(byte - '0');
        if (parameter > largest_parameter) {
            parameter = largest_parameter;
        }
    } else if (byte == ';' || byte == ':') {
        if (sequence_.count == 0) {
            sequence_.count = 1;
        }
        if (sequence_.count == ControlSequence::most_parameters) {
            state_ = State::ignored_sequence;
        } else {
            sequence_.parts |= byte == ':' ? 1U << sequence_.count : 0;
            ++sequence_.count;
        }
    } else if (byte >= '<' && byte <= '?') {
        sequence_.prefix = byte;
    } else if (byte >= 0x20 && byte < 0x30) {
        sequence_.intermediate = byte;
    } else if (byte >= 0x40 && byte != 0x7f) {
        sequence_.final = byte;
        const bool known = state_ == State::sequence;
        state_ = State::ground;
        if (known) {
            sink_.control_sequence(sequence_);
        }
    }
}

}  // namespace console
