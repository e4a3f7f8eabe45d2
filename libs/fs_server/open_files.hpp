// SPDX-License-Identifier: MIT
// The open file descriptions of one file system process. A File's badge is its place in this table
// plus one. A description lives from Open until the drop message of its last capability, so a badge
// that arrives in a message always names the description it was made for.
//
//   free ---add---> open ---empty---> empty ---fill---> open
//                   open, empty ---remove---> free
#pragma once

#include <memory>
#include <vector>

#include "libs/fs_server/watchers.hpp"

namespace fs_server {

struct OpenFile {
    Backend* backend = nullptr;
    Inode inode;
    fs::Kind kind = fs::Kind::none;
    std::uint32_t flags = 0;     // fs::OpenFlags
    fs::Identity opener;         // as whom operations on the File are done
    std::uint64_t offset = 0;    // of a directory: its cursor
    std::uint64_t entrance = 0;  // the number of the one that it was opened through; 0: a root
    // The directory that it was opened in, or moved to since; of a root itself. Its name there, if that
    // was asked for (Service::name_of).
    Inode parent = {};
    bool name_known = false;
    std::string name = {};

    [[nodiscard]] bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
    // Is it open for those who watch the file (fs::Watch)?
    [[nodiscard]] bool is_heard() const {
        return !has(fs::OpenFlags::unheard) && !has(fs::OpenFlags::path_only);
    }
};

class OpenFiles {
public:
    // Takes a hold on the inode. limit: there are too many.
    [[nodiscard]] Result<std::uint64_t> add(const OpenFile& file);
    [[nodiscard]] OpenFile* find(std::uint64_t badge);
    // Lets the inode go.
    void remove(std::uint64_t badge);
    void empty(std::uint64_t badge);
    // Is it empty, and was it opened through this entrance?
    [[nodiscard]] bool is_empty(std::uint64_t badge, std::uint64_t entrance) const;
    // Takes a hold on the inode, for one that is empty.
    void fill(std::uint64_t badge, const OpenFile& file);
    [[nodiscard]] bool uses(const Backend& backend) const;
    // How many there are of the file that those hear of who watch it.
    [[nodiscard]] std::size_t heard(const Watched& what) const;
    // The file has another name now.
    void move(const Watched& what, const Place& from, const Place& to);

private:
    static constexpr std::size_t most = 65536;

    // Descriptions do not move: handlers keep references to them. One that is closed has no back end;
    // one that is free, and will be used again, has no entrance either.
    std::vector<std::unique_ptr<OpenFile>> files_;
    std::vector<std::uint32_t> free_;
};

}  // namespace fs_server
