// SPDX-License-Identifier: MIT
//
// Entrances (interfaces/entrance.hpp): for the mounts that the process uses most, the file system is
// asked directly, not through vfs. A mount's entrance is asked for when paths below it have been used
// a few times. Whatever an entrance does not answer is asked of the view, so that none is ever needed.
//
// With an entrance comes the page by which its file system says how long an answer holds; what is
// remembered of them is `known_paths.hpp`'s affair.
//
// They carry the identity that the process had when it got them. So they are given up when it changes.
//
// Of the files opened through an entrance one that was closed is kept, empty (fs::Close), and the next one is opened into it: no
// capability need be made, handed over, deleted or told about. It must not come to anybody else: a fork gives it up first.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "interfaces/entrance.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/fd/known_paths.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/path.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

class Entrances {
public:
    // An empty File, and how its server names it.
    struct Spare {
        ipc::Capability<fs::File> file;
        std::uint64_t number = 0;
    };
    struct Way {
        ipc::Ref<fs::Directory> directory;
        std::string_view rest;  // of the path, below it
        std::size_t place = 0;
        KnownPaths::Version version;  // of its names, now
        Spare spare;                  // if asked for
        std::uint32_t age = 0;
    };
    // What this gives must be left again. Without an entrance the message page stays as it is if the path stands at its start.
    std::optional<Way> enter(std::string_view path, bool opens = false);
    void leave() { users_.fetch_sub(1, std::memory_order_release); }
    // What the entrance answered about the path, before `leave`. No attributes: it does not exist.
    void remember(const Way& way, std::string_view path, bool follow,
                  const KnownPaths::Version& version, const fs::Attributes* attributes);
    // What was answered before, if it still holds.
    Known look_up(std::string_view path, bool follow, fs::Attributes* to);
    // The entrance that a File came through; none: 0.
    struct Origin {
        std::uint32_t place_after = 0;  // its place + 1
        std::uint32_t age = 0;
    };
    // Closes it, and keeps it for the next one if it can be kept.
    void close(ipc::Capability<fs::File> file, const Origin& origin);
    // Not opened into, after all.
    void put_back(Way& way);
    // The identity has changed.
    void give_up();

    Mutex& lock() __attribute__((lock_returned(lock_))) { return lock_; }
    // Before a fork: what is kept would be the child's, too.
    void give_up_spares() __attribute__((requires_capability(lock_)));
    // In a forked child no other thread is on its way, and no page is mapped: most need none.
    void on_fork_child() __attribute__((requires_capability(lock_)));

private:
    static constexpr std::uint32_t worth_it = 4;
    static constexpr std::uint32_t most_failures = 3;

    struct Entrance {
        ipc::Capability<fs::Directory> directory;
        std::string mount;                  // where it is mounted, in the view's form
        std::string further;                // mounts further below, each with a zero byte after it
        ipc::Capability<ipc::Memory> page;  // mapped when the entrance has been used a few times
        const fs::Versions* versions = nullptr;
        std::uint32_t used = 0;
        bool retired = false;
        Spare spare;
    };

    static std::optional<std::string_view> rest_of(const Entrance& entrance, std::string_view path);
    void learn(std::string_view path) __attribute__((requires_capability(lock_)));
    void map_versions(Entrance& entrance) __attribute__((requires_capability(lock_)));
    // Does this entrance take a File that came from there?
    bool takes(const Origin& origin) const __attribute__((requires_capability(lock_))) {
        return origin.age == age_ && !entrances_[origin.place_after - 1].spare.file;
    }

    Mutex lock_;
    std::array<Entrance, 6> entrances_ __attribute__((guarded_by(lock_)));
    std::size_t recent_ __attribute__((guarded_by(lock_))) = 0;  // where the last path began
    // How often all that is kept has been given up: what is older is not kept any more.
    std::uint32_t age_ __attribute__((guarded_by(lock_))) = 0;
    std::uint32_t asked_ __attribute__((guarded_by(lock_))) = 0;
    std::uint32_t failures_ __attribute__((guarded_by(lock_))) = 0;
    KnownPaths known_ __attribute__((guarded_by(lock_)));
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

// Does an operation fail, and change nothing, if there is no such path?
template <class Op>
constexpr bool only_looks(const Op&) {
    return std::is_same_v<Op, fs::GetPathAttributes> || std::is_same_v<Op, fs::CheckAccess>;
}
constexpr bool only_looks(const fs::Open& open) {
    return (open.flags & fs::OpenFlags::create) == 0;
}

// Keeps what an entrance answered.
template <class Op>
void remember(const Entrances::Way& way, std::string_view path, const Op& operation,
              const ipc::CallResult<Op>& answer) {
    if (!answer && answer.error() == ipc::Failure{ipc::Status::not_found}) {
        if (only_looks(operation)) {
            entrances.remember(way, path, true, way.version, nullptr);
        }
    } else if constexpr (std::is_same_v<Op, fs::GetPathAttributes>) {
        fs::Attributes attributes;
        if (answer && ipc::read_payload(answer->payload, attributes)) {
            const auto& reply = answer->reply;
            entrances.remember(way, path, operation.follow != 0,
                               {way.version.page, reply.names, reply.contents}, &attributes);
        }
    }
}

// Likewise an error: of who is not there any more; and of a file system about `..`, which only vfs
// understands.
inline bool needs_view(const ipc::Failure& failure) {
    return failure.from_kernel() || failure.status() == ipc::Status::closed ||
           failure.status() == ipc::Status::invalid;
}

struct OpenedPath {
    ipc::Capability<fs::File> file;  // none: the server made none
    fs::Open::Reply reply;
    Entrances::Origin origin;
};
// Opens what the absolute path names, which is not in the message page.
base::Result<OpenedPath, ipc::Failure> open_path(fs::Open open, std::string_view path);

// Asks about the absolute path that stands at the start of the message page.
template <class Op>
ipc::CallResult<Op> ask_path(const Op& operation, std::string_view path) {
    if (only_looks(operation) && entrances.look_up(path, true, nullptr) == Known::missing) {
        return base::fail(ipc::Failure{ipc::Status::not_found});
    }
    const auto way = entrances.enter(path);
    if (!way) {
        return ipc::call(own_view(), operation, {.payload = ipc::bytes(path)});
    }
    std::array<char, path::longest + 1> kept;
    const std::size_t length = path.copy(kept.data(), kept.size());
    auto answer = ipc::call(way->directory, operation, {.payload = ipc::bytes(way->rest)});
    remember(*way, {kept.data(), length}, operation, answer);
    entrances.leave();
    if (answer ? needs_view(answer->reply) : needs_view(answer.error())) {
        path = {kept.data(), length};
        answer = ipc::call(own_view(), operation, {.payload = ipc::bytes(path)});
    }
    return answer;
}

}  // namespace linux::fd
