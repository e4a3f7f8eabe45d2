// SPDX-License-Identifier: MIT
#include "linux/syscalls/socket_control.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "libs/base/align.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/table.hpp"

namespace linux {

namespace {

using fd::Handle;
using linux_abi::ControlHeader;
using linux_abi::ControlType;
using linux_abi::MessageFlag;
using linux_abi::MessageHeader;

constexpr std::uint64_t most_control = 20480;  // net.core.optmem_max

Result<void> add_descriptors(std::span<const std::byte> numbers, std::vector<Handle>& to) {
    const std::size_t count = numbers.size() / sizeof(std::int32_t);
    if (to.size() + count > fd::most_passed) {
        return base::fail(Errno::einval);
    }
    for (std::size_t i = 0; i < count; ++i) {
        std::int32_t number = 0;
        std::memcpy(&number, numbers.data() + i * sizeof number, sizeof number);
        to.push_back(TRY(fd::table.get(number)));
    }
    return {};
}

// Messages of levels that are not the socket's own are not for it.
Result<void> add_message(const ControlHeader& message, std::span<const std::byte> data,
                         std::vector<Handle>& to) {
    if (message.level != linux_abi::SocketLevel::socket) {
        return {};
    }
    if (message.type != ControlType::descriptors) {
        return base::fail(Errno::einval);
    }
    return add_descriptors(data, to);
}

}  // namespace

Result<fd::Parcel> read_control(const MessageHeader& header) {
    if (header.control_length > most_control) {
        return base::fail(Errno::enobufs);
    }
    std::vector<std::byte> control(header.control_length);
    TRY(user::copy_in(control.data(), header.control, control.size()));
    std::vector<Handle> descriptions;
    std::span<const std::byte> rest = control;
    while (rest.size() >= sizeof(ControlHeader)) {
        ControlHeader message;
        std::memcpy(&message, rest.data(), sizeof message);
        if (message.length < sizeof message || message.length > rest.size()) {
            return base::fail(Errno::einval);
        }
        TRY(add_message(message, rest.first(message.length).subspan(sizeof message), descriptions));
        rest = rest.subspan(std::min<std::size_t>(
            base::align_up(message.length, sizeof(std::uint64_t)), rest.size()));
    }
    return descriptions.empty() ? Result<fd::Parcel>{fd::Parcel{}} : fd::pack(descriptions);
}

Result<void> write_control(MessageHeader& header, const fd::Parcel& parcel, bool close_on_exec) {
    const std::uint64_t room = header.control_length;
    header.control_length = 0;
    if (!parcel) {
        return {};
    }
    const std::size_t most =
        room < sizeof(ControlHeader) ? 0 : (room - sizeof(ControlHeader)) / sizeof(std::int32_t);
    fd::Unpacked unpacked;
    if (most != 0) {
        unpacked = fd::unpack(parcel);
    }
    std::vector<std::int32_t> numbers;
    for (Handle& description : unpacked.descriptions) {
        if (numbers.size() == most) {
            break;
        }
        const auto number = fd::table.install(std::move(description), close_on_exec);
        if (!number) {
            break;
        }
        numbers.push_back(static_cast<std::int32_t>(*number));
    }
    if (!unpacked.complete || numbers.size() < unpacked.descriptions.size() || most == 0) {
        header.flags |= MessageFlag::control_truncated;
    }
    if (numbers.empty()) {
        return {};
    }
    const std::size_t bytes = numbers.size() * sizeof(std::int32_t);
    const ControlHeader message{.length = sizeof(ControlHeader) + bytes,
                                .level = linux_abi::SocketLevel::socket,
                                .type = ControlType::descriptors};
    header.control_length =
        std::min<std::uint64_t>(room, base::align_up(message.length, sizeof(std::uint64_t)));
    auto written = user::write(header.control, message);
    if (written) {
        written = user::copy_out(header.control + sizeof message, numbers.data(), bytes);
    }
    if (!written) {
        for (const std::int32_t number : numbers) {
            (void)fd::table.close(number);
        }
    }
    return written;
}

}  // namespace linux
