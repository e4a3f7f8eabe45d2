// SPDX-License-Identifier: MIT
// What an operation of a protocol can answer, in the status bits of the reply's tag. Linux's errno
// values are made from these in one place, linux/syscalls/errno_map.cpp.
#pragma once

#include <cstdint>

namespace interfaces {

enum class Status : std::uint16_t {
    ok = 0,
    unsupported,  // the server does not know this operation, or this object does not have it
    malformed,    // the message does not fit the declaration
    bad_handle,   // the badge names nothing (any more)
    not_found,
    exists,
    not_directory,
    is_directory,
    not_empty,
    name_too_long,
    too_many_links,  // symbolic links that lead in circles
    cross_device,    // rename or link between file systems
    access_denied,   // the mode bits or the view do not allow it
    not_permitted,   // only another identity may do it
    read_only,
    no_space,
    no_memory,
    limit,  // a limit of the container or of the server is reached
    too_big,
    out_of_range,
    invalid,
    busy,
    io_error,
    not_seekable,
    would_block,
    interrupted,
    timed_out,
    closed,      // the other end is gone
    no_process,  // no such process, group or session
    no_child,
    not_executable,
    not_terminal,
    background,  // the caller's process group is not in the foreground of its terminal
    wrong_type,  // a socket of another type listens there
    count_end,
};

}  // namespace interfaces
