// SPDX-License-Identifier: MIT
#include "servers/procmgr/message_queues.hpp"

#include <algorithm>

#include "libs/base/align.hpp"
#include "libs/fs_server/permissions.hpp"
#include "servers/procmgr/manager.hpp"

namespace procmgr {
namespace {

constexpr std::int32_t code_of_queue = -3;  // SI_MESGQ (sigaction(2))

bool may_open(const fs::Attributes& queue, const Process& process, std::uint32_t access) {
    using fs_server::Permission;
    const fs::Identity who{process.identity.user, process.identity.group};
    return fs_server::may(queue, who,
                          ((access & process::OpenQueue::read) != 0 ? Permission::read : 0) |
                              ((access & process::OpenQueue::write) != 0 ? Permission::write : 0));
}

}  // namespace

Result<MessageQueues::Opened> MessageQueues::open(const Process& process, ipc::Ref<ipc::Bank> bank,
                                                  const process::OpenQueue& how,
                                                  const std::string& name) {
    using Open = process::OpenQueue;
    const std::uint32_t access = how.flags & (Open::read | Open::write);
    const bool bad_name = name.empty() || name == "." || name == ".." ||
                          name.find('/') != name.npos || name.find('\0') != name.npos;
    if (access == 0 || bad_name) {
        return base::fail(Status::invalid);
    }
    Key key{process.container, name};
    const auto found = names_.find(key);
    if (found == names_.end() && (how.flags & Open::create) == 0) {
        return base::fail(Status::not_found);
    }
    if (found != names_.end() && (how.flags & Open::create) != 0 &&
        (how.flags & Open::exclusive) != 0) {
        return base::fail(Status::exists);
    }
    const std::uint64_t number =
        found != names_.end() ? found->second : TRY(make(process, bank, how, std::move(key)));
    Queue& queue = queues_[number];
    fs::Attributes attributes;
    attributes.user = queue.user;
    attributes.group = queue.group;
    attributes.mode = queue.mode;
    if (found != names_.end() && !may_open(attributes, process, access)) {
        return base::fail(Status::access_denied);
    }
    do {
        ++latest_opening_;
    } while (openings_.contains(latest_opening_));
    auto minted = ipc::mint<queue::Queue>(
        manager_.given.endpoint, {.badge = Badge{BadgeKind::queue, 0, latest_opening_}.raw(),
                                  .rights = abi::EndpointRights::call,
                                  .flags = abi::MintFlags::drop_guard});
    if (!minted) {
        return base::fail(ipc::to_status(minted.error()));
    }
    openings_[latest_opening_] = {number, access};
    ++queue.openings;
    return Opened{std::move(*minted), number};
}

Result<std::uint64_t> MessageQueues::make(const Process& process, ipc::Ref<ipc::Bank> bank,
                                          const process::OpenQueue& how, Key key) {
    const std::uint32_t most = how.most == 0 ? queue::most_messages : how.most;
    const std::uint32_t bytes = how.bytes == 0 ? queue::most_bytes : how.bytes;
    if (most > queue::most_messages || bytes > queue::most_bytes) {
        return base::fail(Status::invalid);
    }
    const auto own = std::ranges::count_if(
        queues_, [&](const auto& one) { return one.second.key.container == key.container; });
    if (own >= static_cast<std::ptrdiff_t>(most_of_container)) {
        return base::fail(Status::no_space);
    }
    auto memory = bank->create_memory(base::align_up(std::uint64_t{most} * bytes, abi::page_size));
    if (!memory) {
        return base::fail(ipc::to_status(memory.error()));
    }
    const std::uint64_t number = ++latest_;
    names_[key] = number;
    queues_[number] = {.key = std::move(key),
                       .user = process.identity.user,
                       .group = process.identity.group,
                       .mode = how.mode & 0777,
                       .bytes = bytes,
                       .memory = std::move(*memory),
                       .places = std::vector<Place>(most),
                       .waiters = {},
                       .registration = {}};
    return number;
}

Result<void> MessageQueues::remove(const Process& process, std::string_view name) {
    const auto found = names_.find(Key{process.container, std::string{name}});
    if (found == names_.end()) {
        return base::fail(Status::not_found);
    }
    const std::uint64_t number = found->second;
    Queue& queue = queues_[number];
    if (process.identity.user != 0 && process.identity.user != queue.user) {
        return base::fail(Status::access_denied);
    }
    names_.erase(found);
    queue.named = false;
    settle(number);
    return {};
}

void MessageQueues::settle(std::uint64_t number) {
    const Queue& queue = queues_[number];
    if (!queue.named && queue.openings == 0) {
        queues_.erase(number);
    }
}

void MessageQueues::close(std::uint32_t opening) {
    const auto found = openings_.find(opening);
    if (found == openings_.end()) {
        return;
    }
    const std::uint64_t number = found->second.queue;
    openings_.erase(found);
    if (const auto queue = queues_.find(number); queue != queues_.end()) {
        --queue->second.openings;
        settle(number);
    }
}

void MessageQueues::forget(std::uint32_t container) {
    std::erase_if(queues_, [&](const auto& one) { return one.second.key.container == container; });
    std::erase_if(names_, [&](const auto& one) { return one.first.container == container; });
}

Result<void> MessageQueues::notify(const Process& process, std::uint32_t serial,
                                   const process::NotifyOfMessage& how) {
    using Notify = process::NotifyOfMessage;
    const auto found = queues_.find(how.queue);
    if (found == queues_.end() || found->second.key.container != process.container) {
        return base::fail(Status::bad_handle);
    }
    Registration& now = found->second.registration;
    const bool taken = now.pid != 0 && manager_.body_of(now.pid, now.serial) != nullptr;
    const bool own = taken && now.pid == process.pid;
    if (how.signal == Notify::not_any_more) {
        if (own) {
            now = {};
        }
        return {};
    }
    if (how.signal != Notify::no_signal && !is_signal(how.signal)) {
        return base::fail(Status::invalid);
    }
    if (taken) {
        return base::fail(Status::busy);
    }
    now = {process.pid, serial, how.signal, how.value};
    return {};
}

Result<MessageQueues::Queue*> MessageQueues::queue_of(const ipc::Request& request,
                                                      std::uint32_t access) {
    const auto opening = openings_.find(Badge::of(request.badge()).pid);
    if (opening == openings_.end()) {
        return base::fail(Status::bad_handle);
    }
    if ((opening->second.access & access) != access) {
        return base::fail(Status::access_denied);
    }
    const auto found = queues_.find(opening->second.queue);
    if (found == queues_.end()) {
        return base::fail(Status::closed);
    }
    return &found->second;
}

std::size_t MessageQueues::wake(Queue& queue, bool to_send) {
    std::size_t delivered = 0;
    std::erase_if(queue.waiters, [&](Waiter& waiter) {
        if (waiter.to_send != to_send) {
            return false;
        }
        delivered += waiter.reply.answer<queue::Await>({}) ? 1 : 0;
        return true;
    });
    return delivered;
}

void MessageQueues::tell(Queue& queue, std::uint32_t sender) {
    const Registration registered = std::exchange(queue.registration, {});
    if (registered.pid == 0 || registered.signal == process::NotifyOfMessage::no_signal ||
        manager_.body_of(registered.pid, registered.serial) == nullptr) {
        return;
    }
    process::SignalPage::Info info{};
    info.code = code_of_queue;
    info.pid = sender;
    info.user = queue.user;
    info.value = registered.value;
    (void)manager_.deliver(registered.pid, registered.signal, info);
}

Result<queue::Send::Reply> MessageQueues::handle(const queue::Send& send, ipc::Request& request) {
    Queue& queue = *TRY(queue_of(request, process::OpenQueue::write));
    const auto message = request.payload();
    if (send.priority >= queue::priorities) {
        return base::fail(Status::invalid);
    }
    if (message.size() > queue.bytes) {
        return base::fail(Status::too_big);
    }
    const auto place = std::ranges::find(queue.places, 0U, &Place::order);
    if (place == queue.places.end()) {
        return base::fail(Status::would_block);
    }
    const bool was_empty =
        std::ranges::none_of(queue.places, [](const Place& one) { return one.order != 0; });
    const auto at = static_cast<std::uint64_t>(place - queue.places.begin()) * queue.bytes;
    if (!message.empty()) {
        if (const auto kept = queue.memory->write(at, message); !kept) {
            return base::fail(ipc::to_status(kept.error()));
        }
    }
    *place = {++queue.order, send.priority, static_cast<std::uint32_t>(message.size())};
    if (wake(queue, false) == 0 && was_empty) {
        tell(queue, send.sender);
    }
    return queue::Send::Reply{};
}

Result<queue::Receive::Reply> MessageQueues::handle(const queue::Receive&, ipc::Request& request) {
    Queue& queue = *TRY(queue_of(request, process::OpenQueue::read));
    Place* best = nullptr;
    for (Place& place : queue.places) {
        const bool better = best == nullptr || place.priority > best->priority ||
                            (place.priority == best->priority && place.order < best->order);
        if (place.order != 0 && better) {
            best = &place;
        }
    }
    if (best == nullptr) {
        return base::fail(Status::would_block);
    }
    const Place taken = std::exchange(*best, {});
    wake(queue, true);
    if (taken.bytes != 0) {
        const auto at = static_cast<std::uint64_t>(best - queue.places.data()) * queue.bytes;
        const auto message = queue.memory->read(at, taken.bytes);
        if (!message) {
            return base::fail(ipc::to_status(message.error()));
        }
        request.set_reply_payload(*message);
    }
    return queue::Receive::Reply{.priority = taken.priority};
}

Result<queue::Await::Reply> MessageQueues::handle(const queue::Await& await,
                                                  ipc::Request& request) {
    const bool to_send = await.to_send != 0;
    Queue& queue =
        *TRY(queue_of(request, to_send ? process::OpenQueue::write : process::OpenQueue::read));
    const bool may_go_on = std::ranges::any_of(
        queue.places, [&](const Place& place) { return (place.order == 0) == to_send; });
    if (may_go_on) {
        return queue::Await::Reply{};
    }
    // Many may have given up meanwhile: the others wait again.
    if (queue.waiters.size() >= most_waiters) {
        wake(queue, true);
        wake(queue, false);
    }
    queue.waiters.push_back({to_send, TRY(request.defer())});
    return queue::Await::Reply{};
}

Result<queue::Describe::Reply> MessageQueues::handle(const queue::Describe&,
                                                     ipc::Request& request) {
    const Queue& queue = *TRY(queue_of(request, 0));
    return queue::Describe::Reply{
        .most = static_cast<std::uint32_t>(queue.places.size()),
        .bytes = queue.bytes,
        .count = static_cast<std::uint32_t>(std::ranges::count_if(
            queue.places, [](const Place& place) { return place.order != 0; }))};
}

}  // namespace procmgr
