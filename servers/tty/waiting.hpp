// SPDX-License-Identifier: MIT
// Who waits at one end of a line: for input, or for room.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "libs/fs_server/pollers.hpp"

namespace tty {

using fs_server::Pollers;
using interfaces::Status;

template <class T>
using Result = base::Result<T, Status>;

inline constexpr std::size_t most_waiting = 256;

struct Reader {
    ipc::PendingReply reply;
    std::size_t length;
    std::uint64_t deadline;
    std::size_t seen = 0;  // bytes that were there when the deadline was last set
};
using Readers = std::list<Reader>;

struct Writer {
    ipc::PendingReply reply;
    std::string bytes;
};
using Writers = std::list<Writer>;

inline Result<void> wait(Readers& readers, ipc::Request& request, std::size_t length,
                         std::uint64_t deadline) {
    if (readers.size() >= most_waiting) {
        return base::fail(Status::limit);
    }
    readers.push_back({TRY(request.defer()), length, deadline});
    return {};
}

inline Result<void> wait(Writers& writers, ipc::Request& request, std::string bytes) {
    if (writers.size() >= most_waiting) {
        return base::fail(Status::limit);
    }
    writers.push_back({TRY(request.defer()), std::move(bytes)});
    return {};
}

}  // namespace tty
