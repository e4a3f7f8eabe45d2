// SPDX-License-Identifier: MIT
// Who polls a File, and is told once when something holds of what was asked for.
#pragma once

#include <cstdint>
#include <list>

#include "interfaces/fs.hpp"
#include "libs/ipc/request.hpp"

namespace fs_server {

// Is there anything that concerns who polls, with these counts now?
constexpr bool is_news(const fs::Poll& poll, std::uint32_t input, std::uint32_t output) {
    return (poll.events != fs::Poll::writable && poll.seen_input != input) ||
           ((poll.events & fs::Poll::writable) != 0 && poll.seen_output != output);
}

class Pollers {
public:
    // `ready`: what holds now, of all events.
    fs::Poll::Reply poll(const fs::Poll& poll, ipc::Request& request, std::uint32_t ready);
    void tell(std::uint32_t ready);
    // For who wants to hear of news only; `tell` follows.
    void input_came() { ++input_; }
    void room_came() { ++output_; }
    void end_came() {
        input_came();
        room_came();
    }

private:
    static constexpr std::size_t most_waiting = 256;
    struct Poller {
        ipc::Capability<ipc::Notification> notification;
        fs::Poll asked;
    };
    // What holds of what was asked for.
    [[nodiscard]] std::uint32_t held(const fs::Poll& poll, std::uint32_t ready) const;

    std::list<Poller> pollers_;
    std::uint32_t input_ = 1, output_ = 1;  // fs::Poll::Reply
};

}  // namespace fs_server
