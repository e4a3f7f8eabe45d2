// SPDX-License-Identifier: MIT
// What was done through a view, for whoever wants to know which of its authority it needs (names::ReadUses). Views that are
// derived from a traced one share its record. There are no entrances to such views: what goes by vfs cannot be told.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include "interfaces/namespace.hpp"
#include "servers/vfs/shared.hpp"

namespace vfs {

class Uses : public Counted {
public:
    // vfs's own memory, so there is an end to each, and to how many there are at a time.
    static constexpr std::size_t most_bytes = 64 * 1024, most_at_once = 16;

    Uses() { ++alive_; }
    ~Uses() { --alive_; }
    [[nodiscard]] static bool has_room() { return alive_ < most_at_once; }

    void add(std::string_view path, std::uint8_t rights) {
        const auto found = paths_.find(path);
        if (found != paths_.end()) {
            found->second |= rights;
        } else if (bytes_ + path.size() + overhead <= most_bytes) {
            bytes_ += path.size() + overhead;
            paths_.emplace(path, rights);
        } else {
            incomplete_ = true;
        }
    }
    [[nodiscard]] const std::map<std::string, std::uint8_t, std::less<>>& paths() const {
        return paths_;
    }
    [[nodiscard]] bool incomplete() const { return incomplete_; }

private:
    static constexpr std::size_t overhead = 96;  // of an entry, about
    static inline std::size_t alive_ = 0;

    std::map<std::string, std::uint8_t, std::less<>> paths_;
    std::size_t bytes_ = 0;
    bool incomplete_ = false;
};

// names::Right for what an operation does with its path.
template <class Op>
constexpr std::uint8_t use_of(const Op&) {
    const bool makes = std::is_same_v<Op, fs::MakeNode> || std::is_same_v<Op, fs::MakeSymbolicLink>;
    const bool changes = std::is_same_v<Op, fs::Remove> || std::is_same_v<Op, fs::SetAttributes>;
    return makes ? names::Right::create : changes ? names::Right::write : 0;
}
constexpr std::uint8_t use_of(const fs::Open& open) {
    using Flags = fs::OpenFlags;
    if ((open.flags & Flags::path_only) != 0) {
        return 0;
    }
    std::uint8_t rights = 0;
    rights |= (open.flags & (Flags::read | Flags::execute)) != 0 ? names::Right::read : 0;
    rights |= (open.flags & (Flags::write | Flags::truncate)) != 0 ? names::Right::write : 0;
    rights |= (open.flags & (Flags::create | Flags::nameless)) != 0 ? names::Right::create : 0;
    return rights;
}

}  // namespace vfs
