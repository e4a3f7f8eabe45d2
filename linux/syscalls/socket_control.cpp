// SPDX-License-Identifier: MIT
#include "linux/syscalls/socket_control.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "libs/base/align.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"

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

using Credentials = fd::PipeEnd::Peer;
static_assert(sizeof(Credentials) == 12);

Result<void> check_credentials(std::span<const std::byte> data) {
    Credentials said;
    if (data.size() != sizeof said) {
        return base::fail(Errno::einval);
    }
    std::memcpy(&said, data.data(), sizeof said);
    const bool own = said.pid == identity().pid && said.user == identity().user &&
                     said.group == identity().group_id;
    return own ? Result<void>{} : base::fail(Errno::eperm);
}

// Messages of levels that are not the socket's own are not for it.
Result<void> add_message(const ControlHeader& message, std::span<const std::byte> data,
                         std::vector<Handle>& to) {
    if (message.level != linux_abi::SocketLevel::socket) {
        return {};
    }
    switch (message.type) {
        case ControlType::descriptors: return add_descriptors(data, to);
        case ControlType::credentials: return check_credentials(data);
        default:                       return base::fail(Errno::einval);
    }
}

// Writes one control message after the other.
class ControlWriter {
public:
    explicit ControlWriter(MessageHeader& header)
        : header_(header), room_(std::exchange(header.control_length, 0)) {}

    // How much data the next message can have; nothing: not even its header fits.
    [[nodiscard]] std::size_t room() const {
        const std::uint64_t left = room_ - header_.control_length;
        return left <= sizeof(ControlHeader) ? 0 : left - sizeof(ControlHeader);
    }
    Result<void> put(std::uint32_t type, std::span<const std::byte> data) {
        const ControlHeader message{.length = sizeof(ControlHeader) + data.size(),
                                    .level = linux_abi::SocketLevel::socket,
                                    .type = type};
        const std::uint64_t at = header_.control + header_.control_length;
        TRY(user::write(at, message));
        TRY(user::copy_out(at + sizeof message, data.data(), data.size()));
        header_.control_length = std::min(
            room_, header_.control_length +
                       base::align_up(message.length, std::uint64_t{sizeof(std::uint64_t)}));
        return {};
    }
    void truncate() { header_.flags |= MessageFlag::control_truncated; }

private:
    MessageHeader& header_;
    std::uint64_t room_;
};

Result<void> put_credentials(ControlWriter& writer, const Credentials& sender) {
    if (writer.room() < sizeof sender) {
        writer.truncate();
        return {};
    }
    return writer.put(ControlType::credentials, std::as_bytes(std::span{&sender, 1}));
}

Result<void> put_descriptors(ControlWriter& writer, const fd::Parcel& parcel, bool close_on_exec) {
    const std::size_t most = writer.room() / sizeof(std::int32_t);
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
        writer.truncate();
    }
    if (numbers.empty()) {
        return {};
    }
    const auto written = writer.put(ControlType::descriptors, std::as_bytes(std::span{numbers}));
    if (!written) {
        for (const std::int32_t number : numbers) {
            (void)fd::table.close(number);
        }
    }
    return written;
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

Result<void> write_control(MessageHeader& header, const fd::PipeEnd::Received& received,
                           bool close_on_exec, bool wants_credentials) {
    ControlWriter writer{header};
    if (wants_credentials) {
        TRY(put_credentials(writer, received.peer));
    }
    return received.parcel ? put_descriptors(writer, received.parcel, close_on_exec)
                           : Result<void>{};
}

}  // namespace linux
