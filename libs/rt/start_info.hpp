// SPDX-License-Identifier: MIT
//
// What a native program is started with: one read-only page, whose address is the start function's
// argument, filled in by the parent (libs/process). It is all that the program knows of the world:
// its name, its arguments, and the names by which it was told about its capabilities.
//
// Layout of a native program's address space (abi/kernel/object.hpp has init's, which is the same):
//
//      0x0000'0040'0000  the image
//      0x0010'0000'0000  heap (libs/rt/heap.cpp)
//      0x0020'0000'0000  mappings made by rt::map
//      0x7ffe'fffe'0000  stack, growing down from its top at 0x7ffe'ffff'0000
//      0x7fff'0000'0000  message page, control page
//      0x7fff'0001'0000  this page
//      0x7fff'0002'0000  time page
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/ipc/capability.hpp"

namespace rt {

inline constexpr std::uint64_t image_base = 0x40'0000;
inline constexpr std::uint64_t heap_base = 0x10'0000'0000;
inline constexpr std::uint64_t mappings_base = 0x20'0000'0000;
inline constexpr std::uint64_t mappings_end = 0x7f00'0000'0000;
inline constexpr std::uint64_t stack_top = 0x7ffe'ffff'0000;
inline constexpr std::uint64_t stack_bytes = 64 * 1024;
inline constexpr std::uint64_t thread_pages = 0x7fff'0000'0000;
inline constexpr std::uint64_t control_page = thread_pages + abi::page_size;
inline constexpr std::uint64_t start_info_page = 0x7fff'0001'0000;
inline constexpr std::uint64_t time_page = 0x7fff'0002'0000;

// A native program ends by a foreign system call with this number plus its status (0 to 255).
// Nobody serves it: it reaches the thread's fault handler, who is the parent, as
// FaultLabel::system_call.
inline constexpr std::uint64_t exit_call = 0x2000'0000;

struct NamedCapability {
    char name[24];
    abi::CapIndex index;
    std::uint32_t reserved;
};

// A capability to the parent's endpoint, for the faults of all threads but the first, which has it already.
inline constexpr std::string_view fault_handler_name = "faults";

struct StartInfo {
    static constexpr std::uint64_t magic_value = 0x3174'7261'5455'4c43;
    static constexpr std::size_t max_capabilities = 64;

    std::uint64_t magic;
    char name[32];
    std::uint32_t argument_count;
    std::uint32_t capability_count;
    abi::CapIndex table, space, thread, bank, sched_context;
    std::uint32_t reserved;
    std::uint64_t time_page;     // address of the TimePage, 0 if none was given
    std::uint64_t control_page;  // address of the first thread's
    NamedCapability capabilities[max_capabilities];
    char arguments[1024];  // argument_count strings, each ending with a zero byte

    // None if the parent gave no capability of that name.
    template <class T = ipc::Any>
    [[nodiscard]] ipc::Ref<T> capability(std::string_view wanted) const {
        for (std::uint32_t i = 0; i < capability_count && i < max_capabilities; ++i) {
            if (text_of(capabilities[i].name, sizeof capabilities[i].name) == wanted) {
                return ipc::Ref<T>{capabilities[i].index};
            }
        }
        return {};
    }
    // Ends the program with a line in the log if there is no such capability.
    template <class T = ipc::Any>
    [[nodiscard]] ipc::Ref<T> require(std::string_view wanted) const {
        const auto found = capability<T>(wanted);
        if (!found) {
            missing(wanted);
        }
        return found;
    }
    // The n-th argument; empty if there are fewer.
    [[nodiscard]] std::string_view argument(std::uint32_t number) const {
        std::string_view rest{arguments, sizeof arguments};
        for (std::uint32_t i = 0; i < argument_count; ++i) {
            const std::string_view one = rest.substr(0, rest.find('\0'));
            if (i == number) {
                return one;
            }
            rest.remove_prefix(one.size() < rest.size() ? one.size() + 1 : rest.size());
        }
        return {};
    }

private:
    static std::string_view text_of(const char* start, std::size_t limit) {
        const std::string_view all{start, limit};
        return all.substr(0, all.find('\0'));
    }
    [[noreturn]] static void missing(std::string_view wanted);
};
static_assert(sizeof(StartInfo) <= abi::page_size);

// The program's own.
const StartInfo& start_info();

// Ends the program. Its parent learns the status.
[[noreturn]] void exit(std::uint8_t status);

}  // namespace rt

// What a native program defines: it runs on the first thread; when it returns, the program has
// ended with status 0.
void server_main(const rt::StartInfo& start);
