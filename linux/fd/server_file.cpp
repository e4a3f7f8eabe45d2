// SPDX-License-Identifier: MIT
#include "linux/fd/server_file.hpp"

#include <algorithm>

#include "libs/ipc/protocol.hpp"

namespace linux::fd {

namespace {

std::uint32_t to_fs_flags(std::uint32_t status, bool readable, bool writable) {
    return (readable ? fs::OpenFlags::read : 0) | (writable ? fs::OpenFlags::write : 0) |
           ((status & OpenFlag::append) != 0 ? fs::OpenFlags::append : 0) |
           ((status & OpenFlag::path) != 0 ? fs::OpenFlags::path_only : 0);
}

}  // namespace

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

Result<void> ServerFile::set_append(bool append) {
    const bool now = (status() & OpenFlag::append) != 0;
    if (now != append) {
        TRY(or_errno(
            ipc::call(file(), fs::SetStatusFlags{.mask = fs::OpenFlags::append,
                                                 .value = append ? fs::OpenFlags::append : 0})));
    }
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
    to.state[5] = status() & OpenFlag::non_block;
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
