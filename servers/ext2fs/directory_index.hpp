// SPDX-License-Identifier: MIT
// The names of one directory in memory: which inode, and in which of its blocks the entry is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ext2 {

struct DirectorySlot {
    std::uint32_t inode = 0;
    std::uint32_t block = 0;
};

class DirectoryIndex {
public:
    // `total`: how many names all directories of the file system have in memory.
    explicit DirectoryIndex(std::size_t& total) : total_(total) {}
    DirectoryIndex(const DirectoryIndex&) = delete;
    DirectoryIndex& operator=(const DirectoryIndex&) = delete;
    ~DirectoryIndex() { total_ -= size(); }

    [[nodiscard]] const DirectorySlot* find(std::string_view name) const {
        const auto found = names_.find(name);
        return found == names_.end() ? nullptr : &found->second;
    }
    void insert(std::string_view name, DirectorySlot slot) {
        total_ += names_.insert_or_assign(std::string{name}, slot).second ? 1 : 0;
    }
    void erase(std::string_view name) {
        if (const auto found = names_.find(name); found != names_.end()) {
            names_.erase(found);
            --total_;
        }
    }
    [[nodiscard]] std::size_t size() const { return names_.size(); }

    // No block before this one has room for an entry that is worth looking for.
    std::uint32_t first_with_room = 0;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    std::size_t& total_;
    std::unordered_map<std::string, DirectorySlot, Hash, std::equal_to<>> names_;
};

}  // namespace ext2
