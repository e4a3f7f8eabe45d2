// SPDX-License-Identifier: MIT
#include "linux/fd/location.hpp"

#include <cstring>

#include "linux/entry/user_memory.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/fd/own_names.hpp"
#include "linux/fd/path.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/mutex.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

namespace {

constexpr int max_links = 40;

// The current directory: clean, with a fixed place, so that joining a path allocates nothing.
struct CurrentDirectory {
    Mutex lock;
    std::size_t length __attribute__((guarded_by(lock))) = 1;
    std::array<char, linux_abi::path_max> text __attribute__((guarded_by(lock))) = {'/'};
};
constinit CurrentDirectory current;

std::span<char> page_from(std::size_t at) {
    return std::span{reinterpret_cast<char*>(ipc::message_page().data()), abi::message_bytes}
        .subspan(at);
}

// /proc/self is the process's own number there.
Result<Path> with_own_number(std::span<char> page, Path path) {
    if (!may_be_proc(path.text)) {
        return path;
    }
    const auto rest = below_proc_self(path.text);
    if (!rest) {
        return path;
    }
    std::string text = "/proc/";
    append_number(text, identity().pid);
    text += *rest;
    if (text.size() > std::min(path::longest, page.size())) {
        return base::fail(Errno::enametoolong);
    }
    std::memcpy(page.data(), text.data(), text.size());
    return Path{{page.data(), text.size()}, path.directory, path.dot};
}

// Joins to `base` the path that `copy(to)` brings; it is absolute if `absolute`.
template <class Copy>
Result<Path> join(std::string_view base, bool absolute, std::size_t at, Copy&& copy) {
    const std::span<char> page = page_from(at);
    const std::size_t start = absolute ? 0 : path::start_of_relative(base);
    if (start >= page.size()) {
        return base::fail(Errno::enametoolong);
    }
    const std::size_t length = TRY(copy(page.subspan(start)));
    const auto joined = path::tidy(page, base, start, length);
    if (!joined) {
        return base::fail(Errno::enametoolong);
    }
    return with_own_number(page, {{page.data(), joined->length}, joined->directory, joined->dot});
}

template <class Copy>
Result<Path> join_at(std::int32_t directory, bool absolute, std::size_t at, Copy&& copy) {
    if (absolute) {
        return join("/", true, at, copy);
    }
    if (directory == linux_abi::at_cwd) {
        MutexGuard guard{current.lock};
        return join({current.text.data(), current.length}, false, at, copy);
    }
    const Handle base = TRY(table.get(directory));
    if (base->kind() != fs::Kind::directory) {
        return base::fail(Errno::enotdir);
    }
    if (base->directory_path().empty()) {
        return base::fail(Errno::enoent);  // opened in another view than ours
    }
    return join(base->directory_path(), false, at, copy);
}

// Does the clean `directory` begin with the clean `path`, as a directory on the way?
bool leads_to(std::string_view path, std::string_view directory) {
    return directory.starts_with(path) &&
           (directory.size() == path.size() || directory[path.size()] == '/');
}

// Appends one component to `clean`. If it is a symbolic link, its target goes to the front of
// `pending` instead.
Result<void> step(std::string& clean, std::string_view component, std::string& pending,
                  std::string_view known) {
    if (component == "..") {
        clean.resize(clean.empty() ? 0 : clean.rfind('/'));
        return {};
    }
    const std::size_t before = clean.size();
    clean += '/';
    clean += component;
    if (leads_to(clean, known)) {
        return {};
    }
    auto link = ipc::call(own_view(), fs::ReadSymbolicLink{}, {.payload = ipc::bytes(clean)});
    if (!link) {
        if (link.error() == ipc::Failure{ipc::Status::invalid}) {
            return {};  // no link
        }
        return base::fail(to_errno(link.error()));
    }
    std::string target{ipc::text(link->payload)};
    clean.resize(target.starts_with('/') ? 0 : before);
    pending.insert(0, target + "/");
    return base::fail(Errno::eloop);  // counted by the caller
}

// The path without symbolic links and `..`. It names a directory, as its caller knows.
Result<std::string> clean_path(std::string pending, std::string_view known) {
    std::string clean;
    int links = 0;
    while (!pending.empty()) {
        const std::size_t end = std::min(pending.find('/'), pending.size());
        const std::string component = pending.substr(0, end);
        pending.erase(0, end + 1);
        if (component.empty() || component == ".") {
            continue;
        }
        const auto stepped = step(clean, component, pending, known);
        if (!stepped && (stepped.error() != Errno::eloop || ++links > max_links)) {
            return base::fail(stepped.error());
        }
    }
    return clean.empty() ? "/" : clean;
}

}  // namespace

constinit Location location;

void write_location_to(process::Book& book) __attribute__((no_thread_safety_analysis)) {
    book.directory_at = reinterpret_cast<std::uintptr_t>(current.text.data());
    book.directory_length_at = reinterpret_cast<std::uintptr_t>(&current.length);
}

void lock_location() __attribute__((no_thread_safety_analysis)) { current.lock.lock(); }
void unlock_location() __attribute__((no_thread_safety_analysis)) { current.lock.unlock(); }

Result<Path> resolve(std::int32_t directory, std::uint64_t user_path, std::size_t at) {
    const char first = TRY(user::read<char>(user_path));
    if (first == '\0') {
        return base::fail(Errno::enoent);
    }
    return join_at(directory, first == '/', at,
                   [user_path](std::span<char> to) { return user::copy_string(to, user_path); });
}

Result<Path> resolve_text(std::int32_t directory, std::string_view path, std::size_t at) {
    if (path.empty()) {
        return base::fail(Errno::enoent);
    }
    return join_at(directory, path.front() == '/', at,
                   [path](std::span<char> to) -> Result<std::size_t> {
                       if (path.size() > to.size()) {
                           return base::fail(Errno::enametoolong);
                       }
                       std::memcpy(to.data(), path.data(), path.size());
                       return path.size();
                   });
}

void follow_own_link(Path& path) {
    if (!may_be_proc(path.text)) {
        return;
    }
    const auto target = own_link(path.text);
    if (target && target->starts_with('/')) {
        char* page = reinterpret_cast<char*>(ipc::message_page().data());
        path.text = {page, target->copy(page, path::longest)};
    }
}

Result<bool> is_empty(std::uint64_t user_path) { return TRY(user::read<char>(user_path)) == '\0'; }

// /proc/self/fd/N itself.
Result<fs::Attributes> descriptor_link(std::int64_t descriptor) {
    const auto open = table.get(descriptor);
    if (!open) {
        return base::fail(Errno::enoent);
    }
    const Handle& description = *open;
    fs::Attributes attributes;
    attributes.kind = fs::Kind::symbolic_link;
    attributes.mode = (description->readable() ? 0500 : 0) | (description->writable() ? 0300 : 0);
    attributes.inode = description->id();
    attributes.size = 64;
    attributes.links = 1;
    attributes.user = identity().user;
    attributes.group = identity().group_id;
    return attributes;
}

Result<fs::Attributes> attributes_of(Path path, bool follow) {
    fs::Attributes attributes;
    TRY(read_attributes(path, follow, attributes));
    return attributes;
}

Result<void> read_attributes(Path path, bool follow, fs::Attributes& to) {
    if (const auto descriptor = named_descriptor(path.text)) {
        if (follow) {
            const auto description = table.get(*descriptor);
            to = TRY(description ? (*description)->attributes() : base::fail(Errno::enoent));
            return {};
        }
        if (path.text.starts_with("/proc/")) {
            to = TRY(descriptor_link(*descriptor));
            return {};
        }
    }
    if (follow) {
        follow_own_link(path);
    }
    follow = follow || path.directory;
    if (entrances.look_up(path.text, follow, &to) != Known::found) {
        const auto answer = ask_path(fs::GetPathAttributes{.follow = follow ? 1U : 0U}, path.text);
        if (!answer) {
            return base::fail(to_errno(answer.error()));
        }
        if (!ipc::read_payload(answer->payload, to)) {
            return base::fail(Errno::eio);
        }
    }
    if (path.directory && to.kind != fs::Kind::directory) {
        return base::fail(Errno::enotdir);
    }
    return {};
}

std::string Location::directory() {
    MutexGuard guard{current.lock};
    return {current.text.data(), current.length};
}

void Location::set_directory(std::string_view clean) {
    MutexGuard guard{current.lock};
    current.length = std::min(clean.size(), path::longest);
    std::memcpy(current.text.data(), clean.data(), current.length);
}

Result<void> Location::change(std::string_view path) {
    const std::string wanted{path};
    const fs::Attributes attributes = TRY(attributes_of({path, true}, true));
    if (attributes.kind != fs::Kind::directory) {
        return base::fail(Errno::enotdir);
    }
    TRY(or_errno(
        ipc::call(own_view(), fs::CheckAccess{.mode = 1}, {.payload = ipc::bytes(wanted)})));
    set_directory(TRY(clean_path(wanted, directory())));
    return {};
}

}  // namespace linux::fd
