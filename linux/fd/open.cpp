// SPDX-License-Identifier: MIT
#include "linux/fd/open.hpp"

#include <array>
#include <string>

#include "interfaces/process.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/fd/fifo.hpp"
#include "linux/fd/framebuffer.hpp"
#include "linux/fd/own_files.hpp"
#include "linux/fd/own_names.hpp"
#include "linux/fd/regular_file.hpp"
#include "linux/fd/table.hpp"
#include "linux/fd/terminal.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

namespace {

// F_GETFL shows these; the others matter only while opening.
constexpr std::uint32_t lasting_flags =
    OpenFlag::access_mode | OpenFlag::append | OpenFlag::non_block | OpenFlag::sync |
    OpenFlag::async | OpenFlag::direct | OpenFlag::path | OpenFlag::no_access_time |
    OpenFlag::directory | OpenFlag::no_follow;
constexpr std::uint32_t path_flags = OpenFlag::path | OpenFlag::directory | OpenFlag::no_follow;

constexpr std::uint32_t terminal_major = 5;
constexpr std::uint32_t own_terminal_minor = 0;
constexpr std::uint32_t master_minor = 2;  // of a pseudo-terminal; it controls no session

bool is_own_terminal(const ServerFileInfo& info) {
    return info.kind == fs::Kind::character_device && info.device_major == terminal_major &&
           info.device_minor == own_terminal_minor;
}

// /dev/tty: whatever terminal controls the session.
Result<Handle> open_own_terminal(std::uint32_t flags) {
    auto answer = ipc::call(own_process(), process::GetTerminal{});
    if (!answer) {
        return base::fail(Errno::enxio);
    }
    const ServerFileInfo info{.kind = fs::Kind::character_device,
                              .terminal = true,
                              .device_major = answer->reply.device >> 8,
                              .device_minor = answer->reply.device & 0xff};
    // That File is the session's; who opens /dev/tty gets a description of his own.
    const auto session = answer->take<fs::File>();
    return open_again(session, info, flags);
}

// /dev/fd/N and the like: the description that is open there, as far as it is open for this.
Result<Handle> open_descriptor(std::int64_t number, std::uint32_t flags) {
    auto description = table.get(number);
    if (!description) {
        return base::fail(Errno::enoent);
    }
    const std::uint32_t mode = flags & OpenFlag::access_mode;
    if ((mode != OpenFlag::write_only && !(*description)->readable()) ||
        (mode != OpenFlag::read_only && !(*description)->writable())) {
        return base::fail(Errno::eacces);
    }
    return description;
}

// A session leader without a terminal gets the first one that it opens, as on Linux.
void acquire_terminal(ipc::Ref<fs::File> file, const ServerFileInfo& info, std::uint32_t flags) {
    const bool is_master = info.device_major == terminal_major && info.device_minor == master_minor;
    if (info.terminal && !is_master && (flags & OpenFlag::no_terminal) == 0 &&
        identity().has_terminal == 0 && identity().pid == identity().session) {
        (void)ipc::call(own_process(), process::SetTerminal{.device = info.device_number()},
                        {.capabilities = {file}});
    }
}

// Takes it over.
Handle with_path(ServerFile* file, std::string_view path) {
    file->keep_path(path);
    return Handle{file};
}

}  // namespace

Result<std::uint32_t> to_open_flags(std::uint32_t flags) {
    using To = fs::OpenFlags;
    std::uint32_t result = 0;
    result |= (flags & OpenFlag::directory) != 0 ? To::directory : 0;
    result |= (flags & OpenFlag::no_follow) != 0 ? To::no_follow : 0;
    if ((flags & OpenFlag::path) != 0) {
        return result | To::path_only;
    }
    if ((flags & OpenFlag::temporary) == OpenFlag::temporary) {
        const bool writes = (flags & OpenFlag::access_mode) != OpenFlag::read_only;
        if (!writes || (flags & OpenFlag::create) != 0) {
            return base::fail(Errno::einval);
        }
        flags &= ~OpenFlag::directory;
        result = To::nameless;
    }
    if ((flags & OpenFlag::create) != 0 && (flags & OpenFlag::directory) != 0) {
        return base::fail(Errno::einval);
    }
    switch (flags & OpenFlag::access_mode) {
        case OpenFlag::read_only:  result |= To::read; break;
        case OpenFlag::write_only: result |= To::write; break;
        case OpenFlag::read_write: result |= To::read | To::write; break;
        default:                   return base::fail(Errno::einval);
    }
    result |= to_file_flags(flags);
    result |= (flags & OpenFlag::truncate) != 0 ? To::truncate : 0;
    if ((flags & OpenFlag::create) != 0) {
        result |= To::create;
        result |= (flags & OpenFlag::exclusive) != 0 ? To::exclusive | To::no_follow : 0;
    }
    return result;
}

Result<Handle> open_again(ipc::Ref<fs::File> file, ServerFileInfo info, std::uint32_t flags) {
    const std::uint32_t asked = TRY(to_open_flags(flags));
    auto own = TRY(or_errno(ipc::call(file, fs::Open{.flags = asked})));
    info.device_major = own.reply.device_major;
    info.device_minor = own.reply.device_minor;
    Handle made = make_description(own.take<fs::File>(), info, flags & lasting_flags, {}, false);
    acquire_terminal(made->file(), info, flags);
    return made;
}

Handle make_description(ipc::Capability<fs::File> file, const ServerFileInfo& info,
                        std::uint32_t status, std::string_view path, bool shared) {
    if ((status & OpenFlag::path) != 0 && info.kind != fs::Kind::directory) {
        return with_path(new ServerFile(status, std::move(file), info), path);
    }
    switch (info.kind) {
        case fs::Kind::regular:
            return Handle{new RegularFile(status, std::move(file), info, shared)};
        case fs::Kind::directory:
            return Handle{new Directory(status, std::move(file), info, std::string{path})};
        default: break;
    }
    if (info.terminal) {
        return Handle{new Terminal(status, std::move(file), info)};
    }
    if (Framebuffer::serves(info)) {
        return Handle{new Framebuffer(status, std::move(file), info)};
    }
    if (LocalDevice::serves(info)) {
        return with_path(new LocalDevice(status, std::move(file), info), path);
    }
    return with_path(new Stream(status, std::move(file), info), path);
}

Result<Handle> open(Path path, std::uint32_t flags, std::uint32_t mode, std::uint32_t more) {
    if ((flags & OpenFlag::no_follow) == 0) {
        if (const auto descriptor = named_descriptor(path.text)) {
            return open_descriptor(*descriptor, flags);
        }
        follow_own_link(path);
    }
    if ((flags & OpenFlag::path) != 0) {
        flags &= path_flags;
    }
    std::uint32_t asked = TRY(to_open_flags(flags)) | more;
    if (path.directory) {
        if ((flags & OpenFlag::create) != 0) {
            return base::fail(Errno::eisdir);
        }
        asked |= fs::OpenFlags::directory;
    }
    std::array<char, linux_abi::path_max> text;
    const std::string_view opened{text.data(), path.text.copy(text.data(), text.size())};
    auto [file, reply, origin] = TRY(
        or_errno(open_path({.flags = asked, .mode = mode & 07777 & ~location.umask()}, opened)));
    const ServerFileInfo info{.kind = reply.kind,
                              .terminal = reply.terminal != 0,
                              .device_major = reply.device_major,
                              .device_minor = reply.device_minor};
    if (is_own_terminal(info) && (flags & OpenFlag::path) == 0) {
        return open_own_terminal(flags);
    }
    if (info.kind == fs::Kind::socket && (flags & OpenFlag::path) == 0) {
        return base::fail(Errno::enxio);
    }
    if (info.kind == fs::Kind::fifo && (flags & OpenFlag::path) == 0) {
        return NamedPipe::open(std::move(file), flags & lasting_flags);
    }
    if (may_be_proc(opened) && opened.starts_with("/proc/") && (flags & OpenFlag::path) == 0) {
        if (auto own = TRY(open_own_file(opened, flags & lasting_flags))) {
            return own;
        }
    }
    acquire_terminal(file, info, flags);
    if (info.kind == fs::Kind::regular && (flags & OpenFlag::path) == 0) {
        return with_path(
            new RegularFile(flags & lasting_flags, std::move(file), info, false, origin), opened);
    }
    if (Framebuffer::serves(info) && (flags & OpenFlag::path) == 0) {
        return Framebuffer::open(info, flags & lasting_flags);
    }
    return make_description(std::move(file), info, flags & lasting_flags, opened, false);
}

}  // namespace linux::fd
