// SPDX-License-Identifier: MIT
// Service::with_path, for the files that implement the path operations.
#pragma once

#include <cstring>

#include "libs/fs_server/service.hpp"

namespace fs_server {

// Puts the path to go on with into the reply.
inline void set_redirect(ipc::Request& request, const Walk& walk) {
    request.set_reply_payload(ipc::bytes(walk.path));
}

// The operations that an entrance takes: whose handlers call `admit`.
template <class Op>
inline constexpr bool admitted =
    std::is_same_v<Op, fs::Open> || std::is_same_v<Op, fs::GetPathAttributes> ||
    std::is_same_v<Op, fs::CheckAccess> || std::is_same_v<Op, fs::Remove>;

template <class Op>
std::string_view Service::admit(Op& operation, const ipc::Request& request, const Entrance* from) {
    static_assert(admitted<Op>);
    if (from == nullptr) {
        return keep_path(request);
    }
    operation.identity = from->who;
    const std::string_view start = from->start;
    if (start.empty()) {
        return keep_path(request);
    }
    const std::string_view path = request.text();
    std::memcpy(path_.get(), start.data(), start.size());
    std::size_t length = start.size();
    if (!path.empty()) {
        path_[length++] = '/';
        std::memcpy(path_.get() + length, path.data(), path.size());
        length += path.size();
    }
    return {path_.get(), length};
}

template <class Op, class Act>
Result<typename Op::Reply> Service::with_path(ipc::Request& request, std::string_view path,
                                              fs::Identity who, Last last, Act act,
                                              const Entrance* from) {
    Backend* backend = from != nullptr ? from->backend : TRY(root_of(request));
    Walk at;
    TRY(walk(*backend, path, who, last, at));
    if (at.redirected != fs::Redirected::no) {
        if (from == nullptr) {
            set_redirect(request, at);
        }
        return typename Op::Reply{.redirected = at.redirected};
    }
    return act(*backend, at);
}

}  // namespace fs_server
