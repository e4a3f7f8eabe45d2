// SPDX-License-Identifier: MIT
// What a process says of itself (process::Book), read from its memory (visit.hpp). Nothing of it is believed: an address may lead
// anywhere, a number be any. What cannot be read is not told.
#pragma once

#include <string>
#include <vector>

#include "servers/procmgr/visit.hpp"

namespace procmgr {

class ProcessBook {
public:
    // Nothing: it has none, or it cannot be read now.
    static std::optional<ProcessBook> open(Body& body);

    // The environment that its program began with, as it is now; what is beyond 64 KiB is left out.
    [[nodiscard]] std::string environment();
    // Empty: it is not told.
    [[nodiscard]] std::string directory();
    [[nodiscard]] std::vector<std::uint32_t> descriptors();
    struct Descriptor {
        std::string text;  // what its link says
        std::uint8_t access = 0;
    };
    [[nodiscard]] std::optional<Descriptor> descriptor(std::uint32_t number);
    // Those that run.
    [[nodiscard]] std::vector<process::ThreadCard> threads();
    [[nodiscard]] std::optional<process::ThreadCard> thread(std::uint32_t id);

    static constexpr std::uint32_t most_descriptors = 1024;

private:
    ProcessBook(Visit&& visit, const process::Book& book) : visit_(std::move(visit)), book_(book) {}
    [[nodiscard]] std::string text(std::uint64_t address, std::uint64_t bytes);

    Visit visit_;
    process::Book book_;
};

}  // namespace procmgr
