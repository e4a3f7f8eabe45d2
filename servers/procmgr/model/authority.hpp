// SPDX-License-Identifier: MIT
// What a process holds, as text for a person: /proc/PID/authority. What it may do is told from the plan that its container
// was built from, by the words of `container explain` (libs/cluufile/explain.hpp); what it holds now, from the kernel's
// figures.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "abi/kernel/object.hpp"
#include "servers/procmgr/model/plan.hpp"

namespace procmgr {

// Of a container's start: where the names come from that it is granted, and what descriptors it was given. As much as is
// worth showing, for its starter chooses how long they are.
struct CommandLineNote {
    static constexpr std::size_t most_bytes = 2048;
    static constexpr std::size_t most_descriptors = 16;
    std::vector<std::string> arguments;
    std::size_t left_out = 0;  // further arguments
    std::string directory;
    std::string descriptors;  // "0 terminal, 1 file, ..."
};

[[nodiscard]] CommandLineNote note_command_line(const Plan& plan, const ImageBlock& image);

struct AuthorityFacts {
    const Process* process = nullptr;
    const Plan* plan = nullptr;
    const CommandLineNote* note = nullptr;
    std::string container;
    std::string around;  // the containers that it is inside of, the nearest first; empty: none
    std::uint64_t memory_bytes = 0, memory_limit = 0;
    std::uint64_t disk_bytes = 0, disk_limit = 0;  // of private mounts; no limit of their own: 0
    std::uint32_t processes = 0, process_limit = 0;
    std::uint32_t descriptor_limit = 0;
    bool has_view = false;
    // Capabilities by the type of what they name.
    std::array<std::uint32_t, static_cast<std::size_t>(abi::ObjectType::count_end)> held{};
};

[[nodiscard]] std::string authority_text(const AuthorityFacts& facts);

}  // namespace procmgr
