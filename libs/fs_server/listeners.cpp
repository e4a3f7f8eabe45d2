// SPDX-License-Identifier: MIT
#include "libs/fs_server/listeners.hpp"

#include <algorithm>

namespace fs_server {

Result<void> Listeners::listen(const Name& name, std::uint64_t badge, fs::Identity who,
                               const fs::Listen& how) {
    const Key key = key_of(name);
    const auto found = listeners_.find(key);
    if (found != listeners_.end() && found->second.badge != badge) {
        return base::fail(Status::busy);
    }
    Listener& listener = listeners_[key];
    listener.badge = badge;
    listener.backlog = std::clamp<std::size_t>(how.backlog, 1, most_waiting);
    listener.about = {.user = who.user, .group = who.group, .pid = how.pid};
    names_[badge] = key;
    return {};
}

Listeners::Listener* Listeners::find(std::uint64_t badge) {
    const auto name = names_.find(badge);
    return name == names_.end() ? nullptr : &listeners_.find(name->second)->second;
}

bool Listeners::hand_over(Listener& listener, Connection& connection) {
    const auto& given = connection.capabilities;
    while (!listener.accepting.empty()) {
        ipc::PendingReply waiter = std::move(listener.accepting.front());
        listener.accepting.pop_front();
        if (waiter.answer<fs::Accept>(
                connection.from, {.capabilities = {given[0].ref(), given[1].ref(), given[2].ref(),
                                                   given[3].ref()}})) {
            return true;
        }
    }
    return false;
}

Result<fs::Connect::Reply> Listeners::connect(const Name& name, fs::Identity who,
                                              const fs::Connect& how, ipc::Request& request) {
    const auto found = listeners_.find(key_of(name));
    if (found == listeners_.end()) {
        return base::fail(Status::closed);
    }
    Listener& listener = found->second;
    if (listener.connections.size() > listener.backlog) {
        return base::fail(Status::would_block);
    }
    Connection connection{.capabilities = {},
                          .from = {.user = who.user, .group = who.group, .pid = how.pid}};
    for (std::size_t i = 0; i < parts; ++i) {
        connection.capabilities[i] = request.take<ipc::Any>(i);
    }
    const fs::Connect::Reply about = listener.about;
    if (!hand_over(listener, connection)) {
        listener.connections.push_back(std::move(connection));
        for (const Poller& poller : std::exchange(listener.pollers, {})) {
            (void)poller.notification->signal(poller.bits);
        }
    }
    return about;
}

Result<fs::Accept::Reply> Listeners::accept(std::uint64_t badge, const fs::Accept& how,
                                            ipc::Request& request) {
    Listener* listener = find(badge);
    if (listener == nullptr) {
        return base::fail(Status::invalid);
    }
    if (!listener->connections.empty()) {
        // Who was interrupted meanwhile does not get it: then the next one does.
        listener->accepting.push_front(TRY(request.defer()));
        if (hand_over(*listener, listener->connections.front())) {
            listener->connections.pop_front();
        }
        return fs::Accept::Reply{};
    }
    if (how.no_wait != 0) {
        return base::fail(Status::would_block);
    }
    // Some may have been interrupted and never have asked again; the oldest make room.
    if (listener->accepting.size() == most_waiting) {
        (void)listener->accepting.front().fail(Status::interrupted);
        listener->accepting.pop_front();
    }
    listener->accepting.push_back(TRY(request.defer()));
    return fs::Accept::Reply{};
}

fs::Poll::Reply Listeners::poll(std::uint64_t badge, const fs::Poll& poll, ipc::Request& request) {
    Listener* listener = find(badge);
    const bool ready = listener != nullptr && !listener->connections.empty();
    if (listener != nullptr && !ready && request.capability_count() != 0) {
        if (listener->pollers.size() == most_pollers) {  // those of waits that ended, mostly
            listener->pollers.erase(listener->pollers.begin());
        }
        listener->pollers.push_back({request.take<ipc::Notification>(), poll.bits});
    }
    return {.ready = ready ? poll.events & fs::Poll::readable : 0};
}

void Listeners::close(std::uint64_t badge) {
    const auto name = names_.find(badge);
    if (name != names_.end()) {
        listeners_.erase(name->second);
        names_.erase(name);
    }
}

}  // namespace fs_server
