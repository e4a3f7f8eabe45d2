// SPDX-License-Identifier: MIT
//
// A server that is a program on the Linux library (a file system that needs a C library), started before there are files
// and processes: without procmgr, without descriptors, without a view.
//
// It gets what any POSIX process gets (interfaces/process_image.hpp), but instead of procmgr somebody else stands behind
// `own_process`, and its executable is a File that the parent serves. The program finds its capabilities by the environment
// variable CLUU_CAPABILITIES: "name:slot,name:slot".
#pragma once

#include "interfaces/fs.hpp"
#include "interfaces/process.hpp"
#include "libs/process/program.hpp"

namespace loader {

struct HostedSpec {
    ProgramSpec program;                 // `file` is not used
    std::string_view path;               // of the executable, for its own information
    std::span<const std::byte> library;  // the Linux library's file
    ipc::Ref<fs::File> executable;
    ipc::Ref<process::Process> process;
};

LoadResult<Program> start_hosted_program(const HostedSpec& spec);

}  // namespace loader
