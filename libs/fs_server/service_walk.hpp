// SPDX-License-Identifier: MIT
// Service::with_path, for the files that implement the path operations.
#pragma once

#include "libs/fs_server/service.hpp"

namespace fs_server {

// Puts the path to go on with into the reply.
inline void set_redirect(ipc::Request& request, const Walk& walk) {
    request.set_reply_payload(ipc::bytes(walk.path));
}

template <class Op, class Act>
Result<typename Op::Reply> Service::with_path(ipc::Request& request, std::string_view path,
                                              fs::Identity who, Last last, Act act) {
    Backend* backend = TRY(root_of(request));
    Walk at = TRY(walk(*backend, path, who, last));
    if (at.redirected != fs::Redirected::no) {
        set_redirect(request, at);
        return typename Op::Reply{.redirected = at.redirected};
    }
    return act(*backend, at);
}

}  // namespace fs_server
