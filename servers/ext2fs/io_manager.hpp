// SPDX-License-Identifier: MIT
// libext2fs's way to the disk: an io_manager over a BlockCache.
#pragma once

#include <ext2fs/ext2fs.h>

#include "servers/ext2fs/block_cache.hpp"

namespace ext2 {

// For ext2fs_open, which gets no more than a name: the next channel that is opened uses this cache.
io_manager io_manager_for(BlockCache& cache);

}  // namespace ext2
