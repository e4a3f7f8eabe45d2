// SPDX-License-Identifier: MIT
#include "servers/tmpfs/archive.hpp"

#include <algorithm>

#include "libs/process/archive.hpp"

namespace tmpfs {
namespace {

using fs_server::Backend;
using fs_server::Inode;
using fs_server::NewNode;
using fs_server::Result;
using fs_server::Status;

constexpr std::uint32_t kind_mask = 0170000;
constexpr std::uint32_t mode_mask = 07777;

bool is_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= fs::max_name;
}

// The directory with this path, made if it is not there.
Result<Inode> directory_for(Backend& to, std::string_view path) {
    Inode at = to.root();
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (!is_name(name)) {
            return base::fail(Status::invalid);
        }
        const auto found = to.lookup({at, name});
        at = found ? *found : TRY(to.make({at, name}, {.kind = fs::Kind::directory, .mode = 0755}));
        if (TRY(to.attributes(at)).kind != fs::Kind::directory) {
            return base::fail(Status::not_directory);
        }
    }
    return at;
}

Result<void> unpack_entry(const loader::ArchiveEntry& entry, Backend& to) {
    const std::size_t slash = entry.name.rfind('/');
    const bool at_root = slash == entry.name.npos;
    const std::string_view name = at_root ? entry.name : entry.name.substr(slash + 1);
    NewNode node{.mode = entry.mode & mode_mask};
    switch (entry.mode & kind_mask) {
        case 0040000: node.kind = fs::Kind::directory; break;
        case 0100000: node.kind = fs::Kind::regular; break;
        case 0120000:
            node.kind = fs::Kind::symbolic_link;
            node.target = {reinterpret_cast<const char*>(entry.data.data()), entry.data.size()};
            break;
        default: return {};  // devices and the like: their place is /dev
    }
    if (!is_name(name) || node.target.size() > fs::max_path) {
        return {};
    }
    const Inode parent =
        TRY(directory_for(to, at_root ? std::string_view{} : entry.name.substr(0, slash)));
    if (to.lookup({parent, name})) {
        return {};
    }
    const Inode made = TRY(to.make({parent, name}, node));
    for (std::size_t done = 0; node.kind == fs::Kind::regular && done < entry.data.size();) {
        const auto piece = entry.data.subspan(done).first(
            std::min<std::size_t>(entry.data.size() - done, abi::message_bytes));
        done += TRY(to.write(made, done, piece));
    }
    return {};
}

}  // namespace

Result<void> unpack(std::span<const std::byte> archive, Backend& to) {
    for (const loader::ArchiveEntry& entry : loader::Archive{archive}) {
        TRY(unpack_entry(entry, to));
    }
    return {};
}

}  // namespace tmpfs
