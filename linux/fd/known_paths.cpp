// SPDX-License-Identifier: MIT
#include "linux/fd/known_paths.hpp"

#include <cstring>
#include <new>

#include "linux/entry/user_memory.hpp"

namespace linux::fd {

void KnownPaths::prepare() {
    if (ready_) {
        return;
    }
    forget_all();
    if (!places_) {
        places_.reset(new (std::nothrow) std::array<Place, places>{});
    }
    ready_ = static_cast<bool>(places_);
}

// Names that lie together mostly begin alike, so the end tells more.
std::size_t KnownPaths::place_of(std::string_view path) {
    std::uint64_t end = 0;
    const std::size_t bytes = path.size() < sizeof end ? path.size() : sizeof end;
    std::memcpy(&end, path.data() + path.size() - bytes, bytes);
    constexpr std::uint64_t spread = 0x9e37'79b9'7f4a'7c15;  // an odd number without a pattern
    return ((end + path.size()) * spread >> 32) % places;
}

// The file system may have ended, and the page with it.
bool KnownPaths::holds(const Place& place) {
    const fs::Versions& now = *place.version.page;
    if (user::load_shared(now.names) != place.version.names) {
        return false;
    }
    const std::size_t at = fs::Versions::place_of(place.attributes.inode);
    return place.known == Known::missing ||
           user::load_shared(now.contents[at]) == place.version.contents;
}

Known KnownPaths::look_up(std::string_view path, bool follow, fs::Attributes* to) const {
    if (!ready_) {
        return Known::nothing;
    }
    const Place& place = (*places_)[place_of(path)];
    if (place.known == Known::nothing || place.length != path.size() ||
        std::memcmp(place.path.data(), path.data(), path.size()) != 0) {
        return Known::nothing;
    }
    // A path that is not there is not there either way.
    if ((place.known == Known::found && place.follow != follow) || !holds(place)) {
        return Known::nothing;
    }
    if (to != nullptr && place.known == Known::found) {
        *to = place.attributes;
    }
    return place.known;
}

void KnownPaths::remember(std::string_view path, bool follow, const Version& version,
                          const fs::Attributes* attributes) {
    if (!ready_ || version.page == nullptr || version.names == 0) {
        return;
    }
    Place& place = (*places_)[place_of(path)];
    if (path.size() > place.path.size()) {
        return;
    }
    place.version = version;
    place.known = attributes == nullptr ? Known::missing : Known::found;
    place.follow = follow;
    place.length = static_cast<std::uint8_t>(path.size());
    std::memcpy(place.path.data(), path.data(), path.size());
    if (attributes != nullptr) {
        place.attributes = *attributes;
    }
}

void KnownPaths::forget_all() {
    if (places_) {
        for (Place& place : *places_) {
            place.known = Known::nothing;
        }
    }
}

}  // namespace linux::fd
