// SPDX-License-Identifier: MIT
// What procmgr and the Linux library share without messages: how a POSIX process starts, and two
// pages.
//
// Address space of a POSIX process (all else belongs to the program):
//   linux_base      the Linux library's text and data (the data is private, cloned on fork)
//   linux_threads   the two pages of each thread (dropped on fork; procmgr maps the first thread's
//                   anew) and its stack (likewise dropped, but the first thread's); beside the first
//                   thread's the beginning of the heap
//   linux_heap      more of the library's own heap (private, cloned on fork)
//   time_page, identity_page, signal_page, image_start
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "abi/kernel/object.hpp"
#include "interfaces/fs.hpp"

namespace process {

// Close together, so that few page tables hold them all: each table costs every fork and exit.
inline constexpr std::uint64_t linux_base = 0x7e00'0000'0000;  // at most 960 KiB
inline constexpr std::uint64_t time_page = linux_base + 0xf'0000;
inline constexpr std::uint64_t identity_page = linux_base + 0xf'1000;
inline constexpr std::uint64_t signal_page = linux_base + 0xf'2000;
// fs::Versions of the entrances that the library has, a page each.
inline constexpr std::uint64_t version_pages = linux_base + 0xf'8000;
// First thread: message page here, control page after it.
inline constexpr std::uint64_t linux_threads = linux_base + 0x10'0000;
// Of the first thread of a fresh image, mapped by procmgr: the library's stack, at whose upper end
// it starts (rsp 16-byte aligned; gs: the control page, with ThreadArea filled in; rdi: 0). The
// page between stays unmapped. On fork the stack is copied like any memory of the program.
inline constexpr std::uint64_t first_stack = linux_threads + 3 * 4096;
inline constexpr std::uint64_t first_stack_bytes = 64 * 1024;
// Mapped with it, of the same Memory: what the library's heap begins with. Each Memory, region and page table more costs
// every fork and exit.
inline constexpr std::uint64_t first_heap = first_stack + first_stack_bytes;
inline constexpr std::uint64_t first_heap_bytes = 128 * 1024;
inline constexpr std::uint64_t image_start = linux_base + 0x1000'0000;
inline constexpr std::uint64_t linux_heap = linux_base + 0x2000'0000;  // where the heap goes on
// The library's own temporary mappings.
inline constexpr std::uint64_t linux_windows = 0x7e30'0000'0000;
inline constexpr std::uint64_t program_end = 0x7dff'ffff'f000;  // programs map below this

// Slots that procmgr fills in every POSIX process. Further slots are descriptors and what the
// library acquires.
enum ImageCapability : abi::CapIndex {
    own_table = 1,
    own_space = 2,
    own_thread = 3,         // the first thread
    own_bank = 4,           // the process's bank (create, query)
    own_sched_context = 5,  // parent for further threads' contexts
    own_process = 6,        // protocol process
    first_copied = 7,       // from here on, fork copies the slots
    own_view = 7,           // protocol fs (paths), namespace
    container_bank =
        8,        // for objects that outlive this process: pipes, shared memory (create, query)
    own_log = 9,  // LogRights::write and trace, if the profile grants it, else empty
    first_free = 16,
};

// Read only for the process, written by procmgr.
struct IdentityPage {
    std::uint32_t pid, parent, group, session;
    std::uint32_t user, group_id;  // the effective ones
    std::uint32_t real_user, saved_user, real_group, saved_group;
    std::uint32_t has_terminal;
    std::uint32_t
        most_descriptors;        // the container's limit; the table of slots is small enough for it
    std::uint32_t starts_named;  // 1: Execute may find what this process does not see (unseen)
    std::uint32_t reserved;
    char container[64];  // name of the container, zero-terminated
};

// Shared, written by both: procmgr sets bits and interrupts the first thread; the library takes
// them with an atomic and. What stands in here can only deceive the process itself.
struct SignalPage {
    std::uint64_t pending;  // bit n-1: signal n
    // By the library: signals that nobody here would notice. procmgr leaves them out, instead of interrupting a thread for nothing;
    // only those that are ignored by default may be (may_be_unheard).
    std::uint64_t unheard;
    struct Info {
        std::int32_t code;
        std::uint32_t pid, user;
        std::uint32_t status;  // SIGCHLD: as in Wait
        std::uint64_t value;
    } info[32];  // of the latest signal of each number below first_queued
    // Signals from first_queued on (POSIX's real-time signals) do not replace each other. procmgr
    // appends, at `appended` modulo the length, the library takes, at `taken`; their bits in
    // `pending` only say that something was appended.
    // SIGKILL comes this way only to say why, shortly before the process is ended: `code`.
    static constexpr std::int32_t time_is_over = 0x81;
    static constexpr std::uint32_t first_queued = 32;
    static constexpr std::uint32_t queue_length = 64;
    std::uint32_t appended, taken;
    struct Queued {
        Info info;
        std::uint32_t signal;
        std::uint32_t reserved;
    } queue[queue_length];
    // Written by the library: what the process wants to hear of its children. Those that end leave no
    // zombies; no signal says that they have ended, stopped or gone on; none that they have stopped or
    // gone on.
    static constexpr std::uint32_t leave_nothing = 1, silent = 2, ends_only = 4;
    std::uint32_t children;
    // By the library: how many threads there are besides the first.
    std::uint32_t further_threads;
    std::uint64_t book;  // by the library: the address of its Book; 0: it has none
};

static_assert(sizeof(SignalPage) <= 4096);

// What the library says of its process to those who may read it in /proc/PID: where things stand in its
// own memory. procmgr looks there when it is asked. All of it can only deceive who reads it.
struct Book {
    std::uint64_t environment_at,
        environment_bytes;              // the program's first strings, each with a zero
    std::uint64_t directory_at;         // the current one: a path ...
    std::uint64_t directory_length_at;  // ... and its length, a word
    std::uint64_t used_at;              // a bit for each descriptor that is open
    std::uint64_t descriptors_at;       // a DescriptorSlot for each number
    std::uint64_t threads_at, threads;  // addresses of structures, and how many
    std::uint32_t descriptors;          // how many there can be: a multiple of 64
    std::uint32_t card_offset;          // DescriptorCard, in what a slot points to
    std::uint32_t thread_offset;        // ThreadCard, in the structure
    std::uint32_t reserved;
};

struct DescriptorSlot {
    std::uint64_t description;
    std::uint64_t flags;
};

// An open file as others are told of it.
struct DescriptorCard {
    static constexpr std::uint8_t read = 1, write = 2;
    std::uint64_t path_at = 0;  // as it was named when it was opened
    std::uint32_t path_bytes = 0;
    std::uint8_t kind = 0;  // fs::Kind
    std::uint8_t access = 0;
    std::uint16_t reserved = 0;
    std::uint64_t number = 0;  // of one without a name
};

// What stands before its number, and a bracket after it.
constexpr std::string_view nameless(fs::Kind kind) {
    using namespace std::string_view_literals;
    return kind == fs::Kind::fifo      ? "pipe:["sv
           : kind == fs::Kind::socket  ? "socket:["sv
           : kind == fs::Kind::regular ? "file:["sv
                                       : "anon_inode:["sv;
}

struct ThreadCard {
    std::uint32_t id = 0;
    std::uint32_t runs = 0;  // 0: it has ended, or not begun
    char name[16] = {};
};

// SIGCHLD, SIGURG, SIGWINCH. (SIGCONT is ignored by default, too, but has an effect.)
inline constexpr std::uint64_t may_be_unheard =
    std::uint64_t{1} << (17 - 1) | std::uint64_t{1} << (23 - 1) | std::uint64_t{1} << (28 - 1);

// Descriptors passed to a new image. Kind 0 is also made by procmgr, for the first programs; the
// meaning of the other kinds is the library's own affair. Descriptors that share an open file
// description may name the same slots.
struct ImageDescriptor {
    static constexpr std::uint8_t file =
        0;  // capabilities[0] is an fs::File; state: fs::OpenFlags,
            // fs::Kind, 1 if it also speaks `tty`, major, minor
    static constexpr std::size_t most_capabilities = 5;
    std::uint32_t descriptor;
    abi::CapIndex capabilities[most_capabilities];
    std::uint8_t kind;
    std::uint8_t flags;  // bit 0: close-on-exec (never set here)
    std::uint16_t reserved;
    std::uint32_t state[6];
};

// The block that a new image finds at image_start: this header, descriptors, then strings.
// Offsets are from the start of the block. Strings end with a zero byte. It comes from a process
// that may be hostile to its successor's container, so the library checks every offset.
struct ImageStart {
    static constexpr std::uint64_t magic_value = 0x31656761'6d496943;
    std::uint64_t magic = magic_value;
    std::uint64_t bytes = 0;  // of the whole block
    std::uint32_t descriptor_count = 0, descriptor_offset = 0;
    std::uint32_t argument_count = 0, argument_offset = 0;  // the strings one after the other
    std::uint32_t environment_count = 0, environment_offset = 0;
    std::uint32_t path_offset = 0;       // of the executable
    std::uint32_t directory_offset = 0;  // current directory
    abi::CapIndex executable = 0;        // fs::File, open for execute
    std::uint32_t umask = 022;
    std::uint64_t ignored_signals = 0, blocked_signals = 0;
    std::uint64_t limits[16][2] =
        {};  // rlimits, soft and hard, ~0 = none; all zero: the library's defaults
};

}  // namespace process
