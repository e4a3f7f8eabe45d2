// SPDX-License-Identifier: MIT
#include "libs/fs_server/walk.hpp"

#include <array>

#include "libs/fs_server/permissions.hpp"

namespace fs_server {
namespace {

Status check_name(std::string_view name) {
    if (name.empty()) {
        return Status::invalid;
    }
    const bool dots = name[0] == '.' && (name.size() == 1 || (name.size() == 2 && name[1] == '.'));
    if (dots || name.find('\0') != name.npos) {
        return Status::invalid;
    }
    return name.size() > fs::max_name ? Status::name_too_long : Status::ok;
}

// `walked` is the path up to and including the link; `rest` starts after its slash, or is empty.
Result<Walk> redirect(Backend& backend, Inode link, std::string_view walked,
                      std::string_view rest) {
    std::array<char, fs::max_path> buffer;
    const std::string_view target = TRY(backend.read_link(link, buffer));
    if (target.empty()) {
        return base::fail(Status::not_found);
    }
    Walk result;
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
    return result;
}

}  // namespace

Result<Walk> walk(Backend& backend, std::string_view path, fs::Identity who, Last last) {
    Walk at{.parent = backend.root(), .node = backend.root()};
    at.attributes = TRY(backend.attributes(backend.root()));
    std::size_t start = 0;
    while (start < path.size()) {
        const std::size_t slash = std::min(path.find('/', start), path.size());
        const bool is_last = slash == path.size();
        if (!is_last && slash + 1 == path.size()) {
            return base::fail(Status::invalid);
        }
        const std::string_view name = path.substr(start, slash - start);
        if (const Status bad = check_name(name); bad != Status::ok) {
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
            at.attributes = TRY(backend.attributes(*found));
            const bool follow = !is_last || last == Last::follow;
            if (at.attributes.kind == fs::Kind::symbolic_link && follow) {
                const auto rest = is_last ? std::string_view{} : path.substr(slash + 1);
                return redirect(backend, *found, path.substr(0, slash), rest);
            }
        } else {
            at.node.reset();
        }
        start = slash + 1;
    }
    return at;
}

}  // namespace fs_server
