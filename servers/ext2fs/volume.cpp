// SPDX-License-Identifier: MIT
#include "servers/ext2fs/volume.hpp"

#include <et/com_err.h>

namespace ext2 {

Status status_of(errcode_t error, const Log& log) {
    switch (error) {
        case 0:                        return Status::ok;
        case EXT2_ET_FILE_NOT_FOUND:   return Status::not_found;
        case EXT2_ET_FILE_EXISTS:
        case EXT2_ET_DIR_EXISTS:       return Status::exists;
        case EXT2_ET_NO_DIRECTORY:     return Status::not_directory;
        case EXT2_ET_BLOCK_ALLOC_FAIL:
        case EXT2_ET_INODE_ALLOC_FAIL: return Status::no_space;
        case EXT2_ET_RO_FILSYS:
        case EXT2_ET_FILE_RO:          return Status::read_only;
        case EXT2_ET_NO_MEMORY:        return Status::no_memory;
        case EXT2_ET_FILE_TOO_BIG:     return Status::too_big;
        default:
            log(std::string{"the disk's file system is damaged, or the disk is: "} +
                error_message(error));
            return Status::io_error;
    }
}

std::unique_ptr<Volume> Volume::open(BlockDevice& device, Log log, std::string& why) {
    initialize_ext2_error_table();
    std::unique_ptr<Volume> volume{new Volume{device, std::move(log)}};
    why = volume->open_on_disk(device.read_only());
    if (!why.empty()) {
        return nullptr;
    }
    return volume;
}

// Empty, or what is wrong.
std::string Volume::open_on_disk(bool read_only) {
    const int common = EXT2_FLAG_64BITS | EXT2_FLAG_MASTER_SB_ONLY;
    const auto try_open = [&](int flags) {
        return ext2fs_open("disk", common | flags, 0, 0, io_manager_for(cache_), &fs_);
    };
    errcode_t error = try_open(read_only ? 0 : EXT2_FLAG_RW);
    if (error == EXT2_ET_RO_UNSUPP_FEATURE) {
        log_("the disk has features that allow reading only");
        error = try_open(0);
    }
    if (error == EXT2_ET_BAD_MAGIC) {
        return "there is no ext2 file system on the disk";
    }
    if (error != 0) {
        return std::string{"the disk's file system cannot be used: "} + error_message(error);
    }
    if (ext2fs_has_feature_journal_needs_recovery(fs_->super)) {
        log_(
            "the disk's journal holds changes that are not in the file system yet; run e2fsck on "
            "it. It can only be read");
        fs_->flags &= ~EXT2_FLAG_RW;
    }
    was_whole_ =
        (fs_->super->s_state & EXT2_VALID_FS) != 0 && (fs_->super->s_state & EXT2_ERROR_FS) == 0;
    if (!was_whole_) {
        log_("the disk was not left in order; e2fsck should look at it");
    }
    return {};
}

Volume::~Volume() {
    if (fs_ != nullptr) {
        ext2fs_free(fs_);
    }
}

Result<void> Volume::write_state(bool whole) {
    if (whole) {
        fs_->super->s_state |= EXT2_VALID_FS;
    } else {
        fs_->super->s_state &= ~EXT2_VALID_FS;
    }
    fs_->flags |= EXT2_FLAG_SUPER_ONLY;
    ext2fs_mark_super_dirty(fs_);
    const errcode_t error = ext2fs_flush2(fs_, EXT2_FLAG_FLUSH_NO_SYNC);
    fs_->flags &= ~EXT2_FLAG_SUPER_ONLY;
    TRY(check(error));
    if (const Status bad = cache_.flush(); bad != Status::ok) {
        return base::fail(bad);
    }
    return {};
}

Result<void> Volume::begin_change() {
    if (marked_) {
        changed_ = true;
        return {};
    }
    if (read_only()) {
        return base::fail(Status::read_only);
    }
    if (!bitmaps_read_) {
        TRY(check(ext2fs_read_bitmaps(fs_)));
        bitmaps_read_ = true;
    }
    TRY(write_state(false));
    marked_ = true;
    changed_ = true;
    return {};
}

Result<void> Volume::flush() {
    if (!changed_) {
        return {};
    }
    TRY(check(ext2fs_flush2(fs_, EXT2_FLAG_FLUSH_NO_SYNC)));
    if (const Status bad = cache_.flush(); bad != Status::ok) {
        return base::fail(bad);
    }
    if (orphans_ == 0) {
        TRY(write_state(was_whole_));
        marked_ = false;
    }
    changed_ = false;
    return {};
}

}  // namespace ext2
