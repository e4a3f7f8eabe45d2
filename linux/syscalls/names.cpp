// SPDX-License-Identifier: MIT
// The name space of files: making, removing and renaming names, links, the current directory.
#include <algorithm>
#include <cstring>

#include "abi/linux/file.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/own_names.hpp"
#include "linux/fd/path.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using linux_abi::at_cwd;
using linux_abi::AtFlag;

// Asks the view about the path that stands in the message page.
template <class Op>
Result<void> ask(const Op& operation, std::string_view payload) {
    TRY(or_errno(ipc::call(fd::own_view(), operation, {.payload = ipc::bytes(payload)})));
    return {};
}

// Two texts in the message page, one right after the other.
struct TwoPaths {
    fd::Path first, second;
    [[nodiscard]] std::string_view both() const {
        return {first.text.data(), first.text.size() + second.text.size()};
    }
    [[nodiscard]] std::uint32_t first_length() const {
        return static_cast<std::uint32_t>(first.text.size());
    }
};
Result<TwoPaths> resolve_two(std::int32_t first_directory, std::uint64_t first,
                             std::int32_t second_directory, std::uint64_t second) {
    const fd::Path one = TRY(fd::resolve(first_directory, first));
    const fd::Path two = TRY(fd::resolve(second_directory, second, one.text.size()));
    return TwoPaths{one, two};
}

Result<void> make_node(std::int32_t directory, std::uint64_t path, std::uint32_t mode,
                       std::uint64_t device) {
    using linux_abi::FileType;
    fs::MakeNode node{.mode = mode & 07777 & ~fd::location.umask()};
    switch (mode & FileType::mask) {
        case 0:
        case FileType::regular:   node.kind = fs::Kind::regular; break;
        case FileType::fifo:      node.kind = fs::Kind::fifo; break;
        case FileType::socket:    node.kind = fs::Kind::socket; break;
        case FileType::character: node.kind = fs::Kind::character_device; break;
        case FileType::block:     node.kind = fs::Kind::block_device; break;
        case FileType::directory: return base::fail(Errno::eperm);
        default:                  return base::fail(Errno::einval);
    }
    if (node.kind == fs::Kind::character_device || node.kind == fs::Kind::block_device) {
        node.device_major = linux_abi::device_major(device);
        node.device_minor = linux_abi::device_minor(device);
    }
    const fd::Path resolved = TRY(fd::resolve(directory, path));
    if (resolved.directory) {
        return base::fail(Errno::enoent);
    }
    return ask(node, resolved.text);
}

Result<void> make_directory(std::int32_t directory, std::uint64_t path, std::uint32_t mode) {
    const fd::Path resolved = TRY(fd::resolve(directory, path));
    return ask(
        fs::MakeNode{.kind = fs::Kind::directory, .mode = mode & 01777 & ~fd::location.umask()},
        resolved.text);
}

// Does the name in the program's memory end in `.` or `..`? Neither can be removed or renamed.
bool ends_in(std::string_view path, std::string_view name) {
    return path.ends_with(name) &&
           (path.size() == name.size() || path[path.size() - name.size() - 1] == '/');
}

Result<void> remove(std::int32_t directory, std::uint64_t path, std::uint32_t flags) {
    if ((flags & ~AtFlag::remove_directory) != 0) {
        return base::fail(Errno::einval);
    }
    const bool directories = (flags & AtFlag::remove_directory) != 0;
    const fd::Path resolved = TRY(fd::resolve(directory, path));
    if (resolved.text == "/") {
        return base::fail(directories ? Errno::ebusy : Errno::eisdir);
    }
    if (directories && (resolved.dot || ends_in(resolved.text, ".."))) {
        return base::fail(resolved.dot ? Errno::einval : Errno::enotempty);
    }
    if (!directories && resolved.directory) {
        std::string_view text = resolved.text;
        const auto attributes = fd::attributes_of({text, false}, false);
        const bool is_directory = attributes && attributes->kind == fs::Kind::directory;
        return base::fail(!attributes    ? attributes.error()
                          : is_directory ? Errno::eisdir
                                         : Errno::enotdir);
    }
    if (!directories) {
        TRY(or_errno(fd::ask_path(fs::Remove{}, resolved.text)));
        return {};
    }
    return ask(fs::Remove{.directory = 1}, resolved.text);
}

Result<void> rename_at(std::int32_t from_directory, std::uint64_t from, std::int32_t to_directory,
                       std::uint64_t to, std::uint32_t flags) {
    using linux_abi::RenameFlag;
    if ((flags & ~(RenameFlag::no_replace | RenameFlag::exchange)) != 0 ||
        flags == (RenameFlag::no_replace | RenameFlag::exchange)) {
        return base::fail(Errno::einval);
    }
    const TwoPaths paths = TRY(resolve_two(from_directory, from, to_directory, to));
    for (const fd::Path& path : {paths.first, paths.second}) {
        if (path.text == "/" || path.dot || ends_in(path.text, "..")) {
            return base::fail(Errno::ebusy);
        }
    }
    if (paths.first.directory || paths.second.directory) {
        const std::string_view first = paths.first.text;
        const std::string kept{paths.both()};
        const auto attributes = TRY(fd::attributes_of({first, false}, false));
        if (attributes.kind != fs::Kind::directory) {
            return base::fail(Errno::enotdir);
        }
        return ask(fs::Rename{.first_length = paths.first_length(), .flags = flags}, kept);
    }
    return ask(fs::Rename{.first_length = paths.first_length(), .flags = flags}, paths.both());
}

Result<void> link_at(std::int32_t from_directory, std::uint64_t from, std::int32_t to_directory,
                     std::uint64_t to, std::uint32_t flags) {
    if ((flags & ~(AtFlag::follow | AtFlag::empty_path)) != 0) {
        return base::fail(Errno::einval);
    }
    const TwoPaths paths = TRY(resolve_two(from_directory, from, to_directory, to));
    if (paths.second.directory) {
        return base::fail(Errno::enoent);
    }
    return ask(fs::Link{.first_length = paths.first_length()}, paths.both());
}

Result<void> symlink_at(std::uint64_t target, std::int32_t directory, std::uint64_t path) {
    char* page = reinterpret_cast<char*>(ipc::message_page().data());
    const std::size_t length = TRY(user::copy_string({page, linux_abi::path_max}, target));
    if (length == 0) {
        return base::fail(Errno::enoent);
    }
    const fd::Path resolved = TRY(fd::resolve(directory, path, length));
    if (resolved.directory) {
        return base::fail(Errno::enoent);
    }
    return ask(fs::MakeSymbolicLink{.first_length = static_cast<std::uint32_t>(length)},
               {page, length + resolved.text.size()});
}

Result<std::int64_t> readlink_at(std::int32_t directory, std::uint64_t path, std::uint64_t to,
                                 std::int32_t size) {
    if (size <= 0) {
        return base::fail(Errno::einval);
    }
    const fd::Path resolved = TRY(fd::resolve(directory, path));
    if (const auto own = fd::own_link(resolved.text)) {
        const std::size_t count = std::min(own->size(), static_cast<std::size_t>(size));
        TRY(user::copy_out(to, own->data(), count));
        return static_cast<std::int64_t>(count);
    }
    if (fd::named_descriptor(resolved.text)) {
        return base::fail(Errno::enoent);  // it is not open
    }
    const auto answer = TRY(or_errno(
        ipc::call(fd::own_view(), fs::ReadSymbolicLink{}, {.payload = ipc::bytes(resolved.text)})));
    const std::size_t count = std::min(answer.payload.size(), static_cast<std::size_t>(size));
    TRY(user::copy_out(to, answer.payload.data(), count));
    return static_cast<std::int64_t>(count);
}

// ENOENT if the directory is gone, as Linux has it.
Result<std::int64_t> get_directory(std::uint64_t to, std::uint64_t size) {
    const std::string directory = fd::location.directory();
    TRY(fd::attributes_of({directory, true}, true));
    if (size < directory.size() + 1) {
        return base::fail(Errno::erange);
    }
    TRY(user::copy_out(to, directory.c_str(), directory.size() + 1));
    return static_cast<std::int64_t>(directory.size() + 1);
}

Result<void> change_directory(std::uint64_t path) {
    return fd::location.change(TRY(fd::resolve(at_cwd, path)).text);
}

Result<void> change_to_descriptor(std::int32_t number) {
    const fd::Handle description = TRY(fd::table.get(number));
    if (description->kind() != fs::Kind::directory) {
        return base::fail(Errno::enotdir);
    }
    if (description->directory_path().empty()) {
        return base::fail(Errno::enoent);
    }
    return fd::location.change(TRY(fd::resolve_text(at_cwd, description->directory_path())).text);
}

}  // namespace

namespace calls {

std::int64_t mkdir(const Arguments& arguments) {
    return to_return(make_directory(at_cwd, arguments[0], arguments.word(1)));
}
std::int64_t mkdirat(const Arguments& arguments) {
    return to_return(make_directory(arguments.integer(0), arguments[1], arguments.word(2)));
}
std::int64_t mknod(const Arguments& arguments) {
    return to_return(make_node(at_cwd, arguments[0], arguments.word(1), arguments.word(2)));
}
std::int64_t mknodat(const Arguments& arguments) {
    return to_return(
        make_node(arguments.integer(0), arguments[1], arguments.word(2), arguments.word(3)));
}
std::int64_t rmdir(const Arguments& arguments) {
    return to_return(remove(at_cwd, arguments[0], AtFlag::remove_directory));
}
std::int64_t unlink(const Arguments& arguments) {
    return to_return(remove(at_cwd, arguments[0], 0));
}
std::int64_t unlinkat(const Arguments& arguments) {
    return to_return(remove(arguments.integer(0), arguments[1], arguments.word(2)));
}
std::int64_t rename(const Arguments& arguments) {
    return to_return(rename_at(at_cwd, arguments[0], at_cwd, arguments[1], 0));
}
std::int64_t renameat(const Arguments& arguments) {
    return to_return(
        rename_at(arguments.integer(0), arguments[1], arguments.integer(2), arguments[3], 0));
}
std::int64_t renameat2(const Arguments& arguments) {
    return to_return(rename_at(arguments.integer(0), arguments[1], arguments.integer(2),
                               arguments[3], arguments.word(4)));
}
std::int64_t link(const Arguments& arguments) {
    return to_return(link_at(at_cwd, arguments[0], at_cwd, arguments[1], 0));
}
std::int64_t linkat(const Arguments& arguments) {
    return to_return(link_at(arguments.integer(0), arguments[1], arguments.integer(2), arguments[3],
                             arguments.word(4)));
}
std::int64_t symlink(const Arguments& arguments) {
    return to_return(symlink_at(arguments[0], at_cwd, arguments[1]));
}
std::int64_t symlinkat(const Arguments& arguments) {
    return to_return(symlink_at(arguments[0], arguments.integer(1), arguments[2]));
}
std::int64_t readlink(const Arguments& arguments) {
    return to_return(readlink_at(at_cwd, arguments[0], arguments[1], arguments.integer(2)));
}
std::int64_t readlinkat(const Arguments& arguments) {
    return to_return(
        readlink_at(arguments.integer(0), arguments[1], arguments[2], arguments.integer(3)));
}

std::int64_t getcwd(const Arguments& arguments) {
    return to_return(get_directory(arguments[0], arguments[1]));
}
std::int64_t chdir(const Arguments& arguments) { return to_return(change_directory(arguments[0])); }
std::int64_t fchdir(const Arguments& arguments) {
    return to_return(change_to_descriptor(arguments.integer(0)));
}

}  // namespace calls
}  // namespace linux
