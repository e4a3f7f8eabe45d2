// SPDX-License-Identifier: MIT
//
// The running thread's own two pages (abi/kernel/message.hpp): the message page, whose bytes travel
// with a message, and the control page right after it, to which gs points.
//
// The kernel leaves the control page's tail (ControlPage::user) to user code. Its start is
// ThreadArea, filled in by whoever starts the thread; what comes after ThreadArea belongs to the
// program's run-time (libs/rt, the Linux library).
//
//      message page   +0 ........ payload of the message that is sent or was received
//      control page   +0 ........ capability slots, upcall state (kernel and user)
//                     +288 ...... ThreadArea (64 bytes)
//                     +352 ...... free for the run-time
//
// The message page is overwritten by every call, receive and payload-carrying kernel operation:
// what is needed longer must be copied out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "abi/kernel/message.hpp"
#include "abi/kernel/object.hpp"

namespace ipc {

// The thread's own capabilities, so that libraries need no other way to find them.
struct ThreadArea {
    abi::ControlPage* control;    // this page, at its own virtual address
    abi::CapIndex table;          // own capability table, all rights
    abi::CapIndex space;          // own address space
    abi::CapIndex thread;         // this thread
    abi::CapIndex bank;           // pays for what this program buys
    abi::CapIndex sched_context;  // this thread's, to derive those of further threads from
    std::uint32_t reserved;
    std::uint64_t reserved_words[4];
};
static_assert(sizeof(ThreadArea) == 64);

inline constexpr std::size_t thread_area_offset = offsetof(abi::ControlPage, user);
inline constexpr std::size_t run_time_area_offset = thread_area_offset + sizeof(ThreadArea);
static_assert(thread_area_offset == 288);

inline abi::ControlPage& control_page() {
    abi::ControlPage* page = nullptr;
    asm("movq %%gs:%c1, %0" : "=r"(page) : "i"(thread_area_offset));
    return *page;
}

inline const ThreadArea& self() {
    return *reinterpret_cast<const ThreadArea*>(control_page().user);
}

inline std::span<std::byte, abi::message_bytes> message_page() {
    return std::span<std::byte, abi::message_bytes>{
        reinterpret_cast<std::byte*>(&control_page()) - abi::page_size, abi::message_bytes};
}

// Brings a payload into the message page, unless it was built there. The caller has checked its
// length.
inline void put_payload(std::span<const std::byte> payload) {
    auto page = message_page();
    if (!payload.empty() && payload.data() != page.data()) {
        std::memmove(page.data(), payload.data(), payload.size());
    }
}

}  // namespace ipc
