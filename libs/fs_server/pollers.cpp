// SPDX-License-Identifier: MIT
#include "libs/fs_server/pollers.hpp"

namespace fs_server {

namespace {

constexpr std::uint32_t always_told = fs::Poll::hang_up | fs::Poll::error;

}  // namespace

std::uint32_t Pollers::held(const fs::Poll& poll, std::uint32_t ready) const {
    return is_news(poll, input_, output_) ? ready & (poll.events | always_told) : 0;
}

fs::Poll::Reply Pollers::poll(const fs::Poll& poll, ipc::Request& request, std::uint32_t ready) {
    const std::uint32_t events = held(poll, ready);
    if (events == 0 && request.capability_count() == 1) {
        if (pollers_.size() >= most_waiting) {
            pollers_.pop_front();  // told of something that may not have happened: it looks again
        }
        pollers_.push_back({request.take<ipc::Notification>(), poll});
    }
    return fs::Poll::Reply{.ready = events, .input = input_, .output = output_};
}

void Pollers::tell(std::uint32_t ready) {
    for (auto poller = pollers_.begin(); poller != pollers_.end();) {
        if (held(poller->asked, ready) == 0) {
            ++poller;
            continue;
        }
        (void)poller->notification->signal(poller->asked.bits);
        poller = pollers_.erase(poller);
    }
}

}  // namespace fs_server
