// SPDX-License-Identifier: MIT
// procmgr's `container` protocol, from a program on the Linux library.
//
// Such a program is an ordinary process to the kernel too: it holds a capability to procmgr, and may make calls of its
// own on it. That is the whole trick.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "interfaces/container.hpp"
#include "libs/ipc/capability.hpp"

namespace container_tool {

// Errors are texts for the person.
template <class T>
using Result = std::expected<T, std::string>;

struct ContainerInfo {
    container::Info info;
    std::string name;
    std::string image;
};

class Manager {
public:
    // Only a container with the profile `supervisor` is given one.
    static Result<Manager> open();

    Result<std::vector<ContainerInfo>> list(bool also_exited);
    Result<void> stop(const std::string& which, std::uint64_t grace_ns);
    Result<void> remove(const std::string& which);
    Result<std::string> inspect(const std::string& which);
    // For the next execve of an image by this process.
    Result<void> configure_next(const std::string& name, std::uint64_t memory_limit);

private:
    explicit Manager(ipc::Capability<container::Manager> manager) : manager_(std::move(manager)) {}

    ipc::Capability<container::Manager> manager_;
};

}  // namespace container_tool
