// SPDX-License-Identifier: MIT
#include "servers/vfs/resolver.hpp"

#include <algorithm>
#include <string_view>

namespace vfs {
namespace {

using namespace std::string_view_literals;

constexpr std::ptrdiff_t name_and_slash = fs::max_name + 1;

// Is the path in the view's form already? Most are. A false answer is only slower.
bool is_canonical(std::string_view path) {
    if (path.size() < 2 || path.size() > fs::max_path || path[0] != '/' || path.back() == '/') {
        return false;
    }
    const char* slash = path.data();  // before the component
    const char* const end = slash + path.size();
    for (const char* at = slash + 1; at != end; ++at) {
        if (*at > '/') {
            continue;
        }
        // Names that begin with a dot, too, take the slow way.
        const bool is_slash = *at == '/';
        if (*at == '\0' || (at == slash + 1 && (is_slash || *at == '.'))) {
            return false;
        }
        if (is_slash) {
            if (at - slash > name_and_slash) {
                return false;
            }
            slash = at;
        }
    }
    return end - slash <= name_and_slash;
}

std::string join(std::string_view start, std::string_view rest) {
    std::string path{start};
    if (!start.empty() && !rest.empty()) {
        path += '/';
    }
    path += rest;
    return path;
}

}  // namespace

Result<Location> Resolver::place(std::string view_path, bool to_make) const {
    Location at;
    at.mount = view_.covering(view_path);
    if (at.mount == nullptr) {
        return base::fail(Status::not_found);
    }
    at.rights = view_.rights(view_path, layers_);
    if (at.rights == 0) {
        return base::fail(to_make ? Status::access_denied : Status::not_found);
    }
    at.rights &= at.mount->read_only ? Rights::read_only : Rights::all;
    std::string_view rest = std::string_view{view_path}.substr(at.mount->path.size());
    rest.remove_prefix(rest.starts_with('/') ? 1 : 0);
    at.path = join(at.mount->start, rest);
    at.view_path = std::move(view_path);
    return at;
}

Result<std::string> Resolver::check_directory(const std::string& view_path) {
    gone_up_ = true;
    if (passed_ != nullptr) {
        passed_->push_back(view_path);
    }
    const Location at = TRY(place(view_path, false));
    const auto answer = TRY(at.mount->file_system->ask(
        fs::GetPathAttributes{.follow = 1, .identity = view_.identity}, at.path));
    if (answer.reply.redirected != fs::Redirected::no) {
        return rebase(at, answer.reply.redirected, ipc::text(answer.payload));
    }
    fs::Attributes attributes;
    if (!ipc::read_payload(answer.payload, attributes)) {
        return base::fail(Status::io_error);
    }
    if (attributes.kind != fs::Kind::directory) {
        return base::fail(Status::not_directory);
    }
    return std::string{};
}

Result<Location> Resolver::locate(std::string path, bool to_make) {
    if (is_canonical(path)) {
        return place(std::move(path), to_make);
    }
    if (path.empty()) {
        return base::fail(Status::not_found);
    }
    if (!path.starts_with('/') || path.find('\0') != path.npos) {
        return base::fail(Status::invalid);
    }
    std::string done;
    bool as_directory = true;
    std::size_t start = 1;
    while (start <= path.size()) {
        if (path.size() > fs::max_path) {
            return base::fail(Status::name_too_long);
        }
        const std::size_t slash = std::min(path.find('/', start), path.size());
        const std::string_view name = std::string_view{path}.substr(start, slash - start);
        if (name == ".."sv && !done.empty()) {
            const std::string elsewhere = TRY(check_directory(done));
            if (!elsewhere.empty()) {
                path = elsewhere + path.substr(start - 1);
                done.clear();
                start = 1;
                continue;
            }
            done.resize(done.rfind('/'));
        } else if (!name.empty() && name != "."sv && name != ".."sv) {
            if (name.size() > fs::max_name) {
                return base::fail(Status::name_too_long);
            }
            done += '/';
            done += name;
        }
        as_directory = name.empty() || name == "."sv || name == ".."sv;
        start = slash + 1;
    }
    Location at = TRY(place(std::move(done), to_make));
    at.as_directory = as_directory;
    return at;
}

Result<Location> Resolver::resolve(std::string path, fs::Attributes& attributes) {
    for (;;) {
        Location at = TRY(locate(std::move(path)));
        const auto answer = TRY(at.mount->file_system->ask(
            fs::GetPathAttributes{.follow = 1, .identity = view_.identity}, at.path));
        if (answer.reply.redirected == fs::Redirected::no) {
            if (!ipc::read_payload(answer.payload, attributes)) {
                return base::fail(Status::io_error);
            }
            return at;
        }
        path = TRY(rebase(at, answer.reply.redirected, ipc::text(answer.payload)));
    }
}

Result<std::string> Resolver::rebase(const Location& at, fs::Redirected how,
                                     std::string_view path) {
    if (++redirections_ > max_redirections) {
        return base::fail(Status::too_many_links);
    }
    std::string result;
    if (how == fs::Redirected::from_view_root) {
        result = path;
    } else if (how == fs::Redirected::from_mount_root) {
        const std::string_view start = at.mount->start;
        if (!start.empty() && !lies_in(path, start)) {
            return base::fail(Status::not_found);
        }
        result = at.mount->path;
        result += '/';
        result += path.substr(std::min(path.size(), start.empty() ? 0 : start.size() + 1));
    } else {
        return base::fail(Status::io_error);
    }
    // What the path had to end with, it still has to.
    if (at.as_directory && !result.ends_with('/')) {
        result += '/';
    }
    return result;
}

}  // namespace vfs
