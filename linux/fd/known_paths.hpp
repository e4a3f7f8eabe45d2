// SPDX-License-Identifier: MIT
//
// What file systems have answered about paths, for as long as it holds: a file system says by two
// counters in a page that it shares when an answer may not be true any more (interfaces/entrance.hpp,
// Versions). So looking at a path again, or for one that is not there, costs no message; and what any
// process changes is seen at once, as without this.
//
// A few places, of which a path has one. No locking here: it is the entrances' part.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "interfaces/entrance.hpp"

namespace linux::fd {

enum class Known : std::uint8_t { nothing, missing, found };

class KnownPaths {
public:
    // Until when an answer holds. Without a page nothing is remembered.
    struct Version {
        const fs::Versions* page = nullptr;
        std::uint64_t names = 0, contents = 0;
    };

    // Takes the memory, so that nothing else here needs any. Nothing is remembered before.
    void prepare();
    // The pages are not mapped any more. (The table's memory is not touched: it would be copied.)
    void on_fork_child() { ready_ = false; }
    // `to`, if given, gets what is found.
    Known look_up(std::string_view path, bool follow, fs::Attributes* to) const;
    // No attributes: there is no such path. Of an answer about a missing path only the names count.
    void remember(std::string_view path, bool follow, const Version& version,
                  const fs::Attributes* attributes);
    void forget_all();

private:
    struct Place {
        Version version;
        Known known = Known::nothing;
        bool follow = false;
        std::uint8_t length = 0;
        std::array<char, 93> path;
        fs::Attributes attributes;
    };
    static constexpr std::size_t places = 16;

    static std::size_t place_of(std::string_view path);
    static bool holds(const Place& place);

    bool ready_ = false;
    std::unique_ptr<std::array<Place, places>> places_;
};

}  // namespace linux::fd
