// SPDX-License-Identifier: MIT
// Passing descriptors on, and getting at them on their way (linux/fd/parcel.hpp).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"

namespace escape {

inline constexpr std::size_t most = 8;
inline constexpr std::size_t control_bytes = CMSG_SPACE(most * sizeof(int));
inline constexpr abi::CapIndex first_shelf_slot = 16, last_slot = 4000;

inline void give(int socket, const std::vector<int>& fds) {
    alignas(cmsghdr) std::array<char, control_bytes> control{};
    iovec data{const_cast<char*>("x"), 1};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    if (sendmsg(socket, &message, 0) != 1) {
        std::perror("sendmsg");
        std::exit(1);
    }
}

// What came with one byte; none: that did not come.
inline std::optional<std::vector<int>> take(int socket) {
    alignas(cmsghdr) std::array<char, control_bytes> control{};
    char byte = 0;
    iovec data{&byte, 1};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(socket, &message, 0) != 1) {
        return std::nullopt;
    }
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    std::vector<int> fds(header == nullptr ? 0 : (header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    if (!fds.empty()) {
        std::memcpy(fds.data(), CMSG_DATA(header), fds.size() * sizeof(int));
    }
    return fds;
}

struct OnItsWay {
    ipc::Ref<ipc::CapTable> shelf;
    ipc::Capability<ipc::CapTable> parcel;
};

// The parcel that was given latest. The shelf that it lies on is the only table in sight that has one in
// its first place.
inline std::optional<OnItsWay> take_parcel() {
    for (abi::CapIndex slot = process::first_free; slot < last_slot; ++slot) {
        const auto info = ipc::own_table()->query(slot);
        if (!info || info->type != abi::ObjectType::cap_table) {
            continue;
        }
        const ipc::Ref<ipc::CapTable> shelf{slot};
        if (auto parcel = shelf->take<ipc::CapTable>(first_shelf_slot)) {
            return OnItsWay{shelf, std::move(*parcel)};
        }
    }
    return std::nullopt;
}

}  // namespace escape
