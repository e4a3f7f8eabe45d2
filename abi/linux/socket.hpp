// SPDX-License-Identifier: MIT
// Sockets: families, types, options, and the structures of sendmsg and recvmsg.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linux_abi {

struct SocketFamily {
    static constexpr std::uint32_t none = 0, local = 1;
};
struct SocketType {
    static constexpr std::uint32_t mask = 0xf;
    static constexpr std::uint32_t stream = 1, datagram = 2, raw = 3, packets = 5;
    static constexpr std::uint32_t non_block = 04000, close_on_exec = 02000000;
};
struct SocketLevel {
    static constexpr std::uint32_t socket = 1;
};
struct SocketOption {
    static constexpr std::uint32_t reuse_address = 2, pass_credentials = 16, peer_credentials = 17;
    static constexpr std::uint32_t type = 3, error = 4, send_buffer = 7, receive_buffer = 8,
                                   keep_alive = 9, receive_timeout = 20, send_timeout = 21,
                                   accepts = 30, protocol = 38, domain = 39;
};
struct MessageFlag {
    static constexpr std::uint32_t peek = 2, control_truncated = 8, truncated = 0x20,
                                   no_wait = 0x40, wait_all = 0x100, wait_for_one = 0x10000,
                                   no_signal = 0x4000, close_on_exec = 0x40000000;
};

struct MessageHeader {
    std::uint64_t name;
    std::uint32_t name_length;
    std::uint32_t padding;
    std::uint64_t vectors;
    std::uint64_t vector_count;
    std::uint64_t control;
    std::uint64_t control_length;
    std::uint32_t flags;
    std::uint32_t padding2;
};
static_assert(sizeof(MessageHeader) == 56);

// Control messages: each begins with this, at a multiple of 8 bytes. `length` counts the header.
struct ControlHeader {
    std::uint64_t length;
    std::uint32_t level;
    std::uint32_t type;
};
static_assert(sizeof(ControlHeader) == 16);
struct ControlType {
    static constexpr std::uint32_t descriptors = 1;  // SCM_RIGHTS: int[]
    static constexpr std::uint32_t credentials = 2;  // SCM_CREDENTIALS: pid, uid, gid
};

}  // namespace linux_abi
