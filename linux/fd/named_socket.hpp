// SPDX-License-Identifier: MIT
// What local sockets with names have in common. The name is a node of a file system, or an abstract one, which
// begins with a zero byte and is procmgr's to know (process::OpenSocketName). Its server knows who listens there; it carries the capabilities of one end of a socket pair from who connects to who
// accepts (fs::Connect, fs::Accept). The bytes it does not see.
#pragma once

#include <string>
#include <string_view>

#include "linux/fd/description.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/pipe.hpp"

namespace linux::fd {

// A name as programs call it: the path as it was given, or the zero byte and what follows.
constexpr bool is_abstract(std::string_view name) { return name.starts_with('\0'); }

struct BoundName {
    ipc::Capability<fs::File> file;
    std::string name;
};
// The path, or the abstract name, stands at the start of the message page; an empty one is chosen. EADDRINUSE.
Result<BoundName> bind_name(Path path, std::string_view name, Framing framing,
                            std::uint32_t status);
Result<void> listen_at(ipc::Ref<fs::File> file, std::uint32_t backlog, Framing framing);

struct Connecting {
    Framing framing;
    std::uint32_t status;  // of the end
    std::string_view own_name, peer_name;
    bool waits = false;  // for room
};
// -> the connected end. ECONNREFUSED: nobody is there; EPROTOTYPE; EAGAIN: too many wait; `restart_errno`.
Result<Handle> connect_to_name(std::string_view path, const Connecting& how);

// -> a connected end. EAGAIN, `restart_errno`.
Result<Handle> accept_by_name(ipc::Ref<fs::File> file, Framing framing, bool no_wait);

}  // namespace linux::fd
