// SPDX-License-Identifier: MIT
// Tree: a file system in memory. Nodes by number; a directory's entries by name, and by cursor for
// listing: a cursor is given once and never again, so that a listing goes on correctly while entries
// come and go.
//
// A node lives while it has a name (or is the root) or is held. Its number is never used again.
// There is a limit to how many nodes there are, because their records are the server's memory, and so
// are extended attributes, which count as nodes; file data is bought by the Store.
#pragma once

#include <array>
#include <cstring>
#include <map>
#include <string>

#include "libs/fs_server/file_data.hpp"

namespace tmpfs {

using fs_server::FileData;
using fs_server::Inode;
using fs_server::Result;
using fs_server::Status;
using fs_server::Store;
using fs_server::StoreUsage;

struct TreeOptions {
    std::uint64_t device = 0;  // number of the file system, in attributes
    std::uint64_t max_nodes = 65536;
    std::uint32_t root_mode = 0755;
    fs::Identity owner;
};

class Tree final : public fs_server::Backend {
public:
    Tree(std::unique_ptr<Store> store, const fs_server::Clock& clock, const TreeOptions& options);

    Inode root() const override { return Inode{root_number}; }
    Result<fs::Attributes> attributes(Inode inode) override;
    Result<void> read_attributes(Inode inode, fs::Attributes& to) override;
    Result<void> change(Inode inode, const fs_server::AttributeChange& change) override;
    Result<Inode> lookup(const fs_server::Place& place) override;
    Result<Inode> parent(Inode directory) override;
    Result<Inode> make(const fs_server::Place& place, const fs_server::NewNode& what) override;
    Result<void> link(const fs_server::Place& place, Inode target) override;
    Result<void> remove(const fs_server::Place& place, Inode target) override;
    Result<void> rename(const fs_server::Place& from, Inode inode, const fs_server::Place& to,
                        std::optional<Inode> replaced) override;
    Result<void> list(Inode directory, std::uint64_t cursor,
                      fs_server::DirectorySink& sink) override;
    Result<std::string_view> read_link(Inode inode, std::span<char> buffer) override;
    Result<std::size_t> read(Inode inode, std::uint64_t offset,
                             std::span<std::byte> buffer) override;
    Result<std::size_t> write(Inode inode, std::uint64_t offset,
                              std::span<const std::byte> data) override;
    Result<void> truncate(Inode inode, std::uint64_t size) override;
    Result<void> allocate(Inode inode, std::uint64_t offset, std::uint64_t length) override;
    Result<fs_server::MappedFile> map(Inode inode, bool writable) override;
    Result<void> note_written(Inode inode) override;
    bool takes_announced() const override { return true; }
    Result<std::uint32_t> seal(Inode inode, std::uint32_t seals) override;
    Result<std::string> get_extended(Inode inode, std::string_view name) override;
    Result<void> set_extended(Inode inode, std::string_view name, std::string_view value) override;
    Result<void> remove_extended(Inode inode, std::string_view name) override;
    Result<std::string> list_extended(Inode inode) override;
    Result<void> sync(Inode inode, bool data_only) override;
    Result<void> sync_all() override { return {}; }
    Result<fs_server::Usage> usage() override;
    void hold(Inode inode) override;
    void release(Inode inode) override;
    bool has_versions() const override { return true; }

private:
    static constexpr std::uint64_t root_number = 1;
    static constexpr std::uint64_t first_cursor = 2;  // after "." and ".."

    struct Node;
    struct Link {
        Node* node;
        std::uint64_t cursor;
    };
    // Any order will do for names, so a fast one: by length, then by the last eight bytes, because
    // names that lie together often begin alike.
    struct NameOrder {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const {
            if (a.size() != b.size()) {
                return a.size() < b.size();
            }
            if (a.size() >= 8) {
                std::uint64_t end_of_a = 0;
                std::uint64_t end_of_b = 0;
                __builtin_memcpy(&end_of_a, a.data() + a.size() - 8, 8);
                __builtin_memcpy(&end_of_b, b.data() + b.size() - 8, 8);
                if (end_of_a != end_of_b) {
                    return end_of_a < end_of_b;
                }
            }
            return std::memcmp(a.data(), b.data(), a.size()) < 0;
        }
    };
    using Entries = std::map<std::string, Link, NameOrder>;
    struct Node {
        fs::Attributes attributes;
        std::uint64_t holds = 0;
        std::unique_ptr<FileData> data;
        std::string target;       // of a symbolic link
        std::uint32_t seals = 0;  // of a regular file, as fs::Seal has them
        std::map<std::string, std::string, std::less<>> extended;
        // Directories only:
        Node* parent = nullptr;
        Entries entries;
        std::map<std::uint64_t, Entries::const_iterator> by_cursor;
        std::uint64_t next_cursor = first_cursor;
    };

    [[nodiscard]] Result<Node*> find(Inode inode);
    [[nodiscard]] Node& add_node(const fs_server::NewNode& what);
    void enter(Node& directory, std::string_view name, Node& node);
    void leave(Node& directory, Entries::iterator entry);
    void unlink(Node& node);
    void discard_if_unused(Node& node);
    [[nodiscard]] Result<FileData*> data_of(Node& node);
    void touch(Node& node);
    // Extended attributes take the room of so many nodes.
    [[nodiscard]] static std::uint64_t places_of(const Node& node);
    [[nodiscard]] std::uint64_t places_taken() const { return nodes_.size() + extended_places_; }

    std::unique_ptr<Store> store_;
    const fs_server::Clock& clock_;
    TreeOptions options_;
    std::map<std::uint64_t, Node> nodes_;
    std::array<Node*, 16> recent_{};  // of nodes_, by number: an operation asks for each many times
    std::uint64_t next_number_ = root_number;
    std::uint64_t extended_places_ = 0;
};

}  // namespace tmpfs
