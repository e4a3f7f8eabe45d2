// SPDX-License-Identifier: MIT
// Extended attributes: those that begin with "user."; of the other kinds nobody here has any, or the
// privilege to make some. And handles of files, which no file system here has.
#include <array>
#include <string>

#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {
namespace {

enum class Use : std::uint8_t { get, change };

// An open file, by its path or by a descriptor.
struct Subject {
    ipc::Capability<fs::File> own;
    fd::Handle description;
    [[nodiscard]] ipc::Ref<fs::File> file() const {
        return description ? description->file() : own.ref();
    }
};

Result<Subject> by_path(std::uint64_t path_at, bool follow, Use use) {
    using Flags = fs::OpenFlags;
    fd::Path path = TRY(fd::resolve(linux_abi::at_cwd, path_at));
    fd::follow_own_link(path);
    const std::string text{path.text};
    const std::uint32_t flags =
        (use == Use::get ? Flags::read | Flags::unheard : Flags::path_only) |
        (follow ? 0U : Flags::no_follow) | (path.directory ? Flags::directory : 0U);
    return Subject{TRY(or_errno(fd::open_path({.flags = flags}, text))).file, {}};
}

Result<Subject> by_descriptor(std::int32_t number) {
    fd::Handle description = TRY(fd::table.get_open(number));
    if (!description->file()) {
        return base::fail(Errno::eopnotsupp);  // a pipe, a socket, ...
    }
    return Subject{{}, std::move(description)};
}

Result<Subject> by_path_or_link(std::uint64_t path_at, bool follow, Use use) {
    auto subject = by_path(path_at, follow, use);
    // Symbolic links have none, and take none.
    if (!subject && subject.error() == Errno::eloop && !follow) {
        return base::fail(use == Use::get ? Errno::enodata : Errno::eperm);
    }
    return subject;
}

Result<std::string> read_name(std::uint64_t at, Use use) {
    std::array<char, fs::max_name + 1> text;
    const auto length = user::copy_string(text, at);
    if (!length) {
        return base::fail(length.error() == Errno::enametoolong ? Errno::erange : length.error());
    }
    const std::string_view name{text.data(), *length};
    if (name.empty()) {
        return base::fail(Errno::erange);
    }
    if (name.starts_with("trusted.")) {
        return base::fail(use == Use::get ? Errno::enodata : Errno::eperm);
    }
    if (name.starts_with("user.") && name.size() == 5) {
        return base::fail(Errno::einval);
    }
    if (!name.starts_with("user.")) {
        return base::fail(Errno::eopnotsupp);
    }
    return std::string{name};
}

// ENODATA is ENOENT's name here.
template <class Op>
Result<ipc::Answer<Op>> ask(const Subject& subject, const Op& operation,
                            std::span<const std::byte> payload = {}) {
    auto answer = ipc::call(subject.file(), operation, {.payload = payload});
    if (!answer && answer.error() == ipc::Failure{ipc::Status::not_found}) {
        return base::fail(Errno::enodata);
    }
    return or_errno(std::move(answer));
}

Result<std::int64_t> give(std::span<const std::byte> value, std::uint64_t at, std::uint64_t room) {
    if (room != 0) {
        if (value.size() > room) {
            return base::fail(Errno::erange);
        }
        TRY(user::copy_out(at, value.data(), value.size()));
    }
    return static_cast<std::int64_t>(value.size());
}

Result<std::int64_t> get(Result<Subject> subject, const Arguments& arguments) {
    const Subject from = TRY(std::move(subject));
    const std::string name = TRY(read_name(arguments[1], Use::get));
    const auto answer = TRY(ask(from, fs::GetExtended{}, ipc::bytes(std::string_view{name})));
    return give(answer.payload, arguments[2], arguments[3]);
}

Result<std::int64_t> list(Result<Subject> subject, const Arguments& arguments) {
    if (!subject && subject.error() == Errno::enodata) {
        return 0;
    }
    const Subject from = TRY(std::move(subject));
    const auto answer = TRY(ask(from, fs::ListExtended{}));
    return give(answer.payload, arguments[1], arguments[2]);
}

Result<std::int64_t> change(Result<Subject> subject, const fs::SetExtended& how,
                            std::string_view text) {
    const Subject to = TRY(std::move(subject));
    TRY(ask(to, how, ipc::bytes(text)));
    return 0;
}

Result<std::int64_t> set(Result<Subject> subject, const Arguments& arguments) {
    constexpr std::uint64_t longest_value = 65536;
    constexpr std::uint32_t create = 1, replace = 2;
    const std::uint64_t length = arguments[3];
    const std::uint32_t flags = arguments.word(4);
    if ((flags & ~(create | replace)) != 0) {
        return base::fail(Errno::einval);
    }
    std::string text = TRY(read_name(arguments[1], Use::change));
    if (length > longest_value) {
        return base::fail(Errno::e2big);
    }
    const auto name_length = static_cast<std::uint32_t>(text.size());
    if (text.size() + length > fs::SetExtended::payload) {
        return base::fail(Errno::enospc);
    }
    text.resize(text.size() + length);
    if (length != 0) {
        TRY(user::copy_in(text.data() + name_length, arguments[2], length));
    }
    return change(std::move(subject),
                  {.name_length = name_length,
                   .how = ((flags & create) != 0 ? fs::SetExtended::create : 0) |
                          ((flags & replace) != 0 ? fs::SetExtended::replace : 0)},
                  text);
}

Result<std::int64_t> remove(Result<Subject> subject, const Arguments& arguments) {
    const std::string name = TRY(read_name(arguments[1], Use::change));
    return change(
        std::move(subject),
        {.name_length = static_cast<std::uint32_t>(name.size()), .how = fs::SetExtended::remove},
        name);
}

}  // namespace

namespace calls {

std::int64_t setxattr(const Arguments& arguments) {
    return to_return(set(by_path_or_link(arguments[0], true, Use::change), arguments));
}
std::int64_t lsetxattr(const Arguments& arguments) {
    return to_return(set(by_path_or_link(arguments[0], false, Use::change), arguments));
}
std::int64_t fsetxattr(const Arguments& arguments) {
    return to_return(set(by_descriptor(arguments.integer(0)), arguments));
}
std::int64_t getxattr(const Arguments& arguments) {
    return to_return(get(by_path_or_link(arguments[0], true, Use::get), arguments));
}
std::int64_t lgetxattr(const Arguments& arguments) {
    return to_return(get(by_path_or_link(arguments[0], false, Use::get), arguments));
}
std::int64_t fgetxattr(const Arguments& arguments) {
    return to_return(get(by_descriptor(arguments.integer(0)), arguments));
}
std::int64_t listxattr(const Arguments& arguments) {
    return to_return(list(by_path_or_link(arguments[0], true, Use::get), arguments));
}
std::int64_t llistxattr(const Arguments& arguments) {
    return to_return(list(by_path_or_link(arguments[0], false, Use::get), arguments));
}
std::int64_t flistxattr(const Arguments& arguments) {
    return to_return(list(by_descriptor(arguments.integer(0)), arguments));
}
std::int64_t removexattr(const Arguments& arguments) {
    return to_return(remove(by_path_or_link(arguments[0], true, Use::change), arguments));
}
std::int64_t lremovexattr(const Arguments& arguments) {
    return to_return(remove(by_path_or_link(arguments[0], false, Use::change), arguments));
}
std::int64_t fremovexattr(const Arguments& arguments) {
    return to_return(remove(by_descriptor(arguments.integer(0)), arguments));
}

// As a file system answers that cannot find a file again by its number.
std::int64_t name_to_handle_at(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }

}  // namespace calls
}  // namespace linux
