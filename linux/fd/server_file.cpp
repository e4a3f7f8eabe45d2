// SPDX-License-Identifier: MIT
#include "linux/fd/server_file.hpp"

#include <algorithm>

#include "libs/ipc/protocol.hpp"

namespace linux::fd {

namespace {

std::uint32_t to_fs_flags(std::uint32_t status, bool readable, bool writable) {
    return (readable ? fs::OpenFlags::read : 0) | (writable ? fs::OpenFlags::write : 0) |
           to_file_flags(status) | ((status & OpenFlag::path) != 0 ? fs::OpenFlags::path_only : 0);
}

struct SameFlag {
    std::uint32_t here, there;
};
constexpr SameFlag same_flags[] = {
    {OpenFlag::append, fs::OpenFlags::append},
    {OpenFlag::non_block, fs::OpenFlags::non_block},
    {OpenFlag::async, fs::OpenFlags::async},
    {OpenFlag::direct, fs::OpenFlags::direct},
    {OpenFlag::no_access_time, fs::OpenFlags::no_access_time},
};

}  // namespace

std::uint32_t to_file_flags(std::uint32_t flags) {
    std::uint32_t result = 0;
    for (const SameFlag& one : same_flags) {
        result |= (flags & one.here) != 0 ? one.there : 0;
    }
    return result;
}

std::uint32_t from_file_flags(std::uint32_t flags) {
    std::uint32_t result = 0;
    for (const SameFlag& one : same_flags) {
        result |= (flags & one.there) != 0 ? one.here : 0;
    }
    return result;
}

Result<std::uint32_t> change_file_flags(ipc::Ref<fs::File> file, std::uint32_t mask,
                                        std::uint32_t value) {
    const auto answer = TRY(or_errno(ipc::call(
        file, fs::SetStatusFlags{.mask = to_file_flags(mask), .value = to_file_flags(value)})));
    return from_file_flags(answer.reply.flags);
}

Result<fs::Attributes> file_attributes(ipc::Ref<fs::File> file) {
    auto answer = TRY(or_errno(ipc::call(file, fs::GetAttributes{})));
    fs::Attributes attributes;
    if (!ipc::read_payload(answer.payload, attributes)) {
        return base::fail(Errno::eio);
    }
    return attributes;
}

Result<fs::Attributes> ServerFile::attributes() { return file_attributes(file()); }

Result<void> ServerFile::set_attributes(std::uint32_t which, const fs::Attributes& to) {
    TRY(or_errno(ipc::call(file(), fs::SetAttributes{.which = which},
                           {.payload = std::as_bytes(std::span{&to, 1})})));
    return {};
}

Result<void> ServerFile::sync(bool data_only) {
    TRY(or_errno(ipc::call(file(), fs::Sync{.data_only = data_only ? 1U : 0U})));
    return {};
}

// What the server does not keep, this process knows best.
std::uint32_t ServerFile::current_status() {
    if (const auto flags = change_file_flags(file(), 0, 0); flags && !path_only()) {
        set_flags(OpenFlag::changeable, *flags);
    }
    return status();
}

Result<void> ServerFile::change_status(std::uint32_t mask, std::uint32_t value) {
    const std::uint32_t flags = TRY(change_file_flags(file(), mask, value));
    set_flags(OpenFlag::changeable, flags);
    return {};
}

// Files and directories never keep anybody waiting.
std::uint32_t ServerFile::poll(std::uint32_t events, WakeTarget /*target*/) {
    return events & (fs::Poll::readable | fs::Poll::writable);
}

bool ServerFile::describe(process::ImageDescriptor& to) const {
    to.kind = process::ImageDescriptor::file;
    to.capabilities[0] = file_.index();
    to.state[0] = to_fs_flags(status(), readable(), writable());
    to.state[1] = static_cast<std::uint32_t>(info_.kind);
    to.state[2] = info_.terminal ? 1 : 0;
    to.state[3] = info_.device_major;
    to.state[4] = info_.device_minor;
    to.state[5] = status() & OpenFlag::changeable;
    return true;
}

std::int64_t Directory::read(UserBuffer& /*buffer*/, Offset /*offset*/) { return -Errno::eisdir; }

// The only place to go is one that getdents told of, or the start.
Result<std::uint64_t> Directory::seek(std::int64_t offset, std::uint32_t whence) {
    const auto answer =
        TRY(or_errno(ipc::call(file(), fs::Seek{.offset = offset, .whence = whence})));
    return answer.reply.offset;
}

}  // namespace linux::fd
