// SPDX-License-Identifier: MIT
// From a path to a file, inside one file system.
//
// The walk stops at the first symbolic link that it would have to follow and says how to go on
// (vfs knows what lies where; a file system does not):
//
//   walked "a/b", link "b" -> "/x",   rest "c/d"     from_view_root:  "/x/c/d"
//   walked "a/b", link "b" -> "../y", rest "c/d"     from_mount_root: "a/../y/c/d"
//
// The part of a redirected path that was walked ("a") holds no symbolic link, so that a ".." after
// it means what the text says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/fs_server/backend.hpp"

namespace fs_server {

enum class Last : std::uint8_t { follow, keep };  // a symbolic link at the end of the path

struct Walk {
    fs::Redirected redirected = fs::Redirected::no;
    std::string path;  // to go on with, if redirected

    Inode parent;               // directory of the last component; of the root the root itself
    std::string_view name;      // last component (a part of the path given); empty for the root
    std::optional<Inode> node;  // none: the last component does not exist
    fs::Attributes attributes;  // of node

    [[nodiscard]] Place place() const { return {parent, name}; }
};

// Needs search permission on every directory passed. Errors: not_found (a directory on the way),
// not_directory, access_denied, name_too_long, invalid (not a path as interfaces/fs.hpp wants it).
Result<void> walk(Backend& backend, std::string_view path, fs::Identity who, Last last, Walk& at);
inline Result<Walk> walk(Backend& backend, std::string_view path, fs::Identity who, Last last) {
    Walk at;
    if (const auto walked = walk(backend, path, who, last, at); !walked) {
        return base::fail(walked.error());
    }
    return at;
}

}  // namespace fs_server
