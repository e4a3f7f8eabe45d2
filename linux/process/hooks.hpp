// SPDX-License-Identifier: MIT
// What the process family asks of descriptors (linux/fd) at the turning points of a process's life.
// Defined in linux/fd.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "interfaces/fs.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/capability.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux::fd {

// A new image: takes over the descriptors, the current directory and the umask that it was given.
// The block is checked already: all offsets lie inside, strings are terminated.
void adopt(const process::ImageStart& image);

// fork: all locks of this part are taken before, and released after in parent and child. In the
// child the slots of capabilities are the same.
void lock_for_fork();
void unlock_after_fork();
void on_fork_child();

// execve, after the point of no return.
void close_on_exec();
// The process ends by its own will. Closing is the kernel's affair; record locks are given up.
void on_exit();

// The descriptors that stay open in a new image (those without close-on-exec); -> how many there
// are, of which at most `to.size()` were written.
std::size_t describe(std::span<process::ImageDescriptor> to);
std::uint32_t current_umask();
// Absolute, without a terminating zero.
std::string current_directory();

// A file opened to be run, by a path relative to `directory` (AT_FDCWD: the current directory).
// `path` becomes the absolute path. EACCES if it is not a regular file or not executable.
struct Executable {
    ipc::Capability<fs::File> file;
    std::string path;
};
Result<Executable> open_executable(std::int32_t directory, std::string_view path,
                                   std::uint32_t at_flags);

// A line on standard error, if it is open for writing.
void complain(std::string_view text);

// For mmap: the file behind a descriptor, and whether it was opened for reading and writing.
// ENODEV if it cannot be mapped (pipes, terminals). /dev/zero: `zero` is set, and there is no file. `lent`: its memory
// may be taken back.
struct MappableFile {
    ipc::Ref<fs::File> file;
    bool readable = false;
    bool writable = false;
    bool zero = false;
    bool lent = false;
};
Result<MappableFile> mappable(std::int32_t descriptor);

// A page fault of the library. If the address is in memory that it shares with other processes (who can
// have made it smaller, or be gone with the bank that paid for it), there is memory of its own now: a pipe's
// says that the pipe has ended, all else is zero. False: it is not, or there is no memory for that.
// Leaves the message page as it is.
bool replace_lost_memory(std::uint64_t address);

}  // namespace linux::fd
