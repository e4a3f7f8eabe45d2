// SPDX-License-Identifier: MIT
// Seals and extended attributes of open files.
#include <string>

#include "libs/fs_server/permissions.hpp"
#include "libs/fs_server/service.hpp"

namespace fs_server {
namespace {

bool has_extended(fs::Kind kind) {
    return kind == fs::Kind::regular || kind == fs::Kind::directory;
}

bool is_extended_name(std::string_view name) {
    constexpr std::string_view prefix = "user.";
    return name.size() > prefix.size() && name.size() <= fs::max_name && name.starts_with(prefix) &&
           name.find('\0') == name.npos;
}

// May whoever opened the file look at its attributes?
Result<void> check_look(const OpenFile& file) {
    if (file.has(fs::OpenFlags::path_only)) {
        return base::fail(Status::bad_handle);
    }
    if (!may(TRY(file.backend->attributes(file.inode)), file.opener, Permission::read)) {
        return base::fail(Status::access_denied);
    }
    return {};
}

Result<void> check_change(const OpenFile& file) {
    if (!has_extended(file.kind)) {
        return base::fail(Status::not_permitted);
    }
    if (file.has(fs::OpenFlags::read_only_view)) {
        return base::fail(Status::read_only);
    }
    if (!may(TRY(file.backend->attributes(file.inode)), file.opener, Permission::write)) {
        return base::fail(Status::access_denied);
    }
    return {};
}

}  // namespace

Result<fs::Seal::Reply> Service::handle(const fs::Seal& seal, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    if (file->kind != fs::Kind::regular || (seal.add & ~fs::Seal::all) != 0) {
        return base::fail(Status::invalid);
    }
    if (seal.add != 0 && !file->has(fs::OpenFlags::write)) {
        return base::fail(Status::not_permitted);
    }
    return fs::Seal::Reply{.seals = TRY(file->backend->seal(file->inode, seal.add))};
}

Result<fs::GetExtended::Reply> Service::handle(const fs::GetExtended&, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    TRY(check_look(*file));
    const std::string name{request.text()};
    if (!is_extended_name(name)) {
        return base::fail(Status::invalid);
    }
    if (!has_extended(file->kind)) {
        return base::fail(Status::not_found);
    }
    const std::string value = TRY(file->backend->get_extended(file->inode, name));
    if (value.size() > fs::GetExtended::reply_payload) {
        return base::fail(Status::too_big);
    }
    request.set_reply_payload(ipc::bytes(value));
    return fs::GetExtended::Reply{};
}

Result<fs::SetExtended::Reply> Service::handle(const fs::SetExtended& set, ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    const std::string text{request.text()};
    if (set.name_length > text.size()) {
        return base::fail(Status::malformed);
    }
    const std::string_view name = std::string_view{text}.substr(0, set.name_length);
    const std::string_view value = std::string_view{text}.substr(set.name_length);
    if (!is_extended_name(name)) {
        return base::fail(Status::invalid);
    }
    TRY(check_change(*file));
    Backend& backend = *file->backend;
    backend.note_contents(file->inode);
    if (file->kind == fs::Kind::directory) {
        backend.note_names();
    }
    if ((set.how & fs::SetExtended::remove) != 0) {
        TRY(backend.remove_extended(file->inode, name));
        note_change(*file, fs::Event::attributes);
        return fs::SetExtended::Reply{};
    }
    if ((set.how & (fs::SetExtended::create | fs::SetExtended::replace)) != 0) {
        const auto old = backend.get_extended(file->inode, name);
        if (!old && old.error() != Status::not_found) {
            return base::fail(old.error());
        }
        if (old && (set.how & fs::SetExtended::create) != 0) {
            return base::fail(Status::exists);
        }
        if (!old && (set.how & fs::SetExtended::replace) != 0) {
            return base::fail(Status::not_found);
        }
    }
    TRY(backend.set_extended(file->inode, name, value));
    note_change(*file, fs::Event::attributes);
    return fs::SetExtended::Reply{};
}

Result<fs::ListExtended::Reply> Service::handle(const fs::ListExtended&, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    TRY(check_look(*file));
    if (!has_extended(file->kind)) {
        return fs::ListExtended::Reply{};
    }
    const std::string names = TRY(file->backend->list_extended(file->inode));
    if (names.size() > fs::ListExtended::reply_payload) {
        return base::fail(Status::too_big);
    }
    request.set_reply_payload(ipc::bytes(names));
    return fs::ListExtended::Reply{};
}

}  // namespace fs_server
