// SPDX-License-Identifier: MIT
// The first program of an image: procmgr has put a thread at linux_start, and the block that says
// what to run at process::image_start.
#include <algorithm>

#include "interfaces/process_image.hpp"
#include "libs/base/align.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/entry/context.hpp"
#include "linux/entry/cpu.hpp"
#include "linux/entry/report.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/fd/location.hpp"
#include "linux/process/begin.hpp"
#include "linux/process/book.hpp"
#include "linux/process/execute.hpp"
#include "linux/process/exit.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/image.hpp"
#include "linux/process/interpreter.hpp"
#include "linux/process/loader.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/state.hpp"

namespace linux {
namespace {

constexpr std::uint32_t cannot_execute = 126U << 8;  // the shells' exit code for it

void adopt_limits(const process::ImageStart& image) {
    auto limits = default_limits();
    for (std::size_t i = 0; i < limits.size(); ++i) {
        if (image.limits[i][1] != 0) {
            limits[i] = {image.limits[i][0], image.limits[i][1]};
        }
    }
    Limit& files = limits[static_cast<std::size_t>(Resource::files)];
    files.hard = std::min<std::uint64_t>(files.hard, identity().most_descriptors);
    files.soft = std::min(files.soft, files.hard);
    MutexGuard guard{state().limits_lock};
    state().limits = limits;
}

// The block may be shared with somebody who is still writing to it: only a copy can be checked.
std::vector<std::byte> copy_block() {
    const auto* mapped = reinterpret_cast<const std::byte*>(process::image_start);
    process::ImageStart header;
    std::copy_n(mapped, sizeof header, reinterpret_cast<std::byte*>(&header));
    if (header.bytes < sizeof header || header.bytes > longest_image_block) {
        die({"the image block has no valid length"});
    }
    std::vector<std::byte> block{mapped, mapped + header.bytes};
    (void)ipc::own_space()->unmap(process::image_start,
                                  base::align_up(header.bytes, abi::page_size));
    return block;
}

// A container need not show the directory that it was started from: then it starts in its home, or
// at the root.
void find_directory(const Image& image) {
    constexpr std::string_view home = "HOME=";
    const std::string directory = fd::location.directory();
    // What it starts by name (GRANT argv start) is meant from there, and starts there.
    if (identity().starts_named != 0) {
        return;
    }
    if (directory == "/" || fd::attributes_of({directory, true}, true)) {
        return;
    }
    for (const std::string_view variable : image.environment) {
        if (variable.starts_with(home) && fd::location.change(variable.substr(home.size()))) {
            return;
        }
    }
    fd::location.set_directory("/");
}

Result<abi::Registers> run_image(const Image& image) {
    fd::Executable executable{ipc::Capability<fs::File>{ipc::CapIndex{image.header->executable}},
                              std::string{image.path}};
    std::vector<std::string> arguments{image.arguments.begin(), image.arguments.end()};
    FileStart start;
    executable = TRY(resolve_script(std::move(executable), image.path, arguments, start));
    // A script that was started by its name: its interpreter may have a container of its own, as for whoever executes it.
    if (identity().starts_named != 0 && executable.path != image.path) {
        TRY(offer_to_procmgr(executable.path, arguments,
                             {image.environment.begin(), image.environment.end()}));
    }
    Image program = image;
    program.path = executable.path;
    program.arguments.assign(arguments.begin(), arguments.end());
    auto prepared = TRY(prepare_program(std::move(executable.file), start));
    return begin_program(prepared, program);
}

abi::Registers begin_first_program() {
    const std::vector<std::byte> block = copy_block();
    const auto image = read_image(block);
    if (!image) {
        die({"the image block is malformed"});
    }
    adopt_limits(*image->header);
    signals::adopt(image->header->ignored_signals, image->header->blocked_signals);
    fd::adopt(*image->header);
    find_directory(*image);
    write_book();
    show_book();
    const auto registers = run_image(*image);
    if (!registers) {
        report({"cannot run ", image->path, ": error ",
                NumberText{static_cast<std::uint64_t>(registers.error())}});
        exit_process(cannot_execute);
    }
    return *registers;
}

}  // namespace

Result<abi::Registers> begin_program(PreparedProgram& prepared, const Image& image) {
    const auto registers = TRY(load_program(prepared, image));
    state().executable_path = image.path;
    const std::size_t slash = image.path.rfind('/');
    const std::string_view name =
        image.path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    Thread& self = this_thread();
    std::ranges::fill(self.name, '\0');
    std::copy_n(name.begin(), std::min(name.size(), sizeof self.name - 1), self.name);
    set_fs_base(0);
    return registers;
}

}  // namespace linux

extern "C" [[noreturn]] void linux_start_image() {
    linux::threads().adopt_leader();
    const abi::Registers registers = linux::begin_first_program();
    linux::resume(registers);
}
