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
    listener.type = how.type;
    listener.about = {.user = who.user, .group = who.group, .pid = how.pid};
    names_[badge] = key;
    let_in(listener);
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

void Listeners::keep(Listener& listener, Connection connection) {
    if (hand_over(listener, connection)) {
        return;
    }
    listener.connections.push_back(std::move(connection));
    listener.pollers.input_came();
    listener.pollers.tell(fs::Poll::readable);
}

void Listeners::let_in(Listener& listener) {
    while (!listener.connecting.empty() && listener.connections.size() <= listener.backlog) {
        Connecting first = std::move(listener.connecting.front());
        listener.connecting.pop_front();
        // Who was interrupted meanwhile connects no more, or anew.
        if (first.reply.answer<fs::Connect>(listener.about)) {
            keep(listener, std::move(first.connection));
        }
    }
}

Result<fs::Connect::Reply> Listeners::connect(const Name& name, fs::Identity who,
                                              const fs::Connect& how, ipc::Request& request) {
    const auto found = listeners_.find(key_of(name));
    if (found == listeners_.end()) {
        return base::fail(Status::closed);
    }
    Listener& listener = found->second;
    if (listener.type != how.type) {
        return base::fail(Status::wrong_type);
    }
    const bool full = listener.connections.size() > listener.backlog;
    if (full && (how.wait == 0 || listener.connecting.size() == most_waiting)) {
        return base::fail(Status::would_block);
    }
    Connection connection{.capabilities = {},
                          .from = {.user = who.user, .group = who.group, .pid = how.pid}};
    for (std::size_t i = 0; i < parts; ++i) {
        connection.capabilities[i] = request.take<ipc::Any>(i);
    }
    if (full) {
        listener.connecting.push_back({std::move(connection), TRY(request.defer())});
        return fs::Connect::Reply{};
    }
    keep(listener, std::move(connection));
    return listener.about;
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
            let_in(*listener);
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
    if (listener == nullptr) {
        return {};
    }
    const std::uint32_t ready = listener->connections.empty() ? 0 : fs::Poll::readable;
    return listener->pollers.poll(poll, request, ready);
}

void Listeners::close(std::uint64_t badge) {
    const auto name = names_.find(badge);
    if (name == names_.end()) {
        return;
    }
    const auto found = listeners_.find(name->second);
    for (Connecting& one : found->second.connecting) {
        (void)one.reply.fail(Status::closed);
    }
    listeners_.erase(found);
    names_.erase(name);
}

}  // namespace fs_server
