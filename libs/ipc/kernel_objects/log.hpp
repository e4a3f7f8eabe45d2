// SPDX-License-Identifier: MIT
// Log: the kernel's log ring.
#pragma once

#include <algorithm>
#include <string_view>

#include "abi/kernel/trace.hpp"
#include "libs/ipc/kernel_objects/memory.hpp"
#include "libs/ipc/operate.hpp"

namespace ipc {

struct LogText {
    std::uint64_t next;               // position to go on from
    std::span<const std::byte> text;  // in the message page; empty if there is no more
};

struct TraceEvents {
    std::uint64_t lost;                 // since the start
    std::span<const std::byte> events;  // abi::TraceEvent, in the message page
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
    // Events are recorded in this memory from now on. -> how many CPUs
    [[nodiscard]] KernelResult<std::uint64_t> trace_start(Ref<Memory> rings) const {
        return TRY(detail::ask(index, Op::trace_start, {rings.index()}))[0];
    }
    [[nodiscard]] KernelResult<TraceEvents> trace_read(std::uint64_t cpu) const {
        const sys::Outcome outcome = detail::operate_raw(index, Op::trace_read, {cpu});
        if (outcome.error != abi::Error::ok) {
            return base::fail(outcome.error);
        }
        return TraceEvents{outcome.words[0], message_page().first(std::min(outcome.tag.payload(),
                                                                           abi::message_bytes))};
    }
    [[nodiscard]] KernelResult<void> trace_stop() const {
        return detail::operate(index, Op::trace_stop);
    }
};

}  // namespace ipc
