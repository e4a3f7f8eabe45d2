// SPDX-License-Identifier: MIT
//
// Entrances (interfaces/entrance.hpp): for the mounts that the process uses most, the file system is
// asked directly, not through vfs. A mount's entrance is asked for when paths below it have been used
// a few times. Whatever an entrance does not answer is asked of the view, so that none is ever needed.
//
// They carry the identity that the process had when it got them. So they are given up when it changes.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "interfaces/entrance.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/path.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

class Entrances {
public:
    struct Way {
        ipc::Ref<fs::Directory> directory;
        std::string_view rest;  // of the path, below it
    };
    // The path stands at the start of the message page. What this gives must be left again.
    std::optional<Way> enter(std::string_view path);
    void leave() { users_.fetch_sub(1, std::memory_order_release); }
    // The identity has changed.
    void give_up();

    Mutex& lock() __attribute__((lock_returned(lock_))) { return lock_; }
    // In a forked child no other thread is on its way.
    void on_fork_child() { users_ = 0; }

private:
    static constexpr std::uint32_t worth_it = 4;
    static constexpr std::uint32_t most_failures = 3;

    struct Entrance {
        ipc::Capability<fs::Directory> directory;
        std::string mount;    // where it is mounted, in the view's form
        std::string further;  // mounts further below, each with a zero byte after it
        bool retired = false;
    };

    static std::optional<std::string_view> rest_of(const Entrance& entrance, std::string_view path);
    void learn(std::string_view path) __attribute__((requires_capability(lock_)));

    Mutex lock_;
    std::array<Entrance, 6> entrances_ __attribute__((guarded_by(lock_)));
    std::size_t recent_ __attribute__((guarded_by(lock_))) = 0;  // where the last path began
    std::uint32_t asked_ __attribute__((guarded_by(lock_))) = 0;
    std::uint32_t failures_ __attribute__((guarded_by(lock_))) = 0;
    std::atomic<std::uint32_t> users_ = 0;
};

extern Entrances entrances;

// Does an answer send the asker to vfs?
template <class Reply>
bool needs_view(const Reply& reply) {
    return reply.redirected != fs::Redirected::no;
}
inline bool needs_view(const fs::Open::Reply& reply) {
    return reply.redirected != fs::Redirected::no || reply.kind == fs::Kind::character_device ||
           reply.kind == fs::Kind::block_device;
}

// Asks about the absolute path that stands at the start of the message page.
template <class Op>
ipc::CallResult<Op> ask_path(const Op& operation, std::string_view path) {
    const auto way = entrances.enter(path);
    if (!way) {
        return ipc::call(own_view(), operation, {.payload = ipc::bytes(path)});
    }
    std::array<char, path::longest + 1> kept;
    const std::size_t length = path.copy(kept.data(), kept.size());
    auto answer = ipc::call(way->directory, operation, {.payload = ipc::bytes(way->rest)});
    entrances.leave();
    if (answer ? needs_view(answer->reply)
               : answer.error().from_kernel() || answer.error().status() == ipc::Status::closed) {
        path = {kept.data(), length};
        answer = ipc::call(own_view(), operation, {.payload = ipc::bytes(path)});
    }
    return answer;
}

}  // namespace linux::fd
