// SPDX-License-Identifier: MIT
// Protocol `process`, for a service of procmgr's start table: about those who call it. not_permitted for
// everybody else. `client` is the badge that a message to the service came with. no_process: its image is
// gone.
#pragma once

#include "interfaces/process_image.hpp"

namespace process {

// Besides ImageCapability: the Endpoint that a service receives on.
inline constexpr abi::CapIndex own_service = 10;
static_assert(own_service > own_log && own_service < first_free);

inline constexpr std::size_t longest_image_list = 4000;  // bytes

struct DescribeClient {
    static constexpr std::uint16_t label = 40;
    std::uint64_t client = 0;
    struct Reply {
        std::uint32_t pid = 0, session = 0;
        std::uint32_t user = 0, group = 0;
        // When the session's leader was started (monotonic); 0: it has ended.
        std::uint64_t session_started_ns = 0;
        std::uint32_t terminal = 0;  // of the session, as in SetTerminal; 0: none
        std::uint32_t reserved = 0;
    };
};

// The client is this user from now on, in the view that it has. The next image that it executes may
// have these profiles (cluufile::Profile bits), even where its container has not. With `limited`, it and what comes
// from it may start the containers of these images alone. Payload: their names, a zero byte after each.
struct ChangeClient {
    static constexpr std::uint16_t label = 41;
    static constexpr std::size_t payload = longest_image_list;
    std::uint64_t client = 0;
    std::uint32_t user = 0, group = 0;
    std::uint32_t profiles = 0;
    std::uint32_t limited = 0;
    struct Reply {};
};

}  // namespace process
