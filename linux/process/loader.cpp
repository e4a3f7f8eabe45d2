// SPDX-License-Identifier: MIT
#include "linux/process/loader.hpp"

#include <algorithm>
#include <array>

#include "abi/linux/file.hpp"
#include "libs/base/align.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/memory/program_space.hpp"
#include "linux/process/first_stack.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/state.hpp"

namespace linux {
namespace {

using linux_abi::Protection;

// Where programs go that may go anywhere, well above what fixed ones use.
constexpr std::uint64_t relocatable_base = 0x5555'5555'0000;

Errno to_errno(ElfError error, bool is_interpreter) {
    if (is_interpreter) {
        return Errno::elibbad;
    }
    (void)error;
    return Errno::enoexec;
}

// The pages, if the file system hands them out; at least the length.
Result<void> find_pages(Program& program) {
    if (auto mapped = ipc::call(program.file, fs::Map{})) {
        program.file_bytes = mapped->reply.size;
        program.pages_offset = mapped->reply.data_offset;
        if (base::is_aligned(program.pages_offset, base::page_size)) {
            program.pages = mapped->take<ipc::Memory>();
        }
        return {};
    }
    const auto answer = TRY(or_errno(ipc::call(program.file, fs::GetAttributes{})));
    fs::Attributes attributes;
    if (!ipc::read_payload(answer.payload, attributes)) {
        return base::fail(Errno::eio);
    }
    program.file_bytes = attributes.size;
    return {};
}

Result<Program> open_program(ipc::Capability<fs::File> file, std::span<const std::byte> begin,
                             bool is_interpreter) {
    Program program;
    program.file = std::move(file);
    TRY(find_pages(program));
    const auto header = begin.first(std::min(begin.size(), elf_header_bytes));
    const auto where = parse_elf_header(header, program.file_bytes);
    if (!where) {
        return base::fail(to_errno(where.error(), is_interpreter));
    }
    std::vector<std::byte> rest;
    std::span<const std::byte> table;
    if (base::range_fits(where->offset, where->bytes, begin.size())) {
        table = begin.subspan(where->offset, where->bytes);
    } else {
        rest.resize(where->bytes);
        table = std::span{rest}.first(TRY(read_file(program.file, where->offset, rest)));
    }
    auto elf = parse_elf(header, table, program.file_bytes, ProgramSpace::high);
    if (!elf) {
        return base::fail(to_errno(elf.error(), is_interpreter));
    }
    program.elf = *std::move(elf);
    return program;
}

Result<std::string> interpreter_path(const Program& program) {
    std::string path(program.elf.interpreter_bytes, '\0');
    const std::size_t got = TRY(read_file(program.file, program.elf.interpreter_offset,
                                          std::as_writable_bytes(std::span{path})));
    path.resize(std::min(got, path.find('\0')));
    if (path.empty()) {
        return base::fail(Errno::enoexec);
    }
    return path;
}

// Fills program memory, which is mapped for writing, from the file.
Result<void> read_into(const Program& program, std::uint64_t address, std::uint64_t offset,
                       std::uint64_t bytes) {
    std::vector<std::byte> buffer(std::min<std::uint64_t>(bytes, 64 * 1024));
    while (bytes != 0) {
        const auto part = std::span{buffer}.first(std::min<std::uint64_t>(bytes, buffer.size()));
        const std::size_t got = TRY(read_file(program.file, offset, part));
        if (got == 0) {
            return base::fail(Errno::eio);
        }
        TRY(user::copy_out(address, part.data(), got));
        address += got;
        offset += got;
        bytes -= got;
    }
    return {};
}

// Maps the pages of a segment that the file fills at least in part.
Result<void> map_file_part(const Program& program, const ElfSegment& segment, std::uint64_t start,
                           std::uint64_t length, bool writable) {
    const std::uint64_t offset = base::align_down(segment.file_offset, base::page_size);
    ProgramSpace::Request request{.address = start,
                                  .length = length,
                                  .protection = segment.protection,
                                  .placement = ProgramSpace::Placement::fixed};
    if (program.pages) {
        if (!writable) {
            TRY(program_space().map_object(
                request, {program.pages, program.pages_offset + offset, length}, true));
            return {};
        }
        auto copy = program.pages->clone(ipc::own_bank(), {program.pages_offset + offset, length});
        if (copy) {
            TRY(program_space().map_object(request, {*copy, 0, length}, false));
            return {};
        }
    }
    request.protection = Protection::read | Protection::write;
    TRY(program_space().map_anonymous(request));
    const std::uint64_t lead = segment.file_offset - offset;
    TRY(read_into(program, start, offset, lead + segment.file_bytes));
    return program_space().protect(start, length, segment.protection);
}

Result<void> load_segment(const Program& program, const ElfSegment& segment, std::uint64_t bias) {
    const std::uint64_t address = segment.address + bias;
    const std::uint64_t start = base::align_down(address, base::page_size);
    const std::uint64_t file_end = address + segment.file_bytes;
    const std::uint64_t end = base::align_up(address + segment.memory_bytes, base::page_size);
    const bool writable = (segment.protection & Protection::write) != 0;
    const std::uint64_t file_pages_end =
        segment.file_bytes == 0 ? start : base::align_up(file_end, base::page_size);
    if (file_pages_end > start) {
        TRY(map_file_part(program, segment, start, file_pages_end - start, writable));
        if (writable) {
            TRY(user::clear(file_end, file_pages_end - file_end));
        }
    }
    if (end > file_pages_end) {
        TRY(program_space().map_anonymous({.address = file_pages_end,
                                           .length = end - file_pages_end,
                                           .protection = segment.protection,
                                           .placement = ProgramSpace::Placement::fixed}));
    }
    return {};
}

// Returns the load bias.
Result<std::uint64_t> load_segments(const Program& program, std::uint64_t base_address) {
    const std::uint64_t bias = program.elf.relocatable ? base_address - program.elf.lowest() : 0;
    for (const ElfSegment& segment : program.elf.segments) {
        TRY(load_segment(program, segment, bias));
    }
    return bias;
}

// The interpreter goes below the stack. Reserving a place first keeps its segments together.
Result<std::uint64_t> load_interpreter(const Program& interpreter) {
    const std::uint64_t length =
        base::align_up(interpreter.elf.highest(), base::page_size) - interpreter.elf.lowest();
    const std::uint64_t place =
        TRY(program_space().map_anonymous({.length = length, .protection = 0}));
    return load_segments(interpreter, place);
}

}  // namespace

Result<std::size_t> read_file(ipc::Ref<fs::File> file, std::uint64_t offset,
                              std::span<std::byte> to) {
    std::size_t done = 0;
    while (done < to.size()) {
        const auto length =
            static_cast<std::uint32_t>(std::min<std::size_t>(to.size() - done, abi::message_bytes));
        auto answer =
            TRY(or_errno(ipc::call(file, fs::Read{.offset = offset + done, .length = length})));
        const std::size_t got = std::min<std::size_t>(answer.payload.size(), length);
        if (got == 0) {
            break;
        }
        std::copy_n(answer.payload.begin(), got, to.begin() + static_cast<std::ptrdiff_t>(done));
        done += got;
    }
    return done;
}

Result<void> read_start(ipc::Ref<fs::File> file, FileStart& to) {
    to.length = TRY(read_file(file, 0, to.bytes));
    return {};
}

Result<PreparedProgram> prepare_program(ipc::Capability<fs::File> file, const FileStart& start) {
    PreparedProgram prepared;
    prepared.program = TRY(open_program(std::move(file), start.read(), false));
    if (!prepared.program.elf.relocatable && prepared.program.elf.lowest() < ProgramSpace::low) {
        return base::fail(Errno::enoexec);
    }
    if (prepared.program.elf.interpreter_bytes != 0) {
        const std::string path = TRY(interpreter_path(prepared.program));
        auto opened = TRY(fd::open_executable(linux_abi::at_cwd, path, 0));
        FileStart begin;
        TRY(read_start(opened.file, begin));
        prepared.interpreter = TRY(open_program(std::move(opened.file), begin.read(), true));
        if (!prepared.interpreter.elf.relocatable) {
            return base::fail(Errno::elibbad);
        }
    }
    return prepared;
}

Result<abi::Registers> load_program(PreparedProgram& prepared, const Image& image) {
    const Program& program = prepared.program;
    const std::uint64_t bias = TRY(load_segments(program, relocatable_base));
    program_space().set_break(base::align_up(program.elf.highest() + bias, base::page_size));
    FirstStack stack{
        .image = &image,
        .headers = program.elf.headers_address + (program.elf.headers_address != 0 ? bias : 0),
        .header_count = program.elf.header_count,
        .entry = program.elf.entry + bias,
        .interpreter_base = 0};
    const std::uint64_t stack_pointer_limit = TRY(map_first_stack());
    std::uint64_t start = stack.entry;
    if (prepared.interpreter.file) {
        const std::uint64_t interpreter_bias = TRY(load_interpreter(prepared.interpreter));
        stack.interpreter_base = interpreter_bias + prepared.interpreter.elf.lowest();
        start = prepared.interpreter.elf.entry + interpreter_bias;
    }
    abi::Registers registers{};
    registers.rip = start;
    registers.rsp = TRY(build_first_stack(stack, stack_pointer_limit));
    registers.rflags = 0x202;
    return registers;
}

}  // namespace linux
