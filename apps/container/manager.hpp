// SPDX-License-Identifier: MIT
// procmgr's `container` protocol, from a program on the Linux library.
//
// Such a program is an ordinary process to the kernel too: it holds a capability to procmgr, and may make calls of its
// own on it. That is the whole trick.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interfaces/container.hpp"
#include "libs/cluufile/proposal.hpp"
#include "libs/ipc/capability.hpp"

namespace container_tool {

// Errors are texts for the person.
template <class T>
using Result = std::expected<T, std::string>;

struct ContainerInfo {
    container::Info info;
    std::string name;
    std::string image;
    std::string end;  // how it ended, in words; empty while it runs
};

class Manager {
public:
    // Only a container with the profile `supervisor` is given one.
    static Result<Manager> open();

    Result<std::vector<ContainerInfo>> list(bool also_exited);
    Result<void> stop(const std::string& which, std::uint64_t grace_ns);
    Result<void> remove(const std::string& which);
    Result<std::string> inspect(const std::string& which);
    // Until it is healthy, if it can tell, else that it runs.
    Result<void> await_health(const std::string& which);
    // For the next execve of an image by this process.
    Result<void> configure_next(const std::string& name, const container::ConfigureNext& how);
    // For the next execve of an image: what the caller has at `source` is at `path`.
    Result<void> add_volume(const std::string& source, const std::string& path, bool read_only);
    // The caller's next execve runs in this container.
    Result<void> enter_next(const std::string& which);
    Result<void> signal(const std::string& which, std::uint32_t number);
    // -> its status, as waitpid's, when it has ended.
    Result<std::uint32_t> await_end(const std::string& which);
    Result<void> restart(const std::string& which, std::uint64_t grace_ns);
    struct LogPart {
        std::string text;
        std::uint64_t next = 0;
        bool ended = false;  // nothing more will come
    };
    Result<LogPart> read_log(const std::string& which, std::uint64_t position, bool wait);

    struct Uses {
        std::vector<cluufile::Use> uses;
        bool incomplete = false;
    };
    Result<Uses> read_uses(const std::string& which);

private:
    explicit Manager(ipc::Capability<container::Manager> manager) : manager_(std::move(manager)) {}

    ipc::Capability<container::Manager> manager_;
};

std::uint64_t monotonic_now();
// By its name or its number.
bool is_called(const ContainerInfo& one, std::string_view name);
std::optional<ContainerInfo> find_container(const std::vector<ContainerInfo>& containers,
                                            std::string_view name);
// Does the same with each name, and goes on after a failure. -> the exit status. `command`: for its usage, if there is no name.
int for_each(std::span<char* const> names, std::string_view command,
             const std::function<Result<void>(Manager&, const std::string&)>& each);
// `-t SECONDS`, off the front, as nanoseconds, or what is usual; nothing, if it is no number.
std::optional<std::uint64_t> take_grace(std::span<char* const>& arguments);

}  // namespace container_tool
