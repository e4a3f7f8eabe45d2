// SPDX-License-Identifier: MIT
// Loading a program into an empty address space: its ELF segments, its dynamic loader if it names
// one, and its first stack.
//
// Everything that can be wrong with a file is found by prepare(), while the old program can still be
// told (ENOEXEC, ELIBBAD, EACCES, ...). What load() can still meet is a lack of memory.
#pragma once

#include <array>
#include <span>
#include <string>

#include "abi/kernel/message.hpp"
#include "interfaces/fs.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/process/elf.hpp"
#include "linux/process/image.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

// An executable file with its headers read, and its pages if the file system hands them out.
struct Program {
    ipc::Capability<fs::File> file;
    std::uint64_t file_bytes = 0;
    ipc::Capability<ipc::Memory> pages;  // fs::Map; none: the file must be read
    std::uint64_t pages_offset = 0;      // where the file begins in it
    Elf elf;
};

struct PreparedProgram {
    Program program;
    Program interpreter;  // has no file if the program needs none
};

// What a file begins with: a script's first line, or the ELF header and, mostly, the program headers after it.
struct FileStart {
    static constexpr std::size_t most = elf_header_bytes + 10 * program_header_bytes;
    std::array<std::byte, most> bytes;
    std::size_t length = 0;

    [[nodiscard]] std::span<const std::byte> read() const { return std::span{bytes}.first(length); }
};
Result<void> read_start(ipc::Ref<fs::File> file, FileStart& to);

// Reads from a file at an offset; short only at its end.
Result<std::size_t> read_file(ipc::Ref<fs::File> file, std::uint64_t offset,
                              std::span<std::byte> to);

// `start`: read from the file's beginning; all of it, if it is shorter than FileStart::most.
Result<PreparedProgram> prepare_program(ipc::Capability<fs::File> file, const FileStart& start);

// The registers with which the program starts.
Result<abi::Registers> load_program(PreparedProgram& prepared, const Image& image);

}  // namespace linux
