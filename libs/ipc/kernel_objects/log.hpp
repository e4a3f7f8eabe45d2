// SPDX-License-Identifier: MIT
// Log: the kernel's log ring.
#pragma once

#include <algorithm>
#include <string_view>

#include "libs/ipc/operate.hpp"

namespace ipc {

struct LogText {
    std::uint64_t next;               // position to go on from
    std::span<const std::byte> text;  // in the message page; empty if there is no more
};

struct Log : Object {
    using Op = abi::LogOp;

    // At most 4096 bytes; the caller adds the line feed.
    [[nodiscard]] KernelResult<void> write(std::string_view text) const {
        const std::size_t length = std::min(text.size(), abi::message_bytes);
        put_payload(std::as_bytes(std::span{text.data(), length}));
        return detail::operate(index, Op::write, {}, length);
    }
    // Does the kernel also write the log to its early console?
    [[nodiscard]] KernelResult<void> set_echo(bool on) const {
        return detail::operate(index, Op::set_echo, {on ? std::uint64_t{1} : std::uint64_t{0}});
    }
    [[nodiscard]] KernelResult<LogText> read(std::uint64_t position) const {
        const sys::Outcome outcome = detail::operate_raw(index, Op::read, {position});
        if (outcome.error != abi::Error::ok) {
            return base::fail(outcome.error);
        }
        return LogText{outcome.words[0],
                       message_page().first(std::min(outcome.tag.payload(), abi::message_bytes))};
    }
};

}  // namespace ipc
