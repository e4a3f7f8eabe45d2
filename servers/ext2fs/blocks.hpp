// SPDX-License-Identifier: MIT
// A file's blocks: where they are on the disk, and their contents.
#pragma once

#include "servers/ext2fs/inode.hpp"

namespace ext2 {

// The block's place on the disk; 0 for a hole, unless it shall be allocated. Ask Volume::has_room
// before allocating. A fresh block holds whatever was there.
Result<std::uint64_t> block_at(Volume& volume, DiskInode& inode, std::uint64_t block,
                               bool allocate);

// Inside the file. Neighbouring blocks in one request; holes are zeros.
Result<void> read_blocks(Volume& volume, DiskInode& inode, std::uint64_t offset,
                         std::span<std::byte> buffer);

// Allocates what is missing, and makes fresh blocks zero around what is written. Stops early, without
// an error, when the disk is full, but not before something was written.
Result<std::size_t> write_blocks(Volume& volume, DiskInode& inode, std::uint64_t offset,
                                 std::span<const std::byte> data);

// Allocates the blocks of a range whose contents will be written later. Says how far it got.
Result<std::size_t> allocate_blocks(Volume& volume, DiskInode& inode, std::uint64_t offset,
                                    std::size_t length);

}  // namespace ext2
