// SPDX-License-Identifier: MIT
// Who polls a File, and is told once when something holds of what was asked for.
#pragma once

#include <cstdint>
#include <list>

#include "interfaces/fs.hpp"
#include "libs/ipc/request.hpp"

namespace fs_server {

class Pollers {
public:
    // `ready`: what holds now, of all events.
    fs::Poll::Reply poll(const fs::Poll& poll, ipc::Request& request, std::uint32_t ready);
    void tell(std::uint32_t ready);

private:
    static constexpr std::size_t most_waiting = 256;
    struct Poller {
        ipc::Capability<ipc::Notification> notification;
        std::uint32_t events;
        std::uint64_t bits;
    };
    std::list<Poller> pollers_;
};

}  // namespace fs_server
