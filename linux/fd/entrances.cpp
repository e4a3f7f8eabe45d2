// SPDX-License-Identifier: MIT
#include "linux/fd/entrances.hpp"

#include <cstring>

#include "libs/base/find_byte.hpp"

namespace linux::fd {

constinit Entrances entrances;

namespace {

// Does `path` lie at or below `base` (both in the view's form)? What comes after it.
std::optional<std::string_view> below(std::string_view path, std::string_view base) {
    if (path.size() < base.size() || (path.size() > base.size() && path[base.size()] != '/') ||
        std::memcmp(path.data(), base.data(), base.size()) != 0) {
        return std::nullopt;
    }
    path.remove_prefix(base.size());
    return path;
}

// Takes the text up to the zero byte off the front.
std::string_view take_path(std::string_view& mounts) {
    const std::string_view path{mounts.data()};
    mounts.remove_prefix(path.size() + 1);
    return path;
}

// A component that begins with a dot, which only vfs understands, or may.
bool has_dots(std::string_view rest) {
    const char* const text = rest.data();
    for (std::size_t i = 1; i < rest.size(); ++i) {
        i = base::find_byte(text, i, rest.size(), '.');
        if (i < rest.size() && text[i - 1] == '/') {
            return true;
        }
    }
    return false;
}

}  // namespace

// Nothing if the path is not this entrance's.
std::optional<std::string_view> Entrances::rest_of(const Entrance& entrance,
                                                   std::string_view path) {
    if (!entrance.directory || entrance.retired) {
        return std::nullopt;
    }
    const auto rest = below(path.size() == 1 ? std::string_view{} : path, entrance.mount);
    if (!rest) {
        return std::nullopt;
    }
    std::string_view further = entrance.further;
    while (!further.empty()) {
        if (below(path, take_path(further))) {
            return std::nullopt;
        }
    }
    return rest;
}

std::optional<Entrances::Way> Entrances::enter(std::string_view path) {
    MutexGuard guard{lock_};
    // Paths mostly begin where the one before did.
    for (std::size_t i = 0; i < entrances_.size(); ++i) {
        const std::size_t at = (recent_ + i) % entrances_.size();
        const Entrance& entrance = entrances_[at];
        if (const auto rest = rest_of(entrance, path)) {
            recent_ = at;
            if (has_dots(*rest)) {
                return std::nullopt;
            }
            users_.fetch_add(1, std::memory_order_acquire);
            return Way{entrance.directory.ref(), rest->substr(rest->empty() ? 0 : 1)};
        }
    }
    if (failures_ < most_failures && ++asked_ > worth_it) {
        asked_ = 0;
        learn(path);
    }
    return std::nullopt;
}

// Keeps the message page: it holds the path.
void Entrances::learn(std::string_view path) {
    for (Entrance& entrance : entrances_) {
        if (entrance.directory) {
            continue;
        }
        const std::string asked{path};
        auto answer = ipc::call(own_view(), names::Enter{}, {.payload = ipc::bytes(asked)});
        if (answer && !answer->payload.empty() && answer->payload.back() == std::byte{0}) {
            std::string_view mounts = ipc::text(answer->payload);
            entrance.mount = take_path(mounts);
            entrance.further = mounts;
            entrance.directory = answer->take<fs::Directory>();
        } else {
            ++failures_;
        }
        std::memcpy(ipc::message_page().data(), asked.data(), asked.size());
        return;
    }
    failures_ = most_failures;
}

void Entrances::give_up() {
    MutexGuard guard{lock_};
    const bool in_use = users_.load(std::memory_order_acquire) != 0;
    for (Entrance& entrance : entrances_) {
        entrance.retired = true;
        if (!in_use && entrance.directory) {
            entrance.directory.reset();
        }
        if (!entrance.directory) {
            entrance.retired = false;
        }
    }
    asked_ = 0;
}

}  // namespace linux::fd
