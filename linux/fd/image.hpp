// SPDX-License-Identifier: MIT
// How the kinds of descriptions travel to another image: ImageDescriptor::kind. Kind 0 (`file`) is
// in interfaces/process_image.hpp, because procmgr makes some too.
#pragma once

#include <cstdint>

namespace linux::fd::image_kind {

// Pipes and socket pairs, in the order of fd::Side: Memory, own notification, the other's, its
// guard, of sockets also the CapTable for parcels; status flags.
inline constexpr std::uint8_t pipe_reader = 1;
inline constexpr std::uint8_t pipe_writer = 2;
inline constexpr std::uint8_t socket_first = 3;
inline constexpr std::uint8_t socket_second = 4;
// Memory, notification; status flags.
inline constexpr std::uint8_t event_counter = 5;
// fs::File, Memory, notification; status flags, fd::Side, writers that had been there.
inline constexpr std::uint8_t named_pipe = 6;
// Memory, notification; status flags.
inline constexpr std::uint8_t timer = 7;
// No capabilities; status flags, the set's lower and upper half.
inline constexpr std::uint8_t signal_queue = 8;
// fs::File of its name, if it has one; status flags, 1 if it listens, fd::Framing.
inline constexpr std::uint8_t local_socket = 9;
// Notification, Watching if it had not ended; status flags, process id, lower and upper half of its start.
inline constexpr std::uint8_t process = 10;

}  // namespace linux::fd::image_kind
