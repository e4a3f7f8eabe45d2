// SPDX-License-Identifier: MIT
#include "libs/fs_server/walk.hpp"

#include <array>

#include "libs/base/find_byte.hpp"
#include "libs/fs_server/permissions.hpp"

namespace fs_server {
namespace {

// Takes the component off the front, with the slash after it. `bad` tells what is wrong with it.
std::string_view take_name(std::string_view& path, Status& bad) {
    const char* const start = path.data();
    const char* const end = start + path.size();
    const char* const at = start + base::find_byte(start, 0, path.size(), '/', '\0');
    const std::string_view name{start, static_cast<std::size_t>(at - start)};
    const bool dots = name.size() <= 2 && (name.empty() || (name[0] == '.' && name.back() == '.'));
    const bool slash_at_end = at != end && at + 1 == end;
    if (dots || slash_at_end || (at != end && *at == '\0')) {
        bad = Status::invalid;
    } else {
        bad = name.size() > fs::max_name ? Status::name_too_long : Status::ok;
    }
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    return name;
}

// `walked` is the path up to and including the link; `rest` starts after its slash, or is empty.
Result<void> redirect(Backend& backend, Inode link, std::string_view walked, std::string_view rest,
                      Walk& result) {
    std::array<char, fs::max_path> buffer;
    const std::string_view target = TRY(backend.read_link(link, buffer));
    if (target.empty()) {
        return base::fail(Status::not_found);
    }
    if (target.starts_with('/')) {
        result.redirected = fs::Redirected::from_view_root;
    } else {
        result.redirected = fs::Redirected::from_mount_root;
        const std::size_t slash = walked.rfind('/');
        if (slash != walked.npos) {
            result.path = walked.substr(0, slash + 1);
        }
    }
    result.path += target;
    if (!rest.empty()) {
        result.path += '/';
        result.path += rest;
    }
    if (result.path.size() > fs::max_path) {
        return base::fail(Status::name_too_long);
    }
    return {};
}

}  // namespace

Result<void> walk(Backend& backend, std::string_view path, fs::Identity who, Last last, Walk& at) {
    at.parent = backend.root();
    at.node = at.parent;
    TRY(backend.read_attributes(at.parent, at.attributes));
    std::string_view rest = path;
    while (!rest.empty()) {
        Status bad = Status::ok;
        const std::string_view name = take_name(rest, bad);
        if (bad != Status::ok) {
            return base::fail(bad);
        }
        if (!at.node) {
            return base::fail(Status::not_found);
        }
        if (at.attributes.kind != fs::Kind::directory) {
            return base::fail(Status::not_directory);
        }
        if (!may(at.attributes, who, Permission::execute)) {
            return base::fail(Status::access_denied);
        }
        at.parent = *at.node;
        at.name = name;
        const Result<Inode> found = backend.lookup({at.parent, name});
        if (!found && found.error() != Status::not_found) {
            return base::fail(found.error());
        }
        if (found) {
            at.node = *found;
            TRY(backend.read_attributes(*found, at.attributes));
            const bool follow = !rest.empty() || last == Last::follow;
            if (at.attributes.kind == fs::Kind::symbolic_link && follow) {
                if (!backend.may_follow(*found, who)) {
                    return base::fail(Status::access_denied);
                }
                const auto walked =
                    static_cast<std::size_t>(name.data() + name.size() - path.data());
                return redirect(backend, *found, path.substr(0, walked), rest, at);
            }
        } else {
            at.node.reset();
        }
    }
    return {};
}

}  // namespace fs_server
