// SPDX-License-Identifier: MIT
// Making a view from another one by rules (names::Derive).
//
// A rule says what of the parent is seen at its path in the new view, with all that is mounted below
// it there, until a rule for a longer path says otherwise. Nothing else is in the new view, so it can
// never show more than its parent.
//
// A view needs a directory at each place where something is mounted, or listings would not show it.
// File systems made here (private ones, and, if no rule gives the root, a small read-only one for it)
// get these directories made; in all others they are there or not.
//
// A view that is confined to names (grants.hpp) has all mounts of its parent instead, with private ones
// over them, and its grants say what of that may be used. So are views with granted names, those in
// which something is hidden, and all that are derived from such.
#pragma once

#include <vector>

#include "servers/vfs/resolver.hpp"

namespace vfs {

struct Rule {
    std::string path;  // in the view's form; a granted name: as it was written
    // What of the parent is at a mount's path, as it was written; empty: the same path. Of a folder:
    // what is shown.
    std::string source = {};
    names::Access access = names::Access::none;
    std::uint64_t limit = 0;
    std::uint8_t rights = 0, beside = 0;  // names::Right, of a granted name
};

// An empty file system: whose data `payer` pays for, or, with none, its server.
struct NewFileSystem {
    std::uint64_t limit = 0;
    std::uint32_t mode = 0755;
    fs::Identity owner;
    ipc::Ref<ipc::Bank> payer;
};

class FileSystemMaker : public NameMemoryMaker {
public:
    [[nodiscard]] virtual Result<FileSystemPointer> make(const NewFileSystem& what) = 0;

protected:
    ~FileSystemMaker() = default;
};

// From the payload of a Derive: malformed, or invalid for a path that is not one.
[[nodiscard]] Result<std::vector<Rule>> read_rules(std::span<const std::byte> payload);

struct Derivation {
    std::vector<Rule> rules;
    fs::Identity identity;
    ipc::Capability<ipc::Bank> payer;       // of private mounts; may be none
    ipc::Capability<ipc::Bank> name_payer;  // of many names; none: `payer`
    FileSystemPointer given;                // for rules with names::Access::given
    std::uint32_t names = 0;                // names::Derive
};

// `whole` is where folders are found; null: not_permitted.
[[nodiscard]] Result<View> derive(const View& parent, Derivation how, FileSystemMaker& maker,
                                  const View* whole = nullptr);

// Adds the granted names among the rules to the last layer of what a view is confined to; those before
// are its parent's.
[[nodiscard]] Result<void> grant(const View& view, const std::vector<Rule>& rules);

// Makes the directories on the way to `path` in a file system, and a directory or an empty file at
// its end. What is there already stays.
void make_mount_point(FileSystem& file_system, std::string_view path, bool is_directory);

}  // namespace vfs
