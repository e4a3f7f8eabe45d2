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
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/container/log_text.hpp"
#include "apps/container/options.hpp"
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
    // The directories of images that containers use.
    Result<std::set<std::string>> used_images();
    // Until it is healthy, if it can tell, else that it runs.
    Result<void> await_health(const std::string& which);
    // For the next execve of an image by this process.
    // -> the number that the container will have.
    Result<std::uint32_t> configure_next(const std::string& name,
                                         const container::ConfigureNext& how);
    // For the next execve of an image: what the caller has at `source` is at `path`.
    Result<void> add_volume(const std::string& source, const std::string& path, bool read_only);
    // The caller's next execve runs in this container.
    Result<void> enter_next(const std::string& which);
    Result<void> signal(const std::string& which, std::uint32_t number);
    // -> its status, as waitpid's, when it has ended.
    Result<std::uint32_t> await_end(const std::string& which);
    Result<void> restart(const std::string& which, std::uint64_t grace_ns);
    struct LogPart {
        std::vector<LogEntry> entries;
        std::uint64_t next = 0;
        std::uint64_t room = 0;  // bytes, of the whole log
        bool ended = false;      // nothing more will come
        bool dropped = false;    // something is missing before it
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
std::string_view word_of(container::State state);
std::string_view word_of(container::Health health);
// As a shell has it, of waitpid's status.
std::uint32_t exit_code(std::uint32_t status);
// By its name or its number.
bool is_called(const ContainerInfo& one, std::string_view name);
std::optional<ContainerInfo> find_container(const std::vector<ContainerInfo>& containers,
                                            std::string_view name);
// Does the same with each name, and goes on after a failure. -> the exit status. `command`: for its usage, if there is no name.
// `do_each` also prints the names with which it was done, as Docker's tools do.
int do_each(std::span<char* const> names, std::string_view command,
            const std::function<Result<void>(Manager&, const std::string&)>& each);
int for_each(std::span<char* const> names, std::string_view command,
             const std::function<Result<void>(Manager&, const std::string&)>& each);
// `-t SECONDS`, in nanoseconds.
struct EndOptions {
    std::uint64_t grace_ns = 0;
    Options options;
};
// Nothing, if they make no sense.
std::optional<EndOptions> end_options(std::span<char* const> arguments);

}  // namespace container_tool
