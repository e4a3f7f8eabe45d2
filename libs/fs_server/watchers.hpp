// SPDX-License-Identifier: MIT
// Who watches which files, and what each has not yet read of it (fs::Watch).
//
// A watch belongs to an open file description, by its badge. What it keeps is bounded: `least_kept`
// bytes of events always, up to `most_kept` as long as all watches together keep less than
// `many_kept`. When there is no more room it notes `overflow` and keeps nothing until that was read.
// An event that repeats the last one is not kept, as on Linux. So whoever watches and never reads
// costs a server a few hundred bytes, and each change that he could see a comparison.
#pragma once

#include <map>
#include <vector>

#include "libs/fs_server/backend.hpp"

namespace fs_server {

struct Watched {
    Backend* backend = nullptr;
    Inode inode;
    auto operator<=>(const Watched&) const = default;
};

struct News {
    std::uint32_t mask = 0;  // fs::Event
    std::string_view name = {};
    std::uint32_t cookie = 0;
};

class Watchers {
public:
    static constexpr std::size_t most = 1024;
    static constexpr std::size_t least_kept = 512, most_kept = 8192, many_kept = 512 * 1024;

    explicit Watchers(const Clock& clock) : clock_(clock) {}

    [[nodiscard]] bool any() const { return !watches_.empty(); }
    [[nodiscard]] bool has(std::uint64_t badge) const { return watches_.contains(badge); }
    [[nodiscard]] bool watched(const Watched& what) const { return by_file_.contains(what); }
    struct Wish {
        std::uint32_t mask = 0;
        std::uint64_t bits = 0;
    };
    // limit: there are too many.
    [[nodiscard]] Result<void> begin(std::uint64_t badge, const Watched& what, Wish wish,
                                     ipc::Capability<ipc::Notification> notification);
    // Of one that there is.
    void change(std::uint64_t badge, Wish wish);
    void end(std::uint64_t badge);

    void tell(const Watched& what, const News& news);
    // The file is gone: its watches are told, and hear no more.
    void tell_gone(const Watched& what);
    // Takes whole events, the oldest first. -> bytes.
    std::size_t read(std::uint64_t badge, std::span<std::byte> to);

private:
    struct One {
        Watched what;
        Wish wish;
        ipc::Capability<ipc::Notification> notification;
        std::vector<std::byte> kept;
        std::size_t last = 0;  // where the last one begins
        bool overflowed = false;
    };
    void add(One& watch, const News& news);
    void append(One& watch, const News& news);

    const Clock& clock_;
    std::map<std::uint64_t, One> watches_;  // by badge
    std::multimap<Watched, One*> by_file_;
    std::size_t kept_ = 0;     // bytes, of all
    std::uint64_t order_ = 0;  // of the last event: the time, as far as that has moved on
};

}  // namespace fs_server
