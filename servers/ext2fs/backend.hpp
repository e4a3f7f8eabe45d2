// SPDX-License-Identifier: MIT
// The ext2 back end: fs_server::Backend over inodes, directories and page caches.
#pragma once

#include "servers/ext2fs/directory.hpp"
#include "servers/ext2fs/page_cache.hpp"

namespace ext2 {

using fs_server::AttributeChange;
using fs_server::NewNode;
using fs_server::Place;

class Ext2Backend final : public fs_server::Backend {
public:
    Ext2Backend(Volume& volume, fs_server::Store& store, const fs_server::Clock& clock)
        : volume_(volume), clock_(clock), inodes_(volume), pages_(volume, store, inodes_, *this) {}

    // Names (backend_names.cpp).
    Inode root() const override { return Inode{EXT2_ROOT_INO}; }
    Result<Inode> lookup(const Place& place) override;
    Result<Inode> parent(Inode directory) override;
    Result<Inode> make(const Place& place, const NewNode& what) override;
    Result<void> link(const Place& place, Inode target) override;
    Result<void> remove(const Place& place, Inode target) override;
    Result<void> rename(const Place& from, Inode inode, const Place& to,
                        std::optional<Inode> replaced) override;
    Result<void> list(Inode directory, std::uint64_t cursor,
                      fs_server::DirectorySink& sink) override;

    // Files (backend_files.cpp).
    Result<fs::Attributes> attributes(Inode inode) override;
    Result<void> change(Inode inode, const AttributeChange& change) override;
    Result<std::string_view> read_link(Inode inode, std::span<char> buffer) override;
    Result<std::size_t> read(Inode inode, std::uint64_t offset,
                             std::span<std::byte> buffer) override;
    Result<std::size_t> write(Inode inode, std::uint64_t offset,
                              std::span<const std::byte> data) override;
    Result<void> truncate(Inode inode, std::uint64_t size) override;
    Result<void> allocate(Inode inode, std::uint64_t offset, std::uint64_t length) override;
    Result<fs_server::MappedFile> map(Inode inode, bool writable) override;
    Result<void> sync(Inode inode, bool data_only) override;
    Result<void> sync_all() override { return flush(true); }
    Result<fs_server::Usage> usage() override;
    void hold(Inode inode) override;
    void release(Inode inode) override;
    bool has_versions() const override { return true; }

    // Extended attributes (backend_extended.cpp).
    Result<std::string> get_extended(Inode inode, std::string_view name) override;
    Result<void> set_extended(Inode inode, std::string_view name, std::string_view value) override;
    Result<void> remove_extended(Inode inode, std::string_view name) override;
    Result<std::string> list_extended(Inode inode) override;

    // Is there anything that the disk does not have yet?
    [[nodiscard]] bool changed() const { return volume_.changed() || pages_.dirty(); }
    // `unseen`: also what mappings may have changed.
    [[nodiscard]] Result<void> flush(bool unseen);

private:
    [[nodiscard]] Result<Directory> directory(Inode inode);
    [[nodiscard]] Result<LiveInode*> make_inode(const Place& place, const NewNode& what);
    [[nodiscard]] Result<void> fill_link(LiveInode& live, std::string_view target);
    [[nodiscard]] Result<void> touch_directory(Inode directory, int link_change);
    [[nodiscard]] Result<void> drop_name(LiveInode& live);
    [[nodiscard]] Result<void> free_inode(LiveInode& live);
    void touch(LiveInode& live);
    // `change` gets the library's handle of the inode's attributes.
    template <class Change>
    [[nodiscard]] Result<void> change_extended(Inode inode, Change change);

    Volume& volume_;
    const fs_server::Clock& clock_;
    InodeTable inodes_;
    PageCache pages_;
};

}  // namespace ext2
