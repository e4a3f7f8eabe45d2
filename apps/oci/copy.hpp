// SPDX-License-Identifier: MIT
// From a folder of somebody's to an image's files. Of the folder nothing is believed: it is walked by descriptors, no link in
// it is followed, and it may change meanwhile.
#pragma once

#include <cstdint>
#include <vector>

#include "apps/oci/tree.hpp"

namespace oci {

struct CopyLimits {
    std::uint64_t left = 0;               // bytes; counts down
    std::uint64_t device = 0, inode = 0;  // of a directory that must not be copied into itself
};

// COPY: each source is a path in the folder, of which `*`, `?` and `[...]` stand for what is there; of a directory, what is in
// it. The destination is an absolute path; a directory, if it is one or ends with `/`.
Result<void> copy_into(int folder, const std::vector<std::string>& sources, std::string destination,
                       Tree& tree, CopyLimits& limits);

// What is in a directory of an image that has been made goes to this path of the tree.
Result<void> copy_all(int directory, const std::string& to, Tree& tree, CopyLimits& limits);

// After somebody's program has worked on an image's files: is it still one? Counts what is there, refuses what an image cannot
// have, and drops set-id bits and the right of others to write.
Result<void> settle(int directory, CopyLimits& limits);

}  // namespace oci
