// SPDX-License-Identifier: MIT
// Backend: what one file system can do with inodes and names. Everything that is the same for all
// file systems (paths, permissions, open file descriptions, messages) is the service's matter, so
// that a back end gets only arguments that make sense:
//
//   - names have 1 to 255 bytes, no slash, no zero, and are not "." or ".."
//   - an operation on a directory's names gets a directory; `remove`, `rename` and `link` get nodes
//     that were just looked up under these names
//   - permissions have been checked, except for what only the back end knows (read-only disk)
//
// One thread uses a back end. An inode stays usable, without a name, while it is `hold`ed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "interfaces/entrance.hpp"
#include "libs/fs_server/types.hpp"
#include "libs/ipc/kernel_objects.hpp"

namespace fs_server {

struct NewNode {
    fs::Kind kind = fs::Kind::regular;
    std::uint32_t mode = 0;  // permission bits
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::string_view target;  // of a symbolic link
    bool sealable = false;
};

// `which` has bits of fs::SetAttributes; times that shall be "now" are already filled in, and size
// is never among them.
struct AttributeChange {
    std::uint32_t which = 0;
    fs::Attributes values;
};

struct Entry {
    std::string_view name;
    Inode inode;
    fs::Kind kind = fs::Kind::none;
    std::uint64_t next_cursor = 0;
};

// Takes directory entries, as many as it has room for.
class DirectorySink {
public:
    virtual bool add(const Entry& entry) = 0;  // false: no more room; this one was not taken

protected:
    ~DirectorySink() = default;
};

struct MappedFile {
    ipc::Capability<ipc::Memory> memory;  // to be given away
    std::uint64_t data_offset = 0;
    std::uint64_t size = 0;
};

struct Usage {
    std::uint32_t type = 0;
    std::uint32_t block_size = 4096;
    std::uint64_t blocks = 0, free_blocks = 0;
    std::uint64_t inodes = 0, free_inodes = 0;
};

struct Place {  // a name in a directory
    Inode directory;
    std::string_view name;
};

class Backend {
public:
    virtual ~Backend() = default;

    [[nodiscard]] virtual Inode root() const = 0;
    [[nodiscard]] virtual Result<fs::Attributes> attributes(Inode inode) = 0;
    // The same, to where they are wanted: a walk asks for them at each step.
    [[nodiscard]] virtual Result<void> read_attributes(Inode inode, fs::Attributes& to) {
        auto found = attributes(inode);
        if (!found) {
            return base::fail(found.error());
        }
        to = *found;
        return {};
    }
    [[nodiscard]] virtual Result<void> change(Inode inode, const AttributeChange& change) = 0;

    // Directories. `lookup` answers not_found for a name that is not there.
    [[nodiscard]] virtual Result<Inode> lookup(const Place& place) = 0;
    [[nodiscard]] virtual Result<Inode> parent(Inode directory) = 0;
    [[nodiscard]] virtual Result<Inode> make(const Place& place, const NewNode& node) = 0;
    [[nodiscard]] virtual Result<void> link(const Place& place, Inode target) = 0;
    // A directory must be empty (not_empty).
    [[nodiscard]] virtual Result<void> remove(const Place& place, Inode target) = 0;
    // `replaced` is what `to` names now; a directory among the two must replace an empty directory.
    [[nodiscard]] virtual Result<void> rename(const Place& from, Inode node, const Place& to,
                                              std::optional<Inode> replaced) = 0;
    // Entries from the cursor on, "." and ".." first; 0 is the start. Any cursor is harmless.
    [[nodiscard]] virtual Result<void> list(Inode directory, std::uint64_t cursor,
                                            DirectorySink& sink) = 0;
    // A link's own mode means nothing, as everywhere; but who may know where it leads?
    [[nodiscard]] virtual bool may_follow(Inode, fs::Identity) { return true; }
    // The target; at most as much as `buffer` holds.
    [[nodiscard]] virtual Result<std::string_view> read_link(Inode inode,
                                                             std::span<char> buffer) = 0;

    // Regular files. `data` and `buffer` may be the message page.
    [[nodiscard]] virtual Result<std::size_t> read(Inode inode, std::uint64_t offset,
                                                   std::span<std::byte> buffer) = 0;
    [[nodiscard]] virtual Result<std::size_t> write(Inode inode, std::uint64_t offset,
                                                    std::span<const std::byte> data) = 0;
    [[nodiscard]] virtual Result<void> truncate(Inode inode, std::uint64_t size) = 0;
    // Reserves space, without changing the size.
    [[nodiscard]] virtual Result<void> allocate(Inode inode, std::uint64_t offset,
                                                std::uint64_t length) = 0;
    [[nodiscard]] virtual Result<MappedFile> map(Inode inode, bool writable) = 0;
    // The data has been changed through a mapping, within the size (fs::Written). Only if
    // `takes_announced` says so: pages that clients write need nothing but memory.
    [[nodiscard]] virtual Result<void> note_written(Inode) {
        return base::fail(Status::unsupported);
    }
    [[nodiscard]] virtual bool takes_announced() const { return false; }

    // fs::Seal: adds these of its bits, and gives all that hold. A back end that has seals keeps what
    // they promise itself (not_permitted).
    [[nodiscard]] virtual Result<std::uint32_t> seal(Inode, std::uint32_t) {
        return base::fail(Status::unsupported);
    }

    // Extended attributes (fs::GetExtended), of regular files and directories. A value is replaced; what
    // is not there cannot be removed (not_found). Together those of a file may take as much as the
    // back end likes (no_space).
    [[nodiscard]] virtual Result<std::string> get_extended(Inode, std::string_view) {
        return base::fail(Status::unsupported);
    }
    [[nodiscard]] virtual Result<void> set_extended(Inode, std::string_view, std::string_view) {
        return base::fail(Status::unsupported);
    }
    [[nodiscard]] virtual Result<void> remove_extended(Inode, std::string_view) {
        return base::fail(Status::unsupported);
    }
    // The names, each with a zero byte after it.
    [[nodiscard]] virtual Result<std::string> list_extended(Inode) {
        return base::fail(Status::unsupported);
    }

    [[nodiscard]] virtual Result<void> sync(Inode inode, bool data_only) = 0;
    [[nodiscard]] virtual Result<void> sync_all() = 0;
    [[nodiscard]] virtual Result<Usage> usage() = 0;

    virtual void hold(Inode inode) = 0;
    virtual void release(Inode inode) = 0;

    // Do names and attributes change by these operations only, or when the back end says so itself
    // (`note_names`)? Then clients may remember them (fs::Versions).
    [[nodiscard]] virtual bool has_versions() const { return false; }
    void set_versions(fs::Versions* versions) { versions_ = versions; }
    // What clients remember is void from now on. To be said before the change itself, which may show
    // by other ways, too.
    void note_names() const {
        if (versions_ != nullptr) {
            count(versions_->names);
        }
    }
    void note_contents(Inode inode) const {
        if (versions_ != nullptr) {
            count(versions_->contents[fs::Versions::place_of(inode.value())]);
        }
    }
    // 0: nobody remembers anything.
    [[nodiscard]] std::uint64_t names_version() const {
        return versions_ == nullptr ? 0 : versions_->names.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t contents_version(Inode inode) const {
        const std::size_t place = fs::Versions::place_of(inode.value());
        return versions_ == nullptr ? 0
                                    : versions_->contents[place].load(std::memory_order_relaxed);
    }

private:
    // This thread is the only one that writes. Release: who sees what changes after this sees this.
    static void count(fs::Versions::Counter& counter) {
        counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    fs::Versions* versions_ = nullptr;
};

}  // namespace fs_server
