// SPDX-License-Identifier: MIT
// Protocol `container`: looking at containers (procmgr). They are started by executing a program that
// has one, or a Cluufile itself (process::Execute). The capability's badge is a
// manager's session: it sees the containers that this session started, or, for a session of user 0,
// all.
#pragma once

#include <cstddef>
#include <cstdint>

namespace container {

struct Manager;

// State of one container. List gives records from `first` on, each followed by name, image name and, of
// one that has ended, how, in words (zero-terminated).
enum class State : std::uint8_t { running, exited, restarting };
// What its HEALTHCHECK says, if it has one: nothing yet, the latest was good, too many in a row were not.
enum class Health : std::uint8_t { none, starting, healthy, unhealthy };
// What ended it, where `status` alone does not tell: its own limit of memory (some process was killed
// for want of it) or of time, Stop, its HEALTHCHECK, or Signal.
enum class Cause : std::uint8_t { none, memory, time, stopped, unhealthy, signalled };
inline constexpr std::uint32_t nobody = ~std::uint32_t{0};
struct Info {
    std::uint16_t record_length = 0;
    State state = State::running;
    Cause cause = Cause::none;
    std::uint32_t id = 0;
    std::uint32_t pid = 0;  // of its first process
    std::uint32_t processes = 0;
    std::uint32_t status = 0;
    std::uint32_t restarts = 0;
    std::uint64_t started_ns = 0;  // monotonic
    std::uint64_t memory_bytes = 0, memory_limit = 0;
    std::uint64_t cpu_ns = 0;
    std::uint64_t ended_ns = 0;       // monotonic; 0: it runs
    std::uint32_t ended_by = nobody;  // the user who asked for the end (Stop, Signal)
    Health health = Health::none;
    std::uint8_t reserved[3] = {};
};

struct List {
    static constexpr std::uint16_t label = 2;
    static constexpr std::size_t reply_payload = 4096;
    std::uint32_t first = 0;  // id to start from
    std::uint32_t all = 0;    // also exited ones
    struct Reply {
        std::uint32_t count = 0;
        std::uint32_t next = 0;  // id to go on with, 0: that was all
    };
};

// Payload: name or id as text. Containers that depend on it (DEPENDS) are stopped before it. SIGTERM, and SIGKILL after the time; the answer comes when the container has ended, and all that
// it had is free.
struct Stop {
    static constexpr std::uint16_t label = 3;
    static constexpr std::size_t payload = 128;
    std::uint64_t grace_ns = 0;
    struct Reply {};
};

struct Remove {  // forgets an exited container
    static constexpr std::uint16_t label = 4;
    static constexpr std::size_t payload = 128;
    struct Reply {};
};

struct
    Inspect {  // reply payload: text, one `key: value` a line: state, image, entry point, mounts,
               // profile, limits
    static constexpr std::uint16_t label = 5;
    static constexpr std::size_t payload = 128;
    static constexpr std::size_t reply_payload = 4096;
    struct Reply {};
};

// What the container that the caller's next Execute of an image makes shall be, beyond its Cluufile: never
// more than that allows. So a program that wants to become a container, or its child does, says what
// execve has no words for. Payload: the container's name, or nothing (procmgr finds one). The container
// is remembered after its end, for List and Inspect, until Remove.
struct ConfigureNext {
    static constexpr std::uint16_t label = 6;
    static constexpr std::size_t payload = 64;
    static constexpr std::uint32_t without_network = 1;
    static constexpr std::uint32_t forget = 2;  // after its end
    static constexpr std::uint32_t trace = 8;   // see ReadUses
    static constexpr std::uint32_t log =
        4;                           // its standard output and error go to its log (ReadLog)
    std::uint64_t memory_limit = 0;  // bytes; 0: as the Cluufile says
    std::uint64_t log_limit = 0;     // bytes; 0: as the Cluufile says
    std::uint32_t cpu_limit = 0;     // hundredths of a CPU; 0: as the Cluufile says
    std::uint32_t flags = 0;
    struct Reply {
        std::uint32_t id = 0;  // that the container will have
        std::uint32_t reserved = 0;
    };
};

struct Signal {  // to the container's first process. Payload: name or id. no_process: it has ended
    static constexpr std::uint16_t label = 7;
    static constexpr std::size_t payload = 128;
    std::uint32_t signal = 0;
    std::uint32_t reserved = 0;
    struct Reply {};
};

// Answered when the container has ended, at once if it has. Payload: name or id.
struct Await {
    static constexpr std::uint16_t label = 8;
    static constexpr std::size_t payload = 128;
    struct Reply {
        std::uint32_t status = 0;  // as in process::Wait
        std::uint32_t reserved = 0;
    };
};

// What the container has written to its log: records, each what was written at once, followed by its
// text. The oldest go when there is no more room. Positions are those that answers give; 0: the oldest that is kept. `wait`:
// answered when there is something, or the container has ended. Payload: name or id. invalid: no such position; unsupported: it
// has no log (ConfigureNext::log).
struct ReadLog {
    static constexpr std::uint16_t label = 9;
    static constexpr std::size_t payload = 128;
    static constexpr std::size_t reply_payload = 4096;
    enum class Stream : std::uint8_t { output = 1, errors = 2 };
    struct Record {
        std::uint64_t time_ns = 0;  // since 1970-01-01 UTC
        std::uint16_t length = 0;   // of the text
        Stream stream = Stream::output;
        std::uint8_t reserved[5] = {};
    };
    static constexpr std::size_t most_text = reply_payload - sizeof(Record);
    std::uint64_t position = 0;
    std::uint32_t wait = 0;
    std::uint32_t reserved = 0;
    struct Reply {
        std::uint64_t next = 0;   // the position after what came
        std::uint64_t room = 0;   // bytes, that the log may take
        std::uint32_t ended = 0;  // nothing more will come
        std::uint32_t dropped =
            0;  // there was something after `position` that is not kept any more
    };
};

// What a container that was started with `trace` has used of its files: payload and answer as names::ReadUses, `first` first.
// Payload: name or id. unsupported: it was not.
struct ReadUses {
    static constexpr std::uint16_t label = 11;
    static constexpr std::size_t payload = 128;
    static constexpr std::size_t reply_payload = 4096;
    std::uint32_t first = 0;
    std::uint32_t run = 0;  // one that RESTART started again has several; not_found: no such run
    struct Reply {
        std::uint32_t next = 0;
        std::uint32_t runs = 0;
        std::uint32_t incomplete = 0;
        std::uint32_t reserved = 0;
    };
};

// Stop, and then its start again, as it was started. Answered when it has ended. Payload: name or id. no_process: it
// has ended before; unsupported: what it was started with has not been kept.
struct Restart {
    static constexpr std::uint16_t label = 10;
    static constexpr std::size_t payload = 128;
    std::uint64_t grace_ns = 0;
    struct Reply {};
};

// Payload: name or id as text. Answered when the container is healthy, or, without a HEALTHCHECK, runs.
// closed: it has ended; busy: it is unhealthy.
struct AwaitHealth {
    static constexpr std::uint16_t label = 12;
    static constexpr std::size_t payload = 128;
    struct Reply {};
};

// The caller's next Execute runs its program inside this container: with the view and the user of the container's first
// process, charged and limited with the rest of it. Of the caller's it has what descriptors and arguments it was given, and
// the program, which is what the caller sees at its path; but of an image with files of its own, what the container sees. Payload: name or id. no_process: the container has
// ended. Execute: not_permitted, if it is another user's, or may do what the caller's own could not start.
struct EnterNext {
    static constexpr std::uint16_t label = 13;
    static constexpr std::size_t payload = 128;
    struct Reply {};
};

// What of its own files the caller puts into the container that its next Execute of an image makes (ConfigureNext comes before), at
// a path of the container's: a directory with all below, or a file. The container can do with it what the caller can, or only
// read it. Payload: the caller's path, absolute; a zero byte; the container's, absolute and normal, but
// nothing in /proc (invalid). At most 8 (limit). Execute: invalid, if the image sees no files at all.
struct AddVolume {
    static constexpr std::uint16_t label = 14;
    static constexpr std::size_t payload = 2048;
    static constexpr std::size_t most = 8;
    std::uint32_t read_only = 0;
    std::uint32_t reserved = 0;
    struct Reply {};
};

}  // namespace container
