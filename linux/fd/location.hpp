// SPDX-License-Identifier: MIT
//
// Where the process is, and what a path in a system call means: the current directory, the umask,
// and the joining of (directory descriptor, path in the program's memory) to an absolute path in the
// message page, ready to be sent to the view.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "abi/linux/file.hpp"
#include "interfaces/fs.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux::fd {

// The view of the process: answers all path operations.
inline ipc::Ref<fs::Directory> own_view() { return ipc::Ref<fs::Directory>{process::own_view}; }

// An absolute path in the message page, `at` bytes from its start.
struct Path {
    std::string_view text;
    bool directory = false;  // must name a directory (it ended in a slash or in `.`)
    bool dot = false;        // its last component is `.`
};

// ENOENT for an empty path, EBADF and ENOTDIR for the descriptor, EFAULT, ENAMETOOLONG.
Result<Path> resolve(std::int32_t directory, std::uint64_t user_path, std::size_t at = 0);
// The same for a path in the library's memory.
Result<Path> resolve_text(std::int32_t directory, std::string_view path, std::size_t at = 0);

// Is the string in the program's memory empty (AT_EMPTY_PATH)?
Result<bool> is_empty(std::uint64_t user_path);

// What the path names, with this final component followed or not. The path stands at the start of
// the message page.
Result<void> read_attributes(Path path, bool follow, fs::Attributes& to);
Result<fs::Attributes> attributes_of(Path path, bool follow);

// If the path, at the start of the message page, is a link of the own process under /proc (exe, cwd,
// root), it becomes what that points to.
void follow_own_link(Path& path);

class Location {
public:
    [[nodiscard]] std::string directory();
    void set_directory(std::string_view clean);
    // Goes to the directory that the path in the message page names. ENOTDIR, EACCES, ...
    Result<void> change(std::string_view path);

    [[nodiscard]] std::uint32_t umask() const { return umask_.load(std::memory_order_relaxed); }
    std::uint32_t set_umask(std::uint32_t mask) {
        return umask_.exchange(mask & 0777, std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint32_t> umask_ = 022;
};

extern constinit Location location;

// Where the current directory's path stands.
void write_location_to(process::Book& book);

// fork.
void lock_location();
void unlock_location();

}  // namespace linux::fd
