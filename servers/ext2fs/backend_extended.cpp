// SPDX-License-Identifier: MIT
// Extended attributes. libext2fs knows an inode's by its number, and changes the inode on the disk: so
// what is here is brought there before, and read again after.
#include <memory>

#include "servers/ext2fs/backend.hpp"

namespace ext2 {
namespace {

struct Close {
    void operator()(ext2_xattr_handle* handle) const { (void)ext2fs_xattrs_close(&handle); }
};
using Attributes = std::unique_ptr<ext2_xattr_handle, Close>;

// The caller has brought the inode to the disk.
Result<Attributes> open_attributes(Volume& volume, Inode inode) {
    ext2_xattr_handle* handle = nullptr;
    TRY(volume.check(ext2fs_xattrs_open(volume.fs(), number_of(inode), &handle)));
    Attributes attributes{handle};
    TRY(volume.check(ext2fs_xattrs_read(handle)));
    return attributes;
}

// The library's own memory, which holds what it found.
struct Value {
    void* bytes = nullptr;
    std::size_t length = 0;
    ~Value() { (void)ext2fs_free_mem(static_cast<void*>(&bytes)); }
};

Result<void> check(const Volume& volume, errcode_t error) {
    switch (error) {
        case EXT2_ET_EA_KEY_NOT_FOUND: return base::fail(Status::not_found);
        case EXT2_ET_EA_NO_SPACE:      return base::fail(Status::no_space);
        default:                       return volume.check(error);
    }
}

int add_name(char* name, char*, std::size_t, void* names) {
    static_cast<std::string*>(names)->append(name).push_back('\0');
    return 0;
}

}  // namespace

Result<std::string> Ext2Backend::get_extended(Inode inode, std::string_view name) {
    LiveInode* live = TRY(inodes_.get(inode));
    TRY(inodes_.write(*live));
    const Attributes attributes = TRY(open_attributes(volume_, inode));
    Value value;
    TRY(check(volume_, ext2fs_xattr_get(attributes.get(), std::string{name}.c_str(), &value.bytes,
                                        &value.length)));
    return std::string{static_cast<const char*>(value.bytes), value.length};
}

Result<std::string> Ext2Backend::list_extended(Inode inode) {
    LiveInode* live = TRY(inodes_.get(inode));
    TRY(inodes_.write(*live));
    const Attributes attributes = TRY(open_attributes(volume_, inode));
    std::string names;
    TRY(volume_.check(ext2fs_xattrs_iterate(attributes.get(), add_name, &names)));
    return names;
}

template <class Change>
Result<void> Ext2Backend::change_extended(Inode inode, Change change) {
    TRY(volume_.begin_change());
    LiveInode* live = TRY(inodes_.get(inode));
    live->disk.set_changed(clock_.now());
    live->dirty = true;
    TRY(inodes_.write(*live));
    const Attributes attributes = TRY(open_attributes(volume_, inode));
    const auto changed = check(volume_, change(attributes.get()));
    live->disk = TRY(DiskInode::read(volume_, inode));
    return changed;
}

Result<void> Ext2Backend::set_extended(Inode inode, std::string_view name, std::string_view value) {
    if (!volume_.has_room()) {
        return base::fail(Status::no_space);
    }
    return change_extended(inode, [&](ext2_xattr_handle* attributes) {
        return ext2fs_xattr_set(attributes, std::string{name}.c_str(), value.data(), value.size());
    });
}

Result<void> Ext2Backend::remove_extended(Inode inode, std::string_view name) {
    // The library does not say whether it was there.
    TRY(get_extended(inode, name));
    return change_extended(inode, [&](ext2_xattr_handle* attributes) {
        return ext2fs_xattr_remove(attributes, std::string{name}.c_str());
    });
}

}  // namespace ext2
