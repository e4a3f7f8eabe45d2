// SPDX-License-Identifier: MIT
//
// Authority: all that init holds, and the pieces of it that a line of the table asks for.
//
// An endpoint exists per service, made when a line first names it, and belongs to init: so it survives its server, and
// callers wait while a dead server is started again. One that has ended for good takes its services along: callers get an error.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "abi/kernel/boot_info.hpp"
#include "libs/process/program.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/init/table.hpp"

namespace init {

// The grants of one server: `grants` refers to what `owned` holds, until the program has its copies.
struct GrantSet {
    std::vector<loader::Grant> grants;
    std::vector<ipc::Capability<ipc::Any>> owned;
};

class Authority {
public:
    Authority(const rt::StartInfo& start, const abi::BootInfo& boot) : start_(start), boot_(boot) {}

    // Every line for which there is something to give; the others are logged and left out.
    GrantSet collect(const ServerEntry& server);
    // The server has ended, and does not come back.
    void close_services(const ServerEntry& server);

private:
    ipc::KernelResult<void> add(GrantSet& set, const GrantLine& line);
    ipc::KernelResult<void> add_call(GrantSet& set, const GrantLine& line);
    ipc::KernelResult<void> add_framebuffer(GrantSet& set, const GrantLine& line);
    ipc::KernelResult<ipc::Ref<ipc::Endpoint>> endpoint(const std::string& service);

    template <class T>
    static void add_owned(GrantSet& set, const GrantLine& line, ipc::Capability<T> capability) {
        set.grants.push_back({line.name, capability.ref()});
        set.owned.push_back(std::move(capability).template retype<ipc::Any>());
    }
    void add_boot(GrantSet& set, const GrantLine& line, std::string_view name,
                  std::uint8_t rights = abi::all_rights) const {
        set.grants.push_back({line.name, start_.capability(name), rights});
    }

    const rt::StartInfo& start_;
    const abi::BootInfo& boot_;
    std::map<std::string, ipc::Capability<ipc::Endpoint>> endpoints_;
    std::set<std::string> closed_;
};

}  // namespace init
